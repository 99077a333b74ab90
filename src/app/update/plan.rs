//! Forms that plan: a multipart copy, a new upload, further parts. Nothing here is sent to S3 but CopyObject.

use super::super::command::Pane;
use super::super::form::{Field, Form, Purpose as Ask, Rule, parse_destination};
use super::super::model::{Level, Model, Purpose};
use super::super::msg::Effect;
use super::super::overlay::Overlay;
use super::super::panes::browse::Load;
use super::super::panes::carry::Origin;
use super::super::panes::step::Bench;
use super::inspect;
use crate::domain::evidence::Grade;
use crate::domain::layout::PartLayout;
use crate::domain::names::{ObjectRef, Tag};
use crate::domain::operation::{CopyObject, Operation, PartBody};
use crate::domain::outcome::Outcome;
use crate::domain::output::{HeadObjectOutput, Output};
use crate::domain::plan::{CopySource, PartSource, PlannedPart, UploadPlan};
use crate::domain::text::visible;
use crate::domain::units::{PartNumber, human_size, parse_size};
use crate::domain::upload::{MultipartUpload, generated_part};
use std::path::PathBuf;

fn push(model: &mut Model, form: Form) {
    model.overlays.push(Overlay::Form(Box::new(form)));
}

/// The form for a multipart copy of the object in view, with its own boundaries or another part size.
pub(super) fn form(model: &mut Model, ask_part_size: bool) {
    let Some(source) = model.object_in_view() else { return };
    if model.inspect.object.as_ref() != Some(&source) {
        inspect::open(model, source.clone());
    }
    let bucket = match model.browse.buckets.iter().find(|b| b.name == "scratch") {
        Some(scratch) if !model.target.real => scratch.name.clone(),
        _ => source.bucket.clone(),
    };
    let key = if bucket == source.bucket { format!("{}.copy", source.key) } else { source.key.clone() };
    let to = Field::new(
        "Destination",
        format!("s3://{bucket}/{key}"),
        Rule::Required,
        "s3://bucket/key; S3 copies inside itself",
    );
    let mut fields = vec![to];
    let mut intro = vec![format!("Source {}", visible(&source.to_string()))];
    if ask_part_size {
        fields.push(Field::new(
            "Part size",
            "8MiB",
            Rule::PartSize,
            "another size gives another ETag for the same bytes",
        ));
        intro.push("Other boundaries than the source's: the ETag will differ.".into());
    } else if model.inspect.evidence.part_number_understood == Some(false)
        && model.inspect.evidence.exact_layout().is_none()
    {
        intro.push("The likeliest boundaries, as this server does not state the source's own.".into());
    } else {
        intro.push(
            "The source's own part boundaries, in the same order: then the ETag is the same too.".into(),
        );
        intro.push(
            "Guessed boundaries (p in Inspect proves them) or a source in one piece cannot promise that."
                .into(),
        );
    }
    intro.push("Planned now; nothing is sent until you press a key in Step.".into());
    push(model, Form::new(Ask::PlanCopy(source), "Plan a multipart copy", intro, fields));
}

/// Builds the plan once the source's answers are in. `Err` keeps the form open and says why.
pub(super) fn plan_copy(
    model: &mut Model,
    source: &ObjectRef,
    to: &str,
    part_size: Option<&str>,
) -> Result<(), String> {
    let destination = parse_destination(to)?;
    let inspect = &model.inspect;
    if inspect.object.as_ref() != Some(source) {
        return Err("the source is no longer the inspected object; open it again".into());
    }
    if inspect.tags_load == Load::Asking || inspect.head_load == Load::Asking {
        return Err("S3 has not answered about the source yet; press Enter again in a moment".into());
    }
    let head = inspect.head.clone().ok_or("HeadObject on the source failed; it cannot be copied")?;
    let size = head.object_size();
    let (layout, grade) = match part_size {
        Some(text) => {
            (PartLayout::uniform(size, parse_size(text)?).map_err(|e| e.to_string())?, Grade::Exact)
        }
        None => source_layout(model, size)?,
    };
    let tags = model.inspect.tags.clone();
    let pinned =
        CopySource { object: pin(source, head.version_id.as_deref()), etag: head.etag.clone(), size };
    let mut plan = UploadPlan::copy(pinned, destination, &layout, &head);
    plan.keeps_boundaries = part_size.is_none() && head.etag.is_multipart();
    plan.tags = tags.clone().unwrap_or_default();
    let notes = plan_notes(&plan, grade, tags.is_none(), &model.inspect.evidence);
    let mut bench = Bench::new(MultipartUpload::new(plan));
    bench.origin = Some(Box::new(origin(model, head, tags)));
    bench.said = notes;
    model.step.add(bench);
    model.set_focus(Pane::States);
    model.say(
        Level::Good,
        format!("planned {} part(s); Enter goes on to CreateMultipartUpload", layout.count()),
    );
    Ok(())
}

