//! What S3 answered: the status, and the values that later calls may need.

use super::document;
use super::model::{Answer, What};
use crate::domain::checksum::ChecksumAlgorithm;
use crate::domain::message::Message;

/// Reads an answer as far as it is at hand; `None` when there was none.
pub fn read(call: &str, message: &Message<'_>) -> Option<Answer> {
    let status = message.status()?;
    let payload = message.payload();
    // Objects are no documents, whatever they look like.
    let is_object = call == "GetObject" && (200..300).contains(&status);
    let body: &[u8] = if is_object { b"" } else { &payload.bytes };
    let (leaves, _) = document::leaves(body);
    let is_error = leaves.first().is_some_and(|l| l.path.first().is_some_and(|root| root == "Error"));
    let code =
        leaves.iter().find(|l| is_error && l.path.len() == 2 && l.path.ends_with(&["Code".to_owned()]));
    let mut answer = Answer { status, code: code.map(|l| l.text.clone()), told: Vec::new() };
    if !answer.succeeded() {
        return Some(answer);
    }
    for what in wanted(call) {
        let value = match what.header(call) {
            Some(name) => message.header(&name).map(str::to_owned),
            None => leaves.iter().find(|l| l.path.last() == Some(&what.name())).map(|l| l.text.clone()),
        };
        // The version of an object that has none is the word null, wherever it is.
        let value = value.filter(|v| !(v.is_empty() || what == What::VersionId && v == "null"));
        answer.told.extend(value.map(|v| (what, v)));
    }
    Some(answer)
}

fn wanted(call: &str) -> Vec<What> {
    let checksums = || ChecksumAlgorithm::ALL.map(|a| What::Checksum(a.name().to_owned()));
    match call {
        "CreateMultipartUpload" => vec![What::UploadId],
        "UploadPart" | "UploadPartCopy" => [What::ETag].into_iter().chain(checksums()).collect(),
        "HeadObject" | "GetObject" | "PutObject" | "CopyObject" | "CompleteMultipartUpload" => {
            vec![What::ETag, What::VersionId]
        }
        "GetObjectAttributes" => vec![What::VersionId],
        "ListObjectsV2" | "ListBuckets" => vec![What::NextContinuationToken],
        "ListMultipartUploads" => vec![What::NextUploadIdMarker],
        "ListObjectVersions" => vec![What::NextVersionIdMarker],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(call: &str, bytes: &[u8]) -> (u16, Option<String>, Vec<(What, String)>) {
        let answer = read(call, &Message::read(bytes)).unwrap();
        (answer.status, answer.code, answer.told)
    }

    #[test]
    fn values_are_read_from_headers_and_documents() {
        let copied = b"HTTP/1.1 200 OK\r\nx-amz-copy-source-version-id: v\r\n\r\n<CopyPartResult><ETag>&quot;e&quot;</ETag>\
            <ChecksumCRC32>AA==</ChecksumCRC32></CopyPartResult>";
        let want =
            vec![(What::ETag, "\"e\"".to_owned()), (What::Checksum("CRC32".into()), "AA==".to_owned())];
        assert_eq!(told("UploadPartCopy", copied), (200, None, want));
        let head = b"HTTP/1.1 200 OK\r\nETag: \"a\"\r\nx-amz-version-id: null\r\n\r\n";
        assert_eq!(told("HeadObject", head), (200, None, vec![(What::ETag, "\"a\"".to_owned())]));
    }

    #[test]
    fn an_error_with_status_200_is_one() {
        let late = b"HTTP/1.1 200 OK\r\n\r\n  <Error><Code>InternalError</Code><Message>x</Message></Error>";
        assert_eq!(told("CompleteMultipartUpload", late), (200, Some("InternalError".into()), vec![]));
        assert!(!read("CompleteMultipartUpload", &Message::read(late)).unwrap().succeeded());
        let object = b"HTTP/1.1 200 OK\r\n\r\n<Error><Code>x</Code></Error>";
        assert!(read("GetObject", &Message::read(object)).unwrap().succeeded());
    }
}
