//! What can be asked of a ledger: gaps in its numbers, and whether the selected part can be dropped or run up to.

use super::step::Bench;
use crate::domain::units::PartNumber;
use crate::domain::upload::{Move, PartState};

/// The first number from 1 on that is not there although a later one is. Ascending numbers, each once.
pub fn first_gap(numbers: &[PartNumber]) -> Option<PartNumber> {
    // What stands at place i is i + 1 as long as nothing is left out.
    let full = |(at, n): (usize, &PartNumber)| usize::try_from(n.0).is_ok_and(|n| n == at + 1);
    let (mut low, mut high) = (0, numbers.len());
    while low < high {
        let middle = low + (high - low) / 2;
        match numbers.get(middle) {
            Some(n) if full((middle, n)) => low = middle + 1,
            _ => high = middle,
        }
    }
    numbers.get(low)?;
    i32::try_from(low + 1).ok().map(PartNumber)
}

/// Whether the selected part can be taken out of the plan.
pub fn can_unplan(bench: &Bench) -> Result<(), String> {
    if bench.run.is_some() {
        return Err("a run is under way; s stops it first".into());
    }
    let number = bench.selected().ok_or("no part is selected")?;
    match bench.machine.parts().get(&number).map(|e| &e.state) {
        Some(PartState::Done(_)) => {
            Err(format!("S3 holds part {number}; it goes only with the whole upload"))
        }
        Some(PartState::InFlight(_)) => Err(format!("part {number} is on its way")),
        Some(PartState::Doubtful) => Err(format!("S3 may hold part {number}; 4 asks")),
        Some(PartState::Planned | PartState::Failed(_)) => Ok(()),
        None => Err("no part is selected".into()),
    }
}

/// Whether the selected part can be sent, so that a run can go up to it.
pub fn can_run_to(bench: &Bench) -> Result<(), String> {
    let number = bench.selected().ok_or("no part is selected")?;
    bench.check(Move::Part(number)).or_else(|why| {
        // A stored or foreign part may well be the end of a run over those before it.
        bench.machine.next_part().filter(|first| *first <= number).map(|_| ()).ok_or(why)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_gap_is_found_wherever_it_is() {
        for (numbers, gap) in [
            (vec![], None),
            (vec![1, 2, 3], None),
            (vec![2, 3], Some(1)),
            (vec![1, 3], Some(2)),
            (vec![1, 2, 9, 10], Some(3)),
            (vec![0, 1, 2], Some(1)),
        ] {
            let numbers: Vec<PartNumber> = numbers.into_iter().map(PartNumber).collect();
            assert_eq!(first_gap(&numbers), gap.map(PartNumber), "{numbers:?}");
        }
    }
}