/// What the source told, for the sheet that lays it beside the plan.
fn origin(model: &Model, head: HeadObjectOutput, tags: Option<Vec<Tag>>) -> Origin {
    let why = match &model.inspect.tags_load {
        Load::Failed(why) => why.clone(),
        _ => "not answered".to_owned(),
    };
    Origin::new(head, tags.ok_or(why))
}

/// A versioned source is pinned by its version as well.
fn pin(source: &ObjectRef, version: Option<&str>) -> ObjectRef {
    ObjectRef { version_id: source.version_id.clone().or(version.map(str::to_owned)), ..source.clone() }
}

fn source_layout(model: &Model, size: u64) -> Result<(PartLayout, Grade), String> {
    let evidence = &model.inspect.evidence;
    if let Some(found) = evidence.best_layout() {
        return Ok(found);
    }
    if evidence.is_multipart() {
        return Err("the source's parts are not equal and not all known; p in Inspect asks for them".into());
    }
    // Not multipart: one part of the whole object, if one part may hold it.
    let layout = PartLayout::uniform(size, size.max(1)).map_err(|e| e.to_string())?;
    Ok((layout, Grade::Exact))
}

fn plan_notes(
    plan: &UploadPlan,
    grade: Grade,
    no_tags: bool,
    evidence: &crate::domain::evidence::Evidence,
) -> Vec<String> {
    let mut notes = Vec::new();
    if !evidence.is_multipart() {
        notes.push(
            "the source is not multipart: a multipart copy cannot keep its ETag; CopyObject would".into(),
        );
    } else if plan.keeps_boundaries && grade == Grade::Inferred {
        notes.push("parts after the first are equal only by assumption; p in Inspect proves them".into());
    }
    if no_tags {
        notes.push("the source's tags could not be read and will not be copied".into());
    }
    if !plan.tags.is_empty() && !plan.tags_fit_header() {
        notes.push("the tags exceed the 2 KB header: PutObjectTagging follows Complete".into());
    }
    notes.extend(plan.objections());
    notes
}

pub(super) fn new_upload_form(model: &mut Model) {
    let bucket = model.browse.bucket.clone().unwrap_or_default();
    let fields = vec![
        Field::new(
            "Destination",
            format!("s3://{bucket}/new-object.bin"),
            Rule::Required,
            "s3://bucket/key of the object to be",
        ),
        Field::new(
            "Parts",
            "3",
            Rule::PartNumber,
            "generated parts to begin with; f in Step plans parts of a file",
        ),
        Field::new("Part size", "5MiB", Rule::PartSize, "of every part but the last"),
        Field::new("Last part", "1MiB", Rule::Size, "the last part may have any size"),
    ];
    let intro = vec!["Parts of generated bytes, so that nothing need be at hand.".into()];
    push(model, Form::new(Ask::NewUpload, "Plan a new upload", intro, fields));
}

pub(super) fn plan_upload(
    model: &mut Model,
    to: &str,
    parts: &str,
    size: &str,
    last: &str,
) -> Result<(), String> {
    let destination = parse_destination(to)?;
    let count: i32 = parts.parse().map_err(|_| format!("{parts:?} is not a number of parts"))?;
    if !(1..=PartNumber::MAX).contains(&count) {
        return Err("S3 allows 1 to 10 000 parts".into());
    }
    let (size, last) = (parse_size(size)?, parse_size(last)?);
    let mut plan = UploadPlan::empty(destination);
    plan.parts =
        (1..=count).map(|n| generated_part(PartNumber(n), if n == count { last } else { size })).collect();
    let mut bench = Bench::new(MultipartUpload::new(plan));
    bench.said = bench.machine.plan().objections();
    model.step.add(bench);
    model.set_focus(Pane::States);
    model.say(Level::Good, format!("planned {count} part(s); Enter goes on to CreateMultipartUpload"));
    Ok(())
}

fn next_number(model: &Model) -> String {
    let last = model.step.bench().and_then(|b| b.machine.parts().keys().next_back()).map_or(0, |n| n.0);
    last.saturating_add(1).to_string()
}

pub(super) fn generated_form(model: &mut Model) {
    let fields = vec![
        Field::new(
            "Part number",
            next_number(model),
            Rule::PartNumber,
            "an existing number replaces that part",
        ),
        Field::new(
            "Size",
            "5MiB",
            Rule::Size,
            "any size; below 5 MiB Complete refuses unless it is the last",
        ),
    ];
    push(model, Form::new(Ask::GeneratedPart, "Plan a generated part", Vec::new(), fields));
}

pub(super) fn file_form(model: &mut Model) {
    let fields = vec![
        Field::new("File", "", Rule::Path, "path of a local file"),
        Field::new(
            "First part number",
            next_number(model),
            Rule::PartNumber,
            "its parts get this number and the following",
        ),
        Field::new("Part size", "8MiB", Rule::PartSize, "of every part but the last"),
    ];
    push(model, Form::new(Ask::FileParts, "Plan parts from a file", Vec::new(), fields));
}

