//! How one call ended. An S3 error document is a result; only silence is a failure of transport.

use super::output::Output;
use serde::Serialize;
use std::fmt;

/// How one call ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// S3 did it and said so.
    Answered(Output),
    /// S3 spoke and said no, even where the status line said 200.
    Refused(ServiceError),
    /// S3's answer did not arrive whole: the call may or may not have taken effect.
    Lost(TransportError),
    /// The user called it off; bytes may already have left.
    Cancelled {
        /// Whether the first byte had left the machine.
        sent: bool,
    },
}

/// An `<Error>` from S3, or an error status without a document (HEAD).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceError {
    /// HTTP status; 200 is possible.
    pub status: u16,
    /// `Code`, or a name for the status when there was no document.
    pub code: String,
    /// `Message`.
    pub message: String,
    /// `RequestId`.
    pub request_id: Option<String>,
    /// The other elements in document order, `RequestId` and `HostId` excepted.
    pub detail: Vec<(String, String)>,
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.code, self.status)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}

/// No usable answer came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TransportError {
    /// What went wrong, lower case, with its causes.
    pub message: String,
    /// Whether any byte of the request may have reached S3. When false, nothing can have happened there.
    pub maybe_sent: bool,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Outcome {
    /// Whether S3 may have acted although no answer says so.
    pub fn is_doubtful(&self) -> bool {
        match self {
            Self::Lost(e) => e.maybe_sent,
            Self::Cancelled { sent } => *sent,
            Self::Answered(_) | Self::Refused(_) => false,
        }
    }

    /// One line for status rows and logs.
    pub fn summary(&self) -> String {
        match self {
            Self::Answered(_) => "answered".into(),
            Self::Refused(e) => e.to_string(),
            Self::Lost(e) if e.maybe_sent => format!("no answer: {e}; S3 may have acted"),
            Self::Lost(e) => format!("not sent: {e}"),
            Self::Cancelled { sent: true } => "cancelled after it was sent; S3 may have acted".into(),
            Self::Cancelled { sent: false } => "cancelled; nothing was sent".into(),
        }
    }

    /// The same for a call that only reads: nothing can have been changed, so no doubt is raised.
    pub fn summary_of_read(&self) -> String {
        match self {
            Self::Lost(e) if e.maybe_sent => format!("no answer: {e}"),
            Self::Cancelled { sent: true } => "cancelled".into(),
            other => other.summary(),
        }
    }
}
