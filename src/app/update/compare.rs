//! Marking an object, asking what is to be known of two, and comparing them. Only reads are sent.

use super::super::model::{Level, Model, Purpose};
use super::super::overlay::Overlay;
use super::super::panes::compare::{Asked, Looked, Which};
use crate::domain::compare::{Says, Verdict};
use crate::domain::evidence::{Asked as About, Refusal};
use crate::domain::names::ObjectRef;
use crate::domain::operation::{GetObjectAttributes, HeadObject, Operation};
use crate::domain::outcome::Outcome;
use crate::domain::output::Output;
use crate::domain::text::visible;
use crate::domain::units::PartNumber;

/// Most calls of one comparison: 10 000 parts are ten pages of attributes for each side.
const MOST: u32 = 64;

/// Marks the object in view, or compares it with the marked one.
pub(super) fn command(model: &mut Model) {
    if let Some(object) = model.object_in_view() {
        mark(model, object);
    }
}

/// Marks an object; a second one is compared with it; the marked one again loses the mark.
pub(super) fn mark(model: &mut Model, object: ObjectRef) {
    match model.compare.marked.clone() {
        None => {
            model.say(Level::Plain, format!("marked {object}; = on another object or version compares"));
            model.compare.marked = Some(object);
        }
        Some(marked) if marked == object => {
            model.compare.marked = None;
            model.say(Level::Plain, "the mark is gone");
        }
        Some(marked) => open(model, marked, object),
    }
}

fn open(model: &mut Model, left: ObjectRef, right: ObjectRef) {
    model.call_off(of_compare);
    model.compare.open(left.clone(), right.clone());
    model.overlays.push(Overlay::Compare { top: 0 });
    for (which, object) in [(Which::Left, left), (Which::Right, right)] {
        ask(model, which, Asked::Head, head(&object, None));
    }
}

fn of_compare(purpose: &Purpose) -> bool {
    matches!(purpose, Purpose::Compare(..))
}

/// The comparison is no longer looked at: what it still asks for is called off.
pub(super) fn left(model: &mut Model) {
    if model.compare.waiting() > 0 {
        model.call_off(of_compare);
        (model.compare.left, model.compare.right) = (None, None);
        model.say(Level::Plain, "the comparison is called off; the mark stays");
    }
}

/// Asks for the rest, of the version that HEAD told: answers about two versions are never mixed.
fn ask_on(model: &mut Model, which: Which, object: &ObjectRef) {
    ask(model, which, Asked::FirstPart, head(object, Some(PartNumber(1))));
    ask(model, which, Asked::Attributes, attributes(object, None));
    ask(model, which, Asked::Tags, Operation::GetObjectTagging(object.clone()));
}

/// The call that asks this about an object.
pub(super) fn question(asked: Asked, object: &ObjectRef, marker: Option<String>) -> Operation {
    match asked {
        Asked::Head => head(object, None),
        Asked::FirstPart => head(object, Some(PartNumber(1))),
        Asked::Attributes => attributes(object, marker),
        Asked::Tags => Operation::GetObjectTagging(object.clone()),
    }
}

fn head(object: &ObjectRef, part_number: Option<PartNumber>) -> Operation {
    Operation::HeadObject(HeadObject { object: object.clone(), part_number })
}

fn attributes(object: &ObjectRef, part_number_marker: Option<String>) -> Operation {
    let object = object.clone();
    Operation::GetObjectAttributes(GetObjectAttributes { object, part_number_marker, max_parts: None })
}

fn ask(model: &mut Model, which: Which, asked: Asked, operation: Operation) {
    let Some(looked) = model.compare.side_mut(which) else { return };
    looked.waiting += 1;
    model.compare.calls += 1;
    model.send(Purpose::Compare(model.compare.generation, which, asked), operation, false);
}

