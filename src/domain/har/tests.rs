use super::*;
use crate::domain::exchange::{Captured, End, Sender};
use crate::domain::message::Message;
use crate::domain::session_file::tests::{says, session};
use crate::domain::session_file::{Bytes, WORD};
use crate::domain::wire_lines::{Mode, lines};
use proptest::prelude::*;
use serde_json::Value;

fn is_date(v: &Value) -> bool {
    v.as_str().is_some_and(|s| s.parse::<jiff::Timestamp>().is_ok() && s.contains('T'))
}

/// What HAR 1.2 asks of an archive, and Chrome's importer with it: every field that must be there, with its type.
fn check(file: &[u8]) -> Vec<Value> {
    let all: Value = serde_json::from_slice(file).unwrap();
    let log = &all["log"];
    assert_eq!(log["version"], "1.2");
    assert!(log["creator"]["name"].is_string() && log["creator"]["version"].is_string());
    let entries = log["entries"].as_array().unwrap();
    for e in entries {
        assert!(is_date(&e["startedDateTime"]), "{}", e["startedDateTime"]);
        assert!(e["time"].as_f64().unwrap() >= 0.0 && e["cache"].is_object() && e["connection"].is_string());
        for message in [&e["request"], &e["response"]] {
            assert!(message["httpVersion"].is_string() && message["cookies"].is_array());
            assert!(message["headersSize"].is_i64() && message["bodySize"].is_i64());
            for h in message["headers"].as_array().unwrap() {
                assert!(h["name"].is_string() && h["value"].is_string());
            }
        }
        let (request, response) = (&e["request"], &e["response"]);
        assert!(request["method"].is_string() && request["queryString"].is_array());
        let url = request["url"].as_str().unwrap();
        let plain = url.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b));
        assert!(url.contains("://") && plain, "{url}");
        assert!(request.get("postData").is_none_or(|d| d["mimeType"].is_string()));
        assert!(response["status"].is_u64() && response["statusText"].is_string());
        assert!(response["redirectURL"].is_string());
        let content = &response["content"];
        assert!(content["size"].is_u64() && content["mimeType"].is_string());
        assert!(content.get("encoding").is_none_or(|x| x == "base64" && content["text"].is_string()));
        let mut sum = 0.0;
        for phase in ["blocked", "dns", "connect", "send", "wait", "receive", "ssl"] {
            let took = e["timings"][phase].as_f64().unwrap();
            let may_be_unknown = matches!(phase, "dns" | "connect" | "ssl" | "blocked");
            assert!(took >= 0.0 || (took == -1.0 && may_be_unknown), "{phase} {took}");
            // The time for TLS is part of that for the connection.
            sum += if phase == "ssl" { 0.0 } else { took.max(0.0) };
        }
        assert!((sum - e["time"].as_f64().unwrap()).abs() < 0.01, "{sum} {}", e["time"]);
        let own = |(name, v): (&String, &Value)| v.is_object() || !name.starts_with('_') || name == "_error";
        assert!(e.as_object().unwrap().iter().all(own));
    }
    entries.clone()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_archive_is_one_and_is_read_back_exactly(session in session()) {
        let proof = Unmasked::typed(WORD).unwrap();
        let (plain, masked) = (write_unmasked(&session, &proof), write(&session));
        prop_assert_eq!(check(&plain).len(), session.exchanges.len());
        check(&masked);
        prop_assert_eq!(read(&plain), Ok(session.clone()));
        prop_assert_eq!(read(&masked), Ok(session.masked()));
        prop_assert!(!says(&masked, b"canary") && !says(&masked, b"IOSFODNN7EXA"));
    }

    #[test]
    fn what_is_made_up_again_has_the_same_names_and_values(session in session()) {
        let mut all: Value = serde_json::from_slice(&write(&session)).unwrap();
        all["log"].as_object_mut().unwrap().remove("_partscope");
        for e in all["log"]["entries"].as_array_mut().unwrap() {
            e.as_object_mut().unwrap().remove("_partscope");
        }
        let again = read(all.to_string().as_bytes()).unwrap();
        prop_assert_eq!((again.bytes, again.exchanges.len()), (Bytes::Reconstructed, session.exchanges.len()));
        for e in &again.exchanges {
            prop_assert!(e.sender.is_elsewhere() && e.end.is_some());
            prop_assert!(Message::read(&e.request.head).request_line().is_some());
        }
    }

    #[test]
    fn damage_is_said(session in session(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut file = write(&session);
        // Without the line break at its end it would still be whole.
        let at = at.index(file.trim_ascii_end().len());
        file[at] = byte;
        if let Err(e) = read(&file) {
            let said = e.to_string();
            prop_assert!(said.starts_with("entry ") || said.starts_with("this is no HTTP archive"), "{}", said);
        }
        prop_assert!(read(&file[..at]).is_err());
    }
}

