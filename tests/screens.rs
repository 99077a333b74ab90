//! Every screen at both sizes, with its styles, so that a change of colour alone shows; and every screen at any
//! size without a panic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod play;

use partscope::app::command::Screen;
use partscope::app::model::Target;
use partscope::app::msg::{Effect, Msg};
use partscope::domain::etag::ETag;
use partscope::domain::hashing::{HashedParts, Verified};
use partscope::domain::infer::clients_table;
use partscope::domain::layout::PartLayout;
use partscope::domain::operation::OperationKind;
use partscope::domain::sigv4::EMPTY_SHA256;
use partscope::domain::units::{ByteRange, PartNumber};
use partscope::domain::verify::{Agreement, BadPart, Report};
use partscope::tui::theme::{Choice, Theme};
use partscope::tui::view::{Look, render};
use play::{Play, refused, signed};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

fn look(choice: Choice, ascii: bool) -> Look {
    Look { theme: Theme::new(choice), ascii }
}

fn draw(p: &Play, look: Look) -> Buffer {
    let area = Rect::new(0, 0, p.model.size.0, p.model.size.1);
    let mut buf = Buffer::empty(area);
    render(&p.model, look, area, &mut buf);
    buf
}

/// The text rows, then the styled runs: `row:col+len style`.
fn picture(p: &Play, look: Look) -> String {
    let buf = draw(p, look);
    let mut out = String::new();
    for y in 0..buf.area.height {
        out.push_str(row(&buf, y).trim_end());
        out.push('\n');
    }
    out.push_str("--- styles\n");
    for y in 0..buf.area.height {
        let mut runs: Vec<(u16, u16, String)> = Vec::new();
        for x in 0..buf.area.width {
            let style = style_of(&buf, x, y);
            match runs.last_mut() {
                Some((_, len, s)) if *s == style => *len += 1,
                _ => runs.push((x, 1, style)),
            }
        }
        let told: Vec<String> = runs
            .into_iter()
            .filter(|(_, _, s)| !s.is_empty())
            .map(|(x, len, s)| format!("{x}+{len} {s}"))
            .collect();
        if !told.is_empty() {
            out.push_str(&format!("{y}: {}\n", told.join(", ")));
        }
    }
    out
}

fn row(buf: &Buffer, y: u16) -> String {
    let mut skip = 0;
    (0..buf.area.width)
        .filter_map(|x| {
            if skip > 0 {
                skip -= 1;
                return None;
            }
            let symbol = buf.cell((x, y)).unwrap().symbol();
            skip = partscope::domain::text::width(symbol).saturating_sub(1);
            Some(symbol.to_owned())
        })
        .collect()
}

fn style_of(buf: &Buffer, x: u16, y: u16) -> String {
    let cell = buf.cell((x, y)).unwrap();
    let mut out = Vec::new();
    if cell.fg != Color::Reset {
        out.push(format!("{}", cell.fg).to_lowercase());
    }
    for (flag, name) in [
        (Modifier::BOLD, "bold"),
        (Modifier::DIM, "dim"),
        (Modifier::REVERSED, "reversed"),
        (Modifier::UNDERLINED, "underlined"),
    ] {
        if cell.modifier.contains(flag) {
            out.push(name.into());
        }
    }
    out.join("+")
}

/// An open upload of so many generated parts, the ledger focused.
fn many(p: &mut Play, parts: usize) {
    p.press("n Tab C-u").text(&parts.to_string()).press("C-s");
    p.press("Enter Enter").released(None);
    p.press("Tab");
}

/// Two parts of a copy, the Wire screen with the second one selected.
fn copied(p: &mut Play) {
    p.planned_copy();
    for _ in 0..3 {
        p.press("Enter Enter").released(None);
    }
    p.press("w");
    while p.model.wire.current().is_some_and(|e| !e.kind.name().ends_with("PartCopy")) {
        p.press("Up");
    }
}

