//! Where the time of an exchange went, and how that is drawn as a row of cells.

use super::exchange::Timing;

/// What an exchange did for a while, or waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The attempt before had ended and this one had not begun: the client's back-off, and its own work.
    Gap,
    /// For a connection: one from the pool, or a new one up to TCP's (or, where that is not known, to TLS's) end.
    Connect,
    /// For TLS to be agreed on.
    Tls,
    /// To be released.
    Held,
    /// The request was on its way.
    Send,
    /// For the first byte of the response.
    Wait,
    /// The response came.
    Receive,
}

impl Phase {
    /// Every phase, in the order they come.
    pub const ALL: [Self; 7] =
        [Self::Gap, Self::Connect, Self::Tls, Self::Held, Self::Send, Self::Wait, Self::Receive];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gap => "between attempts",
            Self::Connect => "connection",
            Self::Tls => "TLS",
            Self::Held => "held",
            Self::Send => "sending",
            Self::Wait => "waiting",
            Self::Receive => "receiving",
        }
    }
}

/// A phase with its place in time, in microseconds since the program began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Which.
    pub phase: Phase,
    /// When it began.
    pub from: u64,
    /// When it ended; never before it began.
    pub to: u64,
}

/// The phases of an exchange, one after the other without a hole. `now` ends what is still under way; `after` is the
/// end of the attempt before.
///
/// Moments that crossed (an answer that came before the whole request had left) are put in order: what ended before
/// the phase ahead of it has no length.
pub fn spans(timing: &Timing, now: u64, after: Option<u64>) -> Vec<Span> {
    let end = timing.ended.unwrap_or(now).max(timing.begun);
    let mut out = Vec::with_capacity(6);
    let mut at = after.map_or(timing.begun, |after| after.min(timing.begun));
    let mut until = |phase, to: u64| {
        let to = to.clamp(at, end.max(at));
        if to > at {
            out.push(Span { phase, from: at, to });
            at = to;
        }
    };
    until(Phase::Gap, timing.begun);
    if let Some(tcp) = timing.tcp {
        until(Phase::Connect, tcp);
        until(Phase::Tls, timing.connected.unwrap_or(end));
    } else {
        // Where the sandbox looks at another client's connection there is nothing to wait for.
        let sent = [timing.released, timing.request_sent, timing.first_byte].into_iter().flatten().next();
        until(Phase::Connect, timing.connected.or(sent.map(|_| timing.begun)).unwrap_or(end));
    }
    if let Some(released) = timing.released {
        until(Phase::Held, released);
    }
    until(Phase::Send, timing.request_sent.unwrap_or(end));
    until(Phase::Wait, timing.first_byte.unwrap_or(end));
    until(Phase::Receive, end);
    if out.is_empty() {
        out.push(Span { phase: Phase::Receive, from: end, to: end });
    }
    out
}

/// The phases without the time they were held, which is a person's and not the network's: what was before it is moved
/// up to its end, and it is left as a moment.
pub fn unheld(spans: &[Span]) -> Vec<Span> {
    let held = spans.iter().position(|s| s.phase == Phase::Held);
    let length = held.and_then(|at| spans.get(at)).map_or(0, |s| s.to - s.from);
    let moved = |(at, s): (usize, &Span)| match held {
        Some(held) if at < held => Span { from: s.from + length, to: s.to + length, ..*s },
        Some(held) if at == held => Span { from: s.to, ..*s },
        _ => *s,
    };
    spans.iter().enumerate().map(moved).collect()
}

