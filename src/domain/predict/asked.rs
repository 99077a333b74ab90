//! One request under judgement: what it says on the wire, what is known, and what had to be left open on the way.

use super::{Answer, Certainty, Done, Prediction, Refusal, Seen, World};
use crate::domain::customer_key;
use crate::domain::names::ObjectRef;
use crate::domain::operation::{Operation, OperationKind, UploadRef};
use crate::domain::preview::{Preview, preview_head};
use crate::domain::units::PartNumber;
use crate::domain::upload::{MultipartUpload, UploadState};

/// A request under judgement.
pub(super) struct Asked<'o, 'a> {
    /// Without what was amended.
    pub(super) plain: &'o Operation,
    /// With it.
    pub(super) whole: &'o Operation,
    pub(super) world: World<'a>,
    kind: OperationKind,
    told: Preview,
    doubt: Option<String>,
    unverified: bool,
}

/// The canned list.
const ACL: &str = "x-amz-acl";
/// Begins the headers of Object Lock.
const LOCK: &str = "x-amz-object-lock-";

/// Headers whose effect depends on what is not known here.
const UNKNOWN_EFFECT: [(&str, &str); 16] = [
    ("x-amz-expected-bucket-owner", "whether the bucket belongs to that account"),
    ("x-amz-source-expected-bucket-owner", "whether the source's bucket belongs to that account"),
    (customer_key::PREFIX, "whether the client's key is the right one"),
    ("x-amz-copy-source-server-side-encryption-customer-", "whether the source's key is the right one"),
    ("x-amz-server-side-encryption-aws-kms-key-id", "whether the KMS key can be used"),
    ("x-amz-server-side-encryption-context", "whether KMS accepts the context"),
    ("x-amz-server-side-encryption-bucket-key-enabled", "how the bucket is encrypted"),
    (ACL, "whether the bucket takes access control lists"),
    ("x-amz-grant-", "whether the bucket takes access control lists"),
    (LOCK, "whether the bucket has Object Lock"),
    ("x-amz-if-match-initiated-time", "whether the bucket is a directory bucket, which alone knows this"),
    ("x-amz-website-redirect-location", "whether S3 accepts the redirect"),
    ("x-amz-checksum-sha512", NEW_ALGORITHM),
    ("x-amz-checksum-md5", NEW_ALGORITHM),
    ("x-amz-checksum-xxhash", NEW_ALGORITHM),
    ("x-amz-object-annotation-directive", "how S3 copies annotations, which is new"),
];

const NEW_ALGORITHM: &str = "how S3 answers to a checksum algorithm that was added in 2026";

impl<'o, 'a> Asked<'o, 'a> {
    pub(super) fn new(operation: &'o Operation, world: World<'a>) -> Self {
        let told = preview_head(operation);
        let mut asked = Self {
            plain: operation.plain(),
            whole: operation,
            world,
            kind: operation.kind(),
            told,
            doubt: None,
            unverified: false,
        };
        let found = UNKNOWN_EFFECT
            .iter()
            .filter(|(prefix, _)| *prefix != customer_key::PREFIX || !asked.knows_key())
            .filter(|(prefix, _)| ![ACL, LOCK].contains(prefix) || !asked.creates())
            .find(|(prefix, _)| asked.told.headers.iter().any(|(name, _)| name.starts_with(prefix)));
        if let Some((_, why)) = found {
            asked.doubt(*why);
        }
        asked
    }

    /// Whether the rules of the operation say what becomes of a client's key.
    fn knows_key(&self) -> bool {
        use OperationKind as K;
        let own = [K::CreateMultipartUpload, K::UploadPart, K::UploadPartCopy, K::CompleteMultipartUpload];
        own.contains(&self.kind)
    }

    /// Whether the rules of the operation say what becomes of an access control list and of locks.
    fn creates(&self) -> bool {
        self.kind == OperationKind::CreateMultipartUpload
    }

    /// Something the answer depends on is not known. The first such thing is told.
    pub(super) fn doubt(&mut self, on: impl Into<String>) {
        if self.doubt.is_none() {
            self.doubt = Some(on.into());
        }
    }

    /// A rule was passed that no source tells.
    pub(super) fn unverified(&mut self) {
        self.unverified = true;
    }

