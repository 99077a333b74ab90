use super::*;
use crate::domain::exchange::{Captured, End, ExchangeId, Sender, Stranger, Timing};
use crate::domain::operation::OperationId;
use proptest::prelude::*;
use std::sync::Arc;

/// One exchange of another client, from what passed.
struct Call<'a> {
    id: u64,
    kind: &'a str,
    line: &'a str,
    headers: &'a str,
    body: &'a str,
    answer: String,
    times: (u64, u64),
    whole: bool,
    agent: &'a str,
}

impl Default for Call<'_> {
    fn default() -> Self {
        Self {
            id: 1,
            kind: "UploadPart",
            line: "PUT /b/k HTTP/1.1",
            headers: "",
            body: "",
            answer: ok("", ""),
            times: (0, 10),
            whole: true,
            agent: "Boto3/1.40.1 md/Botocore#1.40.1",
        }
    }
}

fn ok(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{headers}\r\n{body}")
}

fn failed(status: u16, code: &str) -> String {
    format!("HTTP/1.1 {status} Failed\r\n\r\n<Error><Code>{code}</Code></Error>")
}

impl Call<'_> {
    /// As it ends.
    fn ended(&self) -> Exchange {
        let (mut request, mut response) = (Captured::default(), Captured::default());
        request.push(
            format!("{}\r\nHost: 127.0.0.1:9\r\n{}\r\n{}", self.line, self.headers, self.body).as_bytes(),
        );
        response.push(self.answer.as_bytes());
        let stranger = Stranger { user_agent: self.agent.to_owned(), ..Stranger::default() };
        Exchange {
            id: ExchangeId(self.id),
            operation: OperationId(self.id),
            kind: CallKind::named(self.kind).unwrap(),
            sender: Sender::Elsewhere(Arc::new(stranger)),
            attempt: 1,
            connection: 1,
            reused: false,
            peer: "127.0.0.1:5".into(),
            tls: None,
            request,
            response,
            held: false,
            timing: Timing { begun: self.times.0, ended: Some(self.times.1), ..Timing::default() },
            end: Some(if self.whole { End::Complete } else { End::Failed("gone".into()) }),
        }
    }

    /// While it is under way.
    fn begun(&self) -> Exchange {
        let ended = self.ended();
        let timing = Timing { ended: None, ..ended.timing };
        Exchange { response: Captured::default(), end: None, timing, ..ended }
    }
}

fn create(id: u64, upload: &str, times: (u64, u64)) -> Exchange {
    let answer = ok("", &format!("<R><UploadId>{upload}</UploadId></R>"));
    Call {
        id,
        kind: "CreateMultipartUpload",
        line: "POST /b/k?uploads HTTP/1.1",
        answer,
        times,
        ..Call::default()
    }
    .ended()
}

fn part<'a>(id: u64, line: &'a str, headers: &'a str, times: (u64, u64)) -> Call<'a> {
    Call { id, line, headers, answer: ok("ETag: \"e\"\r\n", ""), times, ..Call::default() }
}

fn complete(id: u64, answer: String, times: (u64, u64)) -> Call<'static> {
    let body = "<C><Part><PartNumber>1</PartNumber></Part><Part><PartNumber>2</PartNumber></Part></C>";
    let line = "POST /b/k?uploadId=u HTTP/1.1";
    Call { id, kind: "CompleteMultipartUpload", line, body, answer, times, ..Call::default() }
}

fn done() -> String {
    ok("", "<R><ETag>&quot;f-2&quot;</ETag></R>")
}

fn only(watched: &Watched) -> &Session {
    let all: Vec<_> = watched.sessions().collect();
    assert_eq!(all.len(), 1, "{all:?}");
    all[0]
}

const ONE: &str = "PUT /b/k?partNumber=1&uploadId=u HTTP/1.1";
const TWO: &str = "PUT /b/k?uploadId=u&partNumber=2 HTTP/1.1";

