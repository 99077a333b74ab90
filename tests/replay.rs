//! Files that hold sessions: recorded by a command, read without a screen and on one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use assert_cmd::Command;
use partscope::app::command::Screen;
use partscope::app::model::Model;
use partscope::app::msg::{Effect, Msg};
use partscope::app::press::Press;
use partscope::app::update;
use partscope::domain::operation::OperationKind;
use partscope::domain::replay::{Replay, open};
use partscope::domain::session_file::{self, Secrets};
use partscope::tui::theme::{Choice, Theme};
use partscope::tui::view::{Look, render};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

/// Exit code, standard output, standard error.
fn run(folder: &Path, args: &[&str], input: &[u8]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("partscope").unwrap();
    for name in ["AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"] {
        command.env_remove(name);
    }
    command.env("AWS_CONFIG_FILE", "/nonexistent/config").env("AWS_EC2_METADATA_DISABLED", "true");
    command.timeout(Duration::from_secs(60)).current_dir(folder).args(args).write_stdin(input);
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A recorded copy in which one part is refused once.
fn recorded(folder: &Path, name: &str, more: &[&str]) {
    let args =
        ["copy", "s3://lessons/non-uniform.bin", "s3://scratch/copied.bin", "--sandbox", "--record", name];
    let fault = ["--fault", "UploadPartCopy part=2 slow-down", "--concurrency", "1"];
    let (code, _, said) = run(folder, &[&args[..], &fault, more].concat(), b"");
    assert_eq!(code, 0, "{said}");
}

#[test]
fn what_a_command_sends_is_recorded_and_read_again() {
    let dir = tempfile::tempdir().unwrap();
    recorded(dir.path(), "copy.partscope", &[]);
    let path = dir.path().join("copy.partscope");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let (session, note) = session_file::read(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!((session.secrets, note, session.target.as_str()), (Secrets::Masked, None, "SANDBOX"));
    assert!(session.exchanges.iter().all(|e| e.request.missing() == 0 && !e.request.masked.is_empty()));

    let replay = |args: &[&str]| {
        let (code, out, said) = run(dir.path(), &[&["replay", "copy.partscope"], args].concat(), b"");
        assert_eq!((code, said.as_str()), (0, ""), "{args:?}");
        out
    };
    let list = replay(&["--list"]);
    assert_eq!(list.lines().count(), session.exchanges.len());
    assert!(list.contains("UploadPartCopy #2            503") && list.contains("  SlowDown\n"), "{list}");
    assert!(list.contains("UploadPartCopy #2 attempt 2  200"), "{list}");
    let plain = replay(&["--plain", "--filter", "op:CompleteMultipartUpload"]);
    assert!(plain.starts_with("copy.partscope: ") && plain.contains("exact bytes, secrets masked"));
    assert!(plain.contains("> POST /scratch/copied.bin") && plain.contains("<   <ETag>"), "{plain}");
    assert!(plain.contains("Signature=•••") && !plain.contains("HeadObject"), "{plain}");
    let hex = replay(&["--plain", "--exchange", "1", "--mode", "hex"]);
    assert!(hex.contains("> 00000000  48 45 41 44 20 2f"), "{hex}");
    for line in replay(&["--json"]).lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(value["call"].is_string() && value["request"].as_array().unwrap().len() > 3);
    }
    let first = list.lines().find(|l| l.contains("#1 ")).unwrap().trim()[..2].trim().to_owned();
    assert!(replay(&["--diff", &first, &first]).lines().all(|l| !l.starts_with(['~', '+', '-'])));
    assert!(replay(&["--xray", "1"]).contains("secrets were masked when this was written"));
    // Every format holds the same bytes, and reads back.
    let again =
        run(dir.path(), &["replay", "-", "--export", "session"], replay(&["--export", "har"]).as_bytes());
    assert_eq!(again.1.into_bytes(), std::fs::read(&path).unwrap());
    assert!(replay(&["--export", "aws"]).contains("s3api create-multipart-upload"));
}

#[test]
fn secrets_are_recorded_only_after_the_word() {
    let dir = tempfile::tempdir().unwrap();
    let (code, _, said) =
        run(dir.path(), &["inspect", "s3://b/k", "--sandbox", "--record", "x", "--unmasked", "yes"], b"");
    assert!(code == 2 && said.contains("--unmasked secrets") && said.contains("session tokens"), "{said}");
    recorded(dir.path(), "open.har", &["--unmasked", "secrets"]);
    let opened = open("open.har", &std::fs::read(dir.path().join("open.har")).unwrap()).unwrap();
    assert_eq!(opened.words(), "exact bytes, HOLDS SECRETS");
    assert!(opened.session.exchanges.iter().all(|e| e.request.masked.is_empty()));
    // Reading it again masks, unless the word is typed once more.
    let (_, out, _) = run(dir.path(), &["replay", "open.har", "--export", "session"], b"");
    assert_eq!(open("", out.as_bytes()).unwrap().session, opened.session.masked());
    let typed = ["replay", "open.har", "--export", "session", "--unmasked", "secrets"];
    let (_, out, _) = run(dir.path(), &typed, b"");
    assert_eq!(open("", out.as_bytes()).unwrap().session, opened.session);
}

#[test]
fn what_cannot_be_is_said_and_nothing_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    recorded(dir.path(), "a", &[]);
    let before = std::fs::read(dir.path().join("a")).unwrap();
    let inspect = ["inspect", "s3://lessons/non-uniform.bin", "--sandbox", "--record"];
    for (args, want) in [
        ([&inspect[..], &["a"]].concat(), "it exists already and is not replaced"),
        ([&inspect[..], &["no/such"]].concat(), "there is no such folder"),
        (vec!["clients", "5GiB", "--record", "b"], "this one makes no calls"),
        (vec!["--record", "b"], "in the terminal program"),
        (vec!["inspect", "s3://b/k", "--unmasked", "secrets"], "--unmasked goes with --record FILE"),
        (vec!["replay", "nowhere", "--list"], "nowhere: No such file"),
        (vec!["replay", "-", "--list"], "standard input: this is no session file"),
        (vec!["replay", "a", "--xray", "99"], "a has no exchange 99; it holds"),
        (vec!["replay", "a", "--plain", "--exchange", "99"], "a has no exchange 99"),
        (vec!["replay", "a", "--list", "--filter", "op:"], "op:"),
        (vec!["replay", "a", "--list", "--plain"], "cannot be used with"),
        (vec!["replay", "a"], "needs a terminal"),
    ] {
        let (code, out, said) = run(dir.path(), &args, b"GET / HTTP/1.1\n");
        assert!(code == 2 && out.is_empty() && said.contains(want), "{args:?} {code} {said}");
    }
    assert_eq!(std::fs::read(dir.path().join("a")).unwrap(), before);
    let cut = &before[..before.len() - 9];
    let (code, out, said) = run(dir.path(), &["replay", "-", "--list"], cut);
    assert!(code == 0 && !out.is_empty() && said.contains("the file is cut: it holds"), "{said}");
}

