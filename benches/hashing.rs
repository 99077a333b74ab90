//! What hashing costs: the kernels, a mapped file on one core and on two, many part sizes at once, a stream.
//!
//! `cargo bench --bench hashing`. `HASHING_FILE_MIB` is the size of the file that is made for it (512), in `TMPDIR`.
//! First come tables of ratios, by rounds that take turns, then criterion's figures of the same cases.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod interleaved;

use criterion::Criterion;
use interleaved::{Case, few_samples, measure};
use md5::{Digest, Md5};
use partscope::domain::layout::PartLayout;
use partscope::domain::units::MIB;
use partscope::hash::file::{MappedFile, Opened, open};
use partscope::hash::kernel::Kernel;
use partscope::hash::lanes::{Run, digests};
use partscope::hash::md5::State;
use partscope::hash::plan::Plan;
use partscope::hash::stream::{Cut, Stream};
use std::hint::black_box;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64};

/// Lanes that every kernel is given.
const LANES: usize = 32;
/// Bytes of a lane: all lanes together fit a second-level cache of 2 MiB.
const CACHED: usize = 32 << 10;
/// Bytes of a lane: all lanes together, 384 MiB, fit no cache.
const MEMORY: usize = 12 << 20;
/// How much of the memory is streamed, and in what pieces.
const STREAMED: usize = 96 << 20;
const PIECE: usize = 256 << 10;
/// Sixteen part sizes, MiB.
const SIXTEEN: [u64; 16] = [5, 6, 7, 8, 9, 10, 12, 15, 16, 20, 25, 32, 50, 64, 80, 100];

fn main() {
    let mut criterion = few_samples();
    println!("the best kernel here is {}", Kernel::best());
    let data = noise(LANES * MEMORY);
    kernels(
        &mut criterion,
        &format!("kernels, {LANES} x {} KiB (cache)", CACHED >> 10),
        &data,
        CACHED,
        100,
        9,
    );
    kernels(
        &mut criterion,
        &format!("kernels, {LANES} x {} MiB (memory)", MEMORY >> 20),
        &data,
        MEMORY,
        1,
        5,
    );
    streams(&mut criterion, &data[..STREAMED]);
    drop(data);
    files(&mut criterion);
    criterion.final_summary();
}

