//! The other side of the pseudo terminal: a vt100 emulator that answers what a terminal answers, notes what a
//! terminal would have done (bell, title, clipboard), and tells whole frames from halves.

use vt100::{Callbacks, Parser, Screen};

/// What came from the program, and what it means.
pub struct Emulator {
    parser: Parser<Ears>,
    /// Every byte so far.
    pub raw: Vec<u8>,
    /// Whether the program's side was closed.
    pub closed: bool,
}

/// What a terminal does besides showing text.
#[derive(Default)]
pub struct Ears {
    answers: Vec<u8>,
    /// The screen before the frame that is being written.
    before: Option<Screen>,
    /// Frames that were ended.
    pub frames: usize,
    /// Bells rung.
    pub bells: usize,
    /// Titles and icon names set.
    pub titles: usize,
    /// Clipboard writes and reads.
    pub clipboard: usize,
}

impl Emulator {
    /// A screen of this size.
    pub fn new(cols: u16, rows: u16) -> Self {
        let size = (nonzero(rows), nonzero(cols));
        let parser = Parser::new_with_callbacks(size.0, size.1, 0, Ears::default());
        Self { parser, raw: Vec::new(), closed: false }
    }

    /// Takes bytes from the program; gives what a terminal would answer.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.raw.extend_from_slice(bytes);
        self.parser.process(bytes);
        std::mem::take(&mut self.parser.callbacks_mut().answers)
    }

    /// Another size, as after a drag at the window's corner.
    pub fn resize(&mut self, cols: u16, rows: u16) {
        self.parser.screen_mut().set_size(nonzero(rows), nonzero(cols));
    }

    /// The last whole frame.
    pub fn screen(&self) -> &Screen {
        self.parser.callbacks().before.as_ref().unwrap_or_else(|| self.parser.screen())
    }

    /// What it did besides.
    pub fn ears(&self) -> &Ears {
        self.parser.callbacks()
    }
}

fn nonzero(n: u16) -> std::num::NonZeroU16 {
    std::num::NonZeroU16::new(n).unwrap_or(std::num::NonZeroU16::MIN)
}

impl Callbacks for Ears {
    fn audible_bell(&mut self, _: &mut Screen) {
        self.bells += 1;
    }

    fn visual_bell(&mut self, _: &mut Screen) {
        self.bells += 1;
    }

    fn set_window_title(&mut self, _: &mut Screen, _: &[u8]) {
        self.titles += 1;
    }

    fn set_window_icon_name(&mut self, _: &mut Screen, _: &[u8]) {
        self.titles += 1;
    }

    fn copy_to_clipboard(&mut self, _: &mut Screen, _: &[u8], _: &[u8]) {
        self.clipboard += 1;
    }

    fn paste_from_clipboard(&mut self, _: &mut Screen, _: &[u8]) {
        self.clipboard += 1;
    }

    fn unhandled_csi(
        &mut self,
        screen: &mut Screen,
        first: Option<u8>,
        _: Option<u8>,
        params: &[&[u16]],
        last: char,
    ) {
        let number = params.first().and_then(|p| p.first()).copied().unwrap_or(0);
        match (first, number, last) {
            (None, 6, 'n') => {
                let (row, col) = screen.cursor_position();
                self.answers.extend_from_slice(format!("\x1b[{};{}R", row + 1, col + 1).as_bytes());
            }
            (None, 0, 'c') => self.answers.extend_from_slice(b"\x1b[?62;22c"),
            (Some(b'?'), 2026, 'h') if self.before.is_none() => self.before = Some(screen.clone()),
            (Some(b'?'), 2026, 'l') => {
                self.before = None;
                self.frames += 1;
            }
            _ => {}
        }
    }
}
