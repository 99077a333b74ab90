//! AWS Signature Version 4, recomputed from bytes: shared by the sandbox's verifier and the signature view.
//!
//! Nothing here signs for the SDK. The rules are applied to a request as it was sent: the path is taken
//! verbatim (S3 neither decodes nor normalises it), the query is split and sorted, and only the headers named
//! in `SignedHeaders` count. Every intermediate text is kept, because a signature that does not match is
//! explained by the first line in which two canonical requests differ.
//! Source: Amazon S3 API Reference, "Authenticating Requests (AWS Signature Version 4)".

use super::etag::to_hex;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// The scheme this file knows.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The payload hash of a presigned request and of a client that does not hash its body.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
/// SHA-256 of nothing.
pub const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A request head as it was sent.
#[derive(Debug, Clone, Copy)]
pub struct SentHead<'a> {
    /// `GET`, `PUT`, …
    pub method: &'a str,
    /// Path and query, as in the request line.
    pub target: &'a str,
    /// Names and values in order.
    pub headers: &'a [(String, String)],
}

impl SentHead<'_> {
    /// The first value of a header, by name in any letter case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    fn path_and_query(&self) -> (&str, &str) {
        self.target.split_once('?').unwrap_or((self.target, ""))
    }

    fn query(&self, name: &str) -> Option<String> {
        self.path_and_query().1.split('&').find_map(|pair| {
            let (n, v) = pair.split_once('=').unwrap_or((pair, ""));
            n.eq_ignore_ascii_case(name).then(|| decode(v))
        })
    }
}

/// Where the signature stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// In the `Authorization` header.
    Header,
    /// In the query: a presigned URL.
    Presigned,
}

/// The credential scope: what a signature is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// `YYYYMMDD`.
    pub date: String,
    /// Region, such as `us-east-1`.
    pub region: String,
    /// Service, `s3`.
    pub service: String,
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}/aws4_request", self.date, self.region, self.service)
    }
}

/// What a request says about its own signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Header or query.
    pub style: Style,
    /// Access key id.
    pub access_key_id: String,
    /// Date, region and service of the credential.
    pub scope: Scope,
    /// Names of the signed headers, lower case, as listed.
    pub signed_headers: Vec<String>,
    /// `x-amz-date`: `YYYYMMDDTHHMMSSZ`.
    pub timestamp: String,
    /// Seconds a presigned URL is good for.
    pub expires: Option<u64>,
    /// The last line of the canonical request: a hash, or the name of a streaming mode.
    pub payload_hash: String,
    /// The signature that was sent.
    pub signature: String,
}

/// Why a request's own statement cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// Not the AWS4-HMAC-SHA256 scheme.
    #[error("the Authorization header names another scheme: {0}")]
    Scheme(String),
    /// `Credential`, `SignedHeaders` or `Signature` is missing or wrong.
    #[error("the Authorization header is malformed: {0}")]
    Header(String),
    /// A presigned URL without one of its parameters.
    #[error("the presigned query lacks or spoils {0}")]
    Query(&'static str),
    /// Neither `x-amz-date` nor `X-Amz-Date`.
    #[error("the request carries no x-amz-date")]
    NoDate,
    /// Header authentication needs `x-amz-content-sha256`.
    #[error("the request carries no x-amz-content-sha256")]
    NoPayloadHash,
}

/// Reads what a request says about its signature; `Ok(None)` for an anonymous request.
pub fn claim(head: &SentHead<'_>) -> Result<Option<Claim>, ClaimError> {
    if let Some(value) = head.header("authorization") {
        return header_claim(head, value).map(Some);
    }
    let presigned = ["X-Amz-Algorithm", "X-Amz-Signature", "X-Amz-Credential"];
    if presigned.iter().any(|name| head.query(name).is_some()) {
        return query_claim(head).map(Some);
    }
    Ok(None)
}

