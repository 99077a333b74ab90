use super::*;
use crate::domain::exchange::{End, Timing};
use crate::domain::operation::OperationId;
use proptest::prelude::*;
use row::State;

pub(in crate::app) fn exchange(id: u64, bytes: usize) -> Exchange {
    let timing = Timing { begun: id * 10, ended: Some(id * 10 + 5), ..Timing::default() };
    let (id, operation) = (ExchangeId(id), OperationId(id));
    Exchange { id, operation, peer: "".into(), timing, ..Exchange::example(&vec![b'x'; bytes], b"") }
}

fn under_way(id: u64, bytes: usize) -> Exchange {
    let mut e = exchange(id, bytes);
    (e.end, e.timing.ended) = (None, None);
    e
}

fn answered(id: u64, status: u16) -> Exchange {
    let mut e = exchange(id, 10);
    e.response.push(format!("HTTP/1.1 {status} So\r\n\r\n").as_bytes());
    e
}

fn deed(id: u64) -> Arc<Deed> {
    Arc::new(Deed { id: DeedId(id), who: Who::You, label: format!("deed {id}") })
}

/// Takes exchanges, each with the deed it belongs to.
fn take(wire: &mut Wire, batch: &[(Exchange, u64)]) {
    for (exchange, of) in batch {
        wire.take_as(vec![exchange.clone()], |_| Some(deed(*of)));
    }
}

fn lines(wire: &Wire) -> Vec<Line> {
    (0..wire.lines()).filter_map(|at| wire.line(at)).collect()
}

fn group(id: u64) -> Line {
    Line::Group(DeedId(id))
}

fn of(id: u64) -> Line {
    Line::Exchange(ExchangeId(id))
}

#[test]
fn the_usual_limits_hold_and_say_what_went() {
    let mut wire = Wire::default();
    for id in 1..=2000 {
        wire.take(vec![exchange(id, 60_000)]);
    }
    assert!(wire.kept() <= Limits::USUAL.bytes);
    assert_eq!((wire.len(), wire.dropped()), (2000, 0));
    let with_bytes = (0..wire.len()).filter(|at| wire.get(*at).is_some()).count();
    assert_eq!(wire.stripped() + with_bytes as u64, 2000);
    assert_eq!(wire.row_at(0).map(|r| r.sent), Some(60_000));
    assert_eq!(wire.current().unwrap().id, ExchangeId(2000));
}

#[test]
fn a_row_is_small() {
    // What docs/PERFORMANCE.md says of the memory of 100 000 rows.
    assert!(size_of::<Row>() <= 208, "{}", size_of::<Row>());
    assert!(size_of::<Group>() <= 264, "{}", size_of::<Group>());
}

#[test]
fn a_change_replaces_and_the_selection_stays() {
    let mut wire = Wire::default();
    wire.take(vec![exchange(1, 1), exchange(2, 1)]);
    wire.go(10, Motion::Up);
    wire.take(vec![exchange(3, 1), exchange(1, 9)]);
    assert_eq!((wire.len(), wire.current().unwrap().id), (3, ExchangeId(1)));
    assert_eq!((wire.current().unwrap().request.total, wire.newer()), (9, 2));
    wire.follow();
    assert_eq!((wire.current().unwrap().id, wire.newer()), (ExchangeId(3), 0));
}

#[test]
fn what_one_did_is_one_group() {
    let mut wire = Wire::default();
    take(
        &mut wire,
        &[(answered(1, 200), 1), (answered(2, 200), 2), (answered(3, 404), 1), (answered(4, 200), 3)],
    );
    assert_eq!(lines(&wire), [group(1), of(1), of(3), of(2), of(4)]);
    let first = wire.group(DeedId(1)).unwrap();
    assert_eq!((first.len(), first.failing(), first.worst()), (2, 1, Some((State::Refused(404), 1))));
    assert_eq!((first.face(), first.span(0)), (Some(ExchangeId(3)), (10, 35)));
    assert_eq!(
        first.calls().iter().map(|(call, n)| format!("{n} {call}")).collect::<Vec<_>>(),
        ["2 HeadObject"]
    );
}

