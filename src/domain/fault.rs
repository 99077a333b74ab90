//! Faults on demand: the rules by which the sandbox fails, and the one way they are written.
//!
//! ```text
//! OPERATION [part=N | part=N-M] [key=PREFIX] [after=N] [times=N | always] ACTION
//! ```
//!
//! `OPERATION` is S3's name or `any`. The words after it stand in any order. A [`Fault`] is only made by reading
//! such a rule, so that one that could never be met, or makes no sense, is refused when it is set.

mod names;
mod parse;
mod write;

pub use names::{ACTIONS, ANY, OPERATIONS};
pub use parse::FaultError;

use std::time::Duration;

/// Most rules that are kept at once.
pub const MAX_FAULTS: usize = 200;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultAction {
    /// 503 `SlowDown`; nothing is done.
    SlowDown,
    /// 500 `InternalError`; nothing is done.
    InternalError,
    /// The request takes effect, and its answer begins this much later.
    Delay(Duration),
    /// The request takes effect, and its answer comes with this many bytes a second.
    SlowAnswer(u64),
    /// The connection is reset and nothing is done.
    Reset,
    /// The request takes effect, and the connection is reset after this many bytes of the answer, head included.
    ResetAfter(u64),
    /// The request takes effect and the connection is reset: the answer is lost.
    LostAnswer,
    /// One bit of the body is changed before anything is checked.
    Corrupt,
    /// 200, an XML declaration, white space, and then an `InternalError` document; nothing is done.
    ErrorAfterOk,
    /// 400 `ExpiredToken`; nothing is done.
    ExpiredToken,
    /// 403 `RequestTimeTooSkewed` by a server whose clock is this many seconds ahead; nothing is done.
    ClockSkew(i64),
    /// 301 `PermanentRedirect` to this region; nothing is done.
    PermanentRedirect(String),
    /// 307 `TemporaryRedirect` to this region; nothing is done.
    TemporaryRedirect(String),
}

/// One rule: which requests it meets, how often, and what goes wrong then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    operation: Option<&'static str>,
    parts: Option<(i32, i32)>,
    key: Option<String>,
    after: u32,
    times: Option<u32>,
    action: FaultAction,
}

impl Fault {
    /// S3's name of the only operation it meets; `None` for any.
    pub fn operation(&self) -> Option<&'static str> {
        self.operation
    }

    /// How many requests that fit are let by first.
    pub fn after(&self) -> u32 {
        self.after
    }

    /// How many requests it meets before it is used up; `None` for no end.
    pub fn times(&self) -> Option<u32> {
        self.times
    }

    /// What goes wrong.
    pub fn action(&self) -> &FaultAction {
        &self.action
    }

    /// Whether it is meant for a request of this operation, part number and key (empty without one).
    pub fn fits(&self, operation: &str, part_number: Option<i32>, key: &str) -> bool {
        self.operation.is_none_or(|o| o == operation)
            && self.parts.is_none_or(|(first, last)| part_number.is_some_and(|n| first <= n && n <= last))
            && self.key.as_deref().is_none_or(|prefix| key.starts_with(prefix))
    }
}

/// A rule in force, and what became of it so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultStatus {
    /// Its name among the rules; never given twice.
    pub id: u64,
    /// The rule.
    pub fault: Fault,
    /// How many requests it let by because of `after`.
    pub passed: u32,
    /// How many requests it met.
    pub met: u64,
    /// How many it will still meet; `None` for no end.
    pub left: Option<u32>,
}

impl FaultStatus {
    /// A rule that has met nothing yet.
    pub fn new(id: u64, fault: Fault) -> Self {
        let left = fault.times;
        Self { id, fault, passed: 0, met: 0, left }
    }

    /// Whether it will meet nothing more.
    pub fn is_spent(&self) -> bool {
        self.left == Some(0)
    }

    /// Takes notice of a request that fits: `true` when it is met, `false` when it is let by.
    pub fn meets(&mut self) -> bool {
        if self.passed < self.fault.after {
            self.passed += 1;
            return false;
        }
        self.met += 1;
        self.left = self.left.map(|n| n.saturating_sub(1));
        true
    }
}
