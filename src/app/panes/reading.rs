//! Where the user reads in an exchange: the view of its bytes and a line in each direction.

use super::select::{Motion, moved};
use crate::domain::exchange::{Captured, Exchange};
use crate::domain::explain::Direction;
use crate::domain::wire_lines::{Kind, Line, Mode, line_at, lines};

/// A direction of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What was written.
    Request,
    /// What was read.
    Response,
}

impl From<Direction> for Side {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Request => Self::Request,
            Direction::Response => Self::Response,
        }
    }
}

impl From<Side> for Direction {
    fn from(side: Side) -> Self {
        match side {
            Side::Request => Self::Request,
            Side::Response => Self::Response,
        }
    }
}

impl Side {
    /// That direction of an exchange.
    pub fn of(self, exchange: &Exchange) -> &Captured {
        match self {
            Self::Request => &exchange.request,
            Self::Response => &exchange.response,
        }
    }
}

/// The view and the lines under the cursors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reading {
    /// How bytes are shown.
    pub mode: Mode,
    request: Cursor,
    response: Cursor,
}

/// A line, and the byte it is about while only the view changes: a row of hex holds pieces of several lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Cursor {
    line: usize,
    place: Option<u64>,
}

impl Reading {
    /// The line under the cursor, among so many.
    pub fn at(&self, side: Side, len: usize) -> usize {
        self.cursor(side).line.min(len.saturating_sub(1))
    }

    fn cursor(&self, side: Side) -> Cursor {
        if side == Side::Request { self.request } else { self.response }
    }

    /// Puts the cursor of a direction on a line.
    pub fn put(&mut self, side: Side, line: usize) {
        self.set(side, Cursor { line, place: None });
    }

    fn set(&mut self, side: Side, cursor: Cursor) {
        match side {
            Side::Request => self.request = cursor,
            Side::Response => self.response = cursor,
        }
    }

    /// Begins at the top of another exchange.
    pub fn begin(&mut self) {
        (self.request, self.response) = (Cursor::default(), Cursor::default());
    }

    /// Moves through the lines of a direction.
    pub fn go(&mut self, side: Side, exchange: &Exchange, page: usize, motion: Motion, reveal: bool) {
        let len = lines(side.of(exchange), self.mode, reveal).len();
        self.put(side, moved(self.at(side, len), len, page, motion));
    }

    /// Shows the bytes another way, with the cursors on the bytes they were on.
    pub fn turn(&mut self, exchange: Option<&Exchange>, reveal: bool) {
        let before = self.mode;
        self.mode = before.next();
        let Some(exchange) = exchange else { return };
        for side in [Side::Request, Side::Response] {
            let old = lines(side.of(exchange), before, reveal);
            let start = || old.get(self.at(side, old.len())).map_or(0, |l| l.at.start);
            let place = self.cursor(side).place.unwrap_or_else(start);
            self.go_to_place(side, exchange, place, reveal);
        }
    }

    /// Puts the cursor of a direction on the line that shows a byte.
    pub fn go_to_place(&mut self, side: Side, exchange: &Exchange, place: u64, reveal: bool) {
        let line = line_at(&lines(side.of(exchange), self.mode, reveal), place);
        self.set(side, Cursor { line, place: Some(place) });
    }

    /// The line that says what is under the cursor: of raw bytes the one that the laid out view has there.
    pub fn told(&self, side: Side, exchange: &Exchange, reveal: bool) -> Option<Line> {
        let mut shown = lines(side.of(exchange), self.mode, reveal);
        let at = self.at(side, shown.len());
        if self.mode == Mode::Pretty {
            return (at < shown.len()).then(|| shown.swap_remove(at));
        }
        let line = shown.get(at).filter(|l| l.kind != Kind::Note)?;
        let mut laid_out = lines(side.of(exchange), Mode::Pretty, reveal);
        // A row of bytes can hold the end of one line and the whole of the next: the first that begins in it counts.
        let begins = laid_out.iter().position(|l| line.at.contains(&l.at.start) && l.kind != Kind::Note);
        let told = match (self.cursor(side).place, begins) {
            (Some(place), _) => line_at(&laid_out, place),
            (None, Some(begins)) => begins,
            (None, None) => line_at(&laid_out, line.at.start),
        };
        (told < laid_out.len()).then(|| laid_out.swap_remove(told))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::panes::wire::tests::exchange;
    use crate::domain::wire_lines::About;

    fn sample() -> Exchange {
        let mut e = exchange(1, 0);
        e.request.push(b"GET /b/k?uploadId=U&max-parts=2 HTTP/1.1\r\nhost: h\r\nx-amz-date: now\r\n\r\n");
        e.response.push(b"HTTP/1.1 200 OK\r\n\r\n<A><B>1</B><C>2</C></A>");
        e
    }

    #[test]
    fn another_view_is_entered_at_the_same_bytes() {
        let e = sample();
        let mut r = Reading::default();
        for _ in 0..4 {
            r.go(Side::Request, &e, 10, Motion::Down, false);
            r.go(Side::Response, &e, 10, Motion::Down, false);
        }
        let told = |r: &Reading, side| r.told(side, &e, false).unwrap().about;
        assert_eq!(told(&r, Side::Request), About::Header("x-amz-date".into()));
        let (request, response) = (told(&r, Side::Request), told(&r, Side::Response));
        for _ in 0..2 {
            r.turn(Some(&e), false);
            assert_eq!(told(&r, Side::Request), request, "{:?}", r.mode);
        }
        r.turn(Some(&e), false);
        assert_eq!((r.mode, told(&r, Side::Request)), (Mode::Pretty, request));
        assert_eq!(told(&r, Side::Response), response);
        r.turn(Some(&e), false);
        r.go(Side::Request, &e, 10, Motion::Up, false);
        r.turn(Some(&e), false);
        r.turn(Some(&e), false);
        assert_eq!((r.mode, told(&r, Side::Request)), (Mode::Pretty, About::Header("host".into())));
    }

    #[test]
    fn bytes_in_hex_are_told_by_the_line_that_begins_among_them() {
        let e = sample();
        let mut r = Reading { mode: Mode::Hex, ..Reading::default() };
        assert_eq!(r.told(Side::Request, &e, false).unwrap().about, About::RequestLine);
        r.go(Side::Request, &e, 10, Motion::Down, false);
        assert_eq!(r.told(Side::Request, &e, false).unwrap().about, About::Parameter("max-parts".into()));
        r.go_to_place(Side::Request, &e, 44, false);
        assert_eq!(r.told(Side::Request, &e, false).unwrap().about, About::Header("host".into()));
    }

    #[test]
    fn a_cursor_stays_within_what_there_is() {
        let e = sample();
        let mut r = Reading::default();
        r.put(Side::Response, 99);
        assert_eq!(r.at(Side::Response, 5), 4);
        r.go(Side::Response, &e, 10, Motion::End, false);
        r.go(Side::Response, &e, 10, Motion::Up, false);
        assert_eq!(r.told(Side::Response, &e, false).unwrap().text, "  <C>2</C>");
    }
}
