//! Arguments of `uploads`.

use super::FaultArgs;
use crate::domain::names::S3Uri;
use crate::domain::open_uploads::{parse_age, parse_upload_id};
use clap::Args;

const HELP: &str = "\
Parts of an upload in progress are stored and paid for until it is completed or aborted, and no
listing of objects shows them. The cost is an estimate at list price, not a bill.

--abort takes what --older-than or --upload-id names; on a real endpoint it also needs --yes.
Afterwards each upload is asked for again, and aborted again, until S3 does not know it.

Exit codes:
  0  done; with --abort: all of them are gone
  1  S3 refused
  2  wrong usage, or an error on this machine
  3  doubtful: an upload may still be there";

/// Arguments of `uploads`.
#[derive(Debug, Clone, Args)]
#[command(after_help = HELP)]
pub struct UploadsArgs {
    /// Where: s3://BUCKET, or s3://BUCKET/PREFIX for keys that begin so
    #[arg(value_name = "ADDRESS", value_parser = S3Uri::parse)]
    pub address: S3Uri,

    /// Only uploads that were initiated at least so long ago (7d, 12h, 30m, 45s, 2w)
    #[arg(long, value_name = "AGE", value_parser = parse_age, allow_hyphen_values = true)]
    pub older_than: Option<u64>,

    /// Only the upload with this id
    #[arg(long, value_name = "ID", value_parser = parse_upload_id)]
    pub upload_id: Option<String>,

    /// Abort them: their parts are deleted for good
    #[arg(long)]
    pub abort: bool,

    /// With --abort: say what would be aborted, and abort nothing
    #[arg(long, requires = "abort")]
    pub dry_run: bool,

    /// With --abort: yes, on this endpoint
    #[arg(long, requires = "abort")]
    pub yes: bool,

    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,

    /// How the sandbox fails.
    #[command(flatten)]
    pub faults: FaultArgs,
}
