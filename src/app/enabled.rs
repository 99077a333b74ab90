//! Whether a command makes sense now, and if not, why: for the footer, the palette and the key handler.

use super::command::{Command, Pane, Screen, spec_of};
use super::model::{Link, Model};
use super::panes::browse::Load;
use super::panes::ledger::{can_run_to, can_unplan};
use crate::domain::evidence::Asked;
use crate::domain::operation::OperationKind;
use crate::domain::replay::Replay;
use crate::domain::session_file::Secrets;
use crate::domain::upload::Move;

/// `Ok` when the command can be given now; otherwise the reason, in words.
pub fn enabled(model: &Model, command: Command) -> Result<(), String> {
    if let Some(replay) = &model.replay {
        in_replay(replay, command)?;
    }
    match command {
        Command::PlanCopyKeeping | Command::PlanCopy | Command::Compare => need_object(model),
        Command::Probe => probe(model),
        Command::Verify if model.inspect.head.is_none() => Err("inspect an object first".into()),
        Command::Why | Command::OtherClients if model.inspect.object.is_none() => {
            Err("inspect an object first".into())
        }
        Command::OtherClients if model.inspect.evidence.object_size.is_none() => {
            Err("the object's size is not known".into())
        }
        Command::Carry => carry(model),
        Command::Rescue => rescue(model),
        Command::Release => held(model),
        Command::Cancel if model.step.held.is_empty() && model.tasks.is_empty() => {
            Err("nothing is under way".into())
        }
        Command::Show(Screen::Inspect)
            if model.object_in_view().is_none() && model.inspect.object.is_none() =>
        {
            Err("select an object in Browse first".into())
        }
        Command::RunToHere => can_run_to(model.step.bench().ok_or_else(no_bench)?),
        Command::RunParts | Command::RunSome => {
            match model.step.bench().and_then(|b| b.machine.next_part()) {
                Some(_) => Ok(()),
                None if model.step.bench().is_none() => Err("no upload is on the workbench".into()),
                None if model.step.bench().is_some_and(|b| b.machine.upload().is_none()) => {
                    Err("there is no upload yet; 1 creates it".into())
                }
                None if model.step.bench().is_some_and(|b| !b.marked.is_empty()) => Ok(()),
                None => Err("no planned part is left to send".into()),
            }
        }
        Command::NextTrouble => {
            let p = model.step.bench().ok_or_else(no_bench)?.machine.progress();
            if p.failed + p.doubtful > 0 {
                Ok(())
            } else {
                Err("no part was refused, none is in doubt".into())
            }
        }
        Command::Unplan => can_unplan(model.step.bench().ok_or_else(no_bench)?),
        Command::MarkUnstored
        | Command::MarkRange
        | Command::InvertMarks
        | Command::Unmark
        | Command::DialUp
        | Command::DialDown
            if model.step.bench().is_none() =>
        {
            Err(no_bench())
        }
        Command::StopRun | Command::PauseRun if model.step.bench().is_none_or(|b| b.run.is_none()) => {
            Err("no run is under way".into())
        }
        Command::AddGeneratedPart | Command::AddFileParts | Command::Mark if model.step.bench().is_none() => {
            Err("no upload is on the workbench; plan one with n, or m on an object".into())
        }
        Command::EditRequest | Command::Forms if !model.step.held.is_empty() => {
            Err("a call is held; Enter releases it, x drops it".into())
        }
        Command::Mistakes if model.step.bench().is_none() => Err(no_bench()),
        Command::Mistakes if !model.step.held.is_empty() => {
            Err("a call is held; Enter releases it, x drops it".into())
        }
        Command::ExplainRefusal if model.step.settled.as_ref().is_none_or(|s| s.error.is_none()) => {
            Err("the last call by hand was not refused".into())
        }
        Command::EditRequest if model.step.drafting.is_some() => Err("a request is being edited".into()),
        command if command.is_of_form() && model.step.drafting.is_none() => {
            Err("no request is being edited; e edits the next one".into())
        }
        Command::XRay if model.wire.is_empty() => Err("nothing was sent yet".into()),
        Command::NextMatch | Command::PreviousMatch if model.wire.looking().needle().is_none() => {
            Err("no text is looked for; / takes one".into())
        }
        Command::FilterWire | Command::FindInWire if model.wire.is_empty() => {
            Err("nothing was sent yet".into())
        }
        Command::DiffPrevious | Command::MarkExchange if model.wire.current().is_none() => {
            Err("no exchange is selected".into())
        }
        Command::DiffMarked => marked(model),
        Command::ClientUpload => super::client::selected_upload(model).map(|_| ()),
        Command::TakeAlong if model.wire.is_empty() => Err("nothing was recorded yet".into()),
        Command::Faults if model.target.real => Err("only the sandbox fails on demand".into()),
        Command::Faults => ready(model),
        Command::Unlock if !model.target.real => Err("the sandbox is always writable".into()),
        Command::Send(kind) => send_enabled(model, kind),
        _ => Ok(()),
    }
}

fn rescue(model: &Model) -> Result<(), String> {
    if model.pane() == Pane::Uploads {
        let listed = model.browse.uploads.get(model.browse.upload_at);
        return listed.map(|_| ()).ok_or_else(|| "no upload is selected".into());
    }
    match model.step.bench() {
        None => Err(no_bench()),
        Some(bench) if bench.machine.upload().is_none() => Err("nothing of this upload is open yet".into()),
        Some(bench) if !bench.machine.holds_parts() => Err("this upload has ended".into()),
        Some(_) => Ok(()),
    }
}

