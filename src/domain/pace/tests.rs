use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

const SECOND: u64 = 1_000_000;

fn pace(parts: i32, dial: u16) -> Pace {
    Pace::new((1..=parts).map(|n| (PartNumber(n), 100)), Options { dial, ..Options::default() })
}

fn launched(pace: &mut Pace, now: u64) -> Vec<i32> {
    std::iter::from_fn(|| match pace.next(now) {
        Step::Launch(number) => Some(number.0),
        _ => None,
    })
    .collect()
}

#[test]
fn throttling_halves_once_for_all_that_was_under_way_and_waits() {
    let mut p = pace(40, 8);
    assert_eq!(launched(&mut p, 0).len(), 8);
    for number in 1..=3 {
        p.answered(PartNumber(number), Verdict::Throttled, 10, 0);
    }
    assert_eq!((p.window(), p.not_before()), (4, 10 + 100_000));
    assert_eq!(p.next(11), Step::Idle, "five are still under way");
    for number in 4..=5 {
        p.answered(PartNumber(number), Verdict::Stored, 20, 0);
    }
    assert_eq!(p.next(21), Step::Wait { until: 100_010 });
    assert_eq!(launched(&mut p, 100_010), [1]);
    // Again, by what was sent since: twice the wait.
    p.answered(PartNumber(1), Verdict::Throttled, 200_000, u64::MAX);
    assert_eq!(p.window(), 2);
    assert!((400_000..=600_000).contains(&p.not_before()), "{}", p.not_before());
}

#[test]
fn tries_end() {
    let mut p = pace(3, 1);
    for (number, verdict, tries) in
        [(1, Verdict::Lost, 3), (2, Verdict::Throttled, 5), (3, Verdict::Refused, 1)]
    {
        for i in 0..tries {
            assert_eq!(p.next(u64::MAX), Step::Launch(PartNumber(number)), "try {i} of {number}");
            p.answered(PartNumber(number), verdict, 0, 0);
        }
    }
    assert_eq!(p.next(u64::MAX), Step::Done);
    let why: Vec<Verdict> = p.given_up().values().copied().collect();
    assert_eq!(why, [Verdict::Lost, Verdict::Throttled, Verdict::Refused]);
    assert!(p.add(PartNumber(3), 100) && !p.add(PartNumber(3), 100));
    assert_eq!(p.next(u64::MAX), Step::Launch(PartNumber(3)));
}

#[test]
fn pause_and_stop_points_hold_back_what_is_new() {
    let mut p = pace(10, 4);
    p.stop_after(2);
    assert_eq!(launched(&mut p, 0), [1, 2]);
    assert!(p.is_at_stop());
    p.answered(PartNumber(1), Verdict::Lost, 1, 0);
    assert_eq!(launched(&mut p, 1), [1], "a try again is not a further part");
    p.set_stop(Stop::At(PartNumber(4)));
    p.pause();
    assert_eq!(p.next(2), Step::Idle);
    p.resume();
    assert_eq!(launched(&mut p, 2), [3, 4]);
    p.answered(PartNumber(1), Verdict::Stored, 3, 0);
    assert_eq!(p.next(3), Step::Idle);
    p.set_stop(Stop::Never);
    assert_eq!(launched(&mut p, 3), [5]);
    p.answered(PartNumber(2), Verdict::Cancelled, 3, 0);
    assert_eq!(launched(&mut p, 3), [2]);
}

#[test]
fn as_many_again_wait_in_line_and_come_back_to_their_places() {
    let mut p = Pace::new(
        (1..=100).map(|n| (PartNumber(n), 100)),
        Options { dial: 16, lines_up: true, ..Options::default() },
    );
    p.stop_after(40);
    assert_eq!(launched(&mut p, 0), (1..=32).collect::<Vec<_>>());
    assert!(p.is_lined_up());
    p.answered(PartNumber(2), Verdict::Stored, 1, 0);
    assert_eq!(launched(&mut p, 1), [33]);
    // What never left does not count: eight more, and those in line again.
    p.pause();
    for number in 17..=33 {
        p.recalled(PartNumber(number));
    }
    p.recalled(PartNumber(17));
    p.resume();
    p.set_dial(15);
    assert_eq!(launched(&mut p, 2), [0; 0], "fifteen are under way");
    for number in (3..=16).chain([1]) {
        p.answered(PartNumber(number), Verdict::Stored, 3, 0);
    }
    assert_eq!(launched(&mut p, 3), (17..=31).collect::<Vec<_>>(), "fewer do not line up");
    for number in 17..=31 {
        p.answered(PartNumber(number), Verdict::Stored, 4, 0);
    }
    assert_eq!(launched(&mut p, 4), (32..=40).collect::<Vec<_>>());
    assert!(p.is_at_stop());
}

#[test]
fn what_is_sent_again_comes_before_what_was_not_and_in_its_order() {
    let mut p = pace(10, 4);
    assert_eq!(launched(&mut p, 0), [1, 2, 3, 4]);
    for (number, verdict) in
        [(2, Verdict::Lost), (1, Verdict::Cancelled), (4, Verdict::Lost), (3, Verdict::Lost)]
    {
        p.answered(PartNumber(number), verdict, 1, 0);
    }
    assert_eq!(launched(&mut p, 1), [1, 2, 3, 4]);
}

