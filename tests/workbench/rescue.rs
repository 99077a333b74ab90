//! Going on with an upload that another client began: it holds parts 1 and 2 of 8 MiB.

use crate::play::{self, Play, refused};
use partscope::app::msg::{Effect, Msg};
use partscope::app::overlay::Overlay;
use partscope::app::panes::rescue::{Rescue, State};
use partscope::domain::checksum::Checksums;
use partscope::domain::etag::ETag;
use partscope::domain::hashing::{HashedParts, PartsWork};
use partscope::domain::layout::PartLayout;
use partscope::domain::operation::{Operation, OperationId, OperationKind as Op, PartBody};
use partscope::domain::outcome::Outcome;
use partscope::domain::output::{Output, PartOutput};
use partscope::domain::rescue::{Proof, Standing, Why};
use partscope::domain::units::PartNumber;
use partscope::domain::upload::{PartState, UploadState};

const MIB: u64 = 1 << 20;

/// The stand-in's part `number` has this MD5.
fn md5(number: u8) -> [u8; 16] {
    ETag::of_bytes(&[number]).digest().unwrap()
}

/// The form of the upload in Browse, its parts listed.
fn form() -> Play {
    let mut p = Play::new(120, 36);
    p.press("Tab Tab R").settle();
    assert!(matches!(p.model.overlays.last(), Some(Overlay::Form(_))));
    p
}

/// The file that is being hashed, by its effect.
fn hashing(p: &mut Play, path: &str) -> (OperationId, PartsWork) {
    p.press("C-u").text(path).press("Enter Enter");
    let Some(Effect::HashParts { id, work }) = p.others.pop() else { panic!("{:?} {}", p.others, p.note()) };
    (id, *work)
}

fn hashed(p: &mut Play, id: OperationId, size: u64, md5s: Vec<[u8; 16]>) {
    let layout = PartLayout::uniform(size, 8 * MIB).unwrap();
    let result = Box::new(Ok(HashedParts { layout, md5s, checksums: Vec::new() }));
    p.msg(Msg::PartsHashed { id, result });
}

fn rescue(p: &Play) -> &Rescue {
    p.model.step.bench().unwrap().rescue.as_ref().unwrap()
}

fn standing(p: &Play, number: i32) -> Standing {
    rescue(p).result.standing(PartNumber(number)).unwrap().clone()
}

/// A file of three parts: the first is the same, the second is other bytes, the third is missing.
fn compared() -> Play {
    let mut p = form();
    let (id, work) = hashing(&mut p, "/data/raw.mov");
    assert_eq!((work.part_size, work.algorithm), (8 * MIB, None));
    hashed(&mut p, id, 19 * MIB, vec![md5(1), md5(9), md5(3)]);
    p
}

#[test]
fn a_file_is_compared_part_by_part_and_what_is_missing_or_different_is_planned() {
    let mut p = compared();
    assert_eq!(standing(&p, 1), Standing::Same { proof: Proof::Md5 });
    assert_eq!(standing(&p, 2), Standing::Different { why: Why::Md5 });
    assert_eq!(standing(&p, 3), Standing::Missing);
    for words in ["≠ different", "○ missing", "✓ same", "c plans 2 parts, 11.0 MiB"] {
        assert!(p.screen().contains(words), "{words}: {}", p.screen());
    }
    p.press("c");
    assert!(p.calls.is_empty() && p.model.overlays.is_empty(), "planning sends nothing");
    assert!(p.note().contains("planned 2 parts"), "{}", p.note());
    // The second replaces what is held, the third is new; both are sent from the file.
    p.press("Enter");
    let Operation::UploadPart(part) = &p.calls[0].operation else { panic!("{:?}", p.kinds()) };
    let wanted = PartBody::File { path: "/data/raw.mov".into(), offset: 8 * MIB, len: 8 * MIB };
    assert_eq!((part.part_number.0, &part.body), (2, &wanted));
    p.press("x");
    let call = p.calls.remove(0);
    p.finish(&call, Outcome::Cancelled { sent: false });
    p.press("r Enter");
    assert_eq!(p.kinds(), [Op::UploadPart, Op::UploadPart]);
}

