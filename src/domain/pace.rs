//! How fast parts are sent: which one next, how many at once, and when to wait.
//!
//! Nobody is called from here. The caller asks [`Pace::next`] what to do now, and tells [`Pace::answered`] how each
//! part ended. Time is a number of microseconds that the caller counts from any beginning.
//!
//! ```text
//!  waiting ──Launch──▶ in flight ──Stored──────────────────────▶ stored
//!     ▲                   │
//!     │ tries are left    ├─Throttled: half as many at once, and a wait before anything else begins
//!     └───────────────────┼─Lost: sending a part again replaces it, so it does no harm
//!                         ├─Cancelled: goes back to its place, the try does not count
//!                         └─Refused, or no tries left ─────────▶ given up
//! ```
//!
//! Whoever sends them somewhere else may be given parts before their turn ([`Options::lines_up`]): as many again as are
//! under way at once. They wait in line there and are sent as others end, so that nothing waits for the caller; what
//! never left comes back by [`Pace::recalled`].

mod meter;

use super::outcome::{Outcome, ServiceError};
use super::units::PartNumber;
use meter::Meter;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};

/// Fewest and most parts under way at once.
pub const DIAL: std::ops::RangeInclusive<u16> = 1..=256;
/// Parts at once from which on as many again may wait in line. With fewer, asking for the next as one ends costs little.
const LINE: u16 = 16;

/// How one try of a part ended, as far as the pace is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// S3 has it.
    Stored,
    /// S3 asked for fewer requests, after the tries that one call has inside.
    Throttled,
    /// No answer came; S3 may have it.
    Lost,
    /// S3 said no, and would again.
    Refused,
    /// It was called off here.
    Cancelled,
}

impl Verdict {
    /// What an outcome means for the pace.
    pub fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Answered(_) => Self::Stored,
            Outcome::Refused(error) if is_throttling(error) => Self::Throttled,
            Outcome::Refused(_) => Self::Refused,
            Outcome::Lost(_) => Self::Lost,
            Outcome::Cancelled { .. } => Self::Cancelled,
        }
    }
}

/// Whether S3, or something in front of it, asks to be asked less often.
pub fn is_throttling(error: &ServiceError) -> bool {
    const CODES: [&str; 7] = [
        "SlowDown",
        "ServiceUnavailable",
        "RequestTimeout",
        "Throttling",
        "ThrottlingException",
        "RequestThrottled",
        "TooManyRequests",
    ];
    matches!(error.status, 429 | 503) || CODES.contains(&error.code.as_str())
}

/// The numbers a pace keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Most parts under way at once; brought into [`DIAL`].
    pub dial: u16,
    /// How often a part is tried whose answer gets lost.
    pub tries: u32,
    /// How often a part is tried that is throttled; other parts go on meanwhile, so this is more.
    pub throttled_tries: u32,
    /// The first wait after throttling, in microseconds; each further one is twice as long.
    pub first_wait: u64,
    /// The longest wait, in microseconds.
    pub longest_wait: u64,
    /// Whether parts may be launched before their turn, to wait in line where they are sent.
    pub lines_up: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            dial: 8,
            tries: 3,
            throttled_tries: 5,
            first_wait: 200_000,
            longest_wait: 20_000_000,
            lines_up: false,
        }
    }
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Send this part; it counts as under way from now on.
    Launch(PartNumber),
    /// Send nothing before this time. Answers may come before.
    Wait {
        /// Microseconds.
        until: u64,
    },
    /// Send nothing until an answer comes, or until it is resumed or the stop point is moved.
    Idle,
    /// Every part is stored or given up, and nothing is under way.
    Done,
}

/// How far sending may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// To the end.
    Never,
    /// This many more parts are begun; trying one again does not count.
    After(u64),
    /// Up to this part number, included.
    At(PartNumber),
}

/// How far it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Parts that wait to be sent.
    pub waiting: usize,
    /// Parts under way.
    pub in_flight: usize,
    /// Parts S3 has.
    pub stored: usize,
    /// Parts that will not be tried again.
    pub given_up: usize,
    /// Bytes S3 has.
    pub bytes_stored: u64,
    /// Bytes that wait or are under way.
    pub bytes_left: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    size: u64,
    lost: u32,
    throttled: u32,
    begun: bool,
    /// Whether it is under way for the first time.
    first: bool,
    /// The count of halvings when it was sent.
    epoch: u64,
    /// Its place in the queue.
    place: u64,
}

