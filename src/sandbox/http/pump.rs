//! From the socket into a channel: a body in pieces, as it arrives.
//!
//! The channel is bounded, so nothing is read from the socket that the other end has no room for. When the
//! other end gives up, reading stops at once, and how much of the body is still to come is said.

use super::{Broken, Conn, Framing, MAX_HEAD};
use bytes::Bytes;
use tokio::sync::mpsc::Sender;

/// Longest line between chunks.
const MAX_CHUNK_LINE: usize = 1024;
/// Room made for one read.
const READ: usize = 128 * 1024;

/// What is said of a body.
#[derive(Debug)]
pub(crate) enum Piece {
    /// The next bytes, as received.
    Bytes(Bytes),
    /// The body is whole.
    End,
}

/// How the pumping ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pumped {
    /// All of the body was passed on.
    Whole,
    /// The other end took no more. So many bytes of the body are still unread; `None` if nobody knows.
    Stopped { unread: Option<u64> },
}

impl Conn {
    /// Passes a body on to its end.
    pub(crate) async fn pump(&mut self, framing: Framing, to: &Sender<Piece>) -> Result<Pumped, Broken> {
        let unread = match framing {
            Framing::Absent => Some(0),
            Framing::Length(len) => Some(self.pump_exactly(len, to).await?),
            Framing::Chunked => self.pump_chunks(to).await?.then_some(0),
        };
        if unread == Some(0) && to.send(Piece::End).await.is_ok() {
            return Ok(Pumped::Whole);
        }
        Ok(Pumped::Stopped { unread })
    }

    /// Reads more, unless the other end has given up.
    async fn more(&mut self, to: &Sender<Piece>) -> Result<bool, Broken> {
        self.buf.reserve(READ);
        tokio::select! {
            biased;
            () = to.closed() => Ok(false),
            read = self.fill() => read.map(|()| true),
        }
    }

    /// Passes on `left` bytes; says how many of them were not.
    async fn pump_exactly(&mut self, mut left: u64, to: &Sender<Piece>) -> Result<u64, Broken> {
        while left > 0 {
            if self.buf.is_empty() && !self.more(to).await? {
                return Ok(left);
            }
            let now = usize::try_from(left).unwrap_or(usize::MAX).min(self.buf.len());
            let piece = self.take(now).freeze();
            left = left.saturating_sub(u64::try_from(now).unwrap_or(left));
            if to.send(Piece::Bytes(piece)).await.is_err() {
                return Ok(left);
            }
        }
        Ok(0)
    }

    /// Passes on what is in the chunks; `false` when the other end gave up.
    async fn pump_chunks(&mut self, to: &Sender<Piece>) -> Result<bool, Broken> {
        loop {
            let Some(line) = self.line(to).await? else { return Ok(false) };
            let digits = line.split(';').next().unwrap_or("").trim();
            let valid =
                !digits.is_empty() && digits.len() <= 16 && digits.bytes().all(|b| b.is_ascii_hexdigit());
            let size = if valid { u64::from_str_radix(digits, 16).ok() } else { None };
            let size = size.ok_or(Broken::Malformed("a chunk has no valid size"))?;
            if size == 0 {
                break;
            }
            if self.pump_exactly(size, to).await? > 0 {
                return Ok(false);
            }
            while self.buf.len() < 2 {
                if !self.more(to).await? {
                    return Ok(false);
                }
            }
            if self.take(2).as_ref() != b"\r\n" {
                return Err(Broken::Malformed("a chunk does not end where its size says"));
            }
        }
        let mut trailer = 0;
        loop {
            let Some(line) = self.line(to).await? else { return Ok(false) };
            trailer += line.len();
            if trailer > MAX_HEAD {
                return Err(Broken::HeadTooLarge);
            }
            if line.is_empty() {
                return Ok(true);
            }
        }
    }

    async fn line(&mut self, to: &Sender<Piece>) -> Result<Option<String>, Broken> {
        loop {
            let window = self.buf.get(..self.buf.len().min(MAX_CHUNK_LINE)).unwrap_or(&[]);
            if let Some(end) = window.windows(2).position(|w| w == b"\r\n") {
                let mut line = self.take(end + 2);
                line.truncate(end);
                let text =
                    std::str::from_utf8(&line).map_err(|_| Broken::Malformed("a chunk line is not text"))?;
                return Ok(Some(text.to_owned()));
            }
            if self.buf.len() >= MAX_CHUNK_LINE {
                return Err(Broken::Malformed("a chunk line is too long"));
            }
            if !self.more(to).await? {
                return Ok(None);
            }
        }
    }
}
