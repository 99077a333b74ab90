//! What S3 will answer to a request, and what it will change, told before the request is sent.
//!
//! The rules are read from the values that will be on the wire, so that amended ones count, and in the order in which
//! S3 was seen to check them. Nothing is guessed: where the answer depends on something that is not known here, the
//! prediction says on what, and where no source tells how S3 answers, it is marked as unverified.

mod asked;
mod attached;
mod complete;
mod conditions;
mod copy;
mod create;
mod encryption;
mod judge;
mod part;
mod read;
mod source;
mod sums;
mod tags;

pub use judge::Verdict;

use super::checksum::Checksums;
use super::etag::ETag;
use super::names::ObjectRef;
use super::operation::{Operation, OperationKind, PartBody};
use super::output::HeadObjectOutput;
use super::upload::MultipartUpload;
use asked::Asked;

/// The digests of a part's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyDigest {
    /// Their MD5, raw.
    pub md5: [u8; 16],
    /// Their checksums in base64, of as many algorithms as were computed.
    pub checksums: Checksums,
}

/// What is known of an object without asking for it now.
#[derive(Debug, Clone, Copy)]
pub enum Seen<'a> {
    /// Nothing.
    Unknown,
    /// S3 said that it is not there.
    Missing,
    /// S3 said that it is there, and no more than that.
    Exists,
    /// What HeadObject said of it.
    Is(&'a HeadObjectOutput),
}

/// What a prediction is made from. All of it is at hand; nothing is computed to build it.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The upload, as far as S3's answers have shown it.
    pub machine: Option<&'a MultipartUpload>,
    /// The digests of a body, if they were computed.
    pub digests: &'a dyn Fn(&PartBody) -> Option<BodyDigest>,
    /// What is known of an object.
    pub objects: &'a dyn Fn(&ObjectRef) -> Seen<'a>,
}

impl<'a> World<'a> {
    /// A world in which an upload is known, and nothing else.
    pub fn of(machine: Option<&'a MultipartUpload>) -> Self {
        Self { machine, digests: &|_| None, objects: &|_| Seen::Unknown }
    }
}

/// How sure a prediction is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certainty {
    /// S3 was recorded to answer so, or documents it.
    Certain,
    /// No source tells what S3 answers; this is the likeliest.
    Unverified,
    /// It depends on this, which is not known here.
    Open(String),
}

/// What is expected of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prediction {
    /// Of which operation.
    pub kind: OperationKind,
    /// HTTP status.
    pub status: u16,
    /// S3's error code; `None` for success. The answer to HEAD has no document, and so does not show it.
    pub code: Option<&'static str>,
    /// What changes in what S3 holds.
    pub effect: String,
    /// The rule that decides.
    pub why: String,
    /// The ETag in the answer, where it can be computed.
    pub etag: Option<ETag>,
    /// Algorithm and base64 value of the checksum in the answer, where it can be computed.
    pub checksum: Option<(String, String)>,
    /// How sure this is.
    pub certainty: Certainty,
}

/// What a request that is obeyed does.
#[derive(Debug, Default)]
struct Done {
    status: u16,
    effect: String,
    why: String,
    etag: Option<ETag>,
    checksum: Option<(String, String)>,
}

/// Why a request is not obeyed.
#[derive(Debug)]
struct Refusal {
    status: u16,
    code: &'static str,
    why: String,
    unverified: bool,
}

impl Refusal {
    fn new(status: u16, code: &'static str, why: impl Into<String>) -> Self {
        Self { status, code, why: why.into(), unverified: false }
    }

    fn argument(why: impl Into<String>) -> Self {
        Self::new(400, "InvalidArgument", why)
    }

    fn request(why: impl Into<String>) -> Self {
        Self::new(400, "InvalidRequest", why)
    }

    /// The same, told by no source.
    fn unverified(self) -> Self {
        Self { unverified: true, ..self }
    }
}

type Answer = Result<Done, Refusal>;

/// What S3 will answer to an operation.
pub fn predict(operation: &Operation, world: &World<'_>) -> Prediction {
    use OperationKind as K;
    let mut asked = Asked::new(operation, *world);
    let answer = match operation.kind() {
        K::CreateMultipartUpload => create::create(&mut asked),
        K::UploadPart => part::upload_part(&mut asked),
        K::UploadPartCopy => copy::upload_part_copy(&mut asked),
        K::ListParts => read::list_parts(&mut asked),
        K::CompleteMultipartUpload => complete::complete(&mut asked),
        K::AbortMultipartUpload => read::abort(&mut asked),
        K::ListMultipartUploads => read::list_uploads(&mut asked),
        K::HeadObject => read::head(&mut asked),
        K::GetObjectAttributes => read::attributes(&mut asked),
        K::CopyObject => copy::copy_object(&mut asked),
        K::GetObjectTagging => tags::get(&mut asked),
        K::PutObjectTagging => tags::put(&mut asked),
        K::DeleteObjectTagging => tags::delete(&mut asked),
        other => {
            asked.doubt(format!("{other} is not predicted"));
            Ok(Done { status: 200, effect: "nothing: it only reads".into(), ..Done::default() })
        }
    };
    asked.finish(answer)
}

#[cfg(test)]
mod tests;
