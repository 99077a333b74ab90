//! Many MD5s side by side: one lane of a vector register for each.
//!
//! MD5 is a chain of 64 dependent steps a block, so one hash cannot be made faster; several independent ones can
//! share every instruction. Which instructions there are is found at run time. Every kernel gives what
//! [`State::advance`] gives; the tests compare all that this machine has.

#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::md5::{BLOCK, State};
use std::fmt;

/// A way to compute many MD5s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// Plain code, on any machine; four lanes in arrays that the compiler may put into vector registers.
    Portable,
    /// 256-bit registers: two groups of eight lanes.
    Avx2,
    /// 512-bit registers: two groups of sixteen lanes.
    Avx512,
    /// 128-bit registers of AArch64: two groups of four lanes.
    Neon,
}

impl Kernel {
    /// All there are, on whatever machine.
    pub const ALL: [Self; 4] = [Self::Portable, Self::Neon, Self::Avx2, Self::Avx512];

    /// The fastest one this machine has.
    pub fn best() -> Self {
        Self::ALL.into_iter().rev().find(|k| k.is_available()).unwrap_or(Self::Portable)
    }

    /// Whether this machine has the instructions for it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => std::arch::is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => std::arch::is_x86_feature_detected!("avx512f"),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            _ => false,
        }
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
        }
    }

    /// How many hashes it carries on at once at its best.
    pub fn lanes(self) -> usize {
        match self {
            Self::Portable => 4,
            Self::Neon => 8,
            Self::Avx2 => 16,
            Self::Avx512 => 32,
        }
    }

    /// Carries every state on by `blocks` blocks from the beginning of its input.
    ///
    /// An input shorter than that carries its state on by what it has of whole blocks, one by one and slowly, so
    /// inputs should be long enough. There must be an input for each state; states without one stay.
    pub fn advance(self, states: &mut [State], inputs: &[&[u8]], blocks: usize) {
        let length = blocks.saturating_mul(BLOCK);
        for (states, inputs) in states.chunks_mut(self.lanes()).zip(inputs.chunks(self.lanes())) {
            let even = inputs.len() == states.len() && inputs.iter().all(|i| i.len() >= length);
            if even && blocks > 0 {
                self.advance_group(states, inputs, blocks);
            } else {
                for (state, input) in states.iter_mut().zip(inputs) {
                    state.advance(input.get(..length).unwrap_or(input));
                }
            }
        }
    }

    /// At most as many as there are lanes, every input long enough.
    fn advance_group(self, states: &mut [State], inputs: &[&[u8]], blocks: usize) {
        match (self, states.len()) {
            // One alone is faster without lanes.
            (_, 1) => {
                for (state, input) in states.iter_mut().zip(inputs) {
                    state.advance(input.get(..blocks * BLOCK).unwrap_or(&[]));
                }
            }
            #[cfg(target_arch = "x86_64")]
            (Self::Avx512, _) if self.is_available() => x86::avx512(states, inputs, blocks),
            #[cfg(target_arch = "x86_64")]
            (Self::Avx2, _) if self.is_available() => x86::avx2(states, inputs, blocks),
            #[cfg(target_arch = "aarch64")]
            (Self::Neon, _) if self.is_available() => neon::neon(states, inputs, blocks),
            _ => {
                for (states, inputs) in states.chunks_mut(4).zip(inputs.chunks(4)) {
                    portable::advance::<4>(states, inputs, blocks);
                }
            }
        }
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Four words of `L` hashes, word by word, so that a register holds the same word of all.
type Words<const L: usize> = [[u32; L]; 4];

/// Puts states side by side. Lanes without a state repeat the first, and what they compute is not kept.
fn gather<const L: usize>(states: &[State]) -> Words<L> {
    let lane = |l: usize| states.get(l).or(states.first()).copied().unwrap_or(State::NEW);
    std::array::from_fn(|word| std::array::from_fn(|l| lane(l).0[word]))
}

/// Takes them apart again.
fn scatter<const L: usize>(words: &Words<L>, states: &mut [State]) {
    for (l, state) in states.iter_mut().enumerate().take(L) {
        state.0 = std::array::from_fn(|word| words[word][l]);
    }
}

/// The input of each lane; lanes without one read the first.
fn spread<'a, const L: usize>(inputs: &[&'a [u8]]) -> [&'a [u8]; L] {
    std::array::from_fn(|l| inputs.get(l).or(inputs.first()).copied().unwrap_or(&[]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(seed: u64, len: usize) -> Vec<u8> {
        let mut x = seed | 1;
        std::iter::repeat_with(|| {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (x >> 56) as u8
        })
        .take(len)
        .collect()
    }

    fn one_by_one(states: &[State], inputs: &[&[u8]], blocks: usize) -> Vec<State> {
        let mut states = states.to_vec();
        states.iter_mut().zip(inputs).for_each(|(s, i)| s.advance(&i[..i.len().min(blocks * BLOCK)]));
        states
    }

    #[test]
    fn every_kernel_here_with_every_number_of_lanes() {
        let data = bytes(7, 70 * 5 * BLOCK + 3);
        for kernel in Kernel::ALL.into_iter().filter(|k| k.is_available()) {
            for lanes in 1..=67 {
                // Unaligned on purpose.
                let inputs: Vec<&[u8]> =
                    (0..lanes).map(|l| &data[l * 5 * BLOCK + l % 3..][..5 * BLOCK]).collect();
                let begun: Vec<State> = (0..lanes)
                    .map(|l| {
                        let mut s = State::NEW;
                        s.advance(&data[l..l + BLOCK]);
                        s
                    })
                    .collect();
                for blocks in [0, 1, 4, 5] {
                    let mut states = begun.clone();
                    kernel.advance(&mut states, &inputs, blocks);
                    assert_eq!(states, one_by_one(&begun, &inputs, blocks), "{kernel} {lanes} {blocks}");
                }
            }
        }
    }

    #[test]
    fn a_kernel_this_machine_lacks_is_replaced_and_never_run() {
        let data = bytes(3, 9 * BLOCK);
        let inputs: Vec<&[u8]> = data.chunks(BLOCK).collect();
        for kernel in Kernel::ALL {
            let mut states = vec![State::NEW; 9];
            kernel.advance(&mut states, &inputs, 1);
            assert_eq!(states, one_by_one(&[State::NEW; 9], &inputs, 1), "{kernel}");
        }
        assert!(Kernel::best().is_available());
    }

    #[test]
    fn short_inputs_are_never_read_past_their_end() {
        let data = bytes(5, 8 * BLOCK);
        let inputs: Vec<&[u8]> = (0..8).map(|l| &data[..l * BLOCK]).collect();
        for kernel in Kernel::ALL.into_iter().filter(|k| k.is_available()) {
            let mut states = vec![State::NEW; 8];
            kernel.advance(&mut states, &inputs, 7);
            assert_eq!(states, one_by_one(&[State::NEW; 8], &inputs, 7), "{kernel}");
        }
    }

    proptest! {
        #[test]
        fn lanes_do_not_mix(seed: u64, lanes in 1_usize..40, blocks in 0_usize..6) {
            let data = bytes(seed, 40 * 6 * BLOCK);
            let inputs: Vec<&[u8]> = data.chunks(6 * BLOCK).take(lanes).collect();
            for kernel in Kernel::ALL.into_iter().filter(|k| k.is_available()) {
                let mut states = vec![State::NEW; lanes];
                kernel.advance(&mut states, &inputs, blocks);
                prop_assert_eq!(states, one_by_one(&vec![State::NEW; lanes], &inputs, blocks));
            }
        }
    }
}
