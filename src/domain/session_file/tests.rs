use super::*;
use crate::domain::deed::{DeedId, Who};
use crate::domain::exchange::{CallKind, Captured, End, ExchangeId, Sender, Stranger, Timing};
use crate::domain::operation::{OperationId, OperationKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use std::sync::Arc;

/// Bytes as they pass, many of them secret.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let known = proptest::sample::select(vec![
        "GET /b/k?partNumber=1 HTTP/1.1\r\nhost: h\r\n",
        "HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\n",
        "x-amz-security-token: canary\r\n",
        "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/x, Signature=canary\r\n",
        "\r\n",
        "<Error><Token>canary</Token></Error>",
        "transfer-encoding: chunked\r\n",
        "\u{1b}[2J\u{202e}é",
    ]);
    let piece =
        prop_oneof![known.prop_map(|s| s.as_bytes().to_vec()), prop::collection::vec(any::<u8>(), 0..9)];
    (prop::collection::vec(piece, 0..8), prop_oneof![9 => Just(0), 1 => 60_000..80_000_usize]).prop_map(
        |(p, more)| {
            let mut all = p.concat();
            all.extend(std::iter::repeat_n(b'z', more));
            all
        },
    )
}

/// An exchange as it may come.
pub(in crate::domain) fn exchange() -> impl Strategy<Value = Exchange> {
    let times = (any::<u32>(), prop::array::uniform5(prop::option::of(any::<u32>().prop_map(u64::from))));
    let end = prop::option::of(prop_oneof![
        Just(End::Complete),
        Just(End::Cancelled),
        "\\PC{0,9}".prop_map(End::Failed)
    ]);
    let kinds = vec![
        CallKind::Known(OperationKind::UploadPartCopy),
        CallKind::Known(OperationKind::ListParts),
        CallKind::Other("PutObject"),
        CallKind::Unnamed("GET"),
    ];
    let sender = prop::option::of("\\PC{0,9}").prop_map(|agent| match agent {
        None => Sender::Here,
        Some(user_agent) => Sender::Elsewhere(Arc::new(Stranger { user_agent, ..Stranger::default() })),
    });
    let head = (any::<u64>(), prop::sample::select(kinds), sender, any::<u32>(), any::<bool>(), "\\PC{0,9}");
    (head, times, end, bytes(), bytes()).prop_map(|(head, times, end, request, response)| {
        let (number, kind, sender, attempt, reused, peer) = head;
        let (begun, [connected, released, request_sent, first_byte, ended]) = times;
        Exchange {
            id: ExchangeId(0),
            operation: OperationId(number),
            // What has no name is called by its method, which is read from its bytes.
            kind: if kind == CallKind::Unnamed("GET") { method(&request) } else { kind },
            sender,
            attempt,
            connection: number / 2,
            reused,
            tls: reused.then(|| peer.as_str().into()),
            peer: peer.into(),
            request: Captured::of(&request),
            response: Captured::of(&response),
            held: false,
            timing: Timing {
                begun: begun.into(),
                tcp: connected,
                connected,
                released,
                request_sent,
                first_byte,
                ended,
            },
            end,
        }
    })
}

fn method(request: &[u8]) -> CallKind {
    let message = crate::domain::message::Message::read(request);
    let line = message.request_line();
    CallKind::unnamed(line.and_then(|l| message.text(&l.method)).unwrap_or_default())
}

/// A session as it may come.
pub(in crate::domain) fn session() -> impl Strategy<Value = Session> {
    (prop::collection::vec(exchange(), 0..4), any::<i32>(), "\\PC{0,9}").prop_map(
        |(mut all, epoch, target)| {
            for (e, n) in all.iter_mut().zip(1..) {
                e.id = ExchangeId(n * 3);
            }
            // As many calls as there are belong to one deed, and one to none.
            let who = if epoch % 2 == 0 { Who::You } else { Who::Client(target.clone()) };
            let deed = Arc::new(Deed { id: DeedId(7), who, label: target.clone() });
            let deeds = all.iter().skip(1).map(|e| (e.id, Arc::clone(&deed))).collect();
            Session { deeds, ..Session::new(target, epoch.into(), all) }
        },
    )
}

/// What a file says in any way: its text, and every text in it taken out of base64.
pub(in crate::domain) fn says(file: &[u8], word: &[u8]) -> bool {
    let text = String::from_utf8_lossy(file);
    let texts = text.split('"').filter_map(|t| STANDARD.decode(t).ok());
    let holds = |bytes: &[u8]| bytes.windows(word.len()).any(|w| w == word);
    holds(file) || texts.into_iter().any(|bytes| holds(&bytes))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read(session in session()) {
        let proof = Unmasked::typed(WORD).unwrap();
        prop_assert_eq!(read(&write_unmasked(&session, &proof)), Ok((session.clone(), None)));
        let masked = session.masked();
        prop_assert_eq!(read(&write(&session)), Ok((masked.clone(), None)));
        prop_assert_eq!(read(&write_unmasked(&masked, &proof)), Ok((masked.clone(), None)));
        prop_assert_eq!(read(&write(&masked)), Ok((masked, None)));
    }

    #[test]
    fn no_secret_comes_into_a_file_unasked(session in session()) {
        let file = write(&session);
        prop_assert!(!says(&file, b"canary") && !says(&file, b"IOSFODNN7EXA"));
        let proof = Unmasked::typed(WORD).unwrap();
        let plain = session.exchanges.iter().any(|e| e.request.head.windows(6).any(|w| w == b"canary"));
        prop_assert_eq!(plain, says(&write_unmasked(&session, &proof), b"canary") && plain);
    }

    #[test]
    fn damage_is_said_and_never_read_as_something_else(
        session in session(), at in any::<prop::sample::Index>(), byte: u8
    ) {
        let mut file = write(&session);
        let at = at.index(file.len());
        file[at] = byte;
        if let Err(e) = read(&file) {
            let said = e.to_string();
            prop_assert!(said.starts_with("line ") || said.starts_with("this is no session file"), "{}", said);
        }
    }

    #[test]
    fn bytes_of_any_kind_are_no_session(bytes: Vec<u8>) {
        prop_assert!(read(&bytes).is_err());
    }
}

