//! A run in words: how fast, how far, how many at once, and what holds it back.

use super::Pieces;
use super::paint::{said, wrap};
use crate::app::model::Model;
use crate::app::model::Purpose;
use crate::app::panes::run::Run;
use crate::app::panes::step::Bench;
use crate::domain::operation::OperationId;
use crate::domain::units::human_size;
use crate::tui::theme::Role;

/// The lines under the progress bar: the run, and the parts that are neither planned nor stored.
pub(super) fn lines(model: &Model, bench: &Bench, room: usize) -> Vec<Pieces> {
    let mut out = Vec::new();
    if let Some(run) = &bench.run {
        out.extend(wrap(&pace_words(run, model.now), room).into_iter().map(|l| said(l, Role::Text)));
        if let Some(words) = held_back(run, model.now) {
            out.extend(wrap(&words, room).into_iter().map(|l| said(l, Role::Warning)));
        }
    }
    let counts = counts(model, bench);
    if !counts.is_empty() {
        let p = bench.machine.progress();
        let role = if p.failed + p.doubtful > 0 { Role::Warning } else { Role::Muted };
        out.push(said(counts, role));
    }
    out
}

/// Rate, time left, and how many are sent at once of how many may be.
fn pace_words(run: &Run, now: u64) -> String {
    let mut words = Vec::new();
    if let Some(rate) = run.pace.rate(now) {
        words.push(format!("{}/s", human_size(rate)));
    }
    if let Some(left) = run.pace.eta(now) {
        words.push(format!("about {} left", duration(left)));
    }
    let (window, dial) = (run.pace.window(), run.pace.dial());
    words.push(match window == dial {
        true => format!("{dial} at a time (+ -)"),
        false => format!("{window} of {dial} at a time (+ -)"),
    });
    let stop = run.stop_words();
    if !stop.is_empty() {
        words.push(stop);
    }
    words.join(", ")
}

/// What keeps the run from going on, if anything does.
fn held_back(run: &Run, now: u64) -> Option<String> {
    if let Some(why) = &run.ending {
        return Some(format!("ending: {why}; {} on their way", run.on_their_way()));
    }
    if run.pace.is_paused() {
        return Some(format!("PAUSED, {} on their way; p goes on", run.on_their_way()));
    }
    let (window, wait) = (run.pace.window(), run.pace.not_before().saturating_sub(now));
    match (wait > 0, window < run.pace.dial()) {
        (true, _) => Some(format!("S3 asked for less: {window} at a time, next in {}", tenths(wait))),
        (false, true) => Some(format!("S3 asked for less: {window} at a time, more as it goes well")),
        (false, false) => None,
    }
}

/// Microseconds as seconds with one digit after the point, never shown as none.
fn tenths(micros: u64) -> String {
    let tenths = micros.div_ceil(100_000);
    format!("{}.{} s", tenths / 10, tenths % 10)
}

/// Microseconds in words of the size that matters.
fn duration(micros: u64) -> String {
    let seconds = micros.div_ceil(1_000_000);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// Whether the part that this call sends is held.
pub(super) fn is_held(model: &Model, id: OperationId) -> bool {
    model.step.held.iter().any(|h| h.operation == id)
}

/// Parts whose call waits for its turn. Nothing of it was sent, so they are still planned.
pub(super) fn in_line(bench: &Bench) -> usize {
    bench.run.as_ref().map_or(0, |run| run.in_line.len())
}

fn counts(model: &Model, bench: &Bench) -> String {
    let p = bench.machine.progress();
    let of_here = |id: &OperationId| matches!(model.tasks.get(id), Some(Purpose::Bench(of, crate::domain::upload::Move::Part(_))) if *of == bench.id);
    let held = model.step.held.iter().filter(|h| of_here(&h.operation)).count();
    let all = [
        (held, "held"),
        (p.in_flight.saturating_sub(held + in_line(bench)), "on their way"),
        (p.failed, "refused"),
        (p.doubtful, "doubtful"),
    ];
    let words: Vec<String> =
        all.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::{duration, tenths};

    #[test]
    fn times_are_short_and_never_none_while_something_is_left() {
        assert_eq!(
            (tenths(1), tenths(1_150_000), tenths(12_000_000)),
            ("0.1 s".into(), "1.2 s".into(), "12.0 s".into())
        );
        assert_eq!(duration(1), "1 s");
        assert_eq!(duration(119_000_000), "119 s");
        assert_eq!(duration(600_000_000), "10 min");
        assert_eq!(duration(7_260_000_000), "2 h 1 min");
    }
}
