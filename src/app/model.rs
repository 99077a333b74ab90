//! The whole state of the program, owned in one place.

pub use super::purpose::Purpose;

use super::command::{Pane, Screen};
use super::deed;
use super::deeds::Deeds;
use super::leave::Leaving;
use super::msg::{Effect, InLine};
use super::overlay::Overlay;
use super::panes::versions::Versions;
use super::panes::{browse::Browse, client::Clients, compare, inspect::Inspect, step::Step, wire::Wire};
use crate::domain::fault::FaultStatus;
use crate::domain::names::ObjectRef;
use crate::domain::operation::{Operation, OperationId, OperationKind};
use crate::domain::replay::Replay;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Which S3 this program talks to, and whether it may write there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `SANDBOX`, `AWS profile x`, or a host.
    pub name: String,
    /// Whether it is anything but the embedded sandbox.
    pub real: bool,
    /// Whether writes may leave.
    pub writable: bool,
    /// Region, once known.
    pub region: Option<String>,
    /// Endpoint, once known.
    pub endpoint: Option<String>,
    /// Access key and secret key of the embedded sandbox, once known.
    pub keys: Option<(String, String)>,
    /// How the connection stands.
    pub link: Link,
}

/// How the connection to the target stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Credentials and region are being resolved.
    Connecting,
    /// Calls can be made.
    Ready,
    /// It cannot be had, and this is why.
    Failed(String),
}

impl Target {
    /// The embedded sandbox: no account, writes allowed.
    pub fn sandbox() -> Self {
        Self {
            name: "SANDBOX".into(),
            real: false,
            writable: true,
            region: None,
            endpoint: None,
            keys: None,
            link: Link::Connecting,
        }
    }

    /// A real endpoint: read-only until unlocked.
    pub fn real(name: impl Into<String>) -> Self {
        Self { name: name.into(), real: true, writable: false, ..Self::sandbox() }
    }
}

/// How much a message matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Went as it should.
    Good,
    /// For information.
    Plain,
    /// Look at this.
    Warning,
    /// Failed.
    Bad,
}

/// A message for the status row and the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// How much it matters.
    pub level: Level,
    /// What it says; safe to show.
    pub text: String,
    /// Microseconds since the program began.
    pub at: u64,
}

/// Everything.
#[derive(Debug, Clone)]
pub struct Model {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Microseconds since the program began, as of the last message that said so.
    pub now: u64,
    /// Seconds since 1970 when the program began, for ages.
    pub epoch: i64,
    /// The S3 in use.
    pub target: Target,
    /// Screen shown.
    pub screen: Screen,
    /// Focused pane of each screen.
    pub focus: [Pane; 4],
    /// Rows the focused list shows, for page motions; told by the shell after each draw.
    pub page: usize,
    /// Whether the focused pane has the whole body of the screen.
    pub zoomed: bool,
    /// Uploads are being aborted, to leave when they are gone.
    pub leaving: Option<Leaving>,
    /// Browse.
    pub browse: Browse,
    /// Inspect.
    pub inspect: Inspect,
    /// The versions of a key.
    pub versions: Versions,
    /// Two objects side by side.
    pub compare: compare::Compare,
    /// Step.
    pub step: Step,
    /// Wire.
    pub wire: Wire,
    /// Other clients that talk to the sandbox.
    pub clients: Clients,
    /// Overlays, topmost last.
    pub overlays: Vec<Overlay>,
    /// Calls under way.
    pub tasks: BTreeMap<OperationId, Purpose>,
    /// Whether calls of the workbench are held.
    pub hold: bool,
    /// Operations that leave at once although others are held.
    pub unheld: BTreeSet<OperationKind>,
    /// Until when secrets are shown.
    pub reveal_until: Option<u64>,
    /// The message in the status row.
    pub note: Option<Note>,
    /// Messages so far, newest last; bounded.
    pub log: VecDeque<Note>,
    /// The rules by which the sandbox fails, used up or not; empty on any other target.
    pub faults: Vec<FaultStatus>,
    /// The file whose session is looked at, its exchanges apart; nothing is connected then, and nothing can be sent.
    pub replay: Option<Box<Replay>>,
    /// Where to go once connected.
    pub start_at: Option<(String, String)>,
    /// The bucket shown first when no place was named; none is the first of the list.
    pub first_bucket: Option<String>,
    /// Which deed each call under way belongs to.
    pub deeds: Deeds,
    /// Effects gathered by the update under way.
    pub(super) effects: Vec<Effect>,
    pub(super) next_operation: u64,
    pub(super) interrupted: Option<u64>,
}

