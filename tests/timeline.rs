//! The timeline: what one did as one group, where the time went, and a list that follows, stays or stands still.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod play;

use partscope::app::command::{Pane, Screen};
use partscope::app::msg::Msg;
use partscope::app::panes::wire::{Limits, Line, Wire};
use partscope::domain::deed::{DeedId, Who};
use partscope::domain::exchange::{Captured, End, Exchange, ExchangeId, Sender, Timing};
use partscope::domain::operation::{OperationId, OperationKind};
use play::{Play, refused};

/// What the groups are called, who began them, and how many of which call they are.
fn groups(p: &Play) -> Vec<(String, String)> {
    let mut seen: Vec<DeedId> = Vec::new();
    for at in 0..p.model.wire.lines() {
        let deed = match p.model.wire.line(at).unwrap() {
            Line::Group(deed) => deed,
            Line::Exchange(id) => p.model.wire.row(id).unwrap().deed.id,
        };
        if !seen.contains(&deed) {
            seen.push(deed);
        }
    }
    let told = seen.iter().map(|deed| {
        let group = p.model.wire.group(*deed).unwrap();
        let calls: Vec<String> = group.calls().iter().map(|(call, n)| format!("{n} {call}")).collect();
        let by = if group.deed.who == Who::You { "" } else { "(program) " };
        (format!("{by}{}", group.deed.label), calls.join(" + "))
    });
    told.collect()
}

fn last(p: &Play) -> (String, String) {
    groups(p).pop().unwrap()
}

fn said(label: &str, calls: &str) -> (String, String) {
    (label.into(), calls.into())
}

#[test]
fn what_the_program_does_by_itself_is_not_yours() {
    let p = Play::new(120, 36);
    let all = "1 ListBuckets + 1 ListObjectsV2 + 1 ListMultipartUploads";
    assert_eq!(groups(&p), [said("(program) list buckets", all)]);
}

#[test]
fn an_inspection_is_one_deed_and_two_are_two() {
    let mut p = Play::new(120, 36);
    p.press("Tab End Enter").settle();
    let four = "1 HeadObject + 1 HeadObject ?partNumber + 1 GetObjectAttributes + 1 GetObjectTagging";
    assert_eq!(last(&p), said("inspect s3://lessons/video.bin", four));
    p.press("r").settle();
    assert_eq!(groups(&p)[1..], vec![said("inspect s3://lessons/video.bin", four); 2]);
    // Two at once do not mix: the answers to the first come while the second is asked.
    p.press("r r").settle();
    assert_eq!(groups(&p).len(), 5);
    assert!(groups(&p)[1..].iter().all(|(_, calls)| calls == four));
}

#[test]
fn probes_that_follow_from_answers_belong_to_the_press_that_began_them() {
    let mut p = Play::new(120, 36);
    p.press("Tab End Enter").settle();
    p.press("p Enter").settle();
    let (label, calls) = last(&p);
    assert_eq!(label, "probe the parts of s3://lessons/video.bin");
    assert!(calls.ends_with("HeadObject ?partNumber") && !calls.contains('+'), "{calls}");
}

#[test]
fn a_run_is_one_deed_whatever_is_pressed_meanwhile() {
    let mut p = Play::new(120, 36);
    p.planned_copy().press("Enter Enter").released(None);
    assert_eq!(last(&p), said("begin the upload of s3://scratch/video.bin", "1 CreateMultipartUpload"));
    p.press("r Enter");
    assert_eq!(p.calls.len(), 3);
    let part = p.calls.remove(1);
    p.finish(&part, refused(503, "SlowDown"));
    // While it waits to try again, somebody asks for something else.
    p.press("A-1 r").settle();
    p.model.now += 60_000_000;
    p.msg(Msg::Tick(p.model.now));
    p.settle();
    assert!(groups(&p).contains(&said("copy parts of s3://scratch/video.bin", "4 UploadPartCopy")));
    assert!(last(&p).0.contains("list "), "{:?}", last(&p));
}

#[test]
fn aborts_on_the_way_out_are_one_deed_of_their_own() {
    let mut p = Play::new(120, 36);
    p.planned_copy().press("Enter Enter").released(None);
    p.press("r Enter");
    p.press("q A");
    while let Some(call) = p.calls.first().cloned() {
        p.calls.remove(0);
        let outcome = match call.operation.kind() {
            OperationKind::UploadPartCopy => partscope::domain::outcome::Outcome::Cancelled { sent: true },
            _ => partscope::domain::outcome::Outcome::Answered(play::answer(&call.operation)),
        };
        p.finish(&call, outcome);
    }
    let (label, calls) = last(&p);
    assert_eq!(label, "abort every open upload and leave");
    assert!(calls.contains("AbortMultipartUpload") && !calls.contains("UploadPartCopy"), "{calls}");
}

