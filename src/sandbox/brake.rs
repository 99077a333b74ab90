//! Slows an answer down, or cuts it short.

use std::time::Duration;
use tokio::time::Instant;

/// How many slices of an answer are written in a second.
const SLICES: u64 = 50;

/// What holds an answer back while it is written; the default holds nothing.
#[derive(Debug, Default)]
pub(crate) struct Brake {
    /// Bytes a second.
    rate: Option<u64>,
    /// Bytes that may still be written.
    left: Option<u64>,
    begun: Option<Instant>,
    sent: u64,
}

impl Brake {
    /// Lets this many bytes a second through.
    pub(crate) fn rate(rate: u64) -> Self {
        Self { rate: Some(rate.max(1)), ..Self::default() }
    }

    /// Lets this many bytes through and no more.
    pub(crate) fn cut(bytes: u64) -> Self {
        Self { left: Some(bytes), ..Self::default() }
    }

    /// Whether it ends with a cut.
    pub(crate) fn cuts(&self) -> bool {
        self.left.is_some()
    }

    /// How many of the wanted bytes may be written now, after the time they take; 0 for none any more.
    pub(crate) async fn allow(&mut self, wanted: usize) -> usize {
        let mut allowed = u64::try_from(wanted).unwrap_or(u64::MAX);
        if let Some(left) = &mut self.left {
            allowed = allowed.min(*left);
            *left -= allowed;
        }
        if let Some(rate) = self.rate {
            allowed = allowed.min((rate / SLICES).max(1));
            self.sent = self.sent.saturating_add(allowed);
            let begun = *self.begun.get_or_insert_with(Instant::now);
            let micros = u128::from(self.sent) * 1_000_000 / u128::from(rate);
            let due = Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX));
            if let Some(at) = begun.checked_add(due) {
                tokio::time::sleep_until(at).await;
            }
        }
        usize::try_from(allowed).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timed<F: Future>(work: F) -> F::Output {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().build().unwrap().block_on(work)
    }

    #[test]
    fn without_orders_everything_goes() {
        timed(async {
            let mut brake = Brake::default();
            assert_eq!((brake.allow(1000).await, brake.cuts()), (1000, false));
        });
    }

    #[test]
    fn a_cut_comes_where_it_is_told() {
        timed(async {
            let mut brake = Brake::cut(10);
            assert_eq!((brake.allow(7).await, brake.allow(7).await, brake.allow(7).await), (7, 3, 0));
            assert!(brake.cuts());
        });
    }

    #[test]
    fn bytes_take_their_time() {
        timed(async {
            let (begun, mut brake) = (Instant::now(), Brake::rate(10_000));
            assert_eq!((brake.allow(1000).await, brake.allow(50).await), (200, 50));
            assert!(begun.elapsed() >= Duration::from_millis(25));
            // At less than a byte a slice there is a byte at a time.
            assert_eq!(Brake::rate(49).allow(5).await, 1);
        });
    }
}
