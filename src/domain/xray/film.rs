//! A request taken apart for its signature: what it states, where it states it, and what follows from that.

use super::check::{Asked, Signed};
use super::chunked::{self, Chunked};
use super::piece::{Piece, What, parameter_name};
use super::places;
use crate::domain::exchange::Captured;
use crate::domain::message::{Field, Message, Parameter, Place, RequestLine};
use crate::domain::sigv4::{Canonical, Claim, ClaimError, SentHead, Style, canonical, claim, string_to_sign};
use std::ops::Range;

/// A request whose head is at hand.
pub(super) struct Film<'a> {
    pub(super) captured: &'a Captured,
    pub(super) message: Message<'a>,
    line: RequestLine,
    /// Whether the head is text throughout; what is not was read as far as it is.
    pub(super) is_text: bool,
    /// Names and values of the header lines.
    pub(super) headers: Vec<(String, String)>,
    /// Why nothing is known of its signature, when it states one.
    pub(super) unreadable: Option<ClaimError>,
    pub(super) signed: Option<SignedHead>,
}

/// What is signed.
pub(super) struct SignedHead {
    pub(super) claim: Claim,
    pub(super) canonical: Vec<Piece>,
    pub(super) string_to_sign: Vec<Piece>,
    pub(super) request: Signed,
    /// Whether bytes that were masked in the record hide the signature or went into the canonical request.
    pub(super) hidden: bool,
    /// The body, when it comes in chunks of S3's own.
    pub(super) chunked: Option<Chunked>,
}

/// What a signed request states, in a header or in the query.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stated {
    Algorithm,
    Credential,
    Date,
    SignedHeaders,
    Signature,
    PayloadHash,
}

