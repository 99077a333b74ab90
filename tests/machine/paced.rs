//! Many parts at once, as fast as the pace allows, whatever goes wrong: in the end the machine, the pace and the sandbox
//! agree on every part.

use crate::play::source;
use crate::world::{Trouble, World};
use crate::{Draws, draws, runtime};
use partscope::domain::names::ObjectRef;
use partscope::domain::operation::{Operation, OperationId, PartBody};
use partscope::domain::outcome::Outcome;
use partscope::domain::output::Output;
use partscope::domain::pace::{Options, Pace, Step, Verdict};
use partscope::domain::plan::{CopySource, PartSource, PlannedPart, UploadPlan};
use partscope::domain::units::{MIB, PartNumber};
use partscope::domain::upload::{Enforce, Move, MultipartUpload, PartState, UploadState};
use partscope::s3::Call;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const PARTS: i32 = 60;

/// Ways to fail that may pass, and one that does not.
const ACTIONS: [&str; 7] = [
    "lost-answer",
    "reset",
    "reset-after=40",
    "slow-down",
    "times=2 slow-down",
    "times=2 lost-answer",
    "always reset",
];

/// Makes one move and takes in its answer.
pub async fn step(world: &World, machine: &mut MultipartUpload, wanted: Move) -> Outcome {
    let id = world.id();
    let operation = machine.begin(wanted, id, Enforce::Rules).unwrap();
    let outcome = world.send(&operation, id, Trouble::None).await;
    machine.apply(id, &outcome);
    outcome
}

/// Sends parts until all are stored or given up, or until so many answers came: then the rest is called off, and
/// nobody hears how it ended. Time is what the pace is told it is.
pub async fn send_parts(
    world: &World,
    machine: &mut MultipartUpload,
    pace: &mut Pace,
    answers: Option<usize>,
) {
    let (mut now, mut came) = (0, 0);
    let cancel = CancellationToken::new();
    let mut flying: JoinSet<(OperationId, PartNumber, Outcome)> = JoinSet::new();
    loop {
        match pace.next(now) {
            Step::Launch(number) => {
                let id = world.id();
                let operation = machine.begin(Move::Part(number), id, Enforce::Rules).unwrap();
                let (client, call) = (world.client.clone(), Call { id, hold: false, cancel: cancel.clone() });
                flying.spawn(async move { (id, number, client.perform(&operation, call).await) });
                continue;
            }
            Step::Wait { until } if flying.is_empty() => {
                now = until;
                continue;
            }
            Step::Done => break,
            Step::Wait { .. } | Step::Idle => {}
        }
        if answers.is_some_and(|most| came >= most) {
            cancel.cancel();
            while flying.join_next().await.is_some() {}
            return;
        }
        let (id, number, outcome) = flying.join_next().await.unwrap().unwrap();
        came += 1;
        now += 1000;
        pace.answered(number, Verdict::of(&outcome), now, now);
        machine.apply(id, &outcome);
    }
    assert!(!machine.is_busy());
}

/// Asks for the parts until the last page, and compares.
pub async fn agree(world: &World, machine: &mut MultipartUpload) {
    loop {
        let Outcome::Answered(Output::Parts(page)) = step(world, machine, Move::ListParts).await else {
            panic!("no parts")
        };
        if page.next.is_none() {
            break;
        }
    }
    let there = world.parts(&machine.upload().unwrap()).await.unwrap();
    assert_eq!(machine.held_parts(), there);
    assert!(
        machine
            .parts()
            .values()
            .all(|p| matches!(p.state, PartState::Done(_) | PartState::Planned | PartState::Failed(_)))
    );
}

fn small(n: i32) -> (u64, PartSource) {
    let n = u64::try_from(n).unwrap();
    (10 + n, PartSource::Body(PartBody::Generated { seed: n, len: 10 + n }))
}

fn large(n: i32) -> (u64, PartSource) {
    let at = u64::try_from(n % 15).unwrap() * MIB;
    (5 * MIB, PartSource::Copy(Some(format!("bytes={at}-{}", at + 5 * MIB - 1))))
}

async fn run(world: &World, dial: u16, part: fn(i32) -> (u64, PartSource), rng: &mut Draws) {
    let destination = ObjectRef::new("scratch", format!("paced/{dial}"));
    let etag = world.head(&source()).await.unwrap();
    let planned = |n: i32| {
        let (size, source) = part(n);
        PlannedPart { number: PartNumber(n), size: Some(size), source }
    };
    let mut machine = MultipartUpload::new(UploadPlan {
        source: Some(CopySource { object: source(), etag, size: 20 * MIB }),
        parts: (1..=PARTS).map(planned).collect(),
        ..UploadPlan::empty(destination.clone())
    });
    step(world, &mut machine, Move::Create).await;
    for n in 1..=PARTS {
        if rng.below(3) == 0 {
            let (kind, action) = (
                machine.operation(Move::Part(PartNumber(n))).unwrap().kind(),
                ACTIONS[rng.below(ACTIONS.len())],
            );
            world.server.faults().add(format!("{kind} part={n} {action}").parse().unwrap()).unwrap();
        }
    }
    let sizes = machine.parts().values().map(|p| (p.planned.number, p.size().unwrap()));
    let mut pace = Pace::new(sizes, Options { dial, ..Options::default() });
    send_parts(world, &mut machine, &mut pace, None).await;
    world.server.faults().clear();
    let given_up: Vec<PartNumber> = pace.given_up().keys().copied().collect();
    for (number, row) in machine.parts() {
        assert_eq!(
            matches!(row.state, PartState::Done(_)),
            !given_up.contains(number),
            "dial {dial}: {row:?}"
        );
    }
    let tally = pace.tally();
    assert_eq!((tally.stored + tally.given_up, tally.in_flight, tally.waiting), (60, 0, 0));
    agree(world, &mut machine).await;
    for number in given_up {
        if !matches!(machine.parts()[&number].state, PartState::Done(_)) {
            step(world, &mut machine, Move::Part(number)).await;
        }
    }
    complete(world, &mut machine).await;
    assert_eq!(world.head(&destination).await.as_ref(), machine.promised_etag(), "dial {dial}");
}

/// Completes with all parts; with small ones S3 takes only one, so the last is listed alone.
async fn complete(world: &World, machine: &mut MultipartUpload) {
    let Operation::CompleteMultipartUpload(mut complete) = machine.operation(Move::Complete).unwrap() else {
        panic!()
    };
    assert_eq!(complete.parts.len(), 60);
    if machine.parts()[&PartNumber(1)].size() < Some(5 * MIB) {
        complete.parts.drain(..59);
    }
    let (id, operation) = (world.id(), Operation::CompleteMultipartUpload(complete));
    machine.begin_with(Move::Complete, id, &operation).unwrap();
    let outcome = world.send(&operation, id, Trouble::None).await;
    machine.apply(id, &outcome);
    let UploadState::Completed(object) = machine.state() else { panic!("{outcome:?}") };
    assert_eq!(Some(&object.etag), machine.promised_etag());
}

#[test]
fn at_every_pace_all_parts_are_stored_or_named_and_the_etag_is_the_predicted_one() {
    let runtime = runtime();
    let world = runtime.block_on(World::start());
    let mut draws = draws();
    for dial in 1..=32 {
        let part = if matches!(dial, 3 | 32) { large } else { small };
        runtime.block_on(run(&world, dial, part, &mut draws));
    }
}
