//! Which connections at a server in this process are this program's own.
//!
//! Nothing of it is on the wire. The client says its local address before it writes the first byte, and the server
//! asks after it has read that byte, so the answer never comes too late, however fast a connection is given up.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The program's own connections that no server has met yet.
#[derive(Debug, Default)]
pub struct Own {
    asked: AtomicBool,
    expected: Mutex<HashSet<SocketAddr>>,
}

impl Own {
    /// A server is going to ask; without one nothing is remembered.
    pub fn will_be_asked(&self) {
        self.asked.store(true, Ordering::Release);
    }

    /// The client made a connection from this address and has written nothing on it yet.
    pub fn expect(&self, local: SocketAddr) {
        if self.asked.load(Ordering::Acquire) {
            self.lock().insert(local);
        }
    }

    /// Whether a connection from this address is the program's own. Answers once: the server remembers it as long as
    /// the connection lives, and later another client may have the address.
    pub fn meet(&self, peer: SocketAddr) -> bool {
        self.lock().remove(&peer)
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<SocketAddr>> {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_met_once_and_only_when_somebody_asks() {
        let (own, address) = (Own::default(), SocketAddr::from(([127, 0, 0, 1], 4000)));
        own.expect(address);
        assert!(!own.meet(address), "nobody was going to ask");
        own.will_be_asked();
        own.expect(address);
        assert!(own.meet(address));
        assert!(!own.meet(address), "the address may be another client's now");
    }
}
