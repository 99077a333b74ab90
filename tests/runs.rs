//! Scripts of runs over many parts, of the ledger, and of leaving.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod play;

use partscope::app::command::Screen;
use partscope::app::model::Target;
use partscope::app::msg::{Effect, Msg};
use partscope::app::overlay::Overlay;
use partscope::app::panes::step::Bench;
use partscope::app::update::leave;
use partscope::domain::operation::{Operation, OperationKind as Op};
use partscope::domain::outcome::{Outcome, TransportError};
use partscope::domain::units::PartNumber;
use partscope::domain::upload::{PartState, UploadState};
use play::{Call, Play, refused};

/// An open upload of so many generated parts, none of them sent.
fn opened(parts: usize) -> Play {
    opened_on(Target::sandbox(), parts)
}

fn opened_on(target: Target, parts: usize) -> Play {
    let real = target.real;
    let mut p = Play::on(target, 120, 36);
    if real {
        p.press("U").text("write").press("Enter");
    }
    p.press("n Tab C-u").text(&parts.to_string()).press("C-s");
    p.press("Enter Enter").released(None);
    assert_eq!(bench(&p).machine.state(), &UploadState::Open);
    p.press("Tab");
    p
}

fn bench(p: &Play) -> &Bench {
    p.model.step.bench().unwrap()
}

fn number(call: &Call) -> i32 {
    match &call.operation {
        Operation::UploadPart(part) => part.part_number.0,
        Operation::UploadPartCopy(part) => part.part_number.0,
        other => panic!("{}", other.kind()),
    }
}

fn flying(p: &Play) -> Vec<i32> {
    p.calls.iter().map(number).collect()
}

fn stored(p: &Play) -> usize {
    bench(p).machine.progress().done
}

fn state(p: &Play, part: i32) -> PartState {
    bench(p).machine.parts()[&PartNumber(part)].state.clone()
}

fn lost() -> Outcome {
    Outcome::Lost(TransportError { message: "connection reset".into(), maybe_sent: true })
}

fn left(p: &Play) -> bool {
    p.others.contains(&Effect::Quit)
}

/// Answers the call of a part.
fn answer(p: &mut Play, part: i32, outcome: Option<Outcome>) {
    let at =
        p.calls.iter().position(|c| number(c) == part).unwrap_or_else(|| panic!("{part} is not on its way"));
    let call = p.calls.remove(at);
    let outcome = outcome.unwrap_or_else(|| Outcome::Answered(play::answer(&call.operation)));
    p.finish(&call, outcome);
}

#[test]
fn a_run_names_its_calls_first_and_sends_eight_at_a_time() {
    let mut p = opened(20);
    p.press("r");
    let Some(Overlay::Confirm(c)) = p.model.overlays.last() else { panic!() };
    assert_eq!(c.title, "Send 20 parts?");
    assert!(p.calls.is_empty());
    p.press("Enter");
    assert_eq!(flying(&p), [1, 2, 3, 4, 5, 6, 7, 8]);
    answer(&mut p, 3, None);
    assert_eq!(flying(&p), [1, 2, 4, 5, 6, 7, 8, 9]);
    p.settle();
    assert_eq!(stored(&p), 20);
    assert!(bench(&p).run.is_none());
    assert!(p.note().contains("finished") && p.note().contains("20 of 20"), "{}", p.note());
}

#[test]
fn throttling_halves_the_window_waits_for_the_clock_and_recovers() {
    let mut p = opened(20);
    p.press("r Enter");
    for part in 1..=8 {
        answer(&mut p, part, Some(refused(503, "SlowDown")));
    }
    assert!(p.calls.is_empty(), "nothing leaves before the wait is over");
    let wake = p.model.wake_at().unwrap();
    assert!(wake > p.model.now && p.model.animating());
    let screen = p.screen();
    assert!(screen.contains("S3 asked for less: 4 at a time, next in 0."), "{screen}");
    p.msg(Msg::Tick(wake - 1));
    assert!(p.calls.is_empty());
    p.msg(Msg::Tick(wake));
    assert_eq!(p.calls.len(), 4);
    assert!(p.screen().contains("4 of 8 at a time"), "{}", p.screen());
    p.settle();
    assert_eq!(stored(&p), 20);
    assert!(bench(&p).refusal.is_none());
}