#[test]
fn a_folded_group_is_one_line_and_the_selection_follows_the_object() {
    let mut wire = Wire::default();
    take(
        &mut wire,
        &[(answered(1, 200), 1), (answered(2, 200), 2), (answered(3, 404), 1), (answered(4, 200), 2)],
    );
    wire.select(ExchangeId(4));
    assert_eq!(wire.at(), 5);
    wire.select_line(2);
    assert!(wire.fold());
    assert_eq!((lines(&wire), wire.at()), (vec![group(1), group(2), of(2), of(4)], 0));
    // The one that somebody should look at stands for the group.
    assert_eq!(wire.current_row().map(|r| r.id), Some(ExchangeId(3)));
    assert!(!wire.fold());
    assert!(wire.unfold() && !wire.unfold());
    wire.select(ExchangeId(4));
    assert!(wire.fold_all());
    assert_eq!((lines(&wire), wire.at()), (vec![group(1), group(2)], 1));
    wire.select(ExchangeId(3));
    assert_eq!((lines(&wire), wire.at()), (vec![group(1), of(1), of(3), group(2)], 2));
    assert!(!wire.fold_all());
    assert_eq!(wire.lines(), 6);
    wire.follow();
    assert!(wire.fold());
    assert_eq!((wire.selected, wire.at()), (None, 3));
    assert_eq!(wire.current_row().map(|r| r.id), Some(ExchangeId(4)));
}

#[test]
fn what_is_under_way_keeps_its_bytes_and_its_row() {
    let mut wire = Wire::with_limits(Limits { bytes: 3_000, rows: 4 });
    wire.take(vec![under_way(1, 2_000)]);
    wire.take((2..=9).map(|id| exchange(id, 2_000)));
    assert_eq!((wire.len(), wire.dropped()), (4, 5));
    assert!(wire.by_id(ExchangeId(1)).is_some() && wire.by_id(ExchangeId(9)).is_none());
    assert_eq!(wire.row_at(0).map(|r| r.id), Some(ExchangeId(1)));
    wire.take(vec![exchange(1, 2_000), exchange(10, 10)]);
    assert_eq!(wire.row_at(0).map(|r| r.id), Some(ExchangeId(7)));
    assert!(wire.kept() <= 3_000);
}

#[test]
fn a_selection_that_went_gives_way_to_the_oldest_after_it() {
    let mut wire = Wire::with_limits(Limits { bytes: 1 << 20, rows: 3 });
    take(&mut wire, &[(exchange(1, 1), 1), (exchange(2, 1), 1), (exchange(3, 1), 2)]);
    wire.select(ExchangeId(2));
    take(&mut wire, &[(exchange(4, 1), 2), (exchange(5, 1), 2)]);
    assert_eq!(lines(&wire), [group(2), of(3), of(4), of(5)]);
    assert_eq!((wire.at(), wire.current_row().map(|r| r.id)), (1, Some(ExchangeId(3))));
}

#[test]
fn a_frozen_list_does_not_change_and_goes_on_where_it_should_be() {
    let mut wire = Wire::default();
    take(&mut wire, &[(answered(1, 200), 1), (under_way(2, 5), 1)]);
    assert!(wire.freeze(77));
    take(
        &mut wire,
        &[(answered(2, 500), 1), (answered(3, 200), 1), (answered(3, 404), 1), (answered(4, 200), 2)],
    );
    assert_eq!((lines(&wire), wire.fresh()), (vec![group(1), of(1), of(2)], 2));
    assert_eq!((wire.row(ExchangeId(2)).unwrap().state, wire.frozen_at()), (State::UnderWay, Some(77)));
    assert_eq!((wire.group(DeedId(1)).unwrap().failing(), wire.len()), (0, 4));
    // Following ends at the newest in the list.
    assert_eq!(wire.current_row().map(|r| r.id), Some(ExchangeId(2)));
    assert!(!wire.freeze(99));
    assert_eq!(lines(&wire), [group(1), of(1), of(2), of(3), of(4)]);
    assert_eq!((wire.group(DeedId(1)).unwrap().failing(), wire.fresh()), (2, 0));
    assert_eq!(wire.current_row().map(|r| r.id), Some(ExchangeId(4)));
}

