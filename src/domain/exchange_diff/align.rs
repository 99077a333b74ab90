//! Named pieces of two messages brought together by their names.

use super::{Change, Section, Value, Verdict, What};
use crate::domain::message::Place;
use crate::domain::redact::MASK;
use std::collections::HashMap;
use std::ops::Range;

/// A named piece of one message.
pub(super) struct Item {
    pub what: What,
    /// Which of several with the same name, from 0.
    pub nth: usize,
    /// What is compared.
    pub bytes: Vec<u8>,
    /// What of it should stay the same; with `None` all of it.
    pub steady: Option<Vec<u8>>,
    pub value: Value,
    /// Whether some of its bytes stand for others, which were masked when they were written down.
    pub masked: bool,
}

/// What is said of what was masked when it was written down.
pub(super) const UNKNOWN: &str = "masked when it was written down";

/// Whether a stretch holds bytes that stand for others.
pub(super) fn is_masked(at: &Range<u64>, masked: &[Range<u64>]) -> bool {
    masked.iter().any(|range| range.start < at.end && at.start < range.end)
}

/// Notes which pieces hold bytes that stand for others.
pub(super) fn marked(mut items: Vec<Item>, masked: &[Range<u64>]) -> Vec<Item> {
    if !masked.is_empty() {
        items.iter_mut().for_each(|item| item.masked = is_masked(&item.value.at, masked));
    }
    items
}

/// A value at a place.
pub(super) fn value(text: impl Into<String>, at: &Place) -> Value {
    let place = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    Value { text: text.into(), at: place(at.start)..place(at.end) }
}

/// Numbers the pieces of the same name.
pub(super) fn numbered(items: &mut [Item]) {
    let mut seen: HashMap<What, usize> = HashMap::new();
    for item in items {
        let count = seen.entry(item.what.clone()).or_insert(0);
        item.nth = *count;
        *count += 1;
    }
}

/// Compares two lists of pieces; `order` tells a change of their order as one change.
pub(super) fn compare(old: Vec<Item>, new: Vec<Item>, order: Option<What>, section: &mut Section) {
    let places: HashMap<(&What, usize), usize> =
        old.iter().enumerate().map(|(i, item)| ((&item.what, item.nth), i)).collect();
    let matched: Vec<Option<usize>> =
        new.iter().map(|item| places.get(&(&item.what, item.nth)).copied()).collect();
    let mut taken = vec![false; old.len()];
    matched.iter().flatten().for_each(|i| taken.iter_mut().skip(*i).take(1).for_each(|t| *t = true));
    if let Some(what) = order {
        ordered(&old, &new, &matched, what, section);
    }
    drop(places);
    let mut old: Vec<Option<Item>> = old.into_iter().map(Some).collect();
    // What is gone stands before what followed it.
    let mut next = 0;
    for (item, at) in new.into_iter().zip(matched) {
        if let Some(at) = at {
            let until = at.max(next);
            for i in next..until {
                gone(&mut old, &taken, i, section);
            }
            next = until.max(at + 1);
        }
        match at.and_then(|at| old.get_mut(at)).and_then(Option::take) {
            Some(before) => both(before, item, section),
            None => section.changes.push(one(item, Verdict::Added)),
        }
    }
    for i in next..old.len() {
        gone(&mut old, &taken, i, section);
    }
}

fn gone(old: &mut [Option<Item>], taken: &[bool], at: usize, section: &mut Section) {
    if taken.get(at) == Some(&false)
        && let Some(item) = old.get_mut(at).and_then(Option::take)
    {
        section.changes.push(one(item, Verdict::Gone));
    }
}

fn both(before: Item, now: Item, section: &mut Section) {
    let each_time = before.steady.is_some() && before.steady == now.steady;
    // What is seen beside the masked bytes can still differ.
    let seen = before.steady.is_some() && !each_time;
    let unknown = (before.masked || now.masked) && !seen;
    if before.bytes == now.bytes && !unknown {
        section.same += 1;
        return;
    }
    let note = if unknown { UNKNOWN } else { unseen(&before, &now) }.to_owned();
    section.changes.push(Change {
        what: now.what,
        nth: now.nth,
        verdict: if unknown { Verdict::NotKnown } else { Verdict::Changed },
        old: Some(before.value),
        new: Some(now.value),
        each_time,
        note,
    });
}

/// What differs where what is shown does not.
fn unseen(before: &Item, now: &Item) -> &'static str {
    let name = |item: &Item| item.bytes.split(|b| *b == b':').next().map(<[u8]>::to_vec);
    if before.value.text != now.value.text {
        return "";
    }
    match now.what {
        What::Header(_) if name(before) != name(now) => "its name is in other letter case",
        What::Interim => "its headers differ",
        What::Framing => "its lines are written otherwise",
        _ if now.value.text.contains(MASK) => "what differs is masked",
        What::Parameter(_) => "once with = and once without",
        _ => "",
    }
}

fn one(item: Item, verdict: Verdict) -> Change {
    let (old, new) =
        if verdict == Verdict::Gone { (Some(item.value), None) } else { (None, Some(item.value)) };
    Change { what: item.what, nth: item.nth, verdict, old, new, each_time: false, note: String::new() }
}

/// One change for all pieces that both have and that stand in another order.
fn ordered(old: &[Item], new: &[Item], matched: &[Option<usize>], what: What, section: &mut Section) {
    let common: Vec<usize> = matched.iter().flatten().copied().collect();
    if common.is_sorted() {
        return;
    }
    let mut before = common.clone();
    before.sort_unstable();
    let (was, is): (Vec<&Item>, Vec<&Item>) = (
        before.iter().filter_map(|i| old.get(*i)).collect(),
        new.iter().zip(matched).filter(|(_, m)| m.is_some()).map(|(item, _)| item).collect(),
    );
    let told = |items: &[&Item]| Value {
        text: names(items.iter().map(|i| i.what.to_string())),
        at: items.iter().map(|i| i.value.at.start).min().unwrap_or(0)
            ..items.iter().map(|i| i.value.at.end).max().unwrap_or(0),
    };
    section.changes.push(Change {
        what,
        nth: 0,
        verdict: Verdict::Changed,
        old: Some(told(&was)),
        new: Some(told(&is)),
        each_time: false,
        note: String::new(),
    });
}

/// Names in a row, not too many.
pub(super) fn names(all: impl Iterator<Item = String>) -> String {
    const MOST: usize = 40;
    let mut names: Vec<String> = all.take(MOST + 1).collect();
    if names.len() > MOST {
        names.truncate(MOST);
        names.push("…".to_owned());
    }
    names.join(", ")
}