/// Most messages kept.
const MAX_LOG: usize = 500;

impl Model {
    /// The program before its first message.
    pub fn new(target: Target, epoch: i64) -> Self {
        Self {
            size: (0, 0),
            now: 0,
            epoch,
            target,
            screen: Screen::Browse,
            focus: [Pane::Buckets, Pane::PartMap, Pane::States, Pane::Timeline],
            page: 10,
            zoomed: false,
            leaving: None,
            browse: Browse::default(),
            inspect: Inspect::default(),
            versions: Versions::default(),
            compare: compare::Compare::default(),
            step: Step::default(),
            wire: Wire::default(),
            clients: Clients::default(),
            overlays: Vec::new(),
            tasks: BTreeMap::new(),
            hold: true,
            unheld: BTreeSet::new(),
            reveal_until: None,
            note: None,
            log: VecDeque::new(),
            faults: Vec::new(),
            replay: None,
            start_at: None,
            first_bucket: None,
            deeds: Deeds::default(),
            effects: Vec::new(),
            next_operation: 1,
            interrupted: None,
        }
    }

    /// The program with a session out of a file instead of a target.
    pub fn replaying(mut replay: Replay) -> Self {
        let target = Target { link: Link::Ready, ..Target::real(format!("replay {}", replay.name)) };
        let mut model = Self::new(target, replay.session.epoch.div_euclid(1_000_000));
        let (exchanges, deeds) = (&mut replay.session.exchanges, &replay.session.deeds);
        model.wire.take_as(std::mem::take(exchanges), |e| deeds.get(&e.id).cloned());
        model.wire.selected = model.wire.get(0).map(|e| e.id);
        model.screen = Screen::Wire;
        for words in &replay.notes {
            model.say(Level::Warning, words.clone());
        }
        model.replay = Some(Box::new(replay));
        model
    }

    /// The focused pane.
    pub fn pane(&self) -> Pane {
        let at = Screen::ALL.iter().position(|s| *s == self.screen).unwrap_or(0);
        self.focus.get(at).copied().unwrap_or(Pane::Buckets)
    }

    /// The panes of the screen shown that can have the focus now, in reading order.
    pub fn panes(&self) -> Vec<Pane> {
        let drafting = self.step.drafting.is_some();
        let hidden = if drafting { Pane::Parts } else { Pane::Form };
        self.screen.panes().iter().copied().filter(|p| *p != hidden).collect()
    }

    /// Whether calls of this operation wait to be released.
    pub fn holds(&self, kind: OperationKind) -> bool {
        self.hold && !self.unheld.contains(&kind)
    }

    /// Shows a pane and its screen.
    pub fn set_focus(&mut self, pane: Pane) {
        for (slot, screen) in self.focus.iter_mut().zip(Screen::ALL) {
            if screen.panes().contains(&pane) {
                *slot = pane;
                self.screen = screen;
            }
        }
    }

    /// Whether secrets are shown now.
    pub fn revealing(&self) -> bool {
        self.reveal_until.is_some_and(|t| self.now < t)
    }

    /// Seconds since 1970 now.
    pub fn clock(&self) -> i64 {
        self.epoch + i64::try_from(self.now / 1_000_000).unwrap_or(0)
    }

