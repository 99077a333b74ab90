//! What each command does, routed to the screen it concerns.

use super::super::command::{Command, Pane, Screen};
use super::super::enabled::enabled;
use super::super::explaining::About;
use super::super::faults::FaultList;
use super::super::form::{Field, Form, Purpose, Rule};
use super::super::model::{Level, Model};
use super::super::msg::Effect;
use super::super::overlay::{Overlay, WireFieldPurpose};
use super::super::panes::browse::Load;
use super::super::panes::reading::Side;
use super::super::panes::select::{Motion, moved};
use super::super::sheet::Sheet;
use super::{
    browse, compare, differ, draft, inspect, leave, ledger, mistakes, plan, run as running, save, sheet,
    step, take, timeline, verify, wire_field,
};
use crate::domain::pace::Stop;
use tui_input::Input;

/// Gives a command. One that makes no sense now says why.
pub(super) fn run(model: &mut Model, wanted: Command) {
    if let Err(why) = enabled(model, wanted) {
        if !step::offer_anyway(model, wanted, &why) {
            model.say(Level::Warning, why);
        }
        return;
    }
    match wanted {
        Command::Show(screen) => show(model, screen),
        Command::NextPane => turn(model, 1),
        Command::PreviousPane => turn(model, -1),
        Command::Go(motion) => go(model, motion),
        Command::Enter => enter(model),
        Command::Back => back(model),
        Command::Quit => leave::ask(model),
        Command::Palette => model.overlays.push(Overlay::Palette { input: Input::default(), at: 0 }),
        Command::Help => model.overlays.push(Overlay::Help { top: 0 }),
        Command::Compare => compare::command(model),
        Command::Faults => model.overlays.push(Overlay::Faults(FaultList::default())),
        Command::Log => model.overlays.push(Overlay::Log { top: 0 }),
        Command::Redraw => model.effects.push(Effect::Repaint),
        Command::Suspend => model.effects.push(Effect::Suspend),
        Command::Unlock => unlock(model),
        Command::ToggleHold => {
            model.hold = !model.hold;
            let said = if model.hold {
                "hold is on: each call of the workbench waits for Enter"
            } else {
                "hold is off: calls of the workbench leave at once"
            };
            model.say(Level::Plain, said);
        }
        Command::Reveal => {
            let until = if model.revealing() { None } else { Some(model.now + 30_000_000) };
            model.reveal_until = until;
            model.say(
                Level::Warning,
                if until.is_some() { "secrets are shown for 30 s" } else { "secrets are masked" },
            );
        }
        Command::Refresh => refresh(model),
        Command::Filter => browse::begin_filter(model),
        Command::LoadAll => browse::load_all(model),
        Command::Parent => browse::parent(model),
        Command::GoTo => go_to(model),
        Command::PlanCopyKeeping => plan::form(model, false),
        Command::PlanCopy => plan::form(model, true),
        Command::PlanUpload => plan::new_upload_form(model),
        Command::Probe => inspect::offer_probe(model),
        Command::Verify => verify::form(model),
        Command::Why => sheet::open(model, Sheet::Why { top: 0 }),
        Command::OtherClients => sheet::open(model, Sheet::Clients { top: 0 }),
        Command::AddGeneratedPart => plan::generated_form(model),
        Command::AddFileParts => plan::file_form(model),
        Command::EditRequest => draft::edit_next(model),
        Command::Forms => draft::choose(model),
        Command::Holds => model.overlays.push(Overlay::Holds { at: 0 }),
        Command::Rescue => super::rescue::open(model),
        Command::Carry => super::carry::open(model),
        Command::Mark => ledger::mark(model),
        Command::MarkUnstored => ledger::mark_unstored(model),
        Command::MarkRange => ledger::mark_range(model),
        Command::InvertMarks => ledger::invert(model),
        Command::Unmark => ledger::unmark(model),
        Command::NextTrouble => ledger::next_trouble(model),
        Command::Unplan => ledger::unplan(model),
        Command::RunParts => running::offer(model, Stop::Never),
        Command::RunSome => running::offer_some(model),
        Command::RunToHere => running::offer_to_cursor(model),
        Command::PauseRun => running::pause(model),
        Command::DialUp => running::dial(model, true),
        Command::DialDown => running::dial(model, false),
        Command::StopRun => running::stop(model),
        Command::Zoom => model.zoomed = !model.zoomed,
        Command::Release => step::release(model),
        Command::Cancel => step::cancel(model),
        Command::NextUpload => step::next_upload(model),
        Command::XRay => super::xray::open(model),
        Command::WireMode => super::wire::turn(model),
        Command::FilterWire => wire_field::open(model, WireFieldPurpose::Filter),
        Command::FindInWire => wire_field::open(model, WireFieldPurpose::Find),
        Command::NextMatch => wire_field::step(model, false),
        Command::PreviousMatch => wire_field::step(model, true),
        Command::DiffPrevious => differ::with_previous(model),
        Command::MarkExchange => differ::mark(model),
        Command::DiffMarked => differ::with_marked(model),
        Command::ExplainLine => super::wire::explain(model),
        Command::GoToByte => super::wire::ask_byte(model),
        Command::EditSent => super::wire::edit(model),
        Command::Follow => timeline::follow(model),
        Command::Fold => timeline::fold(model),
        Command::Unfold => timeline::unfold(model),
        Command::FoldAll => timeline::fold_all(model),
        Command::Freeze => timeline::freeze(model),
        Command::OtherAttempt => timeline::other_attempt(model),
        Command::WatchClient => super::client::watch(model),
        Command::ClientUpload => super::client::upload(model),
        Command::NextExchange => model.wire.go(model.page, Motion::Down),
        Command::PreviousExchange => model.wire.go(model.page, Motion::Up),
        Command::SaveSession => save::ask(model, false),
        Command::SaveUnmasked => save::ask(model, true),
        Command::TakeAlong => take::open(model),
        Command::Send(kind) => step::send(model, kind),
        Command::Mistakes => mistakes::open(model),
        Command::ExplainRefusal => explain(model, About::Refusal),
        Command::ExplainField => explain(model, About::Field),
        of_form => draft::run(model, of_form),
    }
}

