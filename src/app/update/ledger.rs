//! The ledger of parts: marks, jumps, and taking a part out of the plan.

use super::super::model::{Level, Model};
use super::super::panes::ledger::first_gap;
use super::super::panes::select::Motion;
use super::super::panes::step::Bench;
use crate::domain::plan::PartSource;
use crate::domain::units::PartNumber;
use crate::domain::upload::{PartEntry, PartState};

/// Marks or unmarks the selected part, and goes on to the next.
pub(super) fn mark(model: &mut Model) {
    let page = model.page;
    if let Some(bench) = model.step.bench_mut()
        && let Some(number) = bench.selected()
    {
        if !bench.marked.remove(&number) {
            bench.marked.insert(number);
        }
        bench.mark_from = Some(number);
        bench.go(page, Motion::Down);
    }
}

/// Whether marking a part makes sense: it is not stored, not on its way, and its bytes can be had.
fn wants_sending(entry: &PartEntry) -> bool {
    !matches!(entry.state, PartState::Done(_) | PartState::InFlight(_))
        && entry.planned.source != PartSource::Foreign
}

/// Marks all parts that are not stored.
pub(super) fn mark_unstored(model: &mut Model) {
    let Some(bench) = model.step.bench_mut() else { return };
    let rows = bench.machine.parts().values();
    let found: Vec<PartNumber> = rows.filter(|e| wants_sending(e)).map(|e| e.planned.number).collect();
    bench.marked.extend(found);
    say_marked(model);
}

/// Marks from the part marked last to the selected one.
pub(super) fn mark_range(model: &mut Model) {
    let Some(bench) = model.step.bench_mut() else { return };
    let Some(to) = bench.selected() else { return };
    let from = bench.mark_from.unwrap_or(to);
    let range = from.min(to)..=from.max(to);
    let found: Vec<PartNumber> = bench.machine.parts().range(range).map(|(n, _)| *n).collect();
    bench.marked.extend(found);
    bench.mark_from = Some(to);
    say_marked(model);
}

/// Marks what is not marked, and the other way round.
pub(super) fn invert(model: &mut Model) {
    let Some(bench) = model.step.bench_mut() else { return };
    let (all, marked) = (bench.machine.numbers(), &bench.marked);
    bench.marked = all.iter().copied().filter(|n| !marked.contains(n)).collect();
    say_marked(model);
}

pub(super) fn unmark(model: &mut Model) {
    if let Some(bench) = model.step.bench_mut() {
        bench.marked.clear();
        bench.mark_from = None;
    }
    say_marked(model);
}

fn say_marked(model: &mut Model) {
    let count = model.step.bench().map_or(0, |b| b.marked.len());
    let said = match count {
        0 => "no part is marked; r runs all that are planned".to_owned(),
        n => format!("{n} parts are marked; r runs them"),
    };
    model.say(Level::Plain, said);
}

/// Goes to the next part that was refused or is in doubt, round the end.
pub(super) fn next_trouble(model: &mut Model) {
    let Some(bench) = model.step.bench_mut() else { return };
    let here = bench.selected().unwrap_or(PartNumber(0));
    let troubled = |(n, e): (&PartNumber, &PartEntry)| {
        matches!(e.state, PartState::Failed(_) | PartState::Doubtful).then_some(*n)
    };
    let rows = bench.machine.parts();
    let after = rows.range(PartNumber(here.0.saturating_add(1))..).find_map(troubled);
    match after.or_else(|| rows.range(..=here).find_map(troubled)) {
        Some(number) => bench.select(number),
        None => model.say(Level::Plain, "no part was refused, none is in doubt"),
    }
}

/// Takes the selected part out of the plan, and says what the gap means.
pub(super) fn unplan(model: &mut Model) {
    let Some(bench) = model.step.bench_mut() else { return };
    let Some(number) = bench.selected() else { return };
    if let Err(why) = bench.machine.unplan(number) {
        return model.say(Level::Warning, why.to_string());
    }
    bench.marked.remove(&number);
    bench.part_at = bench.part_at.min(bench.machine.numbers().len().saturating_sub(1));
    let said = match bench.machine.parts().contains_key(&number) {
        true => format!("part {number} stays as S3 holds it"),
        false => format!("part {number} is out of the plan{}", gap_words(bench)),
    };
    model.say(Level::Plain, said);
}

/// What left-out numbers mean for this upload; empty when none is left out.
fn gap_words(bench: &Bench) -> String {
    if first_gap(bench.machine.numbers()).is_none() {
        return String::new();
    }
    match &bench.machine.plan().properties.checksum_algorithm {
        Some(algorithm) => {
            format!("; parts carry {algorithm}: with a gap in the numbers Complete answers InvalidPartOrder")
        }
        None => "; a gap in the numbers is allowed, Complete joins what is there".into(),
    }
}
