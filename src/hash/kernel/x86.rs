//! AVX-512 and AVX2. Two groups of lanes take turns, so that one group's steps fill the waits of the other's.
//!
//! Blocks are loaded straight from the inputs and turned (sixteen lanes of sixteen words become sixteen words of
//! sixteen lanes) in registers: copying them together first would halve the speed.

use super::{Words, gather, scatter, spread};
use crate::hash::md5::{BLOCK, SINES, State, rounds};
use std::arch::x86_64::*;

/// Carries at most 32 states on; every input has at least `blocks` blocks and the machine has AVX-512 F.
pub(super) fn avx512(states: &mut [State], inputs: &[&[u8]], blocks: usize) {
    assert!(std::arch::is_x86_feature_detected!("avx512f"));
    if states.len() <= 16 {
        let mut words = [gather::<16>(states)];
        // SAFETY: the feature is there (asserted above).
        unsafe { run512(&mut words, &[spread(inputs)], blocks) };
        scatter(&words[0], states);
    } else {
        let (low, high) = states.split_at_mut(16);
        let (first, second) = inputs.split_at(inputs.len().min(16));
        let mut words = [gather::<16>(low), gather::<16>(high)];
        // SAFETY: as above.
        unsafe { run512(&mut words, &[spread(first), spread(second)], blocks) };
        scatter(&words[0], low);
        scatter(&words[1], high);
    }
}

/// Carries at most 16 states on; every input has at least `blocks` blocks and the machine has AVX2.
pub(super) fn avx2(states: &mut [State], inputs: &[&[u8]], blocks: usize) {
    assert!(std::arch::is_x86_feature_detected!("avx2"));
    if states.len() <= 8 {
        let mut words = [gather::<8>(states)];
        // SAFETY: the feature is there (asserted above).
        unsafe { run256(&mut words, &[spread(inputs)], blocks) };
        scatter(&words[0], states);
    } else {
        let (low, high) = states.split_at_mut(8);
        let (first, second) = inputs.split_at(inputs.len().min(8));
        let mut words = [gather::<8>(low), gather::<8>(high)];
        // SAFETY: as above.
        unsafe { run256(&mut words, &[spread(first), spread(second)], blocks) };
        scatter(&words[0], low);
        scatter(&words[1], high);
    }
}

/// `G` groups of sixteen lanes.
#[target_feature(enable = "avx512f")]
fn run512<const G: usize>(words: &mut [Words<16>; G], inputs: &[[&[u8]; 16]; G], blocks: usize) {
    // What is loaded below lies inside the inputs only if this holds.
    assert!(inputs.iter().flatten().all(|input| input.len() / BLOCK >= blocks));
    let mut s = [[_mm512_setzero_si512(); 4]; G];
    for (to, from) in s.iter_mut().flatten().zip(words.iter().flatten()) {
        // SAFETY: the array is exactly one register long.
        *to = unsafe { _mm512_loadu_si512(from.as_ptr().cast()) };
    }
    for block in 0..blocks {
        let before = s;
        let mut message = [[_mm512_setzero_si512(); 16]; G];
        for (message, inputs) in message.iter_mut().zip(inputs) {
            // SAFETY: `block < blocks`, and every input has that many (asserted above).
            *message = unsafe { turned16(inputs, block * BLOCK) };
        }
        macro_rules! function {
            (f, $b:expr, $c:expr, $d:expr) => {
                _mm512_ternarylogic_epi32::<0xca>($b, $c, $d)
            };
            (g, $b:expr, $c:expr, $d:expr) => {
                _mm512_ternarylogic_epi32::<0xca>($d, $b, $c)
            };
            (h, $b:expr, $c:expr, $d:expr) => {
                _mm512_ternarylogic_epi32::<0x96>($b, $c, $d)
            };
            (i, $b:expr, $c:expr, $d:expr) => {
                _mm512_ternarylogic_epi32::<0x39>($b, $c, $d)
            };
        }
        macro_rules! step {
            ($f:ident, $n:expr, $k:expr, $r:expr) => {
                let (a, b, c, d) = ((64 - $n) % 4, (65 - $n) % 4, (66 - $n) % 4, (67 - $n) % 4);
                for (s, message) in s.iter_mut().zip(&message) {
                    let sine = _mm512_set1_epi32(SINES[$n].cast_signed());
                    let sum = _mm512_add_epi32(s[a], _mm512_add_epi32(message[$k], sine));
                    let sum = _mm512_add_epi32(sum, function!($f, s[b], s[c], s[d]));
                    s[a] = _mm512_add_epi32(s[b], _mm512_rol_epi32::<$r>(sum));
                }
            };
        }
        rounds!(step);
        for (word, old) in s.iter_mut().flatten().zip(before.iter().flatten()) {
            *word = _mm512_add_epi32(*word, *old);
        }
    }
    for (to, from) in words.iter_mut().flatten().zip(s.iter().flatten()) {
        // SAFETY: the array is exactly one register long.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), *from) };
    }
}

