//! Which call belongs to which deed.
//!
//! A press that leads to calls begins a deed. What follows from an answer (further pages, probes, the next step)
//! belongs to the deed of the call that was answered. What the program asks by itself are deeds of its own.

use crate::domain::deed::{Deed, DeedId, Who};
use crate::domain::operation::OperationId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the calls that are made now come from.
#[derive(Debug, Clone)]
enum Cause {
    /// Nothing was sent for it yet.
    Begun(Who),
    /// This deed.
    Within(Arc<Deed>),
}

/// The deeds of the calls under way.
#[derive(Debug, Clone)]
pub struct Deeds {
    next: u64,
    cause: Cause,
    of: BTreeMap<OperationId, Arc<Deed>>,
}

impl Default for Deeds {
    fn default() -> Self {
        Self { next: 1, cause: Cause::Begun(Who::Program), of: BTreeMap::new() }
    }
}

impl Deeds {
    /// From now on calls come from something new that this one does.
    pub fn begin(&mut self, who: Who) {
        self.cause = Cause::Begun(who);
    }

    /// From now on calls follow from the answer to this one; by the program itself, if its deed is not known.
    pub fn follow(&mut self, id: OperationId) {
        self.cause =
            self.of.get(&id).map_or(Cause::Begun(Who::Program), |deed| Cause::Within(Arc::clone(deed)));
    }

    /// Whether the next call begins a deed, which then has to be opened.
    pub fn is_to_begin(&self) -> bool {
        matches!(self.cause, Cause::Begun(_))
    }

    /// Begins the deed that is going on from now on, and says what it is.
    pub fn open(&mut self, label: String) -> Arc<Deed> {
        let who = match &self.cause {
            Cause::Begun(who) => who.clone(),
            Cause::Within(deed) => deed.who.clone(),
        };
        let deed = Arc::new(Deed { id: DeedId(self.next), who, label });
        self.cause = Cause::Within(Arc::clone(&deed));
        self.next += 1;
        deed
    }

    /// Puts a call into the deed that is going on; one that was not opened has no calls.
    pub fn assign(&mut self, id: OperationId) {
        if let Cause::Within(deed) = &self.cause {
            self.of.insert(id, Arc::clone(deed));
        }
    }

    /// The deed of a call under way.
    pub fn of(&self, id: OperationId) -> Option<&Arc<Deed>> {
        self.of.get(&id)
    }

    /// A call has ended, and nothing follows from it any more.
    pub fn ended(&mut self, id: OperationId) {
        self.of.remove(&id);
    }

    /// From now on calls belong to this deed, if there is one, until [`Deeds::leave`].
    pub fn enter(&mut self, deed: Option<&Arc<Deed>>) -> Entered {
        let Some(deed) = deed else { return Entered(None) };
        Entered(Some(std::mem::replace(&mut self.cause, Cause::Within(Arc::clone(deed)))))
    }

    /// Goes back to what was going on before.
    pub fn leave(&mut self, entered: Entered) {
        if let Some(cause) = entered.0 {
            self.cause = cause;
        }
    }
}

/// What was going on before a deed was entered.
#[derive(Debug)]
#[must_use]
pub struct Entered(Option<Cause>);

#[cfg(test)]
mod tests {
    use super::*;

    fn deed(deeds: &Deeds, id: u64) -> &Deed {
        deeds.of(OperationId(id)).unwrap()
    }

    fn call(deeds: &mut Deeds, id: u64, label: &str) {
        if deeds.is_to_begin() {
            deeds.open(label.into());
        }
        deeds.assign(OperationId(id));
    }

    #[test]
    fn what_follows_from_an_answer_belongs_to_the_deed_of_the_call() {
        let mut deeds = Deeds::default();
        deeds.begin(Who::You);
        call(&mut deeds, 1, "inspect");
        call(&mut deeds, 2, "not this");
        deeds.begin(Who::You);
        call(&mut deeds, 3, "list");
        deeds.follow(OperationId(2));
        deeds.ended(OperationId(2));
        call(&mut deeds, 4, "not this");
        assert_eq!((deed(&deeds, 4).label.as_str(), deed(&deeds, 4).id), ("inspect", deed(&deeds, 1).id));
        assert_ne!(deed(&deeds, 3).id, deed(&deeds, 1).id);
        assert_eq!(deeds.of(OperationId(2)), None);
    }

    #[test]
    fn what_nobody_asked_for_is_the_programs() {
        let mut deeds = Deeds::default();
        deeds.follow(OperationId(9));
        call(&mut deeds, 1, "list buckets");
        assert_eq!(deed(&deeds, 1).who, Who::Program);
    }

    #[test]
    fn a_run_keeps_its_deed_whatever_else_goes_on() {
        let mut deeds = Deeds::default();
        deeds.begin(Who::You);
        let entered = deeds.enter(None);
        call(&mut deeds, 1, "copy parts");
        deeds.leave(entered);
        let run = deeds.of(OperationId(1)).cloned();
        deeds.begin(Who::You);
        let entered = deeds.enter(run.as_ref());
        call(&mut deeds, 2, "not this");
        deeds.leave(entered);
        call(&mut deeds, 3, "list");
        assert_eq!(deed(&deeds, 2).id, deed(&deeds, 1).id);
        assert_eq!(deed(&deeds, 3).label, "list");
    }
}
