//! The progress line of a copy: on standard error, only on a terminal, at most ten times a second.

use crate::domain::units::human_size;
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
    pub fn update(&mut self, progress: Progress) {
        if !self.on || self.drawn.is_some_and(|at| at.elapsed() < EVERY) {
            return;
        }
        self.drawn = Some(Instant::now());
        let line = line(progress, self.begun.elapsed());
        let _ = write!(std::io::stderr().lock(), "\r\x1b[K{line}");
    }

    /// Takes the line away.
    pub fn clear(&mut self) {
        if self.drawn.take().is_some() {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}

fn line(p: Progress, elapsed: Duration) -> String {
    const WIDTH: u64 = 24;
    let full = p.bytes_done.saturating_mul(WIDTH).checked_div(p.bytes).unwrap_or(0);
    let bar: String = (0..WIDTH).map(|i| if i < full { '#' } else { '.' }).collect();
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = p.bytes_done.saturating_mul(1000) / millis;
    format!(
        "[{bar}] {}/{} parts  {} of {}  {}/s  {} under way",
        p.done,
        p.parts,
        human_size(p.bytes_done),
        human_size(p.bytes),
        human_size(rate),
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
            line(p, Duration::from_secs(1)),
            "[######..................] 1/4 parts  1.0 KiB of 4.0 KiB  1.0 KiB/s  2 under way"
        );
        assert!(line(Progress::default(), Duration::ZERO).starts_with("[....."));
    }
}
