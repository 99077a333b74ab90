//! Plays the program without terminal and network: presses in, effects out, and a stand-in that answers calls
//! the way S3 would for one small bucket.

#![allow(dead_code)]

pub mod signed;

use partscope::app::command::Screen;
use partscope::app::model::{Model, Target};
use partscope::app::msg::{Connected, Effect, InLine, Msg};
use partscope::app::press::{Key, Press};
use partscope::app::update;
use partscope::domain::checksum::Checksums;
use partscope::domain::etag::ETag;
use partscope::domain::exchange::{CallKind, Captured, End, Exchange, ExchangeId, Sender, Stranger, Timing};
use partscope::domain::fault::FaultStatus;
use partscope::domain::names::Tag;
use partscope::domain::operation::{
    ListObjectVersions, ObjectProperties, Operation, OperationId, OperationKind, UploadRef,
};
use partscope::domain::outcome::{Outcome, ServiceError};
use partscope::domain::output::*;
use partscope::domain::preview::preview;
use partscope::domain::units::PartNumber;
use partscope::tui::theme::{Choice, Theme};
use partscope::tui::view::{Look, render};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;

const MIB: u64 = 1 << 20;
/// 2026-11-22 14:00 UTC.
pub const EPOCH: i64 = 1_795_356_000;

/// A call the program made and nobody answered yet.
#[derive(Debug, Clone)]
pub struct Call {
    pub id: OperationId,
    pub operation: Operation,
    pub hold: bool,
    pub exchange: ExchangeId,
}

pub struct Play {
    pub model: Model,
    pub calls: Vec<Call>,
    /// Calls of runs that wait until others of the same run have ended.
    pub in_line: Vec<(InLine, Call)>,
    lines: Vec<(u64, OperationId)>,
    /// Effects other than calls, in order.
    pub others: Vec<Effect>,
    exchanges: u64,
    now: u64,
}

impl Play {
    /// Connected to the sandbox, first listings answered.
    pub fn new(cols: u16, rows: u16) -> Self {
        Self::on(Target::sandbox(), cols, rows)
    }

    pub fn on(target: Target, cols: u16, rows: u16) -> Self {
        let mut model = Model::new(target, EPOCH);
        let first = update::start(&mut model);
        assert_eq!(first, [Effect::Connect]);
        let mut play = Self {
            model,
            calls: Vec::new(),
            in_line: Vec::new(),
            lines: Vec::new(),
            others: Vec::new(),
            exchanges: 0,
            now: 0,
        };
        play.msg(Msg::Resize(cols, rows));
        let (region, endpoint) = ("us-east-1".into(), "http://127.0.0.1:9000".into());
        let keys = (!play.model.target.real)
            .then(|| ("SANDBOXACCESSKEY0000".into(), "sandbox-secret-key-not-for-aws".into()));
        play.msg(Msg::Connected(Ok(Connected { region, endpoint, keys })));
        play.settle();
        play
    }

