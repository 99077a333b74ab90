//! The terminal program with everything but a terminal: its shell, runtime, model, records and frames.

use super::{KEY_SECRET, PART, Work};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use partscope::app::command::{Pane, Screen};
use partscope::app::model::{Link, Model};
use partscope::app::panes::run::Run;
use partscope::app::panes::step::Bench;
use partscope::app::panes::wire::Limits;
use partscope::domain::deed::{Deed, DeedId, Who};
use partscope::domain::etag::ETag;
use partscope::domain::exchange::{Captured, End, Exchange, ExchangeId, Sender as By, Timing};
use partscope::domain::layout::PartLayout;
use partscope::domain::names::ObjectRef;
use partscope::domain::operation::{OperationId, OperationKind};
use partscope::domain::plan::{CopySource, PartSource, PlannedPart, UploadPlan};
use partscope::domain::upload::{MultipartUpload, UploadState};
use partscope::s3::target::TargetSpec;
use partscope::tui::shell::off_screen::{OffScreen, run};
use partscope::tui::theme::Choice;
use partscope::tui::{Endpoint, Options};
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Sender, channel};

/// Columns and rows of the screen.
const SIZE: (u16, u16) = (120, 36);

/// What a run on the screen showed besides its cost.
#[derive(Debug, Default)]
pub struct Shown {
    pub frames: usize,
    pub bytes: usize,
    /// From a press to the frame that shows what it did.
    pub answered: Vec<Duration>,
    /// Exchanges in the journal at the end, and those that were dropped from it.
    pub exchanges: usize,
    pub dropped: u64,
}

/// Counts what a terminal would get.
struct Sink(Arc<AtomicUsize>);

impl Write for Sink {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(data.len(), Ordering::Relaxed);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn press(code: KeyCode, modifiers: KeyModifiers) -> io::Result<Event> {
    Ok(Event::Key(KeyEvent::new(code, modifiers)))
}

fn plan(parts: u32) -> UploadPlan {
    let size = u64::from(parts) * PART;
    let source = ObjectRef::new("b", "source");
    let etag = ETag::parse("9a10e3fb885fb16525231cb6a440a941");
    let layout = PartLayout::uniform(size, PART).unwrap();
    let planned = layout.parts().map(|p| PlannedPart {
        number: p.number,
        size: Some(p.size),
        source: PartSource::Copy(p.range().map(|r| r.to_string())),
    });
    UploadPlan {
        parts: planned.collect(),
        source: Some(CopySource { object: source, etag, size }),
        ..UploadPlan::empty(ObjectRef::new("b", "copy"))
    }
}

/// Where somebody moves up and down all the while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typing {
    /// In the ledger of the parts.
    Ledger,
    /// In the list of exchanges, which was full when it began.
    Timeline,
}

impl Typing {
    /// What changes with every press; 0 before anybody can press.
    fn at(self, model: &Model) -> usize {
        match self {
            Self::Ledger => model.step.bench().map_or(0, |bench| bench.part_at),
            Self::Timeline if model.screen != Screen::Wire => 0,
            Self::Timeline => model.wire.selected.map_or(0, |id| id.0 as usize),
        }
    }
}

/// Runs the program to the end of the copy.
pub fn screen(work: &Work, keys: Option<Typing>) -> Shown {
    let (input, events) = channel(1024);
    let written = Arc::new(AtomicUsize::new(0));
    let shown = Arc::new(Mutex::new(Shown::default()));
    let over = Arc::new(AtomicBool::new(false));
    let (at, pressed) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(None)));
    let typist =
        keys.map(|_| typist(input.clone(), Arc::clone(&pressed), Arc::clone(&at), Arc::clone(&over)));
    let typing = keys.unwrap_or(Typing::Ledger);
    let (mut begun, mut looking) = ([false; 3], false);
    let watcher = {
        let (shown, over) = (Arc::clone(&shown), Arc::clone(&over));
        let (parts, input) = (work.parts as usize, input);
        move |model: &Model| {
            let mut shown = shown.lock().unwrap();
            shown.frames += 1;
            let bench = model.step.bench().unwrap();
            let now_at = typing.at(model);
            if at.swap(now_at, Ordering::AcqRel) != now_at
                && let Some(since) = pressed.lock().unwrap().take()
            {
                let since: Instant = since;
                shown.answered.push(since.elapsed());
            }
            let key = |c| input.try_send(press(KeyCode::Char(c), KeyModifiers::NONE)).unwrap();
            if typing == Typing::Timeline && *bench.machine.state() == UploadState::Open && !looking {
                looking = true;
                key('w');
                input.try_send(press(KeyCode::Up, KeyModifiers::NONE)).unwrap();
            }
            match bench.machine.state() {
                UploadState::Planned if model.target.link == Link::Ready && !begun[0] => {
                    begun[0] = true;
                    key('1');
                }
                UploadState::Open if bench.machine.progress().done == parts && !begun[1] => {
                    begun[1] = true;
                    input.try_send(press(KeyCode::Char('3'), KeyModifiers::ALT)).unwrap();
                    key('5');
                }
                UploadState::Completed(_) if !begun[2] => {
                    begun[2] = true;
                    over.store(true, Ordering::Release);
                    (shown.exchanges, shown.dropped) = (model.wire.len(), model.wire.dropped());
                    for _ in 0..2 {
                        input.try_send(press(KeyCode::Char('c'), KeyModifiers::CONTROL)).unwrap();
                    }
                }
                _ => {}
            }
        }
    };
    let spec = TargetSpec {
        endpoint_url: Some(work.endpoint.clone()),
        path_style: true,
        static_credentials: Some((KEY_SECRET.0.into(), KEY_SECRET.1.into())),
        ..TargetSpec::default()
    };
    let (plan, flight) = (plan(work.parts), work.flight);
    let begin = OffScreen {
        options: Options {
            endpoint: Endpoint::Real { spec: Box::new(spec), name: "bench".into() },
            start_at: None,
            theme: Some(Choice::Terminal),
            ascii: Some(false),
        },
        size: SIZE,
        input: events,
        out: Sink(Arc::clone(&written)),
        prepare: Box::new(move |model| {
            prepare(model, plan, flight);
            if typing == Typing::Timeline {
                fill(model);
            }
        }),
        watcher: Box::new(watcher),
    };
    let workers = partscope::tui::workers(&begin.options.endpoint).unwrap();
    workers.block_on(run(begin)).unwrap();
    if let Some(typist) = typist {
        typist.join().unwrap();
    }
    let mut shown = std::mem::take(&mut *shown.lock().unwrap());
    shown.bytes = written.load(Ordering::Relaxed);
    shown
}