/// Cells of a bar over `from` to `to`: in each the phase that took most of it, `None` where nothing was. Rounded outwards,
/// so that what happened in that time has at least one cell, be it ever so short.
pub fn bar(spans: &[Span], from: u64, to: u64, cells: usize) -> Vec<Option<Phase>> {
    let width = u128::from(to.saturating_sub(from)).max(1);
    let count = u128::try_from(cells).unwrap_or(0);
    // In units of 1/cells microseconds no cell's edge is rounded.
    let place = |t: u64| u128::from(t.saturating_sub(from)) * count;
    let most = |left: u128, right: u128| {
        let share = |s: &Span| place(s.to).min(right).saturating_sub(place(s.from).max(left));
        spans
            .iter()
            .map(|s| (share(s), s.phase))
            .filter(|(share, _)| *share > 0)
            .max_by_key(|(share, _)| *share)
    };
    let mut out: Vec<_> =
        (0..count).map(|i| most(i * width, (i + 1) * width).map(|(_, phase)| phase)).collect();
    // What took no time that the clock could measure, and the moment where something was held.
    let alone = spans.len() == 1;
    for s in spans.iter().filter(|s| s.from == s.to && (from..=to).contains(&s.from)) {
        let at = usize::try_from(place(s.from) / width).unwrap_or(0).min(cells.saturating_sub(1));
        let at =
            if alone { at } else { at.saturating_sub(usize::from(at > 0 && place(s.from) % width == 0)) };
        if let Some(cell) = out.get_mut(at) {
            *cell = Some(s.phase);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn phases(timing: &Timing, now: u64) -> Vec<(Phase, u64)> {
        spans(timing, now, None).iter().map(|s| (s.phase, s.to - s.from)).collect()
    }

    #[test]
    fn every_phase_has_its_time() {
        let mut t = Timing { begun: 100, tcp: Some(130), connected: Some(180), ..Timing::default() };
        assert_eq!(phases(&t, 200), [(Phase::Connect, 30), (Phase::Tls, 50), (Phase::Send, 20)]);
        t = Timing { released: Some(1_000), request_sent: Some(1_010), first_byte: Some(1_100), ..t };
        t.ended = Some(1_150);
        let want = [
            (Phase::Connect, 30),
            (Phase::Tls, 50),
            (Phase::Held, 820),
            (Phase::Send, 10),
            (Phase::Wait, 90),
            (Phase::Receive, 50),
        ];
        assert_eq!(phases(&t, 9_999), want);
        let gap = spans(&t, 9_999, Some(40));
        assert_eq!(gap.first(), Some(&Span { phase: Phase::Gap, from: 40, to: 100 }));
    }

    #[test]
    fn what_is_under_way_ends_now() {
        let t = Timing { begun: 100, ..Timing::default() };
        assert_eq!(phases(&t, 400), [(Phase::Connect, 300)]);
        let t = Timing { connected: Some(110), request_sent: Some(120), ..t };
        assert_eq!(phases(&t, 400), [(Phase::Connect, 10), (Phase::Send, 10), (Phase::Wait, 280)]);
    }

    #[test]
    fn without_a_connection_of_ours_nothing_waited_for_one() {
        let t = Timing {
            begun: 100,
            request_sent: Some(150),
            first_byte: Some(160),
            ended: Some(170),
            ..Timing::default()
        };
        assert_eq!(phases(&t, 0), [(Phase::Send, 50), (Phase::Wait, 10), (Phase::Receive, 10)]);
    }

    #[test]
    fn an_answer_before_the_request_was_sent_leaves_no_hole() {
        let t = Timing {
            begun: 0,
            connected: Some(10),
            request_sent: Some(80),
            first_byte: Some(50),
            ended: Some(90),
            ..Timing::default()
        };
        assert_eq!(phases(&t, 0), [(Phase::Connect, 10), (Phase::Send, 70), (Phase::Receive, 10)]);
    }

    #[test]
    fn a_bar_shows_what_took_most_of_each_cell() {
        let t = Timing {
            begun: 0,
            connected: Some(10),
            request_sent: Some(20),
            first_byte: Some(90),
            ended: Some(100),
            ..Timing::default()
        };
        let of = |cells| bar(&spans(&t, 0, None), 0, 100, cells);
        use Phase::{Connect, Receive, Send, Wait};
        let ten = [Connect, Send, Wait, Wait, Wait, Wait, Wait, Wait, Wait, Receive];
        assert_eq!(of(10), ten.map(Some));
        assert_eq!(of(1), [Some(Wait)]);
        assert_eq!(bar(&spans(&t, 0, None), 0, 400, 4), [Some(Wait), None, None, None]);
        assert_eq!(of(0), []);
    }

    #[test]
    fn held_time_is_a_mark_and_no_length() {
        let t = Timing {
            begun: 0,
            connected: Some(10),
            released: Some(9_000),
            request_sent: Some(9_020),
            first_byte: Some(9_060),
            ended: Some(9_070),
            ..Timing::default()
        };
        let all = unheld(&spans(&t, 0, None));
        let (from, to) = (all[0].from, all[4].to);
        assert_eq!((from, to), (8_990, 9_070));
        use Phase::{Connect, Held, Receive, Send, Wait};
        assert_eq!(bar(&all, from, to, 8), [Held, Send, Send, Wait, Wait, Wait, Wait, Receive].map(Some));
        assert_eq!(bar(&all, from, to, 16)[..3], [Connect, Held, Send].map(Some));
    }

    proptest! {
        #[test]
        fn spans_follow_each_other_and_bars_keep_their_order(
            begun in 0_u64..1_000,
            moments in proptest::array::uniform6(proptest::option::of(0_u64..3_000)),
            after in proptest::option::of(0_u64..1_000),
            (from, length, cells) in (0_u64..2_000, 0_u64..3_000, 0_usize..60),
        ) {
            let [tcp, connected, released, request_sent, first_byte, ended] = moments;
            let t = Timing { begun, tcp, connected, released, request_sent, first_byte, ended };
            let all = spans(&t, 2_500, after);
            prop_assert!(!all.is_empty());
            prop_assert!(all.iter().all(|s| s.from <= s.to));
            prop_assert!(all.windows(2).all(|w| w[0].to == w[1].from && w[0].phase < w[1].phase));
            prop_assert_eq!(all.first().map(|s| s.from), Some(after.map_or(begun, |a| a.min(begun))));
            prop_assert_eq!(all.last().map(|s| s.to), Some(ended.unwrap_or(2_500).max(begun)));
            let cells_of = bar(&all, from, from + length, cells);
            prop_assert_eq!(cells_of.len(), cells);
            let drawn: Vec<Phase> = cells_of.iter().flatten().copied().collect();
            prop_assert!(drawn.windows(2).all(|w| w[0] <= w[1]));
            let touches = all.iter().any(|s| s.from < from + length && s.to > from);
            prop_assert!(!touches || cells == 0 || !drawn.is_empty());
        }
    }
}