/// Takes a part into the plan of the upload shown.
pub(super) fn add_part(model: &mut Model, part: PlannedPart) -> Result<(), String> {
    let number = part.number;
    let bench = model.step.bench_mut().ok_or("no upload is on the workbench")?;
    bench.machine.plan_part(part).map_err(|e| e.to_string())?;
    bench.select(number);
    model.set_focus(Pane::Parts);
    model.say(Level::Good, format!("part {number} is planned; Enter goes on to it"));
    Ok(())
}

pub(super) fn number(text: &str) -> Result<PartNumber, String> {
    text.trim().parse().map(PartNumber).map_err(|_| format!("{text:?} is not a part number"))
}

/// S3 numbers parts 1 to 10 000: whether so many from this one on have such numbers.
fn numbers_fit(first: PartNumber, count: usize) -> Result<(), String> {
    let count = i64::try_from(count).unwrap_or(i64::MAX / 2);
    let last = i64::from(first.0) + count - 1;
    let greatest = i64::from(PartNumber::MAX);
    if first.is_valid() && last <= greatest {
        return Ok(());
    }
    let range = if count == 1 { format!("part {first}") } else { format!("parts {first} to {last}") };
    let room = greatest - count + 1;
    Err(match room >= 1 {
        true => format!("this would be {range}, and S3 numbers parts 1 to 10 000: begin at 1 to {room}"),
        false => {
            format!("these would be {count} parts, and S3 has numbers for 10 000: type a larger part size")
        }
    })
}

/// The file's size came: plan its parts, as the form that asked said.
pub(super) fn file_known(model: &mut Model, path: PathBuf, size: Result<u64, String>) {
    let Some(Overlay::Form(form)) = model.overlays.last() else { return };
    if form.purpose != Ask::FileParts || form.value(0) != path.to_string_lossy() {
        return;
    }
    let planned = size.and_then(|size| {
        let first = number(form.value(1))?;
        let layout = PartLayout::uniform(size, parse_size(form.value(2))?).map_err(|e| e.to_string())?;
        numbers_fit(first, layout.count())?;
        Ok((first, layout))
    });
    let result = planned.and_then(|(first, layout)| {
        for part in layout.parts() {
            let number = PartNumber(first.0.saturating_add(part.number.0 - 1));
            let body = PartBody::File { path: path.clone(), offset: part.offset, len: part.size };
            add_part(model, PlannedPart { number, size: Some(part.size), source: PartSource::Body(body) })?;
        }
        Ok(format!("{} parts of {} are planned", layout.count(), human_size(layout.object_size())))
    });
    match result {
        Ok(said) => {
            model.overlays.pop();
            model.say(Level::Good, said);
        }
        Err(why) => {
            if let Some(Overlay::Form(form)) = model.overlays.last_mut() {
                form.intro = vec![format!("✗ {}", visible(&why))];
            }
            model.say(Level::Bad, format!("{}: {why}", visible(&path.display().to_string())));
        }
    }
}

pub(super) fn ask_file(model: &mut Model, path: &str) {
    model.effects.push(Effect::FileSize(PathBuf::from(path)));
}

pub(super) fn copy_object_form(model: &mut Model) {
    let Some(source) = model.object_in_view() else { return };
    let to = format!("s3://{}/{}.copy", source.bucket, source.key);
    let intro = vec![
        format!("Source {}", visible(&source.to_string())),
        "One call, at most 5 GiB. Metadata and tags are copied; the result has one part and a plain ETag."
            .into(),
        "Storage class, ACL and Object Lock are not copied.".into(),
    ];
    let fields = vec![Field::new("Destination", to, Rule::Required, "s3://bucket/key")];
    push(model, Form::new(Ask::CopyObject(source), "CopyObject", intro, fields));
}

pub(super) fn copy_object(model: &mut Model, source: &ObjectRef, to: &str) -> Result<(), String> {
    let destination = parse_destination(to)?;
    if !model.target.writable {
        return Err("this endpoint is read-only; U unlocks writes".into());
    }
    let operation = CopyObject {
        source: source.clone(),
        destination: destination.clone(),
        copy_source_if_match: None,
        drop_tags: false,
        storage_class: None,
        if_none_match: false,
    };
    let hold = model.holds(crate::domain::operation::OperationKind::CopyObject);
    model.send(Purpose::CopyObject(destination), Operation::CopyObject(operation), hold);
    model.set_focus(Pane::Request);
    Ok(())
}

pub(super) fn copied(model: &mut Model, destination: &ObjectRef, outcome: &Outcome) {
    model.browse.stale = true;
    match outcome {
        Outcome::Answered(Output::Copied(object)) => {
            model.say(Level::Good, format!("CopyObject made {destination} with ETag {}", object.etag));
        }
        other => model.say(Level::Bad, format!("CopyObject: {}", other.summary())),
    }
}
