//! Taking recorded calls along: as what, which of them, and where to.

use crate::domain::exchange::Exchange;
use crate::domain::export::Format;
use std::path::PathBuf;

/// Most bytes that are given to a terminal's clipboard: what xterm and those that follow it take in one sequence, in
/// base64 and with what stands around it.
pub const CLIPBOARD_BYTES: usize = 74_994;

/// As what calls are taken along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// A script that makes them again.
    Script(Format),
    /// An HTTP archive.
    Archive,
    /// Text to read.
    Text,
}

impl Form {
    /// All, in the order they are offered.
    pub const ALL: [Self; 6] = [
        Self::Script(Format::AwsCli),
        Self::Script(Format::Curl),
        Self::Script(Format::Boto3),
        Self::Script(Format::Rust),
        Self::Archive,
        Self::Text,
    ];

    /// The key that chooses it.
    pub fn key(self) -> char {
        match self {
            Self::Script(Format::AwsCli) => 'a',
            Self::Script(Format::Curl) => 'c',
            Self::Script(Format::Boto3) => 'b',
            Self::Script(Format::Rust) => 'r',
            Self::Archive => 'h',
            Self::Text => 't',
        }
    }

    /// What it is, in words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Script(format) => format.title(),
            Self::Archive => "HTTP archive (HAR 1.2)",
            Self::Text => "Plain text",
        }
    }

    /// What one gets, in a line.
    pub fn about(self) -> &'static str {
        match self {
            Self::Script(_) => "runs again: ids and ETags are variables, no secret is in it",
            Self::Archive => "for browsers, and partscope replay FILE; secrets are masked",
            Self::Text => "laid out as in the panes (v); secrets are masked",
        }
    }

    /// The name of a file for it, of these exchanges.
    pub fn file_name(self, exchanges: &[&Exchange]) -> String {
        let numbers = match exchanges {
            [] => String::new(),
            [one] => format!("-{}", one.id.0),
            [first, .., last] => format!("-{}-{}", first.id.0, last.id.0),
        };
        match self {
            Self::Script(format) => format!("partscope-{}{numbers}.{}", format.name(), format.extension()),
            Self::Archive => format!("partscope{numbers}.har"),
            Self::Text => format!("partscope{numbers}.txt"),
        }
    }
}

/// Which calls are taken along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The selected exchange.
    Exchange,
    /// All of what was done with it.
    Group,
    /// Everything in the list.
    Listed,
}

impl Scope {
    /// All, from small to large.
    pub const ALL: [Self; 3] = [Self::Exchange, Self::Group, Self::Listed];

    /// The key that chooses it.
    pub fn key(self) -> char {
        match self {
            Self::Exchange => '1',
            Self::Group => '2',
            Self::Listed => '3',
        }
    }

    /// What it is, in words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Exchange => "this exchange",
            Self::Group => "this group",
            Self::Listed => "everything in the list",
        }
    }
}

/// What is chosen in the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Take {
    /// As what.
    pub form: Form,
    /// Which.
    pub scope: Scope,
}

/// The menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Menu {
    /// What is chosen in it.
    pub take: Take,
    /// Of each scope how many exchanges there were when it was opened, and how many had lost their bytes.
    pub counts: [(usize, usize); 3],
}

/// Where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Into a new file.
    File(PathBuf),
    /// To the terminal's clipboard.
    Clipboard,
}