/// One block of each of sixteen inputs, turned: element `k` holds word `k` of all.
///
/// # Safety
///
/// Every input has at least `at` plus 64 bytes.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn turned16(inputs: &[&[u8]; 16], at: usize) -> [__m512i; 16] {
    let mut rows = [_mm512_setzero_si512(); 16];
    for (row, input) in rows.iter_mut().zip(inputs) {
        // SAFETY: the caller vouches for the length; the load may be unaligned.
        *row = unsafe { _mm512_loadu_si512(input.as_ptr().add(at).cast()) };
    }
    let mut pairs = rows;
    for i in 0..8 {
        pairs[2 * i] = _mm512_unpacklo_epi32(rows[2 * i], rows[2 * i + 1]);
        pairs[2 * i + 1] = _mm512_unpackhi_epi32(rows[2 * i], rows[2 * i + 1]);
    }
    // Now four lanes at a time: `fours[4 g + c]` holds, in its quarter q, word 4 q + c of lanes 4 g to 4 g + 3.
    let mut fours = pairs;
    for g in 0..4 {
        fours[4 * g] = _mm512_unpacklo_epi64(pairs[4 * g], pairs[4 * g + 2]);
        fours[4 * g + 1] = _mm512_unpackhi_epi64(pairs[4 * g], pairs[4 * g + 2]);
        fours[4 * g + 2] = _mm512_unpacklo_epi64(pairs[4 * g + 1], pairs[4 * g + 3]);
        fours[4 * g + 3] = _mm512_unpackhi_epi64(pairs[4 * g + 1], pairs[4 * g + 3]);
    }
    let mut words = fours;
    for c in 0..4 {
        // Quarters 0 and 2, then 1 and 3, of the lower and the upper eight lanes.
        let even_low = _mm512_shuffle_i32x4::<0x88>(fours[c], fours[4 + c]);
        let odd_low = _mm512_shuffle_i32x4::<0xdd>(fours[c], fours[4 + c]);
        let even_high = _mm512_shuffle_i32x4::<0x88>(fours[8 + c], fours[12 + c]);
        let odd_high = _mm512_shuffle_i32x4::<0xdd>(fours[8 + c], fours[12 + c]);
        words[c] = _mm512_shuffle_i32x4::<0x88>(even_low, even_high);
        words[4 + c] = _mm512_shuffle_i32x4::<0x88>(odd_low, odd_high);
        words[8 + c] = _mm512_shuffle_i32x4::<0xdd>(even_low, even_high);
        words[12 + c] = _mm512_shuffle_i32x4::<0xdd>(odd_low, odd_high);
    }
    words
}

