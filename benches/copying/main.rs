//! What a copy of many parts costs the client: a bare loop over the SDK, the headless command, the terminal program.
//!
//! `cargo bench --bench copying`. Every row is a process of its own against a server in another one, so CPU time and
//! peak memory are the client's alone. Rows take turns; a ratio is one of the same round.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rows;
mod screen;
mod server;

use rows::Keep;
use screen::Typing;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Bytes of a part.
const PART: u64 = 8 << 20;
/// What the server does not check.
const KEY_SECRET: (&str, &str) = ("BENCHACCESSKEY000000", "no-secret-at-all");

/// The rows; the first is what ratios are to.
const ROWS: [(&str, &str); 6] = [
    ("sdk", "SDK and its own HTTP client, a loop, 1 thread"),
    ("sdk2", "the same, 2 worker threads"),
    ("client", "our client, a loop, nothing recorded, 1 thread"),
    ("tapped", "the same, every byte recorded"),
    ("headless", "partscope copy"),
    ("screen", "the terminal program, recording and drawing"),
];

/// What a row is to do.
pub struct Work {
    pub endpoint: String,
    pub parts: u32,
    pub flight: usize,
}

/// What a row took.
#[derive(Debug, Clone, Default)]
struct Took {
    cpu: f64,
    wall: f64,
    peak_kib: f64,
    more: String,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    // What cargo adds behind words of one's own.
    if words.len() > 1 {
        words.retain(|word| *word != "--bench");
    }
    match words.as_slice() {
        ["serve", delay, parts] => {
            let parts: u64 = parts.parse().unwrap();
            server::serve(Duration::from_millis(delay.parse().unwrap()), parts * PART);
        }
        ["row", name, endpoint, parts, flight] => {
            let (parts, flight) = (parts.parse().unwrap(), flight.parse().unwrap());
            row(name, &Work { endpoint: (*endpoint).to_owned(), parts, flight });
        }
        ["--bench"] => {
            table(10_000, 16, 0, 7, &ROWS);
            table(10_000, 64, 0, 7, &ROWS);
            let few = [ROWS[0], ROWS[4], ROWS[5]];
            table(10_000, 64, 50, 3, &few);
            keys();
            capture(15);
        }
        // cargo test runs benches without a word: the smallest of each.
        [] => table(20, 4, 0, 1, &ROWS),
        ["table", parts, flight, delay, rounds, names @ ..] => {
            let wanted: Vec<_> = ROWS.into_iter().filter(|r| names.contains(&r.0)).collect();
            let (parts, flight) = (parts.parse().unwrap(), flight.parse().unwrap());
            table(parts, flight, delay.parse().unwrap(), rounds.parse().unwrap(), &wanted);
        }
        ["keys"] => keys(),
        ["capture", rounds] => capture(rounds.parse().unwrap()),
        other => panic!("unknown words {other:?}"),
    }
}

fn cpu() -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call fills the one structure it is given.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut now) };
    assert_eq!(failed, 0, "this system has no clock of CPU time");
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// The most memory this process has had resident, in KiB; `None` where the system does not tell.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

/// Does one row's work and prints what it took.
fn row(name: &str, work: &Work) {
    let (before, begun) = (cpu(), Instant::now());
    let mut more = String::new();
    match name {
        "sdk" => rows::sdk(work, 1),
        "sdk2" => rows::sdk(work, 2),
        "client" => rows::client(work, Keep::Nothing),
        "tapped" => rows::client(work, Keep::Record),
        "journal" => rows::client(work, Keep::Journal),
        "headless" => rows::headless(work),
        "screen" | "keys" | "wire_keys" => {
            let keys = match name {
                "keys" => Some(Typing::Ledger),
                "wire_keys" => Some(Typing::Timeline),
                _ => None,
            };
            let mut shown = screen::screen(work, keys);
            let seconds = begun.elapsed().as_secs_f64();
            more = format!(
                "{:.0} frames/s, {:.0} KB/s drawn, {} exchanges kept, {} dropped",
                shown.frames as f64 / seconds,
                shown.bytes as f64 / seconds / 1e3,
                shown.exchanges,
                shown.dropped
            );
            if keys.is_some() {
                shown.answered.sort();
                let at = |share: f64| shown.answered[(share * (shown.answered.len() - 1) as f64) as usize];
                more = format!(
                    "{} presses: p50 {:?}, p90 {:?}, p99 {:?}, max {:?}; {more}",
                    shown.answered.len(),
                    at(0.5),
                    at(0.9),
                    at(0.99),
                    at(1.0)
                );
            }
        }
        other => panic!("no row {other}"),
    }
    let (cpu, wall) = (cpu() - before, begun.elapsed());
    println!("measured {} {} {} {more}", cpu.as_secs_f64(), wall.as_secs_f64(), peak().unwrap_or(0));
}

/// A server in a process of its own; it ends with this one.
struct Server(Child, String);

