//! XML for reading: an indented view of a body, and the `<Error>` in it.
//!
//! The view never replaces the bytes: it is made for one pane and says when it gives up. No entity is
//! expanded, nesting is limited, and what is not well-formed is reported instead of guessed at.

use quick_xml::Reader;
use quick_xml::events::Event;
use std::ops::Range;
use std::rc::Rc;

/// Deepest nesting that is still laid out.
const MAX_DEPTH: usize = 64;
/// Most lines a view holds.
const MAX_LINES: usize = 60_000;

/// Text as it stands in an element.
pub fn escape(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

/// The text of an element that holds only text, from its own bytes; `None` when it is none, or not well-formed.
pub fn text_of(element: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(element).ok()?;
    let (_, rest) = text.split_once('>')?;
    let (inner, _) = rest.rsplit_once("</")?;
    if inner.contains('<') {
        return None;
    }
    quick_xml::escape::unescape(inner).ok().map(std::borrow::Cow::into_owned)
}

/// One line of a document laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XmlLine {
    /// With two spaces a level before it.
    pub text: String,
    /// The bytes it was made of.
    pub at: Range<usize>,
    /// Names of the elements from the root down to the one it is about; none for what is outside.
    pub path: Rc<[String]>,
}

/// Lays a document out with two spaces a level, one element a line. `Err` says why it cannot be done.
pub fn pretty(body: &[u8]) -> Result<Vec<String>, String> {
    match pretty_partial(body) {
        (lines, None) => Ok(lines.into_iter().map(|line| line.text).collect()),
        (_, Some(why)) => Err(why),
    }
}

/// Lays out as much of a document as can be, and says where and why it stopped.
pub fn pretty_partial(body: &[u8]) -> (Vec<XmlLine>, Option<String>) {
    let (text, cut) = match std::str::from_utf8(body) {
        Ok(text) => (text, None),
        Err(e) => {
            let good = body.get(..e.valid_up_to()).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or("");
            (good, Some(format!("not UTF-8 at byte {}", e.valid_up_to())))
        }
    };
    let mut layout = Layout::default();
    let stopped = layout.read(text).err().or(cut);
    layout.close();
    (layout.lines, stopped)
}

#[derive(Default)]
struct Layout {
    lines: Vec<XmlLine>,
    /// Names of the open elements.
    path: Vec<String>,
    /// An element is written on one line while it holds only text.
    open: Option<XmlLine>,
}

impl Layout {
    fn read(&mut self, text: &str) -> Result<(), String> {
        let mut reader = Reader::from_str(text);
        let place = |reader: &Reader<&[u8]>| usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        loop {
            if self.lines.len() > MAX_LINES {
                return Err(format!("more than {MAX_LINES} lines; use the raw view"));
            }
            let start = place(&reader);
            match reader
                .read_event()
                .map_err(|e| format!("not well-formed at byte {}: {e}", reader.error_position()))?
            {
                Event::Eof if !self.path.is_empty() => {
                    return Err(format!("the document ends inside {} open element(s)", self.path.len()));
                }
                Event::Eof => return Ok(()),
                event => self.event(&event, start..place(&reader))?,
            }
        }
    }

    /// Ends the line that was open.
    fn close(&mut self) {
        self.lines.extend(self.open.take());
    }

    fn line(&self, text: String, at: Range<usize>) -> XmlLine {
        XmlLine { text: "  ".repeat(self.path.len()) + &text, at, path: self.path.as_slice().into() }
    }

    /// A line about the element with this name.
    fn about(&self, name: &str, text: String, at: Range<usize>) -> XmlLine {
        let name = name.to_owned();
        let path = self.path.iter().cloned().chain([name]).collect();
        XmlLine { path, ..self.line(text, at) }
    }

    fn event(&mut self, event: &Event<'_>, at: Range<usize>) -> Result<(), String> {
        match event {
            Event::Start(e) => {
                self.close();
                let name = e.name();
                self.open = Some(self.about(name.as_ref(), format!("<{}>", &**e), at));
                self.path.push(name.as_ref().to_owned());
                if self.path.len() > MAX_DEPTH {
                    return Err(format!("nested deeper than {MAX_DEPTH} levels; use the raw view"));
                }
            }
            Event::End(e) => {
                self.path.pop();
                let close = format!("</{}>", &**e);
                let line = match self.open.take() {
                    Some(line) => XmlLine { text: line.text + &close, at: line.at.start..at.end, ..line },
                    None => self.about(e.name().as_ref(), close, at),
                };
                self.lines.push(line);
            }
            Event::Empty(e) => {
                self.close();
                self.lines.push(self.about(e.name().as_ref(), format!("<{}/>", &**e), at));
            }
            Event::Text(e) => self.text(e, at),
            Event::GeneralRef(e) => self.text(&format!("&{};", &**e), at),
            Event::CData(e) => self.text(&format!("<![CDATA[{}]]>", &**e), at),
            Event::Decl(e) => self.aside(format!("<?{}?>", &**e), at),
            Event::PI(e) => self.aside(format!("<?{}?>", &**e), at),
            Event::Comment(e) => self.aside(format!("<!--{}-->", &**e), at),
            Event::DocType(_) => return Err("a document type declaration; S3 never sends one".into()),
            Event::Eof => {}
        }
        Ok(())
    }

    /// What is no element and no text, on a line of its own after what was open.
    fn aside(&mut self, text: String, at: Range<usize>) {
        self.close();
        self.lines.push(self.line(text, at));
    }

    fn text(&mut self, text: &str, at: Range<usize>) {
        match &mut self.open {
            Some(line) => {
                line.text.push_str(text.trim_matches(['\n', '\r']));
                line.at.end = at.end;
            }
            // White space between elements is layout, and S3 pads slow answers with it.
            None if text.trim().is_empty() => {}
            None => self.lines.push(self.line(text.to_owned(), at)),
        }
    }
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
    fn a_comment_stands_where_it_is() {
        let got = pretty(b"<A><!-- x --><B>1<?p?>2</B></A>").unwrap();
        assert_eq!(got, ["<A>", "  <!-- x -->", "  <B>1", "    <?p?>", "    2", "  </B>", "</A>"]);
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