/// The run controller.
#[derive(Debug, Clone)]
pub struct Pace {
    options: Options,
    entries: BTreeMap<PartNumber, Entry>,
    waiting: VecDeque<PartNumber>,
    /// Parts added so far.
    added: u64,
    flying: BTreeMap<PartNumber, u64>,
    given_up: BTreeMap<PartNumber, Verdict>,
    stored: usize,
    window: u16,
    /// Parts stored since the window last grew.
    credit: u16,
    /// Halvings so far: answers to what was sent before the last one are old news.
    epoch: u64,
    /// Halvings in a row.
    strikes: u32,
    not_before: u64,
    paused: bool,
    stop: Stop,
    meter: Meter,
}

impl Pace {
    /// A run of these parts, given with their sizes in bytes, in the order they are to be sent.
    pub fn new(parts: impl IntoIterator<Item = (PartNumber, u64)>, options: Options) -> Self {
        let options = Options { dial: options.dial.clamp(*DIAL.start(), *DIAL.end()), ..options };
        let mut pace = Self {
            window: options.dial,
            options,
            entries: BTreeMap::new(),
            waiting: VecDeque::new(),
            added: 0,
            flying: BTreeMap::new(),
            given_up: BTreeMap::new(),
            stored: 0,
            credit: 0,
            epoch: 0,
            strikes: 0,
            not_before: 0,
            paused: false,
            stop: Stop::Never,
            meter: Meter::default(),
        };
        for (number, size) in parts {
            pace.add(number, size);
        }
        pace
    }

    /// Puts a part at the end of the queue with fresh tries. `false` when it waits or is under way already.
    pub fn add(&mut self, number: PartNumber, size: u64) -> bool {
        if self.entries.contains_key(&number) {
            return false;
        }
        self.given_up.remove(&number);
        self.added += 1;
        self.entries.insert(number, Entry { size, place: self.added, ..Entry::default() });
        self.waiting.push_back(number);
        self.meter.left = self.meter.left.saturating_add(size);
        true
    }

    /// What to do at this time.
    pub fn next(&mut self, now: u64) -> Step {
        if self.waiting.is_empty() && self.flying.is_empty() {
            return Step::Done;
        }
        if self.paused || self.flying.len() >= self.room() {
            return Step::Idle;
        }
        let Some(at) = self.waiting.iter().position(|number| self.may_begin(*number)) else {
            return Step::Idle;
        };
        if now < self.not_before {
            return Step::Wait { until: self.not_before };
        }
        let Some(number) = self.waiting.remove(at) else { return Step::Idle };
        if let Some(entry) = self.entries.get_mut(&number) {
            entry.first = !std::mem::replace(&mut entry.begun, true);
            if entry.first
                && let Stop::After(left) = &mut self.stop
            {
                *left = left.saturating_sub(1);
            }
            entry.epoch = self.epoch;
        }
        self.flying.insert(number, now);
        self.meter.begin(now);
        Step::Launch(number)
    }

    /// Parts that may be launched and not answered, those that wait in line included.
    fn room(&self) -> usize {
        let window = usize::from(self.window);
        if self.options.lines_up && self.window >= LINE { 2 * window } else { window }
    }

    /// Whether what was launched last has to wait for others to end.
    pub fn is_lined_up(&self) -> bool {
        self.flying.len() > usize::from(self.window)
    }

    fn may_begin(&self, number: PartNumber) -> bool {
        match self.stop {
            Stop::Never => true,
            Stop::At(last) => number <= last,
            Stop::After(left) => left > 0 || self.entries.get(&number).is_some_and(|e| e.begun),
        }
    }

    /// Learns how a part that was under way ended. `chance` is any number; it makes waits of several programs differ.
    /// A part that was not under way changes nothing.
    pub fn answered(&mut self, number: PartNumber, verdict: Verdict, now: u64, chance: u64) {
        if self.flying.remove(&number).is_none() {
            return;
        }
        let Some(entry) = self.entries.get_mut(&number) else { return };
        let (size, epoch) = (entry.size, entry.epoch);
        let again = match verdict {
            Verdict::Stored => {
                self.entries.remove(&number);
                self.stored += 1;
                self.meter.stored(now, size);
                return self.grow(epoch);
            }
            Verdict::Refused => false,
            Verdict::Cancelled => true,
            Verdict::Lost => {
                entry.lost += 1;
                entry.lost < self.options.tries
            }
            Verdict::Throttled => {
                entry.throttled += 1;
                let again = entry.throttled < self.options.throttled_tries;
                self.back_off(epoch, now, chance);
                again
            }
        };
        if again {
            self.put_back(number);
        } else {
            self.entries.remove(&number);
            self.given_up.insert(number, verdict);
            self.meter.left = self.meter.left.saturating_sub(size);
        }
    }

