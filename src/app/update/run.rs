//! Runs over many parts: begun by a press that names them, driven by answers and by the clock, ended with all said.

use super::super::form::{Field, Form, Purpose as Ask, Rule};
use super::super::model::{Level, Model, Purpose};
use super::super::msg::{Effect, InLine};
use super::super::overlay::{Action, Confirm, Overlay};
use super::super::panes::run::{Ending, Run, is_hopeless};
use super::super::panes::step::Bench;
use crate::domain::operation::OperationId;
use crate::domain::outcome::Outcome;
use crate::domain::pace::{DIAL, Step, Stop, Verdict};
use crate::domain::units::{PartNumber, grouped, human_size};
use crate::domain::upload::{Enforce, IllegalMove, Move, PartState};
use std::collections::BTreeSet;

/// Parts a run would send: the marked ones, else all that are planned; as far as the stop point allows.
fn queue(bench: &Bench, stop: Stop) -> Vec<PartNumber> {
    let mut out: Vec<PartNumber> = if bench.marked.is_empty() {
        bench.machine.to_send().iter().copied().collect()
    } else {
        let sendable = |n: &PartNumber| bench.machine.check(Move::Part(*n)).is_ok();
        bench.marked.iter().copied().filter(sendable).collect()
    };
    match stop {
        Stop::Never => {}
        Stop::After(n) => out.truncate(usize::try_from(n).unwrap_or(usize::MAX)),
        Stop::At(last) => out.retain(|n| *n <= last),
    }
    out
}

/// A run of many parts is one key press that names how many calls it makes.
pub(super) fn offer(model: &mut Model, stop: Stop) {
    if !model.target.writable {
        return model.say(Level::Warning, "this endpoint is read-only; U unlocks writes");
    }
    let Some(bench) = model.step.bench() else { return };
    let queue = queue(bench, stop);
    if queue.is_empty() {
        return model.say(Level::Warning, "no part is left to send before there");
    }
    let rows = bench.machine.parts();
    let sizes = || queue.iter().filter_map(|n| rows.get(n)).map(|p| p.planned.size);
    let size = sizes().flatten().fold(0_u64, u64::saturating_add);
    let more = if sizes().any(|size| size.is_none()) { " and what only S3 can tell" } else { "" };
    let again = queue.iter().filter(|n| rows.get(n).is_some_and(|p| p.stored.is_some())).count();
    let upto = match stop {
        Stop::At(last) => format!(" up to part {last}"),
        _ => String::new(),
    };
    let mut lines = vec![format!(
        "{}{more} in {} calls, {} at a time, not held.",
        human_size(size),
        queue.len(),
        bench.dial
    )];
    if again > 0 {
        lines.push(format!("{again} of them are stored already: S3 replaces what it holds."));
    }
    lines.push(
        "p pauses, + and - change how many at a time; s stops after those on their way, x cancels them."
            .into(),
    );
    model.overlays.push(Overlay::Confirm(Confirm {
        title: format!("Send {} parts{upto}?", grouped(u64::try_from(queue.len()).unwrap_or(0))),
        lines,
        no: "Not now",
        yes: "Send them",
        on_yes: true,
        action: Action::Run(stop),
    }));
}

/// Up to the selected part.
pub(super) fn offer_to_cursor(model: &mut Model) {
    if let Some(number) = model.step.bench().and_then(Bench::selected) {
        offer(model, Stop::At(number));
    }
}

/// Asks how many.
pub(super) fn offer_some(model: &mut Model) {
    if !model.target.writable {
        return model.say(Level::Warning, "this endpoint is read-only; U unlocks writes");
    }
    let Some(bench) = model.step.bench() else { return };
    let left = queue(bench, Stop::Never).len();
    let field = Field::new("Parts", "10", Rule::Count, "so many are begun; trying one again does not count");
    let intro = vec![
        format!(
            "{} parts wait, {} are sent at a time, not held.",
            grouped(u64::try_from(left).unwrap_or(0)),
            bench.dial
        ),
        "Enter sends them.".into(),
    ];
    let form = Form::new(Ask::RunSome, "Send how many parts?", intro, vec![field]);
    model.overlays.push(Overlay::Form(Box::new(form)));
}

