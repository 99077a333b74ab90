//! A recorded session as calls: which exchanges count, where they went, and which files their bodies need.

use super::model::{Body, Call, FileSlot, Item, Session, Where};
use super::request::{Keys, Request, bytes};
use super::{given, request, wire};
use crate::domain::exchange::{End, Exchange};
use crate::domain::hand_over::Place;
use crate::domain::message::Message;
use crate::domain::operation::{OperationId, PartBody};
use crate::domain::text::{cut_middle, visible};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// Reads exchanges that are in the order of their ids. `bodies` knows what own calls sent.
pub fn session(
    exchanges: &[&Exchange],
    place: &Place<'_>,
    bodies: &dyn Fn(OperationId) -> Option<PartBody>,
) -> Session {
    let place = place_of(exchanges, place);
    let host = host_of(&place.endpoint).to_owned();
    let (mut keys, mut items) = (Keys::default(), Vec::new());
    let mut files = Files::default();
    let mut number = 0;
    for tries in calls(exchanges) {
        let (exchange, note) = match chosen(&tries) {
            Ok(found) => found,
            Err(left) => {
                items.push(Item::Left(left));
                continue;
            }
        };
        let known = bodies(exchange.operation);
        match request::read(exchange, &host, &mut keys, known.as_ref()) {
            Ok(request) => match finished(request, &items, &mut files) {
                Ok(mut call) => {
                    number += 1;
                    call.number = number;
                    call.notes.splice(0..0, note);
                    items.push(Item::Call(Box::new(call)));
                }
                Err(why) => items.push(Item::Left(format!("{} is left out: {why}", exchange.kind))),
            },
            Err(why) => items.push(Item::Left(format!("{} is left out: {why}", exchange.kind))),
        }
    }
    files.place(&mut items);
    let mut all: Vec<&mut Call> = items
        .iter_mut()
        .filter_map(|i| match i {
            Item::Call(call) => Some(call.as_mut()),
            Item::Left(_) => None,
        })
        .collect();
    given::link(&mut all);
    Session { place, items, files: files.slots, keys: keys.variables() }
}

/// The attempts of each call: those of one operation that ask for the same.
fn calls<'a>(exchanges: &[&'a Exchange]) -> Vec<Vec<&'a Exchange>> {
    let mut out: Vec<Vec<&Exchange>> = Vec::new();
    let mut places: HashMap<(OperationId, &[u8]), usize> = HashMap::new();
    for exchange in exchanges {
        let line = exchange.request.head.split(|b| *b == b'\n').next().unwrap_or_default();
        let at = *places.entry((exchange.operation, line)).or_insert(out.len());
        match out.get_mut(at) {
            Some(tries) => tries.push(exchange),
            None => out.push(vec![exchange]),
        }
    }
    out
}

/// The attempt that stands for a call: the last one that was answered, else the last one that left. `Err` says why
/// there is none.
fn chosen<'a>(tries: &[&'a Exchange]) -> Result<(&'a Exchange, Option<String>), String> {
    let times = match tries.len() {
        1 => None,
        n => Some(n),
    };
    if let Some(answered) = tries.iter().rev().find(|e| !e.held && e.status().is_some()) {
        let note = times.map(|n| format!("it was tried {n} times; this is the last one that was answered"));
        return Ok((answered, note));
    }
    if let Some(sent) = tries.iter().rev().find(|e| !e.held && e.timing.request_sent.is_some()) {
        let note = match times {
            None => "it left, and no answer to it was recorded".to_owned(),
            Some(n) => format!("it was tried {n} times, and no answer to it was recorded"),
        };
        return Ok((sent, Some(note)));
    }
    let last = tries.last().ok_or("nothing was recorded")?;
    let why = match &last.end {
        _ if last.held => "it was held and has not left".to_owned(),
        Some(End::Cancelled) => "it was called off before it left".to_owned(),
        Some(End::Failed(why)) => format!("it did not leave: {}", visible(why)),
        _ => "it has not left as a whole".to_owned(),
    };
    Err(format!("{} is left out: {why}", last.kind))
}

/// Gives the body what only the session knows: the file it is read from, the list that was cut.
fn finished(request: Request, items: &[Item], files: &mut Files) -> Result<Call, String> {
    let Request { mut call, file, cut_list } = request;
    if let Some(file) = file {
        files.add(&mut call, file);
    }
    if let Some(elements) = cut_list {
        let earlier = items.iter().filter_map(called);
        let upload = given::upload_id(&call).unwrap_or_default();
        call.body = given::listed(earlier, &upload, &elements)
            .ok_or("its list was not kept whole, and its parts are not among these calls")?;
        call.notes
            .push("its list was not kept whole; it is made of the parts that were stored before".into());
    }
    Ok(call)
}

/// The files that bodies are read from.
#[derive(Default)]
struct Files {
    slots: Vec<FileSlot>,
    /// By known path, or by bucket, key and upload id.
    by: HashMap<String, usize>,
}

