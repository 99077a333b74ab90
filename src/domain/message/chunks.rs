//! Bodies in chunks, HTTP's and S3's: their framing lines, their payload, and where each byte of it came from.

use super::Place;
use std::borrow::Cow;

/// Longest chunk line that is one.
const LONGEST_LINE: usize = 1024;

/// One chunk as far as it is at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Its size line without the end, in the payload it was read from.
    pub line: Place,
    /// What that line says, in bytes.
    pub size: u64,
    /// Its data, as far as at hand.
    pub data: Place,
}

/// The framing of a body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chunks {
    /// In order; the last one of a whole body has size 0.
    pub chunks: Vec<Chunk>,
    /// Lines after the last chunk, without their ends.
    pub trailer: Vec<Place>,
}

/// Bytes of a body, and from where in the message each came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload<'a> {
    /// The bytes.
    pub bytes: Cow<'a, [u8]>,
    /// Where stretches begin: in `bytes`, and in the message. Ascending, the first at 0.
    runs: Vec<(usize, usize)>,
}

impl<'a> Payload<'a> {
    /// A body without framing that begins at a place of its message.
    pub fn plain(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes: Cow::Borrowed(bytes), runs: vec![(0, at)] }
    }

    /// Where in the message the byte with this index is; for the index after the last, where the next would be.
    pub fn place(&self, index: usize) -> usize {
        let run = self.runs.partition_point(|(from, _)| *from <= index).saturating_sub(1);
        self.runs.get(run).map_or(index, |(from, at)| at + (index - from))
    }

    /// The place of a stretch of it.
    pub fn span(&self, stretch: &Place) -> Place {
        let start = self.place(stretch.start);
        start..stretch.end.checked_sub(1).map_or(start, |last| self.place(last) + 1).max(start)
    }

    /// Its framing, read as chunks.
    pub fn chunks(&self) -> Chunks {
        let (bytes, mut at, mut out) = (self.bytes.as_ref(), 0, Chunks::default());
        while let Some((line, next)) = line(bytes, at) {
            let text = bytes.get(line.clone()).and_then(|l| std::str::from_utf8(l).ok()).unwrap_or_default();
            let Ok(size) = u64::from_str_radix(text.split(';').next().unwrap_or_default().trim(), 16) else {
                break;
            };
            let end = usize::try_from(size).ok().and_then(|n| next.checked_add(n)).unwrap_or(usize::MAX);
            out.chunks.push(Chunk { line, size, data: next..end.min(bytes.len()) });
            if size == 0 {
                out.trailer = trailer(bytes, next);
                break;
            }
            at = end.saturating_add(2);
        }
        out
    }

    /// What the chunks hold; itself unchanged in nothing but its places when it has none.
    pub fn dechunked(self) -> Self {
        let (mut bytes, mut runs) = (Vec::new(), Vec::new());
        for chunk in self.chunks().chunks.iter().filter(|c| !c.data.is_empty()) {
            // A chunk of the inner framing can lie across chunks of the outer one.
            let mut at = chunk.data.start;
            while at < chunk.data.end {
                let run = self.runs.partition_point(|(from, _)| *from <= at);
                let end = self.runs.get(run).map_or(chunk.data.end, |(from, _)| *from).min(chunk.data.end);
                runs.push((bytes.len(), self.place(at)));
                bytes.extend_from_slice(self.bytes.get(at..end).unwrap_or(&[]));
                at = end;
            }
        }
        if runs.is_empty() {
            runs.push((0, self.place(0)));
        }
        Self { bytes: Cow::Owned(bytes), runs }
    }
}

/// The line that begins at a place, and where the next one begins; `None` when its end is not at hand or far off.
fn line(bytes: &[u8], at: usize) -> Option<(Place, usize)> {
    let rest = bytes.get(at..)?;
    let end = rest.windows(2).take(LONGEST_LINE).position(|w| w == b"\r\n")?;
    Some((at..at + end, at + end + 2))
}

fn trailer(bytes: &[u8], mut at: usize) -> Vec<Place> {
    let mut out = Vec::new();
    while let Some((line, next)) = line(bytes, at) {
        if line.is_empty() {
            break;
        }
        out.push(line);
        at = next;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_within_chunks_are_taken_out_with_their_places() {
        let inner =
            b"4;chunk-signature=ab\r\nWiki\r\n0;chunk-signature=cd\r\nx-amz-checksum-crc32:AA==\r\n\r\n";
        let plain = Payload::plain(inner, 100);
        let chunks = plain.chunks();
        assert_eq!(chunks.chunks.iter().map(|c| c.size).collect::<Vec<_>>(), [4, 0]);
        assert_eq!(&inner[chunks.trailer[0].clone()], b"x-amz-checksum-crc32:AA==");
        let data = plain.dechunked();
        assert_eq!((data.bytes.as_ref(), data.place(0), data.place(3)), (&b"Wiki"[..], 122, 125));
        let mut outer = Vec::new();
        for piece in inner.chunks(24) {
            outer.extend(format!("{:x}\r\n", piece.len()).bytes());
            outer.extend(piece);
            outer.extend(b"\r\n");
        }
        let data = Payload::plain(&outer, 0).dechunked().dechunked();
        assert_eq!(data.bytes.as_ref(), b"Wiki");
        for i in 0..4 {
            assert_eq!(outer[data.place(i)], b"Wiki"[i]);
        }
        assert_eq!(data.span(&(0..4)), data.place(0)..data.place(3) + 1);
    }

    #[test]
    fn what_is_cut_is_as_long_as_it_is() {
        let chunks = Payload::plain(b"ff\r\nabc", 0).chunks();
        assert_eq!((chunks.chunks[0].size, chunks.chunks[0].data.clone()), (255, 4..7));
        assert!(Payload::plain(b"zz\r\nabc", 0).chunks().chunks.is_empty());
        assert!(Payload::plain(b"ffffffffffffffffff\r\n", 0).chunks().chunks.is_empty());
        assert_eq!(Payload::plain(b"ffffffffffffffff\r\na", 0).chunks().chunks[0].data, 18..19);
    }
}
