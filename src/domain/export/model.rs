//! A recorded session as calls with parameters, ready to be written in any language.
//!
//! Values that came from an earlier answer are not text any more but say which answer gave them, so that a script that
//! runs again uses what it is answered then. Secrets are names of variables: their text is never in here.

use super::table::{CallRow, ParamRow};
use std::collections::BTreeSet;

/// All that a script says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Where the calls went.
    pub place: Where,
    /// Calls, and what was left out, in order.
    pub items: Vec<Item>,
    /// Files that bodies are read from.
    pub files: Vec<FileSlot>,
    /// Environment variables that hold customer keys in base64.
    pub keys: Vec<String>,
}

impl Session {
    /// The calls in order; the first has number 1.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.items.iter().filter_map(|i| match i {
            Item::Call(call) => Some(call.as_ref()),
            Item::Left(_) => None,
        })
    }
}

/// Where calls go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Where {
    /// Scheme and host, without a bucket in front.
    pub endpoint: String,
    /// Whether that is where Amazon S3 is found by region, so that clients need not be told.
    pub amazon: bool,
    /// The region requests are signed for.
    pub region: String,
    /// Whether buckets stand in front of the host.
    pub virtual_hosted: bool,
    /// Whether requests are signed.
    pub signed: bool,
    /// The profile that gave credentials, when one was named.
    pub profile: Option<String>,
}

/// A call, or a line on one that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// It is in the script.
    Call(Box<Call>),
    /// It is not, and this is why.
    Left(String),
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its number in the script, from 1.
    pub number: usize,
    /// S3's name, or method and path of what has none here.
    pub name: String,
    /// Its row, when the clients have a command for it.
    pub row: Option<&'static CallRow>,
    /// `GET`, `PUT`, …
    pub method: String,
    /// The bucket, not encoded.
    pub bucket: Option<Vec<u8>>,
    /// The key, not encoded.
    pub key: Option<Vec<u8>>,
    /// The query, not encoded, without signatures.
    pub query: Vec<(Vec<u8>, Value)>,
    /// Headers that mean something to S3, names in lower case.
    pub headers: Vec<(String, Value)>,
    /// The bytes it sends.
    pub body: Body,
    /// What S3 answered, if anything.
    pub answer: Option<Answer>,
    /// What later calls take from its answer.
    pub gives: BTreeSet<What>,
    /// Remarks for the reader.
    pub notes: Vec<String>,
}

/// A parameter of a call, as the clients have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// Which.
    pub row: &'static ParamRow,
    /// The rest of a metadata header's name.
    pub name: Option<String>,
    /// What it is given.
    pub value: Value,
}

impl Call {
    /// The parameters that the clients have a name for, in the order they were sent; a list's values one by one.
    pub fn arguments(&self) -> Vec<Argument> {
        let Some(row) = self.row else { return Vec::new() };
        let of_query = self.query.iter().filter_map(|(name, value)| {
            let row = row.of_query(std::str::from_utf8(name).ok()?)?;
            Some(Argument { row, name: None, value: value.clone() })
        });
        let of_header = self.headers.iter().filter_map(|(name, value)| {
            let row = row.of_header(name)?;
            let start = row.header.as_deref().unwrap_or_default();
            let rest = name.strip_prefix(start).filter(|n| !n.is_empty()).map(str::to_owned);
            Some(Argument { row, name: rest, value: value.clone() })
        });
        of_query.chain(of_header).collect()
    }

    /// What it says that the clients have no parameter for.
    pub fn unsaid(&self) -> Vec<String> {
        let Some(row) = self.row else { return Vec::new() };
        let known = |name: &[u8]| {
            std::str::from_utf8(name).is_ok_and(|n| row.of_query(n).is_some() || super::wire::is_mark(n))
        };
        let query = self.query.iter().filter(|(name, _)| !known(name));
        let query = query.map(|(name, _)| format!("the query parameter {}", String::from_utf8_lossy(name)));
        let headers = self.headers.iter().filter(|(name, _)| !super::wire::clients_set(name));
        let headers = headers.filter(|(name, _)| row.of_header(name).is_none());
        query.chain(headers.map(|(name, _)| format!("the header {name}"))).collect()
    }

    /// Its copy source, taken apart; `None` when it has none, or one that is not `bucket/key`.
    pub fn source(&self) -> Option<Source> {
        let (_, value) = self.headers.iter().find(|(n, _)| n == "x-amz-copy-source")?;
        let (first, given) = match value.0.as_slice() {
            [Piece::Bytes(first)] => (first, None),
            [Piece::Bytes(first), given] => (first, Some(Value(vec![given.clone()]))),
            _ => return None,
        };
        let text = std::str::from_utf8(first).ok()?;
        let text = text.strip_prefix('/').unwrap_or(text);
        let (path, literal) = text.rsplit_once("?versionId=").map_or((text, None), |(p, v)| (p, Some(v)));
        let (bucket, key) = path.split_once('/')?;
        let decoded = |text: &str| String::from_utf8(super::wire::decoded(text.as_bytes())).ok();
        Some(Source {
            bucket: decoded(bucket)?,
            key: decoded(key)?,
            version: given.or_else(|| literal.filter(|v| !v.is_empty()).map(Value::of)),
        })
    }

