//! Whether an answer to HEAD `?partNumber` can be true, given what is known already.

use super::{Evidence, Ground, Stated};
use crate::domain::etag::ETag;
use crate::domain::output::HeadObjectOutput;
use crate::domain::units::{PartNumber, grouped};

/// Why the ETag of a 206 is not the object's: what is written in one piece has no parts of its own. It is the
/// part's, or another object's; either way nothing of it is taken.
pub(super) fn own_etag(known: &Evidence, number: PartNumber, head: &HeadObjectOutput) -> Option<String> {
    let piece =
        head.range_and_size().is_some_and(|(first, last, size)| last.saturating_sub(first) + 1 < size);
    let of_part = piece || head.parts_count.is_some_and(|n| n > 1);
    let other = head.status == 206 && known.etag.as_ref() != Some(&head.etag);
    (other && of_part && matches!(head.etag, ETag::Hex128(_))).then(|| {
        format!("part {number} came with the ETag {}, which is the part's own or another object's", head.etag)
    })
}

/// What a 206 states of a part, or why it is not believed.
pub(super) fn part(known: &Evidence, number: PartNumber, head: &HeadObjectOutput) -> Result<Stated, String> {
    let Some((first, last, size)) = head.range_and_size() else {
        return match &head.content_range {
            Some(range) => {
                Err(format!("part {number} was answered with a Content-Range that is none, {range:?}"))
            }
            None => by_length(known, number, head),
        };
    };
    let place = format!("part {number} is said to be bytes {first}-{last} of {size}");
    let no = |why: String| Err(format!("{place}: {why}"));
    if last < first || last >= size {
        return no("that ends outside the object".into());
    }
    if let Some(known) = known.object_size.filter(|k| *k != size) {
        return no(format!("the object has {} bytes", grouped(known)));
    }
    let len = last - first + 1;
    if head.content_length > 0 && head.content_length != len {
        return no(format!("Content-Length is {}", grouped(head.content_length)));
    }
    if (number.0 == 1) != (first == 0) {
        return no("only part 1 begins at byte 0".into());
    }
    if known.part_count.and_then(|c| i32::try_from(c).ok()) == Some(number.0) && last + 1 != size {
        return no("the last part ends where the object ends".into());
    }
    if let Some(why) = neighbours(known, number.0, first, last + 1) {
        return no(why);
    }
    Ok(Stated { first: Some(first), size: len, by: Ground::Head })
}

/// A 206 without a Content-Range: its length is the part's, if it is not the whole object's.
fn by_length(known: &Evidence, number: PartNumber, head: &HeadObjectOutput) -> Result<Stated, String> {
    let many = known.part_count.is_some_and(|n| n > 1);
    if many && known.object_size == Some(head.content_length) {
        return Err(format!("part {number} is said to be as long as the whole object"));
    }
    if let Some(size) = known.object_size.filter(|size| head.content_length > *size) {
        return Err(format!("part {number} is said to be longer than the object's {} bytes", grouped(size)));
    }
    if let Some(before) = known.stated.get(&number.0).filter(|s| s.size != head.content_length) {
        return Err(format!(
            "part {number} is said to have {} bytes, before it had {}",
            grouped(head.content_length),
            grouped(before.size)
        ));
    }
    let first = known.stated.get(&number.0).and_then(|s| s.first);
    Ok(Stated { first, size: head.content_length, by: Ground::Head })
}

/// What a place contradicts: another answer about the same part, or the part before or behind it.
fn neighbours(known: &Evidence, number: i32, first: u64, end: u64) -> Option<String> {
    if let Some(same) = known.stated.get(&number)
        && (same.size != end - first || same.first.is_some_and(|f| f != first))
    {
        return Some(format!("an earlier answer said {} bytes", grouped(same.size)));
    }
    let placed = |(n, s): (&i32, &Stated)| Some((*n, s.first?, s.first?.saturating_add(s.size)));
    if let Some((n, _, before)) = known.stated.range(..number).rev().find_map(placed) {
        if first < before {
            return Some(format!("it overlaps part {n}, which ends at {}", grouped(before)));
        }
        if n + 1 == number && first > before {
            return Some(format!("it leaves a gap behind part {n}, which ends at {}", grouped(before)));
        }
    }
    if let Some((n, behind, _)) = known.stated.range(number + 1..).find_map(placed) {
        if end > behind {
            return Some(format!("it overlaps part {n}, which begins at {}", grouped(behind)));
        }
        if number + 1 == n && end < behind {
            return Some(format!("it leaves a gap before part {n}, which begins at {}", grouped(behind)));
        }
    }
    None
}

/// Why the sizes stated cannot be those of this object's parts: they are too much, or all of them too little.
pub(super) fn sum(known: &Evidence) -> Option<String> {
    let size = known.object_size?;
    let total = known.stated.values().fold(0_u64, |sum, s| sum.saturating_add(s.size));
    let all = u32::try_from(known.stated.len()).ok() == known.part_count;
    (total > size || all && total != size).then(|| {
        format!("the parts stated add up to {} bytes, and the object has {}", grouped(total), grouped(size))
    })
}

/// Why the places stated cannot all be true: parts that follow each other must do so without gap and overlap, and the
/// last must end where the object ends.
pub(super) fn boundaries(known: &Evidence) -> Option<String> {
    let count = known.part_count.and_then(|n| usize::try_from(n).ok());
    // Where every part is stated, gaps between the numbers are none between the parts.
    let all = count == Some(known.stated.len());
    let (mut at, mut expected) = (Some(0_u64), 1);
    for (number, part) in &known.stated {
        if !all && *number != expected {
            at = None;
        }
        if let Some((first, end)) = part.first.zip(at).filter(|(first, end)| first != end) {
            let (first, end) = (grouped(first), grouped(end));
            return Some(format!(
                "part {number} is said to begin at byte {first}, and the parts before it end at byte {end}"
            ));
        }
        at = part.first.or(at).map(|first| first.saturating_add(part.size));
        expected = number.saturating_add(1);
    }
    let last = all || count.and_then(|n| i32::try_from(n).ok()) == Some(expected.saturating_sub(1));
    let (end, size) = at.filter(|_| last && !known.stated.is_empty()).zip(known.object_size)?;
    (end != size).then(|| {
        format!("the parts stated end at byte {}, and the object has {} bytes", grouped(end), grouped(size))
    })
}
