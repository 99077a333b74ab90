//! Time and identifiers, injected so that tests are deterministic.

use super::synthetic::mix;
pub use crate::domain::dates::{parse_amz_date, parse_http_date};
use jiff::{Timestamp, fmt::strtime};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the sandbox reads the time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Arc::new(SystemTime::now))
    }

    /// A clock of the caller's making.
    pub fn custom(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// A clock that stands at `seconds` after the Unix epoch.
    pub fn fixed(seconds: u64) -> Self {
        Self::custom(move || UNIX_EPOCH + std::time::Duration::from_secs(seconds))
    }

    /// Whole seconds since the Unix epoch; S3 stores no finer time.
    pub fn now(&self) -> i64 {
        let since = (self.0)().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

fn written(format: &str, seconds: i64) -> String {
    let time = Timestamp::from_second(seconds).unwrap_or_default().to_zoned(jiff::tz::TimeZone::UTC);
    strtime::format(format, &time).unwrap_or_default()
}

/// `Sun, 22 Nov 2026 17:00:00 GMT`, as in `Date` and `Last-Modified`.
pub fn http_date(seconds: i64) -> String {
    written("%a, %d %b %Y %H:%M:%S GMT", seconds)
}

/// `2026-11-22T17:00:00.000Z`, as in S3's XML.
pub fn xml_date(seconds: i64) -> String {
    written("%Y-%m-%dT%H:%M:%S.000Z", seconds)
}

/// `2026-11-22T17:00:00Z`, as in S3's error documents.
pub fn iso_date(seconds: i64) -> String {
    written("%Y-%m-%dT%H:%M:%SZ", seconds)
}

/// `20261122T170000Z`, as in `x-amz-date`.
pub fn amz_date(seconds: i64) -> String {
    written("%Y%m%dT%H%M%SZ", seconds)
}

/// Makes request ids, host ids, upload ids: unlike each other, alike between runs with the same seed.
#[derive(Debug)]
pub struct Ids {
    seed: u64,
    next: AtomicU64,
}

impl Ids {
    /// Ids that depend on `seed` and on how many were made before.
    pub fn new(seed: u64) -> Self {
        Self { seed, next: AtomicU64::new(0) }
    }

    /// Ids of a series of their own, which does not depend on how many of these were made.
    #[must_use]
    pub fn series(&self, name: u64) -> Self {
        Self::new(mix(self.seed ^ mix(name)))
    }

    fn text(&self, alphabet: &[u8], len: usize) -> String {
        let mut n = mix(self.seed ^ mix(self.next.fetch_add(1, Ordering::Relaxed)));
        let size = u64::try_from(alphabet.len()).unwrap_or(1).max(1);
        (0..len)
            .map(|_| {
                n = mix(n);
                let at = usize::try_from((n >> 8) % size).unwrap_or(0);
                char::from(alphabet.get(at).copied().unwrap_or(b'0'))
            })
            .collect()
    }

    /// `x-amz-request-id`: sixteen letters and digits.
    pub fn request_id(&self) -> String {
        self.text(b"ABCDEFGHJKMNPQRSTVWXYZ0123456789", 16)
    }

    /// `x-amz-id-2`: base64 of 57 bytes.
    pub fn host_id(&self) -> String {
        self.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 76)
    }

    /// Sixteen bytes for an ETag that tells nothing.
    pub fn etag(&self) -> [u8; 16] {
        let n = mix(self.seed ^ mix(self.next.fetch_add(1, Ordering::Relaxed)));
        let mut bytes = [0; 16];
        let (high, low) = bytes.split_at_mut(8);
        high.copy_from_slice(&n.to_be_bytes());
        low.copy_from_slice(&mix(n).to_be_bytes());
        bytes
    }

    /// The beginning of a version id: 28 letters, digits, dots and underscores.
    pub fn version_beginning(&self) -> String {
        self.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._", 28)
    }

    /// An upload id: 128 characters that need no escaping.
    pub fn upload_id(&self) -> String {
        self.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._", 128)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_and_read() {
        let t = 1_369_353_600;
        assert_eq!(http_date(t), "Fri, 24 May 2013 00:00:00 GMT");
        assert_eq!(xml_date(t), "2013-05-24T00:00:00.000Z");
        assert_eq!(amz_date(t), "20130524T000000Z");
        assert_eq!(parse_amz_date("20130524T000000Z"), Some(t));
        assert_eq!(parse_http_date("Fri, 24 May 2013 00:00:00 GMT"), Some(t));
        assert_eq!(parse_http_date("2013-05-24T00:00:00Z"), Some(t));
        assert_eq!(parse_amz_date("yesterday"), None);
    }

    #[test]
    fn ids_repeat_only_with_their_seed() {
        let (a, b) = (Ids::new(1), Ids::new(1));
        let first = a.upload_id();
        assert_eq!(first, b.upload_id());
        assert_ne!(first, a.upload_id());
        assert_eq!((first.len(), a.request_id().len(), a.host_id().len()), (128, 16, 76));
    }
}