/// Begins the run that was named, or lets the one under way go further.
pub(super) fn begin(model: &mut Model, stop: Stop) {
    if !model.target.writable {
        return model.say(Level::Warning, "this endpoint is read-only; U unlocks writes");
    }
    let now = model.now;
    let Some(bench) = model.step.bench_mut() else { return };
    // All that wait are taken in, so that the stop point can be moved while it runs.
    let queue = queue(bench, Stop::Never);
    let again = bench.run.is_some();
    let mut run =
        bench.run.take().filter(|r| r.ending.is_none()).unwrap_or_else(|| Run::new(now, bench.dial));
    for number in queue {
        let Some(part) = bench.machine.parts().get(&number) else { continue };
        if run.pace.add(number, part.planned.size.unwrap_or(0)) && matches!(part.state, PartState::Done(_)) {
            run.replaces.insert(number);
        }
    }
    run.pace.set_stop(stop);
    run.pace.resume();
    run.deed.get_or_insert_with(|| {
        let copies = bench.machine.plan().source.is_some();
        let sends = if copies { "copy" } else { "send" };
        model.deeds.open(format!("{sends} parts of {}", bench.machine.plan().destination))
    });
    bench.marked.clear();
    bench.refusal = None;
    bench.run = Some(run);
    let id = bench.id;
    if again {
        // What waits in line may be beyond the new stop point.
        model.effects.push(Effect::SendBack(id));
    }
    go_on(model, id);
}

/// Pauses the run, or lets it go on.
pub(super) fn pause(model: &mut Model) {
    let Some(bench) = model.step.bench_mut() else { return };
    let id = bench.id;
    let Some(run) = bench.run.as_mut() else { return };
    if run.pace.is_paused() {
        run.pace.resume();
        go_on(model, id);
        return model.say(Level::Plain, "the run goes on");
    }
    run.pace.pause();
    run.wake_at = None;
    model.effects.push(Effect::SendBack(id));
    model.say(Level::Plain, "the run is paused, parts on their way go on; p resumes");
}

/// How many at once: one more, one less; in steps of a quarter where there are many.
pub(super) fn dial(model: &mut Model, up: bool) {
    let Some(bench) = model.step.bench_mut() else { return };
    let step = (bench.dial / 4).max(1);
    let wished = if up { bench.dial.saturating_add(step) } else { bench.dial.saturating_sub(step) };
    bench.dial = wished.clamp(*DIAL.start(), *DIAL.end());
    let (dial, id) = (bench.dial, bench.id);
    if let Some(run) = bench.run.as_mut() {
        run.pace.set_dial(dial);
        if !up {
            // They would be sent as many at once as before.
            model.effects.push(Effect::SendBack(id));
        }
    }
    model.say(
        Level::Plain,
        format!("runs send at most {dial} parts at a time ({} to {})", DIAL.start(), DIAL.end()),
    );
    go_on(model, id);
}

/// Begins nothing more; what is on its way goes on.
pub(super) fn stop(model: &mut Model) {
    let Some(bench) = model.step.bench_mut() else { return };
    let id = bench.id;
    let Some(run) = bench.run.as_mut() else { return };
    run.end(Ending::Stopped);
    let some = run.on_their_way() > 0;
    model.effects.push(Effect::SendBack(id));
    if some {
        model.say(Level::Plain, "the run stops; parts on their way go on");
    }
    go_on(model, id);
}

