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

/// Lays a document out with two spaces a level, one element a line. `Err` says why it cannot be done.
pub fn pretty(body: &[u8]) -> Result<Vec<String>, String> {
    let text = std::str::from_utf8(body).map_err(|e| format!("not UTF-8 at byte {}", e.valid_up_to()))?;
    let mut reader = Reader::from_str(text);
    let mut lines: Vec<String> = Vec::new();
    let mut depth = 0_usize;
    // An element is written on one line while it holds only text.
    let mut open: Option<String> = None;
    loop {
        if lines.len() > MAX_LINES {
            return Err(format!("more than {MAX_LINES} lines; use the raw view"));
        }
        match reader
            .read_event()
            .map_err(|e| format!("not well-formed at byte {}: {e}", reader.error_position()))?
        {
            Event::Eof => break,
            Event::Start(e) => {
                if let Some(line) = open.take() {
                    lines.push(line);
                }
                open = Some(format!("{}<{}>", indent(depth), owned(&e)));
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(format!("nested deeper than {MAX_DEPTH} levels; use the raw view"));
                }
            }
            Event::End(e) => {
                depth = depth.saturating_sub(1);
                let close = format!("</{}>", owned(&e));
                match open.take() {
                    Some(line) => lines.push(line + &close),
                    None => lines.push(indent(depth) + &close),
                }
            }
            Event::Empty(e) => {
                lines.extend(open.take());
                lines.push(format!("{}<{}/>", indent(depth), owned(&e)));
            }
            Event::Text(e) => push_text(&mut lines, &mut open, depth, &owned(&e)),
            Event::GeneralRef(e) => push_text(&mut lines, &mut open, depth, &format!("&{};", owned(&e))),
            Event::CData(e) => push_text(&mut lines, &mut open, depth, &format!("<![CDATA[{}]]>", owned(&e))),
            Event::Decl(e) => lines.push(format!("<?{}?>", owned(&e))),
            Event::PI(e) => lines.push(format!("{}<?{}?>", indent(depth), owned(&e))),
            Event::Comment(e) => lines.push(format!("{}<!--{}-->", indent(depth), owned(&e))),
            Event::DocType(_) => return Err("a document type declaration; S3 never sends one".into()),
        }
    }
    lines.extend(open.take());
    if depth > 0 {
        return Err(format!("the document ends inside {depth} open element(s)"));
    }
    Ok(lines)
}

fn push_text(lines: &mut Vec<String>, open: &mut Option<String>, depth: usize, text: &str) {
    match open {
        Some(line) => line.push_str(text.trim_matches(['\n', '\r'])),
        // White space between elements is layout, and S3 pads slow answers with it.
        None if text.trim().is_empty() => {}
        None => lines.push(indent(depth) + text),
    }
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth)
}

fn owned(text: &str) -> String {
    text.to_owned()
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
