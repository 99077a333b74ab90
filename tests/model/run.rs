//! Runs a sequence against the model and a driver, step by step.

use crate::call::{Call, Named, Query};
use crate::plan::{BUCKETS, Op, Planner};
use crate::reply::Reply;
use crate::state::Model;
use proptest::test_runner::TestCaseError;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;

/// Something that answers requests: the store, or a server.
pub trait Driver {
    const WIRE: bool;

    /// Whether it can be asked this. `asked_sum`: a part needs and has a checksum that is right.
    fn takes(&self, call: &Call, asked_sum: bool) -> bool;

    fn run(&mut self, call: &Call) -> Reply;

    /// Stops and starts again on what was kept; nothing happens where nothing is.
    fn restart(&mut self) {}
}

/// How often each answer was met; sequences that meet only errors would prove nothing.
pub type Seen = Mutex<BTreeMap<String, usize>>;

/// An error with those of its details that are compared.
pub fn refusal(
    status: u16,
    code: &str,
    extra: impl Fn(&str) -> Option<String>,
    header: impl Fn(&str) -> Option<String>,
) -> Reply {
    let part = extra("PartNumber").filter(|_| matches!(code, "InvalidPart" | "EntityTooSmall"));
    Reply::error(status, code)
        .with_some("condition", extra("Condition"))
        .with_some("part", part)
        .with_some("size", extra("ProposedSize"))
        .with_some("least", extra("MinSizeAllowed"))
        .with_some("gone", header("x-amz-delete-marker"))
        .with_some("version", header("x-amz-version-id"))
}

fn kind(call: &Call) -> String {
    let text = format!("{call:?}");
    text.split([' ', '(']).next().unwrap_or_default().to_owned()
}

/// Runs all of it; the error tells every step up to the one that was answered wrongly.
pub fn run<D: Driver>(ops: &[Op], mut driver: D, seen: &Seen) -> Result<(), TestCaseError> {
    let mut model = Model::new(&BUCKETS);
    let mut planner = Planner::default();
    let mut told = String::new();
    for op in ops {
        match planner.call(&model, op) {
            None => {
                driver.restart();
                told.push_str("restart\n");
            }
            Some((call, slot)) => {
                let reply = step(&mut model, &mut driver, &call, &mut told, seen)?;
                if let (Some(slot), Call::Create { bucket, key, .. }) = (slot, &call)
                    && let Some(id) = reply.and_then(|r| r.facts.get("upload").cloned())
                {
                    planner.slots[slot] = Some(Named { bucket, key: key.clone(), id });
                }
            }
        }
    }
    driver.restart();
    for call in everything(&model) {
        step(&mut model, &mut driver, &call, &mut told, seen)?;
    }
    Ok(())
}

/// One request; the answer the model agreed to, or nothing if the driver cannot be asked.
fn step<D: Driver>(
    model: &mut Model,
    driver: &mut D,
    call: &Call,
    told: &mut String,
    seen: &Seen,
) -> Result<Option<Reply>, TestCaseError> {
    let asked = match call {
        Call::Part { upload, data, sum, .. } => {
            let chosen = model.upload(upload).and_then(|u| u.sum);
            let right = chosen.map(|(a, _)| (a, crate::data::sum(a, &data.bytes())));
            if *sum == right { sum.is_some() } else { sum.is_none() }
        }
        _ => false,
    };
    if !driver.takes(call, asked) {
        return Ok(None);
    }
    let expected = model.answer(call);
    let got = driver.run(call);
    let _ = writeln!(told, "{call:?}\n    -> {}", got.told());
    if let Some(right) = expected.iter().find(|e| e.allows(&got, D::WIRE)) {
        let code = right.code.clone().unwrap_or_else(|| "ok".to_owned());
        *seen.lock().unwrap().entry(format!("{} {code}", kind(call))).or_default() += 1;
        return Ok(Some(right.clone()));
    }
    let wanted: Vec<String> = expected.iter().map(Reply::told).collect();
    Err(TestCaseError::fail(format!("\n{told}expected: {}\n", wanted.join("\n      or: "))))
}

/// Every listing and every version, to be compared at the end.
fn everything(model: &Model) -> Vec<Call> {
    let mut calls = Vec::new();
    for (bucket, found) in &model.buckets {
        for (delimiter, max) in [("", 2), ("/", 1000)] {
            let query = Query { bucket, prefix: "", delimiter, after: String::new(), max };
            calls.push(Call::ListObjects(query.clone()));
            calls.push(Call::ListVersions(query.clone()));
            calls.push(Call::ListUploads(query));
        }
        for upload in &found.uploads {
            let upload = Named { bucket, key: upload.key.clone(), id: upload.id.clone() };
            calls.push(Call::ListParts { upload, max: 1 });
        }
        for (key, versions) in &found.keys {
            let get = |version| Call::Get { bucket, key: key.clone(), version, head: false, part: None };
            calls.push(get(None));
            calls.extend(versions.iter().map(|v| get(Some(v.id.clone()))));
        }
    }
    calls
}
