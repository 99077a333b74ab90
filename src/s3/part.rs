//! The bytes of a part: a generated pattern or a range of a file, never a whole part of a file in memory.

use crate::domain::operation::PartBody;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::{ByteStream, Length};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A generated body up to this is one piece, so that the SDK signs its hash; longer ones are streamed and go
/// out aws-chunked, as parts of a file do.
const IN_ONE_PIECE: u64 = 1024 * 1024;
/// The pattern repeats after this many bytes.
const PERIOD: u64 = 251;
/// Bytes handed over at a time.
const PIECE: u64 = 64 * 1024;

/// The SDK's form of a part's bytes; `Err` says why a file cannot be read.
pub async fn stream(body: &PartBody) -> Result<ByteStream, String> {
    match body {
        PartBody::Generated { seed, len } => Ok(generated(*seed, *len)),
        PartBody::File { path, offset, len } => ByteStream::read_from()
            .path(path)
            .offset(*offset)
            .length(Length::Exact(*len))
            .build()
            .await
            .map_err(|e| format!("cannot read {}: {}", path.display(), super::error::chain(&e))),
    }
}

fn generated(seed: u64, len: u64) -> ByteStream {
    if len <= IN_ONE_PIECE {
        return ByteStream::from(pattern(seed, 0, len));
    }
    ByteStream::new(SdkBody::retryable(move || SdkBody::from_body_1_x(Pattern { seed, at: 0, len })))
}

/// `len` bytes of the pattern from offset `at`.
fn pattern(seed: u64, at: u64, len: u64) -> Vec<u8> {
    (0..len).map(|i| PartBody::generated_byte(seed % PERIOD, (at % PERIOD) + i)).collect()
}

/// A generated body of known length.
struct Pattern {
    seed: u64,
    at: u64,
    len: u64,
}

impl Body for Pattern {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let n = PIECE.min(self.len.saturating_sub(self.at));
        if n == 0 {
            return Poll::Ready(None);
        }
        let data = pattern(self.seed, self.at, n);
        self.at += n;
        Poll::Ready(Some(Ok(Frame::data(data.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.at >= self.len
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.len.saturating_sub(self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn streamed_and_single_bodies_are_the_same_pattern() {
        let len = IN_ONE_PIECE + 70_001;
        let bytes = generated(1_000_003, len).collect().await.unwrap().into_bytes();
        assert_eq!(bytes.len() as u64, len);
        assert!(
            bytes.iter().enumerate().all(|(i, b)| *b == PartBody::generated_byte(1_000_003 % 251, i as u64))
        );
        let short = generated(7, 600).collect().await.unwrap().into_bytes();
        assert!(short.iter().enumerate().all(|(i, b)| *b == PartBody::generated_byte(7, i as u64)));
    }
}