/// Ends the runs of every upload: nothing more is begun.
pub(super) fn end_all(model: &mut Model, why: &Ending) {
    let mut ids = Vec::new();
    for bench in &mut model.step.benches {
        if let Some(run) = bench.run.as_mut() {
            run.end(why.clone());
            ids.push(bench.id);
        }
    }
    for id in ids {
        model.effects.push(Effect::SendBack(id));
        go_on(model, id);
    }
}

/// Runs that waited for the clock go on when their time has come.
pub(super) fn tick(model: &mut Model) {
    let now = model.now;
    let due = |b: &&Bench| b.run.as_ref().and_then(|r| r.wake_at).is_some_and(|at| at <= now);
    let ids: Vec<u64> = model.step.benches.iter().filter(due).map(|b| b.id).collect();
    for id in ids {
        go_on(model, id);
    }
}

/// Begins what the pace allows now, and ends a run that is done.
pub(super) fn go_on(model: &mut Model, bench_id: u64) {
    loop {
        let (now, id, writable) = (model.now, model.next_id(), model.target.writable);
        let Some(bench) = model.step.by_id(bench_id) else { return };
        let Some(run) = bench.run.as_mut() else { return };
        run.wake_at = None;
        if !writable {
            run.end(Ending::Locked);
        }
        if run.ending.is_some() {
            break;
        }
        let number = match run.pace.next(now) {
            Step::Launch(number) => number,
            Step::Wait { until } => {
                run.wake_at = Some(until);
                return;
            }
            Step::Idle | Step::Done => break,
        };
        let stored =
            bench.machine.parts().get(&number).is_some_and(|p| matches!(p.state, PartState::Done(_)));
        if stored && !run.replaces.contains(&number) {
            // It was sent by hand meanwhile, or ListParts has shown it.
            run.pace.answered(number, Verdict::Stored, now, 0);
            continue;
        }
        match bench.machine.begin(Move::Part(number), id, Enforce::Rules) {
            Ok(operation) => {
                run.calls.insert(id, number);
                if run.pace.is_lined_up() {
                    run.in_line.insert(id);
                }
                let line = InLine { of: bench_id, at_once: run.pace.window() };
                let deed = run.deed.clone();
                let before = model.deeds.enter(deed.as_ref());
                model.line_up(Purpose::Bench(bench_id, Move::Part(number)), operation, line);
                model.deeds.leave(before);
            }
            Err(
                why @ (IllegalMove::PartInFlight(_)
                | IllegalMove::UnknownPart(_)
                | IllegalMove::ForeignPart(_)),
            ) => {
                run.pace.answered(number, Verdict::Refused, now, 0);
                model.say(Level::Warning, format!("part {number} was not sent: {why}"));
            }
            // The upload as a whole takes no parts now.
            Err(why) => {
                run.pace.answered(number, Verdict::Cancelled, now, 0);
                run.end(Ending::Senseless(why.to_string()));
            }
        }
    }
    end_if_over(model, bench_id);
}

/// A run whose calls have ended, and which has nothing more to begin, is over.
fn end_if_over(model: &mut Model, bench_id: u64) {
    let now = model.now;
    let Some(bench) = model.step.by_id(bench_id) else { return };
    let Some(run) = &bench.run else { return };
    let over = run.ending.is_some() || run.pace.tally().waiting == 0 || run.pace.is_at_stop();
    if !run.calls.is_empty()
        || !over
        || (run.pace.is_paused() && run.ending.is_none() && run.pace.tally().waiting > 0)
    {
        return;
    }
    let Some(run) = bench.run.take() else { return };
    let tally = run.pace.tally();
    let p = bench.machine.progress();
    let seconds = now.saturating_sub(run.begun) / 1_000_000;
    let ended = match &run.ending {
        Some(why) => format!("the run ended: {why}"),
        None if tally.waiting > 0 => {
            format!("the run stopped where it was told to, {} parts wait", tally.waiting)
        }
        None => format!("the run finished in about {seconds} s"),
    };
    let mut words = format!("{ended}; {} of {} parts are stored", p.done, p.parts);
    if tally.given_up > p.doubtful {
        words.push_str(&format!(", {} refused", p.failed));
    }
    if p.doubtful > 0 {
        words.push_str(&format!(", {} in doubt: 4 asks S3 which it has", p.doubtful));
    }
    let level = match (&run.ending, p.failed + p.doubtful) {
        (None, 0) => Level::Good,
        (Some(Ending::Senseless(_)), _) => Level::Bad,
        (Some(Ending::Stopped | Ending::CalledOff), 0) => Level::Plain,
        _ => Level::Warning,
    };
    model.say(level, words);
}