#[test]
fn waits_are_the_same_in_every_play_and_differ_between_programs() {
    let wait = |epoch: i64| {
        let mut p = opened(4);
        p.model.epoch = epoch;
        p.press("r Enter");
        answer(&mut p, 1, Some(refused(503, "SlowDown")));
        p.model.wake_at().unwrap_or_else(|| bench(&p).run.as_ref().unwrap().pace.not_before())
    };
    assert_eq!(wait(1), wait(1));
    assert_ne!(wait(1), wait(2));
}

#[test]
fn a_lost_answer_is_tried_again_and_then_in_doubt() {
    let mut p = opened(2);
    p.press("r Enter");
    answer(&mut p, 2, None);
    for _ in 0..3 {
        answer(&mut p, 1, Some(lost()));
    }
    assert!(p.calls.is_empty() && bench(&p).run.is_none());
    assert_eq!(state(&p, 1), PartState::Doubtful);
    assert!(p.note().contains("1 in doubt: 4 asks S3"), "{}", p.note());
    p.press("S-Tab Enter");
    assert_eq!(p.kinds(), [Op::ListParts], "what S3 has is asked before anything else is suggested");
}

#[test]
fn a_lost_answer_that_comes_the_second_time_leaves_no_doubt() {
    let mut p = opened(1);
    p.press("r Enter");
    answer(&mut p, 1, Some(lost()));
    assert!(p.note().contains("sent again"), "{}", p.note());
    answer(&mut p, 1, None);
    assert!(matches!(state(&p, 1), PartState::Done(_)));
    assert_eq!(bench(&p).machine.parts()[&PartNumber(1)].attempts, 2);
}

#[test]
fn a_refused_part_stops_only_itself() {
    let mut p = opened(12);
    p.press("r Enter");
    answer(&mut p, 2, Some(refused(400, "InvalidArgument")));
    p.settle();
    assert_eq!(stored(&p), 11);
    assert!(matches!(state(&p, 2), PartState::Failed(_)));
    assert!(p.note().contains("1 refused"), "{}", p.note());
    p.press("End .");
    assert_eq!(bench(&p).selected(), Some(PartNumber(2)));
}

#[test]
fn a_refusal_that_concerns_every_part_stops_the_run_and_says_why() {
    for (status, code) in [(404, "NoSuchUpload"), (403, "AccessDenied"), (412, "PreconditionFailed")] {
        let mut p = opened(20);
        p.press("r Enter");
        answer(&mut p, 1, Some(refused(status, code)));
        assert_eq!(p.calls.len(), 7, "{code}: nothing further is begun");
        p.settle();
        assert_eq!(stored(&p), 7);
        assert!(bench(&p).run.is_none());
        assert!(p.note().contains(code), "{}", p.note());
        if code == "NoSuchUpload" {
            assert_eq!(*bench(&p).machine.state(), UploadState::Gone);
            p.press("Enter");
            assert!(p.kinds().is_empty(), "nothing more is sent to what is gone");
        }
    }
}

#[test]
fn the_dial_turns_while_it_runs() {
    let mut p = opened(40);
    p.press("r Enter - - -");
    assert_eq!(bench(&p).dial, 4);
    for part in 1..=4 {
        answer(&mut p, part, None);
    }
    assert_eq!(p.calls.len(), 4, "those on their way are let go on, and no more follow");
    p.press("+ + + + + +");
    assert_eq!((bench(&p).dial, p.calls.len()), (12, 12));
    assert!(p.screen().contains("12 at a time"), "{}", p.screen());
    for _ in 0..60 {
        p.press("+");
    }
    assert_eq!(bench(&p).dial, 256);
    for _ in 0..60 {
        p.press("-");
    }
    assert_eq!(bench(&p).dial, 1);
}

#[test]
fn so_many_and_no_more() {
    let mut p = opened(20);
    p.press("N C-u").text("0").press("Enter");
    assert!(p.calls.is_empty(), "none is no number of parts");
    p.press("C-u").text("3").press("Enter");
    assert_eq!(flying(&p), [1, 2, 3]);
    answer(&mut p, 2, Some(lost()));
    assert_eq!(flying(&p), [1, 3, 2], "trying one again does not count");
    p.settle();
    assert_eq!(stored(&p), 3);
    assert!(bench(&p).run.is_none() && p.note().contains("17 parts wait"), "{}", p.note());
}

