//! Comparing bytes with the inspected object: the form, the beginning, and how it ends.

use super::super::command::Pane;
use super::super::form::{Field, Form, Purpose as Ask, Rule};
use super::super::model::{Level, Model};
use super::super::msg::Effect;
use super::super::overlay::{Action, Confirm, Overlay};
use super::super::panes::verify::{State, Verify};
use crate::domain::hashing::{Bytes, Verification, Verified};
use crate::domain::infer::ClientRow;
use crate::domain::operation::OperationId;
use crate::domain::text::visible;
use crate::domain::units::{grouped, human_size};
use crate::domain::verify::{Depth, Remote, Verdict};
use std::path::PathBuf;

/// Asks for a file.
pub(super) fn form(model: &mut Model) {
    let Some(object) = &model.inspect.object else { return };
    let intro = vec![
        format!("Compares a local file with {}.", visible(&object.to_string())),
        "Size, ETag and checksums are compared; nothing is sent, no byte of the object is read.".into(),
    ];
    let field = Field::new("File", "", Rule::Path, "path of a local file");
    let form = Form::new(Ask::Verify, "Verify with a local file", intro, vec![field]);
    model.overlays.push(Overlay::Form(Box::new(form)));
}

/// Asks before a whole object is read.
pub(super) fn offer_read(model: &mut Model) {
    if model.inspect.object.is_none() || model.inspect.head.is_none() {
        return model.say(Level::Warning, "inspect the object first; its ETag is what is looked for");
    }
    let size = model.inspect.evidence.object_size.unwrap_or(0);
    model.overlays.push(Overlay::Confirm(Confirm {
        title: "Read the whole object?".into(),
        lines: vec![
            format!("1 GetObject: {} bytes, {}, come down.", grouped(size), human_size(size)),
            "They are hashed as they pass and not kept: every usual part size at once, until one gives the ETag."
                .into(),
            "AWS bills the request, and data that leaves the region. Esc stops it.".into(),
        ],
        no: "Not now",
        yes: "Read it",
        on_yes: false,
        action: Action::ReadObject,
    }));
}

/// Begins with a file.
pub(super) fn with_file(model: &mut Model, path: &str) -> Result<(), String> {
    if path.is_empty() {
        return Err("name a file".into());
    }
    begin(model, Bytes::File(PathBuf::from(path)), visible(path), false)
}

/// Begins with the object's own bytes.
pub(super) fn read_object(model: &mut Model) {
    let Some(object) = model.inspect.asked_object() else { return };
    if let Err(why) = begin(model, Bytes::Object(object), "its own bytes, read from S3".into(), true) {
        model.say(Level::Warning, why);
    }
}

fn begin(model: &mut Model, bytes: Bytes, of: String, own: bool) -> Result<(), String> {
    let (Some(object), Some(head)) = (&model.inspect.object, &model.inspect.head) else {
        return Err("the object's headers are not known yet".into());
    };
    let remote = Remote::new(&object.bucket, head, &model.inspect.evidence);
    let depth = if own { Depth::Usual } else { Depth::Plausible };
    let what = if own { object.to_string() } else { of.clone() };
    stop(model);
    let id = model.allot(|_| format!("hash {what}"));
    let state = State::Running { begun: model.now, done: 0, of: None };
    model.inspect.verify = Some(Verify { id, of, own, state, clients: Vec::new() });
    // Where one pane is shown at a time, it is the one that says how far this is.
    model.set_focus(Pane::ETag);
    let work = Box::new(Verification { bytes, remote, depth });
    model.effects.push(Effect::Verify { id, work });
    Ok(())
}

/// Calls off what is under way; true when there was something.
pub(super) fn stop(model: &mut Model) -> bool {
    let Some(id) = model.inspect.verify.as_ref().and_then(Verify::running) else { return false };
    model.effects.push(Effect::Cancel(id));
    model.inspect.verify = None;
    true
}

pub(super) fn progressed(model: &mut Model, wanted: OperationId, now_done: u64, now_of: Option<u64>) {
    if let Some(Verify { id, state: State::Running { done, of, .. }, .. }) = model.inspect.verify.as_mut()
        && *id == wanted
    {
        (*done, *of) = (now_done, now_of);
    }
}

/// Keeps the clients' table of the bytes that were compared last.
pub(super) fn clients_came(model: &mut Model, id: OperationId, clients: Vec<ClientRow>) {
    if let Some(verify) = model.inspect.verify.as_mut().filter(|v| v.id == id) {
        verify.clients = clients;
    }
}

pub(super) fn ended(model: &mut Model, id: OperationId, result: Result<Verified, String>) {
    let Some(verify) = model.inspect.verify.as_mut().filter(|v| v.running() == Some(id)) else { return };
    match result {
        Err(why) => {
            verify.state = State::Failed(visible(&why));
            model.say(Level::Bad, why);
        }
        Ok(verified) => {
            let of = verify.of.clone();
            let own = verify.own;
            let (verdict, layout) = (verified.report.verdict(), verified.report.layout.clone());
            verify.state = State::Done(Box::new(verified));
            // The bytes of the object itself, or the same bytes: how they are cut is proved.
            if let Some(proof) = layout.filter(|_| model.inspect.evidence.is_multipart()) {
                model.inspect.evidence.add_proof(&proof.layout);
            }
            let (level, words) = said(verdict, own);
            model.say(level, format!("{words}: {of}"));
        }
    }
}

fn said(verdict: Verdict, own: bool) -> (Level, &'static str) {
    match (verdict, own) {
        (Verdict::Match, false) => (Level::Good, "match: the file has the object's bytes"),
        (Verdict::Match, true) => (Level::Good, "the object's bytes agree with what S3 says of them"),
        (Verdict::Differs, false) => (Level::Bad, "differs: the file is not the object's content"),
        (Verdict::Differs, true) => (Level::Bad, "the object's bytes do not agree with what S3 says of them"),
        (Verdict::CannotBeKnown, _) => (Level::Warning, "cannot be known from what S3 tells"),
    }
}
