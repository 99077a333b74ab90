//! What a copy of many parts costs the client: a bare loop over the SDK, the headless command, the terminal program.
//!
//! `cargo bench --bench copying`. Every row is a process of its own against a server in another one, so CPU time and
//! peak memory are the client's alone. Rows take turns; a ratio is one of the same round.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod memory;
mod rows;
mod screen;
mod server;
mod turns;

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
const ROWS: [(&str, &str); 8] = [
    (BARE, "SDK and its own HTTP client, a loop, 1 thread"),
    ("sdk_ours", "the same, the program's allocator, as below"),
    ("sdk2", "the same, 2 worker threads"),
    ("client", "our client, a loop, nothing kept"),
    ("tapped", "the same, every byte recorded"),
    ("journal", "the same, taken over as the Wire screen does"),
    ("headless", "partscope copy"),
    ("screen", "the terminal program, recording and drawing"),
];

/// The row on the system's allocator, which is what a program has that does not choose one.
const BARE: &str = "sdk";

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
            table(10_000, 64, 50, 3, &named(&[BARE, "headless", "screen"]));
            keys();
            // It stays on one core from here on.
            capture(15);
        }
        // cargo test runs benches without a word: the smallest of each.
        [] => table(20, 4, 0, 1, &ROWS),
        ["table", parts, flight, delay, rounds, names @ ..] => {
            let (parts, flight) = (parts.parse().unwrap(), flight.parse().unwrap());
            table(parts, flight, delay.parse().unwrap(), rounds.parse().unwrap(), &named(names));
        }
        ["keys"] => keys(),
        ["capture", rounds] => capture(rounds.parse().unwrap()),
        other => panic!("unknown words {other:?}"),
    }
}

/// Some of the rows.
fn named(names: &[&str]) -> Vec<(&'static str, &'static str)> {
    ROWS.into_iter().filter(|row| names.contains(&row.0)).collect()
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
        BARE | "sdk_ours" => rows::sdk(work, 1),
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
            more = format!(
                "{} frames, {:.0} KB drawn, {} exchanges kept, {} dropped",
                shown.frames,
                shown.bytes as f64 / 1e3,
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

fn command(name: &str, server: &Server, parts: u32, flight: usize) -> Command {
    let mut command = itself(&["row", name, &server.1, &parts.to_string(), &flight.to_string()]);
    if name == BARE {
        command.env(memory::SYSTEM.to_str().unwrap(), "1");
    }
    command
}

fn measure(name: &str, server: &Server, parts: u32, flight: usize) -> Took {
    let out = command(name, server, parts, flight).stderr(Stdio::inherit()).output().unwrap();
    read(name, &String::from_utf8_lossy(&out.stdout))
}

/// The rows in turns of some milliseconds. The server answers at once, so none of them misses anything while it is
/// stopped; their time is what they were let run.
fn measure_in_turns(names: &[&str], server: &Server, parts: u32, flight: usize) -> Vec<Took> {
    let ran = turns::run(names.iter().map(|name| command(name, server, parts, flight)).collect());
    let took =
        |(name, ran): (&&str, turns::Ran)| Took { wall: ran.wall.as_secs_f64(), ..read(name, &ran.out) };
    names.iter().zip(ran).map(took).collect()
}

fn read(name: &str, out: &str) -> Took {
    let line = out.lines().rev().find_map(|l| l.strip_prefix("measured "));
    let line = line.unwrap_or_else(|| panic!("{name} failed:\n{out}"));
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
    let names: Vec<&str> = rows.iter().map(|row| row.0).collect();
    for _ in 0..rounds {
        let round = match delay {
            0 => measure_in_turns(&names, &server, parts, flight),
            _ => names.iter().map(|name| measure(name, &server, parts, flight)).collect(),
        };
        for (all, took) in all.iter_mut().zip(round) {
            all.push(took);
        }
    }
    println!(
        "\n{parts} parts, {flight} under way, answered after {delay} ms; medians of {rounds} rounds that take turns"
    );
    println!(
        "  {:<48}{:>10}{:>8}{:>16}{:>9}{:>8}{:>9}{:>10}",
        "", "CPU/part", "ratio", "(min to max)", "parts/s", "time", "of C/lat", "peak MiB"
    );
    for ((_, name), took) in rows.iter().zip(&all) {
        let ratios: Vec<f64> = took.iter().zip(&all[0]).map(|(a, b)| a.cpu / b.cpu).collect();
        let ends = ratios.iter().fold((f64::MAX, 0.0_f64), |(low, high), r| (low.min(*r), high.max(*r)));
        let time = median(took.iter().zip(&all[0]).map(|(a, b)| a.wall / b.wall));
        let rate = median(took.iter().map(|t| f64::from(parts) / t.wall));
        let allowed = match delay {
            0 => String::new(),
            ms => format!("{:.1} %", rate / (flight as f64 * 1e3 / ms as f64) * 100.0),
        };
        println!(
            "  {name:<48}{:>7.1} us{:>8.3}{:>16}{rate:>9.0}{time:>8.3}{allowed:>9}{:>10.1}",
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

/// What recording takes away from our client's parts a second, taking over into the journal included. On one core, so
/// that what another thread does for it counts, and rounds differ by a percent or two and not by twenty.
fn capture(rounds: usize) {
    stay_on_one_core();
    for flight in [16, 64] {
        table(10_000, flight, 0, rounds, &named(&["client", "tapped", "journal"]));
    }
}

/// This process and those that it starts from now on.
#[cfg(target_os = "linux")]
fn stay_on_one_core() {
    // SAFETY: the set is one of this function's own, written and read as such.
    let failed = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(libc::sched_getcpu() as usize, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set)
    };
    assert_eq!(failed, 0, "{}", std::io::Error::last_os_error());
}

#[cfg(not(target_os = "linux"))]
fn stay_on_one_core() {
    println!("\nthis system keeps no process on one core: what follows differs more from round to round");
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