fn header_claim(head: &SentHead<'_>, value: &str) -> Result<Claim, ClaimError> {
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    if scheme != ALGORITHM {
        return Err(ClaimError::Scheme(scheme.to_owned()));
    }
    let field = |name: &str| {
        rest.split(',').find_map(|f| f.trim().strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
    };
    let missing = |name: &str| ClaimError::Header(format!("{name} is missing"));
    let credential = field("Credential").ok_or_else(|| missing("Credential"))?;
    let (access_key_id, scope) = credential_scope(&credential)
        .ok_or_else(|| ClaimError::Header("the Credential is mal-formed".into()))?;
    Ok(Claim {
        style: Style::Header,
        access_key_id,
        scope,
        signed_headers: names(&field("SignedHeaders").ok_or_else(|| missing("SignedHeaders"))?),
        timestamp: head.header("x-amz-date").ok_or(ClaimError::NoDate)?.to_owned(),
        expires: None,
        payload_hash: head.header("x-amz-content-sha256").ok_or(ClaimError::NoPayloadHash)?.trim().to_owned(),
        signature: field("Signature").ok_or_else(|| missing("Signature"))?,
    })
}

fn query_claim(head: &SentHead<'_>) -> Result<Claim, ClaimError> {
    let get = |name: &'static str| head.query(name).ok_or(ClaimError::Query(name));
    if get("X-Amz-Algorithm")? != ALGORITHM {
        return Err(ClaimError::Query("X-Amz-Algorithm"));
    }
    let (access_key_id, scope) =
        credential_scope(&get("X-Amz-Credential")?).ok_or(ClaimError::Query("X-Amz-Credential"))?;
    let expires = get("X-Amz-Expires")?.parse().map_err(|_| ClaimError::Query("X-Amz-Expires"))?;
    let hash = head.header("x-amz-content-sha256").unwrap_or(UNSIGNED_PAYLOAD);
    Ok(Claim {
        style: Style::Presigned,
        access_key_id,
        scope,
        signed_headers: names(&get("X-Amz-SignedHeaders")?),
        timestamp: get("X-Amz-Date")?,
        expires: Some(expires),
        payload_hash: hash.to_owned(),
        signature: get("X-Amz-Signature")?,
    })
}

fn names(list: &str) -> Vec<String> {
    list.split(';').filter(|n| !n.is_empty()).map(str::to_ascii_lowercase).collect()
}

fn credential_scope(text: &str) -> Option<(String, Scope)> {
    let mut fields = text.rsplitn(5, '/');
    let (end, service, region) = (fields.next()?, fields.next()?, fields.next()?);
    let (date, key) = (fields.next()?, fields.next()?);
    (end == "aws4_request").then(|| {
        (
            key.to_owned(),
            Scope { date: date.to_owned(), region: region.to_owned(), service: service.to_owned() },
        )
    })
}

/// A claim together with everything that was computed to judge it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// What the request said.
    pub claim: Claim,
    /// The canonical request: six fields in lines.
    pub canonical_request: String,
    /// Algorithm, time, scope and the hash of the canonical request.
    pub string_to_sign: String,
    /// The signature the secret key gives.
    pub computed: String,
}

impl Evaluation {
    /// Whether the sent signature is the computed one.
    pub fn matches(&self) -> bool {
        self.claim.signature == self.computed
    }
}

/// Recomputes the signature of a request from its bytes and a secret key.
pub fn evaluate(head: &SentHead<'_>, claim: &Claim, secret_key: &str) -> Evaluation {
    let canonical_request = canonical_request(head, claim);
    let string_to_sign = string_to_sign(claim, &canonical_request);
    let computed = SigningKey::derive(secret_key, &claim.scope).sign(&string_to_sign);
    Evaluation { claim: claim.clone(), canonical_request, string_to_sign, computed }
}

/// The text that is signed: algorithm, time, scope and the hash of the canonical request.
pub fn string_to_sign(claim: &Claim, canonical_request: &str) -> String {
    let hash = to_hex(&Sha256::digest(canonical_request.as_bytes()));
    format!("{ALGORITHM}\n{}\n{}\n{hash}", claim.timestamp, claim.scope)
}

/// A canonical request in pieces; written out, they stand in lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical {
    /// As sent.
    pub method: String,
    /// The path as sent: S3 neither decodes nor normalises it.
    pub uri: String,
    /// `name=value` of each parameter, sorted; joined by `&` they are one line.
    pub query: Vec<String>,
    /// `name:value` of each signed header, in the order of the list.
    pub headers: Vec<String>,
    /// The list, joined by `;`.
    pub signed_headers: String,
    /// A hash, or the name of a streaming mode.
    pub payload_hash: String,
}

impl std::fmt::Display for Canonical {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { method, uri, query, headers, signed_headers, payload_hash } = self;
        let headers: String = headers.iter().map(|line| format!("{line}\n")).collect();
        write!(f, "{method}\n{uri}\n{}\n{headers}\n{signed_headers}\n{payload_hash}", query.join("&"))
    }
}

/// The text whose hash is signed.
pub fn canonical_request(head: &SentHead<'_>, claim: &Claim) -> String {
    canonical(head, claim).to_string()
}

