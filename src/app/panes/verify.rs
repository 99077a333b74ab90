//! The comparison of bytes with the inspected object: under way, or how it ended.

use crate::domain::hashing::Verified;
use crate::domain::operation::OperationId;
use crate::domain::verify::BadPart;

/// A comparison, from its beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verify {
    /// The bytes in words: a path, or that they are the object's own.
    pub of: String,
    /// Whether they come from the object itself.
    pub own: bool,
    /// How it stands.
    pub state: State,
}

/// How a comparison stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Hashing.
    Running {
        /// Its name, by which it is stopped.
        id: OperationId,
        /// Microseconds since the program began when it began.
        begun: u64,
        /// Bytes done.
        done: u64,
        /// Bytes to do, as far as that is known.
        of: Option<u64>,
    },
    /// Done.
    Done(Box<Verified>),
    /// It could not be done, and this is why.
    Failed(String),
}

impl Verify {
    /// The name of what is under way.
    pub fn running(&self) -> Option<OperationId> {
        match self.state {
            State::Running { id, .. } => Some(id),
            _ => None,
        }
    }

    /// The result.
    pub fn verified(&self) -> Option<&Verified> {
        match &self.state {
            State::Done(verified) => Some(verified),
            _ => None,
        }
    }

    /// Parts whose bytes differ, where that is known.
    pub fn bad_parts(&self) -> &[BadPart] {
        self.verified().map_or(&[], |v| &v.report.bad_parts)
    }
}
