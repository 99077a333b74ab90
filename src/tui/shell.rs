//! The event loop: events in, messages to the model, effects out, a frame when something changed.
//!
//! Keys are served first and drawn at once; floods from the wire are drawn at most every 16 ms, while many calls are under
//! way every 66 ms. When nothing happens nothing runs: there is no tick unless the model says that it changes by itself.

pub mod off_screen;

use super::hooks::{self, Trap};
use super::report::Report;
use super::runtime::Runtime;
use super::theme::{Choice, Theme, locale_is_utf8};
use super::view::{self, Look};
use super::{Endpoint, Options, keys, regions, terminal};
use crate::app::model::{Model, Target};
use crate::app::msg::{Effect, Msg};
use crate::app::update;
use crate::domain::hand_over::left_open;
use crate::domain::upload::{Move, UploadState};
use crate::s3::target::TargetSpec;
use crate::wire::hub::Hub;
use crossterm::clipboard::CopyToClipboard;
use crossterm::event::Event;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use crossterm::{execute, queue};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Least time between two frames that nobody pressed a key for.
const FRAME: Duration = Duration::from_millis(16);
/// The same while many calls are under way: what changes then are counts, and nobody reads them faster.
const BUSY_FRAME: Duration = Duration::from_millis(66);
/// Calls under way that are many.
const MANY: usize = 4;
/// How long reports wait for each other while calls in line take the places of those that end and nothing else is under
/// way: waking up for each costs more than taking it.
const GATHER: Duration = BUSY_FRAME;
/// Calls under way from which on nobody follows one that is over before the next frame.
const CROWD: usize = 32;
const TICK: Duration = Duration::from_millis(250);
/// How long an orderly end may take after a signal.
const PATIENCE: Duration = Duration::from_secs(3);
/// Most events taken before a frame is drawn.
const BURST: usize = 512;

struct Shell<W: Write> {
    terminal: Terminal<CrosstermBackend<W>>,
    model: Model,
    runtime: Runtime,
    hub: Arc<Hub>,
    look: Look,
    quit: bool,
    last_draw: Instant,
    redraw_at: Option<Instant>,
    /// Until when reports gather.
    gather_until: Option<Instant>,
    trapped: bool,
    /// How a real endpoint is reached, for commands that are printed.
    spec: Option<TargetSpec>,
    /// Without a terminal: who is told of every frame.
    watcher: Option<off_screen::Watcher>,
}

/// Runs the program; gives the exit status.
pub async fn run(options: Options) -> color_eyre::Result<i32> {
    terminal::install_panic_hook();
    terminal::enter()?;
    let guard = terminal::Guard;
    let mut input = terminal::events();
    let (reports_tx, mut reports) = mpsc::channel(256);
    let terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
    let mut shell = Shell::new(options, reports_tx, terminal);
    shell.model.size = crossterm::terminal::size().unwrap_or((0, 0));
    let status = shell.serve(&mut input, &mut reports).await?;
    let open = farewell(&shell.model, shell.spec.as_ref());
    drop(guard);
    let _ = io::stdout().write_all(open.as_bytes());
    shell.runtime.shut_down().await;
    Ok(status)
}

impl<W: Write> Shell<W> {
    fn new(options: Options, reports: mpsc::Sender<Report>, terminal: Terminal<CrosstermBackend<W>>) -> Self {
        let spec = match &options.endpoint {
            Endpoint::Sandbox(_) | Endpoint::Replay(_) => None,
            Endpoint::Real { spec, .. } => Some((**spec).clone()),
        };
        let hub = Hub::new();
        let epoch = hooks::standing_clock()
            .unwrap_or_else(std::time::SystemTime::now)
            .duration_since(std::time::UNIX_EPOCH)
            .ok()
            .and_then(|d| i64::try_from(d.as_secs()).ok())
            .unwrap_or(0);
        let mut model = match &options.endpoint {
            Endpoint::Sandbox(_) => Model::new(Target::sandbox(), epoch),
            Endpoint::Real { name, .. } => Model::new(Target::real(name.clone()), epoch),
            Endpoint::Replay(replay) => Model::replaying((**replay).clone()),
        };
        model.start_at = options.start_at;
        // The sandbox begins with its lessons: the bucket before them in the alphabet costs work to look at.
        model.first_bucket = matches!(options.endpoint, Endpoint::Sandbox(_))
            .then(|| crate::sandbox::seed::LESSONS.to_owned());
        Self {
            terminal,
            model,
            runtime: Runtime::new(options.endpoint, hub.clone(), reports),
            hub,
            look: Look {
                theme: Theme::new(options.theme.unwrap_or_else(Choice::from_env)),
                ascii: options.ascii.unwrap_or_else(|| !locale_is_utf8()),
            },
            quit: false,
            last_draw: Instant::now(),
            redraw_at: None,
            gather_until: None,
            trapped: false,
            spec,
            watcher: None,
        }
    }