#[test]
fn up_to_the_selected_part() {
    let mut p = opened(20);
    p.press("Down Down t");
    let Some(Overlay::Confirm(c)) = p.model.overlays.last() else { panic!() };
    assert_eq!(c.title, "Send 3 parts up to part 3?");
    p.press("Enter").settle();
    assert_eq!(stored(&p), 3);
    p.press("r Enter").settle();
    assert_eq!(stored(&p), 20);
}

#[test]
fn a_pause_begins_nothing_and_the_run_goes_on_after_it() {
    let mut p = opened(20);
    p.press("r Enter p").settle();
    assert_eq!(stored(&p), 8);
    assert!(bench(&p).run.is_some() && p.screen().contains("PAUSED"), "{}", p.screen());
    assert!(!p.model.animating() || p.model.note.is_some());
    // Meanwhile one part is sent by hand; the run does not send it again.
    p.press("Home Down Down Down Down Down Down Down Down Enter Enter").released(None);
    assert_eq!(stored(&p), 9);
    p.press("p").settle();
    assert_eq!(stored(&p), 20);
    assert_eq!(bench(&p).machine.parts()[&PartNumber(9)].attempts, 1);
}

/// A run of a hundred parts, eighteen at a time.
fn lined_up(target: Target) -> Play {
    let mut p = opened_on(target, 100);
    p.press("+ + + +").press("r Enter");
    assert_eq!(flying(&p), (1..=18).collect::<Vec<_>>());
    assert_eq!(
        p.in_line.iter().map(|(_, call)| number(call)).collect::<Vec<_>>(),
        (19..=36).collect::<Vec<_>>()
    );
    p
}

fn attempts(p: &Play) -> Vec<u32> {
    let mut all: Vec<u32> = bench(p).machine.parts().values().map(|part| part.attempts).collect();
    all.dedup();
    all
}

#[test]
fn from_sixteen_at_a_time_as_many_wait_in_line_and_are_still_planned() {
    let mut p = lined_up(Target::sandbox());
    let screen = p.screen();
    assert!(screen.contains("→ 18 on way  ○ 82 planned") && screen.contains("18 on their way"), "{screen}");
    answer(&mut p, 4, None);
    assert_eq!((p.calls.len(), p.in_line.len()), (18, 18));
    assert!(p.screen().contains("✓ 1 stored  → 18 on way  ○ 81 planned"), "{}", p.screen());
    p.press("Home").press(&"Down ".repeat(19));
    assert!(p.screen().contains("○ next"), "{}", p.screen());
    p.settle();
    assert_eq!((stored(&p), attempts(&p)), (100, vec![1]));
}

#[test]
fn what_waits_in_line_comes_back_unsent_when_the_run_pauses_stops_or_is_locked() {
    for keys in ["p", "s", "-", "U"] {
        let mut p = lined_up(Target::real("AWS"));
        p.press(keys);
        let run = bench(&p).run.as_ref().unwrap();
        assert_eq!((run.on_their_way(), p.in_line.len()), (18, 0), "{keys}");
        assert_eq!(state(&p, 36), PartState::Planned, "{keys}");
    }
    let mut p = lined_up(Target::sandbox());
    p.press("x");
    // Whatever has begun meanwhile is cancelled too.
    assert_eq!(p.others.iter().filter(|e| matches!(e, Effect::Cancel(_))).count(), 36);
    assert!(p.note().contains("cancelling what is on its way"), "{}", p.note());
    let mut p = lined_up(Target::sandbox());
    p.press("p").settle();
    assert_eq!(stored(&p), 18);
    p.press("p").settle();
    assert_eq!((stored(&p), attempts(&p)), (100, vec![1]));
}

#[test]
fn a_call_that_goes_badly_sends_the_line_back_before_anybody_decides() {
    let mut p = lined_up(Target::sandbox());
    answer(&mut p, 2, Some(refused(503, "SlowDown")));
    assert_eq!((p.calls.len(), p.in_line.len()), (17, 0), "nothing took its place");
    assert!(p.screen().contains("S3 asked for less: 9 at a time"), "{}", p.screen());
    p.settle();
    assert_eq!(stored(&p), 17, "it waits for the clock");
    let wake = p.model.wake_at().unwrap();
    p.msg(Msg::Tick(wake));
    assert_eq!(flying(&p), [2, 19, 20, 21, 22, 23, 24, 25, 26, 27], "and one more as it went well");
    p.settle();
    assert_eq!(stored(&p), 100);
}

