//! GetObjectAttributes: the one place where a finished object's parts can be listed.

use super::{State, encryption, found};
use crate::domain::checksum::ChecksumType;
use crate::sandbox::answer::{Response, Xml};
use crate::sandbox::clock::http_date;
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;
use crate::sandbox::store::Object;
use crate::sandbox::store::object::ObjectPart;

const NAMES: [&str; 5] = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];

/// GetObjectAttributes.
pub(super) fn get(state: &State, request: &Request) -> Result<Response, S3Error> {
    let header = "x-amz-object-attributes";
    let lines = request.head.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(header));
    let wanted: Vec<&str> =
        lines.flat_map(|(_, v)| v.split(',')).map(str::trim).filter(|n| !n.is_empty()).collect();
    if wanted.is_empty() {
        return Err(S3Error::invalid_request(
            "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty",
        ));
    }
    if let Some(unknown) = wanted.iter().find(|n| !NAMES.contains(n)) {
        return Err(S3Error::invalid_argument("Invalid attribute name specified.", header, unknown));
    }
    let (object, version) = found(state, request)?;
    encryption::may_read(request, &object.encryption)?;
    let asked = |name: &str| wanted.contains(&name);
    let mut xml = Xml::result("GetObjectAttributesResponse");
    if asked("ETag") {
        xml.text("ETag", &object.etag.to_string());
    }
    if let (true, Some(checksum), Some(value)) =
        (asked("Checksum"), &object.checksum, object.checksum_value()?)
    {
        xml.open("Checksum")
            .text(&format!("Checksum{}", checksum.algorithm.name()), &value)
            .text("ChecksumType", checksum.kind.name())
            .close("Checksum");
    }
    if let (true, Some(parts)) = (asked("ObjectParts"), &object.parts) {
        write_parts(&mut xml, request, &object, parts)?;
    }
    if asked("StorageClass") {
        xml.text("StorageClass", object.storage_class());
    }
    if asked("ObjectSize") {
        xml.number("ObjectSize", object.content.len());
    }
    Ok(Response::xml(xml)
        .header("Last-Modified", http_date(object.last_modified))
        .header_if("x-amz-version-id", version))
}

fn number(request: &Request, header: &str, default: usize) -> Result<usize, S3Error> {
    match request.header(header).map(str::trim).filter(|t| !t.is_empty()) {
        None => Ok(default),
        Some(text) => text.parse::<u32>().ok().and_then(|n| usize::try_from(n).ok()).ok_or_else(|| {
            S3Error::invalid_argument(
                format!("Argument {header} must be an integer between 0 and 2147483647"),
                header,
                text,
            )
        }),
    }
}

fn write_parts(
    xml: &mut Xml,
    request: &Request,
    object: &Object,
    parts: &[ObjectPart],
) -> Result<(), S3Error> {
    xml.open("ObjectParts");
    let composite = object.checksum.as_ref().filter(|c| c.kind == ChecksumType::Composite);
    if let Some(checksum) = composite {
        let max = number(request, "x-amz-max-parts", 1000)?.min(1000);
        let after = number(request, "x-amz-part-number-marker", 0)?;
        let page: Vec<(usize, &ObjectPart)> = (1..).zip(parts).skip(after).take(max).collect();
        let next = page.last().map_or(0, |(n, _)| *n);
        let truncated = !page.is_empty() && next < parts.len();
        xml.number("PartsCount", parts.len())
            .number("PartNumberMarker", after)
            .number("NextPartNumberMarker", next)
            .number("MaxParts", max)
            .text("IsTruncated", if truncated { "true" } else { "false" });
        for (number, part) in page {
            xml.open("Part").number("PartNumber", number).number("Size", part.size);
            let name = format!("Checksum{}", checksum.algorithm.name());
            xml.text_if(&name, part.checksum.as_deref()).close("Part");
        }
    } else {
        xml.number("PartsCount", parts.len());
    }
    xml.close("ObjectParts");
    Ok(())
}