/// Bytes that no compiler and no page table can guess.
fn noise(len: usize) -> Vec<u8> {
    let mut x = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(len);
    while bytes.len() < len {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        bytes.extend_from_slice(&x.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

fn here() -> impl Iterator<Item = Kernel> {
    Kernel::ALL.into_iter().filter(|k| k.is_available())
}

/// Every kernel this machine has over as many lanes as the widest takes, beside one chain after the other.
fn kernels(criterion: &mut Criterion, title: &str, data: &[u8], lane: usize, times: u32, rounds: usize) {
    let inputs: Vec<&[u8]> = data.chunks(lane).take(LANES).collect();
    let inputs = &inputs;
    let bytes = Some((LANES * lane) as u64);
    let mut cases = vec![
        Case::new("md-5 crate, one by one", times, bytes, move || {
            for input in inputs {
                black_box(Md5::digest(black_box(input)));
            }
        }),
        Case::new("our single chain, one by one", times, bytes, move || {
            for input in inputs {
                let mut state = State::NEW;
                state.advance(black_box(input));
                black_box(state);
            }
        }),
    ];
    cases.extend(here().map(|kernel| {
        Case::new(kernel.name(), times, bytes, move || {
            let mut states = [State::NEW; LANES];
            kernel.advance(&mut states, black_box(inputs), lane / 64);
            black_box(states);
        })
    }));
    cases.push(Case::new("read only: a sum of all words", times, bytes, move || {
        for input in inputs {
            black_box(sum(black_box(input)));
        }
    }));
    measure(criterion, title, rounds, cases);
}

/// Eight sums side by side, so that no addition waits for another.
fn sum(data: &[u8]) -> [u64; 8] {
    let mut sums = [0_u64; 8];
    for line in data.as_chunks::<64>().0 {
        for (sum, word) in sums.iter_mut().zip(line.as_chunks::<8>().0) {
            *sum = sum.wrapping_add(u64::from_le_bytes(*word));
        }
    }
    sums
}

/// One pass over bytes that come in pieces, for one candidate and for many.
fn streams(criterion: &mut Criterion, data: &[u8]) {
    let cases = [1, 16, 32].map(|count: u64| {
        let cuts: Vec<Cut> = match count {
            1 => vec![Cut::Every(8 * MIB)],
            n => (0..n).map(|i| Cut::Every((5 + i) * MIB)).collect(),
        };
        Case::new(format!("part sizes: {count}"), 1, Some(data.len() as u64), move || {
            let mut stream = Stream::new(Kernel::best(), cuts.iter().cloned(), 10_000);
            data.chunks(PIECE).for_each(|piece| stream.update(piece));
            assert_eq!(stream.hashed(), count * data.len() as u64);
            black_box(stream.finish());
        })
    });
    measure(criterion, &format!("stream of {} MiB", data.len() >> 20), 5, cases.into());
}

/// Runs a plan over a file and answers the bytes hashed.
fn hash(file: &MappedFile, plan: &Plan, kernel: Kernel, threads: usize) -> u64 {
    let (stop, hashed, planned) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let run = Run { kernel, threads, stop: &stop, hashed: &hashed, planned: &planned };
    black_box(digests(file, plan, &run).unwrap());
    hashed.into_inner()
}

fn files(criterion: &mut Criterion) {
    let mib: u64 =
        std::env::var("HASHING_FILE_MIB").map_or(512, |text| text.parse().expect("a number of MiB"));
    let size = mib * MIB;
    let mut made = tempfile::NamedTempFile::new().unwrap();
    let block = noise(MIB as usize);
    for number in 0..mib {
        // No two blocks are the same.
        made.write_all(&number.to_le_bytes()).unwrap();
        made.write_all(&block[8..]).unwrap();
    }
    made.flush().unwrap();
    let Opened::Mapped(file) = open(made.path()).unwrap() else { panic!("a file that cannot be mapped") };
    let file = &file;
    let plan_of = |sizes: &[u64]| {
        let layouts: Vec<PartLayout> =
            sizes.iter().map(|m| PartLayout::uniform(size, m * MIB).unwrap()).collect();
        Plan::new(size, &layouts)
    };
    let one = plan_of(&[8]);
    let mut cases = vec![Case::new("our single chain, whole file", 1, Some(size), || {
        hash(file, &plan_of(&[mib]), Kernel::best(), 1);
    })];
    for kernel in here() {
        let most = if kernel == Kernel::best() { 2 } else { 1 };
        for threads in 1..=most {
            let one = &one;
            cases.push(Case::new(format!("{kernel}, threads: {threads}"), 1, Some(size), move || {
                assert_eq!(hash(file, one, kernel, threads), size);
            }));
        }
    }
    measure(criterion, &format!("mapped file of {mib} MiB, parts of 8 MiB"), 5, cases);

    let plans = [&[8][..], &[5, 8, 15, 16], &SIXTEEN].map(|sizes| (sizes.len(), plan_of(sizes)));
    println!("\nbytes to hash for several part sizes of {size} bytes, exactly");
    for (count, plan) in &plans {
        let (alone, hashed) = (*count as u64 * size, hash(file, plan, Kernel::best(), 1));
        assert_eq!(hashed, plan.bytes());
        println!(
            "  {count:>2} sizes: {hashed:>12} of {alone:>12} when each is hashed alone: {:.3} passes, {:.3} times less",
            hashed as f64 / size as f64,
            alone as f64 / hashed as f64
        );
    }
    let cases = plans.iter().map(|(count, plan)| {
        Case::new(format!("part sizes: {count}, threads: 1"), 1, Some(plan.bytes()), move || {
            hash(file, plan, Kernel::best(), 1);
        })
    });
    measure(criterion, &format!("part sizes at once, file of {mib} MiB"), 5, cases.collect());
}
