//! Error documents, read from the bytes S3 sent.
//!
//! The SDK keeps only code, message and request id. The other elements (`ArgumentName`, `MinSizeAllowed`,
//! `StringToSign`, …) are where S3 says what was wrong, so they are kept in document order.

use crate::domain::outcome::ServiceError;
use quick_xml::events::{BytesRef, Event};
use quick_xml::{Reader, escape};
use std::error::Error as StdError;

/// An error and its causes on one line, repetitions left out.
pub fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let line = cause.to_string();
        if !text.contains(&line) {
            text.push_str(": ");
            text.push_str(&line);
        }
        source = cause.source();
    }
    text
}

/// Reads an answer that is a refusal: an `<Error>` document, or an error status without one.
pub fn refusal(status: u16, headers: &[(String, String)], body: &[u8]) -> Option<ServiceError> {
    let document = error_elements(body);
    if document.is_none() && status < 300 {
        return None;
    }
    let mut error = ServiceError {
        status,
        code: String::new(),
        message: String::new(),
        request_id: headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("x-amz-request-id"))
            .map(|(_, value)| value.clone()),
        detail: Vec::new(),
    };
    for (name, value) in document.unwrap_or_default() {
        match name.as_str() {
            "Code" => error.code = value,
            "Message" => error.message = value,
            "RequestId" => error.request_id = Some(value),
            "HostId" => {}
            _ => error.detail.push((name, value)),
        }
    }
    if error.code.is_empty() {
        error.code = status_name(status);
    }
    Some(error)
}

/// Whether the body is an `<Error>` document, whole or broken off.
pub fn has_document(body: &[u8]) -> bool {
    error_elements(body).is_some()
}

/// A name for a status that came without a document, as the SDKs give it to HEAD.
fn status_name(status: u16) -> String {
    let reason = match status {
        404 => "NotFound",
        403 => "Forbidden",
        400 => "BadRequest",
        412 => "PreconditionFailed",
        416 => "RequestedRangeNotSatisfiable",
        501 => "NotImplemented",
        503 => "ServiceUnavailable",
        other => {
            let reason = http::StatusCode::from_u16(other).ok().and_then(|s| s.canonical_reason());
            return reason.map_or_else(|| format!("Status{other}"), |r| r.replace([' ', '-', '\''], ""));
        }
    };
    reason.to_owned()
}

/// The children of the root `<Error>` with their text, or `None` when the body is not such a document.
///
/// A document that breaks off is read as far as it goes.
fn error_elements(body: &[u8]) -> Option<Vec<(String, String)>> {
    // While a slow call runs S3 may send white space first, which may not stand before an XML declaration.
    let text = String::from_utf8_lossy(body.trim_ascii_start());
    let mut reader = Reader::from_str(&text);
    let mut elements: Vec<(String, String)> = Vec::new();
    let mut depth = 0_usize;
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                let name = tag.local_name().as_ref().to_owned();
                match depth {
                    0 if name != "Error" => return None,
                    1 => elements.push((name, String::new())),
                    _ => {}
                }
                depth += 1;
            }
            Ok(Event::Empty(tag)) => {
                let name = tag.local_name().as_ref().to_owned();
                match depth {
                    0 => return (name == "Error").then_some(elements),
                    1 => elements.push((name, String::new())),
                    _ => {}
                }
            }
            Ok(Event::End(_)) => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(elements);
                }
            }
            Ok(Event::Text(text)) if depth >= 2 => append(&mut elements, &text),
            Ok(Event::CData(text)) if depth >= 2 => append(&mut elements, &text),
            Ok(Event::GeneralRef(reference)) if depth >= 2 => append(&mut elements, &resolve(&reference)),
            Ok(Event::Eof) | Err(_) => return (depth > 0).then_some(elements),
            Ok(_) => {}
        }
    }
}

fn append(elements: &mut [(String, String)], text: &str) {
    if let Some((_, value)) = elements.last_mut() {
        value.push_str(text);
    }
}

fn resolve(reference: &BytesRef<'_>) -> String {
    if let Ok(Some(c)) = reference.resolve_char_ref() {
        return c.to_string();
    }
    let name: &str = reference;
    escape::resolve_predefined_entity(name).map_or_else(|| format!("&{name};"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_is_kept_in_order() {
        let body = b"  \n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n \n<Error><Code>EntityTooSmall</Code>\
            <Message>Your proposed &quot;upload&quot; &#39;is&#39; small</Message><ProposedSize>4</ProposedSize>\
            <Empty/><RequestId>R</RequestId><HostId>H</HostId></Error>";
        let error = refusal(400, &[], body).unwrap();
        assert_eq!(error.code, "EntityTooSmall");
        assert_eq!(error.message, "Your proposed \"upload\" 'is' small");
        assert_eq!(error.request_id.as_deref(), Some("R"));
        assert_eq!(
            error.detail,
            [("ProposedSize".to_owned(), "4".to_owned()), ("Empty".to_owned(), String::new())]
        );
    }

    #[test]
    fn a_status_without_a_document_gets_a_name() {
        let headers = [("X-Amz-Request-Id".to_owned(), "R".to_owned())];
        let error = refusal(404, &headers, b"").unwrap();
        assert_eq!((error.code.as_str(), error.request_id.as_deref()), ("NotFound", Some("R")));
        assert_eq!(refusal(502, &[], b"<html>").unwrap().code, "BadGateway");
    }

    #[test]
    fn success_is_no_refusal_unless_the_body_says_so() {
        assert_eq!(refusal(200, &[], b"<CopyPartResult/>"), None);
        assert_eq!(refusal(200, &[], b""), None);
        assert_eq!(refusal(200, &[], b"<Error><Code>InternalError</Code>").unwrap().code, "InternalError");
    }
}
