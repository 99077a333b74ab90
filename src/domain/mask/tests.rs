use super::*;
use crate::domain::wire_lines::{Mode, lines};
use proptest::prelude::*;

fn shown(c: &Captured) -> String {
    String::from_utf8_lossy(&[c.head.as_slice(), &c.tail].concat()).into_owned()
}

#[test]
fn secrets_become_filler_in_their_places() {
    let auth = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=canary";
    for (bytes, want) in [
        (
            format!(
                "PUT /k?X-Amz-Signature=canary&partNumber=1 HTTP/1.1\r\nAuthorization: {auth}\r\nHost: h\r\n\r\nbody"
            ),
            format!(
                "PUT /k?X-Amz-Signature=******&partNumber=1 HTTP/1.1\r\nAuthorization: {}\r\nHost: h\r\n\r\nbody",
                auth.replace("IOSFODNN7EXA", "************").replace("canary", "******")
            ),
        ),
        (
            "GET / HTTP/1.1\r\nAuthorization: Basic canary\r\n more\r\nA: 1\r\n\r\n".into(),
            "GET / HTTP/1.1\r\nAuthorization: ************\r\n*****\r\nA: 1\r\n\r\n".into(),
        ),
        (
            "GET / HTTP/1.1\r\ncookie : a=1&canary<x\r\n\r\n".into(),
            "GET / HTTP/1.1\r\ncookie : ************\r\n\r\n".into(),
        ),
        (
            "HTTP/1.1 400 B\r\nA: b\r\n\r\n<Error><Token-0>can\r\nary</Token-0></Error>".into(),
            "HTTP/1.1 400 B\r\nA: b\r\n\r\n<Error><Token-0>***\r\n***</Token-0></Error>".into(),
        ),
        (
            "HTTP/1.1 307 T\r\nLocation: http://h/k?x-amz-security-token=canary&a=1\r\n\r\n".into(),
            "HTTP/1.1 307 T\r\nLocation: http://h/k?x-amz-security-token=******&a=1\r\n\r\n".into(),
        ),
    ] {
        let masked = captured(&Captured::of(bytes.as_bytes()));
        assert_eq!(shown(&masked), want);
        assert_eq!(captured(&masked), masked, "masking again changes nothing");
        assert!(!masked.masked.is_empty());
    }
}

#[test]
fn where_the_middle_is_missing_the_beginning_of_the_end_is_no_way_out() {
    let (mut long, mut c) = (vec![b'x'; 100_000], Captured::of(b"GET / HTTP/1.1\r\nx-amz-security-token: "));
    long.extend(b"canary\r\ncookie: canary\r\nHost: h\r\n\r\n<Token>canary</Token>");
    c.push(&long);
    assert!(c.missing() > 0);
    let masked = captured(&c);
    let text = shown(&masked);
    assert!(!text.contains("canary") && text.contains("Host: h"), "{text}");
    assert_eq!((masked.total, masked.head.len(), masked.tail.len()), (c.total, c.head.len(), c.tail.len()));
    for end in
        ["nature=0a1b2c\r\nxyz", "0a1b2c\r\nxyz", "ignature:0a1b2c\r\nxyz", "chunk-signature=0a1b2c\r\nxyz"]
    {
        let mut c = Captured::of(b"PUT / HTTP/1.1\r\n\r\n");
        c.push(&vec![b'x'; 100_000]);
        c.tail = end.into();
        c.total = 200_000;
        let text = shown(&captured(&c));
        assert!(!text.contains("0a1b2c") && text.ends_with("xyz"), "{text}");
    }
}

#[test]
fn a_body_that_needs_both_ends_is_looked_through_as_one() {
    let mut c = Captured::of(b"HTTP/1.1 400 B\r\n\r\n<Error><Token>");
    c.push(&b"canary".repeat(Captured::HEAD / 6));
    c.push(b"</Token><Code>C</Code></Error>");
    assert!(c.missing() == 0 && !c.tail.is_empty());
    let text = shown(&captured(&c));
    assert!(!text.contains("can") && text.ends_with("*</Token><Code>C</Code></Error>"));
}

#[test]
fn nothing_reveals_what_was_masked() {
    let masked = captured(&Captured::of(b"GET / HTTP/1.1\r\nx-amz-security-token: canary\r\n\r\n"));
    for mode in [Mode::Pretty, Mode::Raw, Mode::Hex] {
        for reveal in [false, true] {
            let all: Vec<String> = lines(&masked, mode, reveal).into_iter().map(|l| l.text).collect();
            let said = match mode {
                Mode::Hex => all[0].contains("masked when this was written"),
                _ => all[1].contains("x-amz-security-token: •••"),
            };
            assert!(said, "{mode:?} {all:?}");
        }
    }
}

proptest! {
    #[test]
    fn masking_keeps_every_other_byte_and_is_done_once(
        bytes in proptest::collection::vec(prop_oneof![
            proptest::sample::select(vec![
                "x-amz-security-token: s", "authorization: AWS4-HMAC-SHA256 Credential=", "Signature=", "\r\n", "\r\n\r\n",
                "<Token>", "</Token>", "?x-amz-signature=", "&", ",", "/", " ", "chunk-signature=", "3;", "HTTP/1.1 100 C\r\n", ":", "=",
            ]).prop_map(|s| s.as_bytes().to_vec()),
            proptest::collection::vec(any::<u8>(), 0..6),
        ], 0..40),
        gap in proptest::option::of(0_u64..1000),
        split in any::<proptest::sample::Index>(),
    ) {
        let bytes = bytes.concat();
        let at = split.index(bytes.len() + 1);
        let (head, tail) = if gap.is_some() { bytes.split_at(at) } else { (&bytes[..], &[][..]) };
        let total = bytes.len() as u64 + gap.unwrap_or(0);
        let before = Captured { head: head.to_vec(), tail: tail.to_vec(), total, masked: Vec::new() };
        let after = captured(&before);
        prop_assert_eq!((after.head.len(), after.tail.len(), after.total), (head.len(), tail.len(), total));
        let tail_at = total - tail.len() as u64;
        let sides = [(&before.head, &after.head, 0), (&before.tail, &after.tail, tail_at)];
        for (was, is, start) in sides {
            for (i, (a, b)) in was.iter().zip(is).enumerate() {
                let masked = after.masked.iter().any(|r| r.contains(&(start + i as u64)));
                let want = if masked && !matches!(a, b'\r' | b'\n') { FILLER } else { *a };
                prop_assert_eq!(want, *b);
            }
        }
        prop_assert!(after.masked.windows(2).all(|w| w[0].end < w[1].start));
        prop_assert!(after.masked.iter().all(|r| r.start < r.end && r.end <= total));
        prop_assert_eq!(&captured(&after), &after);
    }
}