#[test]
fn attempts_of_one_call_are_linked() {
    let attempt =
        |id, attempt, status| Exchange { operation: OperationId(9), attempt, ..answered(id, status) };
    let mut wire = Wire::default();
    wire.take(vec![
        attempt(1, 1, 503),
        answered(2, 200),
        attempt(3, 2, 503),
        attempt(4, 3, 200),
        attempt(5, 1, 200),
    ]);
    let links =
        |id| wire.row(ExchangeId(id)).map(|r| (r.earlier().map(|e| e.0), r.later().map(|e| e.0))).unwrap();
    assert_eq!((links(1), links(3), links(4)), ((None, Some(3)), (Some(1), Some(4)), (Some(3), None)));
    // What went well is tried no more.
    assert_eq!((links(2), links(5)), ((None, None), (None, None)));
    wire.select(ExchangeId(3));
    let mut went = Vec::new();
    for _ in 0..3 {
        assert!(wire.other_attempt());
        went.push(wire.selected.unwrap().0);
    }
    assert_eq!(went, [4, 1, 3]);
    wire.select(ExchangeId(2));
    assert!(!wire.other_attempt());
}

/// What the journal and its lines must come to, done the simple way.
#[derive(Debug, Default)]
struct Simple {
    rows: Vec<(Exchange, u64)>,
    dropped: u64,
}

impl Simple {
    fn put(&mut self, exchange: &Exchange, deed: u64, rows: usize) {
        match self.rows.iter().position(|(e, _)| e.id == exchange.id) {
            Some(at) => self.rows[at] = (exchange.clone(), deed),
            None => self.rows.push((exchange.clone(), deed)),
        }
        self.rows.sort_by_key(|(e, _)| e.id);
        while self.rows.len() > rows
            && let Some(at) = self.rows.iter().position(|(e, _)| e.end.is_some())
        {
            self.rows.remove(at);
            self.dropped += 1;
        }
    }

    /// Groups in an order that was told, with their members.
    fn lines(&self, order: &[u64]) -> Vec<Line> {
        let mut out = Vec::new();
        for deed in order {
            let members: Vec<u64> =
                self.rows.iter().filter(|(_, d)| d == deed).map(|(e, _)| e.id.0).collect();
            if members.len() > 1 {
                out.push(group(*deed));
            }
            out.extend(members.into_iter().map(of));
        }
        out
    }
}

/// One thing that happens to the journal.
#[derive(Debug, Clone)]
enum Event {
    New { deed: u64, bytes: usize, over: bool },
    Ends(prop::sample::Index, u16),
    Freeze,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (1_u64..6, 0_usize..900, any::<bool>()).prop_map(|(deed, bytes, over)| Event::New { deed, bytes, over }),
        4 => (any::<prop::sample::Index>(), prop::sample::select(vec![200_u16, 404, 503])).prop_map(|(i, s)| Event::Ends(i, s)),
        1 => Just(Event::Freeze),
    ]
}