#[test]
fn the_dial_moves_the_window_unless_it_was_throttled() {
    let mut p = pace(600, 8);
    p.set_dial(0);
    assert_eq!((p.dial(), p.window()), (1, 1));
    p.set_dial(999);
    assert_eq!((p.dial(), p.window()), (256, 256));
    assert_eq!(launched(&mut p, 0).len(), 256);
    p.answered(PartNumber(1), Verdict::Throttled, 0, 0);
    p.set_dial(200);
    assert_eq!((p.dial(), p.window()), (200, 128));
    p.set_dial(100);
    assert_eq!(p.window(), 100);
}

#[test]
fn the_rate_is_of_late_and_the_eta_follows_from_it() {
    let mut p = pace(100, 1);
    assert_eq!((p.rate(0), p.eta(0)), (None, None));
    for i in 0..10 {
        let Step::Launch(number) = p.next(i * SECOND) else { panic!("part {i}") };
        p.answered(number, Verdict::Stored, (i + 1) * SECOND, 0);
    }
    assert_eq!(p.rate(10 * SECOND), Some(100));
    assert_eq!(p.eta(10 * SECOND), Some(90 * SECOND));
    assert_eq!(p.rate(100 * SECOND), None, "a long silence has no rate");
    assert_eq!(p.tally().bytes_stored, 1000);
}

#[test]
fn what_asks_for_less_is_throttling_and_other_errors_are_not() {
    let error = |status, code: &str| ServiceError {
        status,
        code: code.into(),
        message: String::new(),
        request_id: None,
        detail: Vec::new(),
    };
    for (status, code, want) in [
        (503, "SlowDown", Verdict::Throttled),
        (200, "SlowDown", Verdict::Throttled),
        (503, "Anything", Verdict::Throttled),
        (429, "Anything", Verdict::Throttled),
        (400, "RequestTimeout", Verdict::Throttled),
        (500, "InternalError", Verdict::Refused),
        (412, "PreconditionFailed", Verdict::Refused),
    ] {
        assert_eq!(Verdict::of(&Outcome::Refused(error(status, code))), want, "{status} {code}");
    }
}

fn verdicts() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        5 => Just(Verdict::Stored),
        2 => Just(Verdict::Throttled),
        1 => Just(Verdict::Lost),
        1 => Just(Verdict::Cancelled),
        1 => Just(Verdict::Refused),
    ]
}

proptest! {
    /// Whatever the answers are: no launch above the window, no part twice at once, nothing before the wait is over,
    /// and in the end each part is stored or given up, exactly one of them.
    #[test]
    fn every_part_ends_and_the_window_holds(
        parts in 1_i32..60,
        dial in 1_u16..20,
        script in prop::collection::vec((verdicts(), 0_u64..400_000, any::<u64>(), 0_usize..20), 0..200),
    ) {
        let mut p = pace(parts, dial);
        let (mut now, mut script) = (0, script.into_iter());
        let (mut flying, mut stored) = (Vec::new(), BTreeSet::new());
        for _ in 0..20_000 {
            match p.next(now) {
                Step::Launch(number) => {
                    prop_assert!(!flying.contains(&number) && !stored.contains(&number));
                    prop_assert!(now >= p.not_before());
                    flying.push(number);
                    prop_assert!(flying.len() <= usize::from(p.window()));
                }
                Step::Done => break,
                Step::Wait { until } if flying.is_empty() => { prop_assert!(until > now); now = until; }
                Step::Wait { .. } | Step::Idle => {
                    prop_assert!(!flying.is_empty(), "nothing could ever wake it");
                    let (verdict, later, chance, which) = script.next().unwrap_or((Verdict::Stored, 1, 0, 0));
                    now += later;
                    let number = flying.remove(which % flying.len());
                    p.answered(number, verdict, now, chance);
                    if verdict == Verdict::Stored { stored.insert(number); }
                    prop_assert!((1..=dial).contains(&p.window()));
                    prop_assert!(p.not_before() <= now + Options::default().longest_wait);
                }
            }
        }
        prop_assert_eq!(p.next(u64::MAX), Step::Done);
        let tally = p.tally();
        prop_assert_eq!((tally.waiting, tally.in_flight, tally.bytes_left), (0, 0, 0));
        prop_assert_eq!(tally.stored, stored.len());
        prop_assert_eq!(tally.stored + tally.given_up, usize::try_from(parts).unwrap());
        prop_assert!(p.given_up().keys().all(|number| !stored.contains(number)));
    }

    /// After any throttling, enough parts stored bring the window back to the dial.
    #[test]
    fn successes_bring_the_window_back(dial in 1_u16..=64, strikes in 1_usize..10) {
        let mut p = pace(4200, dial);
        for _ in 0..strikes {
            let Step::Launch(number) = p.next(u64::MAX) else { panic!("it had room") };
            p.answered(number, Verdict::Throttled, 0, 0);
        }
        for _ in 0..u32::from(dial) * u32::from(dial) {
            let Step::Launch(number) = p.next(u64::MAX) else { panic!("it had room") };
            p.answered(number, Verdict::Stored, 0, 0);
        }
        prop_assert_eq!(p.window(), dial);
    }
}