#[test]
fn a_list_that_is_asked_for_again_because_it_is_old_is_the_programs_deed() {
    let mut p = Play::new(120, 36);
    p.planned_copy().press("Enter Enter").released(None);
    p.press("r Enter").settle();
    p.press("Enter Enter Enter");
    while p.calls.iter().any(|c| c.hold) {
        p.press("Enter").released(None);
    }
    p.settle();
    p.press("A-1").settle();
    assert_eq!(p.model.screen, Screen::Browse);
    assert_eq!(last(&p), said("(program) list s3://lessons/", "1 ListObjectsV2 + 1 ListMultipartUploads"));
}

/// An exchange with these moments, in microseconds, of the call with this id.
struct Told {
    id: u64,
    call: u64,
    attempt: u32,
    kind: OperationKind,
    target: &'static str,
    status: Option<u16>,
    timing: Timing,
}

fn exchange(told: &Told) -> Exchange {
    let (mut request, mut response) = (Captured::default(), Captured::default());
    request.push(format!("{} HTTP/1.1\r\nhost: h\r\n\r\n", told.target).as_bytes());
    match told.status {
        Some(503) => response.push(b"HTTP/1.1 503 Slow Down\r\n\r\n<Error><Code>SlowDown</Code></Error>"),
        Some(status) => response.push(format!("HTTP/1.1 {status} So\r\nETag: \"e\"\r\n\r\n").as_bytes()),
        None => {}
    }
    Exchange {
        id: ExchangeId(told.id),
        operation: OperationId(told.call),
        kind: told.kind.into(),
        sender: Sender::Here,
        attempt: told.attempt,
        connection: told.call,
        reused: told.attempt > 1,
        peer: "203.0.113.7:443".into(),
        tls: Some("TLS 1.3 TLS_AES_128_GCM_SHA256".into()),
        request,
        response,
        held: false,
        timing: told.timing,
        end: told.timing.ended.map(|_| End::Complete),
    }
}

/// A run of three parts over TLS: the first on a new connection, the second throttled and sent again, the third held
/// before it left; a fourth is on its way.
fn run(p: &mut Play) {
    let at = |begun: u64, moments: [u64; 6]| {
        let [tcp, connected, released, sent, first, ended] = moments.map(|m| (m > 0).then(|| begun + m));
        Timing { begun, tcp, connected, released, request_sent: sent, first_byte: first, ended }
    };
    let part = |id, call, attempt, target, status, timing| {
        exchange(&Told { id, call, attempt, kind: OperationKind::UploadPartCopy, target, status, timing })
    };
    let first = p.model.wire.row_at(p.model.wire.len() - 1).unwrap().id.0 + 1;
    let calls = [
        part(
            first,
            901,
            1,
            "PUT /b/k?partNumber=1&uploadId=U",
            Some(200),
            at(0, [18_000, 41_000, 0, 42_000, 96_000, 99_000]),
        ),
        part(
            first + 1,
            902,
            1,
            "PUT /b/k?partNumber=2&uploadId=U",
            Some(503),
            at(0, [19_000, 45_000, 0, 46_000, 61_000, 62_000]),
        ),
        part(
            first + 2,
            903,
            1,
            "PUT /b/k?partNumber=3&uploadId=U",
            Some(200),
            at(1_000, [0, 2_000, 7_000_000, 7_002_000, 7_049_000, 7_051_000]),
        ),
        part(
            first + 3,
            902,
            2,
            "PUT /b/k?partNumber=2&uploadId=U",
            Some(200),
            at(190_000, [0, 200, 0, 1_000, 56_000, 58_000]),
        ),
        part(
            first + 4,
            905,
            1,
            "PUT /b/k?partNumber=4&uploadId=U",
            None,
            at(200_000, [0, 300, 0, 1_000, 0, 0]),
        ),
    ];
    let deed = std::sync::Arc::new(partscope::domain::deed::Deed {
        id: DeedId(500),
        who: Who::You,
        label: "copy parts of s3://b/k".into(),
    });
    p.model.now = 260_000;
    let alone = std::sync::Arc::new(partscope::domain::deed::Deed {
        id: DeedId(501),
        label: "copy part 3 of s3://b/k".into(),
        ..(*deed).clone()
    });
    p.model.wire.take_as(calls.to_vec(), |e| Some(if e.operation.0 == 903 { &alone } else { &deed }.clone()));
}

fn picture(p: &Play) -> String {
    p.screen().lines().map(|l| l.trim_end().to_owned() + "\n").collect()
}

