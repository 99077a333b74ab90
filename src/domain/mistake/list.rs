//! The lines of a repeated parameter as a whole.

use crate::domain::draft::Draft;

/// The filled lines.
pub(super) fn lines(draft: &Draft, name: &str) -> Vec<String> {
    draft.slots().get(draft.rows(name)).unwrap_or_default().iter().map(|s| s.value.clone()).collect()
}

/// Puts other lines in place of those there are.
pub(super) fn replace(draft: &mut Draft, name: &str, lines: impl IntoIterator<Item = String>) {
    let rows = draft.rows(name);
    for at in rows.clone().rev() {
        draft.drop_row(at);
    }
    for (at, line) in (rows.start..).zip(lines) {
        draft.put(at, line);
    }
}

/// The number in a line of the list of Complete.
pub(super) fn number(line: &str) -> Option<i32> {
    line.split_whitespace().next()?.parse().ok()
}
