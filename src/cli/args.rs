//! The command line.

mod copy;
mod local;
mod replay;
mod uploads;

pub use copy::CopyArgs;
pub use local::{ClientsArgs, EtagArgs, HashArgs, Place, SizeOrFile, VerifyArgs};
pub use replay::{ExportArg, ModeArg, RecordArgs, ReplayArgs};
pub use uploads::UploadsArgs;

use super::record::Recording;

use crate::domain::fault::Fault;
use crate::domain::names::S3Uri;
use crate::domain::units::parse_size;
use crate::s3::TargetSpec;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// An address starts the terminal program, so it stands before no command.
const USAGE: &str = "partscope [OPTIONS] [ADDRESS]\n       partscope [OPTIONS] <COMMAND>";

const AFTER_HELP: &str = "\
Without a command the terminal program starts. Without a target option or an address it opens its
own sandbox: no account, nothing leaves the machine. On any other S3 it starts read-only.
Headless commands talk to the S3 that the options and the AWS configuration name, or with
--sandbox to a fresh sandbox.

Credentials and configuration are found as the AWS CLI finds them. HTTP proxies are not used.

Exit codes:
  0  done
  1  S3 refused
  2  wrong usage, or an error on this machine
  3  doubtful: S3 may have acted although its answer did not arrive
  4  compare, verify, etag --match: it differs
  5  compare, verify, etag --match: it cannot be known";

/// See and operate Amazon S3 multipart uploads by hand.
#[derive(Debug, Parser)]
#[command(name = "partscope", version, about, after_help = AFTER_HELP, max_term_width = 100)]
#[command(override_usage = USAGE)]
#[command(args_conflicts_with_subcommands = false, subcommand_negates_reqs = true)]
pub struct Cli {
    /// Where the terminal program starts: s3://BUCKET or s3://BUCKET/PREFIX
    #[arg(value_name = "ADDRESS", value_parser = S3Uri::parse)]
    pub address: Option<S3Uri>,

    /// Draw the terminal program with ASCII only
    #[arg(long)]
    pub ascii: bool,

    /// Draw the terminal program without colours, as NO_COLOR does
    #[arg(long)]
    pub mono: bool,

    /// Which S3 to talk to.
    #[command(flatten)]
    pub target: TargetArgs,

    /// How the sandbox fails.
    #[command(flatten)]
    pub faults: FaultArgs,

    /// What is written of it.
    #[command(flatten)]
    pub record: RecordArgs,

    /// What to do instead of starting the terminal program.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Which S3 to talk to and as whom.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Target")]
pub struct TargetArgs {
    /// Profile of the shared AWS configuration files
    #[arg(long, global = true)]
    pub profile: Option<String>,

    /// Endpoint of an S3 that is not AWS's.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        help = "Endpoint of an S3 that is not AWS's, such as http://127.0.0.1:9000"
    )]
    pub endpoint_url: Option<String>,

    /// Region to sign for
    #[arg(long, global = true)]
    pub region: Option<String>,

    /// Put the bucket into the path (host/bucket) and not into the host name (bucket.host)
    #[arg(long, global = true)]
    pub path_style: bool,

    /// Send unsigned requests
    #[arg(long, global = true)]
    pub no_sign_request: bool,

    /// Use a fresh S3 inside this program, with example buckets; nothing leaves the machine
    #[arg(long, global = true, conflicts_with_all = ["profile", "endpoint_url", "no_sign_request"])]
    pub sandbox: bool,

    /// Rules by which the sandbox fails, from wherever they stood; filled in by [`Cli::gathered`].
    #[arg(skip)]
    pub faults: Vec<Fault>,

    /// What is written of the calls, wherever that was asked for; filled in by [`Cli::gathered`].
    #[arg(skip)]
    pub recording: Option<Arc<Recording>>,
}

/// Rules by which the sandbox fails.
///
/// Not a global option: of a repeated one that stands before and after the command clap would drop some.
#[derive(Debug, Clone, Default, Args)]
pub struct FaultArgs {
    /// The rules, in order.
    #[arg(
        long = "fault",
        value_name = "RULE",
        value_parser = str::parse::<Fault>,
        help_heading = "Target",
        display_order = 1000,
        help = "Make the sandbox fail: 'UploadPart part=3 slow-down', 'any delay=250ms'; may be repeated"
    )]
    rules: Vec<Fault>,
}

