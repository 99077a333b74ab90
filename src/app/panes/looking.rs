//! What is looked for in the traffic: a filter of the list, and a text to be found.

use super::tally::Tally;
use crate::domain::exchange::{Exchange, ExchangeId};
use crate::domain::wire_filter::Filter;
use crate::domain::wire_find::Needle;

/// A filter and a text, each with what came of it so far.
#[derive(Debug, Clone, Default)]
pub struct Looking {
    filter: Filter,
    accepted: Tally,
    needle: Option<Needle>,
    found: Tally,
    /// The match that was gone to, by its number in its exchange.
    at: Option<(ExchangeId, u32)>,
}

/// Where among all matches one is, from 1, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The match gone to last, if one was.
    pub at: Option<u64>,
    /// All.
    pub of: u64,
    /// In how many exchanges.
    pub exchanges: usize,
    /// Whether there may be more: not everything was looked through yet.
    pub going_on: bool,
}

impl Looking {
    /// The filter, when there is one.
    pub fn filter(&self) -> Option<&Filter> {
        (!self.filter.is_empty()).then_some(&self.filter)
    }

    /// Begins to filter; an empty filter shows everything.
    pub fn set_filter(&mut self, filter: Filter) {
        self.accepted = if filter.is_empty() { Tally::default() } else { Tally::begin() };
        self.filter = filter;
    }

    /// The exchanges the filter accepts, as far as they were judged; `None` without a filter.
    pub fn accepted(&self) -> Option<&Tally> {
        self.filter().map(|_| &self.accepted)
    }

    /// Whether an exchange is in the list.
    pub fn shows(&self, id: ExchangeId) -> bool {
        self.filter().is_none() || self.accepted.count(id) > 0
    }

    /// The text looked for.
    pub fn needle(&self) -> Option<&Needle> {
        self.needle.as_ref()
    }

    /// Begins to look for a text, or for none.
    pub fn set_needle(&mut self, needle: Option<Needle>) {
        if self.needle == needle {
            return;
        }
        self.found = if needle.is_some() { Tally::begin() } else { Tally::default() };
        self.needle = needle;
        self.at = None;
    }

    /// A new or changed exchange.
    pub fn took(&mut self, exchange: &Exchange) {
        if self.filter().is_some() {
            self.accepted.took(exchange, accepts(&self.filter));
        }
        if let Some(needle) = &self.needle {
            self.found.took(exchange, matches(needle));
        }
    }

    /// An exchange is not kept any more.
    pub fn dropped(&mut self, id: ExchangeId) {
        self.accepted.dropped(id);
        self.found.dropped(id);
        if self.at.is_some_and(|(of, _)| of == id) {
            self.at = None;
        }
    }

    /// Where looking goes on: before this exchange; `None` when nothing is left to look through.
    pub fn below(&self) -> Option<ExchangeId> {
        // What the list shows comes first.
        self.accepted.below().or_else(|| self.found.below())
    }

