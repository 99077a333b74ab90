//! What can be wrong with a request before it is one.

/// Largest head, request line included.
pub(crate) const MAX_HEAD: usize = 32 * 1024;

/// Why a request could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// The client closed before a request was whole.
    #[error("the connection was closed in the middle of a request")]
    Closed,
    /// Nothing came for too long.
    #[error("the client sent nothing for too long")]
    TimedOut,
    /// The head is longer than allowed.
    #[error("the head is larger than {MAX_HEAD} bytes")]
    HeadTooLarge,
    /// Not HTTP/1.
    #[error("the request is not HTTP/1: {0}")]
    Malformed(&'static str),
    /// A fault cut our answer short.
    #[error("a fault cut the answer short")]
    Cut,
    /// The socket failed.
    #[error("the socket failed")]
    Io(#[from] std::io::Error),
}
