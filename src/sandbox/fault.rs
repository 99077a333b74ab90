//! Failures on demand: the rules in force, met one request at a time.
//!
//! What a rule is and how it is written stands in [`crate::domain::fault`]; what it does to an exchange, in `apply`.

use crate::domain::fault::MAX_FAULTS;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

pub use crate::domain::fault::{Fault, FaultAction, FaultError, FaultStatus};

/// There are as many rules as can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are {MAX_FAULTS} rules already; clear some first")]
pub struct TooManyFaults;

/// The rules in force, in order; the first that fits a request meets it.
///
/// A rule that is used up stays in the list, so that what it met can be read, until room is needed.
#[derive(Debug)]
pub struct Faults {
    list: watch::Sender<Vec<FaultStatus>>,
    next: AtomicU64,
}

impl Default for Faults {
    fn default() -> Self {
        Self { list: watch::Sender::new(Vec::new()), next: AtomicU64::new(1) }
    }
}

impl Faults {
    /// Adds a rule after the others and gives its id.
    pub fn add(&self, fault: Fault) -> Result<u64, TooManyFaults> {
        self.add_all(vec![fault])
    }

    /// Adds rules, all of them or none, and gives the id of the last.
    pub fn add_all(&self, faults: Vec<Fault>) -> Result<u64, TooManyFaults> {
        let mut last = 0;
        let added = self.list.send_if_modified(|list| {
            let waiting = list.iter().filter(|s| !s.is_spent()).count();
            if waiting + faults.len() > MAX_FAULTS {
                return false;
            }
            for fault in faults {
                if list.len() >= MAX_FAULTS
                    && let Some(spent) = list.iter().position(FaultStatus::is_spent)
                {
                    list.remove(spent);
                }
                last = self.next.fetch_add(1, Ordering::Relaxed);
                list.push(FaultStatus::new(last, fault));
            }
            true
        });
        if added { Ok(last) } else { Err(TooManyFaults) }
    }

    /// Takes one rule out; `false` when there is none of that id.
    pub fn remove(&self, id: u64) -> bool {
        self.list.send_if_modified(|list| {
            let before = list.len();
            list.retain(|s| s.id != id);
            list.len() < before
        })
    }

    /// Takes all rules out.
    pub fn clear(&self) {
        self.list.send_modify(Vec::clear);
    }

    /// All rules with what became of them, used up or not.
    pub fn list(&self) -> Vec<FaultStatus> {
        self.list.borrow().clone()
    }

    /// The same, and word of every change.
    pub fn subscribe(&self) -> watch::Receiver<Vec<FaultStatus>> {
        self.list.subscribe()
    }

    /// How many rules wait for requests.
    pub fn len(&self) -> usize {
        self.list.borrow().iter().filter(|s| !s.is_spent()).count()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes one use of the first rule that fits and lets nothing more by.
    pub(crate) fn take(&self, operation: &str, part: Option<i32>, key: &str) -> Option<FaultAction> {
        let mut met = None;
        self.list.send_if_modified(|list| {
            let mut noticed = false;
            for status in list.iter_mut() {
                if status.is_spent() || !status.fault.fits(operation, part, key) {
                    continue;
                }
                noticed = true;
                if status.meets() {
                    met = Some(status.fault.action().clone());
                    break;
                }
            }
            noticed
        });
        met
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(rules: &[&str]) -> Faults {
        let faults = Faults::default();
        for rule in rules {
            faults.add(rule.parse().unwrap()).unwrap();
        }
        faults
    }

    #[test]
    fn a_rule_meets_what_it_names_as_often_as_it_says() {
        let faults = faults(&["UploadPart part=2 times=2 slow-down"]);
        let take = |operation, part| faults.take(operation, Some(part), "k");
        assert_eq!(take("UploadPart", 1), None);
        assert_eq!(take("UploadPartCopy", 2), None);
        assert_eq!(take("UploadPart", 2), Some(FaultAction::SlowDown));
        assert_eq!(take("UploadPart", 2), Some(FaultAction::SlowDown));
        assert_eq!(take("UploadPart", 2), None);
        assert!(faults.is_empty());
        let [status] = &faults.list()[..] else { panic!("one rule") };
        assert_eq!((status.met, status.left), (2, Some(0)));
    }

    #[test]
    fn the_first_that_fits_is_met_and_one_that_lets_by_is_not() {
        let faults = faults(&["PutObject after=2 reset", "any always internal-error"]);
        let take = || faults.take("PutObject", None, "k");
        assert_eq!(take(), Some(FaultAction::InternalError));
        assert_eq!(take(), Some(FaultAction::InternalError));
        assert_eq!(take(), Some(FaultAction::Reset));
        assert_eq!(take(), Some(FaultAction::InternalError));
        let told: Vec<_> = faults.list().iter().map(|s| (s.passed, s.met, s.left)).collect();
        assert_eq!(told, [(2, 1, Some(0)), (0, 3, None)]);
        assert_eq!(faults.len(), 1);
    }

    #[test]
    fn rules_are_taken_out_and_their_number_is_bounded() {
        let faults = faults(&["any times=1 reset", "any always reset"]);
        let mut news = faults.subscribe();
        assert!(faults.remove(1) && !faults.remove(1));
        assert!(news.has_changed().unwrap());
        assert_eq!(news.borrow_and_update().len(), 1);
        let rule: Fault = "ListBuckets reset".parse().unwrap();
        assert_eq!(faults.add_all(vec![rule.clone(); MAX_FAULTS]), Err(TooManyFaults));
        assert_eq!(faults.len(), 1);
        faults.clear();
        faults.add_all(vec![rule.clone(); MAX_FAULTS]).unwrap();
        assert!(faults.take("ListBuckets", None, "").is_some());
        // The one that is used up makes room.
        faults.add(rule.clone()).unwrap();
        assert_eq!(faults.list().len(), MAX_FAULTS);
        assert_eq!(faults.add(rule), Err(TooManyFaults));
    }

    #[test]
    fn every_operation_of_the_sandbox_can_be_named_in_a_rule() {
        let source = include_str!("route.rs");
        let (_, rest) = source.split_once("pub(crate) enum Api {").unwrap();
        let (body, _) = rest.split_once('}').unwrap();
        let mut served: Vec<&str> =
            body.lines().map(|l| l.trim().trim_end_matches(',')).filter(|l| !l.is_empty()).collect();
        let mut named = crate::domain::fault::OPERATIONS.to_vec();
        served.sort_unstable();
        named.sort_unstable();
        assert_eq!(served, named, "the list in domain/fault/names.rs must be the operations of route.rs");
    }
}
