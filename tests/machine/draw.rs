//! Steps drawn at random.

use crate::world::Trouble;
use partscope::domain::units::PartNumber;
use partscope::domain::upload::Move;
use proptest::prelude::*;

/// One thing that happens.
#[derive(Debug, Clone)]
pub enum Step {
    /// The machine takes a move; its request waits to leave.
    Begin { wanted: Wanted, purpose: bool },
    /// A waiting request leaves, and S3 does what it does.
    Act { which: usize, trouble: Trouble },
    /// The answer to one that left comes in.
    Deliver { which: usize },
    /// All three at once.
    Do { wanted: Wanted, trouble: Trouble, purpose: bool },
    /// Somebody else acts.
    Meddle(Meddling),
}

/// A move, by the machine or written by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Suggested,
    Machines(Move),
    /// The machine's ListParts, of which S3 shows one part a page.
    SmallPage,
    /// A page of two parts after this part.
    PageAfter(i32),
    /// A part of other bytes.
    OtherBody(i32, u64),
    OtherRange(i32),
    /// About an upload that does not exist.
    OtherUpload,
    /// An abort of this id under another key.
    OtherKey,
    /// Without the part that comes first in the list.
    FewerParts,
    /// With an ETag that no part has.
    WrongETag,
    /// A Create for another key.
    ElsewhereCreate,
}

#[derive(Debug, Clone, Copy)]
pub enum Meddling {
    Replace(i32),
    Abort,
    Complete,
    Overwrite,
}

fn trouble() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        10 => Just(Trouble::None),
        3 => Just(Trouble::Rule("lost-answer")),
        2 => Just(Trouble::Rule("reset")),
        1 => Just(Trouble::Rule("reset-after=40")),
        1 => Just(Trouble::Rule("reset-after=300")),
        1 => Just(Trouble::Rule("internal-error")),
        1 => Just(Trouble::Rule("slow-down")),
        1 => Just(Trouble::Rule("error-after-200")),
        1 => Just(Trouble::CalledOffBefore),
        1 => Just(Trouble::CalledOffAfter),
    ]
}

fn number() -> impl Strategy<Value = i32> {
    1..=4_i32
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let part = || number().prop_map(|n| Wanted::Machines(Move::Part(PartNumber(n))));
    let machines = prop::sample::select(vec![
        Move::Create,
        Move::ListParts,
        Move::Complete,
        Move::Complete,
        Move::Abort,
        Move::Head,
        Move::ListUploads,
        Move::Tag,
    ]);
    let by_hand = prop_oneof![
        2 => Just(Wanted::SmallPage),
        1 => (0..4_i32).prop_map(Wanted::PageAfter),
        2 => (number(), 1..3_u64).prop_map(|(n, seed)| Wanted::OtherBody(n, seed)),
        2 => number().prop_map(Wanted::OtherRange),
        1 => Just(Wanted::OtherUpload),
        1 => Just(Wanted::OtherKey),
        1 => Just(Wanted::FewerParts),
        1 => Just(Wanted::WrongETag),
        1 => Just(Wanted::ElsewhereCreate),
    ];
    prop_oneof![
        6 => Just(Wanted::Suggested),
        5 => part(),
        6 => machines.prop_map(Wanted::Machines),
        5 => by_hand,
    ]
}

fn meddling() -> impl Strategy<Value = Meddling> {
    prop_oneof![
        3 => number().prop_map(Meddling::Replace),
        1 => Just(Meddling::Abort),
        1 => Just(Meddling::Complete),
        2 => Just(Meddling::Overwrite),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let purpose = || prop::bool::weighted(0.15);
    prop_oneof![
        10 => (wanted(), trouble(), purpose())
            .prop_map(|(wanted, trouble, purpose)| Step::Do { wanted, trouble, purpose }),
        4 => (wanted(), purpose()).prop_map(|(wanted, purpose)| Step::Begin { wanted, purpose }),
        4 => (0..4_usize, trouble()).prop_map(|(which, trouble)| Step::Act { which, trouble }),
        4 => (0..4_usize).prop_map(|which| Step::Deliver { which }),
        1 => meddling().prop_map(Step::Meddle),
    ]
}

fn quiet(wanted: Wanted) -> Step {
    Step::Do { wanted, trouble: Trouble::None, purpose: false }
}

/// An end whose answer is lost, and a few suggested moves. Chance alone rarely loses just this answer.
fn doubtful_end() -> impl Strategy<Value = Vec<Step>> {
    let wanted = prop::sample::select(vec![Move::Complete, Move::Complete, Move::Abort]);
    let trouble = prop::sample::select(vec![
        Trouble::Rule("lost-answer"),
        Trouble::Rule("reset"),
        Trouble::Rule("reset"),
        Trouble::Rule("reset-after=40"),
    ]);
    let abort = |rule| Step::Do {
        wanted: Wanted::Machines(Move::Abort),
        trouble: Trouble::Rule(rule),
        purpose: false,
    };
    let then = prop_oneof![
        6 => Just(quiet(Wanted::Suggested)),
        2 => Just(abort("lost-answer")),
        1 => Just(abort("slow-down")),
        1 => Just(quiet(Wanted::Machines(Move::Abort))),
        2 => Just(Step::Meddle(Meddling::Abort)),
        1 => Just(Step::Meddle(Meddling::Overwrite)),
    ];
    (wanted, trouble, prop::collection::vec(then, 0..6)).prop_map(|(wanted, trouble, then)| {
        let end = Step::Do { wanted: Wanted::Machines(wanted), trouble, purpose: false };
        std::iter::once(end).chain(then).collect()
    })
}

/// A Complete that did nothing, is found to have done nothing, and is in doubt again when somebody else ends the upload.
fn late_end() -> Vec<Step> {
    let end = Step::Do {
        wanted: Wanted::Machines(Move::Complete),
        trouble: Trouble::Rule("reset"),
        purpose: false,
    };
    vec![
        end,
        quiet(Wanted::Suggested),
        Step::Meddle(Meddling::Abort),
        quiet(Wanted::Machines(Move::ListParts)),
        quiet(Wanted::Suggested),
    ]
}

/// Sequences of about that many steps; most begin with an upload that is open and has a part.
pub fn steps(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Step>> {
    let create = |trouble| Step::Do { wanted: Wanted::Machines(Move::Create), trouble, purpose: false };
    let begun = (prop::bool::weighted(0.75), trouble()).prop_map(move |(begun, trouble)| match begun {
        true => vec![create(Trouble::None), quiet(Wanted::Machines(Move::Part(PartNumber(3))))],
        false => vec![create(trouble), quiet(Wanted::Suggested), quiet(Wanted::Suggested)],
    });
    let some =
        prop_oneof![16 => step().prop_map(|step| vec![step]), 2 => doubtful_end(), 1 => Just(late_end())];
    (begun, prop::collection::vec(some, length)).prop_map(|(begun, steps)| [begun, steps.concat()].concat())
}