/// `G` groups of eight lanes.
#[target_feature(enable = "avx2")]
fn run256<const G: usize>(words: &mut [Words<8>; G], inputs: &[[&[u8]; 8]; G], blocks: usize) {
    // What is loaded below lies inside the inputs only if this holds.
    assert!(inputs.iter().flatten().all(|input| input.len() / BLOCK >= blocks));
    let ones = _mm256_set1_epi32(-1);
    let mut s = [[_mm256_setzero_si256(); 4]; G];
    for (to, from) in s.iter_mut().flatten().zip(words.iter().flatten()) {
        // SAFETY: the array is exactly one register long.
        *to = unsafe { _mm256_loadu_si256(from.as_ptr().cast()) };
    }
    for block in 0..blocks {
        let before = s;
        let mut message = [[_mm256_setzero_si256(); 16]; G];
        for (message, inputs) in message.iter_mut().zip(inputs) {
            // SAFETY: `block < blocks`, and every input has that many (asserted above).
            let halves =
                unsafe { [turned8(inputs, block * BLOCK), turned8(inputs, block * BLOCK + BLOCK / 2)] };
            for (to, from) in message.iter_mut().zip(halves.iter().flatten()) {
                *to = *from;
            }
        }
        macro_rules! function {
            (f, $b:expr, $c:expr, $d:expr) => {
                _mm256_xor_si256($d, _mm256_and_si256($b, _mm256_xor_si256($c, $d)))
            };
            (g, $b:expr, $c:expr, $d:expr) => {
                _mm256_or_si256(_mm256_and_si256($d, $b), _mm256_andnot_si256($d, $c))
            };
            (h, $b:expr, $c:expr, $d:expr) => {
                _mm256_xor_si256($b, _mm256_xor_si256($c, $d))
            };
            (i, $b:expr, $c:expr, $d:expr) => {
                _mm256_xor_si256($c, _mm256_or_si256($b, _mm256_xor_si256($d, ones)))
            };
        }
        macro_rules! step {
            ($f:ident, $n:expr, $k:expr, $r:expr) => {
                let (a, b, c, d) = ((64 - $n) % 4, (65 - $n) % 4, (66 - $n) % 4, (67 - $n) % 4);
                for (s, message) in s.iter_mut().zip(&message) {
                    let sine = _mm256_set1_epi32(SINES[$n].cast_signed());
                    let sum = _mm256_add_epi32(s[a], _mm256_add_epi32(message[$k], sine));
                    let sum = _mm256_add_epi32(sum, function!($f, s[b], s[c], s[d]));
                    let turned =
                        _mm256_or_si256(_mm256_slli_epi32::<$r>(sum), _mm256_srli_epi32::<{ 32 - $r }>(sum));
                    s[a] = _mm256_add_epi32(s[b], turned);
                }
            };
        }
        rounds!(step);
        for (word, old) in s.iter_mut().flatten().zip(before.iter().flatten()) {
            *word = _mm256_add_epi32(*word, *old);
        }
    }
    for (to, from) in words.iter_mut().flatten().zip(s.iter().flatten()) {
        // SAFETY: the array is exactly one register long.
        unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), *from) };
    }
}

/// Half a block of each of eight inputs, turned: element `k` holds word `k` of all.
///
/// # Safety
///
/// Every input has at least `at` plus 32 bytes.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn turned8(inputs: &[&[u8]; 8], at: usize) -> [__m256i; 8] {
    let mut rows = [_mm256_setzero_si256(); 8];
    for (row, input) in rows.iter_mut().zip(inputs) {
        // SAFETY: the caller vouches for the length; the load may be unaligned.
        *row = unsafe { _mm256_loadu_si256(input.as_ptr().add(at).cast()) };
    }
    let mut pairs = rows;
    for i in 0..4 {
        pairs[2 * i] = _mm256_unpacklo_epi32(rows[2 * i], rows[2 * i + 1]);
        pairs[2 * i + 1] = _mm256_unpackhi_epi32(rows[2 * i], rows[2 * i + 1]);
    }
    let mut fours = pairs;
    for g in 0..2 {
        fours[4 * g] = _mm256_unpacklo_epi64(pairs[4 * g], pairs[4 * g + 2]);
        fours[4 * g + 1] = _mm256_unpackhi_epi64(pairs[4 * g], pairs[4 * g + 2]);
        fours[4 * g + 2] = _mm256_unpacklo_epi64(pairs[4 * g + 1], pairs[4 * g + 3]);
        fours[4 * g + 3] = _mm256_unpackhi_epi64(pairs[4 * g + 1], pairs[4 * g + 3]);
    }
    let mut words = fours;
    for c in 0..4 {
        words[c] = _mm256_permute2x128_si256::<0x20>(fours[c], fours[4 + c]);
        words[4 + c] = _mm256_permute2x128_si256::<0x31>(fours[c], fours[4 + c]);
    }
    words
}