#[test]
fn the_waterfall_tells_waits_from_work_at_both_sizes() {
    for (cols, rows) in [(120, 36), (80, 24)] {
        let mut p = Play::new(cols, rows);
        run(&mut p);
        p.press("w End Up");
        insta::assert_snapshot!(format!("waterfall_{cols}x{rows}"), picture(&p));
        p.press("Up Up");
        insta::assert_snapshot!(format!("throttled_{cols}x{rows}"), picture(&p));
        p.press("Left p");
        run_on(&mut p);
        insta::assert_snapshot!(format!("folded_and_frozen_{cols}x{rows}"), picture(&p));
    }
}

/// Two more come.
fn run_on(p: &mut Play) {
    let next = p.model.wire.row_at(p.model.wire.len() - 1).unwrap().id.0 + 1;
    for id in [next, next + 1] {
        let timing = Timing { begun: 300_000, ended: Some(310_000), ..Timing::default() };
        let (kind, target, status) = (OperationKind::ListParts, "GET /b/k?uploadId=U", Some(200));
        let told = Told { id, call: 900 + id, attempt: 1, kind, target, status, timing };
        p.msg(Msg::Wire(vec![exchange(&told).into()], 0));
    }
}

#[test]
fn a_frozen_list_counts_what_comes_and_shows_it_when_it_goes_on() {
    let mut p = Play::new(120, 36);
    p.press("w p");
    let before = picture(&p);
    let lines = p.model.wire.lines();
    run_on(&mut p);
    assert_eq!((p.model.wire.lines(), p.model.wire.fresh()), (lines, 2));
    let now = picture(&p);
    assert!(now.contains("frozen, 2 new; p thaws"), "{now}");
    let list = |text: &str| text.lines().skip(3).take(8).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(list(&before), list(&now));
    p.press("p");
    assert_eq!((p.model.wire.lines(), p.model.wire.fresh()), (lines + 2, 0));
    assert!(picture(&p).contains("follows the newest"));
}

#[test]
fn moving_stops_following_and_says_so() {
    let mut p = Play::new(120, 36);
    p.press("w");
    assert!(picture(&p).contains("follows the newest"));
    p.press("Up");
    assert!(picture(&p).contains("moved: F follows the newest, 1 newer"));
    run_on(&mut p);
    assert!(picture(&p).contains("moved: F follows the newest, 3 newer"));
    p.press("F");
    assert!(picture(&p).contains("follows the newest") && !picture(&p).contains("moved"));
    assert_eq!(p.model.wire.at(), p.model.wire.lines() - 1);
}

#[test]
fn keys_fold_unfold_and_go_from_attempt_to_attempt() {
    let mut p = Play::new(120, 36);
    run(&mut p);
    p.press("w End Up Up");
    let first = p.model.wire.row_at(p.model.wire.len() - 5).unwrap().id.0;
    assert_eq!(p.model.wire.selected, Some(ExchangeId(first + 3)));
    p.press("o");
    assert_eq!(p.model.wire.selected, Some(ExchangeId(first + 1)));
    p.press("o");
    assert_eq!(p.model.wire.selected, Some(ExchangeId(first + 3)));
    let lines = p.model.wire.lines();
    p.press("h");
    assert_eq!(
        (p.model.wire.lines(), p.model.wire.line(p.model.wire.at())),
        (lines - 4, Some(Line::Group(DeedId(500))))
    );
    // The one in trouble stands for the group.
    assert_eq!(p.model.wire.current().unwrap().id, ExchangeId(first + 1));
    p.press("Enter");
    assert_eq!(p.model.wire.lines(), lines);
    p.press("Enter Right Down Enter");
    assert_eq!((p.model.pane(), p.model.wire.selected), (Pane::WireRequest, Some(ExchangeId(first))));
    p.press("Esc O");
    assert_eq!(p.model.wire.lines(), 3);
    p.press("O");
    assert_eq!(p.model.wire.lines(), lines);
}

#[test]
fn what_was_dropped_is_said_where_one_looks_for_it() {
    let mut p = Play::new(120, 36);
    p.model.wire = Wire::with_limits(Limits { bytes: 2_500, rows: 6 });
    for _ in 0..12 {
        p.press("Tab Tab Tab r").settle();
    }
    p.press("w Home");
    let (shown, wire) = (picture(&p), &p.model.wire);
    assert!(wire.dropped() > 0 && wire.stripped() > 0);
    assert!(
        shown.contains(&format!(
            "{} older exchanges dropped  bytes of {} dropped",
            wire.dropped(),
            wire.stripped()
        )),
        "{shown}"
    );
    assert!(shown.contains("The bytes were dropped to keep captures within"), "{shown}");
}