    /// Says something in the status row and the log.
    pub fn say(&mut self, level: Level, text: impl Into<String>) {
        let note = Note { level, text: crate::domain::text::visible(&text.into()), at: self.now };
        self.log.push_back(note.clone());
        if self.log.len() > MAX_LOG {
            self.log.pop_front();
        }
        self.note = Some(note);
    }

    /// Sends an operation for a purpose.
    pub(super) fn send(&mut self, purpose: Purpose, operation: Operation, hold: bool) -> OperationId {
        self.dispatch(purpose, operation, hold, None)
    }

    /// The same for a call of a run, which waits for its turn.
    pub(super) fn line_up(&mut self, purpose: Purpose, operation: Operation, line: InLine) -> OperationId {
        self.dispatch(purpose, operation, false, Some(line))
    }

    fn dispatch(
        &mut self,
        purpose: Purpose,
        operation: Operation,
        hold: bool,
        line: Option<InLine>,
    ) -> OperationId {
        let id = self.allot(|model| deed::label(&model.step, &model.compare, &purpose, &operation));
        self.tasks.insert(id, purpose);
        self.effects.push(Effect::Perform { id, operation: Box::new(operation), hold, line });
        id
    }

    /// The next id, for something whose calls belong to the deed that is going on or begin one with this label.
    pub(super) fn allot(&mut self, label: impl FnOnce(&Self) -> String) -> OperationId {
        let id = self.next_id();
        self.next_operation += 1;
        if self.deeds.is_to_begin() {
            let label = label(self);
            self.deeds.open(label);
        }
        self.deeds.assign(id);
        id
    }

    /// Calls off what is on its way for purposes that are no longer wanted: nobody owns its answer any more.
    pub(super) fn call_off(&mut self, unwanted: impl Fn(&Purpose) -> bool) {
        let ids: Vec<_> = self.tasks.iter().filter(|(_, p)| unwanted(p)).map(|(id, _)| *id).collect();
        for id in ids {
            self.tasks.remove(&id);
            self.effects.push(Effect::Cancel(id));
        }
    }

    /// The id the next [`Model::send`] will use.
    pub(super) fn next_id(&self) -> OperationId {
        OperationId(self.next_operation)
    }

    /// The object under the cursor in Browse, or the inspected one.
    pub fn object_in_view(&self) -> Option<ObjectRef> {
        if self.screen == Screen::Browse {
            if let Some(super::panes::listing::Row::Object { key, .. }) =
                self.browse.objects.get(self.browse.object_at)
            {
                return Some(ObjectRef::new(self.browse.bucket.clone()?, key));
            }
            return None;
        }
        self.inspect.object.clone()
    }

    /// Uploads on the workbench whose parts the server may hold.
    pub fn open_uploads(&self) -> usize {
        self.step.benches.iter().filter(|b| b.machine.holds_parts()).count()
    }

    /// How many rules wait for requests to fail.
    pub fn waiting_faults(&self) -> usize {
        self.faults.iter().filter(|f| !f.is_spent()).count()
    }

    /// When a run that waits may go on, in microseconds; a tick is needed by then, and now while traffic is looked
    /// through.
    pub fn wake_at(&self) -> Option<u64> {
        let looking = (!self.wire.looking().is_settled()).then_some(self.now);
        self.step.benches.iter().filter_map(|b| b.run.as_ref()?.wake_at).chain(looking).min()
    }

    /// Whether the model changes by itself as time passes, so that ticks are needed.
    pub fn animating(&self) -> bool {
        self.revealing()
            || !self.tasks.is_empty()
            || self.wake_at().is_some()
            || self.note.as_ref().is_some_and(|n| n.level != Level::Bad && self.now < n.at + NOTE_MICROS)
    }
}

/// How long a message that is no error stays in the status row.
pub const NOTE_MICROS: u64 = 6_000_000;
