//! A selection in a list whose length is known elsewhere.

/// How far to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Motion {
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// One page up.
    PageUp,
    /// One page down.
    PageDown,
    /// First row.
    Home,
    /// Last row.
    End,
}

/// Moves `at` within `len` rows; a page has `page` rows.
pub fn moved(at: usize, len: usize, page: usize, motion: Motion) -> usize {
    let last = len.saturating_sub(1);
    match motion {
        Motion::Up => at.saturating_sub(1),
        Motion::Down => at.saturating_add(1).min(last),
        Motion::PageUp => at.saturating_sub(page.max(1)),
        Motion::PageDown => at.saturating_add(page.max(1)).min(last),
        Motion::Home => 0,
        Motion::End => last,
    }
}

/// The first row to draw so that `at` is in view of `rows` rows, moving as little as possible from `top`.
pub fn scrolled(top: usize, at: usize, rows: usize) -> usize {
    if at < top {
        at
    } else if rows > 0 && at >= top + rows {
        at + 1 - rows
    } else {
        top
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn motion_stays_inside() {
        for (at, motion, want) in [
            (0, Motion::Up, 0),
            (4, Motion::Down, 4),
            (3, Motion::PageDown, 4),
            (3, Motion::PageUp, 0),
            (2, Motion::End, 4),
            (2, Motion::Home, 0),
        ] {
            assert_eq!(moved(at, 5, 10, motion), want, "{motion:?}");
        }
        assert_eq!(moved(0, 0, 10, Motion::End), 0);
        assert_eq!((scrolled(0, 9, 5), scrolled(7, 3, 5), scrolled(2, 4, 5)), (5, 3, 2));
    }
}
