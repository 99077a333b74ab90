//! Failures on demand: what a client must survive, pushed into a queue by tests and lessons.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultAction {
    /// 503 `SlowDown`; nothing is done.
    SlowDown,
    /// 500 `InternalError`; nothing is done.
    InternalError,
    /// The connection is reset and nothing is done.
    ResetBeforeResponse,
    /// The request takes effect and the connection is reset: the answer is lost.
    ResetAfterEffect,
    /// 200, an XML declaration, white space, and then an `InternalError` document; nothing is done.
    ErrorAfterOk,
    /// The answer begins this much later.
    Delay(Duration),
}

/// One fault, waiting for its requests.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Only requests of this operation (S3's name); `None` for any.
    pub operation: Option<String>,
    /// Only this `partNumber`; `None` for any.
    pub part_number: Option<i32>,
    /// How many requests it meets before it is used up.
    pub times: u32,
    /// What goes wrong.
    pub action: FaultAction,
}

/// The faults in waiting; the first that fits a request meets it.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    /// Adds a fault after the others.
    pub fn push(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    /// Drops all faults.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// How many faults wait.
    pub fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes one use of the first fault that fits.
    pub(crate) fn take(&self, operation: &str, part_number: Option<i32>) -> Option<FaultAction> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = faults.iter().position(|f| {
            f.times > 0
                && f.operation.as_deref().is_none_or(|o| o == operation)
                && f.part_number.is_none_or(|n| part_number == Some(n))
        })?;
        let fault = faults.get_mut(at)?;
        fault.times -= 1;
        let action = fault.action;
        if fault.times == 0 {
            faults.remove(at);
        }
        Some(action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_meets_what_it_names_as_often_as_it_says() {
        let faults = Faults::default();
        let fault = |operation: Option<&str>, part_number, times| Fault {
            operation: operation.map(Into::into),
            part_number,
            times,
            action: FaultAction::SlowDown,
        };
        faults.push(fault(Some("UploadPart"), Some(2), 2));
        assert_eq!(faults.take("UploadPart", Some(1)), None);
        assert_eq!(faults.take("UploadPartCopy", Some(2)), None);
        assert_eq!(faults.take("UploadPart", Some(2)), Some(FaultAction::SlowDown));
        assert_eq!(faults.take("UploadPart", Some(2)), Some(FaultAction::SlowDown));
        assert_eq!(faults.take("UploadPart", Some(2)), None);
        assert!(faults.is_empty());
    }
}
