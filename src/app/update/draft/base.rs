//! What the form of each operation begins with: the upload on the workbench, or the object in view.

use super::super::super::command::{Pane, Screen};
use super::super::super::model::Model;
use crate::domain::names::ObjectRef;
use crate::domain::operation::{
    CopyObject, CreateMultipartUpload, GetObjectAttributes, HeadObject, ListMultipartUploads, ListParts,
    ObjectProperties, Operation, OperationKind, PartBody, PutObjectTagging, UploadPart, UploadPartCopy,
    UploadRef,
};
use crate::domain::units::{MIB, PartNumber};
use crate::domain::upload::{Move, MultipartUpload};

/// What a form begins with.
pub(super) fn base(model: &Model, kind: OperationKind) -> Result<Operation, String> {
    use OperationKind as K;
    let machine = model.step.bench().map(|b| &b.machine);
    let upload = || {
        let listed = || model.browse.uploads.get(model.browse.upload_at).map(|u| u.upload.clone());
        let here = if model.pane() == Pane::Uploads { listed() } else { None };
        here.or_else(|| machine.and_then(MultipartUpload::upload))
            .ok_or("there is no upload yet: n plans one, m on an object plans a copy; 1 creates it")
    };
    Ok(match kind {
        K::CreateMultipartUpload => Operation::CreateMultipartUpload(create(model)?),
        K::UploadPart => part(model, upload()?),
        K::UploadPartCopy => part_copy(model, upload()?)?,
        K::ListParts => {
            Operation::ListParts(ListParts { upload: upload()?, part_number_marker: None, max_parts: None })
        }
        K::CompleteMultipartUpload => {
            upload()?;
            let machine = machine.ok_or("no upload is on the workbench")?;
            machine.operation(Move::Complete).map_err(|e| e.to_string())?
        }
        K::AbortMultipartUpload => Operation::AbortMultipartUpload(upload()?),
        K::ListMultipartUploads => {
            let bucket = machine.map(|m| m.plan().destination.bucket.clone()).or(model.browse.bucket.clone());
            let bucket = bucket.ok_or("open a bucket first")?;
            Operation::ListMultipartUploads(ListMultipartUploads {
                bucket,
                ..ListMultipartUploads::default()
            })
        }
        K::HeadObject => Operation::HeadObject(HeadObject { object: object(model)?, part_number: None }),
        K::GetObjectAttributes => Operation::GetObjectAttributes(GetObjectAttributes {
            object: object(model)?,
            part_number_marker: None,
            max_parts: None,
        }),
        K::CopyObject => {
            let source = object(model)?;
            Operation::CopyObject(CopyObject {
                destination: ObjectRef::new(&source.bucket, format!("{}.copy", source.key)),
                source,
                copy_source_if_match: None,
                drop_tags: false,
                if_none_match: false,
                storage_class: None,
            })
        }
        K::GetObjectTagging => Operation::GetObjectTagging(object(model)?),
        K::PutObjectTagging => {
            let planned = machine.map(|m| m.plan().tags.clone()).unwrap_or_default();
            let tags = if model.screen == Screen::Step { planned } else { Vec::new() };
            Operation::PutObjectTagging(PutObjectTagging { object: object(model)?, tags })
        }
        K::DeleteObjectTagging => Operation::DeleteObjectTagging(object(model)?),
        other => return Err(format!("{other} has no form")),
    })
}

/// The object a form is about: on the workbench what the upload becomes, else the one in view.
fn object(model: &Model) -> Result<ObjectRef, String> {
    let made = model.step.bench().map(|b| b.machine.plan().destination.clone());
    let here = if model.screen == Screen::Step { made } else { None };
    here.or_else(|| model.object_in_view()).ok_or_else(|| "select an object first".into())
}

fn create(model: &Model) -> Result<CreateMultipartUpload, String> {
    if let Some(bench) = model.step.bench() {
        return Ok(bench.machine.plan().create());
    }
    let bucket = model.browse.bucket.clone().ok_or("open a bucket first")?;
    let key = format!("{}new-object.bin", model.browse.prefix);
    Ok(CreateMultipartUpload { bucket, key, properties: ObjectProperties::default(), tags: Vec::new() })
}

/// The selected part if it is of the wanted kind, else the number after the last.
fn part(model: &Model, upload: UploadRef) -> Operation {
    if let Some(operation @ Operation::UploadPart(_)) = selected_part(model) {
        return operation;
    }
    let body = PartBody::Generated { seed: 0, len: 5 * MIB };
    Operation::UploadPart(UploadPart { upload, part_number: next_number(model), body })
}

fn part_copy(model: &Model, upload: UploadRef) -> Result<Operation, String> {
    if let Some(operation @ Operation::UploadPartCopy(_)) = selected_part(model) {
        return Ok(operation);
    }
    let planned = model.step.bench().and_then(|b| b.machine.plan().source.clone());
    let (source, etag) = match planned {
        Some(source) => (source.object, Some(source.etag)),
        None => {
            let inspected = model.inspect.object.clone().ok_or("inspect an object to copy from first")?;
            (inspected, model.inspect.head.as_ref().map(|h| h.etag.clone()))
        }
    };
    Ok(Operation::UploadPartCopy(UploadPartCopy {
        upload,
        part_number: next_number(model),
        source,
        copy_source_range: None,
        copy_source_if_match: etag,
    }))
}

fn selected_part(model: &Model) -> Option<Operation> {
    let bench = model.step.bench()?;
    bench.machine.operation(Move::Part(bench.selected()?)).ok()
}

fn next_number(model: &Model) -> PartNumber {
    let last = model.step.bench().and_then(|b| b.machine.parts().keys().next_back().copied());
    PartNumber(last.map_or(1, |n| n.0.saturating_add(1)))
}
