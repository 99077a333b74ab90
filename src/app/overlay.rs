//! What lies over the screen: palette, help, dialogs and forms. The topmost takes every press.

use super::command::Command;
use super::explaining::About;
use super::faults::FaultList;
use super::form::Form;
use super::panes::xray::XRay;
use super::sheet::Sheet;
use super::take::Menu;
use crate::domain::operation::UploadRef;
use crate::domain::pace::Stop;
use crate::domain::watched::SessionId;
use std::path::PathBuf;
use std::sync::Arc;
use tui_input::Input;

/// One overlay.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// The command palette.
    Palette {
        /// What was typed.
        input: Input,
        /// Selected match.
        at: usize,
    },
    /// Keys of the focused pane, then everywhere.
    Help {
        /// First line shown.
        top: usize,
    },
    /// Messages so far.
    Log {
        /// First line shown, counted from the newest.
        top: usize,
    },
    /// The rules by which the sandbox fails.
    Faults(FaultList),
    /// A sheet of Inspect.
    Inspect(Sheet),
    /// The versions of a key.
    Versions,
    /// Two objects side by side.
    Compare {
        /// First line shown.
        top: usize,
    },
    /// What a copy will keep and lose of its source.
    Carry {
        /// Selected row.
        at: usize,
    },
    /// An open upload beside the source one goes on with.
    Rescue {
        /// First line shown.
        top: usize,
    },
    /// The operations that have a request form.
    Forms {
        /// Selected one.
        at: usize,
    },
    /// Requests that are wrong on purpose.
    Mistakes(Mistakes),
    /// An explanation.
    Explain {
        /// Of what.
        about: About,
        /// First line shown.
        top: usize,
    },
    /// Which operations are held.
    Holds {
        /// Selected one.
        at: usize,
    },
    /// How a request was signed.
    XRay(Box<XRay>),
    /// A field for a filter or a text to find.
    WireField(WireField),
    /// What differs in two exchanges.
    WireDiff,
    /// How to point another client at the sandbox, and the uploads of others.
    WatchClient {
        /// Selected upload, the newest first.
        at: usize,
    },
    /// The ledger of another client's upload.
    ClientUpload {
        /// Which.
        id: SessionId,
        /// First line shown.
        top: usize,
    },
    /// Taking recorded calls along.
    Take(Menu),
    /// A form.
    Form(Box<Form>),
    /// Leaving while uploads are open or calls under way.
    Leave,
    /// A question with two buttons; the safe one is preselected.
    Confirm(Confirm),
}

/// The menu of mistakes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes {
    /// Selected one.
    pub at: usize,
    /// Why each cannot be made now; made when the menu was opened.
    pub not_now: Vec<Option<String>>,
}

/// A line that is typed on the Wire screen.
#[derive(Debug, Clone)]
pub struct WireField {
    /// What it is for.
    pub purpose: WireFieldPurpose,
    /// What was typed.
    pub input: Input,
    /// What was there before, for Esc.
    pub before: String,
    /// Why it cannot be used.
    pub why: Option<String>,
}

/// What a line on the Wire screen is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireFieldPurpose {
    /// To show only some exchanges.
    Filter,
    /// To find a text.
    Find,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirm {
    /// Title.
    pub title: String,
    /// What will happen, in words.
    pub lines: Vec<String>,
    /// The safe answer.
    pub no: &'static str,
    /// The answer that acts.
    pub yes: &'static str,
    /// Whether `yes` is selected.
    pub on_yes: bool,
    /// What `yes` does.
    pub action: Action,
}

/// What a confirmed question does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Abort this upload.
    Abort(UploadRef),
    /// Send a move that the rules forbid.
    SendAnyway(Command),
    /// Send the parts that are planned or marked, so far.
    Run(Stop),
    /// Read the inspected object and hash it.
    ReadObject,
    /// Complete, although the list will be refused or replaces an object.
    Complete,
    /// Write this file although there is one of that name.
    Replace {
        /// Where.
        path: PathBuf,
        /// What.
        bytes: Arc<[u8]>,
    },
}