    pub fn msg(&mut self, msg: Msg) {
        let effects = update::update(&mut self.model, msg);
        self.take(effects);
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Perform { id, operation, hold, line } => {
                    let call = Call { id, operation: *operation, hold, exchange: ExchangeId(0) };
                    match line {
                        Some(line) => self.in_line.push((line, call)),
                        None => self.begin(call),
                    }
                    self.move_up();
                }
                Effect::SendBack(of) => {
                    let back = self.taken_out(of);
                    self.send_back(back);
                }
                other => self.others.push(other),
            }
        }
    }

    fn begin(&mut self, call: Call) {
        self.exchanges += 1;
        let call = Call { exchange: ExchangeId(self.exchanges), ..call };
        self.msg(Msg::Wire(vec![exchange(&call, None, self.now).into()], 0));
        self.calls.push(call);
    }

    /// Begins what has its turn now.
    fn move_up(&mut self) {
        let under_way = |of: u64| self.lines.iter().filter(|(line, _)| *line == of).count();
        let next = self.in_line.iter().position(|(line, _)| under_way(line.of) < usize::from(line.at_once));
        if let Some(at) = next {
            let (line, call) = self.in_line.remove(at);
            self.lines.push((line.of, call.id));
            self.begin(call);
            self.move_up();
        }
    }

    /// Takes out what waits in a line.
    fn taken_out(&mut self, of: u64) -> Vec<Call> {
        let taken = self.in_line.extract_if(.., |(line, _)| line.of == of);
        taken.map(|(_, call)| call).collect()
    }

    fn send_back(&mut self, calls: Vec<Call>) {
        for call in calls {
            let outcome = Box::new(Outcome::Cancelled { sent: false });
            self.msg(Msg::Finished { id: call.id, outcome });
        }
    }

    /// The sandbox has these rules, and the first of them has met so many requests.
    pub fn faults(&mut self, rules: &[&str], met: usize) -> &mut Self {
        let parsed = rules.iter().zip(1..).map(|(r, id)| FaultStatus::new(id, r.parse().unwrap()));
        let mut list: Vec<FaultStatus> = parsed.collect();
        for _ in 0..met {
            list[0].meets();
        }
        self.msg(Msg::Faults(list));
        self
    }

    /// Presses keys written in the table's notation, separated by blanks.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            let press = Press::parse(key).unwrap_or_else(|| panic!("no such key {key}"));
            self.msg(Msg::Press(press));
        }
        self
    }

    pub fn text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.msg(Msg::Press(Press::plain(Key::Char(c))));
        }
        self
    }

    /// Answers every call that is not held, and the calls those answers cause, as the stand-in does.
    pub fn settle(&mut self) -> &mut Self {
        while let Some(at) = self.calls.iter().position(|c| !c.hold) {
            let call = self.calls.remove(at);
            let outcome = Outcome::Answered(answer(&call.operation));
            self.finish(&call, outcome);
        }
        self
    }

    /// Lets the held request go, as Enter must have asked, and answers it.
    pub fn released(&mut self, outcome: Option<Outcome>) -> &mut Self {
        let at = self.calls.iter().position(|c| c.hold).expect("nothing is held");
        let call = self.calls.remove(at);
        let wanted = Effect::Release(call.exchange);
        let asked = self.others.iter().position(|e| *e == wanted).expect("nobody released it");
        self.others.remove(asked);
        let outcome = outcome.unwrap_or_else(|| Outcome::Answered(answer(&call.operation)));
        self.finish(&call, outcome);
        self
    }

    pub fn finish(&mut self, call: &Call, outcome: Outcome) {
        self.now += 1_500;
        let line = self.lines.iter().position(|(_, id)| *id == call.id).map(|at| self.lines.remove(at).0);
        self.msg(Msg::Wire(vec![exchange(call, Some(&outcome), self.now).into()], 0));
        let badly = line.filter(|_| !matches!(outcome, Outcome::Answered(_)));
        let back = badly.map(|of| self.taken_out(of)).unwrap_or_default();
        self.move_up();
        self.msg(Msg::Finished { id: call.id, outcome: Box::new(outcome) });
        self.send_back(back);
    }

    pub fn kinds(&self) -> Vec<OperationKind> {
        self.calls.iter().map(|c| c.operation.kind()).collect()
    }

    /// The text of the screen, a line a row.
    pub fn screen(&self) -> String {
        let area = Rect::new(0, 0, self.model.size.0, self.model.size.1);
        let mut buf = Buffer::empty(area);
        render(&self.model, Look { theme: Theme::new(Choice::Terminal), ascii: false }, area, &mut buf);
        buf.content()
            .chunks(usize::from(area.width))
            .flat_map(|r| r.iter().map(|c| c.symbol()).chain(["\n"]))
            .collect()
    }

    pub fn note(&self) -> &str {
        self.model.note.as_ref().map_or("", |n| n.text.as_str())
    }

    /// Another client copies `s3://lessons/source` in three parts, one of them twice; the last is under way.
    pub fn another_client(&mut self) -> &mut Self {
        let ok = |headers: &str, body: &str| format!("HTTP/1.1 200 OK\r\n{headers}\r\n{body}");
        let part = |n: u32, range: &str| {
            let line = format!("PUT /scratch/copied?partNumber={n}&uploadId=u-1");
            (line, format!("x-amz-copy-source: lessons/source\r\nx-amz-copy-source-range: bytes={range}\r\n"))
        };
        let copied = ok(
            "",
            "<CopyPartResult><ETag>&quot;0cc175b9c0f1b6a831c399e269772661&quot;</ETag></CopyPartResult>",
        );
        let slow = "HTTP/1.1 503 Slow Down\r\n\r\n<Error><Code>SlowDown</Code></Error>";
        let created = ok("", "<R><UploadId>u-1</UploadId></R>");
        let (one, two, three) =
            (part(1, "0-8388607"), part(2, "8388608-16777215"), part(3, "16777216-17000000"));
        let copy = |id, (line, headers): &(String, String), answer: &str, times| {
            stranger(id, "UploadPartCopy", (line, headers), answer, times)
        };
        let batch = vec![
            stranger(
                901,
                "HeadObject",
                ("HEAD /lessons/source", ""),
                &ok("Content-Length: 17000001\r\n", ""),
                (10_000, 12_000),
            ),
            stranger(
                902,
                "CreateMultipartUpload",
                ("POST /scratch/copied?uploads", ""),
                &created,
                (20_000, 22_300),
            ),
            copy(903, &one, &copied, (30_000, 51_000)),
            copy(904, &two, slow, (30_500, 31_000)),
            copy(905, &two, &copied, (90_000, 111_500)),
            copy(906, &three, "", (90_100, 0)),
        ];
        self.msg(Msg::Wire(batch.into_iter().map(Arc::new).collect(), 0));
        self
    }

    /// Browse → the multipart object → planned copy on the workbench.
    pub fn planned_copy(&mut self) -> &mut Self {
        self.press("Tab End Enter").settle();
        assert_eq!(self.model.screen, Screen::Inspect);
        self.press("m Enter").settle();
        assert_eq!(self.model.screen, Screen::Step, "{}", self.note());
        self
    }
}