    async fn serve(
        &mut self,
        input: &mut mpsc::Receiver<io::Result<Event>>,
        reports: &mut mpsc::Receiver<Report>,
    ) -> color_eyre::Result<i32> {
        let mut term = signal(SignalKind::terminate())?;
        let mut hup = signal(SignalKind::hangup())?;
        let mut int = signal(SignalKind::interrupt())?;
        let mut tstp = signal(SignalKind::from_raw(libc::SIGTSTP))?;
        let mut winch = signal(SignalKind::window_change())?;
        end_if_stuck()?;
        // From here on every change of size is heard of; one before it is not.
        self.resized()?;
        // The first frame waits for nothing: no credentials, no region, no sandbox.
        self.draw();
        let first = update::start(&mut self.model);
        self.execute(first)?;
        while !self.quit {
            tokio::select! {
                biased;
                _ = term.recv() => return Ok(143),
                _ = hup.recv() => terminal::gone(),
                _ = int.recv() => return Ok(130),
                _ = tstp.recv() => self.suspend()?,
                _ = winch.recv() => {
                    self.resized()?;
                    self.draw();
                }
                event = input.recv() => match event {
                    Some(Ok(event)) => self.events(event, input)?,
                    Some(Err(_)) | None => terminal::gone(),
                },
                () = time_of(self.redraw_at) => self.draw(),
                () = time_of(self.gather_until) => self.gather_until = None,
                () = self.runtime.runs_low(), if self.gather_until.is_some() => self.gather_until = None,
                Some(report) = reports.recv(), if self.gather_until.is_none() => self.reports(report, reports)?,
                () = self.hub.changed(), if self.redraw_at.is_none() => {
                    self.drain_wire()?;
                    self.soon();
                }
                () = tokio::time::sleep(self.tick_in()), if self.model.animating() => {
                    self.message(Msg::Tick(self.now()))?;
                    self.soon();
                }
            }
        }
        Ok(0)
    }

    /// Asks the terminal for its size.
    fn resized(&mut self) -> color_eyre::Result<()> {
        if self.watcher.is_some() {
            return Ok(());
        }
        match crossterm::terminal::size() {
            Ok((cols, rows)) => self.message(Msg::Resize(cols, rows)),
            Err(_) => Ok(()),
        }
    }

    /// Takes all events that are waiting, then draws once.
    fn events(
        &mut self,
        first: Event,
        input: &mut mpsc::Receiver<io::Result<Event>>,
    ) -> color_eyre::Result<()> {
        let mut next = Some(first);
        let mut taken = 0;
        while let Some(event) = next.take() {
            self.event(event)?;
            taken += 1;
            if taken < BURST && !self.quit {
                match input.try_recv() {
                    Ok(Ok(event)) => next = Some(event),
                    Ok(Err(_)) => terminal::gone(),
                    Err(_) => {}
                }
            }
        }
        self.draw();
        Ok(())
    }

    fn event(&mut self, event: Event) -> color_eyre::Result<()> {
        let Some(msg) = keys::message(event) else { return Ok(()) };
        self.model.now = self.now();
        match msg {
            Msg::Click(col, row) => {
                let effects = match view::tab(self.area(), &self.model, col, row) {
                    Some(screen) => update::click_screen(&mut self.model, screen),
                    None => view::hit(self.area(), &self.model, col, row)
                        .map(|(pane, at)| update::click(&mut self.model, pane, at))
                        .unwrap_or_default(),
                };
                self.execute(effects)
            }
            Msg::Wheel { up, col, row } => {
                let pane = view::hit(self.area(), &self.model, col, row).map(|(pane, _)| pane);
                let effects = update::wheel(&mut self.model, pane, up);
                self.execute(effects)
            }
            other => self.message(other),
        }
    }

    /// Takes what tasks have sent back by now, together: while many calls end, one look at the wire serves them all.
    fn reports(&mut self, first: Report, waiting: &mut mpsc::Receiver<Report>) -> color_eyre::Result<()> {
        let mut all = vec![first];
        while all.len() < BURST
            && let Ok(report) = waiting.try_recv()
        {
            all.push(report);
        }
        self.model.now = self.now();
        if all.iter().any(|report| matches!(report, Report::Msg(Msg::Finished { .. }))) {
            // No outcome must overtake the last bytes of its exchange, and those were recorded before it was sent.
            self.drain_wire()?;
        }
        for report in all {
            self.report(report)?;
        }
        self.soon();
        self.gather_until = self.runtime.is_supplied().then(|| Instant::now() + GATHER);
        Ok(())
    }

    fn report(&mut self, report: Report) -> color_eyre::Result<()> {
        let msg = match report {
            Report::Client(client, sandbox) => self.runtime.connected(client, sandbox),
            Report::Msg(msg) => msg,
        };
        if let Msg::Finished { id, .. } = &msg {
            self.runtime.ended(*id);
        }
        self.message(msg)
    }

    /// How long until the next tick: sooner when a run waits for less.
    fn tick_in(&self) -> Duration {
        let wake = self.model.wake_at().map(|at| Duration::from_micros(at.saturating_sub(self.now())));
        wake.map_or(TICK, |wake| wake.clamp(Duration::from_millis(1), TICK))
    }

