//! MD5 in the pieces that lanes need: a state that can be copied half-way, whole blocks, and the end.
//!
//! The rounds are written once, as a macro over a step, and used by every kernel. RFC 1321 names the constants.

/// Bytes of one block.
pub const BLOCK: usize = 64;

/// Floor of 2^32 times |sin(i + 1)|.
pub(super) const SINES: [u32; 64] = [
    0xd76a_a478,
    0xe8c7_b756,
    0x2420_70db,
    0xc1bd_ceee,
    0xf57c_0faf,
    0x4787_c62a,
    0xa830_4613,
    0xfd46_9501,
    0x6980_98d8,
    0x8b44_f7af,
    0xffff_5bb1,
    0x895c_d7be,
    0x6b90_1122,
    0xfd98_7193,
    0xa679_438e,
    0x49b4_0821,
    0xf61e_2562,
    0xc040_b340,
    0x265e_5a51,
    0xe9b6_c7aa,
    0xd62f_105d,
    0x0244_1453,
    0xd8a1_e681,
    0xe7d3_fbc8,
    0x21e1_cde6,
    0xc337_07d6,
    0xf4d5_0d87,
    0x455a_14ed,
    0xa9e3_e905,
    0xfcef_a3f8,
    0x676f_02d9,
    0x8d2a_4c8a,
    0xfffa_3942,
    0x8771_f681,
    0x6d9d_6122,
    0xfde5_380c,
    0xa4be_ea44,
    0x4bde_cfa9,
    0xf6bb_4b60,
    0xbebf_bc70,
    0x289b_7ec6,
    0xeaa1_27fa,
    0xd4ef_3085,
    0x0488_1d05,
    0xd9d4_d039,
    0xe6db_99e5,
    0x1fa2_7cf8,
    0xc4ac_5665,
    0xf429_2244,
    0x432a_ff97,
    0xab94_23a7,
    0xfc93_a039,
    0x655b_59c3,
    0x8f0c_cc92,
    0xffef_f47d,
    0x8584_5dd1,
    0x6fa8_7e4f,
    0xfe2c_e6e0,
    0xa301_4314,
    0x4e08_11a1,
    0xf753_7e82,
    0xbd3a_f235,
    0x2ad7_d2bb,
    0xeb86_d391,
];

/// Calls `$step!(function, number of the step, word of the block, rotation)` for the 64 steps in order.
macro_rules! rounds {
    ($step:ident) => {
        rounds!($step f, 0, [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15], 7 12 17 22);
        rounds!($step g, 16, [1 6 11 0 5 10 15 4 9 14 3 8 13 2 7 12], 5 9 14 20);
        rounds!($step h, 32, [5 8 11 14 1 4 7 10 13 0 3 6 9 12 15 2], 4 11 16 23);
        rounds!($step i, 48, [0 7 14 5 12 3 10 1 8 15 6 13 4 11 2 9], 6 10 15 21);
    };
    ($step:ident $f:ident, $n:literal,
     [$a:literal $b:literal $c:literal $d:literal $e:literal $g:literal $h:literal $i:literal
      $j:literal $k:literal $l:literal $m:literal $o:literal $p:literal $q:literal $r:literal],
     $w:literal $x:literal $y:literal $z:literal) => {
        $step!($f, $n, $a, $w); $step!($f, $n + 1, $b, $x); $step!($f, $n + 2, $c, $y); $step!($f, $n + 3, $d, $z);
        $step!($f, $n + 4, $e, $w); $step!($f, $n + 5, $g, $x); $step!($f, $n + 6, $h, $y); $step!($f, $n + 7, $i, $z);
        $step!($f, $n + 8, $j, $w); $step!($f, $n + 9, $k, $x); $step!($f, $n + 10, $l, $y); $step!($f, $n + 11, $m, $z);
        $step!($f, $n + 12, $o, $w); $step!($f, $n + 13, $p, $x); $step!($f, $n + 14, $q, $y); $step!($f, $n + 15, $r, $z);
    };
}
pub(super) use rounds;

/// A hash that has seen whole blocks. A copy taken half-way goes its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State(pub(super) [u32; 4]);

impl State {
    /// Before the first block.
    pub const NEW: Self = Self([0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476]);

