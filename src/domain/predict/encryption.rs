//! Encryption: what a write asks for, and the client's key that must come again with every part.

use super::Refusal;
use super::asked::Asked;
use crate::domain::customer_key::{Begun, CustomerKey, Named, named};
use crate::domain::upload::MultipartUpload;

/// Takes note of an encryption that is not one of S3's.
pub(super) fn known(asked: &mut Asked<'_, '_>) {
    match asked.header("x-amz-server-side-encryption").as_deref() {
        None | Some("AES256" | "aws:kms" | "aws:kms:dsse") => {}
        Some(other) => {
            let other = other.to_owned();
            asked.doubt(format!("how S3 answers to the encryption {other:?}"));
        }
    }
}

/// A client's key at Create: nothing was stored with an earlier one, so only its own three headers decide.
pub(super) fn first_key(asked: &Asked<'_, '_>) -> Result<(), Refusal> {
    key(asked).map(|_| ())
}

fn key(asked: &Asked<'_, '_>) -> Result<Option<CustomerKey>, Refusal> {
    match named(asked.whole) {
        Named::Nothing => Ok(None),
        Named::Key(key) => Ok(Some(key)),
        Named::Wrong { code, why } => Err(Refusal::new(400, code, why)),
    }
}

/// Every part comes with the key its upload was begun with, and with none where there was none.
pub(super) fn same_key(asked: &mut Asked<'_, '_>, machine: Option<&MultipartUpload>) -> Result<(), Refusal> {
    let begun = machine.map_or(&Begun::Unknown, MultipartUpload::begun_with);
    match (key(asked)?, begun) {
        (None, Begun::With(_)) => Err(Refusal::request(
            "the upload was begun with a client's own key: the three SSECustomer headers of Create come with every part",
        )),
        (Some(sent), Begun::With(wanted)) if sent != *wanted => {
            Err(Refusal::request("the upload was begun with another key of the client"))
        }
        (Some(_), Begun::Without) => {
            Err(Refusal::request("the upload was begun without a client's own key, and this part names one"))
        }
        (Some(_), Begun::Unknown) => {
            asked.doubt("whether the upload was begun with this key of the client");
            Ok(())
        }
        (None, _) | (Some(_), Begun::With(_)) => Ok(()),
    }
}

/// Complete needs the key only where a checksum algorithm was chosen too; how it is refused otherwise, and what a key
/// does that is not needed, is told by no source.
pub(super) fn key_of_complete(
    asked: &mut Asked<'_, '_>,
    machine: Option<&MultipartUpload>,
    has_checksum: bool,
) -> Result<(), Refusal> {
    let wanted = match machine.map(MultipartUpload::begun_with) {
        Some(Begun::With(key)) => Some(key),
        _ => None,
    };
    match named(asked.whole) {
        Named::Nothing if wanted.is_some() && has_checksum => {
            let why = "an upload with a client's own key and a checksum algorithm is completed with that key";
            Err(Refusal::request(why).unverified())
        }
        Named::Nothing => Ok(()),
        Named::Key(sent) if wanted == Some(&sent) => Ok(()),
        Named::Key(_) | Named::Wrong { .. } => {
            asked.doubt("how S3 answers to this key of the client at Complete");
            Ok(())
        }
    }
}

/// The encryption under which an upload's ETags are no MD5s.
pub(super) fn hides_md5(machine: &MultipartUpload) -> Option<&'static str> {
    let managed = machine.plan().properties.server_side_encryption.as_deref();
    match machine.begun_with() {
        Begun::With(_) => Some("SSE-C"),
        _ if managed.is_some_and(|e| e.starts_with("aws:kms")) => Some("SSE-KMS"),
        _ => None,
    }
}
