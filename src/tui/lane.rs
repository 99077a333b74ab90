//! Calls in line: so many at once, the others one after the other as those end.
//!
//! A run hands calls over before their turn. Whoever ends a call lets the next one begin, on the thread that sends; the
//! event loop hears of many at a time and is waited for by none of them. A call that did not go well sends the line back:
//! what comes next is for the run to say.

use crate::app::msg::InLine;
use crate::domain::outcome::Outcome;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};

/// The lines of all runs.
#[derive(Debug, Default)]
pub struct Lanes {
    lanes: HashMap<u64, Arc<Lane>>,
    low: Arc<Notify>,
}

impl Lanes {
    /// Takes a place in a line.
    pub fn enter(&mut self, line: InLine) -> Place {
        if !self.lanes.contains_key(&line.of) {
            self.lanes.retain(|_, lane| !lane.is_idle());
        }
        let low = &self.low;
        self.lanes.entry(line.of).or_insert_with(|| Lane::new(Arc::clone(low))).enter(line.at_once)
    }

    /// Sends back what waits in a line.
    pub fn send_back(&self, of: u64) {
        drop(self.lanes.get(&of).map(|lane| lane.send_back()));
    }

    /// Whether runs are going on, and each of them does for a while without being told of anything.
    pub fn are_supplied(&self) -> bool {
        let mut busy = self.lanes.values().filter(|lane| !lane.is_idle()).peekable();
        busy.peek().is_some() && busy.all(|lane| lane.is_supplied())
    }

    /// Resolves when a line gets short that was long.
    pub async fn run_low(&self) {
        self.low.notified().await;
    }
}

/// One line of calls.
#[derive(Debug)]
struct Lane {
    state: Mutex<State>,
    /// Told when half of the line is gone, and when it was sent back because of an outcome.
    low: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    at_once: usize,
    under_way: usize,
    line: VecDeque<oneshot::Sender<Turn>>,
}

/// Where a call waits for its turn.
#[derive(Debug)]
pub struct Place(oneshot::Receiver<Turn>);

impl Place {
    /// Waits for the turn; `None` when the line was sent back.
    pub async fn turn(self) -> Option<Turn> {
        self.0.await.ok()
    }
}

/// The right to be under way; the next in line has it when it is dropped.
#[derive(Debug)]
pub struct Turn(Arc<Lane>);

impl Turn {
    /// The call ended. If it did not go well, nobody's turn comes any more of those who wait; they learn it when this is
    /// dropped, which is to be done when the outcome was told.
    pub fn ended(self, outcome: &Outcome) -> Option<SentBack> {
        if matches!(outcome, Outcome::Answered(_)) {
            return None;
        }
        let back = self.0.send_back();
        // Nothing goes on by itself now.
        self.0.low.notify_one();
        Some(back)
    }
}

/// Those who waited, until they learn that their turn does not come.
#[derive(Debug)]
#[must_use]
pub struct SentBack {
    _line: VecDeque<oneshot::Sender<Turn>>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.under_way = state.under_way.saturating_sub(1);
        let next = state.admit();
        let waiting = state.line.len();
        let low = next.is_some() && (waiting == state.at_once / 2 || waiting == 0);
        drop(state);
        if let Some(next) = next {
            self.0.give(next);
        }
        if low {
            self.0.low.notify_one();
        }
    }
}

impl State {
    /// The next in line, if there is room for it.
    fn admit(&mut self) -> Option<oneshot::Sender<Turn>> {
        if self.under_way >= self.at_once {
            return None;
        }
        let next = self.line.pop_front()?;
        self.under_way += 1;
        Some(next)
    }
}

