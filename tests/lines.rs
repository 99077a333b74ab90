//! The whole program without a terminal: a run whose calls wait in line, against the sandbox that fails now and then.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use partscope::app::command::Pane;
use partscope::app::model::{Link, Model};
use partscope::app::panes::run::Run;
use partscope::app::panes::step::Bench;
use partscope::app::panes::wire::Row;
use partscope::domain::names::ObjectRef;
use partscope::domain::operation::{OperationKind, PartBody};
use partscope::domain::plan::{PartSource, PlannedPart, UploadPlan};
use partscope::domain::units::PartNumber;
use partscope::domain::upload::{MultipartUpload, PartState, UploadState};
use partscope::tui::shell::off_screen::{OffScreen, run};
use partscope::tui::theme::Choice;
use partscope::tui::{Endpoint, Options, workers};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc::{Sender, channel};

const PARTS: i32 = 300;
const AT_ONCE: u16 = 20;

/// What is looked at when all is over.
#[derive(Default)]
struct Seen {
    /// How each part ended: stored, and how often it was sent.
    parts: Vec<(bool, u32)>,
    rows: Vec<Row>,
    /// The most calls that the program said to be on their way.
    on_their_way: usize,
    /// Frames in which some waited in line.
    lined_up: usize,
}

fn prepare(model: &mut Model) {
    model.hold = false;
    let part = |n| PlannedPart {
        number: PartNumber(n),
        size: Some(64),
        source: PartSource::Body(PartBody::Generated { seed: 1, len: 64 }),
    };
    let plan = UploadPlan {
        parts: (1..=PARTS).map(part).collect(),
        ..UploadPlan::empty(ObjectRef::new("lessons", "lines"))
    };
    let mut bench = Bench::new(MultipartUpload::new(plan));
    bench.dial = AT_ONCE;
    let mut run = Run::new(0, AT_ONCE);
    for part in bench.machine.parts().values() {
        run.pace.add(part.planned.number, 64);
    }
    bench.run = Some(run);
    model.step.add(bench);
    model.set_focus(Pane::Parts);
}

/// Presses what the state of the upload asks for, and notes what is shown.
fn watch(model: &Model, seen: &mut Seen, (input, pressed): (&Sender<io::Result<Event>>, &mut [bool; 2])) {
    let press = |code, with| input.try_send(Ok(Event::Key(KeyEvent::new(code, with)))).unwrap();
    let bench = model.step.bench().unwrap();
    if let Some(run) = &bench.run {
        seen.on_their_way = seen.on_their_way.max(run.on_their_way());
        seen.lined_up += usize::from(!run.in_line.is_empty());
    }
    match bench.machine.state() {
        UploadState::Planned if model.target.link == Link::Ready && !pressed[0] => {
            pressed[0] = true;
            press(KeyCode::Char('1'), KeyModifiers::NONE);
        }
        UploadState::Open if bench.run.is_none() && model.tasks.is_empty() && !pressed[1] => {
            pressed[1] = true;
            let parts = bench.machine.parts().values();
            seen.parts = parts.map(|p| (matches!(p.state, PartState::Done(_)), p.attempts)).collect();
            seen.rows = model.wire.newest_rows().cloned().collect();
            for _ in 0..2 {
                press(KeyCode::Char('c'), KeyModifiers::CONTROL);
            }
        }
        _ => {}
    }
}

/// Runs the program until all parts have ended.
fn play(faults: &[&str]) -> Seen {
    let (input, events) = channel(64);
    let seen = Arc::new(Mutex::new(Seen::default()));
    let mut pressed = [false; 2];
    let watched = Arc::clone(&seen);
    let begin = OffScreen {
        options: Options {
            endpoint: Endpoint::Sandbox(faults.iter().map(|rule| rule.parse().unwrap()).collect()),
            start_at: None,
            theme: Some(Choice::Terminal),
            ascii: Some(false),
        },
        size: (120, 36),
        input: events,
        out: io::sink(),
        prepare: Box::new(prepare),
        watcher: Box::new(move |model| watch(model, &mut watched.lock().unwrap(), (&input, &mut pressed))),
    };
    let workers = workers(&begin.options.endpoint).unwrap();
    let over = workers.block_on(async { tokio::time::timeout(Duration::from_secs(240), run(begin)).await });
    over.expect("the run ends").unwrap();
    std::mem::take(&mut *seen.lock().unwrap())
}

/// The most attempts at parts that were under way at one time, by the times on the wire.
fn most_at_once(rows: &[Row]) -> usize {
    let parts = rows.iter().filter(|row| row.kind.known() == Some(OperationKind::UploadPart));
    let mut turns: Vec<(u64, i32)> = parts
        .map(|row| row.timing())
        .flat_map(|t| [(t.begun, 1), (t.ended.expect("all have ended"), -1)])
        .collect();
    // What ends in a microsecond does so before what begins in it.
    turns.sort_unstable();
    let mut now = 0;
    let levels = turns.iter().map(|(_, step)| {
        now += step;
        now
    });
    usize::try_from(levels.max().unwrap()).unwrap()
}

#[test]
fn a_run_in_line_keeps_to_its_number_and_sends_each_part_once() {
    let seen = play(&[]);
    assert_eq!(seen.parts, vec![(true, 1); PARTS as usize]);
    assert_eq!(most_at_once(&seen.rows), usize::from(AT_ONCE));
    assert!(seen.on_their_way <= usize::from(AT_ONCE), "{}", seen.on_their_way);
    assert!(seen.lined_up > 0, "some waited in line");
}

#[test]
fn whatever_fails_all_parts_of_a_run_in_line_are_stored() {
    let seen = play(&[
        "UploadPart after=30 times=12 slow-down",
        "UploadPart after=60 times=9 reset",
        "UploadPart part=200 times=2 internal-error",
        "UploadPart part=250 times=4 lost-answer",
    ]);
    let ends: Vec<_> = seen.parts.iter().filter(|(stored, _)| !stored).collect();
    assert!(ends.is_empty(), "{} parts are not stored", ends.len());
    assert!(most_at_once(&seen.rows) <= usize::from(AT_ONCE));
    let tries: u32 = seen.parts.iter().map(|(_, tries)| tries).sum();
    assert!(tries > PARTS as u32, "some calls failed as a whole and were made again: {tries}");
}
