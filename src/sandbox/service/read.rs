//! HeadObject and GetObject: whole, by range, by part.

use super::{State, encryption, found, properties};
use crate::domain::checksum::ChecksumType;
use crate::domain::etag::ETag;
use crate::sandbox::answer::{Body, Response};
use crate::sandbox::clock::{http_date, parse_http_date};
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;
use crate::sandbox::store::Object;

/// What of the object is asked for.
enum Portion {
    Whole,
    Range { first: u64, len: u64 },
    Part { index: usize, first: u64, len: u64 },
}

/// HeadObject and GetObject; the server leaves the body away for HEAD.
pub(super) fn read(state: &State, request: &Request) -> Result<Response, S3Error> {
    let (object, version) = found(state, request)?;
    encryption::may_read(request, &object.encryption)?;
    if let Some(response) = check_conditions(request, &object, state.clock.now())? {
        return Ok(response);
    }
    if object.is_archived() && request.head.method == "GET" {
        return Err(S3Error::new(
            403,
            "InvalidObjectState",
            "The operation is not valid for the object's storage class",
        )
        .with("StorageClass", object.storage_class()));
    }
    let portion = portion(request, &object)?;
    let total = object.content.len();
    let (status, first, len) = match portion {
        Portion::Whole => (200, 0, total),
        Portion::Range { first, len } | Portion::Part { first, len, .. } => (206, first, len),
    };
    let mut response = Response::empty(status)
        .header("Last-Modified", http_date(object.last_modified))
        .header("ETag", object.etag.quoted())
        .header_if("x-amz-version-id", version)
        .encryption(&object.encryption);
    if request.header("x-amz-checksum-mode").is_some_and(|m| m.eq_ignore_ascii_case("ENABLED")) {
        response = checksum(response, &object, &portion)?;
    }
    response = properties::to_headers(response, &object);
    if let (Portion::Part { .. }, Some(parts)) = (&portion, &object.parts) {
        response = response.header("x-amz-mp-parts-count", parts.len().to_string());
    }
    response = response.header("Accept-Ranges", "bytes");
    if status == 206 && total > 0 {
        let last = (first + len).saturating_sub(1);
        response = response.header("Content-Range", format!("bytes {first}-{last}/{total}"));
    }
    let kept = object.properties.content_type.as_deref().unwrap_or("binary/octet-stream");
    response = overridden(response.header("Content-Type", kept), request);
    response.body = Body::Content(object.content.range(first, len));
    Ok(response)
}

/// Headers a GET may ask to be given otherwise than they are kept.
fn overridden(mut response: Response, request: &Request) -> Response {
    for name in [
        "Content-Type",
        "Cache-Control",
        "Content-Disposition",
        "Content-Encoding",
        "Content-Language",
        "Expires",
    ] {
        let parameter = format!("response-{}", name.to_ascii_lowercase());
        if let Some(value) = request.param(&parameter) {
            response.headers.retain(|(n, _)| n != name);
            response = response.header(name, value);
        }
    }
    response
}

fn portion(request: &Request, object: &Object) -> Result<Portion, S3Error> {
    let range = request.header("range");
    let Some(text) = request.param("partNumber") else {
        return range.map_or(Ok(Portion::Whole), |range| by_range(range, object.content.len()));
    };
    if range.is_some() {
        return Err(S3Error::invalid_request(
            "Cannot specify both Range header and partNumber query parameter",
        ));
    }
    let number = super::part::part_number(request)?;
    let index = usize::try_from(number).unwrap_or(1).saturating_sub(1);
    let count = object.parts.as_ref().map_or(1, Vec::len);
    let out = || {
        S3Error::new(416, "InvalidPartNumber", "The requested partnumber is not satisfiable")
            .with("PartNumberRequested", text)
            .with("ActualPartCount", count.to_string())
    };
    match &object.parts {
        None if index == 0 => Ok(Portion::Part { index, first: 0, len: object.content.len() }),
        None => Err(out()),
        Some(parts) => {
            let part = parts.get(index).ok_or_else(out)?;
            Ok(Portion::Part { index, first: part.offset, len: part.size })
        }
    }
}

/// A range that does not parse, or lists several, is ignored; one that cannot be met is 416.
fn by_range(text: &str, total: u64) -> Result<Portion, S3Error> {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|r| r.split_once('-')) else {
        return Ok(Portion::Whole);
    };
    let number = |s: &str| s.trim().parse::<u64>().ok();
    let unsatisfiable = || {
        S3Error::new(416, "InvalidRange", "The requested range is not satisfiable")
            .with("RangeRequested", text)
            .with("ActualObjectSize", total.to_string())
    };
    match (number(first), number(last), first.trim().is_empty(), last.trim().is_empty()) {
        (Some(first), None, _, true) if first < total => Ok(Portion::Range { first, len: total - first }),
        (Some(first), Some(last), ..) if first <= last && first < total => {
            Ok(Portion::Range { first, len: last.min(total - 1) - first + 1 })
        }
        (None, Some(suffix), true, _) if suffix > 0 && total > 0 => {
            let len = suffix.min(total);
            Ok(Portion::Range { first: total - len, len })
        }
        (Some(_), None, _, true) | (None, Some(_), true, _) => Err(unsatisfiable()),
        (Some(first), Some(last), ..) if first <= last => Err(unsatisfiable()),
        _ => Ok(Portion::Whole),
    }
}

fn checksum(response: Response, object: &Object, portion: &Portion) -> Result<Response, S3Error> {
    let Some(kept) = &object.checksum else { return Ok(response) };
    let value = match portion {
        Portion::Whole => Some(kept.with_suffix(&object.content)?),
        Portion::Range { len, .. } if *len == object.content.len() => {
            Some(kept.with_suffix(&object.content)?)
        }
        Portion::Range { .. } => None,
        Portion::Part { index, .. } => match (&object.parts, kept.kind) {
            (Some(parts), ChecksumType::Composite) => parts.get(*index).and_then(|p| p.checksum.clone()),
            (Some(parts), ChecksumType::FullObject) if parts.len() > 1 => None,
            _ => Some(kept.value(&object.content)?),
        },
    };
    Ok(match value {
        Some(value) => {
            response.header(kept.algorithm.header(), value).header("x-amz-checksum-type", kept.kind.name())
        }
        None => response,
    })
}

fn check_conditions(request: &Request, object: &Object, now: i64) -> Result<Option<Response>, S3Error> {
    let is = |text: &str| text.split(',').any(|t| t.trim() == "*" || ETag::parse(t.trim()) == object.etag);
    let since = |name: &str| request.header(name).and_then(parse_http_date);
    match (request.header("if-match"), since("if-unmodified-since")) {
        (Some(tags), _) if !is(tags) => return Err(S3Error::precondition("If-Match")),
        (None, Some(time)) if object.last_modified > time => {
            return Err(S3Error::precondition("If-Unmodified-Since"));
        }
        _ => {}
    }
    let unchanged = match (request.header("if-none-match"), since("if-modified-since")) {
        (Some(tags), _) => is(tags),
        // A time that has not come yet is ignored.
        (None, Some(time)) => time <= now && object.last_modified <= time,
        (None, None) => false,
    };
    Ok(unchanged.then(|| {
        Response::empty(304)
            .header("Last-Modified", http_date(object.last_modified))
            .header("ETag", object.etag.quoted())
    }))
}