impl<'a> Film<'a> {
    /// Takes a request apart; `Err` says why that cannot be done.
    pub(super) fn of(captured: &'a Captured) -> Result<Self, &'static str> {
        let message = Message::read(&captured.head);
        if captured.total == 0 {
            return Err("no byte of the request is here yet");
        }
        if !message.head().is_some_and(|head| head.whole) {
            return Err("the head of the request is not here, or not whole");
        }
        let line = message.request_line().ok_or("the first line is no request line")?;
        let fields = message.head().map(|head| head.fields.as_slice()).unwrap_or_default();
        let text = |place: &Place| String::from_utf8_lossy(message.slice(place)).into_owned();
        let headers: Vec<_> = fields.iter().map(|f| (text(&f.name), text(&f.value))).collect();
        let is_text = message.head().is_some_and(|head| message.text(&head.at).is_some());
        let mut film = Self { captured, message, line, is_text, headers, unreadable: None, signed: None };
        let (method, target) = film.method_and_target();
        let sent = SentHead { method: &method, target: &target, headers: &film.headers };
        match claim(&sent) {
            Err(error) => film.unreadable = Some(error),
            Ok(None) => {}
            Ok(Some(claim)) => {
                let made = canonical(&sent, &claim);
                film.signed = Some(film.sign(claim, &made));
            }
        }
        Ok(film)
    }

    fn method_and_target(&self) -> (String, String) {
        let end = self.line.parameters.last().map_or(self.line.path.end, |p| p.at.end);
        let text = |at: &Place| String::from_utf8_lossy(self.message.slice(at)).into_owned();
        (text(&self.line.method), text(&(self.line.path.start..end)))
    }

    fn sign(&self, claim: Claim, made: &Canonical) -> SignedHead {
        let text = string_to_sign(&claim, &made.to_string());
        let request = Signed { string_to_sign: text, signature: claim.signature.clone() };
        let mut canonical = self.canonical(&claim, made);
        let mut string_to_sign = self.string_to_sign(&claim, &request.string_to_sign);
        canonical.iter_mut().for_each(|piece| piece.hidden = self.hides(&piece.from));
        let unknown = canonical.iter().any(|piece| piece.hidden);
        string_to_sign.iter_mut().for_each(|piece| piece.hidden = unknown && piece.what == What::Hash);
        SignedHead {
            canonical,
            string_to_sign,
            hidden: unknown || self.hides(&self.stated(&claim, Stated::Signature)),
            chunked: chunked::read(self, &claim),
            claim,
            request,
        }
    }

    fn canonical(&self, claim: &Claim, made: &Canonical) -> Vec<Piece> {
        let method = self.line.method.clone();
        let mut out = vec![
            Piece::new(What::Method, &made.method, vec![places(&method)]),
            Piece::new(What::Uri, &made.uri, vec![places(&self.line.path)]),
        ];
        if made.query.is_empty() {
            out.push(Piece::new(What::Query(String::new()), "", Vec::new()));
        }
        for pair in &made.query {
            out.push(Piece::new(What::Query(parameter_name(pair)), pair, self.pair(pair)));
        }
        for (name, line) in claim.signed_headers.iter().zip(&made.headers) {
            out.push(Piece::new(What::Header(name.clone()), line, self.fields(name)));
        }
        let listed = self.stated(claim, Stated::SignedHeaders);
        let hash = self.stated(claim, Stated::PayloadHash);
        out.extend([
            Piece::new(What::Blank, "", Vec::new()),
            Piece::new(What::SignedHeaders, &made.signed_headers, listed),
            Piece::new(What::PayloadHash, &made.payload_hash, hash),
        ]);
        out
    }

    /// Not by its lines: a time or a scope in a query may hold a line end when it is decoded.
    fn string_to_sign(&self, claim: &Claim, text: &str) -> Vec<Piece> {
        let hash = text.rsplit('\n').next().unwrap_or_default();
        let piece = |what, text: String, stated| Piece::new(what, text, self.stated(claim, stated));
        vec![
            piece(What::Algorithm, crate::domain::sigv4::ALGORITHM.to_owned(), Stated::Algorithm),
            piece(What::Timestamp, claim.timestamp.clone(), Stated::Date),
            piece(What::Scope, claim.scope.to_string(), Stated::Credential),
            Piece::new(What::Hash, hash, Vec::new()),
        ]
    }

    /// Where parameters are that stand in the canonical query as this pair.
    fn pair(&self, pair: &str) -> Vec<Range<u64>> {
        let same = self.line.parameters.iter().filter(|p| {
            let text = |at| String::from_utf8_lossy(self.message.slice(at));
            pair.split_once('=') == Some((&text(&p.name), &text(&p.value)))
        });
        same.map(|p| places(&p.at)).collect()
    }

    /// Whether any of these bytes were masked when the record was written.
    pub(super) fn hides(&self, from: &[Range<u64>]) -> bool {
        from.iter().any(|at| hidden(self.captured, at))
    }

    fn all_fields(&self) -> &[Field] {
        self.message.head().map(|head| head.fields.as_slice()).unwrap_or_default()
    }

    /// Where the header lines of a name are.
    pub(super) fn fields(&self, name: &str) -> Vec<Range<u64>> {
        let named =
            self.all_fields().iter().zip(&self.headers).filter(|(_, (n, _))| n.eq_ignore_ascii_case(name));
        named.map(|(field, _)| places(&field.at)).collect()
    }

    /// The first value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Where a parameter is, by its name in any letter case, as [`claim`] finds it.
    pub(super) fn parameter(&self, name: &str) -> Vec<Range<u64>> {
        let named = |p: &&Parameter| self.message.slice(&p.name).eq_ignore_ascii_case(name.as_bytes());
        self.line.parameters.iter().find(named).map(|p| places(&p.at)).into_iter().collect()
    }

    /// Where a request states something of its signature.
    pub(super) fn stated(&self, claim: &Claim, what: Stated) -> Vec<Range<u64>> {
        match (claim.style, what) {
            (_, Stated::PayloadHash) => self.fields("x-amz-content-sha256").into_iter().take(1).collect(),
            (Style::Header, Stated::Date) => self.fields("x-amz-date").into_iter().take(1).collect(),
            (Style::Header, Stated::Algorithm) => self.of_authorization(None),
            (Style::Header, Stated::Credential) => self.of_authorization(Some("Credential")),
            (Style::Header, Stated::SignedHeaders) => self.of_authorization(Some("SignedHeaders")),
            (Style::Header, Stated::Signature) => self.of_authorization(Some("Signature")),
            (Style::Presigned, Stated::Date) => self.parameter("X-Amz-Date"),
            (Style::Presigned, Stated::Algorithm) => self.parameter("X-Amz-Algorithm"),
            (Style::Presigned, Stated::Credential) => self.parameter("X-Amz-Credential"),
            (Style::Presigned, Stated::SignedHeaders) => self.parameter("X-Amz-SignedHeaders"),
            (Style::Presigned, Stated::Signature) => self.parameter("X-Amz-Signature"),
        }
    }

    /// A piece of the `Authorization` header, or the scheme before its pieces.
    fn of_authorization(&self, piece: Option<&str>) -> Vec<Range<u64>> {
        let field = self
            .all_fields()
            .iter()
            .zip(&self.headers)
            .find(|(_, (n, _))| n.eq_ignore_ascii_case("authorization"));
        let Some((field, _)) = field else { return Vec::new() };
        let value = self.message.slice(&field.value);
        let found = match piece {
            None => Some(0..value.iter().position(|b| *b == b' ').unwrap_or(value.len())),
            Some(name) => authorization_piece(value, name),
        };
        found
            .map(|at| places(&(field.value.start + at.start..field.value.start + at.end)))
            .into_iter()
            .collect()
    }
}

/// Whether bytes of a record were masked when it was written.
pub(super) fn hidden(captured: &Captured, at: &Range<u64>) -> bool {
    captured.masked.iter().any(|masked| masked.start < at.end && at.start < masked.end)
}

/// Where `name=…` stands between the commas after the scheme.
fn authorization_piece(value: &[u8], name: &str) -> Option<Place> {
    let mut at = value.iter().position(|b| *b == b' ')? + 1;
    for piece in value.get(at..)?.split(|b| *b == b',') {
        let start = at + (piece.len() - piece.trim_ascii_start().len());
        let text = piece.trim_ascii();
        if text.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'=')) {
            return Some(start..start + text.len());
        }
        at += piece.len() + 1;
    }
    None
}

impl SignedHead {
    /// What only the secret key can tell.
    pub(super) fn asked(&self) -> Asked {
        let body = self.chunked.as_ref().map(Chunked::signatures).unwrap_or_default();
        Asked {
            access_key_id: self.claim.access_key_id.clone(),
            scope: self.claim.scope.clone(),
            signatures: std::iter::once(self.request.clone()).chain(body).collect(),
        }
    }

    /// The canonical request, secrets masked.
    pub(super) fn masked_canonical(&self) -> String {
        let mut out = String::new();
        let mut after_query = false;
        for piece in &self.canonical {
            let query = matches!(piece.what, What::Query(_));
            if !out.is_empty() {
                out.push(if query && after_query { '&' } else { '\n' });
            }
            out.push_str(&piece.shown(false));
            after_query = query;
        }
        out
    }
}
