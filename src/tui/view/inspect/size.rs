//! The part size with its evidence, then what size and count alone allow, then what can be asked.

use crate::app::model::Model;
use crate::domain::evidence::{PartSizeEvidence, Refusal};
use crate::domain::infer::{Candidate, Inference, Reason, Verdict};
use crate::domain::text::{cut_middle, visible};
use crate::domain::units::{grouped, human_size};
use crate::tui::theme::Role;
use crate::tui::view::Pieces;
use crate::tui::view::paint::{said, text, waiting};

/// Names of clients shown beside a candidate, in cells.
const NAMES: usize = 44;

/// The lines of the pane.
pub(in crate::tui::view) fn part_size(model: &Model) -> Vec<Pieces> {
    let i = &model.inspect;
    let e = &i.evidence;
    let evidence = e.part_size();
    let mut out = match &evidence {
        PartSizeEvidence::NotMultipart => vec![text("Written in one piece: there is no part size.")],
        PartSizeEvidence::Unknown => match waiting(&i.head_load, 60) {
            Some(waiting) => return waiting,
            None => vec![text("The service does not say how many parts there are, so nothing follows.")],
        },
        other => known(model, other),
    };
    out.extend(
        e.doubts.iter().map(|why| vec![("not believed  ".into(), Role::Bad), (visible(why), Role::Text)]),
    );
    out.extend(
        e.refusals
            .iter()
            .map(|r| vec![("refused  ".into(), Role::Warning), (visible(&Refusal::sentence(r)), Role::Text)]),
    );
    out
}

/// A line with the word that says how sure it is.
fn sure(word: &str, words: impl Into<String>) -> Pieces {
    vec![(format!("{word:<7}"), Role::Good), (words.into(), Role::Title)]
}

fn guess(words: impl Into<String>) -> Pieces {
    vec![("guess  ".into(), Role::Warning), (words.into(), Role::Text)]
}

fn known(model: &Model, evidence: &PartSizeEvidence) -> Vec<Pieces> {
    let e = &model.inspect.evidence;
    let mut out = match evidence {
        PartSizeEvidence::Proved { .. } if e.part_count == Some(1) => {
            vec![sure("known", "one part: any part size from the object's size up gives this object")]
        }
        PartSizeEvidence::Proved { uniform: Some(p) } => {
            vec![sure("known", format!("{} bytes, {}: every part but the last", grouped(*p), human_size(*p)))]
        }
        PartSizeEvidence::Proved { uniform: None } => {
            vec![sure("known", "the parts are not equal: there is no one part size")]
        }
        PartSizeEvidence::FirstPart { part_size, uniform_possible } => vec![
            sure("known", format!("part 1 has {} bytes, {}", grouped(*part_size), human_size(*part_size))),
            if *uniform_possible {
                guess("the others are as large; p shows what proves or refutes it, and at what cost")
            } else {
                let why = e.refutation().unwrap_or("what is known does not allow it");
                sure("known", format!("the parts are not equal: {why}"))
            },
        ],
        PartSizeEvidence::Refuted { why } => vec![sure("known", format!("the parts are not equal: {why}"))],
        _ => vec![guess("from size and count only: the size of a part was not told")],
    };
    if let Some(pattern) =
        e.pattern().filter(|p| p.client.is_some() || e.refutation().is_some() || !p.complete)
    {
        out.push(vec![("looks  ".into(), Role::Muted), (pattern.words(), Role::Text)]);
    }
    if let Some(inference) = e.inference().filter(|i| i.part_count > 1 && e.refutation().is_none()) {
        out.push(match e.uniform_size() {
            Some(_) => vec![("habit  ".into(), Role::Muted), (e.habit(), Role::Text)],
            None => candidates(inference),
        });
    }
    if e.is_multipart() && !e.exact_is_known() {
        out.push(vec![("decide ".into(), Role::Muted), (e.cheapest().words(), Role::Text)]);
    }
    let why = e.why(model.inspect.object.as_ref().map_or("", |o| &o.bucket));
    out.push(vec![("Y why  ".into(), Role::Accent), (visible(&why.conclusion), Role::Text)]);
    let arithmetic =
        e.inference().filter(|i| i.part_count > 1).map(Inference::arithmetic).unwrap_or_default();
    out.extend(arithmetic.into_iter().map(|line| said(line, Role::Muted)));
    out
}

/// The verdict and the sizes that stand out, the likeliest first.
fn candidates(inference: &Inference) -> Pieces {
    let mut names: Vec<String> = inference.standing_out().take(4).map(candidate).collect();
    let listed = u64::try_from(inference.standing_out().count().saturating_sub(4)).unwrap_or(0);
    let hidden = listed + inference.more;
    if hidden > 0 {
        names.push(format!("and {} more round sizes", grouped(hidden)));
    }
    let words = match inference.verdict {
        Verdict::UniquePlausible => "Most likely first: ",
        Verdict::Ambiguous => "Any of these is usual: ",
        _ => "No size in there is usual. ",
    };
    vec![(words.into(), Role::Muted), (names.join(" · "), Role::Text)]
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