fn carry(model: &Model) -> Result<(), String> {
    match model.step.bench() {
        None => Err("no upload is on the workbench; m on an object plans a copy".into()),
        Some(bench) if bench.origin.is_none() => {
            Err("this upload copies no object that was asked about".into())
        }
        Some(_) => Ok(()),
    }
}

fn probe(model: &Model) -> Result<(), String> {
    let evidence = &model.inspect.evidence;
    if model.inspect.probe.is_some() {
        return Err("a probe is under way; Esc stops it".into());
    }
    if !evidence.plans().is_empty() {
        return Ok(());
    }
    Err(if evidence.exact_is_known() {
        "every boundary is known already".into()
    } else if let Some(refused) = evidence.refusals.iter().find(|r| r.asked == Asked::HeadPart) {
        refused.sentence()
    } else if evidence.is_multipart() {
        "this server ignores partNumber and lists no parts: nothing is left to ask".into()
    } else {
        "the object is not multipart".into()
    })
}

/// Whether the selected exchange can be compared with the marked one.
fn marked(model: &Model) -> Result<(), String> {
    let current = model.wire.current().ok_or("no exchange is selected")?;
    match model.wire.differ.marked {
        None => Err("no exchange is marked; m marks one".into()),
        Some(id) if id == current.id => Err("this one is marked; = compares another with it".into()),
        Some(id) if model.wire.by_id(id).is_none() => Err(format!("exchange #{} is not kept any more", id.0)),
        Some(_) => Ok(()),
    }
}

fn need_object(model: &Model) -> Result<(), String> {
    if model.screen == Screen::Inspect && matches!(model.inspect.head_load, Load::Failed(_)) {
        return Err("the object could not be read; r asks again".into());
    }
    model.object_in_view().map(|_| ()).ok_or_else(|| "select an object first".into())
}

fn held(model: &Model) -> Result<(), String> {
    if model.step.held.is_empty() { Err("nothing is held".into()) } else { Ok(()) }
}

fn ready(model: &Model) -> Result<(), String> {
    match &model.target.link {
        Link::Ready => Ok(()),
        Link::Connecting => Err("still connecting".into()),
        Link::Failed(why) => Err(why.clone()),
    }
}

fn send_enabled(model: &Model, kind: OperationKind) -> Result<(), String> {
    ready(model)?;
    if kind.writes() && !model.target.writable {
        return Err("this endpoint is read-only; U unlocks writes".into());
    }
    use OperationKind as K;
    match kind {
        K::ListBuckets => Ok(()),
        K::ListObjectsV2 | K::ListMultipartUploads => match model.browse.bucket {
            Some(_) => Ok(()),
            None => Err("open a bucket first".into()),
        },
        K::HeadObject
        | K::GetObject
        | K::GetObjectAttributes
        | K::GetObjectTagging
        | K::GetObjectAcl
        | K::ListObjectVersions
        | K::DeleteObjectTagging
        | K::CopyObject => need_object(model),
        K::ListParts | K::AbortMultipartUpload if model.pane() == Pane::Uploads => {
            match model.browse.uploads.get(model.browse.upload_at) {
                Some(_) => Ok(()),
                None => Err("no upload is selected".into()),
            }
        }
        _ => bench_move(model, kind).and_then(|m| {
            let bench = model.step.bench().ok_or_else(no_bench)?;
            bench.check(m)
        }),
    }
}

fn no_bench() -> String {
    "no upload is on the workbench; plan one with n, or m on an object".into()
}

/// Of a file only what the Wire screen shows can be looked at.
fn in_replay(replay: &Replay, command: Command) -> Result<(), String> {
    match command {
        Command::Reveal if replay.session.secrets == Secrets::Masked => {
            Err("the secrets were masked when this file was written".into())
        }
        Command::Show(Screen::Wire)
        | Command::NextPane
        | Command::PreviousPane
        | Command::Go(_)
        | Command::Enter
        | Command::Back
        | Command::Quit
        | Command::Palette
        | Command::Help
        | Command::Log
        | Command::Redraw
        | Command::Suspend
        | Command::Zoom => Ok(()),
        Command::Show(_) => Err("a file has the Wire screen only; nothing is connected".into()),
        Command::EditSent => Err("a file is looked at: nothing can be sent".into()),
        of_wire if spec_of(of_wire).is_some_and(|s| s.is_of_wire()) => Ok(()),
        _ => Err("a file is looked at: nothing can be sent".into()),
    }
}

/// The move an operation's name means for the upload on the workbench.
pub fn bench_move(model: &Model, kind: OperationKind) -> Result<Move, String> {
    let bench = model.step.bench().ok_or_else(no_bench)?;
    Ok(match kind {
        OperationKind::CreateMultipartUpload => Move::Create,
        OperationKind::UploadPart | OperationKind::UploadPartCopy => {
            let number = bench.selected().ok_or("no part is planned; g or f adds one")?;
            let copies = matches!(
                bench.machine.parts().get(&number).map(|p| &p.planned.source),
                Some(crate::domain::plan::PartSource::Copy(_))
            );
            if copies != (kind == OperationKind::UploadPartCopy) {
                let other = if copies { "UploadPartCopy" } else { "UploadPart" };
                return Err(format!("part {number} is planned as {other}"));
            }
            Move::Part(number)
        }
        OperationKind::ListParts => Move::ListParts,
        OperationKind::CompleteMultipartUpload => Move::Complete,
        OperationKind::AbortMultipartUpload => Move::Abort,
        OperationKind::PutObjectTagging => Move::Tag,
        other => return Err(format!("{other} is no move of an upload")),
    })
}