#[test]
fn a_managed_copy_is_one_session_with_its_story() {
    let mut watched = Watched::new(Vec::new());
    let copy = |id, line, range: &'static str, times| Call {
        id,
        kind: "UploadPartCopy",
        line,
        headers: range,
        answer: ok("", "<R><ETag>&quot;e&quot;</ETag></R>"),
        times,
        ..Call::default()
    };
    let head =
        Call { id: 1, kind: "HeadObject", line: "HEAD /b/source HTTP/1.1", times: (0, 5), ..Call::default() };
    let other =
        Call { id: 2, kind: "HeadObject", line: "HEAD /b/other HTTP/1.1", times: (1, 5), ..Call::default() };
    let foreign = Call {
        id: 3,
        agent: "curl/8",
        ..Call { line: "HEAD /b/source HTTP/1.1", kind: "HeadObject", times: (2, 5), ..Call::default() }
    };
    for before in [head.ended(), other.ended(), foreign.ended(), create(4, "u", (10, 12))] {
        watched.take(&before);
    }
    const RANGES: [&str; 2] = [
        "x-amz-copy-source: b/source\r\nx-amz-copy-source-range: bytes=0-9\r\n",
        "x-amz-copy-source: b/source\r\nx-amz-copy-source-range: bytes=10-14\r\n",
    ];
    let (one, two) = (copy(5, ONE, RANGES[0], (20, 40)), copy(6, TWO, RANGES[1], (21, 22)));
    watched.take(&one.begun());
    let slow = Call { answer: failed(503, "SlowDown"), ..two };
    let settled = watched.take(&slow.ended()).unwrap();
    assert_eq!((settled.over, settled.part), (false, Some(2)));
    assert_eq!(
        only(&watched).parts[&2].answer,
        Some(Answer::Refused { status: 503, code: "SlowDown".into() })
    );
    assert_eq!(only(&watched).parts[&2].etag, None);
    watched.take(&copy(7, TWO, RANGES[1], (30, 35)).ended());
    watched.take(&one.ended());
    watched.take(&Call { body: "", ..complete(8, done(), (50, 60)) }.begun());
    assert_eq!(only(&watched).stage, Stage::Completing);
    let settled = watched.take(&complete(8, done(), (50, 60)).ended()).unwrap();
    assert!(settled.over);
    let after = Call {
        id: 9,
        kind: "GetObjectTagging",
        line: "GET /b/k?tagging HTTP/1.1",
        times: (70, 71),
        ..Call::default()
    };
    watched.take(&after.ended());

    let session = only(&watched);
    assert!(session.seen_from_create && session.client == "Boto3/1.40.1");
    assert_eq!(session.stage, Stage::Completed { etag: Some("\"f-2\"".into()) });
    assert_eq!((session.stored(), session.again(), session.most_at_once()), (15, 1, 2));
    assert_eq!((session.part_size(), session.named), (PartSize::Each(10), Some(2)));
    assert_eq!(session.source, Some(ObjectRef::new("b", "source")));
    assert_eq!((session.begun, session.last), (10, 60));
    let story: Vec<_> =
        session.around.iter().map(|a| (a.kind.name(), a.object.key.as_str(), a.when)).collect();
    assert_eq!(story, [("HeadObject", "source", When::Before), ("GetObjectTagging", "k", When::After)]);
    let (part, begun) = (&session.parts[&2], session.parts[&1].clone());
    assert_eq!(
        (part.attempts, part.under_way, part.took, part.exchange),
        (2, 0, Some(5), Some(ExchangeId(7)))
    );
    assert_eq!((begun.size, begun.copied, begun.took), (Some(10), true, Some(20)));
    assert_eq!(
        session.summary(),
        "Boto3/1.40.1 s3://b/k: completed, ETag \"f-2\"; 2 parts of 10 B, the last smaller, 15 B stored, copied from \
         s3://b/source; 2 at once at most, 1 attempt again; 0.000 s"
    );
    for exchange in [create(4, "u", (10, 12)), one.ended(), complete(8, done(), (50, 60)).ended()] {
        assert_eq!(watched.of(&exchange).map(|s| s.id), Some(session.id));
    }
    assert!(watched.of(&head.ended()).is_none());
}

#[test]
fn what_began_before_the_watching_says_so() {
    let mut watched = Watched::default();
    watched.take(&part(1, ONE, "Content-Length: 5\r\n", (5, 6)).ended());
    let session = only(&watched);
    assert!(!session.seen_from_create);
    assert_eq!((session.parts[&1].size, session.parts[&1].etag.as_deref()), (Some(5), Some("\"e\"")));
    // A Create that is drained after its first part is still the beginning.
    watched.take(&create(2, "u", (1, 2)));
    assert!(only(&watched).seen_from_create && only(&watched).begun == 1);
}

#[test]
fn a_body_counts_without_the_framing_it_came_in() {
    let mut watched = Watched::default();
    let headers = "Content-Length: 90\r\nx-amz-decoded-content-length: 50\r\n";
    let call = Call { body: "32;chunk-sig", ..part(1, ONE, headers, (5, 6)) };
    watched.take(&call.begun());
    watched.take(&call.begun());
    let part = &only(&watched).parts[&1];
    assert_eq!((part.size, part.received, part.attempts, part.under_way), (Some(50), 12, 1, 1));
}

