//! Edits of lists, headers of Complete, and properties.

use super::super::{list, reach};
use super::{Edits, detail, stored_lines};
use crate::domain::limits::AWS;
use crate::domain::outcome::ServiceError;
use crate::domain::predict::World;
use std::collections::{BTreeMap, BTreeSet};

/// A small part may be the last, or not be there.
pub(super) fn small_part(edits: &mut Edits<'_>, number: &str) {
    let Ok(small) = number.parse::<i32>() else { return };
    let lines = list::lines(edits.from, "Part");
    let is = |line: &String| list::number(line) == Some(small);
    let without = lines.iter().filter(|line| !is(line)).cloned().collect();
    edits.lines(
        "Part",
        without,
        format!(
            "Drop part {small} from Part: the object will lack its bytes. To keep them, send part {small} with 5 MiB or more."
        ),
    );
    let end = lines.iter().position(is).map_or(lines.len(), |at| at + 1);
    let until = lines.into_iter().take(end).collect();
    edits.lines("Part", until, format!("End Part with part {small}: the last part may be small."));
}

/// The list put right, with as little change as possible.
pub(super) fn parts(edits: &mut Edits<'_>, error: &ServiceError, world: &World<'_>) {
    let lines = list::lines(edits.from, "Part");
    let stored = stored_lines(world).unwrap_or_default();
    let of_number: BTreeMap<i32, &String> =
        stored.iter().filter_map(|line| Some((list::number(line)?, line))).collect();
    one_line(edits, &lines, &of_number, detail(error, "PartNumber"));
    // Ascending, each number once.
    let sorted: BTreeMap<i32, String> =
        lines.iter().filter_map(|line| Some((list::number(line)?, line.clone()))).collect();
    edits.lines("Part", sorted.into_values().collect(), "Sort Part by number, each number once.");
    let right: Vec<String> =
        lines.iter().filter_map(|line| of_number.get(&list::number(line)?).map(|l| (*l).clone())).collect();
    edits.lines("Part", right, "Set each Part to the ETag and checksum that S3 gave for it.");
    let count = stored.len();
    let noun = if count == 1 { "part that is" } else { "parts that are" };
    edits.lines("Part", stored.clone(), format!("List in Part the {count} {noun} stored."));
}

/// The one line the error names: as it is stored, or gone.
fn one_line(edits: &mut Edits<'_>, lines: &[String], stored: &BTreeMap<i32, &String>, number: &str) {
    let Ok(bad) = number.parse::<i32>() else { return };
    match stored.get(&bad) {
        Some(line) => {
            let mended =
                lines.iter().map(|l| if list::number(l) == Some(bad) { (*line).clone() } else { l.clone() });
            edits.lines("Part", mended.collect(), format!("Set Part {bad} to {line}, as it is stored."));
        }
        None => {
            let without = lines.iter().filter(|l| list::number(l) != Some(bad)).cloned().collect();
            edits.lines("Part", without, format!("Drop part {bad} from Part: it is not stored."));
        }
    }
}

/// Size and checksum type as they are.
pub(super) fn complete_headers(edits: &mut Edits<'_>, world: &World<'_>) {
    if !edits.from.get("MpuObjectSize").is_empty() {
        if let Some(total) = total(edits, world) {
            edits.set_because("MpuObjectSize", &total.to_string(), ", the sum of the listed parts");
        }
        edits.set("MpuObjectSize", "");
    }
    if !edits.from.get("ChecksumType").is_empty() {
        let used = world.machine.and_then(|m| m.plan().properties.checksum_type.clone());
        if let Some(used) = used {
            edits.set_because("ChecksumType", &used, ", with which the upload was begun");
        }
        edits.set("ChecksumType", "");
    }
    for name in ["ChecksumCRC32", "ChecksumCRC32C", "ChecksumCRC64NVME", "ChecksumSHA1", "ChecksumSHA256"] {
        edits.set(name, "");
    }
}

/// Bytes of the listed parts.
fn total(edits: &Edits<'_>, world: &World<'_>) -> Option<u64> {
    let (machine, _) = reach::open(world).ok()?;
    let lines = list::lines(edits.from, "Part");
    let size = |line: &String| {
        let number = crate::domain::units::PartNumber(list::number(line)?);
        machine.parts().get(&number)?.confirmed()?.size
    };
    lines.iter().map(size).sum()
}

/// Algorithm and type that go together.
pub(super) fn checksum_choice(edits: &mut Edits<'_>) {
    let (algorithm, kind) = (edits.from.get("ChecksumAlgorithm"), edits.from.get("ChecksumType"));
    let other = match kind {
        "COMPOSITE" => "FULL_OBJECT",
        _ => "COMPOSITE",
    };
    let (has_algorithm, has_kind) = (!algorithm.is_empty(), !kind.is_empty());
    if has_algorithm && has_kind {
        let why = format!(", the type that {algorithm} has");
        edits.set_because("ChecksumType", other, &why);
    }
    if has_kind {
        edits.set("ChecksumType", "");
    }
    if has_algorithm {
        edits.set("ChecksumAlgorithm", "");
    }
}

/// Without the longest line of metadata, or without the tags that do not fit.
pub(super) fn metadata(edits: &mut Edits<'_>) {
    let lines = list::lines(edits.from, "Metadata");
    if let Some((at, longest)) = lines.iter().enumerate().max_by_key(|(_, line)| line.len()) {
        let name = longest.split('=').next().unwrap_or_default().to_owned();
        let rest = lines.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, l)| l.clone()).collect();
        edits.lines("Metadata", rest, format!("Drop {name} from Metadata."));
    }
    if !edits.from.get("Tagging").is_empty() {
        edits.set_because("Tagging", "", "; PutObjectTagging takes the tags after Complete");
    }
}

/// Tags each once, the first ten.
pub(super) fn tags(edits: &mut Edits<'_>) {
    let key = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
    let kept = |pairs: Vec<String>| {
        let seen = &mut BTreeSet::new();
        let once = pairs.into_iter().filter(|p| !p.is_empty() && seen.insert(key(p)));
        once.take(AWS.max_tags).collect::<Vec<_>>()
    };
    let tagging = edits.from.get("Tagging");
    if !tagging.is_empty() {
        let pairs = kept(tagging.split('&').map(str::to_owned).collect());
        edits.set_because("Tagging", &pairs.join("&"), ", each key once and ten at most");
        edits.set("Tagging", "");
    }
    let lines = list::lines(edits.from, "Tag");
    if !lines.is_empty() {
        edits.lines("Tag", kept(lines), "Keep in Tag each key once, and ten at most.");
    }
}
