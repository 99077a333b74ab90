//! Recorded calls as scripts that make them again: as commands of the AWS CLI, of curl, as Python and as Rust.
//!
//! A script is made of the bytes that were captured. Upload ids, ETags, versions and checksums that came from an earlier
//! answer are variables in it, so that it runs again and elsewhere; credentials come from the environment of whoever
//! runs it. No secret is ever in a script: signatures and tokens are left out, customer keys are variables. Words are
//! quoted by `shlex`, texts by `serde_json` and Rust's own escapes, whatever bytes are in a key.

mod answer;
mod aws;
mod body;
mod boto3;
mod curl;
mod document;
mod given;
pub mod model;
mod read;
mod request;
mod rust;
mod shell;
pub mod table;
mod wire;
mod words;

use super::exchange::Exchange;
use super::hand_over::Place;
use super::operation::{OperationId, PartBody};

/// The language of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Commands of the AWS CLI, in bash.
    AwsCli,
    /// Commands of curl, in bash.
    Curl,
    /// Python with boto3.
    Boto3,
    /// A Rust program with the AWS SDK.
    Rust,
}

impl Format {
    /// All, in the order they are offered.
    pub const ALL: [Self; 4] = [Self::AwsCli, Self::Curl, Self::Boto3, Self::Rust];

    /// Its short name, as it is typed: `aws`, `curl`, `boto3`, `rust`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AwsCli => "aws",
            Self::Curl => "curl",
            Self::Boto3 => "boto3",
            Self::Rust => "rust",
        }
    }

    /// Reads a short name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name)
    }

    /// What it is, in words.
    pub fn title(self) -> &'static str {
        match self {
            Self::AwsCli => "AWS CLI commands (bash)",
            Self::Curl => "curl commands (bash)",
            Self::Boto3 => "Python with boto3",
            Self::Rust => "Rust with the AWS SDK",
        }
    }

    /// The end of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::AwsCli | Self::Curl => "sh",
            Self::Boto3 => "py",
            Self::Rust => "rs",
        }
    }
}

/// The exchanges, in the order of their ids, as a script. `place` says what is known of the target besides the bytes:
/// an endpoint, a region or a profile that was named; what is `None` there is read from the requests.
///
/// Retries of a call are one call. What has not left is left out, and a remark says so.
pub fn script(exchanges: &[&Exchange], format: Format, place: &Place<'_>) -> String {
    script_with(exchanges, format, place, &|_| None)
}

/// The same, with what is known of the bodies of own calls: large ones are not captured whole.
pub fn script_with(
    exchanges: &[&Exchange],
    format: Format,
    place: &Place<'_>,
    bodies: &dyn Fn(OperationId) -> Option<PartBody>,
) -> String {
    let session = read::session(exchanges, place, bodies);
    match format {
        Format::AwsCli => aws::write(&session),
        Format::Curl => curl::write(&session),
        Format::Boto3 => boto3::write(&session),
        Format::Rust => rust::write(&session),
    }
}
