//! Which sizes of an interval stand out, strongest first.

use super::interval::MB;
use super::{Candidate, Interval, MAX_CANDIDATES, Reason, clients, is_within_limits};
use crate::domain::units::{KIB, MIB};

/// Ranked candidates: clients' sizes, then powers of two and whole MiB, whole MB, whole KiB; those that S3
/// would refuse after those it takes. None for a single part, where every size is as good.
pub(super) fn candidates(object_size: u64, interval: Interval) -> Vec<Candidate> {
    if interval.high.is_none() {
        return Vec::new();
    }
    let mut found = Ranked(of_clients(object_size, interval));
    let outside: Vec<Interval> = interval.outside_limits().collect();
    for part in interval.within_limits().into_iter().chain(outside) {
        let powers = (0..u64::BITS).map(|b| 1_u64 << b).filter(|p| *p >= KIB && part.contains(*p));
        found.take(powers, &Reason::PowerOfTwo);
        found.take(part.each_multiple(MIB), &Reason::WholeMib);
        found.take(part.each_multiple(MB), &Reason::WholeMb);
        found.take(part.each_multiple(KIB), &Reason::WholeKib);
    }
    found.0
}

/// How many sizes stand out as much as the first: the clients' own, or the round ones S3 takes.
pub(super) fn standing_out(candidates: &[Candidate], within_limits: Option<Interval>) -> u64 {
    let clients = candidates.iter().filter(|c| matches!(c.reason, Reason::Clients(_))).count();
    if clients > 0 {
        return u64::try_from(clients).unwrap_or(u64::MAX);
    }
    let round = within_limits.and_then(Interval::counts).map_or(0, |c| c.mib_or_mb);
    let odd = candidates.iter().filter(|c| {
        matches!(c.reason, Reason::ClientsBelowThreshold(_)) && !is_round(c.part_size) && c.within_limits
    });
    round.saturating_add(u64::try_from(odd.count()).unwrap_or(0))
}

/// How many whole-MiB and whole-MB sizes are among the candidates.
pub(super) fn listed_round(candidates: &[Candidate]) -> u64 {
    u64::try_from(candidates.iter().filter(|c| is_round(c.part_size)).count()).unwrap_or(u64::MAX)
}

fn is_round(part_size: u64) -> bool {
    part_size.is_multiple_of(MIB) || part_size.is_multiple_of(MB)
}

struct Ranked(Vec<Candidate>);

impl Ranked {
    /// Adds sizes not named yet until the list is full; looks at no more than it must.
    fn take(&mut self, sizes: impl Iterator<Item = u64>, reason: &Reason) {
        for part_size in sizes {
            if self.0.len() >= MAX_CANDIDATES {
                return;
            }
            if !self.0.iter().any(|c| c.part_size == part_size) {
                let within_limits = is_within_limits(part_size);
                self.0.push(Candidate { part_size, reason: reason.clone(), within_limits });
            }
        }
    }
}

/// The sizes of client rules in the interval: first those of clients that would use multipart here by default.
fn of_clients(object_size: u64, interval: Interval) -> Vec<Candidate> {
    let mut by_default: Vec<(u64, Vec<String>)> = Vec::new();
    let mut when_told: Vec<(u64, Vec<String>)> = Vec::new();
    for client in clients().iter().filter(|c| c.is_uniform()) {
        let Some(part_size) = client.part_size_for(object_size).filter(|p| interval.contains(*p)) else {
            continue;
        };
        let list = match client.uses_multipart(object_size) {
            Some(false) => &mut when_told,
            _ => &mut by_default,
        };
        match list.iter_mut().find(|(p, _)| *p == part_size) {
            Some((_, names)) => names.push(client.name.clone()),
            None => list.push((part_size, vec![client.name.clone()])),
        }
    }
    when_told.retain(|(p, _)| !by_default.iter().any(|(q, _)| p == q));
    let candidate =
        |part_size, reason| Candidate { part_size, reason, within_limits: is_within_limits(part_size) };
    let sure = by_default.into_iter().map(|(p, names)| candidate(p, Reason::Clients(names)));
    sure.chain(when_told.into_iter().map(|(p, names)| candidate(p, Reason::ClientsBelowThreshold(names))))
        .collect()
}