#[test]
fn stopping_lets_those_on_their_way_go_on() {
    let mut p = opened(20);
    p.press("r Enter s");
    assert!(!p.others.iter().any(|e| matches!(e, Effect::Cancel(_))));
    p.settle();
    assert_eq!(stored(&p), 8);
    assert!(bench(&p).run.is_none());
}

#[test]
fn cancelling_leaves_parts_as_their_answers_say_or_in_doubt() {
    let mut p = opened(20);
    p.press("r Enter x");
    let cancelled = p.others.iter().filter(|e| matches!(e, Effect::Cancel(_))).count();
    assert_eq!(cancelled, 8);
    answer(&mut p, 1, None);
    answer(&mut p, 2, Some(Outcome::Cancelled { sent: false }));
    for part in 3..=8 {
        answer(&mut p, part, Some(Outcome::Cancelled { sent: true }));
    }
    assert!(p.calls.is_empty(), "nothing is tried again");
    assert!(matches!(state(&p, 1), PartState::Done(_)));
    assert_eq!(state(&p, 2), PartState::Planned);
    assert_eq!(state(&p, 3), PartState::Doubtful);
    assert!(p.note().contains("6 in doubt: 4 asks S3"), "{}", p.note());
}

#[test]
fn a_run_goes_on_while_another_screen_and_another_upload_are_shown() {
    let mut p = opened(20);
    p.press("r Enter").press("w");
    answer(&mut p, 1, None);
    assert_eq!(p.calls.len(), 8);
    p.press("1").settle();
    assert_eq!((p.model.screen, stored(&p)), (Screen::Browse, 20));
}

#[test]
fn marked_parts_are_run_and_a_stored_one_is_said_to_be_replaced() {
    let mut p = opened(5);
    p.press("N C-u").text("1").press("Enter").settle();
    p.press("Home Space Down Space r");
    let Some(Overlay::Confirm(c)) = p.model.overlays.last() else { panic!() };
    assert_eq!(c.title, "Send 2 parts?");
    assert!(c.lines.iter().any(|l| l.contains("1 of them are stored already")), "{:?}", c.lines);
    p.press("Enter");
    assert_eq!(flying(&p), [1, 3]);
}

#[test]
fn marks_by_range_by_state_and_inverted() {
    let mut p = opened(10);
    p.press("N C-u").text("2").press("Enter").settle();
    let marked = |p: &Play| bench(p).marked.iter().map(|n| n.0).collect::<Vec<_>>();
    p.press("*");
    assert_eq!(marked(&p), [3, 4, 5, 6, 7, 8, 9, 10]);
    p.press("i");
    assert_eq!(marked(&p), [1, 2]);
    p.press("u Home Down Down Space Down Down v");
    assert_eq!(marked(&p), [3, 4, 5, 6]);
    p.press("u");
    assert!(marked(&p).is_empty());
}

#[test]
fn a_planned_part_is_dropped_and_a_stored_one_is_not() {
    let mut p = opened(4);
    p.press("N C-u").text("1").press("Enter").settle();
    p.press("Home d");
    assert!(p.note().contains("S3 holds part 1"), "{}", p.note());
    p.press("Down d");
    assert!(p.note().contains("part 2 is out of the plan; a gap"), "{}", p.note());
    assert_eq!(bench(&p).machine.numbers(), [PartNumber(1), PartNumber(3), PartNumber(4)]);
    assert_eq!(bench(&p).selected(), Some(PartNumber(3)));
    p.press("r Enter").settle();
    assert_eq!(stored(&p), 3);
}

#[test]
fn dropping_a_replacement_keeps_what_s3_holds() {
    let mut p = opened(2);
    p.press("r Enter").settle();
    p.press("g C-u").text("1").press("Tab C-u").text("7MiB").press("Enter");
    assert_eq!((stored(&p), bench(&p).machine.replacing()), (1, 1));
    assert!(p.screen().contains("↻ replaces"), "{}", p.screen());
    p.press("d");
    assert_eq!((stored(&p), bench(&p).machine.replacing()), (2, 0));
    assert_eq!(bench(&p).machine.parts()[&PartNumber(1)].planned.size, Some(5 << 20));
}

#[test]
fn complete_and_abort_wait_for_a_run() {
    let mut p = opened(20);
    p.press("r Enter 5");
    assert!(p.model.overlays.is_empty() && p.note().contains("a run is under way"), "{}", p.note());
    p.press("6");
    assert!(p.model.overlays.is_empty() && p.note().contains("a run is under way"), "{}", p.note());
    assert_eq!(p.calls.len(), 8);
}