/// An archive as browsers write them.
const BROWSER: &str = r#"{"log":{"version":"1.2","creator":{"name":"WebInspector","version":"537.36"},"pages":[],"entries":[
 {"startedDateTime":"2026-11-26T20:00:01.500Z","time":30,"connection":"443","serverIPAddress":"[::1]","cache":{},
  "timings":{"blocked":1.5,"dns":2,"connect":10,"ssl":6,"send":0.5,"wait":10,"receive":6,"_blocked_queueing":1},
  "request":{"method":"PUT","url":"https://u:p@s3.eu-west-1.amazonaws.com/b/k?partNumber=2&uploadId=U#f","httpVersion":"h2","cookies":[],
   "headers":[{"name":":authority","value":"s3.eu-west-1.amazonaws.com"},{"name":"user-agent","value":"aws-cli/2.1 x"},
              {"name":"x-evil","value":"a\r\nInjected: 1"}],
   "queryString":[],"headersSize":-1,"bodySize":5,"postData":{"mimeType":"text/plain","text":"hello"}},
  "response":{"status":200,"statusText":"","httpVersion":"h2","cookies":[],"headers":[{"name":"Transfer-Encoding","value":"chunked"}],
   "content":{"size":9,"mimeType":"application/xml","text":"PGE+YjwvYT4=","encoding":"base64"},"redirectURL":"","headersSize":-1,"bodySize":-1}},
 {"startedDateTime":"2026-11-26T22:00:00+02:00","time":0,"cache":{},"timings":{"blocked":-1,"dns":-1,"connect":-1,"ssl":-1,"send":0,"wait":0,"receive":0},
  "request":{"method":"GET","url":"http://h:9/b?list-type=2","httpVersion":"","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":0},
  "response":{"status":0,"statusText":"","httpVersion":"","cookies":[],"headers":[],"content":{"size":0,"mimeType":"x-unknown"},
   "redirectURL":"","headersSize":-1,"bodySize":-1,"_error":"net::ERR_CONNECTION_REFUSED"}},
 {"startedDateTime":"2026-11-26T20:00:02Z","time":0,"cache":{},"timings":{"send":0,"wait":0,"receive":0},
  "request":{"method":"GET","url":"http://h:9/b/big","httpVersion":"","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":0},
  "response":{"status":206,"statusText":"Partial Content","httpVersion":"","cookies":[],"headers":[],"content":{"size":5000000,"mimeType":""},
   "redirectURL":"","headersSize":-1,"bodySize":-1}}
]}}"#;

fn texts(c: &Captured) -> Vec<String> {
    lines(c, Mode::Pretty, false).into_iter().map(|l| l.text).collect()
}

#[test]
fn a_browsers_archive_is_opened_as_far_as_it_goes() {
    for begin in ["", "\u{feff}"] {
        let session = read(format!("{begin}{BROWSER}").as_bytes()).unwrap();
        assert_eq!((session.bytes, session.secrets), (Bytes::Reconstructed, Secrets::Present));
        assert_eq!(session.program, "WebInspector 537.36");
        let [refused, put, big] = session.exchanges.as_slice() else { panic!("{:?}", session.exchanges) };
        assert_eq!((refused.id.0, put.id.0, refused.timing.begun, put.timing.begun), (1, 2, 0, 1_500_000));
        assert_eq!(refused.end, Some(End::Failed("net::ERR_CONNECTION_REFUSED".into())));
        assert_eq!((refused.kind.name(), refused.status()), ("ListObjectsV2", None));
        assert_eq!((put.kind.name(), put.status(), put.connection), ("UploadPart", Some(200), 1));
        assert!(matches!(&put.sender, Sender::Elsewhere(s) if s.short() == "aws-cli/2.1"));
        let t = &put.timing;
        let at = |moment: Option<u64>| moment.unwrap() - t.begun;
        assert_eq!(
            [at(t.tcp), at(t.connected), at(t.request_sent), at(t.first_byte), at(t.ended)],
            [7_500, 13_500, 14_000, 24_000, 30_000]
        );
        assert_eq!(
            texts(&put.request),
            [
                "PUT /b/k",
                "  ?partNumber=2",
                "  &uploadId=U HTTP/1.1",
                "Host: s3.eu-west-1.amazonaws.com",
                "user-agent: aws-cli/2.1 x",
                "x-evil: a  Injected: 1",
                "",
                "hello"
            ]
        );
        assert_eq!(texts(&put.response).last().unwrap(), "<a>b</a>");
        assert_eq!(big.response.missing(), 5_000_000);
    }
}

#[test]
fn what_cannot_be_is_named_with_its_entry() {
    for (from, to, want) in [
        ("2026-11-26T20:00:01.500Z", "yesterday", "entry 1: startedDateTime is \"yesterday\""),
        ("\"encoding\":\"base64\"", "\"encoding\":\"gzip\"", "entry 1: its text is encoded in \"gzip\""),
        ("PGE+YjwvYT4=", "***", "entry 1: its text is no base64"),
        ("\"status\":200", "\"status\":\"ok\"", "invalid type"),
        ("\"entries\"", "\"entires\"", "missing field `entries`"),
    ] {
        let said = read(BROWSER.replacen(from, to, 1).as_bytes()).unwrap_err().to_string();
        assert!(said.contains(want), "{said}");
    }
    let deep =
        format!("{{\"log\":{{\"entries\":[{{\"x\":{}1{}}}]}}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(read(deep.as_bytes()).unwrap_err().to_string().contains("recursion"));
    let newer = String::from_utf8(write(&Session::new("t", 0, vec![]))).unwrap();
    let newer = newer.replace("\"partscope_session\":1", "\"partscope_session\":9");
    assert!(read(newer.as_bytes()).unwrap_err().to_string().contains("version 9 of the format"));
}

#[test]
fn odd_numbers_are_no_trouble() {
    for number in ["-1", "1e300", "-1e300", "0.00001", "9007199254740993"] {
        let text = BROWSER.replace(":10,", &format!(":{number},")).replace("5000000", number);
        let session = read(text.as_bytes()).unwrap();
        assert_eq!(session.exchanges.len(), 3, "{number}");
        assert_eq!(check(&write(&session)).len(), 3);
    }
}