/// An exchange of another client as the sandbox recorded it.
pub fn stranger(
    id: u64,
    kind: &str,
    (line, headers): (&str, &str),
    answer: &str,
    times: (u64, u64),
) -> Exchange {
    let (mut request, mut response) = (Captured::default(), Captured::default());
    let agent = "Boto3/1.40.1 md/Botocore#1.40.1 ua/2.1";
    request.push(
        format!("{line} HTTP/1.1\r\nHost: 127.0.0.1:9000\r\nUser-Agent: {agent}\r\n{headers}\r\n").as_bytes(),
    );
    response.push(answer.as_bytes());
    let said = Stranger { user_agent: agent.into(), ..Stranger::default() };
    let ended = (!answer.is_empty()).then_some(times.1);
    Exchange {
        id: ExchangeId(id),
        operation: said.operation(id),
        kind: CallKind::named(kind).unwrap(),
        sender: Sender::Elsewhere(Arc::new(said)),
        attempt: 1,
        connection: 1,
        reused: false,
        peer: "127.0.0.1:50000".into(),
        tls: None,
        request,
        response,
        held: false,
        timing: Timing { begun: times.0, request_sent: Some(times.0), ended, ..Timing::default() },
        end: ended.map(|_| End::Complete),
    }
}

fn exchange(call: &Call, outcome: Option<&Outcome>, now: u64) -> Exchange {
    let p = preview(&call.operation);
    let mut request = Captured::default();
    let headers: String = p.headers.iter().map(|(n, v)| format!("{n}: {v}\r\n")).collect();
    let signed = "authorization: AWS4-HMAC-SHA256 Credential=SANDBOXACCESSKEY0000/20261122/us-east-1/s3/aws4_request, \
                  SignedHeaders=host;x-amz-date, Signature=cafe0000canary\r\nhost: 127.0.0.1:9000\r\n";
    request.push(format!("{} HTTP/1.1\r\n{headers}{signed}\r\n", p.start()).as_bytes());
    let mut response = Captured::default();
    match outcome {
        Some(Outcome::Answered(_)) => {
            response.push(b"HTTP/1.1 200 OK\r\nServer: AmazonS3\r\n\r\n<Result><Ok>true</Ok></Result>")
        }
        Some(Outcome::Refused(e)) => response.push(
            format!("HTTP/1.1 {} Refused\r\n\r\n<Error><Code>{}</Code></Error>", e.status, e.code).as_bytes(),
        ),
        _ => {}
    }
    let sent = match outcome {
        None => !call.hold,
        Some(Outcome::Cancelled { sent }) => *sent,
        Some(_) => true,
    };
    Exchange {
        id: call.exchange,
        operation: call.id,
        kind: call.operation.kind().into(),
        sender: Sender::Here,
        attempt: 1,
        connection: 1,
        reused: call.exchange.0 > 1,
        peer: "127.0.0.1:9000".into(),
        tls: None,
        request,
        response,
        held: call.hold && outcome.is_none(),
        timing: Timing {
            begun: now.saturating_sub(1_500),
            request_sent: sent.then(|| now.saturating_sub(1_000)),
            ended: outcome.map(|_| now),
            ..Timing::default()
        },
        end: outcome.map(|_| End::Complete),
    }
}

