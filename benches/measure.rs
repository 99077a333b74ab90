//! Figures that come as ratios of one run: what the tap costs, what a listed key costs, what a frame costs.
//!
//! `cargo bench` prints them. Variants are interleaved and medians compared, because machines drift.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use partscope::app::command::Pane;
use partscope::app::model::{Model, Target};
use partscope::app::msg::Msg;
use partscope::app::panes::listing::Listing;
use partscope::app::panes::wire::{Limits, Wire};
use partscope::app::press::{Key, Press};
use partscope::app::update;
use partscope::domain::deed::{Deed, DeedId, Who};
use partscope::domain::etag::ETag;
use partscope::domain::exchange::{Captured, End, Exchange, ExchangeId, Sender, Timing};
use partscope::domain::operation::{OperationId, OperationKind};
use partscope::domain::output::{ListedObject, ObjectPage};
use partscope::tui::theme::{Choice, Theme};
use partscope::tui::view::{Look, render};
use partscope::wire::hub::Hub;
use partscope::wire::recorder::Opening;
use partscope::wire::tap::{Line, Tap};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ROUNDS: usize = 9;
const TRANSFER: usize = 256 << 20;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // First, while nothing else was ever allocated: what it holds is read from the system.
    journal();
    runtime.block_on(tap());
    listing();
    frame();
    looking();
    timeline();
}

fn median(mut of: Vec<Duration>) -> Duration {
    of.sort();
    of[of.len() / 2]
}

/// CPU time of this process so far, both directions of the transfer included.
fn cpu() -> Duration {
    // SAFETY: getrusage fills the one structure it is given.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
        usage
    };
    let of = |t: libc::timeval| Duration::new(t.tv_sec as u64, t.tv_usec as u32 * 1000);
    of(usage.ru_utime) + of(usage.ru_stime)
}

/// Bytes of this process that are in memory.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<usize>().unwrap() * 1024
}

fn exchange(id: u64, bytes: usize) -> Exchange {
    let (mut request, mut response) = (Captured::default(), Captured::default());
    request.push(format!("PUT /b/key?partNumber={id}&uploadId=U HTTP/1.1\r\n\r\n").as_bytes());
    request.push(&vec![b'x'; bytes]);
    response.push(b"HTTP/1.1 200 OK\r\n\r\n<CopyPartResult/>");
    let timing = Timing {
        begun: id * 90,
        request_sent: Some(id * 90 + 20),
        ended: Some(id * 90 + 80),
        ..Timing::default()
    };
    Exchange {
        id: ExchangeId(id),
        operation: OperationId(id),
        kind: OperationKind::UploadPartCopy.into(),
        sender: Sender::Here,
        attempt: 1,
        connection: 1,
        reused: true,
        peer: "127.0.0.1:9000".into(),
        tls: None,
        request,
        response,
        held: false,
        timing,
        end: Some(End::Complete),
    }
}

fn deed(id: u64) -> Arc<Deed> {
    Arc::new(Deed { id: DeedId(id), who: Who::You, label: format!("inspect s3://bucket/key-{id:08}") })
}

/// A journal of so many rows in deeds of so many exchanges.
fn filled(limits: Limits, rows: u64, of_deed: u64) -> Wire {
    let mut wire = Wire::with_limits(limits);
    let mut current = deed(0);
    for id in 1..=rows {
        if id % of_deed == 0 {
            current = deed(id);
        }
        wire.take_as(vec![exchange(id, 700)], |_| Some(Arc::clone(&current)));
    }
    wire
}

/// What a row costs in memory, and what one more exchange costs in time, whether there are few or many.
fn journal() {
    let limits = Limits { bytes: 1 << 20, ..Limits::USUAL };
    for of_deed in [1, 4, 10_000] {
        // SAFETY: gives unused memory back to the system, so that the next figure does not begin in it.
        #[cfg(target_env = "gnu")]
        unsafe {
            libc::malloc_trim(0);
        }
        let before = resident();
        let mut wire = filled(limits, limits.rows as u64, of_deed);
        let held = resident().saturating_sub(before).saturating_sub(wire.kept());
        let many = taking(&mut wire, of_deed);
        let few = taking(&mut filled(Limits { rows: 1_000, ..limits }, 1_000, of_deed), of_deed);
        println!(
            "journal    {} rows in {} deeds: {} bytes a row; one more exchange {many:?}, of 1 000 rows {few:?}",
            wire.len(),
            wire.groups(),
            held / wire.len()
        );
    }
}

