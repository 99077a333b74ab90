//! Text from outside, made safe and measurable for a terminal.
//!
//! Keys, metadata, headers, XML and error messages are untrusted: nothing in them may reach the terminal as a
//! control sequence, and two different texts must not look the same. Every view sends such text through
//! [`visible`] or [`visible_bytes`].

use std::fmt::Write as _;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Makes every character that would act or hide visible: C0 as control pictures, DEL as `␡`, C1 as `\x9b`,
/// bidirectional and invisible format characters as `‹U+202E›`.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push_visible(&mut out, c);
    }
    out
}

/// Like [`visible`], for bytes: what is not UTF-8 is written `\xff`.
pub fn visible_bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_visible(&mut out, c);
        }
        for b in chunk.invalid() {
            let _ = write!(out, "\\x{b:02x}");
        }
    }
    out
}

fn push_visible(out: &mut String, c: char) {
    match c {
        '\t' => out.push('→'),
        '\u{0}'..='\u{1f}' => out.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('?')),
        '\u{7f}' => out.push('␡'),
        '\u{80}'..='\u{9f}' => {
            let _ = write!(out, "\\x{:02x}", u32::from(c));
        }
        _ if hides(c) => {
            let _ = write!(out, "‹U+{:04X}›", u32::from(c));
        }
        _ => out.push(c),
    }
}

/// Characters that change direction, join or vanish: they make different keys look alike.
pub fn hides(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Width in terminal cells.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Cuts to `cells` with `…` in the middle, because keys and ids differ at the end. Never inside a grapheme.
pub fn cut_middle(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    if cells == 0 {
        return String::new();
    }
    let room = cells - 1;
    let head = take_cells(text.graphemes(true), room.div_ceil(2));
    let tail: Vec<&str> = take_cells(text.graphemes(true).rev(), room / 2).into_iter().rev().collect();
    format!("{}…{}", head.concat(), tail.concat())
}

/// Cuts to `cells` with `…` at the end.
pub fn cut_end(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    if cells == 0 {
        return String::new();
    }
    format!("{}…", take_cells(text.graphemes(true), cells - 1).concat())
}

fn take_cells<'a>(graphemes: impl Iterator<Item = &'a str>, cells: usize) -> Vec<&'a str> {
    let mut used = 0;
    graphemes
        .take_while(|g| {
            used += g.width();
            used <= cells
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn control_sequences_become_pictures() {
        assert_eq!(visible("evil\u{1b}[2Jname\n\t\u{7f}"), "evil␛[2Jname␊→␡");
        assert_eq!(visible("a\u{202e}b\u{200b}\u{feff}"), "a‹U+202E›b‹U+200B›‹U+FEFF›");
        assert_eq!(visible("\u{9b}31m"), "\\x9b31m");
        assert_eq!(visible_bytes(b"ok\xff\xfe\x1b"), "ok\\xff\\xfe␛");
        assert_eq!(visible("日本語/ファイル.bin"), "日本語/ファイル.bin");
    }

    #[test]
    fn cuts_keep_both_ends_and_whole_graphemes() {
        assert_eq!(cut_middle("2~KxAAAAAA9Q", 7), "2~K…A9Q");
        assert_eq!(cut_middle("日本語日本語", 6), "日…語");
        assert_eq!(cut_end("abcdef", 4), "abc…");
        assert_eq!(cut_middle("abc", 0), "");
    }

    proptest! {
        #[test]
        fn nothing_visible_is_a_control(bytes: Vec<u8>) {
            prop_assert!(visible_bytes(&bytes).chars().all(|c| !c.is_control() && !hides(c)));
        }
        #[test]
        fn a_cut_never_exceeds_its_cells(text in "\\PC{0,40}", cells in 0_usize..30) {
            prop_assert!(width(&cut_middle(&text, cells)) <= cells);
            prop_assert!(width(&cut_end(&text, cells)) <= cells);
        }
    }
}
