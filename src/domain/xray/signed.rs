//! Canonical request, string to sign, signing key and signature, line by line.

use super::answer::Answer;
use super::check::Checked;
use super::film::{Film, SignedHead, Stated};
use super::piece::{Piece, What};
use super::{Out, Section, Tone};
use crate::domain::redact::MASK;

pub(super) fn show(film: &Film<'_>, signed: &SignedHead, answer: &Answer, checked: &Checked, out: &mut Out) {
    out.heading(Section::CanonicalRequest, "CANONICAL REQUEST");
    pieces(&signed.canonical, out);
    out.heading(Section::StringToSign, "STRING TO SIGN");
    pieces(&signed.string_to_sign, out);
    if signed.string_to_sign.iter().all(|piece| !piece.hidden) {
        out.say(Tone::Said, "the last line is the SHA-256 of the canonical request, computed here", vec![]);
    }
    signing_key(film, signed, out);
    signature(film, signed, answer, checked, out);
}

/// The lines of a text; parameters, one line when hashed, a line each.
fn pieces(all: &[Piece], out: &mut Out) {
    let mut after_query = false;
    for piece in all {
        let (tone, text) = piece.line(out.reveal);
        let query = matches!(piece.what, What::Query(_));
        let joint = if query && after_query { "&" } else { "" };
        out.say(tone, format!("{joint}{text}"), piece.from.clone());
        after_query = query;
    }
}

/// The chain by which the key is derived, as formulas. Their values are secrets: none is ever computed here.
fn signing_key(film: &Film<'_>, signed: &SignedHead, out: &mut Out) {
    out.heading(Section::SigningKey, "SIGNING KEY");
    let (claim, scope) = (&signed.claim, &signed.claim.scope);
    let from = film.stated(claim, Stated::Credential);
    for (name, key, input) in [
        ("DateKey", "\"AWS4\" + secret access key", scope.date.as_str()),
        ("DateRegionKey", "DateKey", scope.region.as_str()),
        ("DateRegionServiceKey", "DateRegionKey", scope.service.as_str()),
        ("SigningKey", "DateRegionServiceKey", "aws4_request"),
    ] {
        out.say(Tone::Signed, format!("{name} = HMAC-SHA256({key}, \"{input}\")"), from.clone());
    }
    let said = format!("each of these is {MASK}, never shown: it can sign in place of the secret access key");
    out.say(Tone::Said, said, vec![]);
}

fn signature(film: &Film<'_>, signed: &SignedHead, answer: &Answer, checked: &Checked, out: &mut Out) {
    out.heading(Section::Signature, "SIGNATURE");
    let from = film.stated(&signed.claim, Stated::Signature);
    out.say(Tone::Said, "HMAC-SHA256(SigningKey, string to sign), in hex", vec![]);
    let sent = out.signature(&signed.claim.signature).to_owned();
    out.say(Tone::Signed, format!("sent: {sent}"), from.clone());
    if signed.hidden {
        return out.say(
            Tone::Doubt,
            "cannot be recomputed: it, or what it signs, is masked in this record",
            from,
        );
    }
    let (tone, text) = match (checked, checked.of(&signed.request)) {
        (_, Some(true)) => (Tone::Good, "recomputed with the secret key from the bytes above: equal"),
        (_, Some(false)) => (
            Tone::Bad,
            "recomputed with the secret key from the bytes above: differs. They are not what was signed, or another secret key signed",
        ),
        (Checked::NoKey, None) => (Tone::Doubt, "cannot be checked without the secret key"),
        (Checked::OtherKey, None) => {
            (Tone::Doubt, "signed with another access key id than those held here: cannot be checked here")
        }
        (_, None) => (Tone::Doubt, "being recomputed"),
    };
    out.say(tone, text, from.clone());
    if checked.of(&signed.request) == Some(false) && answer.status.is_some_and(|s| s < 300) {
        let said =
            "yet the request was accepted: the server computes otherwise than this view, or does not check";
        out.say(Tone::Doubt, said, from);
    }
}