#[test]
fn zoom_gives_the_pane_the_whole_body_until_something_is_held() {
    let mut p = opened(3);
    p.press("z");
    assert!(p.screen().contains("checksum"), "{}", p.screen());
    p.press("Esc");
    assert!(!p.model.zoomed && p.model.screen == Screen::Step);
    p.press("z Enter");
    assert!(!p.model.zoomed && p.screen().contains("HELD"), "what is about to leave is shown");
}

#[test]
fn leaving_names_each_upload_and_staying_changes_nothing() {
    let mut p = opened(20);
    p.press("r Enter q");
    assert!(matches!(p.model.overlays.last(), Some(Overlay::Leave)));
    let said = leave::lines(&p.model).join("\n");
    for word in ["new-object.bin", "0 parts stored", "Kx4mUploadId9Q", "a run for", "8 parts on their way"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    p.press("Esc");
    assert!(p.model.overlays.is_empty() && !left(&p) && p.calls.len() == 8);
    p.press("q y");
    assert!(left(&p));
}

#[test]
fn a_call_that_writes_is_named_before_leaving() {
    let mut p = Play::new(120, 36);
    p.planned_copy().press("Enter q");
    let said = leave::lines(&p.model).join("\n");
    assert!(said.contains("CreateMultipartUpload of") && said.contains("nothing of it has left"), "{said}");
}

#[test]
fn abort_all_waits_for_every_answer_and_then_leaves() {
    let mut p = opened(20);
    p.press("r Enter q A");
    assert_eq!(p.kinds(), [Op::UploadPart; 8], "nothing is aborted while parts are on their way");
    for part in 1..=8 {
        answer(&mut p, part, Some(Outcome::Cancelled { sent: part == 8 }));
    }
    assert_eq!(p.kinds(), [Op::AbortMultipartUpload]);
    assert!(!left(&p));
    let call = p.calls.remove(0);
    p.finish(&call, Outcome::Answered(play::answer(&call.operation)));
    // A part was called off after it had left: it may have landed after the abort.
    assert_eq!(p.kinds(), [Op::ListParts]);
    let call = p.calls.remove(0);
    p.finish(&call, refused(404, "NoSuchUpload"));
    assert!(left(&p));
}

#[test]
fn an_upload_that_cannot_be_aborted_is_named_and_nothing_leaves() {
    let mut p = opened(2);
    p.press("q A");
    let call = p.calls.remove(0);
    p.finish(&call, refused(403, "AccessDenied"));
    assert!(!left(&p));
    let said = leave::lines(&p.model).join("\n");
    assert!(said.contains("S3 refused AbortMultipartUpload: AccessDenied"), "{said}");
    assert!(leave::title(&p.model).contains("could not be aborted"));
    p.press("Esc");
    assert!(p.model.leaving.is_none() && p.model.overlays.is_empty());
}

#[test]
fn a_real_endpoint_wants_the_word_before_all_are_aborted() {
    let mut p = opened_on(Target::real("AWS"), 2);
    p.press("r Enter").settle();
    p.press("q");
    let said = leave::lines(&p.model).join("\n");
    assert!(said.contains("a month (STANDARD, AWS list price"), "{said}");
    p.press("A");
    assert!(p.calls.is_empty());
    p.text("abor").press("Enter");
    assert!(p.calls.is_empty());
    p.text("t").press("Enter");
    assert_eq!(p.kinds(), [Op::AbortMultipartUpload]);
    assert!(!p.calls[0].hold);
    p.settle();
    assert!(left(&p));
}

#[test]
fn ten_thousand_parts_are_drawn_from_a_window() {
    let mut p = opened(10_000);
    p.press("r Enter");
    while stored(&p) < 9_000 {
        let part = number(&p.calls[0]);
        answer(&mut p, part, None);
    }
    assert!(bench(&p).predicted.as_ref().is_none_or(|(v, _)| *v != bench(&p).machine.ledger_version()));
    p.settle();
    assert_eq!(stored(&p), 10_000);
    assert!(bench(&p).predicted_etag().is_some());
    p.press("End");
    assert_eq!(bench(&p).selected(), Some(PartNumber(10_000)));
    assert!(
        p.screen().contains("10 000 of 10 000") || p.screen().contains("10000 of 10000"),
        "{}",
        p.screen()
    );
}
