//! How two exchanges went: which call, over which connection, to what end, in what time.

use super::align::{self, Item};
use super::{Section, Side, Value, What};
use crate::domain::exchange::{End, Exchange};
use crate::domain::text::visible;

pub(super) fn section(old: &Exchange, new: &Exchange) -> Section {
    let mut section = Section::new(Side::Course);
    align::compare(items(old), items(new), None, &mut section);
    section.settled()
}

/// Times and numbers that differ in any two exchanges are not what one looks for.
fn item(what: What, text: String, each_time: bool) -> Item {
    let bytes = text.clone().into_bytes();
    let value = Value { text, at: 0..0 };
    Item { what, nth: 0, bytes, steady: each_time.then(Vec::new), value, masked: false }
}

fn items(e: &Exchange) -> Vec<Item> {
    let mut out = vec![
        item(What::Call, e.kind.to_string(), false),
        item(What::Attempt, e.attempt.to_string(), false),
        item(What::Ending, ending(e), false),
        item(What::Peer, visible(&e.peer), false),
        item(What::Tls, e.tls.as_ref().map_or_else(|| "none".to_owned(), |t| visible(t)), false),
    ];
    let used = if e.reused { "reused" } else { "new" };
    out.push(item(What::Connection, format!("{} ({used})", e.connection), true));
    let begun = e.timing.released.unwrap_or(e.timing.begun);
    for (what, at) in [
        ("connected after", e.timing.connected.filter(|_| !e.reused)),
        ("sent after", e.timing.request_sent),
        ("first byte after", e.timing.first_byte),
        ("done after", e.timing.ended),
    ] {
        if let Some(at) = at {
            out.push(item(What::Time(what), millis(at.saturating_sub(begun)), true));
        }
    }
    out
}

fn millis(micros: u64) -> String {
    format!("{}.{} ms", micros / 1000, micros % 1000 / 100)
}

fn ending(e: &Exchange) -> String {
    match &e.end {
        None if e.held => "held, nothing has left".to_owned(),
        None => "under way".to_owned(),
        Some(End::Complete) => "whole".to_owned(),
        Some(End::Cancelled) => "cancelled".to_owned(),
        Some(End::Failed(why)) => format!("failed: {}", visible(why)),
    }
}
