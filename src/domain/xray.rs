//! How a request was signed, recomputed from its bytes: every line with the bytes it was made from.
//!
//! What can be told from the bytes alone is told here: the canonical request, the string to sign, what the
//! payload hash covers, the chunks of an aws-chunked body. Whether a signature is right only the secret key can
//! tell; what is to be asked of whoever holds it is an [`Asked`], and its answer a [`Checked`]. No key, and no
//! value derived from one, is ever part of an x-ray.
//! Sources: Amazon S3 API Reference, "Authenticating Requests (AWS Signature Version 4)", "Signature
//! Calculations for the Authorization Header: Transferring Payload in Multiple Chunks", "Query String
//! Authentication", "Error Responses".

mod align;
mod answer;
mod check;
mod chunked;
mod film;
mod head;
mod payload;
mod piece;
mod signed;

pub use check::{Asked, Checked, Signed};

use super::exchange::Captured;
use super::text::visible;
use answer::Answer;
use film::Film;
use std::ops::Range;

/// How a line is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Begins a section.
    Heading,
    /// A line of a text that is signed.
    Signed,
    /// Said by this program.
    Said,
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// Cannot be told here.
    Doubt,
}

/// The parts of an x-ray, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Scheme, key id, scope and time.
    How,
    /// The canonical request.
    CanonicalRequest,
    /// The string to sign.
    StringToSign,
    /// How the signing key is derived.
    SigningKey,
    /// The signature that was sent.
    Signature,
    /// What the signature says of the body, and the signatures within it.
    Body,
    /// What the server computed, when it did not agree.
    Server,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where it belongs.
    pub section: Section,
    /// How it is meant.
    pub tone: Tone,
    /// Safe to show; secrets are masked unless revealed.
    pub text: String,
    /// Bytes of the request it was made from.
    pub from: Vec<Range<u64>>,
    /// Bytes of the answer it was made from.
    pub answer: Vec<Range<u64>>,
}

impl Line {
    /// Its text with the mark of its tone before it, so that nothing depends on colour.
    pub fn marked(&self) -> String {
        let mark = match self.tone {
            Tone::Heading => return self.text.clone(),
            Tone::Signed => "  ",
            Tone::Said => "· ",
            Tone::Good => "✓ ",
            Tone::Bad => "✗ ",
            Tone::Doubt => "? ",
        };
        format!("{mark}{}", self.text)
    }
}

/// The x-ray of one exchange, as far as it got.
pub fn xray(request: &Captured, response: &Captured, checked: &Checked, reveal: bool) -> Vec<Line> {
    let joined = request.joined();
    let film = Film::of(joined.as_ref().unwrap_or(request));
    let answer = Answer::read(response);
    let mut out = Out { lines: Vec::new(), section: Section::How, reveal };
    if !request.masked.is_empty() {
        let said = "secrets were masked when this was written: what is computed from them here is not what was signed";
        out.say(Tone::Doubt, said, Vec::new());
    }
    match film {
        Err(why) => {
            out.heading(Section::How, "HOW IT IS SIGNED");
            out.say(Tone::Doubt, why, Vec::new());
        }
        Ok(film) => {
            head::how(&film, &answer, &mut out);
            if let Some(signed) = &film.signed {
                signed::show(&film, signed, &answer, checked, &mut out);
                payload::show(&film, signed, checked, &mut out);
            }
            answer::show(&film, &answer, checked, &mut out);
        }
    }
    out.lines
}

/// What only the secret key can tell of a request; `None` when nothing is signed in a way known here, or what was signed
/// is masked in the record.
pub fn asked(request: &Captured) -> Option<Asked> {
    let joined = request.joined();
    let film = Film::of(joined.as_ref().unwrap_or(request)).ok()?;
    film.signed.as_ref().filter(|signed| !signed.hidden).map(film::SignedHead::asked)
}

/// The canonical request as text, secrets masked.
pub fn canonical_text(request: &Captured) -> Option<String> {
    let joined = request.joined();
    let film = Film::of(joined.as_ref().unwrap_or(request)).ok()?;
    Some(film.signed.as_ref()?.masked_canonical())
}

/// The x-ray as lines of text, for where there is no screen.
pub fn text_lines(request: &Captured, response: &Captured, checked: &Checked) -> Vec<String> {
    xray(request, response, checked, false).iter().map(Line::marked).collect()
}

/// The x-ray being written.
struct Out {
    lines: Vec<Line>,
    section: Section,
    reveal: bool,
}

impl Out {
    fn heading(&mut self, section: Section, text: &str) {
        self.section = section;
        self.say(Tone::Heading, text, Vec::new());
    }

    fn say(&mut self, tone: Tone, text: impl AsRef<str>, from: Vec<Range<u64>>) {
        let (section, text) = (self.section, visible(text.as_ref()));
        self.lines.push(Line { section, tone, text, from, answer: Vec::new() });
    }

    /// The bytes of the answer that the line written last was made from.
    fn answered(&mut self, at: &Range<u64>) {
        if let Some(line) = self.lines.last_mut() {
            line.answer.push(at.clone());
        }
    }

    /// A signature as it may be shown.
    fn signature<'s>(&self, signature: &'s str) -> &'s str {
        if self.reveal { signature } else { super::redact::MASK }
    }
}

fn places(at: &Range<usize>) -> Range<u64> {
    let place = |at: usize| u64::try_from(at).unwrap_or(u64::MAX);
    place(at.start)..place(at.end)
}

#[cfg(test)]
mod tests;