    /// Microseconds since the program began.
    fn now(&self) -> u64 {
        match hooks::one_by_one() {
            true => 1_000_000,
            false => self.hub.now_micros(),
        }
    }

    fn drain_wire(&mut self) -> color_eyre::Result<()> {
        let mut batch = match self.model.tasks.len() >= CROWD {
            true => self.hub.drain_older_than(FRAME.as_micros() as u64),
            false => self.hub.drain(),
        };
        batch.iter_mut().for_each(|exchange| hooks::steady(Arc::make_mut(exchange)));
        if batch.is_empty() {
            return Ok(());
        }
        self.model.now = self.now();
        self.message(Msg::Wire(batch, self.hub.dropped()))
    }

    fn message(&mut self, msg: Msg) -> color_eyre::Result<()> {
        let effects = update::update(&mut self.model, msg);
        self.execute(effects)
    }

    fn execute(&mut self, effects: Vec<Effect>) -> color_eyre::Result<()> {
        for effect in effects {
            match effect {
                Effect::Quit => self.quit = true,
                Effect::Repaint => {
                    self.trapped = hooks::trap() == Some(Trap::Ui);
                    if hooks::trap() == Some(Trap::Task) {
                        tokio::spawn(async { hooks::spring("a task") });
                    }
                    self.repaint()?;
                }
                Effect::Copy(text) => {
                    execute!(self.terminal.backend_mut(), CopyToClipboard::to_clipboard_from(text))?;
                }
                Effect::Suspend => self.suspend()?,
                other => self.runtime.start(other),
            }
        }
        Ok(())
    }

    fn suspend(&mut self) -> color_eyre::Result<()> {
        terminal::suspend()?;
        self.resized()?;
        self.repaint()?;
        self.draw();
        Ok(())
    }

    /// Forgets what is on the screen, so that the next frame writes every cell. `Terminal::clear` would first
    /// ask the terminal where the cursor is, and the answer would go to the input thread.
    fn repaint(&mut self) -> io::Result<()> {
        self.terminal.resize(self.area())
    }

    fn area(&self) -> Rect {
        Rect::new(0, 0, self.model.size.0, self.model.size.1)
    }

    /// Asks for a frame, no sooner than some time after the last one.
    fn soon(&mut self) {
        let apart = if self.model.tasks.len() >= MANY { BUSY_FRAME } else { FRAME };
        self.redraw_at.get_or_insert(self.last_draw + apart);
    }

    fn draw(&mut self) {
        self.redraw_at = None;
        self.last_draw = Instant::now();
        if self.model.size.0 == 0 || self.model.size.1 == 0 {
            // A terminal without a size yet: wait for it to get one.
            return;
        }
        let regions = regions::regions(self.area(), &self.model);
        if let Some(rect) = regions.pane(self.model.pane()) {
            self.model.page = regions::list_rows(rect).max(1);
        }
        view::clamp(&mut self.model, &regions);
        let (model, look) = (&self.model, self.look);
        let (screen, trapped, on_terminal) = (&mut self.terminal, self.trapped, self.watcher.is_none());
        let mut write = || {
            queue!(screen.backend_mut(), BeginSynchronizedUpdate)?;
            screen.draw(|frame| {
                view::draw(model, look, frame);
                if trapped {
                    hooks::spring("a frame");
                }
            })?;
            execute!(screen.backend_mut(), EndSynchronizedUpdate)
        };
        let drawn = if on_terminal { terminal::frame(&mut write) } else { write() };
        if drawn.is_err() {
            terminal::gone();
        }
        if let Some(watcher) = &mut self.watcher {
            watcher(&self.model);
        }
    }
}

/// A terminal that takes no output keeps the loop in the middle of a frame, where it sees no signal. After a
/// while the program ends without it.
fn end_if_stuck() -> io::Result<()> {
    let ends = [(SignalKind::terminate(), 143), (SignalKind::interrupt(), 130), (SignalKind::hangup(), 129)];
    for (kind, status) in ends {
        let mut signal = signal(kind)?;
        tokio::spawn(async move {
            signal.recv().await;
            tokio::time::sleep(PATIENCE).await;
            terminal::abandon(status);
        });
    }
    Ok(())
}

async fn time_of(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// What the user must know after leaving: uploads that are still open on a real endpoint, how to go on with each and
/// how to end it. The sandbox is gone with the program, and its uploads with it.
fn farewell(model: &Model, spec: Option<&TargetSpec>) -> String {
    let Some(spec) = spec else { return String::new() };
    let place = spec.place();
    let open = model.step.benches.iter().map(|b| &b.machine).filter(|m| {
        m.holds_parts() || matches!(m.state(), UploadState::Creating | UploadState::Doubtful(Move::Create))
    });
    let lines = open.flat_map(|machine| left_open(machine, &place));
    lines.map(|line| crate::domain::text::visible(&line) + "\n").collect()
}
