//! Bytes that mean harm: they are shown whole or in part, safely, and in bounded work. Bounds are numbers of lines and
//! characters, never times.

use crate::laws;
use partscope::domain::exchange::Captured;
use partscope::domain::wire_lines::{Mode, lines};
use partscope::domain::xml;

fn answer(head: &str, body: &[u8]) -> Captured {
    let mut c = Captured::default();
    c.push(b"HTTP/1.1 200 OK\r\n");
    c.push(head.as_bytes());
    c.push(b"\r\n");
    c.push(body);
    c
}

fn checked(captured: &Captured) {
    laws::views(captured);
    laws::masks(captured);
}

#[test]
fn a_line_of_any_length_is_cut_into_lines() {
    for byte in [b'x', 0x1b, 0xff, b'<', b' ', b'&', b':'] {
        let c = answer("", &vec![byte; 10 << 20]);
        checked(&c);
        let raw = lines(&c, Mode::Raw, false);
        assert!(raw.len() >= 17 && raw.iter().all(|l| l.text.len() <= 4 * 4096), "{byte}");
    }
}

#[test]
fn ten_megabytes_of_headers_are_bounded() {
    let many = "a: b\r\n".repeat((10 << 20) / 6);
    checked(&answer(&many, b""));
    let one = format!("a: {}\r\n", "b".repeat(10 << 20));
    checked(&answer(&one, b""));
    let names = format!("{}\r\n", "x-amz-security-token:".repeat(500_000));
    checked(&answer(&names, b""));
    // As many parameters as headers: neither may be read again for each of the other.
    let mut request = Captured::default();
    request.push(format!("GET /?{} HTTP/1.1\r\n", "a&".repeat(16_000)).as_bytes());
    request.push("a:\r\n".repeat(8_000).as_bytes());
    checked(&request);
}

#[test]
fn documents_that_grow_do_not() {
    let bombs = [
        "<a>".repeat(30_000),
        "<a>".repeat(63) + &"<b/>".repeat(15_000),
        "<a><b></b>".repeat(6_000),
        "<a b='c' ".repeat(7_000),
        "<Token ".repeat(9_000) + "/>",
        "<Token>".repeat(9_000),
        "</Token>".repeat(8_000),
        "<Token-".repeat(9_000),
        "<!--".repeat(16_000),
        "&lol;".repeat(13_000),
        format!("<!DOCTYPE a [<!ENTITY b \"{}\">]><a>&b;&b;</a>", "x".repeat(60_000)),
        format!("<a>{}</a>", "&lol9;".repeat(10_000)),
        format!("<![CDATA[{}", "]]".repeat(30_000)),
    ];
    for bomb in bombs {
        laws::document(bomb.as_bytes());
        checked(&answer("content-type: application/xml\r\n", bomb.as_bytes()));
        checked(&answer("transfer-encoding: chunked\r\n", format!("ffff\r\n{bomb}").as_bytes()));
    }
    let (shown, stopped) = xml::pretty_partial("<a>".repeat(30_000).as_bytes());
    assert!(shown.len() <= 65 && stopped.unwrap().contains("nested deeper"));
}

#[test]
fn chunks_without_end_are_bounded() {
    for chunk in [
        "1\r\nx\r\n",
        "1;chunk-signature=a\r\nx\r\n",
        "0001\r\n\r\n\r\n",
        "ffffffffffffffff\r\n",
        "\r\n",
        "0\r\n",
    ] {
        for head in [
            "transfer-encoding: chunked\r\n",
            "content-encoding: aws-chunked\r\n",
            "transfer-encoding: chunked\r\ncontent-encoding: aws-chunked\r\n",
        ] {
            checked(&answer(head, chunk.repeat(60_000 / chunk.len()).as_bytes()));
        }
    }
    checked(&answer(&"HTTP/1.1 100 C\r\n\r\n".repeat(4_000), b""));
}

#[test]
fn what_acts_on_terminals_or_hides_is_made_visible_wherever_it_stands() {
    let evil = "\u{1b}[2J\u{9b}31m\u{7}\u{202e}\u{2066}\u{200b}\u{feff}\u{e0041}\u{ad}\u{85}\u{2028}";
    for text in [
        format!(
            "GET /{evil}?{evil}={evil} HTTP/1.1\r\n{evil}: {evil}\r\nx-amz-security-token: {evil}\r\n\r\n{evil}"
        ),
        format!("HTTP/1.1 200 {evil}\r\n\r\n<{evil}>{evil}</{evil}><!-- {evil} -->"),
        format!(
            "PUT / HTTP/1.1\r\ncontent-encoding: aws-chunked\r\n\r\n1;{evil}\r\nx\r\n0\r\n{evil}:{evil}\r\n\r\n"
        ),
    ] {
        let mut c = Captured::default();
        c.push(text.as_bytes());
        checked(&c);
        let mut broken = text.into_bytes();
        broken.insert(7, 0xff);
        laws::message(&broken);
    }
}
