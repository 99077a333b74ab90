//! The progress line of a copy or of hashing: on standard error, only on a terminal, at most ten times a second.

use crate::domain::units::{grouped, human_size};
use crate::domain::upload::Progress;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// A line that is written over and over.
#[derive(Debug)]
pub struct Bar {
    on: bool,
    begun: Instant,
    drawn: Option<Instant>,
}

const EVERY: Duration = Duration::from_millis(100);

impl Bar {
    /// A bar, if wanted and if there is a terminal to draw it on.
    pub fn new(wanted: bool) -> Self {
        Self { on: wanted && std::io::stderr().is_terminal(), begun: Instant::now(), drawn: None }
    }

    /// Draws how far it is, unless it was drawn a moment ago.
    /// `rate` is bytes a second, `eta` microseconds, both as far as they are known.
    pub fn update(&mut self, progress: Progress, rate: Option<u64>, eta: Option<u64>) {
        if !self.on || self.drawn.is_some_and(|at| at.elapsed() < EVERY) {
            return;
        }
        self.drawn = Some(Instant::now());
        let line = line(progress, rate, eta);
        let _ = write!(std::io::stderr().lock(), "\r\x1b[K{line}");
    }

    /// Takes the line away.
    pub fn clear(&mut self) {
        if self.drawn.take().is_some() {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}

/// The line of a single long computation: how much, how fast, how long yet.
#[derive(Debug)]
pub struct Rate(Bar);

impl Rate {
    /// A line, if wanted and if there is a terminal to draw it on.
    pub fn new(wanted: bool) -> Self {
        Self(Bar::new(wanted))
    }

    /// Draws how many bytes were done, of how many if that is known.
    pub fn update(&mut self, done: u64, of: Option<u64>) {
        if !self.0.on || self.0.drawn.is_some_and(|at| at.elapsed() < EVERY) {
            return;
        }
        self.0.drawn = Some(Instant::now());
        let line = rate_line(done, of, self.0.begun.elapsed());
        let _ = write!(std::io::stderr().lock(), "\r\x1b[K{line}");
    }

    /// Takes the line away.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// The line of many requests: how many were answered, how fast, how long yet.
#[derive(Debug)]
pub struct Count {
    bar: Bar,
    of: u64,
}

impl Count {
    /// A line for so many requests, if wanted and if there is a terminal to draw it on.
    pub fn new(wanted: bool, of: u64) -> Self {
        Self { bar: Bar::new(wanted), of }
    }

    /// Draws how many were answered.
    pub fn update(&mut self, done: u64) {
        if !self.bar.on || self.bar.drawn.is_some_and(|at| at.elapsed() < EVERY) {
            return;
        }
        self.bar.drawn = Some(Instant::now());
        let line = count_line(done, self.of, self.bar.begun.elapsed());
        let _ = write!(std::io::stderr().lock(), "\r\x1b[K{line}");
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        self.bar.clear();
    }
}

fn count_line(done: u64, of: u64, elapsed: Duration) -> String {
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    let left = of.saturating_sub(done).saturating_mul(millis).checked_div(done);
    let left = left.map_or_else(String::new, |left| format!("  {} left", clock(left / 1000)));
    format!("[{}] {} of {} requests{left}", bar(done, of), grouped(done), grouped(of))
}

fn per_second(bytes: u64, elapsed: Duration) -> u64 {
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    bytes.saturating_mul(1000) / millis
}

fn rate_line(done: u64, of: Option<u64>, elapsed: Duration) -> String {
    let rate = per_second(done, elapsed);
    let so_far = human_size(done);
    match of {
        Some(all) => {
            let left = all.saturating_sub(done).checked_div(rate).unwrap_or(0);
            format!(
                "[{}] {so_far} of {}  {}/s  {} left",
                bar(done, all),
                human_size(all),
                human_size(rate),
                clock(left)
            )
        }
        None => format!("{so_far}  {}/s", human_size(rate)),
    }
}

/// Seconds as people say them: `42 s`, `3 min 05 s`, `2 h 07 min`.
fn clock(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

fn bar(done: u64, of: u64) -> String {
    const WIDTH: u64 = 24;
    let full = done.saturating_mul(WIDTH).checked_div(of).unwrap_or(0);
    (0..WIDTH).map(|i| if i < full { '#' } else { '.' }).collect()
}

fn line(p: Progress, rate: Option<u64>, eta: Option<u64>) -> String {
    let bar = bar(p.bytes_done, p.bytes);
    let rate = rate.map_or_else(String::new, |rate| format!("  {}/s", human_size(rate)));
    let eta = eta.map_or_else(String::new, |eta| format!("  {} left", clock(eta / 1_000_000)));
    format!(
        "[{bar}] {}/{} parts  {} of {}{rate}{eta}  {} under way",
        p.done,
        p.parts,
        human_size(p.bytes_done),
        human_size(p.bytes),
        p.in_flight
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_far_and_how_fast() {
        let p = Progress {
            parts: 4,
            done: 1,
            in_flight: 2,
            bytes: 4096,
            bytes_done: 1024,
            ..Progress::default()
        };
        assert_eq!(
            line(p, Some(1024), Some(3_900_000)),
            "[######..................] 1/4 parts  1.0 KiB of 4.0 KiB  1.0 KiB/s  3 s left  2 under way"
        );
        assert!(line(Progress::default(), None, None).ends_with("0/0 parts  0 B of 0 B  0 under way"));
    }

    #[test]
    fn many_requests_say_how_many_are_answered() {
        assert_eq!(
            count_line(1250, 5000, Duration::from_secs(10)),
            "[######..................] 1 250 of 5 000 requests  30 s left"
        );
        assert_eq!(count_line(0, 9, Duration::ZERO), "[........................] 0 of 9 requests");
    }

    #[test]
    fn a_rate_says_how_long_it_will_take_yet() {
        assert_eq!(
            rate_line(1 << 30, Some(4 << 30), Duration::from_secs(1)),
            "[######..................] 1.0 GiB of 4.0 GiB  1.0 GiB/s  3 s left"
        );
        assert_eq!(rate_line(2048, None, Duration::from_secs(2)), "2.0 KiB  1.0 KiB/s");
        assert_eq!([clock(59), clock(185), clock(7620)], ["59 s", "3 min 05 s", "2 h 07 min"]);
    }
}
