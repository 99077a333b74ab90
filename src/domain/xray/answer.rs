//! The server's side: what it says it computed when it refuses a signature, beside what follows from our bytes.

use super::align::{Row, align};
use super::check::Checked;
use super::film::{Film, SignedHead, Stated, hidden};
use super::piece::{Piece, read_canonical, read_string_to_sign};
use super::{Out, Section, Tone, places};
use crate::domain::dates::parse_http_date;
use crate::domain::exchange::Captured;
use crate::domain::message::{Field, Message};
use crate::domain::redact::short_key_id;
use crate::domain::xml;
use std::ops::Range;

/// What matters here of an answer.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) status: Option<u16>,
    /// Its `Date`, in seconds since 1970, and where that stands.
    pub(super) date: Option<(i64, Range<u64>)>,
    refusal: Option<Refusal>,
}

/// A `SignatureDoesNotMatch` document.
#[derive(Debug, Default)]
struct Refusal {
    /// Where its code stands.
    code: Range<u64>,
    canonical_request: Option<Told>,
    string_to_sign: Option<Told>,
    signature: Option<Told>,
    access_key_id: Option<Told>,
}

/// The text of an element, and where it stands.
#[derive(Debug, Clone)]
struct Told {
    text: String,
    at: Range<u64>,
    /// Whether bytes of it were masked in the record.
    hidden: bool,
}

impl Answer {
    pub(super) fn read(captured: &Captured) -> Self {
        let joined = captured.joined();
        let captured = joined.as_ref().unwrap_or(captured);
        let message = Message::read(&captured.head);
        let fields = message.head().map(|head| head.fields.as_slice()).unwrap_or_default();
        let named = |f: &&Field| message.slice(&f.name).eq_ignore_ascii_case(b"date");
        let date = fields
            .iter()
            .find(named)
            .and_then(|field| Some((parse_http_date(message.text(&field.value)?)?, places(&field.at))));
        Self { status: message.status(), date, refusal: refusal(captured, &message) }
    }
}

fn refusal(captured: &Captured, message: &Message<'_>) -> Option<Refusal> {
    let payload = message.payload();
    if !payload.bytes.trim_ascii_start().starts_with(b"<") {
        return None;
    }
    let (lines, _) = xml::pretty_partial(&payload.bytes);
    let element = |name: &str| {
        let line =
            lines.iter().find(|l| matches!(&*l.path, [root, own] if root == "Error" && own == name))?;
        let text = xml::text_of(payload.bytes.get(line.at.clone())?)?;
        let at = places(&payload.span(&line.at));
        Some(Told { text, hidden: hidden(captured, &at), at })
    };
    let code = element("Code").filter(|code| code.text == "SignatureDoesNotMatch")?;
    // A document cannot hold every character as it is: the bytes, where they are told, are the better witness.
    let exact = |name: &str| {
        let plain = element(name);
        let bytes = element(&format!("{name}Bytes")).and_then(|told| unhex(&told.text));
        match (plain, bytes) {
            (Some(plain), Some(text)) => Some(Told { text, ..plain }),
            (plain, _) => plain,
        }
    };
    Some(Refusal {
        code: code.at,
        canonical_request: exact("CanonicalRequest"),
        string_to_sign: exact("StringToSign"),
        signature: element("SignatureProvided"),
        access_key_id: element("AWSAccessKeyId"),
    })
}