    /// Whether S3 refused it when it was recorded.
    pub fn refused(&self) -> bool {
        self.answer.as_ref().is_some_and(|a| !a.succeeded())
    }
}

/// What S3 answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The code of an error document.
    pub code: Option<String>,
    /// What it told that later calls may need.
    pub told: Vec<(What, String)>,
}

impl Answer {
    /// Whether the call was done: some errors come with status 200.
    pub fn succeeded(&self) -> bool {
        self.code.is_none() && (200..300).contains(&self.status)
    }
}

/// A value of an answer that later calls can need.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// `UploadId`
    UploadId,
    /// `ETag`
    ETag,
    /// `VersionId`
    VersionId,
    /// `ChecksumCRC32` and the others: the part after `Checksum`.
    Checksum(String),
    /// `NextContinuationToken`
    NextContinuationToken,
    /// `NextUploadIdMarker`
    NextUploadIdMarker,
    /// `NextVersionIdMarker`
    NextVersionIdMarker,
}

impl What {
    /// S3's name.
    pub fn name(&self) -> String {
        match self {
            Self::UploadId => "UploadId".into(),
            Self::ETag => "ETag".into(),
            Self::VersionId => "VersionId".into(),
            Self::Checksum(algorithm) => format!("Checksum{algorithm}"),
            Self::NextContinuationToken => "NextContinuationToken".into(),
            Self::NextUploadIdMarker => "NextUploadIdMarker".into(),
            Self::NextVersionIdMarker => "NextVersionIdMarker".into(),
        }
    }

    /// The structure of the answer that holds it, where there is one.
    pub fn within(&self, call: &str) -> Option<&'static str> {
        match (call, self) {
            ("UploadPartCopy", Self::ETag | Self::Checksum(_)) => Some("CopyPartResult"),
            ("CopyObject", Self::ETag | Self::Checksum(_)) => Some("CopyObjectResult"),
            _ => None,
        }
    }

    /// The header it comes in; `None` when it is an element of the body.
    pub fn header(&self, call: &str) -> Option<String> {
        match self {
            Self::VersionId => Some("x-amz-version-id".into()),
            Self::ETag | Self::Checksum(_)
                if self.within(call).is_some() || call == "CompleteMultipartUpload" =>
            {
                None
            }
            Self::ETag => Some("etag".into()),
            Self::Checksum(algorithm) => Some(format!("x-amz-checksum-{}", algorithm.to_ascii_lowercase())),
            _ => None,
        }
    }

    /// The variable that holds it: `etag_3`.
    pub fn variable(&self, call: usize) -> String {
        let name = match self {
            Self::ETag => "etag".into(),
            Self::Checksum(algorithm) => algorithm.to_ascii_lowercase(),
            other => super::table::apart(&other.name(), '_'),
        };
        format!("{name}_{call}")
    }
}

/// A value that an earlier call's answer gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Number of that call.
    pub call: usize,
    /// S3's name of that call.
    pub name: String,
    /// Which value.
    pub what: What,
}

impl Given {
    /// The variable that holds it.
    pub fn variable(&self) -> String {
        self.what.variable(self.call)
    }
}

/// A stretch of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// As it was sent.
    Bytes(Vec<u8>),
    /// Given by an earlier answer.
    Given(Given),
    /// The environment variable with this name.
    Secret(String),
}

/// A value: bytes, and values of earlier answers among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Value(pub Vec<Piece>);

impl Value {
    /// Bytes alone.
    pub fn of(bytes: impl Into<Vec<u8>>) -> Self {
        Self(vec![Piece::Bytes(bytes.into())])
    }

    /// A value of an earlier answer alone.
    pub fn given(given: Given) -> Self {
        Self(vec![Piece::Given(given)])
    }

    /// The bytes, when it is nothing else.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self.0.as_slice() {
            [] => Some(b""),
            [Piece::Bytes(bytes)] => Some(bytes),
            _ => None,
        }
    }

    /// The text, when it is nothing else.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes()?).ok()
    }
}

/// A copy source, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its bucket.
    pub bucket: String,
    /// Its key, not encoded.
    pub key: String,
    /// Its version.
    pub version: Option<Value>,
}

/// What a call sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    Empty,
    /// These bytes.
    Bytes(Vec<u8>),
    /// Bytes by a rule: byte `i` is `(first + i) mod 251`.
    Generated {
        /// The first byte.
        first: u8,
        /// How many.
        len: u64,
    },
    /// A range of a file.
    File {
        /// Which of [`Session::files`].
        slot: usize,
        /// First byte.
        offset: u64,
        /// How many.
        len: u64,
    },
    /// The list of CompleteMultipartUpload: of each part the elements in order.
    Parts(Vec<Vec<(String, Value)>>),
    /// The document of PutObjectTagging, and the tags it holds.
    Tags(Vec<u8>, Vec<(String, String)>),
}

/// A file that the script reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSlot {
    /// The variable that names it.
    pub variable: String,
    /// Its path, when it is known.
    pub path: Option<String>,
    /// Bytes it must have.
    pub needed: u64,
    /// What it holds, in words.
    pub about: String,
}
