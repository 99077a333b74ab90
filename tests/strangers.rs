//! Other clients on the screen: the way to the sandbox, their uploads, and what a real endpoint says instead.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod play;

use partscope::app::model::Target;
use partscope::app::msg::{Effect, Msg};
use partscope::domain::exchange::ExchangeId;
use partscope::domain::watched::Stage;
use play::{Play, stranger};

#[test]
fn the_lines_for_a_shell_are_shown_and_copied() {
    let mut p = Play::new(80, 24);
    p.press("w W");
    let screen = p.screen();
    for word in
        ["export AWS_ENDPOINT_URL=http://127.0.0.1:9000", "sandbox-secret-key-not-for-aws", "y copies"]
    {
        assert!(screen.contains(word), "{word}\n{screen}");
    }
    p.press("y");
    let copied: Vec<_> =
        p.others.iter().filter_map(|e| if let Effect::Copy(text) = e { Some(text) } else { None }).collect();
    assert_eq!(copied.len(), 1);
    assert!(copied[0].starts_with("export AWS_ENDPOINT_URL=http://127.0.0.1:9000\n"));
    assert!(copied[0].ends_with("aws s3 cp ./large-file s3://scratch/large-file\n"));
    assert!(p.note().contains("OSC 52"), "{}", p.note());
    p.press("W");
    assert!(p.model.overlays.is_empty());
}

#[test]
fn a_real_endpoint_shows_its_own_calls_only_and_says_so() {
    let mut p = Play::on(Target::real("AWS"), 80, 24);
    p.press("w W y");
    assert!(p.screen().contains("only this program's own calls are seen"), "{}", p.screen());
    assert!(!p.others.iter().any(|e| matches!(e, Effect::Copy(_))));
}

#[test]
fn the_ledger_is_of_the_selected_exchange_and_follows_what_happens() {
    let mut p = Play::new(80, 24);
    p.press("w J");
    assert!(p.model.overlays.is_empty(), "the newest exchange is the program's own");
    assert!(p.note().contains("own"), "{}", p.note());
    p.another_client().press("J");
    let screen = p.screen();
    for word in [
        "s3://scratch/copied",
        "open",
        "under way",
        "↻2",
        "copied from s3://lessons/source",
        "before: HeadObject source 200",
    ] {
        assert!(screen.contains(word), "{word}\n{screen}");
    }
    let answer = "HTTP/1.1 200 OK\r\n\r\n<R><ETag>&quot;aa-3&quot;</ETag></R>";
    let line = ("POST /scratch/copied?uploadId=u-1", "");
    let done = stranger(907, "CompleteMultipartUpload", line, answer, (120_000, 130_000));
    p.msg(Msg::Wire(vec![done.into()], 0));
    assert!(p.screen().contains("completed, ETag \"aa-3\""), "{}", p.screen());
    let sessions: Vec<_> = p.model.clients.watched.sessions().collect();
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0].stage, Stage::Completed { etag: Some("\"aa-3\"".into()) });
    // From the list it is reached too, and Esc goes back to the list.
    p.press("Esc W Enter");
    assert!(p.screen().contains("Upload of Boto3/1.40.1"), "{}", p.screen());
    p.press("Esc");
    assert!(p.screen().contains("Watch another client"), "{}", p.screen());
}

#[test]
fn what_a_client_calls_itself_cannot_touch_the_terminal() {
    let mut p = Play::new(120, 36);
    let answer = "HTTP/1.1 200 OK\r\n\r\n<R><UploadId>u\u{1b}[2J\u{202e}</UploadId></R>";
    let create = stranger(950, "CreateMultipartUpload", ("POST /b/k%1b%5b2J?uploads", ""), answer, (0, 1));
    p.msg(Msg::Wire(vec![create.into()], 0));
    assert_eq!(p.model.clients.watched.sessions().count(), 1);
    p.press("w");
    for keys in ["W", "Enter"] {
        p.press(keys);
        assert!(!p.screen().contains(['\u{1b}', '\u{202e}']));
    }
}

#[test]
fn the_exchanges_of_an_upload_are_one_group_of_the_timeline() {
    let mut p = Play::new(120, 36);
    p.press("w").another_client();
    let deed = |p: &Play, id| p.model.wire.row(ExchangeId(id)).unwrap().deed.clone();
    let of_upload = deed(&p, 902);
    assert_eq!(of_upload.label, "multipart upload of s3://scratch/copied");
    assert_eq!(of_upload.who.to_string(), "Boto3/1.40.1");
    assert!((903..=906).all(|id| deed(&p, id).id == of_upload.id));
    // What came before the upload had a name is a group of its own.
    assert_ne!(deed(&p, 901).id, of_upload.id);
    // A Create joins its upload when it is answered.
    let line = ("POST /scratch/second?uploads", "");
    let create = |answer| stranger(910, "CreateMultipartUpload", line, answer, (200_000, 201_000));
    p.msg(Msg::Wire(vec![create("").into()], 0));
    let alone = deed(&p, 910).id;
    p.msg(Msg::Wire(vec![create("HTTP/1.1 200 OK\r\n\r\n<R><UploadId>u-2</UploadId></R>").into()], 0));
    assert_eq!(deed(&p, 910).label, "multipart upload of s3://scratch/second");
    assert_ne!(deed(&p, 910).id, alone);
    assert!(p.screen().contains("Boto3/1.40.1: multipart upload of s3://scratch/second"), "{}", p.screen());
}