fn prepare(model: &mut Model, plan: UploadPlan, flight: usize) {
    model.target.writable = true;
    model.hold = false;
    let mut bench = Bench::new(MultipartUpload::new(plan));
    // The run that `r` would begin, with as many at once as are to be measured.
    bench.dial = u16::try_from(flight).unwrap();
    let mut run = Run::new(0, bench.dial);
    for part in bench.machine.parts().values() {
        run.pace.add(part.planned.number, part.planned.size.unwrap_or(0));
    }
    bench.run = Some(run);
    // In the middle of the ledger, so that looking for the row costs what it costs.
    bench.part_at = bench.machine.parts().len() / 2;
    model.step.add(bench);
    model.set_focus(Pane::Parts);
}

/// A journal that is full: one long run, and many short deeds beside it.
fn fill(model: &mut Model) {
    let deed = |id: u64, label: String| Arc::new(Deed { id: DeedId(1 << 40 | id), who: Who::You, label });
    let long = deed(0, "copy parts of s3://b/earlier".into());
    let mut short = Arc::clone(&long);
    for id in 1..=Limits::USUAL.rows as u64 {
        if id % 10 == 0 {
            short = deed(id, format!("inspect s3://b/key-{id}"));
        }
        let of = if id % 2 == 0 { &long } else { &short };
        model.wire.take_as(vec![exchange(id)], |_| Some(Arc::clone(of)));
    }
}

fn exchange(id: u64) -> Exchange {
    let (mut request, mut response) = (Captured::default(), Captured::default());
    let line = format!("PUT /b/earlier?x-id=UploadPartCopy&partNumber={id}&uploadId=U HTTP/1.1\r\n");
    request
        .push(format!("{line}{}\r\n", "x-amz-some-header: and-its-value-in-full\r\n".repeat(20)).as_bytes());
    response.push(
        format!("HTTP/1.1 200 OK\r\n\r\n<CopyPartResult>{}</CopyPartResult>", " ".repeat(200)).as_bytes(),
    );
    Exchange {
        id: ExchangeId(id),
        operation: OperationId(1 << 40 | id),
        kind: OperationKind::UploadPartCopy.into(),
        sender: By::Here,
        attempt: 1,
        connection: 1,
        reused: true,
        peer: "127.0.0.1:1".into(),
        tls: None,
        request,
        response,
        held: false,
        timing: Timing { begun: id, request_sent: Some(id + 1), ended: Some(id + 9), ..Timing::default() },
        end: Some(End::Complete),
    }
}

/// Presses a key, waits until a frame shows it, and after a while that no clock beats presses the next.
fn typist(
    input: Sender<io::Result<Event>>,
    pressed: Arc<Mutex<Option<Instant>>>,
    at: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut pause = 7;
        let mut down = true;
        while !over.load(Ordering::Acquire) {
            pause = pause * 13 % 31 + 1;
            std::thread::sleep(Duration::from_millis(pause));
            if pressed.lock().unwrap().is_some() || at.load(Ordering::Acquire) == 0 {
                continue;
            }
            *pressed.lock().unwrap() = Some(Instant::now());
            let code = if down { KeyCode::Down } else { KeyCode::Up };
            down = !down;
            if input.blocking_send(press(code, KeyModifiers::NONE)).is_err() {
                return;
            }
        }
    })
}