/// `47 45 54` as text.
fn unhex(text: &str) -> Option<String> {
    let bytes = text.split_ascii_whitespace().map(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes = bytes.collect::<Option<Vec<u8>>>().filter(|bytes| !bytes.is_empty())?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Lays the server's texts beside ours, when it says that the signature does not match.
pub(super) fn show(film: &Film<'_>, answer: &Answer, checked: &Checked, out: &mut Out) {
    let Some(refusal) = &answer.refusal else { return };
    out.heading(Section::Server, "WHAT THE SERVER COMPUTED: SignatureDoesNotMatch");
    out.answered(&refusal.code);
    let Some(signed) = &film.signed else {
        return out.say(
            Tone::Doubt,
            "ours cannot be laid beside it: no signature was read from the request",
            vec![],
        );
    };
    identity(film, signed, refusal, out);
    let string_to_sign = refusal
        .string_to_sign
        .as_ref()
        .map(|told| Pair::of(&signed.string_to_sign, read_string_to_sign(&told.text), told));
    let canonical = refusal
        .canonical_request
        .as_ref()
        .map(|told| Pair::of(&signed.canonical, read_canonical(&told.text), told));
    conclude(signed, canonical.as_ref(), string_to_sign.as_ref(), checked, out);
    for (pair, name) in [(&canonical, "canonical request"), (&string_to_sign, "string to sign")] {
        if let Some(pair) = pair {
            out.say(
                Tone::Said,
                format!("{name}: = both sides, ≠ they differ, - ours only, + the server's only"),
                vec![],
            );
            pair.show(out);
        }
    }
}

/// Whether the server saw our key id and our signature.
fn identity(film: &Film<'_>, signed: &SignedHead, refusal: &Refusal, out: &mut Out) {
    let claim = &signed.claim;
    let credential = film.stated(claim, Stated::Credential);
    let given = refusal.access_key_id.as_ref().filter(|told| !told.hidden && !film.hides(&credential));
    if let Some(told) = given.filter(|told| told.text != claim.access_key_id) {
        let id = if out.reveal { told.text.clone() } else { short_key_id(&told.text) };
        out.say(Tone::Bad, format!("the server was given another access key id: {id}"), credential);
        out.answered(&told.at);
    }
    if let Some(told) = &refusal.signature {
        let from = film.stated(claim, Stated::Signature);
        if told.hidden || film.hides(&from) {
            out.say(Tone::Doubt, "whether the signature came as it was sent is masked in this record", from);
        } else if told.text == claim.signature {
            out.say(Tone::Good, "the signature came to the server as it was sent", from);
        } else {
            out.say(Tone::Bad, "another signature came to the server: it was changed on its way", from);
        }
        out.answered(&told.at);
    }
}

/// Ours and theirs.
struct Pair<'p> {
    ours: &'p [Piece],
    theirs: Vec<Piece>,
    rows: Vec<Row>,
    told: &'p Told,
}

impl<'p> Pair<'p> {
    fn of(ours: &'p [Piece], theirs: Vec<Piece>, told: &'p Told) -> Self {
        Self { ours, rows: align(ours, &theirs), theirs, told }
    }

    fn sides(&self, row: &Row) -> (Option<&Piece>, Option<&Piece>) {
        (row.ours.and_then(|i| self.ours.get(i)), row.theirs.and_then(|j| self.theirs.get(j)))
    }

    fn differs(&self, row: &Row) -> bool {
        let (ours, theirs) = self.sides(row);
        // Where a side is masked nothing follows from its text.
        let unknown = ours.zip(theirs).is_some_and(|(ours, theirs)| ours.hidden && ours.what == theirs.what);
        !unknown && ours.map(|p| &p.text) != theirs.map(|p| &p.text)
    }

    fn first(&self) -> Option<&Row> {
        self.rows.iter().find(|row| self.differs(row))
    }

    fn show(&self, out: &mut Out) {
        let mut first = true;
        for row in &self.rows {
            let (ours, theirs) = self.sides(row);
            let from = ours.map(|p| p.from.clone()).unwrap_or_default();
            let shown = |piece: &Piece| {
                if piece.text.is_empty() { "(empty)".into() } else { piece.shown(out.reveal) }
            };
            if !self.differs(row) {
                match ours.filter(|piece| piece.hidden) {
                    Some(piece) => {
                        out.say(Tone::Doubt, format!("masked in this record: {}", piece.what.name()), from);
                    }
                    None => out.say(Tone::Said, format!("= {}", ours.map(shown).unwrap_or_default()), from),
                }
                out.answered(&self.told.at);
                continue;
            }
            let mark = if first { "first difference " } else { "" };
            first = false;
            let (mine, other) = (ours.map(shown), theirs.map(shown));
            let masked = mine == other;
            let both = mine.is_some() && other.is_some();
            if let Some(text) = mine {
                let sign = if both { "≠ ours:" } else { "- ours:" };
                out.say(Tone::Bad, format!("{mark}{sign} {text}"), from);
            }
            if let Some(text) = other {
                let sign = if both { "≠ the server's:" } else { "+ the server's:" };
                let mark = if both { "" } else { mark };
                let hidden = if masked { " (the values differ behind the mask)" } else { "" };
                out.say(Tone::Bad, format!("{mark}{sign} {text}{hidden}"), vec![]);
                out.answered(&self.told.at);
            }
        }
    }
}

/// What follows from both texts: where they part, or that they do not.
fn conclude(
    signed: &SignedHead,
    canonical: Option<&Pair<'_>>,
    string_to_sign: Option<&Pair<'_>>,
    checked: &Checked,
    out: &mut Out,
) {
    let parted = canonical.and_then(|p| Some((p, p.first()?)));
    let parted = parted.or_else(|| string_to_sign.and_then(|p| Some((p, p.first()?))));
    if let Some((pair, row)) = parted {
        let (ours, theirs) = pair.sides(row);
        let Some(piece) = ours.or(theirs) else { return };
        out.say(Tone::Bad, format!("the first difference is {}", piece.what.name()), piece.from.clone());
        out.answered(&pair.told.at);
        let cause = piece.what.cause(ours.map(|p| p.text.as_str()), theirs.map(|p| p.text.as_str()));
        return out.say(Tone::Said, format!("usual cause: {cause}"), piece.from.clone());
    }
    if canonical.is_none() && string_to_sign.is_none() {
        let said =
            "the server does not say what it computed from; a chunk or the trailer may be what did not match";
        return out.say(Tone::Doubt, said, vec![]);
    }
    if signed.hidden {
        let said =
            "nothing that is not masked in this record differs: what differs, if not the key, cannot be told";
        return out.say(Tone::Doubt, said, vec![]);
    }
    let said = match checked.of(&signed.request) {
        Some(true) => {
            "the strings are equal, and the secret key held here gives the signature that was sent: the server knows another secret key for this access key id"
        }
        Some(false) => {
            "the strings are equal, and the secret key held here gives another signature: the request was changed after it was signed and before it left, or another secret key signed it"
        }
        None => {
            "the strings are equal: the secret key differs, or the request was changed after it was signed and before it left"
        }
    };
    out.say(Tone::Bad, said, vec![]);
}