pub fn refused(status: u16, code: &str) -> Outcome {
    let error =
        ServiceError { status, code: code.into(), message: String::new(), request_id: None, detail: vec![] };
    Outcome::Refused(error)
}

fn part_etag(number: i32) -> ETag {
    ETag::of_bytes(&[u8::try_from(number).unwrap_or(0)])
}

/// The ETag of the stand-in's multipart object: three parts.
pub fn source_etag() -> ETag {
    let digests: Vec<[u8; 16]> = (1..=3).filter_map(|n| part_etag(n).digest()).collect();
    ETag::composite(&digests)
}

fn upload(bucket: &str, key: &str) -> UploadRef {
    UploadRef { bucket: bucket.into(), key: key.into(), upload_id: "Kx4mUploadId9Q".into() }
}

fn object(key: &str, size: u64, etag: ETag) -> ListedObject {
    ListedObject {
        key: key.into(),
        size,
        etag,
        last_modified: EPOCH - 86_400,
        storage_class: Some("STANDARD".into()),
    }
}

/// What the stand-in answers.
pub fn answer(operation: &Operation) -> Output {
    match operation {
        Operation::ListBuckets(_) => {
            let bucket = |n: &str| Bucket { name: n.into(), created: None, region: None };
            Output::Buckets(BucketPage { buckets: vec![bucket("lessons"), bucket("scratch")], next: None })
        }
        Operation::ListObjectsV2(_) => Output::Objects(ObjectPage {
            objects: vec![
                object("evil\u{1b}[2Jname.txt", 3, ETag::of_bytes(b"abc")),
                object("notes.txt", 412, ETag::of_bytes(b"notes")),
                object("video.bin", 20_447_232, source_etag()),
            ],
            common_prefixes: vec!["logs/".into()],
            next: None,
        }),
        Operation::ListMultipartUploads(o) => Output::Uploads(UploadPage {
            uploads: vec![ListedUpload {
                upload: upload(&o.bucket, "raw.mov"),
                initiated: EPOCH - 12 * 86_400,
                storage_class: Some("STANDARD".into()),
                checksum_algorithm: None,
            }],
            next: None,
        }),
        Operation::ListObjectVersions(o) => Output::Versions(versions(o)),
        Operation::HeadObject(o) => {
            let mut head = head(o.part_number);
            head.version_id.clone_from(&o.object.version_id);
            if o.object.key == "notes.txt" {
                head = notes(head);
            }
            Output::Head(Box::new(head))
        }
        Operation::GetObjectAttributes(o) if o.object.key == "notes.txt" => {
            Output::Attributes(Box::new(AttributesOutput {
                object_size: Some(412),
                etag: Some(ETag::of_bytes(b"notes")),
                storage_class: Some("STANDARD".into()),
                checksums: Checksums::default(),
                parts_count: None,
                parts: vec![],
                next: None,
            }))
        }
        Operation::GetObject(_) => Output::Got(GotObject { etag: source_etag(), received: 20_447_232 }),
        Operation::GetObjectAttributes(_) => Output::Attributes(Box::new(AttributesOutput {
            object_size: Some(20_447_232),
            etag: Some(source_etag()),
            storage_class: Some("STANDARD".into()),
            checksums: Checksums { values: vec![], checksum_type: Some("FULL_OBJECT".into()) },
            parts_count: Some(3),
            parts: vec![],
            next: None,
        })),
        Operation::GetObjectTagging(_) => {
            Output::Tags(vec![Tag { key: "team".into(), value: "storage".into() }])
        }
        Operation::GetObjectAcl(_) => Output::Acl(AclOutput {
            owner: Some("owner".into()),
            grants: vec![AclGrant {
                grantee: AclGrantee::User("owner".into()),
                permission: "FULL_CONTROL".into(),
            }],
        }),
        Operation::PutObjectTagging(_) => Output::TagsPut,
        Operation::CopyObject(_) => {
            Output::Copied(CopiedObject { etag: ETag::of_bytes(b"copy"), version_id: None })
        }
        Operation::CreateMultipartUpload(o) => Output::Created(CreatedUpload {
            upload: upload(&o.bucket, &o.key),
            checksum_algorithm: None,
            checksum_type: None,
            abort_date: None,
        }),
        Operation::UploadPart(o) => part(o.part_number),
        Operation::UploadPartCopy(o) => part(o.part_number),
        Operation::ListParts(_) => Output::Parts(PartPage {
            parts: (1..=2)
                .map(|n| ListedPart {
                    part_number: PartNumber(n),
                    size: 8 * MIB,
                    etag: part_etag(n),
                    checksums: Checksums::default(),
                })
                .collect(),
            ..PartPage::default()
        }),
        Operation::CompleteMultipartUpload(o) => {
            let digests: Vec<[u8; 16]> = o.parts.iter().filter_map(|p| p.etag.digest()).collect();
            let (location, checksums, version_id) = (None, Checksums::default(), None);
            Output::Completed(CompletedObject {
                etag: ETag::composite(&digests),
                location,
                checksums,
                version_id,
            })
        }
        Operation::AbortMultipartUpload(_) => Output::Aborted,
        Operation::DeleteObjectTagging(_) => Output::TagsDeleted,
        Operation::Amended(operation, _) => answer(operation),
    }
}

