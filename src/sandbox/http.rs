//! HTTP/1.1 on a socket: reading heads and bodies within limits, writing answers byte by byte.
//!
//! We write heads ourselves because their casing and order are what this program shows. Every read has a time
//! limit and a size limit; whatever is hostile or broken becomes a [`Broken`] and a closed connection.

mod pump;

use super::brake::Brake;
pub(crate) use super::broken::Broken;
use super::broken::MAX_HEAD;
use super::request::Head;
use super::tape::Tape;
use bytes::{Bytes, BytesMut};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Most headers in a head.
const MAX_HEADERS: usize = 128;

pub(crate) use pump::{Piece, Pumped};

/// How a body is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// There is none, and none was announced.
    Absent,
    /// `Content-Length`.
    Length(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
}

/// Limits of one connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Longest wait for the next request, and for a head to be whole once begun.
    pub(crate) head: Duration,
    /// Longest wait for more of a body, and for the client to take more of an answer.
    pub(crate) stall: Duration,
}

/// One connection and what was read ahead.
pub(crate) struct Conn {
    pub(crate) stream: TcpStream,
    /// What holds back what is written.
    pub(crate) brake: Brake,
    /// Records the exchanges, when they are another client's and somebody watches.
    pub(crate) tape: Option<Box<Tape>>,
    buf: BytesMut,
    limits: Limits,
}

impl Conn {
    pub(crate) fn new(stream: TcpStream, limits: Limits) -> Self {
        let buf = BytesMut::with_capacity(8 * 1024);
        Self { stream, brake: Brake::default(), tape: None, buf, limits }
    }

    /// Takes bytes of the request under way out of the buffer.
    fn take(&mut self, n: usize) -> BytesMut {
        let data = self.buf.split_to(n);
        if let Some(tape) = &mut self.tape {
            tape.request(&data);
        }
        data
    }

    /// Reads more from the socket; 0 at its end.
    async fn read(&mut self) -> std::io::Result<usize> {
        let n = self.stream.read_buf(&mut self.buf).await?;
        if let Some(tape) = &mut self.tape {
            tape.came();
        }
        Ok(n)
    }

    /// The request under way was read to its end.
    pub(crate) fn request_is_whole(&mut self) {
        if let Some(tape) = &mut self.tape {
            tape.request_is_whole();
        }
    }

    /// The request under way cannot be read on: what is left in the buffer belongs to it.
    pub(crate) fn broken(&mut self, broken: &Broken) {
        if let Some(tape) = &mut self.tape {
            tape.broken(broken, &self.buf.split());
        }
    }

    /// Waits until the first byte of a request is there; `false` at a clean end.
    pub(crate) async fn next_request(&mut self) -> Result<bool, Broken> {
        if !self.buf.is_empty() {
            return Ok(true);
        }
        match tokio::time::timeout(self.limits.head, self.read()).await {
            Err(_) => Ok(false),
            Ok(read) => Ok(read? > 0),
        }
    }

    /// Reads one head. The whole head must arrive within the time limit, however slowly it drips.
    pub(crate) async fn read_head(&mut self) -> Result<Head, Broken> {
        let limit = self.limits.head;
        tokio::time::timeout(limit, self.head_inner()).await.map_err(|_| Broken::TimedOut)?
    }

    async fn head_inner(&mut self) -> Result<Head, Broken> {
        loop {
            let empty = self.buf.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
            if empty > 0 {
                self.take(empty);
            }
            if let Some((head, used)) = parse_head(&self.buf)? {
                self.take(used);
                return Ok(head);
            }
            if self.buf.len() > MAX_HEAD {
                return Err(Broken::HeadTooLarge);
            }
            if self.read().await? == 0 {
                return Err(Broken::Closed);
            }
        }
    }

    async fn fill(&mut self) -> Result<(), Broken> {
        let stall = self.limits.stall;
        match tokio::time::timeout(stall, self.read()).await.map_err(|_| Broken::TimedOut)?? {
            0 => Err(Broken::Closed),
            _ => Ok(()),
        }
    }

    /// Reads a short body of known length whole. Memory grows with what arrives, not with what is announced.
    pub(crate) async fn read_short(&mut self, len: usize) -> Result<Bytes, Broken> {
        while self.buf.len() < len {
            let missing = len.saturating_sub(self.buf.len());
            self.buf.reserve(missing.min(64 * 1024));
            self.fill().await?;
        }
        Ok(self.take(len).freeze())
    }

    /// Writes bytes; a client that takes nothing for too long is given up.
    pub(crate) async fn write(&mut self, data: &[u8]) -> Result<(), Broken> {
        let mut rest = data;
        while !rest.is_empty() {
            let allowed = self.brake.allow(rest.len().min(256 * 1024)).await;
            let (piece, later) = rest.split_at_checked(allowed).unwrap_or((rest, &[]));
            if piece.is_empty() {
                return Err(Broken::Cut);
            }
            let stall = self.limits.stall;
            tokio::time::timeout(stall, self.put(piece)).await.map_err(|_| Broken::TimedOut)??;
            rest = later;
        }
        Ok(())
    }

