//! A screen as an SVG picture: text stays text, and boxes and blocks are drawn as shapes, so that lines join
//! whatever font the viewer has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use vt100::{Color, Screen};

/// From and to: x, y, x, y.
type Stroke = (i32, i32, i32, i32);

/// Width and height of a cell.
const CELL: (i32, i32) = (10, 20);
const BACKGROUND: &str = "#14181f";
const TEXT: &str = "#d8dee9";
/// The sixteen colours on that background.
const PALETTE: [&str; 16] = [
    "#3b4252", "#ff8c5a", "#4cc9a0", "#e69f00", "#5e9ce6", "#e7a3cb", "#56b4e9", "#d8dee9", "#7b8696",
    "#ffa87f", "#7fdcbd", "#f0e442", "#8bb8f0", "#f2c4df", "#8ccdf2", "#ffffff",
];

/// How a cell looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Look {
    fore: Option<u8>,
    back: Option<u8>,
    bold: bool,
    dim: bool,
    underline: bool,
    inverse: bool,
}

/// A screen's cells, one symbol each; the second half of a wide symbol is empty.
pub struct Picture {
    rows: Vec<Vec<(String, Look)>>,
}

impl Picture {
    /// Takes the cells of a screen.
    pub fn of(screen: &Screen) -> Self {
        let (rows, cols) = screen.size();
        let index = |color| match color {
            Color::Idx(n) => Some(n % 16),
            _ => None,
        };
        let cell = |row, col| {
            let cell = screen.cell(row, col).expect("inside the screen");
            let symbol = match (cell.is_wide_continuation(), cell.has_contents()) {
                (true, _) => "",
                (false, true) => cell.contents(),
                (false, false) => " ",
            };
            let look = Look {
                fore: index(cell.fgcolor()),
                back: index(cell.bgcolor()),
                bold: cell.bold(),
                dim: cell.dim(),
                underline: cell.underline(),
                inverse: cell.inverse(),
            };
            (symbol.to_owned(), look)
        };
        let rows = (0..rows.get()).map(|r| (0..cols.get()).map(|c| cell(r, c)).collect()).collect();
        Self { rows }
    }

    /// Overwrites every place that fits a pattern, in which `#` stands for a digit and `%` for a hexadecimal one.
    pub fn mask(&mut self, pattern: &str, with: &str) {
        let (pattern, with): (Vec<char>, Vec<char>) = (pattern.chars().collect(), with.chars().collect());
        assert_eq!(pattern.len(), with.len(), "a mask keeps the width");
        for row in &mut self.rows {
            for at in 0..row.len().saturating_sub(pattern.len() - 1) {
                let fits = pattern.iter().zip(&row[at..]).all(|(p, (symbol, _))| fits(*p, symbol));
                for (offset, new) in with.iter().enumerate().filter(|_| fits) {
                    row[at + offset].0 = new.to_string();
                }
            }
        }
    }

    /// Whether a text stands in one of the rows.
    pub fn shows(&self, text: &str) -> bool {
        self.rows.iter().any(|r| r.iter().map(|(s, _)| s.as_str()).collect::<String>().contains(text))
    }

