//! Changes one bit of a body on its way in, in whatever pieces it arrives.

/// Finds the first byte of the data and changes it; everything else goes by untouched.
#[derive(Debug)]
pub(crate) struct Corruption(At);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// In the line before the first chunk of an `aws-chunked` body.
    Line {
        /// Whether the size so far is more than nothing.
        some: bool,
        /// Whether the digits of the size are over.
        past_size: bool,
    },
    /// At the first byte of the data.
    Data,
    /// Behind it, or there is no data.
    Done,
}

impl Corruption {
    /// For a body as it is received: with the framing of `aws-chunked` or without.
    pub(crate) fn new(aws_chunked: bool) -> Self {
        Self(if aws_chunked { At::Line { some: false, past_size: false } } else { At::Data })
    }

    /// Looks at the next piece of the body and changes what is to be changed in it.
    pub(crate) fn alter(&mut self, piece: &mut [u8]) {
        for byte in piece {
            match &mut self.0 {
                At::Done => return,
                At::Data => {
                    *byte ^= 1;
                    self.0 = At::Done;
                }
                At::Line { some, .. } if *byte == b'\n' => self.0 = if *some { At::Data } else { At::Done },
                At::Line { some, past_size } => {
                    *past_size |= matches!(*byte, b';' | b'\r');
                    *some |= !*past_size && *byte != b'0';
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bit_of_the_data_changes_however_it_is_cut() {
        for (chunked, body, wanted) in [
            (false, "abc", "`bc"),
            (false, "", ""),
            (true, "0a;chunk-signature=ff\r\nhello", "0a;chunk-signature=ff\r\niello"),
            (true, "5\r\nhello\r\n0\r\n\r\n", "5\r\niello\r\n0\r\n\r\n"),
            (true, "0;chunk-signature=ff\r\nx-amz:a", "0;chunk-signature=ff\r\nx-amz:a"),
        ] {
            for size in 1..=body.len().max(1) {
                let mut bytes = body.as_bytes().to_vec();
                let mut corruption = Corruption::new(chunked);
                bytes.chunks_mut(size).for_each(|piece| corruption.alter(piece));
                assert_eq!(String::from_utf8_lossy(&bytes), wanted, "in pieces of {size}");
            }
        }
    }
}