pub(super) fn came(model: &mut Model, generation: u64, which: Which, asked: Asked, outcome: &Outcome) {
    if generation != model.compare.generation {
        return;
    }
    let may_go_on = model.compare.calls < MOST;
    let Some(looked) = model.compare.side_mut(which) else { return };
    looked.waiting = looked.waiting.saturating_sub(1);
    learn(looked, asked, outcome);
    let (object, pages_are_left) = (looked.pinned(), looked.evidence.pages_are_left());
    match outcome {
        Outcome::Answered(Output::Head(_)) if asked == Asked::Head => ask_on(model, which, &object),
        Outcome::Answered(Output::Attributes(page)) if may_go_on && pages_are_left && page.next.is_some() => {
            ask(model, which, Asked::Attributes, attributes(&object, page.next.clone()));
        }
        _ => {}
    }
    model.compare.settle();
    if model.compare.waiting() == 0 {
        tell(model);
    }
}

pub(super) fn learn(looked: &mut Looked, asked: Asked, outcome: &Outcome) {
    match (asked, outcome) {
        (Asked::Head, Outcome::Answered(Output::Head(head))) => {
            looked.evidence.add_head(None, head);
            looked.head = Some((**head).clone());
        }
        (Asked::FirstPart, Outcome::Answered(Output::Head(head))) => {
            looked.evidence.add_head(Some(PartNumber(1)), head);
        }
        (_, Outcome::Answered(Output::Attributes(page))) => {
            looked.evidence.add_attributes(page);
        }
        (_, Outcome::Answered(Output::Tags(tags))) => looked.tags = Ok(tags.clone()),
        (Asked::Head, other) => {
            looked.failed = Some(format!("HeadObject: {}", visible(&other.summary_of_read())));
        }
        (Asked::Tags, other) => {
            looked.tags = Err(other.summary_of_read());
            missed(looked, About::Tags, other);
        }
        // Many servers lack these; what they would have told is then not known.
        (Asked::FirstPart, other) => missed(looked, About::HeadPart, other),
        (Asked::Attributes, other) => missed(looked, About::Attributes, other),
    }
}

/// Keeps why a question was not answered: a refusal names what would allow it.
fn missed(looked: &mut Looked, asked: About, outcome: &Outcome) {
    let versioned = looked.pinned().version_id.is_some();
    match outcome {
        Outcome::Refused(e) => {
            let refusal = Refusal { asked, status: e.status, code: e.code.clone(), versioned };
            looked.evidence.add_refusal(refusal);
        }
        other => {
            let said = other.summary_of_read();
            let call = match asked {
                About::Head => "HeadObject",
                About::HeadPart => "HeadObject ?partNumber=1",
                About::Attributes => "GetObjectAttributes",
                About::Tags => "GetObjectTagging",
            };
            looked.unanswered.push(format!("{call}: {said}"));
            if asked == About::Attributes {
                looked.evidence.attributes_not_had(said);
            }
        }
    }
}

/// Says how it ended, and what it took.
fn tell(model: &mut Model) {
    let calls = model.compare.calls;
    let ended = model.compare.result.as_ref().map(|c| (c.verdict, c.bytes));
    let (level, said) = ended.map_or((Level::Bad, "they cannot be compared"), in_short);
    model.say(
        level,
        format!("{said}; {calls} requests, all of them reads; the mark stays, = on it takes it off"),
    );
}

/// The end in a few words, which never say more of the bytes than is known.
fn in_short((verdict, bytes): (Verdict, Says)) -> (Level, &'static str) {
    match (verdict, bytes) {
        (Verdict::Same, _) => (Level::Good, "same content, and no property that was told differs"),
        (Verdict::Differs, Says::Different) => (Level::Plain, "the bytes differ"),
        (Verdict::Differs, Says::Equal) => (Level::Plain, "same content, but what is told of it differs"),
        (Verdict::Differs, Says::Nothing) => {
            (Level::Warning, "what is told of them differs; whether the bytes do is not known")
        }
        (Verdict::NotKnown, _) => {
            (Level::Warning, "no difference was found, but not everything can be known")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differing_properties_are_not_called_differing_bytes() {
        let words = |bytes| in_short((Verdict::Differs, bytes)).1;
        assert_eq!(words(Says::Different), "the bytes differ");
        assert!(words(Says::Equal).starts_with("same content"));
        assert!(words(Says::Nothing).ends_with("whether the bytes do is not known"));
    }
}