fn explain(model: &mut Model, about: About) {
    model.overlays.push(Overlay::Explain { about, top: 0 });
}

fn show(model: &mut Model, screen: Screen) {
    model.zoomed = false;
    match screen {
        Screen::Inspect => match (model.screen, model.object_in_view()) {
            (Screen::Browse, Some(object)) => inspect::open(model, object),
            _ => model.screen = screen,
        },
        Screen::Browse => {
            model.screen = screen;
            browse::refresh_if_stale(model);
        }
        _ => model.screen = screen,
    }
}

fn turn(model: &mut Model, by: isize) {
    let panes = model.panes();
    let at = panes.iter().position(|p| *p == model.pane()).unwrap_or(0);
    let len = isize::try_from(panes.len()).unwrap_or(1);
    let next = (isize::try_from(at).unwrap_or(0) + by).rem_euclid(len);
    if let Some(pane) = usize::try_from(next).ok().and_then(|i| panes.get(i)) {
        model.set_focus(*pane);
    }
}

/// Moves in the focused pane.
pub(super) fn go(model: &mut Model, motion: Motion) {
    go_in(model, model.pane(), motion);
}

/// Moves in a pane without giving it the focus, as the wheel does.
pub(super) fn go_in(model: &mut Model, pane: Pane, motion: Motion) {
    let page = model.page;
    // Scrolling has no end known here; the view clamps it and tells back through the page size.
    let scroll = |top: usize| match motion {
        Motion::End => top.saturating_add(100_000),
        _ => moved(top, usize::MAX, page, motion),
    };
    match pane {
        Pane::Buckets => model.browse.go_buckets(page, motion),
        Pane::Objects => {
            model.browse.go_objects(page, motion);
            browse::page_if_wanted(model);
        }
        Pane::Uploads => model.browse.go_uploads(page, motion),
        Pane::Facts => model.inspect.facts_top = scroll(model.inspect.facts_top),
        Pane::ETag => model.inspect.etag_top = scroll(model.inspect.etag_top),
        Pane::PartMap => model.inspect.go_parts(page, motion),
        Pane::PartSize => model.inspect.size_top = scroll(model.inspect.size_top),
        Pane::States | Pane::Parts => {
            if let Some(bench) = model.step.bench_mut() {
                bench.go(page, motion);
            }
        }
        Pane::Request => match model.step.drafting.as_mut() {
            Some(form) => form.go_line(page, motion),
            None => model.step.request_top = scroll(model.step.request_top),
        },
        Pane::Form => {
            if let Some(form) = model.step.drafting.as_mut() {
                form.go(page, motion);
            }
        }
        Pane::Timeline => model.wire.go(page, motion),
        Pane::WireRequest => super::wire::go(model, Side::Request, motion),
        Pane::WireResponse => super::wire::go(model, Side::Response, motion),
    }
}

/// The selected row of the focused list, if it is one.
pub(super) fn selected(model: &Model) -> Option<usize> {
    match model.pane() {
        Pane::Buckets => Some(model.browse.bucket_at),
        Pane::Objects => Some(model.browse.object_at),
        Pane::Uploads => Some(model.browse.upload_at),
        Pane::Parts => model.step.bench().map(|b| b.part_at),
        Pane::Form => model.step.drafting.as_ref().map(|f| f.at),
        Pane::PartMap => Some(model.inspect.part_at),
        Pane::Timeline => Some(model.wire.at()),
        _ => None,
    }
}