/// One more exchange on a full journal: its beginning, its end, and the oldest that goes.
fn taking(wire: &mut Wire, of_deed: u64) -> Duration {
    let first = wire.newest_rows().next().unwrap().id.0 + 1;
    let times = (0..5).map(|round| {
        let batch: Vec<_> = (0..20_000).map(|i| exchange(first + round * 20_000 + i, 700)).collect();
        let mut current = deed(first + round * 20_000);
        let begun = Instant::now();
        for e in batch {
            if e.id.0 % of_deed == 0 {
                current = deed(e.id.0);
            }
            let mut open = e.clone();
            (open.end, open.timing.ended) = (None, None);
            wire.take_as(vec![open], |_| Some(Arc::clone(&current)));
            wire.take_as(vec![e], |_| Some(Arc::clone(&current)));
        }
        begun.elapsed() / 20_000
    });
    median(times.collect())
}

/// A frame of the Wire screen over a full journal, wherever the selection is.
fn timeline() {
    let mut model = Model::new(Target::sandbox(), 0);
    model.set_focus(Pane::Timeline);
    let look = Look { theme: Theme::new(Choice::Terminal), ascii: false };
    for rows in [1_000, Limits::USUAL.rows as u64] {
        model.wire = filled(Limits::USUAL, rows, 50);
        for (cols, lines) in [(80, 24), (120, 36), (200, 50)] {
            model.size = (cols, lines);
            let area = Rect::new(0, 0, cols, lines);
            let mut buffer = Buffer::empty(area);
            let times = (0..200_usize).map(|i| {
                model.wire.select_line(i * 499 % model.wire.lines());
                let begun = Instant::now();
                buffer.reset();
                render(&model, look, area, &mut buffer);
                begun.elapsed()
            });
            println!("timeline   {cols}x{lines} over {rows} exchanges: {:?}", median(times.collect()));
        }
    }
}

async fn tap() {
    let (mut plain, mut tapped) = (Vec::new(), Vec::new());
    let hub = Hub::new();
    for _ in 0..ROUNDS {
        plain.push(transfer(|s| s).await);
        let line = Line::default();
        let recorder = hub.begin(Opening {
            operation: OperationId(1),
            kind: OperationKind::HeadObject.into(),
            sender: Sender::Here,
            attempt: 1,
            hold: false,
            sent: Arc::default(),
        });
        line.attach(&recorder);
        tapped.push(transfer(|s| Tap::new(s, line)).await);
        recorder.finish(End::Complete);
        hub.drain();
    }
    let (plain, tapped) = (median(plain), median(tapped));
    println!(
        "tap        {} MiB over loopback, CPU of both ends: plain {plain:?}, tapped {tapped:?}, ratio {:.3}",
        TRANSFER >> 20,
        tapped.as_secs_f64() / plain.as_secs_f64()
    );
}

/// CPU to send and read the transfer once.
async fn transfer<S: AsyncRead + Unpin>(wrap: impl FnOnce(TcpStream) -> S) -> Duration {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let begun = cpu();
    let sender = tokio::spawn(async move {
        let (mut to, _) = listener.accept().await.unwrap();
        let block = vec![7_u8; 256 << 10];
        for _ in 0..TRANSFER / block.len() {
            to.write_all(&block).await.unwrap();
        }
    });
    let mut from = wrap(TcpStream::connect(address).await.unwrap());
    let (mut buffer, mut read) = (vec![0_u8; 64 << 10], 0);
    while read < TRANSFER {
        read += from.read(&mut buffer).await.unwrap();
    }
    sender.await.unwrap();
    cpu() - begun
}

fn page(from: usize) -> ObjectPage {
    let objects = (from..from + 1000)
        .map(|i| ListedObject {
            key: format!("logs/2026/11/22/host-{:04}/{i:08}.gz", i / 1000),
            size: i as u64,
            etag: ETag::of_bytes(&i.to_le_bytes()),
            last_modified: 1_795_356_000,
            storage_class: None,
        })
        .collect();
    ObjectPage { objects, common_prefixes: Vec::new(), next: None }
}

