//! Rounds that take turns, because machines drift: every round measures each case once, and a ratio is one of the same
//! round. Criterion measures one case after another and cannot do that; it watches how a case changes between builds.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput};
use std::time::{Duration, Instant};

/// Something to measure.
pub struct Case<'a> {
    name: String,
    /// Bytes it covers, for the rate; none prints the time alone.
    bytes: Option<u64>,
    /// How often in a row, so that a clock can tell.
    times: u32,
    work: Box<dyn FnMut() + 'a>,
}

impl<'a> Case<'a> {
    /// Work that is done `times` in a row to be measured once, over so many bytes each time.
    pub fn new(name: impl Into<String>, times: u32, bytes: Option<u64>, work: impl FnMut() + 'a) -> Self {
        Self { name: name.into(), bytes, times, work: Box::new(work) }
    }

    /// CPU and wall time of doing it once, in seconds.
    fn measure(&mut self) -> (f64, f64) {
        let (cpu, wall) = (cpu(), Instant::now());
        (0..self.times).for_each(|_| (self.work)());
        let wall = wall.elapsed().as_secs_f64();
        let cpu = (self::cpu() - cpu).as_secs_f64();
        (cpu / f64::from(self.times), wall / f64::from(self.times))
    }
}

/// User and system time of this process so far, all threads together.
fn cpu() -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call fills the one structure it is given.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut now) };
    assert_eq!(failed, 0, "this system has no clock of CPU time");
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// Prints a table of medians, with ratios to the first case, and then has criterion measure each case.
pub fn measure(criterion: &mut Criterion, title: &str, rounds: usize, mut cases: Vec<Case<'_>>) {
    // With a filter or an option it is criterion's figures that are wanted, and without `--bench` it is a test run.
    if std::env::args().skip(1).eq(["--bench"]) {
        table(title, rounds, &mut cases);
    }
    let mut group = criterion.benchmark_group(title);
    cases.into_iter().for_each(|case| watch(&mut group, case));
    group.finish();
}

fn table(title: &str, rounds: usize, cases: &mut [Case<'_>]) {
    // Not kept: the first time meets cold caches.
    for case in cases.iter_mut() {
        case.measure();
    }
    let mut all: Vec<Vec<(f64, f64)>> = vec![Vec::new(); cases.len()];
    for _ in 0..rounds {
        for (case, times) in cases.iter_mut().zip(&mut all) {
            times.push(case.measure());
        }
    }
    println!(
        "\n{title}: medians of {rounds} rounds that take turns; a ratio is the first row's CPU time by this one's"
    );
    println!("  {:<34}{:>12}{:>12}{:>10}{:>8}{:>18}", "", "CPU", "wall", "GB/CPU-s", "ratio", "(min to max)");
    let first = all.first().cloned().unwrap_or_default();
    for (case, times) in cases.iter().zip(&all) {
        let cpu = median(times.iter().map(|t| t.0));
        let wall = median(times.iter().map(|t| t.1));
        let rate = case.bytes.map_or_else(String::new, |b| format!("{:.2}", b as f64 / cpu / 1e9));
        let ratios: Vec<f64> = first.iter().zip(times).map(|(a, b)| a.0 / b.0).collect();
        let ends = ratios.iter().fold((f64::MAX, 0.0_f64), |(low, high), r| (low.min(*r), high.max(*r)));
        println!(
            "  {:<34}{:>12}{:>12}{rate:>10}{:>8.2}{:>18}",
            case.name,
            seconds(cpu),
            seconds(wall),
            median(ratios.iter().copied()),
            format!("({:.2} to {:.2})", ends.0, ends.1)
        );
    }
}

fn watch(group: &mut BenchmarkGroup<'_, WallTime>, mut case: Case<'_>) {
    if let Some(bytes) = case.bytes {
        group.throughput(Throughput::BytesDecimal(bytes)).sampling_mode(SamplingMode::Flat);
    }
    group.bench_function(&case.name, |b| b.iter(&mut case.work));
}

fn median(of: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = of.collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A time in the unit that suits it.
fn seconds(time: f64) -> String {
    match time {
        t if t < 1e-6 => format!("{:.1} ns", t * 1e9),
        t if t < 1e-3 => format!("{:.2} us", t * 1e6),
        t if t < 1.0 => format!("{:.2} ms", t * 1e3),
        t => format!("{t:.3} s"),
    }
}

/// Criterion for cases that take long: few samples, and no time to warm up.
pub fn few_samples() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(500))
        .configure_from_args()
}