/// Selects a row of the focused list, if it has so many.
pub(super) fn select(model: &mut Model, row: usize) {
    match model.pane() {
        Pane::Buckets if row < model.browse.buckets.len() => model.browse.bucket_at = row,
        Pane::Objects if row < model.browse.objects.len() => {
            model.browse.object_at = row;
            browse::page_if_wanted(model);
        }
        Pane::Uploads if row < model.browse.uploads.len() => model.browse.upload_at = row,
        Pane::Form => {
            if let Some(form) = model.step.drafting.as_mut() {
                form.go_to(row);
            }
        }
        Pane::Parts => {
            if let Some(bench) = model.step.bench_mut()
                && row < bench.machine.parts().len()
            {
                bench.part_at = row;
            }
        }
        Pane::Timeline => model.wire.select_line(row),
        Pane::WireRequest => model.wire.reading.put(Side::Request, row),
        Pane::WireResponse => model.wire.reading.put(Side::Response, row),
        _ => {}
    }
}

fn enter(model: &mut Model) {
    match model.pane() {
        Pane::Buckets => browse::open_bucket(model),
        Pane::Objects => browse::open_row(model),
        Pane::Uploads => step::open_listed(model),
        Pane::Facts | Pane::ETag | Pane::PartMap | Pane::PartSize => run(model, Command::PlanCopyKeeping),
        Pane::Request if model.step.drafting.is_some() => draft::enter_line(model),
        Pane::States | Pane::Parts | Pane::Request | Pane::Form => step::next(model),
        Pane::Timeline => timeline::enter(model),
        Pane::WireRequest | Pane::WireResponse => super::wire::explain(model),
    }
}

/// One layer back: what runs in the pane, then the pane, then the screen. Never out of the program.
fn back(model: &mut Model) {
    if model.zoomed {
        model.zoomed = false;
        return;
    }
    if model.screen == Screen::Browse && model.browse.load_all {
        model.browse.load_all = false;
        return model.say(Level::Plain, "stopped loading; what is listed so far stays");
    }
    if model.screen == Screen::Inspect && verify::stop(model) {
        return model.say(Level::Plain, "stopped; nothing of it was kept");
    }
    if model.screen == Screen::Inspect && model.inspect.probe.is_some() {
        return inspect::stop_probe(model);
    }
    if model.pane() == Pane::Timeline && wire_field::clear(model) {
        return;
    }
    if model.screen == Screen::Browse && model.browse.objects.filter().is_some() {
        model.browse.objects.set_filter("");
        model.browse.object_at = 0;
        return;
    }
    match model.pane() {
        Pane::Request if model.step.drafting.is_some() => model.set_focus(Pane::Form),
        Pane::Objects if !model.browse.prefix.is_empty() => browse::parent(model),
        Pane::Objects | Pane::Uploads => model.set_focus(Pane::Buckets),
        Pane::WireRequest | Pane::WireResponse => model.set_focus(Pane::Timeline),
        Pane::Buckets => model.say(Level::Plain, "q quits"),
        _ if model.replay.is_some() => model.say(Level::Plain, "q quits"),
        _ => show(model, Screen::Browse),
    }
}

fn unlock(model: &mut Model) {
    if model.target.writable {
        model.target.writable = false;
        step::lock(model);
        return model
            .say(Level::Plain, "writes are locked again: no run goes on and nothing held will leave");
    }
    let intro = vec![
        format!("{} is a real endpoint.", model.target.name),
        "Unlocked, calls that create, change, delete or cost money may leave.".into(),
        "Each still needs its own key press.".into(),
    ];
    let field = Field::new("Type write", "", Rule::Word("write"), "Esc leaves it read-only");
    model.overlays.push(Overlay::Form(Box::new(Form::new(
        Purpose::Unlock,
        "Unlock writes",
        intro,
        vec![field],
    ))));
}

fn refresh(model: &mut Model) {
    match model.pane() {
        Pane::Buckets => browse::list_buckets(model),
        Pane::Objects => browse::relist(model),
        Pane::Uploads => browse::list_uploads(model),
        _ => {
            if let Some(object) = model.inspect.object.clone() {
                inspect::open(model, object);
            }
        }
    }
}

fn go_to(model: &mut Model) {
    let value = model
        .browse
        .bucket
        .as_ref()
        .map_or_else(|| "s3://".into(), |b| format!("s3://{b}/{}", model.browse.prefix));
    let field = Field::new("Address", value, Rule::Required, "s3://bucket/prefix/ or s3://bucket/key");
    let intro = vec!["A prefix ends with /; anything else is opened as an object.".into()];
    model.overlays.push(Overlay::Form(Box::new(Form::new(Purpose::GoTo, "Go to", intro, vec![field]))));
}

/// Whether a list waits for its first answer; used by several screens.
pub(super) fn failed(model: &mut Model, what: &str, outcome: &crate::domain::outcome::Outcome) -> Load {
    let said = outcome.summary_of_read();
    model.say(Level::Bad, format!("{what}: {said}"));
    Load::Failed(crate::domain::text::visible(&said))
}