    /// Writes all of a piece; what the socket took is recorded even if it takes no more then.
    async fn put(&mut self, mut piece: &[u8]) -> std::io::Result<()> {
        while !piece.is_empty() {
            let n = self.stream.write(piece).await?;
            if n == 0 {
                return Err(std::io::ErrorKind::WriteZero.into());
            }
            let (taken, rest) = piece.split_at(n.min(piece.len()));
            if let Some(tape) = &mut self.tape {
                tape.answer(taken);
            }
            piece = rest;
        }
        Ok(())
    }

    /// Takes and drops what the client still sends, for a moment, so that closing does not reset the
    /// connection before it has read our answer. What comes of a request that was not whole is recorded.
    pub(crate) async fn linger(mut self) {
        let limit = self.limits.stall.min(Duration::from_secs(1));
        let mut tape = self.tape.take().filter(|tape| tape.expects_more());
        if let Some(tape) = &mut tape {
            tape.request(&self.buf.split());
        }
        let drain = async {
            let _ = self.stream.shutdown().await;
            let mut left = 64 * 1024 * 1024_usize;
            let mut sink = vec![0_u8; 16 * 1024];
            while let Ok(n @ 1..) = self.stream.read(&mut sink).await {
                left = left.saturating_sub(n);
                if let Some(tape) = &mut tape {
                    tape.came();
                    tape.request(sink.get(..n).unwrap_or(&[]));
                }
                if left == 0 {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(limit, drain).await;
        if let Some(tape) = &mut tape {
            tape.end(false, Ok(()));
        }
    }
}

fn parse_head(buf: &[u8]) -> Result<Option<(Head, usize)>, Broken> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let used = match parsed.parse(buf) {
        Ok(httparse::Status::Complete(used)) => used,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Broken::HeadTooLarge),
        Err(_) => return Err(Broken::Malformed("the head does not parse")),
    };
    if used > MAX_HEAD {
        return Err(Broken::HeadTooLarge);
    }
    let mut list = Vec::with_capacity(parsed.headers.len());
    for header in parsed.headers.iter() {
        let value = std::str::from_utf8(header.value)
            .map_err(|_| Broken::Malformed("a header value is not UTF-8"))?;
        list.push((header.name.to_owned(), value.to_owned()));
    }
    let head = Head {
        method: parsed.method.unwrap_or("").to_owned(),
        target: parsed.path.unwrap_or("/").to_owned(),
        headers: list,
        http11: parsed.version == Some(1),
    };
    Ok(Some((head, used)))
}

/// How the body of this request is delimited.
pub(crate) fn framing(head: &Head) -> Result<Framing, Broken> {
    let mut lengths = head.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case("content-length"));
    let length = lengths.next().map(|(_, v)| v.trim());
    if lengths.any(|(_, v)| Some(v.trim()) != length) {
        return Err(Broken::Malformed("two different lengths"));
    }
    match (head.header("transfer-encoding"), length) {
        (Some(_), Some(_)) => Err(Broken::Malformed("both a length and a transfer coding")),
        (Some(coding), None) if coding.trim().eq_ignore_ascii_case("chunked") => Ok(Framing::Chunked),
        (Some(_), None) => Err(Broken::Malformed("an unknown transfer coding")),
        (None, None) => Ok(Framing::Absent),
        (None, Some(text)) => {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            let length = if digits { text.parse().ok() } else { None };
            length.map(Framing::Length).ok_or(Broken::Malformed("the length is not a number"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(headers: &[(&str, &str)]) -> Head {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Head { headers, http11: true, ..Head::default() }
    }

    #[test]
    fn bodies_are_delimited_in_one_way_or_refused() {
        for (headers, wanted) in [
            (vec![], Some(Framing::Absent)),
            (vec![("Content-Length", "12")], Some(Framing::Length(12))),
            (vec![("Content-Length", "12"), ("content-length", "12")], Some(Framing::Length(12))),
            (vec![("Transfer-Encoding", "chunked")], Some(Framing::Chunked)),
            (vec![("Content-Length", "12"), ("content-length", "13")], None),
            (vec![("Content-Length", "12"), ("Transfer-Encoding", "chunked")], None),
            (vec![("Content-Length", "+12")], None),
            (vec![("Content-Length", "-1")], None),
            (vec![("Content-Length", "99999999999999999999")], None),
            (vec![("Transfer-Encoding", "gzip")], None),
        ] {
            assert_eq!(framing(&head(&headers)).ok(), wanted, "{headers:?}");
        }
    }

    #[test]
    fn heads_are_parsed_verbatim_or_refused() {
        let (head, used) =
            parse_head(b"GET /b/k?x HTTP/1.1\r\nHost: h\r\nX-Y:  z \r\n\r\nrest").unwrap().unwrap();
        assert_eq!((head.method.as_str(), head.target.as_str(), used), ("GET", "/b/k?x", 42));
        assert_eq!(head.header("x-y"), Some("z"));
        assert!(parse_head(b"GET / HTTP/1.1\r\nHo").unwrap().is_none());
        assert!(parse_head(b"\x16\x03\x01\x02\x00\x01").is_err());
        assert!(parse_head(b"GET / HTTP/1.1\r\nA: \xff\xfe\r\n\r\n").is_err());
    }
}
