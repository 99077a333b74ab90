//! The comparison of bytes with the inspected object: under way, or how it ended.

use crate::domain::hashing::Verified;
use crate::domain::infer::ClientRow;
use crate::domain::operation::OperationId;
use crate::domain::verify::BadPart;

/// A comparison, from its beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verify {
    /// Its name: results come back under it, and it is stopped by it.
    pub id: OperationId,
    /// The bytes in words: a path, or that they are the object's own.
    pub of: String,
    /// Whether they come from the object itself.
    pub own: bool,
    /// How it stands.
    pub state: State,
    /// The clients' table with ETags of these bytes, which comes after the result.
    pub clients: Vec<ClientRow>,
}

/// How a comparison stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Hashing.
    Running {
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
        matches!(self.state, State::Running { .. }).then_some(self.id)
    }

    /// The result.
    pub fn verified(&self) -> Option<&Verified> {
        match &self.state {
            State::Done(verified) => Some(verified),
            _ => None,
        }
    }

    /// What each client would have made of the bytes; empty as long as that is not known.
    pub fn clients(&self) -> &[ClientRow] {
        &self.clients
    }

    /// Parts whose bytes differ, where that is known.
    pub fn bad_parts(&self) -> &[BadPart] {
        self.verified().map_or(&[], |v| &v.report.bad_parts)
    }
}
