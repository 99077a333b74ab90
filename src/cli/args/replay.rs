//! Arguments of `replay`, and of recording what a command sends.

use crate::domain::export::Format as Language;
use crate::domain::session_file::{Unmasked, WORD};
use crate::domain::wire_filter::Filter;
use crate::domain::wire_lines::Mode;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Recording what a command sends and is answered.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Recording")]
pub struct RecordArgs {
    /// Write all requests and answers of the command to a new file, for replay; a name in .har makes an HTTP archive
    #[arg(long, global = true, value_name = "FILE")]
    pub record: Option<PathBuf>,

    /// Write secrets too: session tokens, signatures, customer-provided keys; WORD is the word `secrets`
    #[arg(long, global = true, value_name = "WORD", value_parser = unmasked)]
    pub unmasked: Option<Unmasked>,
}

fn unmasked(word: &str) -> Result<Unmasked, String> {
    Unmasked::typed(word).ok_or_else(|| format!("write --unmasked {WORD}. {}", Unmasked::warning().join(" ")))
}

const REPLAY_HELP: &str = "\
Nothing is sent. Without one of --plain, --list, --json, --export, --diff, --xray the file opens in the
terminal program, on the Wire screen. Secrets are masked in all that is printed.

Exit codes:
  0  done
  2  wrong usage, or the file cannot be read";

/// Arguments of `replay`.
#[derive(Debug, Clone, Args)]
#[command(after_help = REPLAY_HELP)]
#[command(group = clap::ArgGroup::new("output").args(["plain", "list", "json", "export", "diff", "xray"]))]
pub struct ReplayArgs {
    /// A session file or an HTTP archive (HAR); - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Print every exchange, line by line
    #[arg(long)]
    pub plain: bool,

    /// Print one line for every exchange
    #[arg(long)]
    pub list: bool,

    /// Print one JSON object for every exchange, one a line
    #[arg(long)]
    pub json: bool,

    /// Print it in another format
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub export: Option<ExportArg>,

    /// Print what differs between two exchanges
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"])]
    pub diff: Option<Vec<u64>>,

    /// Print how one exchange's request is signed, as far as its bytes tell
    #[arg(long, value_name = "N")]
    pub xray: Option<u64>,

    /// Only this exchange; may be repeated
    #[arg(long, value_name = "N", requires = "output", conflicts_with_all = ["diff", "xray"])]
    pub exchange: Vec<u64>,

    /// Only exchanges that this line of words accepts: 'op:UploadPart* status:4xx part:3-7 -retry'
    #[arg(long, value_name = "WORDS", value_parser = str::parse::<Filter>, requires = "output", conflicts_with_all = ["diff", "xray"])]
    pub filter: Option<Filter>,

    /// How bytes are shown by --plain and --json
    #[arg(long, value_name = "MODE", value_enum, default_value_t = ModeArg::Pretty)]
    pub mode: ModeArg,
}

impl ReplayArgs {
    /// Whether it prints something and opens no screen.
    pub fn is_headless(&self) -> bool {
        let prints = self.plain || self.list || self.json || self.export.is_some();
        prints || self.diff.is_some() || self.xray.is_some()
    }
}

/// What a session is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportArg {
    /// A session file
    Session,
    /// An HTTP archive, HAR 1.2
    Har,
    /// A script of AWS CLI commands, in bash
    Aws,
    /// A script of curl commands, in bash
    Curl,
    /// A Python program with boto3
    Boto3,
    /// A Rust program with the AWS SDK
    Rust,
}

impl ExportArg {
    /// The language, when it is a script.
    pub fn language(self) -> Option<Language> {
        match self {
            Self::Session | Self::Har => None,
            Self::Aws => Some(Language::AwsCli),
            Self::Curl => Some(Language::Curl),
            Self::Boto3 => Some(Language::Boto3),
            Self::Rust => Some(Language::Rust),
        }
    }
}

/// How bytes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModeArg {
    /// Heads line by line, XML laid out
    Pretty,
    /// As on the wire, with line ends marked
    Raw,
    /// Offsets, hex and text
    Hex,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Pretty => Self::Pretty,
            ModeArg::Raw => Self::Raw,
            ModeArg::Hex => Self::Hex,
        }
    }
}