/// The same in pieces.
pub fn canonical(head: &SentHead<'_>, claim: &Claim) -> Canonical {
    let (path, query) = head.path_and_query();
    let mut pairs: Vec<(&str, &str)> = query
        .split('&')
        .filter(|p| !p.is_empty())
        .map(|p| p.split_once('=').unwrap_or((p, "")))
        .filter(|(name, _)| claim.style == Style::Header || *name != "X-Amz-Signature")
        .collect();
    pairs.sort_unstable();
    let header = |name: &String| format!("{name}:{}", canonical_values(head, name));
    Canonical {
        method: head.method.to_owned(),
        uri: path.to_owned(),
        query: pairs.iter().map(|(n, v)| format!("{n}={v}")).collect(),
        headers: claim.signed_headers.iter().map(header).collect(),
        signed_headers: claim.signed_headers.join(";"),
        payload_hash: claim.payload_hash.clone(),
    }
}

fn canonical_values(head: &SentHead<'_>, name: &str) -> String {
    let values = head.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
    let collapsed = values.map(|(_, v)| v.split(' ').filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" "));
    collapsed.collect::<Vec<_>>().join(",")
}

/// The key derived from a secret for one day, region and service.
#[derive(Clone)]
pub struct SigningKey([u8; 32]);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

impl SigningKey {
    /// HMAC chained over date, region, service and the terminator.
    pub fn derive(secret_key: &str, scope: &Scope) -> Self {
        let date = hmac_sha256(format!("AWS4{secret_key}").as_bytes(), scope.date.as_bytes());
        let region = hmac_sha256(&date, scope.region.as_bytes());
        let service = hmac_sha256(&region, scope.service.as_bytes());
        Self(hmac_sha256(&service, b"aws4_request"))
    }

    /// Lower-case hex signature of a string to sign.
    pub fn sign(&self, string_to_sign: &str) -> String {
        to_hex(&hmac_sha256(&self.0, string_to_sign.as_bytes()))
    }
}

fn hmac_sha256(key: &[u8], data: &[u8]) -> [u8; 32] {
    // HMAC takes a key of any length, so this cannot fail; a wrong signature is the safe answer if it did.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(data);
    mac.finalize().into_bytes().into()
}

/// The chain of signatures in a signed `aws-chunked` body: each covers the one before.
#[derive(Debug, Clone)]
pub struct ChunkChain {
    key: SigningKey,
    timestamp: String,
    scope: Scope,
    previous: String,
}

impl ChunkChain {
    /// Begins at the request's own signature, the seed.
    pub fn new(claim: &Claim, secret_key: &str) -> Self {
        Self {
            key: SigningKey::derive(secret_key, &claim.scope),
            timestamp: claim.timestamp.clone(),
            scope: claim.scope.clone(),
            previous: claim.signature.clone(),
        }
    }

    /// The text signed for the next chunk.
    pub fn chunk_string_to_sign(&self, data: &[u8]) -> String {
        self.string_to_sign_of_hash(&to_hex(&Sha256::digest(data)))
    }

    fn string_to_sign_of_hash(&self, hash: &str) -> String {
        chunk_string_to_sign(&self.timestamp, &self.scope, &self.previous, hash)
    }

    /// The signature the next chunk must carry; the chain moves on to it.
    pub fn next_chunk(&mut self, data: &[u8]) -> String {
        self.previous = self.key.sign(&self.chunk_string_to_sign(data));
        self.previous.clone()
    }

    /// As [`ChunkChain::next_chunk`], for data of which only the SHA-256 is at hand, in lower-case hex.
    pub fn next_chunk_of_hash(&mut self, hash: &str) -> String {
        self.previous = self.key.sign(&self.string_to_sign_of_hash(hash));
        self.previous.clone()
    }

    /// The signature the trailing headers must carry.
    pub fn trailer(&self, trailers: &[(String, String)]) -> String {
        let text = canonical_trailer(trailers);
        self.key.sign(&trailer_string_to_sign(&self.timestamp, &self.scope, &self.previous, &text))
    }
}

/// The text signed for a chunk whose data has a SHA-256, in lower-case hex, after the chunk or head whose
/// signature was `previous`.
pub fn chunk_string_to_sign(timestamp: &str, scope: &Scope, previous: &str, hash: &str) -> String {
    format!("{ALGORITHM}-PAYLOAD\n{timestamp}\n{scope}\n{previous}\n{EMPTY_SHA256}\n{hash}")
}

/// The text signed for the trailing headers after the last chunk, whose signature was `previous`.
pub fn trailer_string_to_sign(timestamp: &str, scope: &Scope, previous: &str, canonical: &str) -> String {
    let hash = to_hex(&Sha256::digest(canonical.as_bytes()));
    format!("{ALGORITHM}-TRAILER\n{timestamp}\n{scope}\n{previous}\n{hash}")
}

/// Trailing headers as they are hashed: `name:value` in lines, each with its end.
pub fn canonical_trailer(trailers: &[(String, String)]) -> String {
    trailers.iter().map(|(n, v)| format!("{}:{}\n", n.to_ascii_lowercase(), v.trim())).collect()
}