/// The program with a file in it, played without a terminal.
struct Play(Model);

impl Play {
    fn new(cols: u16, rows: u16) -> Self {
        let bytes = include_bytes!("../fuzz/corpus/session/copy");
        let mut model = Model::replaying(open("copy.partscope", bytes).unwrap());
        assert!(update::start(&mut model).is_empty(), "nothing is connected");
        let mut play = Self(model);
        play.msg(Msg::Resize(cols, rows));
        play
    }

    fn msg(&mut self, msg: Msg) -> Vec<Effect> {
        update::update(&mut self.0, msg)
    }

    fn press(&mut self, keys: &str) -> Vec<Effect> {
        keys.split_whitespace().flat_map(|key| self.msg(Msg::Press(Press::parse(key).unwrap()))).collect()
    }

    fn picture(&self) -> String {
        let area = Rect::new(0, 0, self.0.size.0, self.0.size.1);
        let mut buf = Buffer::empty(area);
        render(&self.0, Look { theme: Theme::new(Choice::Mono), ascii: false }, area, &mut buf);
        let row = |y| (0..area.width).map(|x| buf[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
        (0..area.height).map(row).collect::<Vec<_>>().join("\n")
    }

    fn note(&self) -> &str {
        self.0.note.as_ref().map_or("", |n| n.text.as_str())
    }
}

#[test]
fn a_file_opens_on_the_wire_screen_and_says_what_it_is() {
    for (cols, rows) in [(80, 24), (120, 36)] {
        let p = Play::new(cols, rows);
        let picture = p.picture();
        assert_eq!(p.0.screen, Screen::Wire);
        for want in ["replay ", "secrets masked", "HeadObject", "Timeline"] {
            assert!(picture.contains(want), "{want}\n{picture}");
        }
    }
}

#[test]
fn one_steps_through_a_file_without_leaving_what_one_reads() {
    let mut p = Play::new(120, 36);
    let first = p.0.wire.current().unwrap().id;
    p.press("Enter ]");
    let (pane, second) = (p.0.pane(), p.0.wire.current().unwrap().id);
    assert!(second > first && p.picture().contains("HeadObject part 1"));
    p.press("[");
    assert_eq!((p.0.pane(), p.0.wire.current().unwrap().id), (pane, first));
}

#[test]
fn nothing_of_a_file_can_be_sent_or_revealed() {
    let mut p = Play::new(120, 36);
    for keys in ["1", "2", "3", "r", "E", "U", "H", "g", "W", "Esc", "Enter Esc Esc"] {
        let effects = p.press(keys);
        assert!(!effects.iter().any(Effect::is_of_server), "{keys} {effects:?}");
        assert_eq!(p.0.screen, Screen::Wire, "{keys}");
        p.0.overlays.clear();
    }
    for kind in OperationKind::ALL {
        let effects = update::run(&mut p.0, partscope::app::command::Command::Send(kind));
        assert!(effects.is_empty() && p.note().contains("nothing can be sent"), "{kind} {}", p.note());
    }
    p.press("x");
    assert!(p.note().contains("masked when this file was written") && !p.0.revealing());
    assert_eq!(p.press("q"), [Effect::Quit]);
}

#[test]
fn a_session_is_saved_masked_and_with_secrets_only_after_the_word() {
    let mut p = Play::new(120, 36);
    let effects = p.press("s Enter");
    let [Effect::SaveSession { unmasked: None, session, .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(session.exchanges.len(), p.0.wire.len());
    update::run(&mut p.0, partscope::app::command::Command::SaveUnmasked);
    let picture = p.picture();
    assert!(picture.contains("WITH ITS SECRETS") && picture.contains("session tokens"), "{picture}");
    assert!(p.press("Enter Enter").is_empty() && p.note().contains("type secrets"), "{}", p.note());
    let effects = p.press("s e c r e t s Enter");
    assert!(matches!(effects.as_slice(), [Effect::SaveSession { unmasked: Some(_), .. }]), "{effects:?}");
}

#[test]
fn an_opened_file_keeps_what_was_done_for_what() {
    let mut p = Play::new(120, 36);
    let effects = p.press("s Enter");
    let [Effect::SaveSession { session, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let again: Replay = open("again", &session_file::write(session)).unwrap();
    assert_eq!(again.session.deeds, session.deeds);
    assert_eq!(again.session.deeds.len(), session.exchanges.len());
}
