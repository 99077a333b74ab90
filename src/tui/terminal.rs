//! Taking the terminal and giving it back, whatever happens: quit, panic, signal, stop.
//!
//! [`leave`] is idempotent; the guard, the panic hook and every signal path call it. Nothing here prints with
//! `println!` or `eprintln!`, which panic when the terminal is gone.

use crossterm::event::{self, DisableBracketedPaste, EnableBracketedPaste, Event};
use crossterm::style::force_color_output;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use std::cell::Cell;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;
use tokio::sync::mpsc;

static ACTIVE: AtomicBool = AtomicBool::new(false);

/// Held while a frame is written, so that no other thread gives the terminal back in the middle of one.
static FRAME: Mutex<()> = Mutex::new(());

thread_local! {
    static DRAWING: Cell<bool> = const { Cell::new(false) };
}

/// Ends a frame that a panic cut off; a terminal would hold everything after it back otherwise.
const FRAME_OFF: &[u8] = b"\x1b[?2026l";

/// Mouse buttons and wheel in SGR form; not `?1003`, which reports every motion.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1002l\x1b[?1000l";

/// Why the screen cannot be used here, with the way out.
pub fn usable() -> Result<(), String> {
    let headless = "the commands inspect, copy and serve work without one";
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(format!("partscope needs a terminal on standard input and output; {headless}"));
    }
    match std::env::var("TERM").as_deref() {
        Err(_) | Ok("") => Err(format!("TERM is not set, so nothing is known of this terminal; {headless}")),
        Ok("dumb") => Err(format!("TERM=dumb cannot move the cursor; {headless}")),
        Ok(_) => Ok(()),
    }
}

/// Takes the terminal.
pub fn enter() -> io::Result<()> {
    // Without this, NO_COLOR makes crossterm 0.29 wipe bold and reverse too; the mono theme sends no colour.
    force_color_output(true);
    enable_raw_mode()?;
    ACTIVE.store(true, SeqCst);
    let mut out = io::stdout();
    execute!(out, EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
    out.write_all(MOUSE_ON)?;
    out.flush()
}

/// Writes a frame, unless the terminal has been given back: what is drawn after that would stay on the shell's
/// screen.
pub fn frame(write: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    let _frame = FRAME.lock().unwrap_or_else(PoisonError::into_inner);
    if !ACTIVE.load(SeqCst) {
        return Ok(());
    }
    DRAWING.set(true);
    let written = write();
    DRAWING.set(false);
    written
}

/// Waits for another thread's frame to end, but not for long: the terminal may have stopped reading.
fn between_frames() -> Option<MutexGuard<'static, ()>> {
    if DRAWING.get() {
        return None;
    }
    for _ in 0..100 {
        match FRAME.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(guard)) => return Some(guard.into_inner()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(2)),
        }
    }
    None
}

/// Gives the terminal back; does nothing when it was not taken.
pub fn leave() {
    let _between = between_frames();
    if ACTIVE.swap(false, SeqCst) {
        let mut out = io::stdout();
        let _ = out.write_all(FRAME_OFF);
        let _ = out.write_all(MOUSE_OFF);
        let _ = execute!(out, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
        let _ = disable_raw_mode();
    }
}

/// Gives the terminal back when dropped.
pub struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        leave();
    }
}

/// A panic in any thread restores the terminal, says what happened and ends the program: a program that runs
/// on behind a restored terminal helps nobody.
pub fn install_panic_hook() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        leave();
        hook(info);
        std::process::exit(101);
    }));
}

/// The terminal vanished: end at once, without dropping anything that would print to it.
pub fn gone() -> ! {
    leave();
    std::process::exit(129)
}

/// Ends the program although the terminal takes no output: its modes are set back, and nothing is written.
pub fn abandon(status: i32) -> ! {
    let _ = disable_raw_mode();
    // SAFETY: ends the process without running anything more of it; what is not written yet cannot be.
    unsafe { libc::_exit(status) }
}

/// Stops the program as Ctrl+Z does in a cooked terminal, and takes the terminal again afterwards.
pub fn suspend() -> io::Result<()> {
    leave();
    // SAFETY: kill with our own process id and a constant signal touches no memory.
    unsafe {
        libc::kill(libc::getpid(), libc::SIGSTOP);
    }
    enter()
}

/// Waits, without a wake-up in between, until there is something to read. `false` when nobody is behind the
/// terminal any more: crossterm reads no end of input from that, and would poll such a terminal without a pause;
/// SIGHUP is not sent to a program outside the terminal's session.
fn wait_for_input() -> bool {
    loop {
        let mut fd = libc::pollfd { fd: libc::STDIN_FILENO, events: libc::POLLIN, revents: 0 };
        // SAFETY: one pollfd is passed, and one is what the call is told of.
        let ready = unsafe { libc::poll(&raw mut fd, 1, -1) };
        if ready > 0 {
            return fd.revents & (libc::POLLHUP | libc::POLLERR | libc::POLLNVAL) == 0;
        }
        if ready < 0 && io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return false;
        }
    }
}

/// Reads events in a thread of its own: the only reader of the terminal.
///
/// The thread sleeps in one system call while nobody types, so that idling costs nothing. Changes of size come to
/// the shell by their own signal.
pub fn events() -> mpsc::Receiver<io::Result<Event>> {
    let (tx, rx) = mpsc::channel(1024);
    std::thread::spawn(move || {
        let send = |event: io::Result<Event>| {
            let failed = event.is_err();
            tx.blocking_send(event).is_ok() && !failed
        };
        while wait_for_input() {
            // What is waiting may be less than an event: then there is nothing yet, and more will come. With no
            // patience at all crossterm would not even look.
            loop {
                let going_on = match event::poll(Duration::from_millis(2)) {
                    Ok(true) => send(event::read()),
                    Ok(false) => break,
                    Err(e) => send(Err(e)),
                };
                if !going_on {
                    return;
                }
            }
        }
        send(Err(io::ErrorKind::UnexpectedEof.into()));
    });
    rx
}