    /// Looks through some of the exchanges before [`Looking::below`], which come newest first.
    pub fn go_on<'a>(&mut self, older: impl Iterator<Item = &'a Exchange>) {
        if self.accepted.below().is_some() {
            self.accepted.go_on(older, accepts(&self.filter));
        } else if let Some(needle) = &self.needle {
            self.found.go_on(older, matches(needle));
        }
    }

    /// Whether all matches are known.
    pub fn is_settled(&self) -> bool {
        self.below().is_none()
    }

    /// How many matches there are in the list, and which one was gone to.
    pub fn standing(&self) -> Standing {
        let shown = || self.found.iter().filter(|(id, _)| self.shows(*id));
        let (of, exchanges) = match self.filter() {
            None => (self.found.total(), self.found.len()),
            Some(_) => (shown().map(|(_, n)| u64::from(n)).sum(), shown().count()),
        };
        let before =
            |id: ExchangeId| shown().take_while(|(i, _)| *i < id).map(|(_, n)| u64::from(n)).sum::<u64>();
        let at = self.at.map(|(id, nth)| before(id) + u64::from(nth) + 1);
        Standing { at, of, exchanges, going_on: !self.is_settled() }
    }

    /// Goes to the next match, or the one before; `from` is the exchange one looks at. Gives the exchange, the number
    /// of the match in it from 0, and whether it went on from the other end; `None` when there is none.
    pub fn step(&mut self, from: Option<ExchangeId>, back: bool) -> Option<(ExchangeId, u32, bool)> {
        let here = self.at.filter(|(id, _)| from.is_none_or(|from| from == *id));
        if let Some((id, nth)) = here {
            let within = if back { nth.checked_sub(1) } else { nth.checked_add(1) };
            if let Some(nth) = within.filter(|n| *n < self.found.count(id) && self.shows(id)) {
                self.at = Some((id, nth));
                return Some((id, nth, false));
            }
        }
        // Where one looks, and no match of it was gone to yet, its own come first.
        let start = here.map(|(id, _)| (id, false)).or_else(|| from.map(|id| (id, true)));
        let (id, count, around) = self.beside(start, back)?;
        let nth = if back { count.saturating_sub(1) } else { 0 };
        self.at = Some((id, nth));
        Some((id, nth, around))
    }

    fn beside(&self, start: Option<(ExchangeId, bool)>, back: bool) -> Option<(ExchangeId, u32, bool)> {
        let ahead = |id: ExchangeId| {
            start.is_none_or(|(from, own)| match back {
                _ if own && id == from => true,
                true => id < from,
                false => id > from,
            })
        };
        let mut shown = self.found.iter().filter(|(id, _)| self.shows(*id));
        let first =
            if back { shown.rev().find(|(id, _)| ahead(*id)) } else { shown.find(|(id, _)| ahead(*id)) };
        if let Some((id, n)) = first {
            return Some((id, n, false));
        }
        let mut again = self.found.iter().filter(|(id, _)| self.shows(*id));
        let (id, n) = if back { again.next_back() } else { again.next() }?;
        Some((id, n, true))
    }
}

fn accepts(filter: &Filter) -> impl Fn(&Exchange) -> u32 + '_ {
    |exchange| u32::from(filter.accepts(exchange))
}

fn matches(needle: &Needle) -> impl Fn(&Exchange) -> u32 + '_ {
    |exchange| u32::try_from(needle.find(exchange).len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::panes::wire::tests::exchange;

    fn looking(counts: &[(u64, usize)]) -> Looking {
        let mut looking = Looking::default();
        looking.set_needle(Needle::new("x"));
        let all: Vec<Exchange> = counts.iter().map(|(id, n)| exchange(*id, *n)).collect();
        looking.go_on(all.iter().rev());
        assert!(looking.is_settled());
        looking
    }

    #[test]
    fn steps_go_through_all_matches_and_around() {
        let mut l = looking(&[(1, 2), (2, 0), (3, 1)]);
        let from = |id| Some(ExchangeId(id));
        let mut seen = Vec::new();
        let mut at = from(2);
        for _ in 0..4 {
            let (id, nth, around) = l.step(at, false).unwrap();
            at = Some(id);
            seen.push((id.0, nth, around, l.standing().at.unwrap()));
        }
        assert_eq!(seen, [(3, 0, false, 3), (1, 0, true, 1), (1, 1, false, 2), (3, 0, false, 3)]);
        assert_eq!(l.step(at, true).map(|s| (s.0.0, s.1)), Some((1, 1)));
        assert_eq!(l.step(from(1), true).map(|s| (s.0.0, s.1)), Some((1, 0)));
        assert_eq!(l.step(from(1), true), Some((ExchangeId(3), 0, true)));
        // Elsewhere the search goes on from there.
        assert_eq!(l.step(from(1), false), Some((ExchangeId(1), 0, false)));
        assert_eq!((l.standing().of, l.standing().exchanges), (3, 2));
    }

    #[test]
    fn what_the_filter_hides_is_no_match() {
        let mut l = looking(&[(1, 2), (2, 4), (3, 1)]);
        l.set_filter("sent<3".parse().unwrap());
        let all = [exchange(1, 2), exchange(2, 4), exchange(3, 1)];
        l.go_on(all.iter().rev());
        assert_eq!((l.standing().of, l.standing().exchanges), (3, 2));
        assert_eq!(l.step(Some(ExchangeId(2)), false), Some((ExchangeId(3), 0, false)));
        l.dropped(ExchangeId(3));
        assert_eq!((l.standing().of, l.standing().at), (2, None));
        l.set_needle(None);
        assert_eq!(l.step(None, false), None);
    }
}