impl Lane {
    /// A lane without calls. `low` is told when its line gets short.
    fn new(low: Arc<Notify>) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), low })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place. From now on so many calls are under way at once.
    fn enter(self: &Arc<Self>, at_once: u16) -> Place {
        let mut state = self.lock();
        state.at_once = usize::from(at_once);
        let (give, place) = oneshot::channel();
        state.line.push_back(give);
        while let Some(next) = state.admit() {
            drop(state);
            self.give(next);
            state = self.lock();
        }
        Place(place)
    }

    /// Who no longer waits gives the turn on by dropping it.
    fn give(self: &Arc<Self>, next: oneshot::Sender<Turn>) {
        drop(next.send(Turn(Arc::clone(self))));
    }

    /// Nobody's turn comes any more of those who wait now.
    fn send_back(&self) -> SentBack {
        SentBack { _line: std::mem::take(&mut self.lock().line) }
    }

    /// Whether enough wait to do without new ones for a while.
    fn is_supplied(&self) -> bool {
        let state = self.lock();
        state.line.len() > state.at_once / 2
    }

    /// Whether nothing is under way or waits.
    fn is_idle(&self) -> bool {
        let state = self.lock();
        state.under_way == 0 && state.line.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::output::Output;

    /// The turn, if it came.
    fn came(place: &mut Place) -> Option<Turn> {
        place.0.try_recv().ok()
    }

    fn lane() -> Arc<Lane> {
        Lane::new(Arc::default())
    }

    #[test]
    fn calls_begin_in_order_as_others_end() {
        let lane = lane();
        let mut places: Vec<Place> = (0..5).map(|_| lane.enter(2)).collect();
        let turns: Vec<Option<Turn>> = places.iter_mut().map(came).collect();
        assert_eq!(turns.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false, false, false]);
        assert!(lane.is_supplied());
        let mut turns = turns.into_iter().flatten();
        assert!(turns.next().unwrap().ended(&Outcome::Answered(Output::Aborted)).is_none());
        let third = came(&mut places[2]).expect("the third is next");
        assert!(came(&mut places[3]).is_none());
        // Nobody waits in the fourth place any more: the fifth is next.
        drop(places.remove(3));
        drop(third);
        assert!(came(&mut places[3]).is_some());
        drop(turns);
        assert!(lane.is_idle());
    }

    #[tokio::test]
    async fn one_that_goes_badly_sends_the_line_back_and_later_ones_begin() {
        let lane = lane();
        let mut first = lane.enter(1);
        let rest: Vec<Place> = (0..5).map(|_| lane.enter(1)).collect();
        drop(came(&mut first).unwrap().ended(&Outcome::Cancelled { sent: true }));
        lane.low.notified().await;
        for place in rest {
            assert!(place.turn().await.is_none());
        }
        assert!(came(&mut lane.enter(1)).is_some());
    }

    #[test]
    fn a_run_without_a_line_is_not_kept_waiting_by_one_that_has_a_long_one() {
        let mut lanes = Lanes::default();
        let long = InLine { of: 1, at_once: 1 };
        let mut places: Vec<Place> = (0..5).map(|_| lanes.enter(long)).collect();
        assert!(lanes.are_supplied());
        let short = lanes.enter(InLine { of: 2, at_once: 8 });
        assert!(!lanes.are_supplied(), "its answer is what it goes on with");
        drop(short);
        assert!(lanes.are_supplied(), "one that is over waits for nothing");
        lanes.send_back(1);
        assert!(!lanes.are_supplied());
        drop(came(&mut places[0]));
        assert!(!lanes.are_supplied());
    }

    #[test]
    fn more_at_once_lets_those_in_line_begin() {
        let lane = lane();
        let mut places: Vec<Place> = (0..3).map(|_| lane.enter(1)).collect();
        places.push(lane.enter(3));
        let turns: Vec<Option<Turn>> = places.iter_mut().map(came).collect();
        assert_eq!(turns.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, true, false]);
    }

    #[tokio::test]
    async fn who_feeds_the_line_is_told_before_it_is_empty() {
        let low = Arc::new(Notify::new());
        let lane = Lane::new(Arc::clone(&low));
        let mut places: Vec<Place> = (0..5).map(|_| lane.enter(1)).collect();
        let mut supplied = Vec::new();
        for place in &mut places {
            supplied.push(lane.is_supplied());
            drop(came(place));
        }
        assert_eq!(supplied, [true, true, true, true, false]);
        low.notified().await;
    }
}
