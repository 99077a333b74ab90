//! What holds for any bytes whatever: shared by the tests and by the fuzz targets of `fuzz/`. Each law panics where it is
//! broken.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use partscope::domain::etag::ETag;
use partscope::domain::exchange::Captured;
use partscope::domain::message::Message;
use partscope::domain::names::ObjectRef;
use partscope::domain::session_file::{self, Secrets, Unmasked, WORD};
use partscope::domain::text::hides;
use partscope::domain::wire_lines::{self, Kind, Mode};
use partscope::domain::{har, mask, redact, replay, xml};
use partscope::sandbox::store::copy::parse_source;

/// What a line on the screen may hold.
pub fn is_safe(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || hides(c))
}

/// An HTTP message: its pieces lie within it and in order, and every view of it is safe and bounded.
pub fn message(bytes: &[u8]) {
    let m = Message::read(bytes);
    let mut last = 0;
    for head in &m.heads {
        assert!(head.at.start == last && head.at.end <= bytes.len());
        last = head.at.end;
        for f in &head.fields {
            assert!(f.at.start <= f.name.start && f.name.end <= f.value.start && f.value.end <= f.at.end);
            assert!(f.at.end <= bytes.len());
        }
    }
    assert_eq!(last, m.body);
    let payload = m.payload();
    for i in (0..payload.bytes.len()).step_by(1 + payload.bytes.len() / 64) {
        assert_eq!(bytes.get(payload.place(i)), payload.bytes.get(i));
    }
    let mut whole = Captured::default();
    whole.push(bytes);
    views(&whole);
    // The same with its middle missing.
    let (head, tail) = bytes.split_at(bytes.len() / 2);
    let tail = &tail[tail.len().saturating_sub(Captured::TAIL)..];
    let mut gap = Captured::default();
    gap.push(head);
    gap.tail = tail.to_vec();
    gap.total = (head.len() + tail.len()) as u64 + 1000;
    views(&gap);
    masks(&whole);
    masks(&gap);
}

/// Every view of a capture: safe, in its places, and not larger than it must be.
pub fn views(captured: &Captured) {
    let kept = captured.kept();
    for mode in [Mode::Pretty, Mode::Raw, Mode::Hex] {
        for reveal in [false, true] {
            let lines = wire_lines::lines(captured, mode, reveal);
            assert!(lines.len() <= kept + 16, "{mode:?}: {} lines of {kept} bytes", lines.len());
            let mut chars = 0;
            for line in &lines {
                assert!(is_safe(&line.text), "{mode:?} {reveal} {:?}", line.text);
                assert!(line.at.start <= line.at.end && line.at.end <= captured.total, "{mode:?} {line:?}");
                assert!(line.kind != Kind::Note || line.text.len() < 1000);
                chars += line.text.len();
            }
            // A byte takes four characters of hex; a level of nesting two, and there are 64 at most.
            assert!(chars <= 140 * kept + 2000, "{mode:?}: {chars} bytes of text from {kept}");
        }
    }
}

/// What is masked to be written down does not stand in any view that reveals nothing, and stays masked.
pub fn masks(captured: &Captured) {
    let masked = mask::captured(captured);
    assert_eq!(
        (masked.head.len(), masked.tail.len(), masked.total),
        (captured.head.len(), captured.tail.len(), captured.total)
    );
    let joined = captured.joined();
    let joined = joined.as_ref().unwrap_or(captured);
    let tail_at = captured.total - captured.tail.len() as u64;
    for range in mask::places(captured) {
        let cut = |bytes: &[u8], start: u64| {
            let index = |at: u64| usize::try_from(at.saturating_sub(start)).unwrap().min(bytes.len());
            bytes[index(range.start)..index(range.end)].to_vec()
        };
        let secret = if range.start < captured.head.len() as u64 {
            cut(&joined.head, 0)
        } else {
            cut(&captured.tail, tail_at)
        };
        // Only words that cannot stand there by chance tell something.
        let Ok(secret) = String::from_utf8(secret) else { continue };
        let is_word = secret.len() >= 8 && secret.bytes().all(|b| b.is_ascii_alphanumeric());
        let all = [captured.head.as_slice(), &captured.tail].concat();
        if !is_word || all.windows(secret.len()).filter(|w| *w == secret.as_bytes()).count() != 1 {
            continue;
        }
        for mode in [Mode::Pretty, Mode::Raw] {
            let shown = wire_lines::lines(captured, mode, false);
            assert!(!shown.iter().any(|l| l.text.contains(&secret)), "{mode:?} shows {secret:?}");
        }
    }
    for bytes in [&captured.head, &captured.tail] {
        let ranges = redact::secret_ranges(bytes);
        assert!(ranges.iter().all(|r| r.start < r.end && r.end <= bytes.len()));
        assert!(ranges.windows(2).all(|w| w[0].end < w[1].start));
    }
}