impl Server {
    fn start(delay: u64, parts: u32) -> Self {
        let mut child = itself(&["serve", &delay.to_string(), &parts.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut port).unwrap();
        Self(child, format!("http://127.0.0.1:{}", port.trim()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

fn itself(words: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(words).env("AWS_ACCESS_KEY_ID", KEY_SECRET.0).env("AWS_SECRET_ACCESS_KEY", KEY_SECRET.1);
    command.env("AWS_REGION", "us-east-1").env("AWS_EC2_METADATA_DISABLED", "true");
    // Nobody's own settings are to take part.
    command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    command
}

fn measure(name: &str, server: &Server, parts: u32, flight: usize) -> Took {
    let out = itself(&["row", name, &server.1, &parts.to_string(), &flight.to_string()]).output().unwrap();
    let (text, told) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    let line = text.lines().rev().find_map(|l| l.strip_prefix("measured ")).unwrap_or_else(|| {
        panic!("{name} failed:\n{text}\n{told}");
    });
    let mut words = line.splitn(4, ' ');
    let mut number = || words.next().unwrap().parse::<f64>().unwrap();
    let (cpu, wall, peak_kib) = (number(), number(), number());
    Took { cpu, wall, peak_kib, more: words.next().unwrap_or_default().to_owned() }
}

fn median(of: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = of.collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn table(parts: u32, flight: usize, delay: u64, rounds: usize, rows: &[(&str, &str)]) {
    let server = Server::start(delay, parts);
    let mut all = vec![Vec::new(); rows.len()];
    for _ in 0..rounds {
        for ((name, _), took) in rows.iter().zip(&mut all) {
            took.push(measure(name, &server, parts, flight));
        }
    }
    println!(
        "\n{parts} parts, {flight} under way, answered after {delay} ms; medians of {rounds} rounds that take turns"
    );
    println!(
        "  {:<48}{:>10}{:>8}{:>16}{:>9}{:>9}{:>10}",
        "", "CPU/part", "ratio", "(min to max)", "parts/s", "of C/lat", "peak MiB"
    );
    for ((_, name), took) in rows.iter().zip(&all) {
        let ratios: Vec<f64> = took.iter().zip(&all[0]).map(|(a, b)| a.cpu / b.cpu).collect();
        let ends = ratios.iter().fold((f64::MAX, 0.0_f64), |(low, high), r| (low.min(*r), high.max(*r)));
        let rate = median(took.iter().map(|t| f64::from(parts) / t.wall));
        let allowed = match delay {
            0 => String::new(),
            ms => format!("{:.1} %", rate / (flight as f64 * 1e3 / ms as f64) * 100.0),
        };
        println!(
            "  {name:<48}{:>7.1} us{:>8.2}{:>16}{rate:>9.0}{allowed:>9}{:>10.1}",
            median(took.iter().map(|t| t.cpu * 1e6 / f64::from(parts))),
            median(ratios.iter().copied()),
            format!("({:.2} to {:.2})", ends.0, ends.1),
            took.iter().map(|t| t.peak_kib / 1024.0).fold(0.0, f64::max),
        );
        if let Some(last) = took.last().filter(|t| !t.more.is_empty()) {
            println!("    {}", last.more);
        }
    }
}

/// How much slower the client is because every byte is recorded, and taken over into the journal.
fn capture(rounds: usize) {
    const PARTS: u32 = 10_000;
    println!(
        "\nparts a second of our client, {PARTS} UploadPartCopy, what recording takes away; {rounds} rounds"
    );
    for flight in [16, 64] {
        let server = Server::start(0, PARTS);
        let (mut plain, mut recorded) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            // Who goes first changes, so that what the first one warms up serves both.
            let order = if round % 2 == 0 { ["client", "journal"] } else { ["journal", "client"] };
            for name in order {
                let took = measure(name, &server, PARTS, flight);
                if name == "client" { plain.push(took) } else { recorded.push(took) }
            }
        }
        let mut wall: Vec<f64> = plain.iter().zip(&recorded).map(|(p, r)| r.wall / p.wall).collect();
        let cpu = median(plain.iter().zip(&recorded).map(|(p, r)| r.cpu / p.cpu));
        wall.sort_by(f64::total_cmp);
        println!(
            "  {flight} under way: {:.0} and {:.0} parts/s; time {:.3} times ({:.3} to {:.3}), CPU {cpu:.3} times",
            median(plain.iter().map(|t| f64::from(PARTS) / t.wall)),
            median(recorded.iter().map(|t| f64::from(PARTS) / t.wall)),
            wall[wall.len() / 2],
            wall[0],
            wall[wall.len() - 1],
        );
    }
}

/// How soon a press is on the screen while a copy runs as fast as it can, and while it waits for a server.
fn keys() {
    println!("\nfrom a press to the frame that shows it, 120x36, while 10 000 parts are copied");
    for (flight, delay) in [(64, 0), (256, 0), (64, 50)] {
        let server = Server::start(delay, 10_000);
        for (name, place) in [("keys", "ledger"), ("wire_keys", "timeline of 100 000 exchanges")] {
            let took = measure(name, &server, 10_000, flight);
            println!("  {place}, {flight} under way, answered after {delay} ms: {}", took.more);
        }
    }
}
