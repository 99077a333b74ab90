//! A copy that is broken off anywhere, and gone on with by a machine that knows nothing but the plan and the upload id.

use crate::paced::{agree, send_parts, step};
use crate::world::World;
use crate::{draws, runtime};
use partscope::domain::names::ObjectRef;
use partscope::domain::pace::{Options, Pace};
use partscope::domain::plan::{CopySource, PartSource, PlannedPart, UploadPlan};
use partscope::domain::units::{MIB, PartNumber};
use partscope::domain::upload::{Move, MultipartUpload, PartState, UploadState};

const SIZES: [u64; 4] = [5 * MIB, 6 * MIB, 5 * MIB, 3 * MIB];

/// Cuts an object into those parts.
async fn plan(world: &World, from: ObjectRef, to: ObjectRef) -> UploadPlan {
    let etag = world.head(&from).await.unwrap();
    let mut at = 0;
    let part = |(index, size): (usize, &u64)| {
        let range = format!("bytes={at}-{}", at + size - 1);
        at += size;
        PlannedPart {
            number: PartNumber::of_index(index),
            size: Some(*size),
            source: PartSource::Copy(Some(range)),
        }
    };
    let parts = SIZES.iter().enumerate().map(part).collect();
    let source = Some(CopySource { object: from, etag, size: SIZES.iter().sum() });
    UploadPlan { source, parts, ..UploadPlan::empty(to) }
}

fn pace_of(machine: &MultipartUpload, dial: u16) -> Pace {
    let planned = machine.parts().values().filter(|p| p.state == PartState::Planned);
    Pace::new(planned.map(|p| (p.planned.number, p.size().unwrap())), Options { dial, ..Options::default() })
}

/// Goes on from what S3 holds to the object.
async fn finish(world: &World, machine: &mut MultipartUpload) {
    agree(world, machine).await;
    let mut pace = pace_of(machine, 4);
    send_parts(world, machine, &mut pace, None).await;
    let predicted = machine.predicted_etag();
    step(world, machine, Move::Complete).await;
    let UploadState::Completed(object) = machine.state() else { panic!("{:?}", machine.state()) };
    assert_eq!(Some(&object.etag), predicted.as_ref());
}

#[test]
fn a_copy_broken_off_anywhere_and_resumed_is_identical_to_its_source() {
    let runtime = runtime();
    runtime.block_on(async {
        let world = World::start().await;
        let from = ObjectRef::new("scratch", "resumed/source");
        let mut machine = MultipartUpload::new(plan(&world, crate::play::source(), from.clone()).await);
        step(&world, &mut machine, Move::Create).await;
        finish(&world, &mut machine).await;
        let source = world.head(&from).await.unwrap();
        let mut draws = draws();
        for case in 0..10 {
            let to = ObjectRef::new("scratch", format!("resumed/{case}"));
            let plan = plan(&world, from.clone(), to.clone()).await;
            let mut first = MultipartUpload::new(plan.clone());
            step(&world, &mut first, Move::Create).await;
            let upload_id = first.upload().unwrap().upload_id;
            if draws.below(2) == 0 {
                let rule = format!("UploadPartCopy part={} lost-answer", 1 + draws.below(4));
                world.server.faults().add(rule.parse().unwrap()).unwrap();
            }
            let mut pace = pace_of(&first, u16::try_from(1 + draws.below(4)).unwrap());
            send_parts(&world, &mut first, &mut pace, Some(draws.below(5))).await;
            drop(first);
            world.server.faults().clear();
            let mut second = MultipartUpload::resume(plan, &upload_id);
            finish(&world, &mut second).await;
            assert_eq!(world.head(&to).await.unwrap(), source, "case {case}");
        }
    });
}