#[test]
fn the_end_of_an_upload_is_what_was_answered_and_no_more() {
    let refused = |status, code: &str| Stage::Refused {
        call: OperationKind::CompleteMultipartUpload.into(),
        status,
        code: code.into(),
    };
    for (answer, whole, stage) in [
        (done(), true, Stage::Completed { etag: Some("\"f-2\"".into()) }),
        (failed(400, "InvalidPart"), true, refused(400, "InvalidPart")),
        (ok("", "\n\n<Error><Code>InternalError</Code></Error>"), true, refused(200, "InternalError")),
        (done(), false, Stage::Doubtful { call: OperationKind::CompleteMultipartUpload.into() }),
        (String::new(), false, Stage::Doubtful { call: OperationKind::CompleteMultipartUpload.into() }),
    ] {
        let mut watched = Watched::default();
        watched.take(&create(1, "u", (0, 1)));
        let call = Call { whole, ..complete(2, answer.clone(), (2, 3)) };
        watched.take(&call.ended());
        assert_eq!(only(&watched).stage, stage, "{answer}");
        // It can be tried again, and what was answered stays.
        assert!(watched.take(&complete(3, done(), (4, 5)).ended()).unwrap().session.is_some());
        assert!(only(&watched).is_over());
        let abort = |id, answer| Call {
            id,
            kind: "AbortMultipartUpload",
            line: "DELETE /b/k?uploadId=u HTTP/1.1",
            answer,
            times: (6, 7),
            ..Call::default()
        };
        watched.take(&abort(4, failed(404, "NoSuchUpload")).ended());
        assert!(matches!(only(&watched).stage, Stage::Completed { .. }));
        watched.take(&abort(5, "HTTP/1.1 204 No Content\r\n\r\n".into()).ended());
        assert_eq!(only(&watched).stage, Stage::Aborted);
    }
}

#[test]
fn a_refused_create_and_what_is_not_of_an_upload_make_no_session() {
    let mut watched = Watched::default();
    let create = |answer| Call {
        kind: "CreateMultipartUpload",
        line: "POST /b/k?uploads HTTP/1.1",
        answer,
        ..Call::default()
    };
    for exchange in [
        create(failed(404, "NoSuchBucket")).ended(),
        Call { whole: false, ..create(ok("", "<R><UploadId>u</UploadId></R>")) }.ended(),
        Call { id: 2, kind: "GetObject", line: "GET /b/k?uploadId=u HTTP/1.1", ..Call::default() }.ended(),
        Call { id: 3, kind: "PutObject", line: "PUT", ..Call::default() }.ended(),
    ] {
        let settled = watched.take(&exchange).unwrap();
        assert_eq!((settled.session, settled.over), (None, false));
    }
    let own = Exchange { sender: Sender::Here, ..part(9, ONE, "", (0, 1)).ended() };
    assert_eq!(watched.take(&own), None);
    assert_eq!(watched.sessions().count(), 0);
    assert!(watched.live.is_empty());
}

#[test]
fn uploads_are_kept_within_bounds_and_those_that_are_over_go_first() {
    let mut watched = Watched::default();
    let mut id = 0;
    let mut next = || {
        id += 1;
        id
    };
    watched.take(&create(next(), "open", (0, 1)));
    for n in 0..MAX_SESSIONS {
        watched.take(&create(next(), &format!("u{n}"), (2, 3)));
        let line = format!("DELETE /b/k?uploadId=u{n} HTTP/1.1");
        watched
            .take(&Call { id: next(), kind: "AbortMultipartUpload", line: &line, ..Call::default() }.ended());
    }
    assert_eq!((watched.sessions.len(), watched.dropped()), (MAX_SESSIONS, 1));
    assert_eq!(watched.sessions().next().unwrap().upload.upload_id, "open");
    assert_eq!(
        (watched.by_upload.len(), watched.by_object[&("b".into(), "k".into())].len()),
        (MAX_SESSIONS, MAX_SESSIONS)
    );
    assert!(watched.recent.len() <= RECENT);
}

proptest! {
    /// However the changes of exchanges are drained, what is known in the end is the same.
    #[test]
    fn in_between_states_change_nothing_in_the_end(
        calls in proptest::collection::vec((1_u16..5, 0_u64..100, 1_u64..50, 0_usize..3, any::<bool>()), 1..30)
    ) {
        let (mut seen, mut missed) = (Watched::default(), Watched::default());
        let lines: Vec<String> = calls.iter().map(|c| format!("PUT /b/k?partNumber={}&uploadId=u HTTP/1.1", c.0)).collect();
        let calls: Vec<(Exchange, Exchange)> = calls.iter().zip(&lines).enumerate().map(|(at, (c, line))| {
            let answer = [ok("ETag: \"e\"\r\n", ""), failed(503, "SlowDown"), String::new()][c.3].clone();
            let call = Call { answer, whole: c.3 < 2, ..part(at as u64, line, "Content-Length: 7\r\n", (c.1, c.1 + c.2)) };
            (call.begun(), call.ended())
        }).collect();
        for (begun, ended) in &calls {
            seen.take(begun);
            seen.take(begun);
            seen.take(ended);
            missed.take(ended);
        }
        prop_assert_eq!(only(&seen), only(&missed));
        let naive = calls.iter().map(|(_, at)| {
            let at = at.timing.begun;
            calls.iter().filter(|(_, e)| e.timing.begun <= at && at < e.timing.ended.unwrap()).count()
        }).max().unwrap();
        prop_assert_eq!(only(&seen).most_at_once(), naive);
        prop_assert!(seen.live.is_empty());
    }
}
