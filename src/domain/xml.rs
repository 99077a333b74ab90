//! XML for reading: an indented view of a body, and the `<Error>` in it.
//!
//! The view never replaces the bytes: it is made for one pane and says when it gives up. No entity is
//! expanded, nesting is limited, and what is not well-formed is reported instead of guessed at.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Deepest nesting that is still laid out.
const MAX_DEPTH: usize = 64;
/// Most lines a view holds.
const MAX_LINES: usize = 60_000;

/// Text as it stands in an element.
pub fn escape(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

/// Lays a document out with two spaces a level, one element a line. `Err` says why it cannot be done.
pub fn pretty(body: &[u8]) -> Result<Vec<String>, String> {
    match pretty_partial(body) {
        (lines, None) => Ok(lines),
        (_, Some(why)) => Err(why),
    }
}

/// Lays out as much of a document as can be, and says where and why it stopped.
pub fn pretty_partial(body: &[u8]) -> (Vec<String>, Option<String>) {
    let (text, cut) = match std::str::from_utf8(body) {
        Ok(text) => (text, None),
        Err(e) => {
            let good = body.get(..e.valid_up_to()).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or("");
            (good, Some(format!("not UTF-8 at byte {}", e.valid_up_to())))
        }
    };
    let mut layout = Layout::default();
    let stopped = layout.read(text).err().or(cut);
    layout.lines.extend(layout.open.take());
    (layout.lines, stopped)
}

#[derive(Default)]
struct Layout {
    lines: Vec<String>,
    depth: usize,
    /// An element is written on one line while it holds only text.
    open: Option<String>,
}

impl Layout {
    fn read(&mut self, text: &str) -> Result<(), String> {
        let mut reader = Reader::from_str(text);
        loop {
            if self.lines.len() > MAX_LINES {
                return Err(format!("more than {MAX_LINES} lines; use the raw view"));
            }
            match reader
                .read_event()
                .map_err(|e| format!("not well-formed at byte {}: {e}", reader.error_position()))?
            {
                Event::Eof if self.depth > 0 => {
                    return Err(format!("the document ends inside {} open element(s)", self.depth));
                }
                Event::Eof => return Ok(()),
                event => self.event(&event)?,
            }
        }
    }

    fn event(&mut self, event: &Event<'_>) -> Result<(), String> {
        match event {
            Event::Start(e) => {
                self.lines.extend(self.open.take());
                self.open = Some(format!("{}<{}>", indent(self.depth), &**e));
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(format!("nested deeper than {MAX_DEPTH} levels; use the raw view"));
                }
            }
            Event::End(e) => {
                self.depth = self.depth.saturating_sub(1);
                let close = format!("</{}>", &**e);
                match self.open.take() {
                    Some(line) => self.lines.push(line + &close),
                    None => self.lines.push(indent(self.depth) + &close),
                }
            }
            Event::Empty(e) => {
                self.lines.extend(self.open.take());
                self.lines.push(format!("{}<{}/>", indent(self.depth), &**e));
            }
            Event::Text(e) => self.text(e),
            Event::GeneralRef(e) => self.text(&format!("&{};", &**e)),
            Event::CData(e) => self.text(&format!("<![CDATA[{}]]>", &**e)),
            Event::Decl(e) => self.lines.push(format!("<?{}?>", &**e)),
            Event::PI(e) => self.lines.push(format!("{}<?{}?>", indent(self.depth), &**e)),
            Event::Comment(e) => self.lines.push(format!("{}<!--{}-->", indent(self.depth), &**e)),
            Event::DocType(_) => return Err("a document type declaration; S3 never sends one".into()),
            Event::Eof => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        match &mut self.open {
            Some(line) => line.push_str(text.trim_matches(['\n', '\r'])),
            // White space between elements is layout, and S3 pads slow answers with it.
            None if text.trim().is_empty() => {}
            None => self.lines.push(indent(self.depth) + text),
        }
    }
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_element_a_line() {
        let body = b"<?xml version=\"1.0\"?>\n<Error><Code>EntityTooSmall</Code><ETag>&quot;a&quot;</ETag><Empty/></Error>";
        assert_eq!(
            pretty(body).unwrap(),
            [
                "<?xml version=\"1.0\"?>",
                "<Error>",
                "  <Code>EntityTooSmall</Code>",
                "  <ETag>&quot;a&quot;</ETag>",
                "  <Empty/>",
                "</Error>"
            ]
        );
    }

    #[test]
    fn padding_of_a_slow_answer_is_not_a_line() {
        assert_eq!(pretty(b"<?xml version=\"1.0\"?>\n   \n <A><B>1</B></A>").unwrap().len(), 4);
    }

    #[test]
    fn what_is_broken_or_hostile_says_so() {
        for bad in ["<A><B></A>", "<A>", "<!DOCTYPE a [<!ENTITY x \"y\">]><a/>"] {
            assert!(pretty(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(pretty("<a>".repeat(100).as_bytes()).unwrap_err().contains("nested"));
    }
}
