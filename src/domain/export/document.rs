//! Values out of the small documents that S3 and its clients exchange.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 32;

/// One element that holds text and nothing else: the names from the root down to it, and the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Names, the root first.
    pub path: Vec<String>,
    /// How many elements of the last but one name began before: tells entries of a list apart.
    pub entry: usize,
    /// The text, entities resolved.
    pub text: String,
}

/// The leaves in order, and whether the document was read to its end.
pub fn leaves(body: &[u8]) -> (Vec<Leaf>, bool) {
    let good = std::str::from_utf8(body).unwrap_or_else(|e| {
        body.get(..e.valid_up_to()).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or_default()
    });
    let mut reader = Reader::from_str(good);
    let mut walk = Walk::default();
    loop {
        match reader.read_event() {
            Err(_) => return (walk.found, false),
            Ok(Event::Eof) => {
                let whole = walk.path.is_empty() && walk.began && good.len() == body.len();
                return (walk.found, whole);
            }
            Ok(event) if !walk.step(&event) => return (walk.found, false),
            Ok(_) => {}
        }
    }
}

#[derive(Default)]
struct Walk {
    found: Vec<Leaf>,
    path: Vec<String>,
    /// Of each open element, its number among all elements.
    numbers: Vec<usize>,
    count: usize,
    /// The text of the innermost element, while it holds nothing else.
    text: Option<String>,
    began: bool,
}

impl Walk {
    /// Takes an event; `false` when the document is none that S3 sends.
    fn step(&mut self, event: &Event<'_>) -> bool {
        match event {
            Event::Start(e) => {
                self.began = true;
                self.path.push(local(e.name().as_ref()));
                self.count += 1;
                self.numbers.push(self.count);
                self.text = Some(String::new());
                return self.path.len() <= MAX_DEPTH;
            }
            Event::Empty(e) => {
                self.began = true;
                self.path.push(local(e.name().as_ref()));
                self.leaf(String::new());
                self.path.pop();
                self.text = None;
            }
            Event::End(_) => {
                self.numbers.pop();
                if let Some(text) = self.text.take() {
                    self.leaf(text);
                }
                self.path.pop();
            }
            Event::Text(e) => self.push(e),
            Event::CData(e) => self.push(e),
            Event::GeneralRef(e) => match resolved(e) {
                Some(text) => self.push(&text),
                None => return false,
            },
            Event::DocType(_) => return false,
            _ => {}
        }
        true
    }

    fn push(&mut self, text: &str) {
        if let Some(open) = &mut self.text {
            open.push_str(text);
        }
    }

    fn leaf(&mut self, text: String) {
        let entry = self.numbers.last().copied().unwrap_or_default();
        self.found.push(Leaf { path: self.path.clone(), entry, text });
    }
}

fn local(name: &str) -> String {
    name.rsplit(':').next().unwrap_or(name).to_owned()
}

fn resolved(entity: &str) -> Option<String> {
    if let Some(text) = resolve_predefined_entity(entity) {
        return Some(text.to_owned());
    }
    let number = entity.strip_prefix('#')?;
    let code = match number.strip_prefix('x') {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code).map(String::from)
}

/// The entries with this name, of each its leaves in order; `None` when the document is not whole.
pub fn entries(body: &[u8], name: &str) -> Option<Vec<Vec<(String, String)>>> {
    let (found, whole) = leaves(body);
    if !whole {
        return None;
    }
    let mut out: Vec<(usize, Vec<(String, String)>)> = Vec::new();
    for leaf in found {
        let Some((last, parents)) = leaf.path.split_last() else { continue };
        if parents.last().is_none_or(|parent| parent != name) {
            continue;
        }
        let pair = (last.clone(), leaf.text);
        match out.last_mut() {
            Some((entry, fields)) if *entry == leaf.entry => fields.push(pair),
            _ => out.push((leaf.entry, vec![pair])),
        }
    }
    Some(out.into_iter().map(|(_, fields)| fields).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_keep_their_fields_apart_and_entities_are_resolved() {
        let body = b"<?xml version='1.0'?><C xmlns='x'><Part><ETag>&quot;a&amp;&#34;</ETag><PartNumber>1</PartNumber></Part>\n\
            <Part><ETag/><PartNumber>2</PartNumber></Part><Part></Part></C>";
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            entries(body, "Part").unwrap(),
            [
                vec![pair("ETag", "\"a&\""), pair("PartNumber", "1")],
                vec![pair("ETag", ""), pair("PartNumber", "2")]
            ]
        );
    }

    #[test]
    fn what_is_cut_or_hostile_has_no_entries() {
        assert_eq!(entries(b"<C><Part><ETag>a</ETag>", "Part"), None);
        assert_eq!(entries(b"<!DOCTYPE a [<!ENTITY b 'c'>]><C><Part><X>&b;</X></Part></C>", "Part"), None);
        assert_eq!(entries(b"", "Part"), None);
        assert_eq!(entries(&b"<a>".repeat(1000), "Part"), None);
    }
}
