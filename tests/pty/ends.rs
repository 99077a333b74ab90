//! Every way to end or to stop: the terminal is given back, and the exit status says what happened.

use crate::support::terminal::{CTRL_L, CTRL_Z, ENTER, Start, Terminal, poll};
use crate::{browsing, plan_lesson, ready};
use std::process::{Command, Stdio};
use std::time::Instant;

#[test]
fn quitting_gives_the_terminal_back() {
    let mut t = browsing(120, 36);
    t.assert_taken();
    t.send("q");
    assert_eq!(t.exit(), 0);
    t.assert_restored();
}

#[test]
fn signals_end_it_with_their_own_status() {
    for (signal, status) in [(libc::SIGTERM, 143), (libc::SIGINT, 130)] {
        let mut t = browsing(120, 36);
        plan_lesson(&t);
        t.press(ENTER, "HELD: signed");
        t.signal(signal);
        assert_eq!(t.exit(), status);
        t.assert_restored();
    }
}

#[test]
fn a_signal_during_the_start_is_not_lost() {
    let mut t = Start::new(120, 36).run();
    t.until_seen("the first frame", |e| e.ears().frames > 0);
    t.signal(libc::SIGTERM);
    assert_eq!(t.exit(), 143);
    t.assert_restored();
}

#[test]
fn sighup_and_a_closed_window_end_it_at_once() {
    let mut t = browsing(120, 36);
    t.signal(libc::SIGHUP);
    assert_eq!(t.exit(), 129);
    t.assert_restored();
    // Also when whoever started it had SIGHUP ignored.
    for script in [r#"exec "$PARTSCOPE""#, r#"trap "" HUP; exec "$PARTSCOPE""#] {
        let mut t = ready(Start::new(120, 36).script(script).run());
        let closed = Instant::now();
        t.hang_up();
        assert_eq!(t.exit(), 129, "{script}");
        assert!(closed.elapsed().as_secs() < 5, "ended after {:?}", closed.elapsed());
    }
}

#[test]
fn a_frozen_window_does_not_keep_a_signal_waiting_for_ever() {
    let mut t = browsing(120, 36);
    assert_eq!(t.exit_frozen(CTRL_L, libc::SIGTERM), 143);
    assert_ne!(t.local_modes() & libc::ICANON, 0, "the line discipline is still raw");
}

#[test]
fn a_closed_window_is_noticed_without_any_signal() {
    // Outside the terminal's session nobody sends SIGHUP: only the terminal itself can tell.
    let script = r#"trap "" HUP; setsid -w "$PARTSCOPE"; echo $? > "$HOME/status""#;
    let mut t = ready(Start::new(120, 36).script(script).run());
    t.hang_up();
    let file = t.home().join("status");
    let status = poll(|| std::fs::read_to_string(&file).ok().filter(|s| s.ends_with('\n')));
    assert_eq!(status.as_deref(), Some("129\n"));
    t.exit();
}

/// The lines of a frame; blanks at their ends count for nothing.
fn lines(screen: &vt100::Screen) -> Vec<String> {
    screen.contents().lines().map(|l| l.trim_end().to_owned()).collect()
}

#[test]
fn stopping_gives_the_terminal_back_until_it_goes_on() {
    let mut t = browsing(120, 36);
    let before = t.see(|e| lines(e.screen()));
    for by_key in [true, false] {
        match by_key {
            true => t.send(CTRL_Z),
            false => t.signal(libc::SIGTSTP),
        }
        t.until_stopped();
        t.assert_restored();
        t.signal(libc::SIGCONT);
        t.until("the same frame again", |s| s.alternate_screen() && lines(s) == before);
        t.assert_taken();
    }
    t.send(CTRL_Z);
    t.until_stopped();
    t.resize(100, 30);
    t.signal(libc::SIGCONT);
    t.until("the frame at its new size", |s| {
        s.rows(0, 100).nth(27).is_some_and(|row| row.starts_with('└') && row.ends_with('┘'))
    });
    t.press("?", "Keys: Browse");
    t.signal(libc::SIGTERM);
    assert_eq!(t.exit(), 143);
    t.assert_restored();
}

#[test]
#[cfg(debug_assertions)]
fn a_panic_anywhere_gives_the_terminal_back_and_is_readable() {
    for (place, words) in [("ui", "this panic in a frame"), ("task", "this panic in a task")] {
        let mut t = ready(Start::new(120, 36).env("PARTSCOPE_TEST_PANIC", place).run());
        t.send(CTRL_L);
        assert_eq!(t.exit(), 101);
        t.assert_restored();
        t.until_text(words);
        // Nothing is drawn on the shell's screen after the terminal was given back.
        assert!(!t.text().contains("Buckets"), "{}", t.text());
    }
}

#[test]
fn without_a_terminal_it_says_so_in_one_sentence() {
    let output = Command::new(env!("CARGO_BIN_EXE_partscope"))
        .env("TERM", "xterm-256color")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("needs a terminal"), "{said}");
}

#[test]
fn half_a_terminal_or_a_dumb_one_is_refused_alike() {
    let cases = [
        (r#"exec "$PARTSCOPE" < /dev/null"#, "xterm-256color", "needs a terminal"),
        (r#"exec "$PARTSCOPE" > "$HOME/out""#, "xterm-256color", "needs a terminal"),
        (r#"exec "$PARTSCOPE""#, "dumb", "TERM=dumb"),
        (r#"exec "$PARTSCOPE""#, "", "TERM is not set"),
    ];
    for (script, term, words) in cases {
        let mut t = Start::new(120, 36).script(script).env("TERM", term).run();
        assert_eq!(t.exit(), 2, "{script}");
        t.until_text(words);
        assert_untouched(&t);
        let out = std::fs::read(t.home().join("out")).unwrap_or_default();
        assert!(out.is_empty(), "{}", String::from_utf8_lossy(&out));
    }
}

/// Not one control sequence was written.
#[track_caller]
fn assert_untouched(t: &Terminal) {
    t.assert_restored();
    assert!(t.see(|e| !e.raw.contains(&0x1b)), "an escape was written to a terminal that is not used");
}
