//! Reading the few XML documents clients send: a small tree, with limits, and nothing that expands.

use crate::sandbox::error::S3Error;
use quick_xml::Reader;
use quick_xml::events::Event;

/// Deepest nesting any document of S3 needs here, with room.
const MAX_DEPTH: usize = 16;
/// Most elements: ten thousand parts with all they can hold, and some.
const MAX_ELEMENTS: usize = 100_000;

/// One element: its local name, its own text, its children.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) children: Vec<Self>,
}

impl Element {
    /// The text of the first child of that name.
    pub(super) fn child(&self, name: &str) -> Option<&str> {
        self.children.iter().find(|c| c.name == name).map(|c| c.text.as_str())
    }

    /// Children of that name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |c| c.name == name)
    }
}

/// Reads a document whose root has the given name; anything else is `MalformedXML`.
pub(super) fn read(body: &[u8], root: &str) -> Result<Element, S3Error> {
    let text = std::str::from_utf8(body).map_err(|_| S3Error::malformed_xml())?;
    let found = tree(text).ok_or_else(S3Error::malformed_xml)?;
    if found.name == root { Ok(found) } else { Err(S3Error::malformed_xml()) }
}

fn tree(text: &str) -> Option<Element> {
    let mut reader = Reader::from_str(text);
    let mut stack: Vec<Element> = Vec::new();
    let mut done: Option<Element> = None;
    let mut count = 0_usize;
    loop {
        let closed = match reader.read_event().ok()? {
            Event::Start(start) => {
                count += 1;
                if stack.len() >= MAX_DEPTH || done.is_some() || count > MAX_ELEMENTS {
                    return None;
                }
                stack.push(named(&start)?);
                continue;
            }
            Event::Empty(start) => {
                count += 1;
                if count > MAX_ELEMENTS {
                    return None;
                }
                named(&start)?
            }
            Event::End(_) => stack.pop()?,
            Event::Text(text) => {
                let content = text.xml10_content();
                match stack.last_mut() {
                    Some(element) => element.text.push_str(&content),
                    None if content.trim().is_empty() => {}
                    None => return None,
                }
                continue;
            }
            Event::CData(data) => {
                stack.last_mut()?.text.push_str(&data.xml10_content());
                continue;
            }
            Event::GeneralRef(reference) => {
                let c = match reference.resolve_char_ref().ok()? {
                    Some(c) => c,
                    None => predefined(&reference)?,
                };
                stack.last_mut()?.text.push(c);
                continue;
            }
            Event::DocType(_) => return None,
            Event::Eof => return if stack.is_empty() { done } else { None },
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => continue,
        };
        match stack.last_mut() {
            Some(parent) => parent.children.push(closed),
            None if done.is_none() => done = Some(closed),
            None => return None,
        }
    }
}

fn named(start: &quick_xml::events::BytesStart<'_>) -> Option<Element> {
    let name = start.local_name();
    let name: &str = name.as_ref();
    Some(Element { name: name.to_owned(), ..Element::default() })
}

fn predefined(reference: &str) -> Option<char> {
    match reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_read_or_refused() {
        let part =
            read(b"<?xml version=\"1.0\"?>\n<A xmlns=\"x\"><B> &quot;e&#45;1&quot; </B><C/></A>\n", "A")
                .unwrap();
        assert_eq!(part.child("B"), Some(" \"e-1\" "));
        assert_eq!(part.all("C").count(), 1);
        for bad in [
            "",
            "<A>",
            "<A></B>",
            "<A/><A/>",
            "text",
            "<!DOCTYPE A [<!ENTITY x \"y\">]><A>&x;</A>",
            "<A>&unknown;</A>",
            "<B/>",
        ] {
            assert!(read(bad.as_bytes(), "A").is_err(), "{bad}");
        }
        assert!(read("<A>".repeat(100_000).as_bytes(), "A").is_err());
        assert!(read(format!("<A>{}</A>", "<B/>".repeat(99_999)).as_bytes(), "A").is_ok());
        assert!(read(format!("<A>{}</A>", "<B/>".repeat(100_000)).as_bytes(), "A").is_err());
        assert!(read(b"\xff\xfe", "A").is_err());
    }
}