    /// A header as it will be sent, without blanks around it.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.told.header(name).map(|v| v.trim().to_owned())
    }

    /// Whether a header will be sent.
    pub(super) fn has(&self, name: &str) -> bool {
        self.told.headers.iter().any(|(n, _)| n == name)
    }

    /// Every header.
    pub(super) fn headers(&self) -> &[(String, String)] {
        &self.told.headers
    }

    /// A query parameter as it will be sent.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.told.parameter(name)
    }

    /// A query parameter that says something.
    pub(super) fn filled(&self, name: &str) -> Option<&str> {
        self.told.parameter(name).filter(|text| !text.is_empty())
    }

    /// What is known of an object. A named version is not known.
    pub(super) fn seen(&self, object: &ObjectRef) -> Seen<'a> {
        (self.world.objects)(object)
    }

    /// A bucket that is written or listed. It is known to be there when the upload is in it, or an object was seen.
    pub(super) fn bucket(&mut self, name: &str, key: Option<&ObjectRef>) {
        let ours = self.world.machine.is_some_and(|m| m.plan().destination.bucket == name);
        let seen = key.is_some_and(|key| matches!(self.seen(key), Seen::Exists | Seen::Is(_)));
        if !ours && !seen {
            self.doubt("whether there is such a bucket");
        }
    }

    /// The upload the request names, if it is the one that is known; `None` while that is in doubt.
    pub(super) fn upload(&mut self) -> Result<Option<&'a MultipartUpload>, Refusal> {
        let Some(named) = upload_of(self.plain) else { return Ok(None) };
        let Some((machine, ours)) = self.world.machine.and_then(|m| Some((m, m.upload()?))) else {
            self.doubt("whether there is such an upload: none is known here");
            return Ok(None);
        };
        let gone = |why: &str| Refusal::new(404, "NoSuchUpload", why);
        let id = self.parameter("uploadId").unwrap_or_default();
        if id != ours.upload_id {
            self.doubt("whether S3 gave this id to another upload; an id that it did not give would be 404 NoSuchUpload");
            return Err(gone("the upload id is not the one that S3 gave for this upload"));
        }
        if named.bucket != ours.bucket {
            self.doubt("whether there is such a bucket");
            return Err(gone("an upload is named by bucket, key and id together"));
        }
        if named.key != ours.key {
            return Err(gone("an upload is named by bucket, key and id together, and this is another key"));
        }
        match machine.state() {
            UploadState::Open => Ok(Some(machine)),
            UploadState::Completed(_) | UploadState::Aborted | UploadState::Gone => {
                if machine.is_busy() {
                    self.doubt("how the calls end that are under way");
                }
                Err(gone("the upload has ended, and S3 no longer knows its id"))
            }
            _ => {
                self.doubt("where the upload is: a call that decides it has not been answered");
                Ok(Some(machine))
            }
        }
    }

    /// The part number in the query.
    pub(super) fn part_number(&mut self, name: &str) -> Result<PartNumber, Refusal> {
        let text = self.parameter(name).unwrap_or_default().to_owned();
        let wrong = || Refusal::argument("a part number is a whole number from 1 to 10 000");
        let number = text.parse().map(PartNumber).ok().filter(|_| !text.starts_with('+'));
        match number.filter(|n| n.is_valid()) {
            Some(number) => {
                if number.to_string() != text {
                    self.unverified();
                }
                Ok(number)
            }
            None if text.starts_with('+') => Err(wrong().unverified()),
            None => Err(wrong()),
        }
    }

    /// The prediction.
    pub(super) fn finish(self, answer: Answer) -> Prediction {
        let (answer, unverified) = match answer {
            Ok(done) => (Ok(done), self.unverified),
            Err(refusal) => {
                let unverified = self.unverified || refusal.unverified;
                (Err(refusal), unverified)
            }
        };
        let certainty = match self.doubt {
            Some(on) => Certainty::Open(on),
            None if unverified => Certainty::Unverified,
            None => Certainty::Certain,
        };
        let kind = self.kind;
        match answer {
            Ok(Done { status, effect, why, etag, checksum }) => {
                Prediction { kind, status, code: None, effect, why, etag, checksum, certainty }
            }
            Err(Refusal { status, code, why, .. }) => {
                let effect = unchanged(kind, self.world.machine);
                let (code, etag, checksum) = (Some(code), None, None);
                Prediction { kind, status, code, effect, why, etag, checksum, certainty }
            }
        }
    }
}

/// What a refusal leaves.
fn unchanged(kind: OperationKind, machine: Option<&MultipartUpload>) -> String {
    let of_uploads = matches!(
        kind,
        OperationKind::UploadPart
            | OperationKind::UploadPartCopy
            | OperationKind::CompleteMultipartUpload
            | OperationKind::AbortMultipartUpload
    );
    match machine.filter(|_| of_uploads) {
        Some(machine) if *machine.state() == UploadState::Open => {
            format!("nothing: the upload stays open with {}", held(machine))
        }
        _ => "nothing".into(),
    }
}

/// `3 parts`, as far as confirmed.
fn held(machine: &MultipartUpload) -> String {
    counted(machine.parts().values().filter(|p| p.confirmed().is_some()).count(), "part")
}

/// A number with its noun.
pub(super) fn counted(count: usize, noun: &str) -> String {
    match count {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        n => format!("{} {noun}s", crate::domain::units::grouped(u64::try_from(n).unwrap_or(u64::MAX))),
    }
}

/// The upload an operation names.
fn upload_of(operation: &Operation) -> Option<&UploadRef> {
    match operation {
        Operation::UploadPart(o) => Some(&o.upload),
        Operation::UploadPartCopy(o) => Some(&o.upload),
        Operation::ListParts(o) => Some(&o.upload),
        Operation::CompleteMultipartUpload(o) => Some(&o.upload),
        Operation::AbortMultipartUpload(o) => Some(o),
        _ => None,
    }
}
