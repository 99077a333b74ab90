//! Arguments of `copy`.

use super::FaultArgs;
use crate::domain::limits::AWS;
use crate::domain::names::S3Uri;
use crate::domain::open_uploads::parse_upload_id;
use crate::domain::units::parse_size;
use clap::Args;

/// Arguments of `copy`.
#[derive(Debug, Clone, Args)]
pub struct CopyArgs {
    /// What to copy: s3://BUCKET/KEY, or s3://BUCKET/KEY?versionId=ID
    #[arg(value_name = "SOURCE", value_parser = S3Uri::parse)]
    pub source: S3Uri,

    /// Where to: s3://BUCKET/KEY, or s3://BUCKET/PREFIX/ to keep the name
    #[arg(value_name = "DESTINATION", value_parser = S3Uri::parse)]
    pub destination: S3Uri,

    /// The version to copy; the source is a key and nothing else then. Empty: the current version
    #[arg(long, value_name = "ID")]
    pub version_id: Option<String>,

    /// Cut the object into parts of this size instead of the source's own (8MiB, 64MB, bytes)
    #[arg(long, value_name = "SIZE", value_parser = part_size, conflicts_with = "source_parts")]
    pub part_size: Option<u64>,

    /// Insist on the source's own boundaries: ask for as many parts as it takes to prove them, and give up if that
    /// cannot be. Without it at most 100 are asked for, and of more parts the likeliest boundaries are used
    #[arg(long)]
    pub source_parts: bool,

    /// Parts under way at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub concurrency: u16,

    /// Show each request before it leaves and wait for Enter
    #[arg(long)]
    pub step: bool,

    /// Print one JSON object per fact
    #[arg(long)]
    pub json: bool,

    /// Look at the source and print what would be sent, without changing anything: how many calls of each kind, the
    /// first and last range, the headers that begin the copy, the actions it needs, and the ETag
    #[arg(long)]
    pub dry_run: bool,

    /// Do not copy tags
    #[arg(long)]
    pub no_tags: bool,

    /// Take over all that can be named: also encryption, Object Lock and grants, which no copy takes by itself
    #[arg(long, conflicts_with = "resume")]
    pub everything: bool,

    /// Do not replace anything: S3 refuses if the destination exists when the copy is finished
    #[arg(long)]
    pub if_none_match: bool,

    /// Go on with this open upload of the destination: send only the parts it does not hold
    #[arg(long, value_name = "UPLOAD_ID", value_parser = parse_upload_id)]
    pub resume: Option<String>,

    /// When it fails keep the upload and its parts, and print the command that goes on from there
    #[arg(long)]
    pub keep: bool,

    /// How the sandbox fails.
    #[command(flatten)]
    pub faults: FaultArgs,
}

/// A size that one part can have; whether it may be below 5 MiB depends on how many there are.
fn part_size(text: &str) -> Result<u64, String> {
    match parse_size(text)? {
        0 => Err("a part size of 0 bytes cuts nothing; write one of 5MiB … 5GiB".into()),
        size if size > AWS.max_part_size => {
            Err(format!("{text:?} is too large: S3 takes parts of at most 5 GiB; write one of 5MiB … 5GiB"))
        }
        size => Ok(size),
    }
}
