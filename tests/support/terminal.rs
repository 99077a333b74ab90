//! The real program in a real pseudo terminal: keys in, whole frames out, every wait with a deadline.

use super::emulator::Emulator;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use vt100::{MouseProtocolMode, Screen};

/// Spent only when something is wrong; the machine may be slow.
const PATIENCE: Duration = Duration::from_secs(30);

pub const ENTER: &str = "\r";
pub const ESC: &str = "\x1b";
pub const TAB: &str = "\t";
pub const BACK_TAB: &str = "\x1b[Z";
pub const DOWN: &str = "\x1b[B";
pub const END: &str = "\x1b[F";
pub const CTRL_C: &str = "\x03";
pub const CTRL_L: &str = "\x0c";
pub const CTRL_Z: &str = "\x1a";

/// How to start the program.
pub struct Start {
    size: (u16, u16),
    args: Vec<String>,
    env: Vec<(String, String)>,
    script: Option<String>,
}

impl Start {
    /// In a terminal of this size.
    pub fn new(cols: u16, rows: u16) -> Self {
        Self { size: (cols, rows), args: Vec::new(), env: Vec::new(), script: None }
    }

    /// With arguments.
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|a| (*a).to_owned()));
        self
    }

    /// With a variable besides `TERM`, `LANG` and `HOME`, or another value of those.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// From a shell script, which finds the program in `$PARTSCOPE`.
    pub fn script(mut self, script: &str) -> Self {
        self.script = Some(script.to_owned());
        self
    }

    fn command(&self, home: &PathBuf) -> CommandBuilder {
        let program = env!("CARGO_BIN_EXE_partscope");
        let mut command = match &self.script {
            Some(script) => {
                let mut shell = CommandBuilder::new("/bin/sh");
                shell.args(["-c", script]);
                shell
            }
            None => CommandBuilder::new(program),
        };
        command.args(&self.args);
        command.env_clear();
        command.cwd(home);
        for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("PATH", "/usr/bin:/bin")] {
            command.env(name, value);
        }
        command.env("HOME", home);
        command.env("PARTSCOPE", program);
        for (name, value) in &self.env {
            command.env(name, value);
        }
        command
    }

    /// Starts it.
    pub fn run(self) -> Terminal {
        let home = new_home();
        let (cols, rows) = self.size;
        let pair = native_pty_system().openpty(pty_size(cols, rows)).unwrap();
        let child = pair.slave.spawn_command(self.command(&home)).unwrap();
        let seen = Arc::new((Mutex::new(Emulator::new(cols, rows)), Condvar::new()));
        let input = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let (stop, stopped) = UnixStream::pair().unwrap();
        let output = pair.master.try_clone_reader().unwrap();
        let fd = pair.master.as_raw_fd().unwrap();
        let reader = {
            let (seen, input) = (Arc::clone(&seen), Arc::clone(&input));
            std::thread::spawn(move || read_on(output, fd, &stopped, &seen, &input))
        };
        let sides = Some(Sides { master: pair.master, _slave: pair.slave, input, stop, reader });
        Terminal { child, sides, seen, home }
    }
}

/// An empty directory of this test's own.
fn new_home() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("partscope-pty-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let home = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&home).unwrap();
    home
}