#[test]
fn a_part_that_was_sent_counts_by_what_s3_says_it_has() {
    let mut p = compared();
    p.press("c r Enter");
    // The stand-in stores part 2 with another MD5 than the file has, and part 3 with its own.
    p.settle();
    assert_eq!(standing(&p, 2), Standing::Different { why: Why::Md5 });
    assert_eq!(standing(&p, 3), Standing::Same { proof: Proof::Md5 });
}

#[test]
fn complete_says_which_parts_are_known_to_differ() {
    let mut p = compared();
    p.press("Esc 5");
    let Some(Overlay::Confirm(c)) = p.model.overlays.last() else { panic!("{:?}", p.kinds()) };
    assert!(
        !c.on_yes && c.lines.iter().any(|l| l.contains("Known to differ from /data/raw.mov: part 2")),
        "{c:?}"
    );
    assert!(c.lines.iter().any(|l| l.contains("not held: part 3")), "{c:?}");
    p.press("Enter");
    assert!(p.calls.is_empty());
    // Planned and not sent is not better: it is still said, beside what is left out.
    p.press("R c 5");
    let Some(Overlay::Confirm(c)) = p.model.overlays.last() else { panic!("{:?}", p.kinds()) };
    assert!(c.lines.iter().any(|l| l.contains("Known to differ")), "{c:?}");
}

#[test]
fn equal_sizes_are_never_taken_for_equal_bytes() {
    let mut p = form();
    let (id, _) = hashing(&mut p, "/data/raw.mov");
    // No ETag is the MD5 of these bytes: under encryption with a key that says nothing.
    hashed(&mut p, id, 16 * MIB, vec![md5(7), md5(8)]);
    assert_eq!((standing(&p, 1), standing(&p, 2)), (Standing::SizeOnly, Standing::SizeOnly));
    assert!(p.screen().contains("? not compared"), "{}", p.screen());
    p.press("c");
    assert!(p.note().contains("nothing is left to plan"), "{}", p.note());
    p.press("5");
    let Some(Overlay::Confirm(c)) = p.model.overlays.last() else { panic!("{:?}", p.kinds()) };
    assert!(c.lines.iter().any(|l| l.contains("bytes not compared: parts 1, 2")), "{c:?}");
}

/// The upload compared with the marked object, and the part that was missing held as a copy of it.
fn copying() -> Play {
    let mut p = Play::new(120, 36);
    // The marked object is offered.
    p.press("Tab End = Tab R").settle();
    let Some(Overlay::Form(form)) = p.model.overlays.last() else { panic!() };
    assert_eq!(form.value(0), "s3://lessons/video.bin");
    assert_eq!(form.value(1), "8388608");
    p.press("C-s");
    assert_eq!(p.kinds(), [Op::HeadObject]);
    p.settle();
    assert_eq!(rescue(&p).state, State::Ready);
    assert_eq!((standing(&p, 1), standing(&p, 3)), (Standing::SizeOnly, Standing::Missing));
    p.press("c Enter");
    let Operation::UploadPartCopy(copy) = &p.calls[0].operation else { panic!("{:?}", p.kinds()) };
    assert_eq!(copy.copy_source_range.as_deref(), Some("bytes=16777216-20447231"));
    assert_eq!(copy.copy_source_if_match, Some(play::source_etag()));
    p.press("Enter");
    p
}

#[test]
fn parts_that_together_give_the_objects_etag_are_proved_by_it() {
    let mut p = copying();
    p.released(None).press("R");
    assert!(p.screen().contains("together give this ETag"), "{}", p.screen());
    p.press("Esc 5");
    assert_eq!(p.kinds(), [Op::CompleteMultipartUpload]);
}

