//! The tap: a stream that records what passes through it, and holds back what must wait.
//!
//! It sits between the HTTP implementation and the socket (or TLS session). Writes are recorded by the number
//! of bytes the stream *accepted*, reads by what it delivered. One HTTP/1.1 exchange is under way on a
//! connection at a time, so every byte belongs to the attempt the [`Line`] currently carries.
//!
//! Writing, recording and the gate's decision happen under the attempt's lock: once the attempt has ended, no
//! byte of it can leave.

use super::gate::Mode;
use super::recorder::{Recorder, Slot, State};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Says which attempt a connection's bytes belong to.
#[derive(Debug, Clone, Default)]
pub struct Line(Arc<Mutex<Option<Arc<Slot>>>>);

impl Line {
    /// From now on bytes belong to this attempt.
    pub fn attach(&self, recorder: &Recorder) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(recorder.slot());
    }

    /// From now on bytes belong to nobody: the connection is idle.
    pub fn detach(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn slot(&self) -> Option<Arc<Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A stream that is recorded.
#[derive(Debug)]
pub struct Tap<I> {
    io: I,
    line: Line,
}

impl<I> Tap<I> {
    /// Records `io` for whatever attempt `line` carries.
    pub fn new(io: I, line: Line) -> Self {
        Self { io, line }
    }
}

impl<I: AsyncWrite + Unpin> Tap<I> {
    fn write(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let Some(slot) = self.line.slot() else {
            return Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        };
        let mut state = slot.lock();
        let accepted = match state.gate.mode() {
            Mode::Shut => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            Mode::Holding => ready!(hold(&slot, &mut state, cx, bufs)),
            Mode::Open | Mode::Draining => {
                ready!(drain(&mut self.io, &slot, &mut state, cx))?;
                let n = ready!(Pin::new(&mut self.io).poll_write_vectored(cx, bufs))?;
                for_each_of(bufs, n, |data| state.asked(data));
                if n > 0 {
                    slot.wrote(&mut state);
                }
                n
            }
        };
        drop(state);
        slot.touch();
        Poll::Ready(Ok(accepted))
    }

    /// Gives a released request its chance to leave; called whenever the connection is looked after.
    fn look_after(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(slot) = self.line.slot() else { return Poll::Ready(Ok(())) };
        let mut state = slot.lock();
        match state.gate.mode() {
            Mode::Open | Mode::Shut => Poll::Ready(Ok(())),
            Mode::Holding => {
                state.gate.wait(cx.waker());
                Poll::Ready(Ok(()))
            }
            Mode::Draining => {
                let done = drain(&mut self.io, &slot, &mut state, cx);
                drop(state);
                slot.touch();
                ready!(done)?;
                Pin::new(&mut self.io).poll_flush(cx)
            }
        }
    }
}

/// Keeps what fits; waits when nothing does.
fn hold(slot: &Slot, state: &mut State, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<usize> {
    state.gate.wait(cx.waker());
    let wanted: usize = bufs.iter().map(|b| b.len()).sum();
    let n = wanted.min(state.gate.room());
    if n == 0 && wanted > 0 {
        return Poll::Pending;
    }
    for_each_of(bufs, n, |data| slot.keep(state, data));
    Poll::Ready(n)
}

/// Writes kept bytes until none is left.
fn drain<I: AsyncWrite + Unpin>(
    io: &mut I,
    slot: &Slot,
    state: &mut State,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while state.gate.mode() != Mode::Open {
        if state.gate.pending().is_empty() {
            state.gate.open();
            break;
        }
        let n = ready!(Pin::new(&mut *io).poll_write(cx, state.gate.pending()))?;
        if n == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        slot.wrote(state);
        state.gate.left(n);
    }
    Poll::Ready(Ok(()))
}

/// The first `n` bytes of the slices, slice by slice.
fn for_each_of(bufs: &[IoSlice<'_>], mut n: usize, mut take: impl FnMut(&[u8])) {
    for buf in bufs {
        let data = buf.get(..n.min(buf.len())).unwrap_or(&[]);
        if data.is_empty() {
            continue;
        }
        take(data);
        n -= data.len();
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncRead for Tap<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // The reader is polled whenever the connection's task wakes, so a release is noticed here.
        if let Poll::Ready(Err(error)) = self.look_after(cx) {
            return Poll::Ready(Err(error));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, buf))?;
        let data = buf.filled().get(before..).unwrap_or(&[]);
        if let Some(slot) = self.line.slot().filter(|_| !data.is_empty()) {
            slot.read(&mut slot.lock(), data);
            slot.touch();
        }
        Poll::Ready(Ok(()))
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Tap<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.write(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.look_after(cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