    /// Takes in whole blocks; what is left over is not read.
    #[allow(clippy::many_single_char_names)]
    pub fn advance(&mut self, data: &[u8]) {
        let mut s = self.0;
        for block in data.as_chunks::<BLOCK>().0 {
            let words = block.as_chunks::<4>().0;
            let word = |k: usize| words.get(k).map_or(0, |w| u32::from_le_bytes(*w));
            let before = s;
            macro_rules! step {
                ($f:ident, $n:expr, $k:expr, $r:expr) => {
                    let [a, b, c, d] = turned!(s, $n);
                    // What does not wait for the step before is added first, and the barrier keeps it so: left
                    // to itself the compiler makes the chain of dependent additions longer by a third.
                    let sum = settled(a.wrapping_add(word($k)).wrapping_add(SINES[$n]));
                    put!(s, $n, b.wrapping_add(mixed!($f, sum, b, c, d).rotate_left($r)));
                };
            }
            rounds!(step);
            for (word, old) in s.iter_mut().zip(before) {
                *word = word.wrapping_add(old);
            }
        }
        self.0 = s;
    }

    /// The digest after the last bytes, which are fewer than a block, of `length` bytes in all.
    pub fn finish(mut self, tail: &[u8], length: u64) -> [u8; 16] {
        let mut last = [0_u8; 2 * BLOCK];
        let used = tail.len().min(BLOCK - 1);
        for (to, from) in last.iter_mut().zip(tail.iter().take(used).chain([&0x80])) {
            *to = *from;
        }
        let blocks = if used + 9 <= BLOCK { BLOCK } else { 2 * BLOCK };
        let bits = length.wrapping_mul(8).to_le_bytes();
        for (to, from) in last.iter_mut().take(blocks).skip(blocks - 8).zip(bits) {
            *to = from;
        }
        self.advance(last.get(..blocks).unwrap_or(&[]));
        let mut out = [0_u8; 16];
        for (to, from) in out.iter_mut().zip(self.0.iter().flat_map(|w| w.to_le_bytes())) {
            *to = from;
        }
        out
    }
}

/// The four words in the roles they have in step `$n`: each step the roles move by one.
macro_rules! turned {
    ($s:ident, $n:expr) => {
        [$s[(64 - $n) % 4], $s[(65 - $n) % 4], $s[(66 - $n) % 4], $s[(67 - $n) % 4]]
    };
}
/// Stores the result of step `$n`.
macro_rules! put {
    ($s:ident, $n:expr, $value:expr) => {
        $s[(64 - $n) % 4] = $value
    };
}
/// The sum and the round's function of `b`, `c`, `d`.
macro_rules! mixed {
    (f, $sum:expr, $b:expr, $c:expr, $d:expr) => {
        $sum.wrapping_add($d ^ ($b & ($c ^ $d)))
    };
    (g, $sum:expr, $b:expr, $c:expr, $d:expr) => {
        // The two halves share no bit, so they can be added one by one; only the second waits for `b`.
        $sum.wrapping_add($c & !$d).wrapping_add($b & $d)
    };
    (h, $sum:expr, $b:expr, $c:expr, $d:expr) => {
        $sum.wrapping_add($b ^ settled($c ^ $d))
    };
    (i, $sum:expr, $b:expr, $c:expr, $d:expr) => {
        $sum.wrapping_add($c ^ ($b | !$d))
    };
}
use {mixed, put, turned};

/// A value the compiler must have computed before it goes on.
#[inline(always)]
fn settled(value: u32) -> u32 {
    #[cfg(all(not(miri), any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        let mut value = u64::from(value);
        // SAFETY: no instruction at all; the register keeps its value.
        unsafe {
            std::arch::asm!("/* {0} */", inout(reg) value, options(pure, nomem, nostack, preserves_flags));
        }
        value as u32
    }
    #[cfg(not(all(not(miri), any(target_arch = "x86_64", target_arch = "aarch64"))))]
    value
}

/// The MD5 of all of it.
pub fn md5(data: &[u8]) -> [u8; 16] {
    let whole = data.len() - data.len() % BLOCK;
    let mut state = State::NEW;
    state.advance(data);
    state.finish(data.get(whole..).unwrap_or(&[]), u64::try_from(data.len()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use md5::{Digest, Md5};
    use proptest::prelude::*;

    #[test]
    fn the_vectors_of_rfc_1321() {
        let hex = |text: &str| crate::domain::etag::to_hex(&md5(text.as_bytes()));
        assert_eq!(hex(""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
        assert_eq!(hex(&"1234567890".repeat(8)), "57edf4a22be3c955ac49da2e2107b67a");
    }

    #[test]
    fn every_length_around_the_blocks() {
        let data: Vec<u8> = (0..300_u32).map(|i| (i * 7 % 251) as u8).collect();
        for len in 0..=data.len() {
            assert_eq!(md5(&data[..len]), <[u8; 16]>::from(Md5::digest(&data[..len])), "{len}");
        }
    }

    proptest! {
        #[test]
        fn it_is_md5(data: Vec<u8>) {
            prop_assert_eq!(md5(&data), <[u8; 16]>::from(Md5::digest(&data)));
        }
    }
}