fn pty_size(cols: u16, rows: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

type Shared = (Mutex<Emulator>, Condvar);
type Input = Arc<Mutex<Box<dyn Write + Send>>>;

/// Feeds the emulator until the program's side is closed or the terminal is hung up.
fn read_on(mut output: Box<dyn Read + Send>, fd: RawFd, stop: &UnixStream, seen: &Shared, input: &Input) {
    let mut buffer = vec![0_u8; 65_536];
    loop {
        let mut fds = [fd, stop.as_raw_fd()].map(|fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 });
        // SAFETY: the array lives through the call, and its length is what the call is told.
        unsafe { libc::poll(fds.as_mut_ptr(), 2, -1) };
        if fds[1].revents != 0 {
            return;
        }
        let count = output.read(&mut buffer).unwrap_or(0);
        let answer = {
            let mut emulator = lock(&seen.0);
            emulator.closed = count == 0;
            emulator.take(&buffer[..count])
        };
        seen.1.notify_all();
        if !answer.is_empty() {
            let _ = lock(input).write_all(&answer);
        }
        if count == 0 {
            return;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The program's end of the line and ours; the program's is kept open so that its modes can be read at any time.
struct Sides {
    master: Box<dyn MasterPty + Send>,
    _slave: Box<dyn SlavePty + Send>,
    input: Input,
    stop: UnixStream,
    reader: JoinHandle<()>,
}

/// A running program and its terminal.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    sides: Option<Sides>,
    seen: Arc<Shared>,
    home: PathBuf,
}

impl Terminal {
    fn sides(&self) -> &Sides {
        self.sides.as_ref().expect("the terminal is hung up")
    }

    /// The directory it runs in.
    pub fn home(&self) -> &PathBuf {
        &self.home
    }

    /// Looks at what came so far.
    pub fn see<R>(&self, look: impl FnOnce(&Emulator) -> R) -> R {
        look(&lock(&self.seen.0))
    }

    /// The text of the last whole frame.
    pub fn text(&self) -> String {
        self.see(|e| e.screen().contents())
    }

    /// Types.
    pub fn send(&self, keys: &str) {
        self.send_bytes(keys.as_bytes());
    }

    /// Types bytes that need not be text.
    pub fn send_bytes(&self, bytes: &[u8]) {
        let mut input = lock(&self.sides().input);
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    /// Pastes, as a terminal does for a program that asked for brackets around it.
    pub fn paste(&self, text: &str) {
        self.send(&format!("\x1b[200~{text}\x1b[201~"));
    }

    /// Presses and lets go of the left button on a cell.
    pub fn click(&self, (col, row): (u16, u16)) {
        let (x, y) = (col + 1, row + 1);
        self.send(&format!("\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m"));
    }

    /// Turns the wheel one notch down over a cell.
    pub fn wheel_down(&self, (col, row): (u16, u16)) {
        self.send(&format!("\x1b[<65;{};{}M", col + 1, row + 1));
    }

    /// Changes the size.
    pub fn resize(&self, cols: u16, rows: u16) {
        lock(&self.seen.0).resize(cols, rows);
        self.sides().master.resize(pty_size(cols, rows)).unwrap();
    }

    /// The program's process id.
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.process_id().expect("it runs")).unwrap()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: i32) {
        // SAFETY: kill touches no memory; the child has not been waited for, so its id is its own.
        assert_eq!(unsafe { libc::kill(self.pid(), signal) }, 0, "signal {signal}");
    }

    /// Closes the window: nobody is behind the terminal any more.
    pub fn hang_up(&mut self) {
        let sides = self.sides.take().expect("the terminal is hung up");
        (&sides.stop).write_all(b"x").unwrap();
        sides.reader.join().unwrap();
    }

    /// Waits until a whole frame is as described.
    #[track_caller]
    pub fn until(&self, what: &str, ok: impl Fn(&Screen) -> bool) {
        self.until_seen(what, |e| ok(e.screen()));
    }

    /// Waits until everything seen is as described.
    #[track_caller]
    pub fn until_seen(&self, what: &str, ok: impl Fn(&Emulator) -> bool) {
        let end = Instant::now() + PATIENCE;
        let mut emulator = lock(&self.seen.0);
        while !ok(&emulator) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || emulator.closed {
                let screen = emulator.screen().contents();
                drop(emulator);
                panic!("waited for {what}; the screen was:\n{screen}");
            }
            emulator = self.seen.1.wait_timeout(emulator, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits for a text on the screen.
    #[track_caller]
    pub fn until_text(&self, text: &str) {
        self.until(text, |s| s.contents().contains(text));
    }

    /// Waits for a text to leave the screen.
    #[track_caller]
    pub fn until_gone(&self, text: &str) {
        self.until(&format!("{text} to go"), |s| !s.contents().contains(text));
    }

    /// Waits for a line that holds all of these, in this order.
    #[track_caller]
    pub fn until_line(&self, parts: &[&str]) {
        self.until(&format!("a line with {parts:?}"), |s| s.contents().lines().any(|l| in_order(l, parts)));
    }

    /// Types and waits for a text that was not there before.
    #[track_caller]
    pub fn press(&self, keys: &str, then: &str) {
        self.send(keys);
        self.until_text(then);
    }

    /// Column and row of the first cell of a text.
    pub fn find(&self, text: &str) -> Option<(u16, u16)> {
        self.see(|e| find(e.screen(), text))
    }

    /// The first line that holds a text.
    pub fn line(&self, text: &str) -> String {
        self.text().lines().find(|l| l.contains(text)).unwrap_or_default().to_owned()
    }

    /// Tests something about the cell at a place.
    pub fn cell<R>(&self, (col, row): (u16, u16), test: impl FnOnce(&vt100::Cell) -> R) -> R {
        self.see(|e| test(e.screen().cell(row, col).expect("inside the screen")))
    }

    /// Waits for the end; gives the exit status, or the signal as a shell gives it.
    #[track_caller]
    pub fn exit(&mut self) -> u32 {
        match poll(|| self.child.try_wait().unwrap()) {
            Some(status) => status.exit_code(),
            None => panic!("it does not end; the screen was:\n{}", self.text()),
        }
    }

    /// Stops reading what the program writes, as a frozen window does; types keys until it cannot write any
    /// more, sends a signal, and gives the exit status.
    #[track_caller]
    pub fn exit_frozen(&mut self, key: &str, signal: i32) -> u32 {
        let seen = Arc::clone(&self.seen);
        let _frozen = lock(&seen.0);
        for _ in 0..300 {
            self.send(key);
            std::thread::sleep(Duration::from_millis(3));
        }
        self.signal(signal);
        poll(|| self.child.try_wait().unwrap()).expect("it ends").exit_code()
    }

    /// Waits until the kernel has stopped it; a SIGCONT before that would be lost.
    #[track_caller]
    pub fn until_stopped(&self) {
        poll(|| (stat(self.pid())[0] == "T").then_some(())).expect("stopped");
    }

    /// Processor time used so far, in clock ticks.
    pub fn ticks(&self) -> u64 {
        let stat = stat(self.pid());
        stat[11].parse::<u64>().unwrap() + stat[12].parse::<u64>().unwrap()
    }

    /// The line discipline's local modes.
    pub fn local_modes(&self) -> libc::tcflag_t {
        let fd = self.sides().master.as_raw_fd().unwrap();
        // SAFETY: termios is plain data, and the call fills it.
        let mut modes: libc::termios = unsafe { std::mem::zeroed() };
        assert_eq!(unsafe { libc::tcgetattr(fd, &raw mut modes) }, 0);
        modes.c_lflag
    }

    /// Waits until the terminal is as the program found it.
    #[track_caller]
    pub fn assert_restored(&self) {
        self.until("the terminal to be given back", |s| {
            !s.alternate_screen()
                && !s.hide_cursor()
                && !s.bracketed_paste()
                && s.mouse_protocol_mode() == MouseProtocolMode::None
        });
        let cooked = libc::ICANON | libc::ECHO | libc::ISIG | libc::IEXTEN;
        assert_eq!(self.local_modes() & cooked, cooked, "the line discipline is still raw");
    }

    /// The program has the terminal: alternate screen, raw, paste and mouse reported.
    #[track_caller]
    pub fn assert_taken(&self) {
        self.until("the terminal to be taken", |s| {
            s.alternate_screen() && s.bracketed_paste() && s.mouse_protocol_mode() != MouseProtocolMode::None
        });
        assert_eq!(self.local_modes() & (libc::ICANON | libc::ECHO), 0, "the line discipline is cooked");
    }

    /// Nothing but the screen was touched.
    #[track_caller]
    pub fn assert_quiet(&self) {
        let (bells, titles, clipboard) = self.see(|e| (e.ears().bells, e.ears().titles, e.ears().clipboard));
        assert_eq!((bells, titles, clipboard), (0, 0, 0), "bells, titles, clipboard");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if self.sides.is_some() {
            self.hang_up();
        }
        let _ = std::fs::remove_dir_all(&self.home);
    }
}

/// Whether a line holds these texts one after the other.
pub fn in_order(line: &str, parts: &[&str]) -> bool {
    let mut rest = line;
    parts.iter().all(|part| match rest.split_once(part) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

/// Column and row of the first cell of a text.
pub fn find(screen: &Screen, text: &str) -> Option<(u16, u16)> {
    let (rows, cols) = screen.size();
    (0..rows.get()).find_map(|row| {
        let (mut line, mut columns) = (String::new(), Vec::new());
        for col in 0..cols.get() {
            let cell = screen.cell(row, col)?;
            if !cell.is_wide_continuation() {
                let symbol = if cell.has_contents() { cell.contents() } else { " " };
                columns.extend(std::iter::repeat_n(col, symbol.len()));
                line.push_str(symbol);
            }
        }
        line.find(text).map(|at| (columns[at], row))
    })
}

/// The fields of `/proc/PID/stat` from the state on.
fn stat(pid: i32) -> Vec<String> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, fields) = text.rsplit_once(") ").unwrap();
    fields.split(' ').map(str::to_owned).collect()
}

/// Asks again and again until there is an answer, or the deadline is past.
pub fn poll<R>(mut ask: impl FnMut() -> Option<R>) -> Option<R> {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() > end {
            return None;
        }
        std::thread::sleep(Duration::from_millis(3));
    }
}