fn million() -> Listing {
    let mut all = Listing::default();
    for from in (0..1_000_000).step_by(1000) {
        all.push_page(&page(from));
    }
    all
}

fn listing() {
    let mut all = million();
    let text = all.get(0).unwrap().name().len();
    println!("listing    1 000 000 keys of {text} bytes: {} bytes kept a key", all.bytes() / all.loaded());
    let mut typed = String::new();
    for c in "0042.gz".chars() {
        typed.push(c);
        let begun = Instant::now();
        all.set_filter(&typed);
        println!("filter     {typed:<8} {:>8} matches in {:?}", all.len(), begun.elapsed());
    }
}

fn frame() {
    let mut model = Model::new(Target::sandbox(), 0);
    model.set_focus(Pane::Objects);
    model.browse.enter_prefix("b", "");
    model.browse.objects = million();
    model.browse.objects_load = partscope::app::panes::browse::Load::Ready;
    let look = Look { theme: Theme::new(Choice::Terminal), ascii: false };
    for (cols, rows) in [(80, 24), (200, 50)] {
        model.size = (cols, rows);
        let area = Rect::new(0, 0, cols, rows);
        let mut buffer = Buffer::empty(area);
        let times = (0..200)
            .map(|i| {
                model.browse.object_at = i * 4999;
                let begun = Instant::now();
                buffer.reset();
                render(&model, look, area, &mut buffer);
                begun.elapsed()
            })
            .collect();
        println!("frame      {cols}x{rows} over a million keys: {:?}", median(times));
    }
}

/// Exchanges of a copy in 100 000 parts, with heads as long as real ones.
fn traffic() -> Vec<Exchange> {
    let captured = |text: String| {
        let mut captured = Captured::default();
        captured.push(text.as_bytes());
        captured
    };
    let one = |id: u64| Exchange {
        id: ExchangeId(id),
        operation: OperationId(id),
        kind: OperationKind::UploadPartCopy.into(),
        sender: Sender::Here,
        attempt: 1,
        connection: id % 32,
        reused: true,
        peer: "127.0.0.1:9000".into(),
        tls: None,
        request: captured(format!(
            "PUT /bucket/some/key/of%20an/object.bin?partNumber={}&uploadId=2~KxAAAAAAAAAAAAAAAAAAAAAA9Q HTTP/1.1\r\n{}\r\n",
            id % 10_000,
            "x-amz-some-header: a value of some length\r\n".repeat(9)
        )),
        response: captured(
            "HTTP/1.1 200 OK\r\nserver: AmazonS3\r\n\r\n<CopyPartResult><ETag>x</ETag></CopyPartResult>"
                .into(),
        ),
        held: false,
        timing: Timing { ended: Some(id), ..Timing::default() },
        end: Some(End::Complete),
    };
    (1..=100_000).map(one).collect()
}

/// Filtering and finding over 100 000 exchanges: the longest that one message takes, and all of them.
fn looking() {
    for (what, keys) in [("filter", "f part:77 upload:kx -error"), ("find", "/ partnumber=777")] {
        let mut model = Model::new(Target::sandbox(), 0);
        update::update(&mut model, Msg::Wire(traffic().into_iter().map(Arc::new).collect(), 0));
        model.set_focus(Pane::Timeline);
        let (mut longest, mut all) = (Duration::ZERO, Duration::ZERO);
        let mut take = |model: &mut Model, msg: Msg| {
            let begun = Instant::now();
            update::update(model, msg);
            longest = longest.max(begun.elapsed());
            all += begun.elapsed();
        };
        for (at, c) in keys.chars().enumerate().filter(|(at, _)| *at != 1) {
            take(&mut model, Msg::Press(Press::plain(Key::Char(c))));
            while at + 1 == keys.len() && !model.wire.looking().is_settled() {
                take(&mut model, Msg::Tick(1));
            }
        }
        let found = model.wire.looking().standing().of;
        let shown = model.wire.looking().accepted().map_or(0, |a| a.len() as u64);
        println!(
            "looking    {what} 100 000 exchanges: {} hits, longest message {longest:?}, all {all:?}",
            found.max(shown)
        );
    }
}
