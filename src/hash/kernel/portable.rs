//! Lanes in plain arrays. Compilers turn the inner loops into whatever vectors the target always has.

use super::{Words, gather, scatter, spread};
use crate::hash::md5::{BLOCK, SINES, State, rounds};

/// Carries at most `L` states on; every input has at least `blocks` blocks.
pub(super) fn advance<const L: usize>(states: &mut [State], inputs: &[&[u8]], blocks: usize) {
    let mut words = gather::<L>(states);
    let inputs: [&[u8]; L] = spread(inputs);
    for block in 0..blocks {
        let at = inputs.map(|input| input.get(block * BLOCK..).and_then(|rest| rest.first_chunk::<BLOCK>()));
        one_block(&mut words, &at);
    }
    scatter(&words, states);
}

fn one_block<const L: usize>(s: &mut Words<L>, at: &[Option<&[u8; BLOCK]>; L]) {
    let mut message = [[0_u32; L]; 16];
    for (l, block) in at.iter().enumerate() {
        let Some(block) = block else { continue };
        for (k, word) in block.as_chunks::<4>().0.iter().enumerate() {
            message[k][l] = u32::from_le_bytes(*word);
        }
    }
    let before = *s;
    macro_rules! function {
        (f, $b:expr, $c:expr, $d:expr) => {
            $d ^ ($b & ($c ^ $d))
        };
        (g, $b:expr, $c:expr, $d:expr) => {
            $c ^ ($d & ($b ^ $c))
        };
        (h, $b:expr, $c:expr, $d:expr) => {
            $b ^ $c ^ $d
        };
        (i, $b:expr, $c:expr, $d:expr) => {
            $c ^ ($b | !$d)
        };
    }
    macro_rules! step {
        ($f:ident, $n:expr, $k:expr, $r:expr) => {
            let (a, b, c, d) = ((64 - $n) % 4, (65 - $n) % 4, (66 - $n) % 4, (67 - $n) % 4);
            for l in 0..L {
                let mixed = function!($f, s[b][l], s[c][l], s[d][l]);
                let sum = s[a][l].wrapping_add(mixed).wrapping_add(message[$k][l]).wrapping_add(SINES[$n]);
                s[a][l] = s[b][l].wrapping_add(sum.rotate_left($r));
            }
        };
    }
    rounds!(step);
    for (word, old) in s.iter_mut().flatten().zip(before.iter().flatten()) {
        *word = word.wrapping_add(*old);
    }
}