/// XML laid out: lines within the document, in order, bounded, and what stopped it said shortly.
pub fn document(bytes: &[u8]) {
    let (lines, stopped) = xml::pretty_partial(bytes);
    assert!(lines.len() <= bytes.len() + 1);
    let mut last = 0;
    for line in &lines {
        assert!(line.at.start <= line.at.end && line.at.end <= bytes.len(), "{line:?}");
        assert!(line.at.start >= last || line.at.is_empty(), "{line:?} after {last}");
        last = line.at.start;
        assert!(line.path.len() <= 65);
        // No entity is expanded: a line is as long as what it was made of, its indent and a few marks.
        assert!(line.text.len() <= line.at.len() + 2 * 65 + 16, "{} from {}", line.text.len(), line.at.len());
    }
    assert_eq!(xml::pretty(bytes).is_err(), stopped.is_some());
    assert!(stopped.is_none_or(|why| why.len() < bytes.len() + 400));
}

/// An ETag is read back as what it was, quoted or not.
pub fn etag(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let tag = ETag::parse(text);
    assert_eq!(ETag::parse(&tag.quoted()), tag);
    assert_eq!(tag.part_count().is_some(), tag.is_multipart());
}

/// A copy source is refused, or names an object that is written and read back as the same.
pub fn copy_source(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(source) = parse_source(text) {
        assert!(!source.bucket.is_empty() && !source.key.is_empty());
        let object =
            ObjectRef { version_id: source.version.clone(), ..ObjectRef::new(&source.bucket, &source.key) };
        let Ok(again) = parse_source(&object.copy_source()) else { panic!("{}", object.copy_source()) };
        assert_eq!((again.bucket, again.key, again.version), (source.bucket, source.key, source.version));
    }
}

/// A session file is refused in words, or what is read can be written and read again; no secret gets out.
pub fn session(bytes: &[u8]) {
    let Ok((session, _)) = session_file::read(bytes).map_err(|e| assert!(e.to_string().len() < 2000)) else {
        return;
    };
    let proof = Unmasked::typed(WORD).unwrap();
    assert_eq!(
        session_file::read(&session_file::write_unmasked(&session, &proof)),
        Ok((session.clone(), None))
    );
    let masked = session.masked();
    assert_eq!(session_file::read(&session_file::write(&session)), Ok((masked.clone(), None)));
    assert_eq!(masked.secrets, Secrets::Masked);
    assert_eq!(har::read(&har::write(&session)), Ok(masked));
    for e in &session.exchanges {
        views(&e.request);
        views(&e.response);
    }
}

/// The same of an archive; its entries are in no order.
pub fn archive(bytes: &[u8]) {
    let Ok(session) = har::read(bytes).map_err(|e| assert!(e.to_string().len() < 2000)) else { return };
    let proof = Unmasked::typed(WORD).unwrap();
    assert_eq!(har::read(&har::write_unmasked(&session, &proof)), Ok(session.clone()));
    assert_eq!(session_file::read(&session_file::write(&session)), Ok((session.masked(), None)));
    for e in &session.exchanges {
        views(&e.request);
        views(&e.response);
    }
    let _ = replay::open("x", bytes);
}

/// A law on any bytes.
pub type Law = fn(&[u8]);

/// Every law by its name, which is that of its fuzz target and of its corpus.
pub const ALL: [(&str, Law); 6] = [
    ("message", message),
    ("document", document),
    ("etag", etag),
    ("copy_source", copy_source),
    ("session", session),
    ("archive", archive),
];