/// The wire shows a call: if it is one of a run, it waits no longer.
pub(super) fn seen(model: &mut Model, id: OperationId) {
    for bench in &mut model.step.benches {
        if let Some(run) = bench.run.as_mut() {
            run.seen(id);
        }
    }
}

/// Learns how a call of a run ended. `false` when it belongs to none.
pub(super) fn answered(model: &mut Model, bench_id: u64, id: OperationId, outcome: &Outcome) -> bool {
    let (now, epoch) = (model.now, model.epoch);
    let Some(bench) = model.step.by_id(bench_id) else { return false };
    let Some(run) = bench.run.as_mut() else { return false };
    let Some(number) = run.calls.remove(&id) else { return false };
    if run.in_line.remove(&id) && *outcome == (Outcome::Cancelled { sent: false }) {
        run.pace.recalled(number);
        return true;
    }
    let (window, verdict) = (run.pace.window(), Verdict::of(outcome));
    run.pace.answered(number, verdict, now, chance(epoch, now, id));
    let over = run.pace.given_up().contains_key(&number) || run.ending.is_some();
    let slowed = (run.pace.window() < window).then(|| run.pace.window());
    if let (Outcome::Refused(error), true) = (outcome, over) {
        bench.refusal = Some((format!("part {number}"), error.clone()));
        if is_hopeless(error) {
            let why = format!("S3 refused part {number} with {} and would refuse every other", error.code);
            run.end(Ending::Senseless(match error.code.as_str() {
                "NoSuchUpload" => format!("{why}: the upload is not there any more"),
                "PreconditionFailed" => format!("{why}: the source is no longer the object that was planned"),
                _ => why,
            }));
        }
    }
    match outcome {
        Outcome::Refused(error) if over => model.say(Level::Bad, format!("part {number}: {error}")),
        Outcome::Refused(error) => {
            if let Some(window) = slowed {
                model.say(Level::Warning, format!("S3 asked for less ({}): {window} at a time", error.code));
            }
        }
        Outcome::Lost(_) if over => {
            model.say(
                Level::Bad,
                format!("part {number}: {}; it is in doubt until S3 is asked", outcome.summary()),
            );
        }
        Outcome::Lost(_) => {
            model.say(Level::Warning, format!("part {number}: {}; it is sent again", outcome.summary()));
        }
        _ => {}
    }
    true
}

/// A number that differs between programs and answers, so that those that were told to wait do not come back at once.
fn chance(epoch: i64, now: u64, id: OperationId) -> u64 {
    let mut x = epoch.unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ now.rotate_left(21) ^ id.0;
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Calls off what the upload shown has on its way. What S3 has of it is then what the answers say, or in doubt.
pub(super) fn cancel(model: &mut Model) {
    let Some(bench) = model.step.bench_mut() else { return };
    if let Some(run) = bench.run.as_mut() {
        run.end(Ending::CalledOff);
    }
    let id = bench.id;
    let ids: BTreeSet<OperationId> = model
        .tasks
        .iter()
        .filter(|(_, p)| matches!(p, Purpose::Bench(b, _) if *b == id))
        .map(|(id, _)| *id)
        .collect();
    model.effects.extend(ids.iter().copied().map(Effect::Cancel));
    model.say(Level::Plain, "cancelling what is on its way; cancelling is not undoing");
    go_on(model, id);
}
