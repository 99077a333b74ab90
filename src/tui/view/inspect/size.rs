//! The part size with its evidence, then whose habit it is, then what can be asked and the arithmetic.

use crate::app::model::Model;
use crate::domain::evidence::{Asked, Evidence, PartSizeEvidence, Refusal};
use crate::domain::infer::{Candidate, Inference, Reason, Verdict};
use crate::domain::text::{cut_middle, visible};
use crate::domain::units::{grouped, human_size};
use crate::tui::theme::Role;
use crate::tui::view::Pieces;
use crate::tui::view::paint::{said, text, waiting, wrap};

/// Names of clients shown beside a candidate, in cells.
const NAMES: usize = 44;
/// Clients named for a part size; the others are counted.
const CLIENTS: usize = 2;
/// Cells of the word in front of a line.
const LABEL: usize = 7;

/// The lines of the pane, broken to `room` cells.
pub(in crate::tui::view) fn part_size(model: &Model, room: usize) -> Vec<Pieces> {
    let i = &model.inspect;
    let mut page = Page { room, lines: Vec::new() };
    match i.evidence.part_size() {
        PartSizeEvidence::NotMultipart => {
            page.lines.push(text("Written in one piece: there is no part size."));
            missing(&i.evidence, &mut page);
        }
        PartSizeEvidence::Unknown => match waiting(&i.head_load, room) {
            Some(waiting) => return waiting,
            None => {
                let words = match i.evidence.part_count {
                    None => "The service does not say how many parts there are, so nothing follows.",
                    Some(_) => "What was said of the number of parts is contradictory, so nothing follows.",
                };
                page.plain(words, Role::Text);
                missing(&i.evidence, &mut page);
            }
        },
        evidence => known(model, &evidence, &mut page),
    }
    page.lines
}

/// Lines so far, and how wide they may be.
struct Page {
    room: usize,
    lines: Vec<Pieces>,
}

impl Page {
    /// A word that says what kind of line it is, and the line; what does not fit goes on below.
    fn put(&mut self, (label, role): (&str, Role), words: &str, of_words: Role) {
        let broken = wrap(words, self.room.saturating_sub(LABEL + 1).max(20));
        for (n, line) in broken.into_iter().enumerate() {
            let label = if n == 0 { label } else { "" };
            self.lines.push(vec![(format!("{label:<LABEL$} "), role), (line, of_words)]);
        }
    }

    fn plain(&mut self, words: &str, role: Role) {
        self.lines.extend(wrap(words, self.room).into_iter().map(|l| said(l, role)));
    }

    fn sure(&mut self, words: &str) {
        self.put(("known", Role::Good), words, Role::Title);
    }
}

fn known(model: &Model, evidence: &PartSizeEvidence, page: &mut Page) {
    let e = &model.inspect.evidence;
    size_itself(e, evidence, page);
    missing(e, page);
    if let Some(pattern) =
        e.pattern().filter(|p| p.client.is_some() || e.refutation().is_some() || !p.complete)
    {
        page.put(("looks", Role::Muted), &pattern.words(), Role::Text);
    }
    if let Some(inference) = e.inference().filter(|i| i.part_count > 1 && e.refutation().is_none()) {
        let words = if e.uniform_size().is_some() { e.habit(CLIENTS) } else { candidates(inference) };
        page.put(("habit", Role::Muted), &words, Role::Text);
    }
    if e.is_multipart() && !e.exact_is_known() {
        page.put(("decide", Role::Muted), &e.cheapest().words(), Role::Text);
    }
    let why = e.why(model.inspect.object.as_ref().map_or("", |o| &o.bucket));
    page.put(("Y why", Role::Accent), &visible(&why.conclusion), Role::Text);
    // What holds of equal parts says nothing of an object whose parts are known and differ.
    let differ = e.exact_is_known() && e.refutation().is_some();
    let inference = e.inference().filter(|i| i.part_count > 1 && !differ);
    for line in inference.map(Inference::arithmetic).unwrap_or_default() {
        page.plain(&line, Role::Muted);
    }
}

/// What was said and is not believed, and what was refused.
fn missing(e: &Evidence, page: &mut Page) {
    for why in &e.doubts {
        page.put(("doubt", Role::Bad), &format!("not believed: {}", visible(why)), Role::Text);
    }
    for refused in e.refusals.iter().filter(|r| r.asked != Asked::Tags) {
        page.put(("refused", Role::Warning), &visible(&Refusal::sentence(refused)), Role::Text);
    }
}

/// The size, and how sure it is.
fn size_itself(e: &Evidence, evidence: &PartSizeEvidence, page: &mut Page) {
    let bytes = |p: u64| format!("{} bytes, {}", grouped(p), human_size(p));
    match evidence {
        PartSizeEvidence::Proved { .. } if e.part_count == Some(1) => {
            page.sure("one part: any part size from the object's size up gives this object");
        }
        PartSizeEvidence::Proved { uniform: Some(p) } => {
            page.sure(&format!("{}: every part but the last", bytes(*p)));
        }
        PartSizeEvidence::Proved { uniform: None } => {
            page.sure("the parts are not equal: there is no one part size");
        }
        PartSizeEvidence::FirstPart { part_size, uniform_possible } => {
            page.sure(&format!("part 1 has {}", bytes(*part_size)));
            if *uniform_possible {
                let words = "the others are as large; p shows what proves or refutes it, and at what cost";
                page.put(("guess", Role::Warning), words, Role::Text);
            } else {
                let why = e.refutation().unwrap_or("what is known does not allow it");
                page.sure(&format!("the parts are not equal: {why}"));
            }
        }
        PartSizeEvidence::Refuted { why } => page.sure(&format!("the parts are not equal: {why}")),
        _ => page.put(
            ("guess", Role::Warning),
            "from size and count only: the size of a part was not told",
            Role::Text,
        ),
    }
}

/// The verdict and the sizes that stand out, the likeliest first.
fn candidates(inference: &Inference) -> String {
    let mut names: Vec<String> = inference.standing_out().take(4).map(candidate).collect();
    let listed = u64::try_from(inference.standing_out().count().saturating_sub(4)).unwrap_or(0);
    let hidden = listed + inference.more;
    if hidden > 0 {
        names.push(format!("and {} more round sizes", grouped(hidden)));
    }
    let words = match inference.verdict {
        Verdict::UniquePlausible => "most likely first: ",
        Verdict::Ambiguous => "any of these is usual: ",
        _ => "no size in there is usual. ",
    };
    format!("{words}{}", names.join(" · "))
}

fn candidate(c: &Candidate) -> String {
    let size = c.size_words();
    match &c.reason {
        Reason::Clients(_) | Reason::ClientsBelowThreshold(_) => {
            format!("{size} ({})", cut_middle(&c.reason.words(), NAMES))
        }
        _ => size,
    }
}