/// The one object of the stand-in that is written in one piece.
fn notes(head: HeadObjectOutput) -> HeadObjectOutput {
    HeadObjectOutput {
        content_length: 412,
        content_range: head.content_range.map(|_| "bytes 0-411/412".into()),
        etag: ETag::of_bytes(b"notes"),
        parts_count: None,
        tag_count: None,
        properties: ObjectProperties {
            content_type: Some("text/plain".into()),
            metadata: vec![("owner".into(), "bob".into())],
            ..ObjectProperties::default()
        },
        ..head
    }
}

/// Three versions and a delete marker of the key, in two pages, and another key behind them.
fn versions(o: &ListObjectVersions) -> VersionPage {
    let entry = |key: &str, id: &str, days: i64, content| ListedVersion {
        key: key.into(),
        version_id: id.into(),
        is_latest: days == 1,
        last_modified: EPOCH - days * 86_400,
        content,
    };
    let of = |size: u64, etag: ETag| VersionContent::Object { size, etag, storage_class: None };
    let key = o.prefix.as_str();
    match o.version_id_marker {
        None => VersionPage {
            versions: vec![
                entry(key, "3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY", 1, of(20_447_232, source_etag())),
                entry(key, "WtRmCxTF7QzbYBZ0a1Ckl2bV9sX4nE3h", 2, VersionContent::DeleteMarker),
            ],
            next: Some((key.into(), "WtRmCxTF7QzbYBZ0a1Ckl2bV9sX4nE3h".into())),
        },
        Some(_) => VersionPage {
            versions: vec![
                entry(key, "QUpfdndhfd8438MNFDN93jdnJFkdmqnh", 3, of(8_388_608, part_etag(1))),
                entry(key, "null", 9, of(12, ETag::of_bytes(b"first"))),
                entry(&format!("{key}.bak"), "x", 9, of(1, ETag::of_bytes(b"x"))),
            ],
            next: Some((format!("{key}.bak"), "x".into())),
        },
    }
}

fn part(number: PartNumber) -> Output {
    Output::Part(PartOutput { etag: part_etag(number.0), checksums: Checksums::default(), size: None })
}

fn head(asked: Option<PartNumber>) -> HeadObjectOutput {
    let size = 20_447_232_u64;
    let place = asked.map(|n| {
        let first = u64::try_from(n.0 - 1).unwrap_or(0) * 8 * MIB;
        (first, (first + 8 * MIB).min(size) - 1)
    });
    HeadObjectOutput {
        status: if asked.is_some() { 206 } else { 200 },
        content_length: place.map_or(size, |(a, b)| b - a + 1),
        content_range: place.map(|(a, b)| format!("bytes {a}-{b}/{size}")),
        etag: source_etag(),
        parts_count: asked.map(|_| 3),
        last_modified: Some(EPOCH - 86_400),
        properties: ObjectProperties {
            content_type: Some("video/mp4".into()),
            metadata: vec![("owner".into(), "ada".into())],
            ..ObjectProperties::default()
        },
        checksums: Checksums::default(),
        version_id: None,
        tag_count: Some(1),
        headers: vec![
            ("x-amz-request-id".into(), "REQUESTID0000001".into()),
            ("Content-Type".into(), "video/mp4".into()),
            ("x-amz-meta-owner".into(), "ada".into()),
        ],
    }
}