impl Cli {
    /// Brings the faults together, and says what is wrong with options that are each right.
    pub fn gathered(mut self) -> Result<Self, &'static str> {
        let (more, sandbox) = match &mut self.command {
            Some(Command::Serve(args)) => (Some(&mut args.faults), true),
            Some(Command::Copy(args)) => (Some(&mut args.faults), self.target.sandbox),
            Some(Command::Inspect(args)) => (Some(&mut args.faults), self.target.sandbox),
            Some(Command::Etag(args)) => (Some(&mut args.faults), self.target.sandbox),
            Some(Command::Verify(args)) => (Some(&mut args.faults), self.target.sandbox),
            Some(Command::Compare(args)) => (Some(&mut args.faults), self.target.sandbox),
            Some(Command::Clients(_) | Command::Replay(_)) => (None, false),
            Some(Command::Uploads(args)) => (Some(&mut args.faults), self.target.sandbox),
            Some(Command::Versions(args)) => (Some(&mut args.faults), self.target.sandbox),
            None => (None, self.wants_sandbox()),
        };
        let mut all = std::mem::take(&mut self.faults.rules);
        all.extend(more.map(|more| std::mem::take(&mut more.rules)).unwrap_or_default());
        if !sandbox && !all.is_empty() {
            return Err("--fault is for the sandbox only: add --sandbox, or use it with serve");
        }
        self.target.faults = all;
        self.record()?;
        Ok(self)
    }

    /// Makes the recording that was asked for.
    fn record(&mut self) -> Result<(), &'static str> {
        let exports = matches!(&self.command, Some(Command::Replay(args)) if args.export.is_some());
        let Some(path) = self.record.record.take() else {
            let alone = self.record.unmasked.is_some() && !exports;
            return if alone {
                Err("--unmasked goes with --record FILE, or with replay --export")
            } else {
                Ok(())
            };
        };
        match &self.command {
            None => {
                return Err(
                    "--record is for the commands; in the terminal program y in Wire saves the session",
                );
            }
            Some(Command::Serve(_) | Command::Clients(_) | Command::Replay(_)) => {
                return Err("--record is for commands that call S3; this one makes no calls");
            }
            Some(_) => {}
        }
        let recording = Recording::new(path, self.record.unmasked.take(), self.target_name());
        self.target.recording = Some(Arc::new(recording));
        Ok(())
    }

    fn target_name(&self) -> String {
        if self.target.sandbox { "SANDBOX".into() } else { self.target.name() }
    }

    /// Whether the terminal program opens the embedded sandbox: told to, or told of no other S3.
    pub fn wants_sandbox(&self) -> bool {
        self.target.sandbox || (self.address.is_none() && !self.target.names_one())
    }
}

impl TargetArgs {
    /// Whether any option names an S3 to talk to.
    pub fn names_one(&self) -> bool {
        self.profile.is_some()
            || self.endpoint_url.is_some()
            || self.region.is_some()
            || self.path_style
            || self.no_sign_request
    }

    /// What to call the target on the screen.
    pub fn name(&self) -> String {
        let place = self.endpoint_url.clone().unwrap_or_else(|| "AWS".into());
        let parts = [Some(place), self.profile.clone(), self.region.clone()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// The target these arguments name; the sandbox fills in its own.
    pub fn spec(&self) -> TargetSpec {
        TargetSpec {
            profile: self.profile.clone(),
            endpoint_url: self.endpoint_url.clone(),
            region: self.region.clone(),
            path_style: self.path_style,
            no_sign_request: self.no_sign_request,
            ..TargetSpec::default()
        }
    }
}

/// The headless commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say what is known of an object's parts, and on what evidence
    Inspect(InspectArgs),
    /// Compare two objects or versions: properties, and what can be known of the bytes
    Compare(CompareArgs),
    /// The ETag a file would have, or the part size that gives an ETag
    Etag(EtagArgs),
    /// Say whether a file is an object's content
    Verify(VerifyArgs),
    /// List the versions and delete markers of a key, newest first
    Versions(VersionsArgs),
    /// Copy an object inside S3, keeping its part boundaries, properties and tags
    Copy(CopyArgs),
    /// List uploads in progress, what they hold and cost, and abort old ones
    Uploads(UploadsArgs),
    /// Say how well-known clients would cut an object of a given size; asks nobody
    Clients(ClientsArgs),
    /// Run the sandbox as a server, for other programs to talk to
    Serve(ServeArgs),
    /// Read what a session file or an HTTP archive holds; sends nothing
    Replay(ReplayArgs),
}

/// How much is asked about the parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProbeArg {
    /// Part 1 only, one request; always asked
    First,
    /// First, middle and last part: can refute equal parts
    Sample,
    /// As many parts as it takes to know every boundary
    All,
}

