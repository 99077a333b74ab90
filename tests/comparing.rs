//! Comparing by scripts of presses and answers: what was refused is shown, and calls nobody waits for are called off.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod play;

use partscope::app::msg::Effect;
use partscope::domain::operation::OperationKind;
use partscope::domain::outcome::{Outcome, TransportError};
use play::{Play, refused};

/// A comparison of two objects whose two HEADs were answered: six calls are on their way.
fn comparing() -> Play {
    let mut p = Play::new(120, 60);
    p.press("Tab End = Up =");
    for _ in 0..2 {
        let call = p.calls.remove(0);
        let outcome = Outcome::Answered(play::answer(&call.operation));
        p.finish(&call, outcome);
    }
    assert_eq!(p.calls.len(), 6);
    p
}

#[test]
fn what_was_refused_is_kept_and_shown_with_what_would_allow_it() {
    let mut p = comparing();
    while !p.calls.is_empty() {
        let call = p.calls.remove(0);
        let outcome = match call.operation.kind() {
            OperationKind::HeadObject => {
                Outcome::Lost(TransportError { message: "connection reset".into(), maybe_sent: true })
            }
            _ => refused(403, "AccessDenied"),
        };
        p.finish(&call, outcome);
    }
    let shown = p.screen();
    for want in [
        "left: AccessDenied (403): without the list of parts by GetObjectAttributes; allowed by s3:GetObject",
        "right: AccessDenied (403): without the tags; allowed by s3:GetObjectTagging",
        "left: HeadObject ?partNumber=1: no answer: connection reset",
    ] {
        assert!(shown.contains(want), "{want} in {shown}");
    }
}

#[test]
fn leaving_a_comparison_calls_off_what_it_asks() {
    for again in [false, true] {
        let mut p = comparing();
        let ids: Vec<_> = p.calls.iter().map(|c| c.id).collect();
        p.press("Esc");
        assert!(ids.iter().all(|id| p.others.contains(&Effect::Cancel(*id))), "{:?}", p.others);
        assert!(p.model.tasks.is_empty() && p.note().contains("called off"), "{}", p.note());
        let late = p.calls.remove(0);
        let outcome = Outcome::Answered(play::answer(&late.operation));
        p.finish(&late, outcome);
        assert!(p.model.compare.left.is_none(), "an answer to what was called off is dropped");
        if again {
            p.calls.clear();
            p.press("=").settle();
            assert!(p.model.compare.result.is_some());
            let before = p.others.len();
            p.press("Esc");
            assert_eq!(p.others.len(), before, "nothing is left to call off");
        }
    }
}

#[test]
fn leaving_the_versions_calls_off_their_page() {
    for leave in ["Esc", "r"] {
        let mut p = Play::new(120, 36);
        p.press("Tab End V");
        let id = p.calls[0].id;
        p.press(leave);
        assert!(p.others.contains(&Effect::Cancel(id)), "{leave}");
        assert_eq!(p.calls.len(), if leave == "r" { 2 } else { 1 });
    }
}
