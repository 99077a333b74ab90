//! Operations drawn at random.

use crate::data::{Data, LEAST};
use crate::plan::{BUCKETS, Demand, Flaw, From, KEYS, Op, Place, SLOTS, Sent, Slip, Which};
use partscope::domain::checksum::{ChecksumAlgorithm as Algorithm, ChecksumType as Kind};
use proptest::prelude::*;

fn place() -> impl Strategy<Value = Place> {
    (prop_oneof![3 => Just(0), 1 => Just(1_usize)], prop_oneof![3 => Just(0), 2 => 1..KEYS.len()])
}

fn which() -> impl Strategy<Value = Which> {
    prop_oneof![
        6 => Just(Which::Current),
        1 => Just(Which::Null),
        4 => (0..6_usize).prop_map(Which::Nth),
        1 => Just(Which::NeverMade)
    ]
}

fn demand() -> impl Strategy<Value = Demand> {
    prop_oneof![
        6 => Just(Demand::None), 1 => Just(Demand::Absent), 1 => Just(Demand::Current), 1 => Just(Demand::Wrong)
    ]
}

fn data() -> impl Strategy<Value = Data> {
    let small = (0..200_usize, 0..40_usize).prop_map(|(start, len)| Data { start, len });
    let large = prop_oneof![3 => Just(LEAST), 3 => Just(LEAST - 1), 1 => Just(LEAST + 1)];
    prop_oneof![7 => small, 1 => (0..2_usize, large).prop_map(|(start, len)| Data { start, len })]
}

fn small() -> impl Strategy<Value = Data> {
    (0..200_usize, 0..40_usize).prop_map(|(start, len)| Data { start, len })
}

fn algorithm() -> impl Strategy<Value = Algorithm> {
    prop::sample::select(Algorithm::ALL.to_vec())
}

fn asked() -> impl Strategy<Value = Option<(Algorithm, Option<Kind>)>> {
    let kind = prop::sample::select(vec![None, None, Some(Kind::Composite), Some(Kind::FullObject)]);
    prop_oneof![1 => Just(None), 1 => (algorithm(), kind).prop_map(Some)]
}

fn slip() -> impl Strategy<Value = Slip> {
    prop_oneof![
        24 => Just(Slip::None),
        1 => Just(Slip::OtherKey),
        1 => Just(Slip::OtherBucket),
        1 => Just(Slip::UnknownId)
    ]
}

fn flaw() -> impl Strategy<Value = Flaw> {
    use Flaw::*;
    let wrong = vec![
        NoBody,
        Empty,
        Reversed,
        Twice,
        WrongETag,
        Unknown,
        NoSums,
        WrongSum,
        OtherSum,
        WrongSize,
        WrongKind,
        WholeWithoutKind,
        WrongWhole,
    ];
    prop_oneof![2 => Just(None), 1 => prop::sample::select(wrong)]
}

fn number() -> impl Strategy<Value = i32> {
    let edge = prop::sample::select(vec![0, -1, 10_000, 10_001]);
    prop_oneof![6 => Just(1), 6 => Just(2), 3 => Just(3), 1 => Just(5), 1 => edge]
}

fn sent() -> impl Strategy<Value = Sent> {
    prop_oneof![
        20 => Just(Sent::AsNeeded),
        2 => Just(Sent::None),
        1 => Just(Sent::Wrong),
        1 => Just(Sent::Unreadable),
        1 => Just(Sent::Other)
    ]
}

fn from() -> impl Strategy<Value = From> {
    let conditions = prop_oneof![2 => Just(0), 1 => 0..11_usize];
    (place(), which(), conditions).prop_map(|(place, which, conditions)| From { place, which, conditions })
}

fn slot() -> impl Strategy<Value = usize> {
    0..SLOTS
}