impl Files {
    fn add(&mut self, call: &mut Call, (path, offset, len): (Option<String>, u64, u64)) {
        let object =
            |bytes: &Option<Vec<u8>>| visible(&String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()));
        let name = format!("s3://{}/{}", object(&call.bucket), object(&call.key));
        let upload = given::upload_id(call);
        let identity = match &path {
            Some(path) => format!("file {path}"),
            None => format!("of {name} {upload:?}"),
        };
        let next = self.slots.len();
        let slot = *self.by.entry(identity).or_insert(next);
        if slot == next {
            let about = match (&path, &upload) {
                (Some(_), _) => format!("the bytes of {}", cut_middle(&name, 80)),
                (None, Some(_)) => {
                    let name = cut_middle(&name, 60);
                    format!("the parts of {name}, one after the other in the order of their numbers")
                }
                (None, None) => format!("the bytes of {}", cut_middle(&name, 80)),
            };
            let variable = if next == 0 { "BODY_FILE".to_owned() } else { format!("BODY_{}_FILE", next + 1) };
            self.slots.push(FileSlot { variable, path, needed: 0, about });
        }
        if let Some(found) = self.slots.get_mut(slot) {
            found.needed = found.needed.max(offset.saturating_add(len));
        }
        call.body = Body::File { slot, offset, len };
    }

    /// In a file of an unknown name the parts stand in the order of their numbers.
    fn place(&mut self, items: &mut [Item]) {
        for (at, slot) in self.slots.iter_mut().enumerate().filter(|(_, s)| s.path.is_none()) {
            let number = |call: &Call| {
                given::part_number(call).and_then(|n| n.parse::<u64>().ok()).unwrap_or_default()
            };
            let mut offsets = BTreeMap::new();
            for call in items.iter().filter_map(called) {
                if let Body::File { slot: of, len, .. } = call.body
                    && of == at
                {
                    offsets.insert(number(call), len);
                }
            }
            slot.needed = 0;
            for place in offsets.values_mut() {
                let len = std::mem::replace(place, slot.needed);
                slot.needed = slot.needed.saturating_add(len);
            }
            for item in items.iter_mut() {
                let Item::Call(call) = item else { continue };
                let here = number(call);
                if let Body::File { slot: of, offset, .. } = &mut call.body
                    && *of == at
                {
                    *offset = offsets.get(&here).copied().unwrap_or_default();
                }
            }
        }
    }
}

fn called(item: &Item) -> Option<&Call> {
    match item {
        Item::Call(call) => Some(call),
        Item::Left(_) => None,
    }
}

/// Host and port of an endpoint.
fn host_of(endpoint: &str) -> &str {
    let rest = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// Where the calls went: as it was said, and what the bytes tell where nothing was.
fn place_of(exchanges: &[&Exchange], place: &Place<'_>) -> Where {
    let heads: Vec<(&Exchange, Cow<'_, [u8]>)> =
        exchanges.iter().map(|e| (*e, bytes(&e.request))).filter(|(_, b)| !b.is_empty()).collect();
    let header = |name: &str| {
        heads.iter().find_map(|(e, b)| Message::read(b).header(name).map(|v| (*e, v.to_owned())))
    };
    let (scheme, host) = match header("host") {
        Some((e, host)) => (if e.tls.is_some() { "https" } else { "http" }, host),
        None => ("https", "s3.us-east-1.amazonaws.com".to_owned()),
    };
    let amazon = place.endpoint_url.is_none().then(|| wire::amazon_host(&host)).flatten();
    let endpoint = match (place.endpoint_url, amazon) {
        (Some(url), _) => url.trim_end_matches('/').to_owned(),
        (None, Some(of_amazon)) => format!("{scheme}://{of_amazon}"),
        (None, None) => format!("{scheme}://{host}"),
    };
    let signature = header("authorization")
        .map(|(_, v)| v)
        .or_else(|| heads.iter().find_map(|(_, b)| credential_in_query(b)))
        .filter(|v| v.contains("AWS4-") || v.contains('/'));
    let scope = signature.as_deref().and_then(region_of);
    let region = place.region.map(str::to_owned).or(scope).unwrap_or_else(|| "us-east-1".to_owned());
    let hosted = |b: &[u8]| {
        let host = Message::read(b).header("host").map(str::to_owned).unwrap_or_default();
        wire::bucket_of_host(&host, host_of(&endpoint)).is_some()
    };
    Where {
        amazon: amazon.is_some(),
        virtual_hosted: heads.iter().any(|(_, b)| hosted(b)),
        region,
        signed: !place.no_sign_request && (signature.is_some() || heads.is_empty()),
        profile: place.profile.map(str::to_owned),
        endpoint,
    }
}

fn credential_in_query(bytes: &[u8]) -> Option<String> {
    let message = Message::read(bytes);
    let line = message.request_line()?;
    let of = line
        .parameters
        .iter()
        .find(|p| message.text(&p.name).is_some_and(|n| n.eq_ignore_ascii_case("x-amz-credential")))?;
    let value = wire::decoded(message.slice(&of.value));
    Some(format!("Credential={}", String::from_utf8_lossy(&value)))
}

/// The region in the credential scope of a signature.
fn region_of(signature: &str) -> Option<String> {
    let (_, scope) = signature.split_once("Credential=")?;
    let region = scope.split(',').next()?.split('/').nth(2)?;
    let plain = region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    (plain && !region.is_empty()).then(|| region.to_owned())
}