    /// A part that was launched never left, and waits again as if it had not been launched.
    pub fn recalled(&mut self, number: PartNumber) {
        if self.flying.remove(&number).is_none() {
            return;
        }
        if let Some(entry) = self.entries.get_mut(&number)
            && std::mem::take(&mut entry.first)
        {
            entry.begun = false;
            if let Stop::After(left) = &mut self.stop {
                *left = left.saturating_add(1);
            }
        }
        self.put_back(number);
    }

    /// Lets a part wait in the place it had.
    fn put_back(&mut self, number: PartNumber) {
        let place = |n: &PartNumber| self.entries.get(n).map_or(0, |e| e.place);
        let own = place(&number);
        // Only what came back itself stands before what was never launched.
        let at = self.waiting.iter().position(|n| place(n) > own).unwrap_or(self.waiting.len());
        self.waiting.insert(at, number);
    }

    /// Halves the window and waits, unless the part was sent before the last halving.
    fn back_off(&mut self, epoch: u64, now: u64, chance: u64) {
        if epoch != self.epoch {
            return;
        }
        self.epoch += 1;
        self.window = (self.window / 2).max(1);
        self.credit = 0;
        let doubled = 1_u64.checked_shl(self.strikes).unwrap_or(u64::MAX);
        let whole = self.options.first_wait.saturating_mul(doubled).min(self.options.longest_wait);
        self.strikes = self.strikes.saturating_add(1);
        let half = whole / 2;
        let wait = half.saturating_add(chance % whole.saturating_sub(half).saturating_add(1));
        self.not_before = self.not_before.max(now.saturating_add(wait));
    }

    /// One more at once for each full window of parts that were stored.
    fn grow(&mut self, epoch: u64) {
        if epoch == self.epoch {
            self.strikes = 0;
        }
        self.credit = self.credit.saturating_add(1);
        if self.credit >= self.window {
            self.credit = 0;
            self.window = self.window.saturating_add(1).min(self.options.dial);
        }
    }

    /// Sets how many parts may be under way at once; brought into [`DIAL`]. After throttling the window still grows
    /// there step by step.
    pub fn set_dial(&mut self, dial: u16) {
        let dial = dial.clamp(*DIAL.start(), *DIAL.end());
        self.window = if self.window == self.options.dial { dial } else { self.window.min(dial) };
        self.options.dial = dial;
    }

    /// Most parts under way at once when nothing slows it down.
    pub fn dial(&self) -> u16 {
        self.options.dial
    }

    /// Most parts under way at once for now. After throttling more may still be under way from before.
    pub fn window(&self) -> u16 {
        self.window
    }

    /// Begins nothing more until [`Pace::resume`]; what is under way goes on.
    pub fn pause(&mut self) {
        self.paused = true;
    }

    /// Goes on after [`Pace::pause`].
    pub fn resume(&mut self) {
        self.paused = false;
    }

    /// Whether it was paused.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// Sets how far sending may go.
    pub fn set_stop(&mut self, stop: Stop) {
        self.stop = stop;
    }

    /// Begins at most `more` further parts; trying one again does not count.
    pub fn stop_after(&mut self, more: u64) {
        self.stop = Stop::After(more);
    }

    /// How far sending may go from here.
    pub fn stop(&self) -> Stop {
        self.stop
    }

    /// Whether parts wait and none of them may be begun because of the stop point.
    pub fn is_at_stop(&self) -> bool {
        !self.waiting.is_empty() && !self.waiting.iter().any(|number| self.may_begin(*number))
    }

    /// When the next part may be begun after throttling, in microseconds; in the past when nothing holds it back.
    pub fn not_before(&self) -> u64 {
        self.not_before
    }

    /// Parts that are not tried again, and how their last try ended. A lost one is in doubt.
    pub fn given_up(&self) -> &BTreeMap<PartNumber, Verdict> {
        &self.given_up
    }

    /// Whether a part waits to be sent, for the first time or again.
    pub fn waits(&self, number: PartNumber) -> bool {
        self.entries.contains_key(&number) && !self.flying.contains_key(&number)
    }

    /// The parts under way, and since when.
    pub fn in_flight(&self) -> &BTreeMap<PartNumber, u64> {
        &self.flying
    }

    /// How far it is.
    pub fn tally(&self) -> Tally {
        Tally {
            waiting: self.waiting.len(),
            in_flight: self.flying.len(),
            stored: self.stored,
            given_up: self.given_up.len(),
            bytes_stored: self.meter.total,
            bytes_left: self.meter.left,
        }
    }

    /// Bytes stored a second lately; `None` before the first part is stored and after a long silence.
    pub fn rate(&self, now: u64) -> Option<u64> {
        self.meter.rate(now)
    }

    /// Microseconds until everything is stored at the present rate; `None` without a rate.
    pub fn eta(&self, now: u64) -> Option<u64> {
        self.meter.eta(now)
    }
}

#[cfg(test)]
mod tests;
