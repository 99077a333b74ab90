//! The x-ray of a signature, by presses: what is asked of whoever holds the secret key, and the way to the bytes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod play;

use partscope::app::command::Pane;
use partscope::app::msg::{Effect, Msg};
use partscope::app::overlay::Overlay;
use partscope::app::panes::reading::Side;
use partscope::app::panes::xray::XRay;
use partscope::app::update::xray::lines;
use partscope::domain::exchange::{Exchange, ExchangeId};
use partscope::domain::operation::OperationKind;
use partscope::domain::xray::{Asked, Checked, Tone};
use play::Play;
use play::signed::{SECRET, exchange, mismatch, request};

const HASH: (&str, &str) = ("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
const START: &str = "GET /b/k?uploadId=U&max-parts=2";

fn wire(exchange: Exchange) -> Play {
    let mut p = Play::new(120, 36);
    p.msg(Msg::Wire(vec![exchange.into()], 0));
    p.press("w");
    p
}

fn listed(response: &str) -> Exchange {
    exchange(900, OperationKind::ListParts, &request(START, &[HASH], ""), response)
}

fn state(p: &Play) -> &XRay {
    match p.model.overlays.last() {
        Some(Overlay::XRay(state)) => state,
        other => panic!("no x-ray: {other:?}"),
    }
}

/// What was asked last.
fn asked(p: &mut Play) -> (ExchangeId, Asked) {
    match p.others.pop() {
        Some(Effect::CheckSignatures { exchange, asked }) => (exchange, *asked),
        other => panic!("nothing was asked: {other:?}"),
    }
}

fn shown(p: &Play) -> Vec<String> {
    lines(&p.model, state(p)).iter().map(|l| l.marked()).collect()
}

/// Moves the cursor to the line with this beginning.
fn go_to(p: &mut Play, text: &str) {
    let at = shown(p).iter().position(|l| l.starts_with(text)).unwrap_or_else(|| panic!("no {text}"));
    p.press("Home");
    for _ in 0..at {
        p.press("Down");
    }
}

#[test]
fn the_signature_is_asked_about_once_and_the_answer_shown() {
    let mut p = wire(listed("HTTP/1.1 200 OK\r\n\r\n"));
    p.press("S");
    let (id, asked) = asked(&mut p);
    assert_eq!((id, asked.signatures.len()), (ExchangeId(900), 1));
    assert!(!format!("{asked:?} {:?}", p.model).contains(SECRET));
    assert!(shown(&p).contains(&"? being recomputed".into()));
    p.msg(Msg::SignaturesChecked { exchange: ExchangeId(1), checked: Checked::OtherKey });
    assert_eq!(state(&p).checked, Checked::Waiting);
    p.msg(Msg::SignaturesChecked { exchange: id, checked: asked.check(SECRET) });
    assert!(shown(&p).iter().any(|l| l.starts_with("✓ recomputed")), "{:#?}", shown(&p));
    // Other exchanges come and go; nothing is asked again.
    p.msg(Msg::Wire(vec![exchange(901, OperationKind::HeadObject, "HEAD / HTTP/1.1\r\n\r\n", "").into()], 0));
    assert!(p.others.is_empty() && state(&p).exchange == id);
}

#[test]
fn more_of_a_body_is_asked_about_when_it_has_left() {
    let streaming = ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
    let chunk = "4;chunk-signature=ab\r\nWiki\r\n";
    let put = |body: &str| {
        let sent = request("PUT /b/k?partNumber=1&uploadId=U", &[streaming], body);
        exchange(900, OperationKind::UploadPart, &sent, "")
    };
    let mut p = wire(put(""));
    p.press("S");
    assert_eq!(asked(&mut p).1.signatures.len(), 1);
    p.msg(Msg::Wire(vec![put(chunk).into()], 0));
    assert_eq!(asked(&mut p).1.signatures.len(), 2);
    p.msg(Msg::Wire(vec![put(chunk).into()], 0));
    assert!(p.others.is_empty());
}

#[test]
fn a_line_leads_to_its_bytes() {
    let mut p = wire(listed(&mismatch(&request(START, &[HASH], ""), &request(START, &[HASH], ""))));
    p.press("S");
    go_to(&mut p, "  &uploadId=U");
    p.press("Enter");
    assert!(p.model.overlays.is_empty());
    assert_eq!(p.model.pane(), Pane::WireRequest);
    let (text, _) = p.model.wire.told(Side::Request, false).unwrap();
    assert_eq!(text, "?uploadId=U");
    p.press("S");
    go_to(&mut p, "WHAT THE SERVER COMPUTED");
    p.press("Enter");
    assert_eq!(p.model.pane(), Pane::WireResponse);
    let (text, _) = p.model.wire.told(Side::Response, false).unwrap();
    assert_eq!(text, "<Code>SignatureDoesNotMatch</Code>");
    // From a refused response it opens where the server's side is.
    p.press("S");
    assert!(shown(&p)[state(&p).at].starts_with("WHAT THE SERVER COMPUTED"));
    go_to(&mut p, "SIGNING KEY");
    p.press("Enter");
    assert!(p.note().contains("no bytes"), "{}", p.note());
    assert!(matches!(p.model.overlays.last(), Some(Overlay::XRay(_))));
}

#[test]
fn sections_are_stepped_through_and_the_wheel_moves_the_line() {
    let mut p = wire(listed("HTTP/1.1 200 OK\r\n\r\n"));
    p.press("S Tab");
    assert_eq!(shown(&p)[state(&p).at], "CANONICAL REQUEST");
    p.press("Tab Tab S-Tab");
    assert_eq!(shown(&p)[state(&p).at], "STRING TO SIGN");
    p.press("End Down");
    assert_eq!(state(&p).at + 1, shown(&p).len());
    let headings = lines(&p.model, state(&p)).iter().filter(|l| l.tone == Tone::Heading).count();
    assert_eq!(headings, 6);
    p.press("Home");
    let effects = partscope::app::update::wheel(&mut p.model, None, false);
    assert!(effects.is_empty() && state(&p).at == 3);
    p.press("S");
    assert!(p.model.overlays.is_empty());
}

#[test]
fn the_copy_holds_no_secret_even_when_they_are_shown() {
    let token = ("x-amz-security-token", "canary");
    let sent = request(START, &[HASH, token], "");
    let mut p = wire(exchange(900, OperationKind::ListParts, &sent, ""));
    p.press("S");
    asked(&mut p);
    assert!(shown(&p).contains(&"  x-amz-security-token:•••".into()), "{:#?}", shown(&p));
    p.press("x c");
    assert!(shown(&p).contains(&"  x-amz-security-token:canary".into()));
    let Some(Effect::Copy(text)) = p.others.pop() else { panic!("nothing was copied") };
    assert!(text.starts_with("GET\n/b/k\nmax-parts=2&uploadId=U\nhost:127.0.0.1:9000\n"), "{text}");
    assert!(text.contains("\nx-amz-security-token:•••\n") && !text.contains("canary"), "{text}");
    let mut p = wire(exchange(900, OperationKind::ListParts, "GET / HTTP/1.1\r\n\r\n", ""));
    p.press("S c");
    assert!(p.others.is_empty() && p.note().contains("no canonical request"), "{}", p.note());
}

#[test]
fn an_exchange_that_is_gone_is_said_to_be() {
    let mut p = wire(listed(""));
    p.press("S");
    let mut gone = state(&p).clone();
    gone.exchange = ExchangeId(77);
    p.model.overlays = vec![Overlay::XRay(Box::new(gone))];
    assert!(p.screen().contains("not kept any more"));
    p.press("Down End Tab Enter c Esc");
    assert!(p.model.overlays.is_empty());
}