/// Arguments of `inspect`.
#[derive(Debug, Clone, Args)]
pub struct InspectArgs {
    /// The object: s3://BUCKET/KEY, or s3://BUCKET/KEY?versionId=ID
    #[arg(value_name = "OBJECT", value_parser = S3Uri::parse)]
    pub object: S3Uri,

    /// The version; the address is a key and nothing else then. Empty: the current version
    #[arg(long, value_name = "ID")]
    pub version_id: Option<String>,

    /// Ask HEAD for more parts, so that equal sizes are refuted or proved
    #[arg(long, value_name = "HOW", value_enum, default_value_t = ProbeArg::First)]
    pub probe: ProbeArg,

    /// The same as --probe all
    #[arg(long, conflicts_with = "probe")]
    pub all_parts: bool,

    /// Say how many requests the probe would take, and do not send them
    #[arg(long)]
    pub dry_run: bool,

    /// Say why the service does or does not list the parts
    #[arg(long)]
    pub why: bool,

    /// Print one JSON object
    #[arg(long)]
    pub json: bool,

    /// How the sandbox fails.
    #[command(flatten)]
    pub faults: FaultArgs,
}

const COMPARE_HELP: &str = "\
Only reads are sent: HeadObject, GetObjectAttributes, GetObjectTagging. No byte of an object is read.
The ETag and the part boundaries count as properties; keys, versions, dates, restore, expiration and
replication are shown and do not count.

Exit codes:
  0  same content and same properties
  1  S3 refused
  2  wrong usage, or an error on this machine
  4  the content or a property differs
  5  no difference was found, but not everything can be known";

/// Arguments of `compare`.
#[derive(Debug, Clone, Args)]
#[command(after_help = COMPARE_HELP)]
pub struct CompareArgs {
    /// One object: s3://BUCKET/KEY, or s3://BUCKET/KEY?versionId=ID
    #[arg(value_name = "LEFT", value_parser = S3Uri::parse)]
    pub left: S3Uri,

    /// The other one
    #[arg(value_name = "RIGHT", value_parser = S3Uri::parse)]
    pub right: S3Uri,

    /// The version of the left; its address is a key and nothing else then. Empty: the current version
    #[arg(long, value_name = "ID")]
    pub left_version_id: Option<String>,

    /// The same for the right
    #[arg(long, value_name = "ID")]
    pub right_version_id: Option<String>,

    /// Ask HEAD for as many parts as it takes to know every boundary of both
    #[arg(long)]
    pub all_parts: bool,

    /// Print one JSON object
    #[arg(long)]
    pub json: bool,

    /// How the sandbox fails.
    #[command(flatten)]
    pub faults: FaultArgs,
}

/// Arguments of `versions`.
#[derive(Debug, Clone, Args)]
pub struct VersionsArgs {
    /// The key: s3://BUCKET/KEY
    #[arg(value_name = "OBJECT", value_parser = S3Uri::parse)]
    pub object: S3Uri,

    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,

    /// How the sandbox fails.
    #[command(flatten)]
    pub faults: FaultArgs,
}