/// Percent-decodes a query value; `+` stays itself, as in a canonical query.
fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    const CREDENTIAL: &str = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";
    const HOST: (&str, &str) = ("Host", "examplebucket.s3.amazonaws.com");
    const DATE: (&str, &str) = ("x-amz-date", "20130524T000000Z");

    fn check(
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        signed: &str,
        signature: &str,
    ) -> Evaluation {
        let auth =
            format!("{ALGORITHM} Credential={CREDENTIAL},SignedHeaders={signed},Signature={signature}");
        let mut list: Vec<(String, String)> =
            headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        list.push(("Authorization".into(), auth));
        let head = SentHead { method, target, headers: &list };
        let claim = claim(&head).unwrap().unwrap();
        let evaluation = evaluate(&head, &claim, SECRET);
        assert!(evaluation.matches(), "{evaluation:#?}");
        evaluation
    }

    #[test]
    fn published_header_examples_match() {
        let empty = ("x-amz-content-sha256", EMPTY_SHA256);
        let plain = "host;x-amz-content-sha256;x-amz-date";
        check(
            "GET",
            "/test.txt",
            &[HOST, ("Range", "bytes=0-9"), empty, DATE],
            "host;range;x-amz-content-sha256;x-amz-date",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        );
        check(
            "PUT",
            "/test%24file.text",
            &[
                HOST,
                ("Date", "Fri, 24 May 2013 00:00:00 GMT"),
                DATE,
                ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                ("x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"),
            ],
            "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        );
        let lifecycle = check(
            "GET",
            "/?lifecycle",
            &[HOST, empty, DATE],
            plain,
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        );
        assert!(lifecycle.canonical_request.contains("\nlifecycle=\n"));
        check(
            "GET",
            "/?prefix=J&max-keys=2",
            &[HOST, empty, DATE],
            plain,
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        );
    }

    #[test]
    fn the_published_presigned_example_matches() {
        let target = "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524\
            %2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=\
            host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
        let headers = [(HOST.0.to_owned(), HOST.1.to_owned())];
        let head = SentHead { method: "GET", target, headers: &headers };
        let claim = claim(&head).unwrap().unwrap();
        assert_eq!((claim.style, claim.expires), (Style::Presigned, Some(86_400)));
        assert!(evaluate(&head, &claim, SECRET).matches());
    }

    fn chain(seed: &str) -> ChunkChain {
        let (access_key_id, scope) = credential_scope(CREDENTIAL).unwrap();
        let claim = Claim {
            style: Style::Header,
            access_key_id,
            scope,
            signed_headers: vec![],
            timestamp: DATE.1.into(),
            expires: None,
            payload_hash: String::new(),
            signature: seed.into(),
        };
        ChunkChain::new(&claim, SECRET)
    }

    #[test]
    fn the_published_chunk_signatures_match() {
        let seed = check(
            "PUT",
            "/examplebucket/chunkObject.txt",
            &[
                ("Host", "s3.amazonaws.com"),
                DATE,
                ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
                ("Content-Encoding", "aws-chunked"),
                ("x-amz-decoded-content-length", "66560"),
                ("Content-Length", "66824"),
            ],
            "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;\
             x-amz-storage-class",
            "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
        );
        let mut chain = ChunkChain::new(&seed.claim, SECRET);
        for (len, signature) in [
            (65_536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
            (1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
            (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
        ] {
            assert_eq!(chain.next_chunk(&vec![b'a'; len]), signature);
        }
    }

    #[test]
    fn the_published_trailer_signature_matches() {
        let mut chain = chain("106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e");
        for (len, signature) in [
            (65_536, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"),
            (1024, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"),
            (0, "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"),
        ] {
            assert_eq!(chain.next_chunk(&vec![b'a'; len]), signature);
        }
        assert_eq!(
            chain.trailer(&[("x-amz-checksum-crc32c".into(), "sOO8/Q==".into())]),
            "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"
        );
    }

    #[test]
    fn anonymous_and_malformed_requests_are_told_apart() {
        let with = |value: &str| vec![("authorization".to_owned(), value.to_owned())];
        let read =
            |target: &str, headers: &[(String, String)]| claim(&SentHead { method: "GET", target, headers });
        assert_eq!(read("/", &[]), Ok(None));
        assert_eq!(read("/", &with("Basic abc")), Err(ClaimError::Scheme("Basic".into())));
        for bad in ["AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a/b/c", "AWS4-HMAC-SHA256 Signature=="] {
            assert!(matches!(read("/", &with(bad)), Err(ClaimError::Header(_))), "{bad}");
        }
        assert_eq!(read("/?X-Amz-Signature=1", &[]), Err(ClaimError::Query("X-Amz-Algorithm")));
    }
}
