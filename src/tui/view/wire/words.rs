//! Words for rows of the journal, and the glyphs of the waterfall.

use crate::app::panes::wire::row::{Part, Row, State};
use crate::domain::waterfall::Phase;
use crate::tui::theme::Role;

/// Name of the call, with its part number and its attempt.
pub(in super::super) fn name(row: &Row) -> String {
    let retry = if row.attempt > 1 { format!(" ↻{}", row.attempt) } else { String::new() };
    match row.part {
        Part::None => format!("{}{retry}", row.kind),
        Part::Number(n) => format!("{} part {n}{retry}", row.kind),
        Part::Odd => format!("{} part ?{retry}", row.kind),
    }
}

/// The same in fewer cells.
pub(super) fn short_name(row: &Row) -> String {
    name(row).replacen(" part ", " #", 1)
}

/// How an exchange stands.
pub(super) fn status(state: State) -> (String, Role) {
    match state {
        State::Done(s) => (s.to_string(), Role::Good),
        State::Dropped => ("drop".into(), Role::Muted),
        State::UnderWay => ("…".into(), Role::Accent),
        State::Answering(s) => (format!("{s}…"), Role::Accent),
        State::Held => ("held".into(), Role::Warning),
        State::Refused(s) => (format!("{s}✗"), Role::Bad),
        State::Broken(s) => (format!("{s}!"), Role::Bad),
        State::Cut => ("cut".into(), Role::Bad),
        State::Lost => ("lost".into(), Role::Bad),
    }
}

/// Microseconds as milliseconds, without the unit; in seconds with it where that is too long.
pub(super) fn millis(micros: u64) -> String {
    match micros {
        0..9_950 => format!("{}.{}", micros / 1000, micros % 1000 / 100),
        9_950..10_000_000 => (micros / 1000).to_string(),
        _ => format!("{} s", micros / 1_000_000),
    }
}

/// The same with its unit, everywhere.
pub(super) fn ms(micros: u64) -> String {
    if micros < 10_000_000 { format!("{} ms", millis(micros)) } else { millis(micros) }
}

/// How a phase is drawn.
pub(super) fn glyph(phase: Phase) -> (&'static str, Role) {
    match phase {
        Phase::Gap => ("…", Role::Muted),
        Phase::Connect => ("░", Role::Linked),
        Phase::Tls => ("▒", Role::Linked),
        Phase::Held => ("‖", Role::Warning),
        Phase::Send => ("▶", Role::Accent),
        Phase::Wait => ("─", Role::Muted),
        Phase::Receive => ("█", Role::Good),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::width;
    use crate::tui::theme::ascii;
    use std::collections::BTreeSet;

    #[test]
    fn every_phase_has_a_glyph_of_one_cell_that_ascii_can_tell_apart() {
        let all: BTreeSet<&str> = Phase::ALL.iter().map(|p| ascii(glyph(*p).0).unwrap()).collect();
        assert_eq!(all.len(), Phase::ALL.len());
        assert!(Phase::ALL.iter().all(|p| width(glyph(*p).0) == 1));
    }

    #[test]
    fn times_fit_their_column() {
        for (micros, want) in [
            (0, "0.0"),
            (1_549, "1.5"),
            (9_949, "9.9"),
            (9_950, "9"),
            (9_999_999, "9999"),
            (10_000_000, "10 s"),
        ] {
            assert_eq!(millis(micros), want);
        }
    }
}
