//! NEON, which every AArch64 has: two groups of four lanes.

use super::{Words, gather, scatter, spread};
use crate::hash::md5::{BLOCK, SINES, State, rounds};
use std::arch::aarch64::*;

/// Carries at most eight states on; every input has at least `blocks` blocks.
pub(super) fn neon(states: &mut [State], inputs: &[&[u8]], blocks: usize) {
    if states.len() <= 4 {
        let mut words = [gather::<4>(states)];
        run(&mut words, &[spread(inputs)], blocks);
        scatter(&words[0], states);
    } else {
        let (low, high) = states.split_at_mut(4);
        let (first, second) = inputs.split_at(inputs.len().min(4));
        let mut words = [gather::<4>(low), gather::<4>(high)];
        run(&mut words, &[spread(first), spread(second)], blocks);
        scatter(&words[0], low);
        scatter(&words[1], high);
    }
}

/// `G` groups of four lanes.
fn run<const G: usize>(words: &mut [Words<4>; G], inputs: &[[&[u8]; 4]; G], blocks: usize) {
    // What is loaded below lies inside the inputs only if this holds.
    assert!(inputs.iter().flatten().all(|input| input.len() / BLOCK >= blocks));
    // SAFETY: NEON is part of every AArch64 that runs Rust programs with a standard library; arrays of four words
    // are one register long; `block < blocks`, and every input has that many blocks.
    unsafe {
        let mut s = [[vdupq_n_u32(0); 4]; G];
        for (to, from) in s.iter_mut().flatten().zip(words.iter().flatten()) {
            *to = vld1q_u32(from.as_ptr());
        }
        for block in 0..blocks {
            let before = s;
            let mut message = [[vdupq_n_u32(0); 16]; G];
            for (message, inputs) in message.iter_mut().zip(inputs) {
                for quarter in 0..4 {
                    let four = turned4(inputs, block * BLOCK + quarter * 16);
                    for (to, from) in message.iter_mut().skip(quarter * 4).zip(four) {
                        *to = from;
                    }
                }
            }
            macro_rules! function {
                (f, $b:expr, $c:expr, $d:expr) => {
                    veorq_u32($d, vandq_u32($b, veorq_u32($c, $d)))
                };
                (g, $b:expr, $c:expr, $d:expr) => {
                    veorq_u32($c, vandq_u32($d, veorq_u32($b, $c)))
                };
                (h, $b:expr, $c:expr, $d:expr) => {
                    veorq_u32($b, veorq_u32($c, $d))
                };
                (i, $b:expr, $c:expr, $d:expr) => {
                    veorq_u32($c, vornq_u32($b, $d))
                };
            }
            macro_rules! step {
                ($f:ident, $n:expr, $k:expr, $r:expr) => {
                    let (a, b, c, d) = ((64 - $n) % 4, (65 - $n) % 4, (66 - $n) % 4, (67 - $n) % 4);
                    for (s, message) in s.iter_mut().zip(&message) {
                        let sum = vaddq_u32(s[a], vaddq_u32(message[$k], vdupq_n_u32(SINES[$n])));
                        let sum = vaddq_u32(sum, function!($f, s[b], s[c], s[d]));
                        let turned = vsliq_n_u32::<$r>(vshrq_n_u32::<{ 32 - $r }>(sum), sum);
                        s[a] = vaddq_u32(s[b], turned);
                    }
                };
            }
            rounds!(step);
            for (word, old) in s.iter_mut().flatten().zip(before.iter().flatten()) {
                *word = vaddq_u32(*word, *old);
            }
        }
        for (to, from) in words.iter_mut().flatten().zip(s.iter().flatten()) {
            vst1q_u32(to.as_mut_ptr(), *from);
        }
    }
}

/// Sixteen bytes of each of four inputs, turned: element `k` holds word `k` of all.
///
/// # Safety
///
/// Every input has at least `at` plus 16 bytes.
#[inline]
unsafe fn turned4(inputs: &[&[u8]; 4], at: usize) -> [uint32x4_t; 4] {
    // SAFETY: the caller vouches for the length; loads of bytes need no alignment.
    unsafe {
        let row = |l: usize| vreinterpretq_u32_u8(vld1q_u8(inputs[l].as_ptr().add(at)));
        let (low, high) = (vtrnq_u32(row(0), row(1)), vtrnq_u32(row(2), row(3)));
        let join = |a: uint32x4_t, b: uint32x4_t| {
            let (a, b) = (vreinterpretq_u64_u32(a), vreinterpretq_u64_u32(b));
            (vreinterpretq_u32_u64(vtrn1q_u64(a, b)), vreinterpretq_u32_u64(vtrn2q_u64(a, b)))
        };
        let ((zero, two), (one, three)) = (join(low.0, high.0), join(low.1, high.1));
        [zero, one, two, three]
    }
}