#[test]
fn no_user_and_no_password_stand_in_the_name_of_a_target() {
    for (given, want) in [
        ("http://u:canary@h:9/x?a@b eu-west-1", "http://h:9/x?a@b eu-west-1"),
        ("http://h:9", "http://h:9"),
        ("AWS p@q", "AWS p@q"),
    ] {
        assert_eq!(Session::new(given, 0, vec![]).target, want);
    }
}

#[test]
fn only_the_word_is_a_proof() {
    assert!(["", "secret", "Secrets", "secrets "].iter().all(|w| Unmasked::typed(w).is_none()));
}

fn small() -> Session {
    let mut request = Captured::default();
    request.push(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n");
    let one = |id| Exchange {
        id: ExchangeId(id),
        operation: OperationId(id),
        kind: OperationKind::ListBuckets.into(),
        sender: Sender::Here,
        attempt: 1,
        connection: 1,
        reused: false,
        peer: "127.0.0.1:1".into(),
        tls: None,
        request: request.clone(),
        response: Captured::default(),
        held: false,
        timing: Timing::default(),
        end: None,
    };
    Session::new("SANDBOX", 1_795_356_000, vec![one(1), one(2)])
}

#[test]
fn a_file_that_is_cut_anywhere_is_read_up_to_there_and_says_so() {
    let file = write(&small());
    let first = file.iter().position(|b| *b == b'\n').unwrap() + 1;
    for at in 0..file.len() {
        let read = read(&file[..at]);
        if at + 1 < first {
            assert!(read.is_err(), "{at}");
            continue;
        }
        let (session, note) = read.unwrap();
        // All but the last line end: everything is there.
        let whole = at + 1 == file.len();
        assert_eq!(note.is_none(), whole, "{at}");
        if let Some(note) = note {
            let said = format!("the file is cut: it holds {} of 2 exchanges", session.exchanges.len());
            assert_eq!(note, said);
        }
    }
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let file = String::from_utf8(write(&small())).unwrap();
    let with = |from: &str, to: &str| file.replacen(from, to, 1).into_bytes();
    let big = format!("\"peer\":\"{}\"", "x".repeat(MAX_LINE));
    let base64 = STANDARD.encode(vec![0; Captured::HEAD + 1]);
    let head = format!("\"head\":\"{base64}\",\"total\":70000");
    for (bytes, want) in [
        (b"".to_vec(), "it is empty"),
        (b"\x7fELF\x1b[2J\n".to_vec(), "it begins with ␡ELF␛[2J"),
        (b"{\"log\":{}}\n".to_vec(), "this is no session file"),
        (with("\"partscope_session\":1", "\"partscope_session\":2"), "line 1: it is written in version 2"),
        (with("\"secrets\":\"masked\"", "\"secrets\":\"hidden\""), "line 1: unknown variant `hidden`"),
        (with("\"id\":2", "\"id\":1"), "line 3: its id does not come after"),
        (with("\"attempt\":1", "\"attempt\":-1"), "line 2: invalid value"),
        (with("\"kind\":\"ListBuckets\",", ""), "line 2: missing field `kind`"),
        (with("\"head\":\"R0VU", "\"head\":\"*"), "line 2: its request: head is no base64"),
        (with("\"total\":27", "\"total\":26"), "line 2: its request: it holds 27 bytes of 26 in all"),
        (
            with("\"total\":0", "\"total\":9,\"tail\":\"AAAA\""),
            "line 2: its response: it has an end although",
        ),
        (
            with("\"total\":0", "\"total\":9,\"masked\":[[1,3],[2,4]]"),
            "line 2: its response: masked places 2–4",
        ),
        (with("\"total\":0", "\"total\":9,\"masked\":[[8,10]]"), "masked places 8–10"),
        (with("\"head\":\"\",\"total\":0", &head), "head holds 65537 bytes"),
        (with("\"peer\":\"127.0.0.1:1\"", &big), "line 2: longer than 1 048 576 bytes"),
        ([file.as_bytes(), b"{\n"].concat(), "line 4: EOF while parsing"),
    ] {
        let said = read(&bytes).unwrap_err().to_string();
        assert!(said.contains(want), "{said} | {want}");
    }
}

#[test]
fn what_a_newer_program_adds_is_passed_over() {
    let file = String::from_utf8(write(&small())).unwrap();
    let newer = file.replace("{\"id\"", "{\"mood\":\"good\",\"id\"").replacen("ListBuckets", "ListMoods", 1);
    let (session, note) = read(newer.as_bytes()).unwrap();
    assert_eq!((session.exchanges[0].kind, note), (CallKind::Unnamed("GET"), None));
    assert_eq!(session.exchanges[1].kind, CallKind::Known(OperationKind::ListBuckets));
}