#[test]
fn what_was_copied_is_of_the_source_and_proves_nothing_of_what_was_there_before() {
    let mut p = copying();
    let (etag, checksums) = (ETag::of_bytes(b"under a key"), Checksums::default());
    p.released(Some(Outcome::Answered(Output::Part(PartOutput { etag, checksums, size: None }))));
    assert!(p.screen().contains("✓ sent here"), "{}", p.screen());
    p.press("5");
    let Some(Overlay::Confirm(c)) = p.model.overlays.last() else { panic!("{:?}", p.kinds()) };
    assert!(c.lines.iter().any(|l| l.contains("bytes not compared: parts 1, 2.")), "{c:?}");
}

#[test]
fn a_source_that_cannot_fit_is_said_and_nothing_is_planned() {
    let mut p = form();
    let (id, _) = hashing(&mut p, "/data/short.bin");
    hashed(&mut p, id, 5 * MIB, vec![md5(1)]);
    assert_eq!(standing(&p, 2), Standing::Extra);
    p.press("c");
    assert!(p.note().contains("does not fit") && p.note().contains("holds part 2"), "{}", p.note());
    assert!(matches!(p.model.overlays.last(), Some(Overlay::Rescue { .. })));
    assert_eq!(p.model.step.bench().unwrap().machine.parts().len(), 2);
}

#[test]
fn parts_too_small_to_be_completed_are_not_planned() {
    let mut p = form();
    p.press("C-u").text("s3://lessons/video.bin").press("Tab C-u").text("1MiB").press("Enter").settle();
    assert!(p.screen().contains("only the last part may have less than 5 MiB"), "{}", p.screen());
    assert!(!p.screen().contains("c go on"), "{}", p.screen());
    for key in ["c", "s"] {
        p.press(key);
        assert!(matches!(p.model.overlays.last(), Some(Overlay::Rescue { .. })), "{key}");
        assert!(p.note().contains("n takes another part size"), "{}", p.note());
    }
    assert_eq!(p.model.step.bench().unwrap().machine.parts().len(), 2);
}

#[test]
fn what_the_comparison_read_of_the_source_counts_for_its_copies() {
    let mut p = form();
    p.press("C-u").text("s3://lessons/video.bin").press("Enter Enter").settle();
    p.press("c");
    assert!(!p.screen().contains("it was not read"), "{}", p.screen());
    assert!(p.screen().contains("expects 200"), "{}", p.screen());
}

#[test]
fn starting_over_aborts_after_a_question_and_plans_anew() {
    let mut p = compared();
    p.press("s");
    assert!(p.calls.is_empty());
    assert!(matches!(p.model.overlays.last(), Some(Overlay::Confirm(c)) if !c.on_yes));
    p.press("Right Enter");
    assert_eq!(p.kinds(), [Op::AbortMultipartUpload]);
    p.press("Enter").released(None);
    let bench = p.model.step.bench().unwrap();
    assert_eq!(*bench.machine.state(), UploadState::Planned);
    assert_eq!(bench.machine.parts().len(), 3);
    assert_eq!(bench.machine.plan().destination.key, "raw.mov");
    assert!(bench.said.iter().any(|s| s.contains("cannot be read")), "{:?}", bench.said);
    p.press("Enter");
    assert_eq!(p.kinds(), [Op::CreateMultipartUpload]);
}

#[test]
fn an_abort_that_was_refused_or_not_meant_plans_nothing() {
    let mut p = compared();
    p.press("s Esc a Right Enter Enter").released(None);
    assert_eq!(*p.model.step.bench().unwrap().machine.state(), UploadState::Aborted);
    let mut p = compared();
    p.press("s Right Enter Enter").released(Some(refused(403, "AccessDenied")));
    assert_eq!(*p.model.step.bench().unwrap().machine.state(), UploadState::Open);
}