/// Arguments of `serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Address to listen on; loopback only
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,

    /// Answer for this host name too, and for buckets in front of it; may be repeated
    #[arg(long, value_name = "NAME")]
    pub host: Vec<String>,

    /// Access key to accept
    #[arg(long, value_name = "KEY", requires = "secret_key")]
    pub access_key: Option<String>,

    /// Secret key that goes with it
    #[arg(long, value_name = "SECRET", requires = "access_key")]
    pub secret_key: Option<String>,

    /// Keep everything in this directory; it survives restarts, and is made if it is not there
    #[arg(long, value_name = "DIR", conflicts_with = "memory_budget")]
    pub data_dir: Option<PathBuf>,

    /// Begin without the example buckets
    #[arg(long)]
    pub empty: bool,

    /// Keep this much of uploaded bytes in memory, the rest on disk (64MiB, 1GB, bytes) [default: 256MiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub memory_budget: Option<u64>,

    /// Keep at most this much of uploaded bytes on disk (4GiB, 100GB, bytes) [default: 16GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub disk_budget: Option<u64>,

    /// Print each request of a client when it ends, and each multipart upload of a client when it is over
    #[arg(long)]
    pub watch: bool,

    /// Print everything as JSON, one object a line
    #[arg(long, requires = "watch")]
    pub json: bool,

    /// How it fails.
    #[command(flatten)]
    pub faults: FaultArgs,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_usage_names_no_line_that_is_refused() {
        let help = Cli::command().render_help().to_string();
        assert!(help.contains("[ADDRESS]") && !help.contains("[ADDRESS] <COMMAND>"), "{help}");
        let help = Cli::command().find_subcommand_mut("uploads").unwrap().render_help().to_string();
        assert!(help.contains("[OPTIONS] <ADDRESS>"), "{help}");
    }

    #[test]
    fn an_address_is_no_command_and_target_options_stand_anywhere() {
        let cli = Cli::try_parse_from(["partscope", "s3://b/p", "--region", "eu-west-1"]).unwrap();
        assert_eq!(cli.address.map(|a| a.key).as_deref(), Some("p"));
        let cli = Cli::try_parse_from(["partscope", "inspect", "s3://b/k", "--sandbox"]).unwrap();
        assert!(cli.target.sandbox && matches!(cli.command, Some(Command::Inspect(_))));
        assert!(Cli::try_parse_from(["partscope", "--sandbox", "--profile", "x"]).is_err());
    }

    #[test]
    fn values_that_cannot_be_meant_are_refused_before_anything_is_asked() {
        const COPY: [&str; 4] = ["partscope", "copy", "s3://a/k", "s3://b/k"];
        const UPLOADS: [&str; 3] = ["partscope", "uploads", "s3://a"];
        let wrong =
            |args: &[&[&str]]| Cli::try_parse_from(args.concat()).expect_err("it was taken").to_string();
        for (said, want) in [
            (wrong(&[&COPY, &["--resume", ""]]), "an upload id is never empty"),
            (wrong(&[&UPLOADS, &["--upload-id", ""]]), "an upload id is never empty"),
            (wrong(&[&COPY, &["--part-size", "6GiB"]]), "at most 5 GiB"),
            (wrong(&[&COPY, &["--part-size", "999999999999999999999TiB"]]), "too large"),
            (wrong(&[&COPY, &["--part-size", "0"]]), "cuts nothing"),
            (wrong(&[&UPLOADS, &["--older-than", "99999999999999999999d"]]), "too large"),
            (wrong(&[&UPLOADS, &["--older-than", "-1d"]]), "is not an age"),
        ] {
            assert!(said.contains(want), "{said}");
        }
        assert!(Cli::try_parse_from([&COPY[..], &["--part-size", "5GiB"]].concat()).is_ok());
    }

    #[test]
    fn faults_are_for_the_sandbox() {
        const RULE: &str = "UploadPart part=3 slow-down";
        for (args, faults, fine) in [
            (&["--fault", RULE][..], 1, true),
            (&["--fault", RULE, "serve", "--fault", "any reset"], 2, true),
            (&["serve", "--fault", RULE, "--fault", "any reset"], 2, true),
            (&["inspect", "s3://b/k", "--sandbox", "--fault", RULE], 1, true),
            (&["inspect", "s3://b/k", "--fault", RULE], 1, false),
            (&["--fault", RULE, "s3://b/k"], 1, false),
            (&["--fault", RULE, "--region", "eu-west-1"], 1, false),
        ] {
            let cli = Cli::try_parse_from([&["partscope"], args].concat()).unwrap().gathered();
            assert_eq!(cli.map(|c| c.target.faults.len()).ok(), fine.then_some(faults), "{args:?}");
        }
        let wrong =
            Cli::try_parse_from(["partscope", "--fault", "UploadPrat reset"]).unwrap_err().to_string();
        assert!(wrong.contains("did you mean UploadPart?"), "{wrong}");
    }
}