    /// The picture.
    pub fn svg(&self) -> String {
        let (width, height) = (self.rows.first().map_or(0, Vec::len) as i32, self.rows.len() as i32);
        let (w, h) = (width * CELL.0 + 20, height * CELL.1 + 20);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-10 -10 {w} {h}\" width=\"{w}\" height=\"{h}\">\n\
             <style>text{{font:16.6px 'DejaVu Sans Mono',ui-monospace,Menlo,Consolas,monospace;fill:{TEXT}}}\
             path{{fill:none;stroke:{TEXT};stroke-width:1.4;stroke-linecap:square}}\
             .b{{font-weight:bold}}.d{{opacity:.62}}.i{{fill:{BACKGROUND}}}</style>\n\
             <rect x=\"-10\" y=\"-10\" width=\"{w}\" height=\"{h}\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n"
        );
        self.backgrounds(&mut out);
        self.shapes(&mut out);
        for (y, row) in self.rows.iter().enumerate() {
            text_row(&mut out, y as i32, row);
        }
        out.push_str("</svg>\n");
        out
    }

    fn backgrounds(&self, out: &mut String) {
        for (y, row) in self.rows.iter().enumerate() {
            let colours: Vec<Option<&str>> = row.iter().map(|(_, look)| behind(*look)).collect();
            for (x, len, colour) in runs(&colours) {
                if let Some(colour) = colour {
                    rect(out, (x * 10, y as i32 * 20, len * 10, 20), colour, "");
                }
            }
        }
    }

    /// Lines and blocks, each kind of line gathered into one path.
    fn shapes(&self, out: &mut String) {
        let mut strokes: BTreeMap<(bool, Option<u8>), BTreeSet<Stroke>> = BTreeMap::new();
        for (y, row) in self.rows.iter().enumerate() {
            for (x, (symbol, look)) in row.iter().enumerate() {
                let (left, top) = (x as i32 * CELL.0, y as i32 * CELL.1);
                let lines = strokes.entry((look.dim, look.fore)).or_default();
                lines
                    .extend(box_lines(symbol).iter().map(|l| (left + l.0, top + l.1, left + l.2, top + l.3)));
            }
            let shades: Vec<Option<(&str, Look)>> =
                row.iter().map(|(s, look)| shade(s).map(|shade| (shade, *look))).collect();
            for (x, len, kind) in runs(&shades) {
                if let Some((opacity, look)) = kind {
                    let more = format!(" opacity=\"{opacity}\"");
                    rect(out, (x * 10, y as i32 * 20, len * 10, 20), front(look), &more);
                }
            }
        }
        for ((dim, fore), lines) in strokes.into_iter().filter(|(_, lines)| !lines.is_empty()) {
            let class = if dim { " class=\"d\"" } else { "" };
            let colour =
                fore.map_or(String::new(), |n| format!(" style=\"stroke:{}\"", PALETTE[usize::from(n)]));
            let _ = writeln!(out, "<path{class}{colour} d=\"{}\"/>", joined(lines));
        }
    }
}

fn fits(pattern: char, symbol: &str) -> bool {
    let mut chars = symbol.chars();
    match (pattern, chars.next(), chars.next()) {
        ('#', Some(c), None) => c.is_ascii_digit(),
        ('%', Some(c), None) => c.is_ascii_hexdigit(),
        (p, Some(c), None) => p == c,
        _ => false,
    }
}

fn colour(index: Option<u8>, default: &'static str) -> &'static str {
    index.map_or(default, |n| PALETTE[usize::from(n)])
}

/// The colour behind a cell, if it is not the picture's own.
fn behind(look: Look) -> Option<&'static str> {
    match look.inverse {
        true => Some(colour(look.fore, TEXT)),
        false => look.back.map(|n| PALETTE[usize::from(n)]),
    }
}

/// The colour of a cell's symbol.
fn front(look: Look) -> &'static str {
    match look.inverse {
        true => colour(look.back, BACKGROUND),
        false => colour(look.fore, TEXT),
    }
}

/// Start, length and value of each run of equal values.
fn runs<T: PartialEq + Copy>(all: &[T]) -> Vec<(i32, i32, T)> {
    let mut out: Vec<(i32, i32, T)> = Vec::new();
    for (x, value) in all.iter().enumerate() {
        match out.last_mut() {
            Some((_, len, last)) if last == value => *len += 1,
            _ => out.push((x as i32, 1, *value)),
        }
    }
    out
}

fn rect(out: &mut String, (x, y, w, h): (i32, i32, i32, i32), fill: &str, more: &str) {
    let _ = writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"{fill}\"{more}/>");
}

/// How full a block is.
fn shade(symbol: &str) -> Option<&'static str> {
    Some(match symbol {
        "█" => "1",
        "▓" => ".75",
        "▒" => ".5",
        "░" => ".2",
        _ => return None,
    })
}

/// Outlines of symbols that few fonts have, or that some show as coloured pictures.
fn outline(symbol: &str) -> Option<&'static str> {
    Some(match symbol {
        "▶" => "m1 5l8 5l-8 5z",
        "▲" => "m1 15l4-9l4 9z",
        "⏸" => "m2 5h2v10h-2zm4 0h2v10h-2z",
        _ => return None,
    })
}

/// Lines of a box-drawing symbol within its cell.
fn box_lines(symbol: &str) -> Vec<(i32, i32, i32, i32)> {
    let (left, right) = ((0, 10, 5, 10), (5, 10, 10, 10));
    let (up, down) = ((5, 0, 5, 10), (5, 10, 5, 20));
    match symbol {
        "─" => vec![left, right],
        "│" => vec![up, down],
        "┌" => vec![right, down],
        "┐" => vec![left, down],
        "└" => vec![right, up],
        "┘" => vec![left, up],
        "├" => vec![right, up, down],
        "┤" => vec![left, up, down],
        "┬" => vec![left, right, down],
        "┴" => vec![left, right, up],
        "┼" => vec![left, right, up, down],
        "═" => vec![(0, 8, 10, 8), (0, 12, 10, 12)],
        "║" => vec![(3, 0, 3, 20), (7, 0, 7, 20)],
        "╔" => vec![(3, 8, 10, 8), (7, 12, 10, 12), (3, 8, 3, 20), (7, 12, 7, 20)],
        "╗" => vec![(0, 8, 7, 8), (0, 12, 3, 12), (7, 8, 7, 20), (3, 12, 3, 20)],
        "╚" => vec![(3, 12, 10, 12), (7, 8, 10, 8), (3, 0, 3, 12), (7, 0, 7, 8)],
        "╝" => vec![(0, 12, 7, 12), (0, 8, 3, 8), (7, 0, 7, 12), (3, 0, 3, 8)],
        _ => Vec::new(),
    }
}

