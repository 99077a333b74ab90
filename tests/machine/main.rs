//! The upload machine as a reference model of the sandbox: random moves, right, wrong and written by hand, whose requests
//! are lost, refused and called off, whose answers come in any order, while somebody else meddles. After every step
//! what the machine holds for confirmed is so, and every doubt can be settled.
//!
//! `MACHINE_SEED` draws other sequences; a failure names the seed. `PROPTEST_CASES` asks for more of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod draw;
mod paced;
mod play;
mod resumed;
mod states;
mod world;

use play::{Met, Play};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use std::cell::{Cell, RefCell};
use world::World;

/// Its sequences meet every step that is not rare.
const DEFAULT_SEED: u64 = 1;

fn from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|n| n.parse().ok())
}

fn seed() -> u64 {
    let seed = from_env("MACHINE_SEED").unwrap_or(DEFAULT_SEED);
    println!("MACHINE_SEED={seed}");
    seed
}

/// Numbers that look drawn (xorshift), the same ones for the same seed.
pub struct Draws(u64);

pub fn draws() -> Draws {
    Draws(seed().wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
}

impl Draws {
    /// A number below another.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 32) % u64::try_from(end).unwrap()).unwrap()
    }
}

fn runner(cases: u32) -> (TestRunner, u64) {
    let seed = seed();
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let asked = from_env("PROPTEST_CASES").and_then(|n| u32::try_from(n).ok());
    let config = Config {
        cases: asked.map_or(cases, |n| n.max(cases)),
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    (TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)), seed)
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn what_the_machine_holds_for_confirmed_is_so_and_every_doubt_can_be_settled() {
    let runtime = runtime();
    let world = runtime.block_on(World::start());
    let etag = runtime.block_on(world.head(&play::source())).unwrap();
    let (mut runner, seed) = runner(60);
    let (case, met) = (Cell::new(0), RefCell::new(Met::new()));
    let ended = runner.run(&draw::steps(1..40), |steps| {
        case.set(case.get() + 1);
        let mut play = Play::new(&world, format!("machine/{}", case.get()), etag.clone());
        let ended = runtime.block_on(play.run(&steps));
        met.borrow_mut().append(&mut play.met);
        ended.map_err(|why| TestCaseError::fail(format!("{why}\n{}", play.told.join("\n"))))
    });
    match ended {
        Ok(()) => {}
        Err(TestError::Fail(reason, _)) => panic!("seed {seed}: {reason}"),
        Err(TestError::Abort(reason)) => panic!("seed {seed}: gave up: {reason}"),
    }
    if seed != DEFAULT_SEED {
        return;
    }
    let met = met.into_inner();
    let steps = states::STEPS.iter().flat_map(|(from, to, _)| to.iter().map(|to| (*from, *to)));
    // Steps that need several accidents at once; the unit tests of the machine make them happen.
    let rare = [
        ("Completing", "Gone"),
        ("Aborting", "Gone"),
        ("Doubtful(Abort)", "Doubtful(Complete)"),
        ("Aborting", "Doubtful(Complete)"),
        ("Aborted", "Open"),
    ];
    let missing: Vec<_> = steps.filter(|s| !rare.contains(s) && !met.contains(s)).collect();
    assert!(missing.is_empty(), "seed {seed}: never met {missing:?}");
}
