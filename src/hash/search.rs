//! Finds the part layout that gives an ETag, when the bytes are at hand: the likely ones first, many in one pass.

use super::lanes::{Run, RunError, Source, digests};
use super::plan::Plan;
use crate::domain::etag::ETag;
use crate::domain::infer::{ClientRow, ClientRule, Way, clients, clients_table};
use crate::domain::layout::PartLayout;
use crate::domain::verify::{Tier, Tried};
use std::sync::atomic::Ordering;

/// Digests kept at once: many layouts of many parts go in several passes.
const DIGESTS: usize = 1 << 21;
/// Layouts in one pass.
const LAYOUTS: usize = 256;

/// How a search ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The layout, and why it was tried; `None` when none of them gives the ETag.
    pub hit: Option<Tried>,
    /// Layouts tried.
    pub tried: u64,
    /// Passes over the bytes.
    pub passes: u32,
}

/// Tries layouts, tier by tier, until one gives the ETag. Each tier is read once for as many layouts as fit.
pub fn find(
    source: &(impl Source + ?Sized),
    etag: &ETag,
    tiers: impl IntoIterator<Item = Tier>,
    run: &Run<'_>,
) -> Result<Found, RunError> {
    let mut found = Found::default();
    let size = u64::try_from(source.bytes().len()).unwrap_or(u64::MAX);
    let tiers: Vec<Tier> = tiers.into_iter().collect();
    // What is still to come at most, so that it can be said how long it will take; each pass puts its own figure there.
    let ways = |tiers: &[Tier]| tiers.iter().fold(0_u64, |sum, tier| sum.saturating_add(tier.count));
    let mut to_come = ways(&tiers);
    run.planned.fetch_add(to_come.saturating_mul(size), Ordering::Relaxed);
    let mut took = |n: u64| {
        let n = n.min(to_come);
        to_come -= n;
        run.planned.fetch_sub(n.saturating_mul(size), Ordering::Relaxed);
    };
    for tier in tiers {
        let mut layouts = tier.layouts.peekable();
        while layouts.peek().is_some() {
            let (mut batch, mut parts) = (Vec::new(), 0);
            while batch.len() < LAYOUTS && (parts < DIGESTS || batch.is_empty()) {
                let Some(tried) = layouts.next() else { break };
                parts += tried.layout.count();
                batch.push(tried);
            }
            found.tried += u64::try_from(batch.len()).unwrap_or(0);
            found.passes += 1;
            took(u64::try_from(batch.len()).unwrap_or(0));
            let plan = Plan::new(size, batch.iter().map(|t| &t.layout));
            let digests = digests(source, &plan, run)?;
            let hit = (0..batch.len()).find(|i| plan.etag(*i, &digests).as_ref() == Some(etag));
            if let Some(index) = hit {
                found.hit = Some(batch.swap_remove(index));
                took(u64::MAX);
                return Ok(found);
            }
        }
    }
    took(u64::MAX);
    Ok(found)
}

/// What each known client would do with these bytes, the resulting ETags among it; one pass for all.
pub fn clients_with_etags(
    source: &(impl Source + ?Sized),
    run: &Run<'_>,
) -> Result<Vec<ClientRow>, RunError> {
    let size = u64::try_from(source.bytes().len()).unwrap_or(u64::MAX);
    let mut rows = clients_table(size);
    let whole = PartLayout::uniform(size, size.max(1)).ok();
    let layout = |(row, rule): (&ClientRow, &ClientRule)| match row.way {
        Way::OnePiece => whole.clone(),
        Way::Parts { .. } => rule.layout_for(size),
        Way::TooManyParts { .. } | Way::NotKnown => None,
    };
    let layouts: Vec<Option<PartLayout>> = rows.iter().zip(clients()).map(layout).collect();
    let plan = Plan::new(size, layouts.iter().flatten());
    let digests = digests(source, &plan, run)?;
    let mut made = 0;
    for (row, layout) in rows.iter_mut().zip(&layouts) {
        if layout.is_none() {
            continue;
        }
        row.etag = match row.way {
            Way::OnePiece => plan.parts(made, &digests).next().map(|md5| ETag::Hex128(*md5)),
            _ => plan.etag(made, &digests),
        };
        made += 1;
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::verify::Depth;
    use crate::domain::verify::tiers;
    use crate::hash::kernel::Kernel;
    use std::sync::atomic::{AtomicBool, AtomicU64};

    fn search(data: &[u8], etag: &str, depth: Depth) -> (Found, u64) {
        let (stop, hashed, planned) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
        let run = Run { kernel: Kernel::best(), threads: 2, stop: &stop, hashed: &hashed, planned: &planned };
        let etag = ETag::parse(etag);
        let count = etag.part_count().map_or(1, u32::from);
        let found = find(data, &etag, tiers(data.len() as u64, count, depth), &run).unwrap();
        assert_eq!(hashed.load(Ordering::Relaxed), planned.load(Ordering::Relaxed));
        (found, hashed.into_inner())
    }

    #[test]
    fn any_part_size_is_found_when_all_are_tried_and_only_then() {
        let data: Vec<u8> = (0..1000_u32).map(|i| (i % 251) as u8).collect();
        let layout = PartLayout::uniform(1000, 137).unwrap();
        let digests: Vec<[u8; 16]> = data.chunks(137).map(crate::hash::md5::md5).collect();
        let etag = ETag::composite(&digests).to_string();
        assert_eq!(search(&data, &etag, Depth::Plausible).0.hit, None);
        let (found, _) = search(&data, &etag, Depth::Exhaustive);
        assert_eq!(found.hit.map(|t| t.layout), Some(layout));
        // 1000 bytes in 8 parts: 125 to 142.
        assert_eq!((found.tried, found.passes), (18, 1));
        let (found, _) = search(&data, "0123456789abcdef0123456789abcdef-8", Depth::Exhaustive);
        assert_eq!((found.hit, found.tried), (None, 18));
    }

    #[test]
    fn every_client_gets_the_etag_it_would_make() {
        let data: Vec<u8> = (0..5_242_881_u32).map(|i| (i % 251) as u8).collect();
        let (stop, hashed, planned) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
        let run = Run { kernel: Kernel::best(), threads: 2, stop: &stop, hashed: &hashed, planned: &planned };
        let rows = clients_with_etags(&data[..], &run).unwrap();
        let tags = |etag: &str| rows.iter().filter(|r| r.etag == Some(ETag::parse(etag))).collect::<Vec<_>>();
        let in_parts = tags("285c0ca0352736b999524a583a2c9659-2");
        assert!(in_parts.iter().any(|r| r.name.starts_with("Go v2 manager")), "{in_parts:?}");
        assert!(tags("37c75c1e5530e12aa82d4eef7a61feb9").iter().any(|r| r.name.starts_with("boto3")));
        // The same bytes once in one piece and once cut at 5 MiB, which share their beginning.
        assert_eq!(hashed.into_inner(), 5_242_881 + 1);
    }

    #[test]
    fn one_part_needs_one_try() {
        let (found, hashed) = search(b"aaa", "e2c3da976e66ec9e7dc128fbc782fc91-1", Depth::Usual);
        assert_eq!((found.tried, hashed), (1, 3));
        assert!(found.hit.is_some());
    }
}