fn object_op() -> impl Strategy<Value = Op> {
    let sum = prop::option::weighted(0.2, algorithm());
    let put = (place(), small(), 0..3_usize, demand(), sum)
        .prop_map(|(place, data, tags, demand, sum)| Op::Put { place, data, tags, demand, sum });
    let get = (place(), which(), any::<bool>(), prop::option::weighted(0.4, 0..4_usize))
        .prop_map(|(place, which, head, part)| Op::Get { place, which, head, part });
    let delete =
        (place(), which(), demand()).prop_map(|(place, which, demand)| Op::Delete { place, which, demand });
    let copy = (from(), place(), prop::option::weighted(0.3, 0..3_usize), demand())
        .prop_map(|(from, place, tags, demand)| Op::Copy { from, place, tags, demand });
    prop_oneof![
        1 => (0..BUCKETS.len(), any::<bool>()).prop_map(|(bucket, on)| Op::Versioning { bucket, on }),
        4 => put,
        4 => get,
        4 => (place(), which(), 0..3_usize).prop_map(|(place, which, tags)| Op::Tag { place, which, tags }),
        2 => delete,
        2 => copy,
    ]
}

fn upload_op() -> impl Strategy<Value = Op> {
    let create = (slot(), place(), asked(), 0..3_usize).prop_map(|(slot, place, sum, tags)| Op::Create {
        slot,
        place,
        sum,
        tags,
    });
    let part = (slot(), slip(), number(), data(), sent())
        .prop_map(|(slot, slip, number, data, sent)| Op::Part { slot, slip, number, data, sent });
    let copied = (slot(), slip(), number(), from(), 0..12_usize)
        .prop_map(|(slot, slip, number, from, range)| Op::PartCopy { slot, slip, number, from, range });
    let complete = (slot(), slip(), 0..6_usize, flaw(), demand(), any::<bool>()).prop_map(
        |(slot, slip, pick, flaw, demand, stated)| Op::Complete { slot, slip, pick, flaw, demand, stated },
    );
    prop_oneof![
        3 => create,
        10 => part,
        3 => copied,
        6 => complete,
        1 => (slot(), slip()).prop_map(|(slot, slip)| Op::Abort { slot, slip }),
        1 => (slot(), slip(), 1..3_usize).prop_map(|(slot, slip, max)| Op::ListParts { slot, slip, max }),
    ]
}

fn list_op() -> impl Strategy<Value = Op> {
    (0..3_usize, 0..BUCKETS.len(), 0..4_usize, any::<bool>(), 0..4_usize, 1..4_usize).prop_map(
        |(what, bucket, prefix, group, after, max)| Op::List { what, bucket, prefix, group, after, max },
    )
}

/// An upload from begin to end, of two parts that are nearly always listed in full. Chance alone rarely brings
/// a large part, a second one and a Complete of both together.
fn whole_upload() -> impl Strategy<Value = Vec<Op>> {
    let first = prop_oneof![Just(LEAST - 1), Just(LEAST)].prop_map(|len| Data { start: 1, len });
    let sum = prop_oneof![2 => Just(None), 1 => asked()];
    let last = prop_oneof![2 => small(), 1 => Just(Data { start: 0, len: LEAST })];
    // A list out of order is told from parts that are too small only when all parts are large.
    let flaw =
        prop_oneof![2 => Just(Flaw::None), 1 => Just(Flaw::Reversed), 1 => Just(Flaw::Twice), 1 => flaw()];
    (slot(), place(), sum, first, last, flaw, demand(), any::<bool>()).prop_map(
        |(slot, place, sum, first, second, flaw, demand, stated)| {
            let (slip, sent) = (Slip::None, Sent::AsNeeded);
            let part = |number, data| Op::Part { slot, slip, number, data, sent };
            let create = Op::Create { slot, place, sum, tags: 1 };
            let complete = Op::Complete { slot, slip, pick: 0, flaw, demand, stated };
            vec![create, part(1, first), part(2, second), complete]
        },
    )
}

/// Sequences of about that many operations; `restarts`: now and then the server is stopped and started again.
pub fn sequence(length: std::ops::Range<usize>, restarts: bool) -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        12 => object_op(),
        20 => upload_op(),
        3 => list_op(),
        u32::from(restarts) * 2 => Just(Op::Restart),
    ];
    let step = prop_oneof![30 => op.prop_map(|op| vec![op]), 1 => whole_upload()];
    prop::collection::vec(step, length).prop_map(|steps| steps.concat())
}
