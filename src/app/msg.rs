//! What comes in and what goes out: messages and effects, both data.

use super::press::Press;
use super::take::{Destination, Form};
use crate::domain::exchange::{Exchange, ExchangeId};
use crate::domain::fault::{Fault, FaultStatus};
use crate::domain::hashing::{HashedParts, PartsWork, Verification, Verified};
use crate::domain::infer::ClientRow;
use crate::domain::operation::{Operation, OperationId, PartBody};
use crate::domain::outcome::Outcome;
use crate::domain::predict::BodyDigest;
use crate::domain::session_file::{Session, Unmasked};
use crate::domain::wire_lines::Mode;
use crate::domain::xray::{Asked, Checked};
use std::path::PathBuf;
use std::sync::Arc;

/// Something happened.
#[derive(Debug, Clone)]
pub enum Msg {
    /// A key was pressed.
    Press(Press),
    /// Text was pasted.
    Paste(String),
    /// The terminal has this many columns and rows.
    Resize(u16, u16),
    /// The left button was pressed at a column and row.
    Click(u16, u16),
    /// The wheel was turned up or down at a column and row.
    Wheel {
        /// Away from the user.
        up: bool,
        /// Column.
        col: u16,
        /// Row.
        row: u16,
    },
    /// The client is ready, or cannot be made and this is why.
    Connected(Result<Connected, String>),
    /// New and changed exchanges, and how many the tap dropped so far.
    Wire(Vec<Arc<Exchange>>, u64),
    /// A call ended.
    Finished {
        /// Which.
        id: OperationId,
        /// How.
        outcome: Box<Outcome>,
    },
    /// The size of a local file, or why it cannot be read.
    FileSize {
        /// The file.
        path: PathBuf,
        /// Bytes.
        size: Result<u64, String>,
    },
    /// The rules by which the sandbox fails, as they are now.
    Faults(Vec<FaultStatus>),
    /// A rule was not taken, and this is why.
    FaultRefused(String),
    /// How far a comparison of bytes is.
    Hashing {
        /// Which.
        id: OperationId,
        /// Bytes done.
        done: u64,
        /// Bytes to do, as far as that is known.
        of: Option<u64>,
    },
    /// A comparison of bytes ended, or could not be made.
    Verified {
        /// Which.
        id: OperationId,
        /// How.
        result: Box<Result<Verified, String>>,
    },
    /// The parts of a file are hashed, or could not be.
    PartsHashed {
        /// By which work.
        id: OperationId,
        /// How it ended.
        result: Box<Result<HashedParts, String>>,
    },
    /// What each client would make of the bytes that were compared.
    Clients {
        /// By which comparison.
        id: OperationId,
        /// The table, with ETags.
        clients: Vec<ClientRow>,
    },
    /// The digests of a body, or why it cannot be read.
    Digested {
        /// The body.
        body: PartBody,
        /// Its digests.
        digest: Result<BodyDigest, String>,
    },
    /// What was found of the signatures of a request.
    SignaturesChecked {
        /// Whose request.
        exchange: ExchangeId,
        /// Which are right, or why that is not known.
        checked: Checked,
    },
    /// A file was written, or was not.
    FileWritten {
        /// Where.
        path: PathBuf,
        /// What it was to hold.
        bytes: Arc<[u8]>,
        /// Whether it holds it now.
        result: Result<(), NotWritten>,
    },
    /// What is to be taken along is written out.
    Taken {
        /// Where it is to go.
        to: Destination,
        /// The text, or why it cannot be made.
        text: Result<String, String>,
    },
    /// Time passed; microseconds since the program began.
    Tick(u64),
}

/// Why a file was not written; it is as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotWritten {
    /// Something has that name, and nobody said that it may be replaced.
    Exists,
    /// This is why it cannot be.
    Failed(String),
}

/// What the target turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// Region requests are signed for.
    pub region: String,
    /// Where requests go, for display.
    pub endpoint: String,
    /// Access key and secret key of the embedded sandbox, for other clients; `None` on any other target.
    pub keys: Option<(String, String)>,
}

/// A change of the rules by which the sandbox fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultChange {
    /// One more, after the others.
    Add(Box<Fault>),
    /// The one with this id goes.
    Remove(u64),
    /// All go.
    Clear,
}

/// The line of the calls of one run. They are sent in the order in which they came, and one that does not go well sends
/// the others back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InLine {
    /// Whose line: an upload on the workbench.
    pub of: u64,
    /// How many of them are under way at once, from now on.
    pub at_once: u16,
}

/// Something to do outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Make the client.
    Connect,
    /// Send an operation; with `hold`, keep its bytes back until released.
    Perform {
        /// Its id; the outcome comes back under it.
        id: OperationId,
        /// The call.
        operation: Box<Operation>,
        /// Whether to hold it.
        hold: bool,
        /// The line it waits in; without one it is sent at once.
        line: Option<InLine>,
    },
    /// Let a held request go.
    Release(ExchangeId),
    /// Send back what waits in this line: each ends as called off and not sent.
    SendBack(u64),
    /// Cancel a call.
    Cancel(OperationId),
    /// Compare bytes with what is known of an object.
    Verify {
        /// Its id; progress and result come back under it, and it is cancelled by it.
        id: OperationId,
        /// What to compare.
        work: Box<Verification>,
    },
    /// Compute the digests of a body before it is sent.
    Digest(PartBody),
    /// Hash each part of a file.
    HashParts {
        /// Its id; progress and result come back under it, and it is cancelled by it.
        id: OperationId,
        /// What to hash.
        work: Box<PartsWork>,
    },
    /// Ask for a local file's size.
    FileSize(PathBuf),
    /// Change the rules by which the sandbox fails.
    Fault(FaultChange),
    /// Write a file that only its owner can read, all of it or nothing.
    WriteFile {
        /// Where.
        path: PathBuf,
        /// What.
        bytes: Arc<[u8]>,
        /// Whether a file of that name may be replaced.
        overwrite: bool,
    },
    /// Recompute signatures where the secret key is held.
    CheckSignatures {
        /// Whose request; the answer comes back under it.
        exchange: ExchangeId,
        /// What to recompute.
        asked: Box<Asked>,
    },
    /// Write recorded calls out.
    TakeAlong {
        /// The exchanges, in the order of their ids, as a session.
        session: Box<Session>,
        /// As what.
        form: Form,
        /// How a text is laid out.
        mode: Mode,
        /// Where it is to go.
        to: Destination,
    },
    /// Give a text to the terminal's clipboard.
    Copy(String),
    /// Write exchanges down, as [`Effect::WriteFile`] writes.
    SaveSession {
        /// Where.
        path: PathBuf,
        /// In which format.
        format: crate::domain::replay::Format,
        /// What. Of a live session the runtime knows when it began.
        session: Box<Session>,
        /// With secrets, as somebody typed.
        unmasked: Option<Unmasked>,
    },
    /// Draw everything again from nothing.
    Repaint,
    /// Stop the program until the shell continues it.
    Suspend,
    /// Leave.
    Quit,
}

impl Effect {
    /// Whether it has to do with a server: what must not happen while a file is looked at.
    pub fn is_of_server(&self) -> bool {
        matches!(
            self,
            Self::Connect | Self::Perform { .. } | Self::Release(_) | Self::Verify { .. } | Self::Fault(_)
        )
    }
}