/// Path data of lines; those that touch end to end become one.
fn joined(lines: BTreeSet<(i32, i32, i32, i32)>) -> String {
    let (across, down): (Vec<_>, Vec<_>) = lines.into_iter().partition(|l| l.1 == l.3);
    let mut across: Vec<_> = across.into_iter().map(|(x1, y, x2, _)| (y, x1, x2)).collect();
    let mut down: Vec<_> = down.into_iter().map(|(x, y1, _, y2)| (x, y1, y2)).collect();
    let mut out = String::new();
    for (all, letter) in [(&mut across, 'h'), (&mut down, 'v')] {
        all.sort_unstable();
        let mut merged: Vec<(i32, i32, i32)> = Vec::new();
        for (at, from, to) in all.iter().copied() {
            match merged.last_mut() {
                Some((last, _, end)) if *last == at && *end >= from => *end = to.max(*end),
                _ => merged.push((at, from, to)),
            }
        }
        for (at, from, to) in merged {
            let (x, y) = if letter == 'h' { (from, at) } else { (at, from) };
            let _ = write!(out, "M{x} {y}{letter}{}", to - from);
        }
    }
    out
}

/// Text of a row: runs of ASCII in one style at a fixed length, everything else a symbol at a time.
fn text_row(out: &mut String, y: i32, row: &[(String, Look)]) {
    let mut x = 0;
    while x < row.len() {
        let (symbol, look) = &row[x];
        if symbol.trim().is_empty() || shade(symbol).is_some() || !box_lines(symbol).is_empty() {
            x += 1;
            continue;
        }
        let len = if symbol.is_ascii() { ascii_run(&row[x..]) } else { 1 };
        let words: String = row[x..x + len].iter().map(|(s, _)| s.as_str()).collect();
        text(out, (x as i32, y), &words, len as i32, *look);
        x += len;
    }
}

/// Cells from the first on that are ASCII in one style, up to a gap of two blanks.
fn ascii_run(row: &[(String, Look)]) -> usize {
    let look = row[0].1;
    let fits = |i: usize| row.get(i).is_some_and(|(s, l)| *l == look && s.len() == 1 && s.is_ascii());
    let blank = |i: usize| row.get(i).is_none_or(|(s, _)| s == " ");
    let mut len = 1;
    while fits(len) && !(blank(len) && (blank(len + 1) || !fits(len + 1))) {
        len += 1;
    }
    len
}

fn text(out: &mut String, (x, y): (i32, i32), words: &str, len: i32, look: Look) {
    let classes: Vec<&str> = [(look.bold, "b"), (look.dim, "d"), (look.inverse && look.back.is_none(), "i")]
        .into_iter()
        .filter_map(|(on, class)| on.then_some(class))
        .collect();
    let class = if classes.is_empty() { String::new() } else { format!(" class=\"{}\"", classes.join(" ")) };
    let fill = match (look.inverse, look.fore) {
        (false, Some(n)) => format!(" style=\"fill:{}\"", PALETTE[usize::from(n)]),
        _ => String::new(),
    };
    let (left, base) = (x * CELL.0, y * CELL.1 + 15);
    if let Some(path) = outline(words) {
        let colour = front(look);
        let _ =
            writeln!(out, "<path d=\"M{left} {}{path}\" style=\"fill:{colour};stroke:none\"/>", base - 15);
        return;
    }
    let escaped = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let place = match words.is_ascii() {
        true => format!("x=\"{left}\" y=\"{base}\" textLength=\"{}\"", len * CELL.0),
        false => format!("x=\"{}\" y=\"{base}\" text-anchor=\"middle\"", left + CELL.0 / 2),
    };
    let _ = writeln!(out, "<text {place}{class}{fill}>{escaped}</text>");
    if look.underline {
        rect(out, (left, base + 3, len * CELL.0, 1), front(look), "");
    }
}
