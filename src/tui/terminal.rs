//! Taking the terminal and giving it back, whatever happens: quit, panic, signal, stop.
//!
//! [`leave`] is idempotent; the guard, the panic hook and every signal path call it. Nothing here prints with
//! `println!` or `eprintln!`, which panic when the terminal is gone.

use crossterm::event::{self, DisableBracketedPaste, EnableBracketedPaste, Event};
use crossterm::style::force_color_output;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;
use tokio::sync::mpsc;

static ACTIVE: AtomicBool = AtomicBool::new(false);

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

/// Gives the terminal back; does nothing when it was not taken.
pub fn leave() {
    if ACTIVE.swap(false, SeqCst) {
        let mut out = io::stdout();
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

/// Stops the program as Ctrl+Z does in a cooked terminal, and takes the terminal again afterwards.
pub fn suspend() -> io::Result<()> {
    leave();
    // SAFETY: kill with our own process id and a constant signal touches no memory.
    unsafe {
        libc::kill(libc::getpid(), libc::SIGSTOP);
    }
    enter()
}

/// Reads events in a thread of its own: the only reader of the terminal.
///
/// One poll happens before the first draw, so that the resize handler is in place by then.
pub fn events() -> mpsc::Receiver<io::Result<Event>> {
    let (tx, rx) = mpsc::channel(1024);
    let _ = event::poll(Duration::ZERO);
    std::thread::spawn(move || {
        loop {
            let next = match event::poll(Duration::from_millis(100)) {
                Ok(true) => event::read(),
                Ok(false) if tx.is_closed() => return,
                Ok(false) => continue,
                Err(e) => Err(e),
            };
            let failed = next.is_err();
            if tx.blocking_send(next).is_err() || failed {
                return;
            }
        }
    });
    rx
}