#[test]
fn leaving_calls_off_what_runs_and_late_results_change_nothing() {
    let mut p = form();
    let (id, _) = hashing(&mut p, "/data/raw.mov");
    p.msg(Msg::Hashing { id, done: 8 * MIB, of: Some(16 * MIB) });
    assert!(p.screen().contains("hashing 8.0 MiB of 16.0 MiB, 50 %"), "{}", p.screen());
    // Enter leaves it running, and R shows it again.
    p.press("Enter");
    assert!(p.others.is_empty() && p.model.overlays.is_empty());
    assert!(p.screen().contains("hashing /data/raw.mov: R shows"), "{}", p.screen());
    p.press("R Esc");
    assert_eq!(p.others.pop(), Some(Effect::Cancel(id)));
    hashed(&mut p, id, 16 * MIB, vec![md5(1), md5(2)]);
    assert!(p.model.step.bench().unwrap().rescue.is_none());
    let mut p = form();
    p.press("C-u").text("s3://lessons/video.bin").press("Enter Enter");
    let call = p.calls.remove(0);
    p.press("Esc");
    assert_eq!(p.others.pop(), Some(Effect::Cancel(call.id)));
    p.finish(&call, Outcome::Answered(play::answer(&call.operation)));
    assert!(p.calls.is_empty() && p.model.step.bench().unwrap().rescue.is_none());
}

#[test]
fn what_cannot_be_compared_is_said_with_the_way_out() {
    let mut p = form();
    p.press("C-u").text("s3://lessons/gone.bin").press("Enter Enter");
    let call = p.calls.remove(0);
    p.finish(&call, refused(404, "NoSuchKey"));
    assert!(
        matches!(&rescue(&p).state, State::Failed(why) if why.contains("NoSuchKey")),
        "{:?}",
        rescue(&p).state
    );
    assert!(p.screen().contains("n another source"), "{}", p.screen());
    // A size that is none keeps the form open.
    p.press("n").press("C-u").text("/data/raw.mov").press("Tab C-u").text("many").press("Enter");
    assert!(matches!(p.model.overlays.last(), Some(Overlay::Form(_))));
    // Parts that are not listed yet are waited for.
    let mut p = Play::new(120, 36);
    p.press("Tab Tab R").text("/data/raw.mov").press("Enter Enter");
    assert!(p.note().contains("not listed all parts yet"), "{}", p.note());
    p.settle().press("Enter");
    assert!(matches!(p.others.pop(), Some(Effect::HashParts { .. })));
}

#[test]
fn an_upload_of_parts_of_several_sizes_wants_a_size_typed() {
    let mut p = Play::new(120, 36);
    p.press("Tab Tab R");
    let call = p.calls.remove(0);
    let Output::Parts(mut page) = play::answer(&call.operation) else { panic!() };
    page.parts[1].size = 9 * MIB;
    p.finish(&call, Outcome::Answered(Output::Parts(page)));
    p.text("/data/raw.mov").press("Enter Enter");
    assert!(p.note().contains("part 1 has 8 388 608 bytes, part 2 has 9 437 184"), "{}", p.note());
    assert!(p.screen().contains("are not of one size"), "{}", p.screen());
    p.text("8MiB").press("Enter");
    let Some(Effect::HashParts { work, .. }) = p.others.pop() else { panic!("{}", p.note()) };
    assert_eq!(work.part_size, 8 * MIB);
}

#[test]
fn a_lost_answer_is_asked_about_before_the_part_is_planned_again() {
    let mut p = compared();
    p.press("c r Enter");
    let number = |operation: &Operation| match operation {
        Operation::UploadPart(part) => part.part_number,
        other => panic!("{other:?}"),
    };
    let first = number(&p.calls[0].operation);
    // The run tries a part again, as sending it twice does no harm; in the end its answer stays lost.
    let mut lost = 0;
    while let Some(at) = p.calls.iter().position(|c| number(&c.operation) == first) {
        let call = p.calls.remove(at);
        let reset = partscope::domain::outcome::TransportError { message: "reset".into(), maybe_sent: true };
        p.finish(&call, Outcome::Lost(reset));
        lost += 1;
    }
    assert_eq!(lost, 3);
    let bench = p.model.step.bench().unwrap();
    let doubtful = bench.machine.parts().values().filter(|e| e.state == PartState::Doubtful).count();
    assert_eq!(doubtful, 1);
    assert!(
        rescue(&p)
            .left(&bench.machine)
            .iter()
            .all(|part| { bench.machine.parts()[&part.number].state != PartState::Doubtful })
    );
}
