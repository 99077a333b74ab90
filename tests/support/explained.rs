//! Finds what passes on the wire and has no explanation in `assets/explain/`.

use partscope::domain::exchange::Captured;
use partscope::domain::explain::{Direction, element, error, header, parameter};
use partscope::domain::line_text::{Asked, line};
use partscope::domain::wire_lines;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Names in a head (request or answer) that nothing explains.
pub fn unexplained_head(head: &str, direction: Direction) -> Vec<String> {
    let mut lines = head.lines();
    let start = lines.next().unwrap_or("");
    let target = if direction == Direction::Request { start.split(' ').nth(1).unwrap_or("") } else { "" };
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let parameters =
        query.split('&').map(|pair| pair.split('=').next().unwrap_or("")).filter(|n| !n.is_empty());
    let headers = lines.filter_map(|line| line.split_once(':')).map(|(name, _)| name);
    let parameters = parameters.filter(|name| parameter(name).is_none()).map(|name| format!("?{name}"));
    let headers = headers.filter(|name| header(name, direction).is_none()).map(|name| format!("{name}:"));
    parameters.chain(headers).collect()
}

/// Elements, attributes and codes of a document that nothing explains; of other bodies nothing.
pub fn unexplained_body(body: &[u8]) -> Vec<String> {
    let Some(text) = std::str::from_utf8(body).ok().filter(|t| t.trim_start().starts_with('<')) else {
        return Vec::new();
    };
    let mut reader = Reader::from_str(text);
    let (mut path, mut missing): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                enter(&mut path, &tag, &mut missing);
            }
            Ok(Event::Empty(tag)) => {
                enter(&mut path, &tag, &mut missing);
                path.pop();
            }
            Ok(Event::Text(code)) if path.ends_with(&["Error".to_owned(), "Code".to_owned()]) => {
                let code = code.to_string();
                missing.extend(error(&code, "").is_none().then_some(code));
            }
            Ok(Event::End(_)) => {
                path.pop();
            }
            // What is broken on purpose is explained as far as it goes.
            Ok(Event::Eof) | Err(_) => return missing,
            Ok(_) => {}
        }
    }
}

fn enter(path: &mut Vec<String>, tag: &BytesStart<'_>, missing: &mut Vec<String>) {
    path.push(tag.name().as_ref().to_owned());
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    if element(&names).is_none() {
        missing.push(format!("<{}>", names.join("/")));
    }
    for attribute in tag.attributes().flatten() {
        let name = format!("@{}", attribute.key.as_ref());
        if element(&[&names[..], &[&name]].concat()).is_none() {
            missing.push(format!("{}/{name}", names.join("/")));
        }
    }
}

/// Lines of a message, as it is laid out to be read, that nothing explains.
#[allow(dead_code)]
pub fn unexplained_lines(message: &Captured, direction: Direction) -> Vec<String> {
    let lines = wire_lines::lines(message, wire_lines::Mode::Pretty, false);
    let silent = |l: &&wire_lines::Line| {
        let asked = Asked { about: &l.about, direction, kind: None, text: l.text.trim() };
        line(asked).is_none_or(|text| text.means.is_empty())
    };
    let on_the_wire = lines.iter().filter(|l| l.kind != wire_lines::Kind::Note);
    on_the_wire.filter(silent).map(|l| l.text.clone()).collect()
}

/// Fails when something in an answer of S3 has no explanation.
#[track_caller]
pub fn assert_answer(head: &str, body: &[u8]) {
    // The control interface is no S3.
    if !head.contains("\r\nServer: AmazonS3\r\n") {
        return;
    }
    let mut missing = unexplained_head(head, Direction::Response);
    missing.extend(unexplained_body(body));
    let mut whole = Captured::default();
    whole.push(head.trim_end().as_bytes());
    whole.push(b"\r\n\r\n");
    whole.push(body);
    // Of a body that is no document nothing but its bytes can be said.
    missing.extend(unexplained_lines(&whole, Direction::Response).into_iter().filter(|l| !l.is_empty()));
    assert!(missing.is_empty(), "without an explanation in assets/explain: {missing:?}\n{head}");
}