fn lost() -> partscope::domain::outcome::Outcome {
    let message = "connection reset".into();
    let error = partscope::domain::outcome::TransportError { message, maybe_sent: true };
    partscope::domain::outcome::Outcome::Lost(error)
}

/// The x-ray of an exchange, its signature recomputed.
fn xray(p: &mut Play, kind: OperationKind, sent: &str, answer: &str) {
    p.msg(Msg::Wire(vec![signed::exchange(900, kind, sent, answer).into()], 0));
    p.press("w S");
    recomputed(p);
}

fn recomputed(p: &mut Play) {
    let Some(Effect::CheckSignatures { exchange, asked }) = p.others.pop() else { panic!("nothing asked") };
    p.msg(Msg::SignaturesChecked { exchange, checked: asked.check(signed::SECRET) });
}

/// A scene by name, at a size.
fn scene(name: &str, cols: u16, rows: u16) -> Play {
    let mut p = Play::new(cols, rows);
    match name {
        "browse" => {
            p.press("Tab Down");
        }
        "inspect" => {
            p.press("Tab End Enter").settle();
        }
        "inspect_facts" => {
            p.press("Tab End Enter").settle().press("S-Tab S-Tab");
            let head = p.model.inspect.head.as_mut().unwrap();
            for (name, value) in [
                ("x-amz-meta-author", "=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?="),
                ("x-amz-server-side-encryption", "aws:kms"),
                ("x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:us-east-1:111122223333:key/k"),
                ("x-amz-object-lock-mode", "COMPLIANCE"),
                ("x-amz-object-lock-retain-until-date", "2027-01-01T00:00:00.000Z"),
                ("x-amz-expiration", "expiry-date=\"Sun, 22 Nov 2026 00:00:00 GMT\", rule-id=\"old%20logs\""),
                ("x-amz-new-thing", "\u{1b}[2Jodd"),
            ] {
                head.headers.push((name.into(), value.into()));
            }
            p.press("Down Down Down Down Down");
        }
        "versions" => {
            p.press("Tab End Enter").settle().press("V").settle().press("Down Down =");
        }
        "compare" => {
            p.press("Tab End = Up =").settle();
        }
        "compare_waiting" => {
            p.press("Tab End = Up =");
        }
        "inspect_verifying" => {
            p.press("Tab End Enter").settle().press("v").text("/data/video.bin").press("Enter");
            let id = p.model.inspect.verify.as_ref().unwrap().running().unwrap();
            p.msg(Msg::Tick(p.model.now + 2_000_000));
            p.msg(Msg::Hashing { id, done: 12 << 20, of: Some(20_447_232) });
        }
        "inspect_differs" => {
            p.press("Tab End Enter").settle().press("v").text("/data/video.bin").press("Enter");
            let id = p.model.inspect.verify.as_ref().unwrap().running().unwrap();
            let mut report = Report::default();
            report.add(
                "ETag",
                Agreement::Differs,
                "the parts are known, and these bytes cut in that way have another ETag",
            );
            report.add("CRC32 COMPOSITE", Agreement::Differs, "XF5+4A==-3 here, 5FRUiw==-3 in S3");
            let range = Some(ByteRange { first: 8_388_608, last: 16_777_215 });
            report.bad_parts.push(BadPart { part: PartNumber(2), range, by: "CRC32" });
            let verified = Verified { report, hashed: 20_447_232 };
            p.msg(Msg::Verified { id, result: Box::new(Ok(verified)) });
        }
        "inspect_client_etags" => {
            p.press("Tab End Enter").settle().press("v").text("/data/video.bin").press("Enter");
            let id = p.model.inspect.verify.as_ref().unwrap().running().unwrap();
            let mut clients = clients_table(20_447_232);
            clients[0].etag = Some(play::source_etag());
            clients[1].etag = Some(ETag::of_bytes(b"x"));
            p.msg(Msg::Clients { id, clients });
            p.press("C");
        }
        "inspect_probes" => {
            p.press("Tab End Enter").settle().press("p");
        }
        "inspect_why" => {
            p.press("Tab End Enter").settle().press("Y");
        }
        "inspect_clients" => {
            p.press("Tab End Enter").settle().press("C");
        }
        "step_planned" => {
            p.planned_copy();
        }
        "step_kept" => {
            p.press("Tab End Enter").settle();
            let head = p.model.inspect.head.as_mut().unwrap();
            for (name, value) in [
                ("x-amz-server-side-encryption", "aws:kms"),
                ("x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:us-east-1:111122223333:key/k"),
                ("x-amz-object-lock-mode", "COMPLIANCE"),
                ("x-amz-object-lock-retain-until-date", "2027-01-01T00:00:00.000Z"),
            ] {
                head.headers.push((name.into(), value.into()));
            }
            p.press("m Enter").settle().press("W");
            let call = p.calls.remove(0);
            p.finish(&call, refused(403, "AccessDenied"));
            p.press("Down");
        }
        "step_rescue" => {
            p.press("Tab Tab R").settle();
            p.press("C-u").text("/data/raw.mov").press("Enter Enter");
            let Some(Effect::HashParts { id, .. }) = p.others.pop() else { panic!("{}", p.note()) };
            let md5 = |byte: u8| ETag::of_bytes(&[byte]).digest().unwrap();
            let layout = PartLayout::uniform(40 << 20, 8 << 20).unwrap();
            let md5s = vec![md5(1), md5(9), md5(3), md5(4), md5(5)];
            let result = Box::new(Ok(HashedParts { layout, md5s, checksums: Vec::new() }));
            p.msg(Msg::PartsHashed { id, result });
        }
        "step_rescue_planned" => {
            p = scene("step_rescue", cols, rows);
            p.press("c");
        }
        "step_rescue_complete" => {
            p = scene("step_rescue", cols, rows);
            p.press("Esc 5");
        }
        "uploads" => {
            p.press("Tab Tab Enter").settle().press("Esc");
        }
        "step_held" => {
            p.planned_copy().press("Enter");
        }
        "step_done" => {
            p.planned_copy().press("Enter Enter").released(None);
            p.press("r Enter").settle();
            p.press("5 Enter").released(None);
        }
        "step_refused" => {
            p.planned_copy().press("Enter Enter").released(None);
            p.press("Enter Enter").released(Some(refused(412, "PreconditionFailed")));
        }
        "draft_create" => {
            p.planned_copy().press("e");
        }
        "draft_wrong_range" => {
            p.planned_copy().press("Enter Enter").released(None);
            p.press("e Down Down Down C-u").text("bytes=0-99999999");
        }
        "draft_complete_swapped" => {
            p.planned_copy().press("Enter Enter").released(None);
            p.press("r Enter").settle().press("e A-Down");
        }
        "draft_from_line" => {
            p.planned_copy().press("Enter Enter").released(None);
            p.press("e").model.set_focus(partscope::app::command::Pane::Request);
            p.press("Down");
        }
        "draft_field" => {
            p.planned_copy().press("e Down Down Down F1");
        }
        "draft_forms" => {
            p.press("Tab End E Down");
        }
        "mistakes" => {
            p.planned_copy().press("Enter Enter").released(None);
            p.press("M Down Down Down");
        }
        "refusal_explained" => {
            p.planned_copy().press("Enter Enter").released(None);
            p.press("Enter Enter").released(Some(refused(412, "PreconditionFailed")));
            p.press("K");
        }
        "holds" => {
            p.planned_copy().press("h Down Space");
        }
        "wire" => {
            p.planned_copy().press("Enter Enter").released(None);
            p.press("w");
        }
        "wire_request" => {
            p.planned_copy().press("Enter Enter").released(None);
            p.press("w Tab Down Down Down Down");
        }
        "wire_hex" => {
            p.planned_copy().press("Enter Enter").released(None);
            p.press("w Tab Down Down v v");
        }
        "take_along" => {
            p.press("Tab End Enter").settle().press("w y c 2");
        }
        "take_along_file" => {
            p.press("Tab End Enter").settle().press("w y b 3 Enter");
        }
        "wire_explain" => {
            p.planned_copy().press("Enter Enter").released(None);
            p.press("w Tab Down Down K");
        }
        "watch_client" => {
            p.press("w W");
        }
        "watch_client_uploads" => {
            p.press("w").another_client().press("W");
        }
        "client_upload" => {
            p.press("w").another_client().press("J");
        }
        "wire_diff" => {
            copied(&mut p);
            p.press("d");
        }
        "wire_diff_marked" => {
            copied(&mut p);
            p.press("m Up Up Up Up Up = Down Down Down");
        }
        "wire_filter" => {
            copied(&mut p);
            p.press("f").text("op:*Part* status:2xx").press("Enter");
        }
        "wire_filter_typed" => {
            copied(&mut p);
            p.press("f").text("op:*Part* stat:2xx");
        }
        "wire_find" => {
            copied(&mut p);
            p.press("/").text("copy-source");
        }
        "wire_found" => {
            copied(&mut p);
            p.press("/").text("copy-source").press("Enter");
        }
        "xray" => {
            let sent = signed::request(
                "GET /lessons/video.bin?uploadId=VXBsb2FkSWQ&max-parts=2",
                &[("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), ("x-amz-security-token", "FwoGcanary")],
                "",
            );
            let answer = "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 14:00:03 GMT\r\n\r\n<A/>";
            xray(&mut p, OperationKind::ListParts, &sent, answer);
            p.press("Tab Down Down Down");
        }
        "xray_verdict" => {
            let hash = ("x-amz-content-sha256", EMPTY_SHA256);
            let sent = signed::request("HEAD /lessons/video.bin", &[hash], "");
            xray(&mut p, OperationKind::HeadObject, &sent, "HTTP/1.1 200 OK\r\n\r\n");
            p.press("Tab Tab Tab Tab Down Down Down");
        }
        "xray_presigned" => {
            let sent = signed::presigned("/lessons/video.bin", 600);
            let answer = "HTTP/1.1 403 Forbidden\r\nDate: Sun, 22 Nov 2026 14:10:05 GMT\r\n\r\n";
            xray(&mut p, OperationKind::GetObject, &sent, answer);
            p.press("Down Down Down Down");
        }
        "xray_refused" => {
            let hash = ("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
            let sent = signed::request("GET /lessons?list-type=2&prefix=a%20b", &[hash], "");
            let arrived = sent.replace("host: 127.0.0.1:9000", "host: proxy.internal");
            let answer = signed::mismatch(&sent, &arrived);
            xray(&mut p, OperationKind::ListObjectsV2, &sent, &answer);
            p.press("Esc Tab Tab S");
            recomputed(&mut p);
            p.press("Down Down");
        }
        "palette" => {
            p.press(":").text("complete");
        }
        "help" => {
            p.press("Tab ?");
        }
        "form" => {
            p.press("Tab End c").settle();
        }
        "faults" => {
            p.faults(&["UploadPartCopy part=2 times=2 slow-down", "any always delay=250ms"], 2);
            p.press("! Down").text("UploadPart part=3 slow");
        }
        "faults_none" => {
            p.press("! Down");
        }
        "run" => {
            many(&mut p, 2418);
            p.press("r Enter");
            p.msg(Msg::Tick(1_000_000));
            for n in 0..60 {
                p.msg(Msg::Tick(1_000_000 + n * 40_000));
                let call = p.calls.remove(0);
                p.finish(&call, partscope::domain::outcome::Outcome::Answered(play::answer(&call.operation)));
            }
        }
        "run_throttled" => {
            many(&mut p, 2418);
            p.press("N C-u").text("200").press("Enter");
            for _ in 0..3 {
                let call = p.calls.remove(0);
                p.finish(&call, refused(503, "SlowDown"));
            }
        }
        "run_senseless" => {
            many(&mut p, 12);
            p.press("r Enter");
            let call = p.calls.remove(1);
            p.finish(&call, refused(404, "NoSuchUpload"));
            p.settle();
        }
        "ledger_zoomed" => {
            many(&mut p, 12);
            p.press("N C-u").text("4").press("Enter");
            for (n, outcome) in [(0, refused(400, "InvalidArgument")), (0, lost()), (1, lost()), (1, lost())]
            {
                let call = p.calls.remove(n);
                p.finish(&call, outcome);
            }
            p.settle().press("g C-u").text("4").press("Enter Enter Home Down Down Down Down Space Down v z");
        }
        "leave" => {
            many(&mut p, 20);
            p.press("r Enter q");
        }
        "leave_aborting" => {
            many(&mut p, 20);
            p.press("N C-u").text("4").press("Enter").settle();
            p.press("q A");
            let call = p.calls.remove(0);
            p.finish(&call, refused(403, "AccessDenied"));
        }
        "abort" => {
            p.planned_copy().press("Enter Enter").released(None);
            p.press("6");
        }
        other => panic!("no scene {other}"),
    }
    p
}

const SCENES: &[&str] = &[
    "draft_create",
    "draft_wrong_range",
    "draft_complete_swapped",
    "draft_from_line",
    "draft_field",
    "draft_forms",
    "mistakes",
    "refusal_explained",
    "holds",
    "browse",
    "inspect",
    "inspect_facts",
    "versions",
    "compare",
    "compare_waiting",
    "inspect_verifying",
    "inspect_differs",
    "inspect_client_etags",
    "inspect_probes",
    "inspect_why",
    "inspect_clients",
    "step_planned",
    "step_kept",
    "step_rescue",
    "step_rescue_planned",
    "step_rescue_complete",
    "uploads",
    "step_held",
    "step_done",
    "step_refused",
    "wire",
    "wire_request",
    "wire_hex",
    "wire_explain",
    "watch_client",
    "watch_client_uploads",
    "client_upload",
    "wire_diff",
    "wire_diff_marked",
    "wire_filter",
    "wire_filter_typed",
    "wire_find",
    "wire_found",
    "xray",
    "xray_verdict",
    "xray_presigned",
    "xray_refused",
    "take_along",
    "take_along_file",
    "palette",
    "help",
    "form",
    "faults",
    "faults_none",
    "abort",
    "run",
    "run_throttled",
    "run_senseless",
    "ledger_zoomed",
    "leave",
    "leave_aborting",
];

#[test]
fn screens_at_120_by_36() {
    for name in SCENES {
        insta::assert_snapshot!(
            format!("{name}_120x36"),
            picture(&scene(name, 120, 36), look(Choice::Terminal, false))
        );
    }
}

#[test]
fn screens_at_80_by_24() {
    for name in SCENES {
        insta::assert_snapshot!(
            format!("{name}_80x24"),
            picture(&scene(name, 80, 24), look(Choice::Terminal, false))
        );
    }
}

#[test]
fn without_colour_and_in_ascii() {
    for name in ["browse", "inspect", "step_held"] {
        let p = scene(name, 80, 24);
        insta::assert_snapshot!(format!("{name}_mono"), picture(&p, look(Choice::Mono, false)));
        insta::assert_snapshot!(format!("{name}_ascii"), picture(&p, look(Choice::Mono, true)));
    }
}

#[test]
fn the_frame_names_a_real_endpoint_and_its_lock() {
    let mut p = Play::on(Target::real("AWS prod eu-west-1"), 80, 24);
    assert!(row(&draw(&p, look(Choice::Terminal, false)), 0).contains("AWS prod eu-west-1 READ-ONLY"));
    p.press("U").text("write").press("Enter");
    assert!(row(&draw(&p, look(Choice::Terminal, false)), 0).contains("AWS prod eu-west-1 WRITE"));
}

#[test]
fn the_frame_says_that_faults_wait_at_every_size_until_they_are_used_up() {
    for (cols, rows) in [(60, 16), (80, 24), (200, 60)] {
        let mut p = Play::new(cols, rows);
        let top = |p: &Play| row(&draw(p, look(Choice::Terminal, false)), 0);
        assert!(!top(&p).contains("FAULTS"));
        p.faults(&["any reset", "any slow-down"], 1);
        for screen in ["1", "2", "3", "4"] {
            assert!(top(p.press(screen)).contains("SANDBOX  FAULTS 1"), "{cols}: {}", top(&p));
        }
        p.faults(&["any reset"], 1);
        assert!(!top(&p).contains("FAULTS"));
    }
}

#[test]
fn every_size_names_the_target_and_its_lock() {
    for (cols, rows) in [(60, 16), (66, 20), (75, 20), (76, 24), (80, 24), (99, 29), (100, 30), (200, 60)] {
        for screen in ["1", "2", "4"] {
            let mut p = Play::on(Target::real("https://s3.example.internal:9000 work"), cols, rows);
            p.press("Tab End Enter").settle().press(screen);
            let top = row(&draw(&p, look(Choice::Terminal, false)), 0);
            assert!(top.contains("htt") && top.contains("READ-ONLY"), "{cols}x{rows}: {top}");
            p.press("U").text("write").press("Enter");
            let top = row(&draw(&p, look(Choice::Terminal, false)), 0);
            assert!(top.contains("htt") && top.contains("WRITE"), "{cols}x{rows}: {top}");
        }
    }
}

#[test]
fn a_dropped_request_is_said_to_have_never_left() {
    let mut p = scene("step_held", 120, 36);
    p.press("x");
    let call = p.calls.remove(0);
    p.finish(&call, partscope::domain::outcome::Outcome::Cancelled { sent: false });
    p.press("w");
    let buf = draw(&p, look(Choice::Terminal, false));
    let all: String = (0..36).map(|y| row(&buf, y)).collect();
    assert!(all.contains("NEVER LEFT"), "{all}");
}

#[test]
fn ascii_means_ascii() {
    for name in SCENES {
        let buf = draw(&scene(name, 100, 30), look(Choice::Mono, true));
        assert!(buf.content().iter().all(|c| c.symbol().is_ascii()), "{name}");
    }
}

#[test]
fn mono_has_no_colour() {
    for name in SCENES {
        let buf = draw(&scene(name, 100, 30), look(Choice::Mono, false));
        assert!(buf.content().iter().all(|c| c.fg == Color::Reset && c.bg == Color::Reset), "{name}");
    }
}

#[test]
fn no_cell_of_any_screen_holds_a_control_or_a_secret() {
    for name in SCENES {
        let buf = draw(&scene(name, 120, 36), look(Choice::Terminal, false));
        let all: String = (0..36).map(|y| row(&buf, y)).collect();
        assert!(all.chars().all(|c| !c.is_control()), "{name}");
        assert!(!all.contains("canary"), "{name}");
    }
}

#[test]
fn any_size_is_drawn_without_a_panic() {
    let mut scenes: Vec<Play> = SCENES.iter().map(|n| scene(n, 120, 36)).collect();
    for (cols, rows) in (1..=150).step_by(13).flat_map(|c| (1..=50).step_by(7).map(move |r| (c, r))) {
        for p in &mut scenes {
            p.msg(Msg::Resize(cols, rows));
            draw(p, look(Choice::Terminal, false));
        }
    }
}

#[test]
fn every_screen_offers_help_and_commands() {
    for name in ["browse", "inspect", "step_planned", "wire"] {
        for (cols, rows) in [(60, 16), (80, 24), (120, 36)] {
            let p = scene(name, cols, rows);
            let footer = row(&draw(&p, look(Choice::Terminal, false)), rows - 1);
            assert!(footer.contains("? keys") && footer.contains(": commands"), "{name} {cols}: {footer}");
        }
    }
    assert_eq!(Screen::ALL.len(), 4);
}