proptest! {
    #[test]
    fn the_journal_keeps_its_limits_and_its_order(events in proptest::collection::vec(event(), 0..120)) {
        let limits = Limits { bytes: 6_000, rows: 12 };
        let mut wire = Wire::with_limits(limits);
        let (mut simple, mut order, mut taken) = (Simple::default(), Vec::<u64>::new(), 0_u64);
        let mut frozen: Option<Vec<Line>> = None;
        for event in events {
            match event {
                Event::New { deed: of, bytes, over } => {
                    taken += 1;
                    let e = if over { exchange(taken, bytes) } else { under_way(taken, bytes) };
                    take(&mut wire, &[(e.clone(), of)]);
                    simple.put(&e, of, limits.rows);
                }
                Event::Ends(which, status) => {
                    let open: Vec<_> = simple.rows.iter().filter(|(e, _)| e.end.is_none()).cloned().collect();
                    if open.is_empty() {
                        continue;
                    }
                    let (e, of) = &open[which.index(open.len())];
                    let mut e = e.clone();
                    e.response.push(format!("HTTP/1.1 {status} So\r\n\r\n").as_bytes());
                    (e.end, e.timing.ended) = (Some(End::Complete), Some(e.timing.begun + 3));
                    take(&mut wire, &[(e.clone(), *of)]);
                    simple.put(&e, *of, limits.rows);
                }
                Event::Freeze => {
                    frozen = wire.freeze(0).then(|| lines(&wire));
                }
            }
            // Groups stand in the order they began, and one that has gone begins again at the end.
            if let Some(list) = &frozen {
                let listed = |e: &Exchange| list.contains(&Line::Exchange(e.id));
                order.retain(|deed| simple.rows.iter().any(|(e, d)| d == deed && listed(e)));
            } else {
                order.retain(|deed| simple.rows.iter().any(|(_, d)| d == deed));
                for (_, deed) in &simple.rows {
                    if !order.contains(deed) {
                        order.push(*deed);
                    }
                }
            }
            let kept_open = simple.rows.iter().filter(|(e, _)| e.end.is_none());
            prop_assert!(kept_open.clone().all(|(e, _)| wire.by_id(e.id) == Some(e)));
            let only_open = wire.newest().all(|e| e.end.is_none());
            prop_assert!(wire.kept() <= limits.bytes || only_open);
            prop_assert!(wire.len() <= limits.rows || kept_open.count() == wire.len());
            prop_assert_eq!(wire.len() as u64 + wire.dropped(), taken);
            prop_assert_eq!(wire.dropped(), simple.dropped);
            let rows: Vec<u64> = (0..wire.len()).filter_map(|at| wire.row_at(at)).map(|r| r.id.0).collect();
            prop_assert_eq!(&rows, &simple.rows.iter().map(|(e, _)| e.id.0).collect::<Vec<_>>());
            match &frozen {
                // Only what went out of the journal goes out of a frozen list.
                Some(before) => {
                    let shown: Vec<Line> = lines(&wire).into_iter().filter(|l| matches!(l, Line::Exchange(_))).collect();
                    let mut left = before.clone();
                    left.retain(|l| matches!(l, Line::Exchange(id) if rows.contains(&id.0)));
                    prop_assert_eq!(shown, left);
                }
                None => prop_assert_eq!(lines(&wire), simple.lines(&order)),
            }
            for at in 0..wire.lines() {
                wire.select_line(at);
                prop_assert_eq!(wire.at(), at);
                prop_assert!(wire.current_row().is_some());
            }
            for deed in order.iter().filter(|_| frozen.is_none()) {
                let group = wire.group(DeedId(*deed)).unwrap();
                let states: Vec<State> = simple.rows.iter().filter(|(_, d)| d == deed)
                    .map(|(e, _)| wire.row(e.id).unwrap().state).collect();
                prop_assert_eq!(group.worst().map(|(s, _)| s), states.iter().copied().max());
                prop_assert_eq!(group.failing(), states.iter().filter(|s| s.is_bad()).count());
                prop_assert_eq!(group.under_way(), states.iter().filter(|s| matches!(s, State::UnderWay)).count());
                prop_assert_eq!(group.calls().iter().map(|(_, n)| n).sum::<usize>(), group.len());
            }
        }
    }
}
