//! Other clients: the uploads they make.

use crate::domain::deed::{Deed, DeedId, Who};
use crate::domain::exchange::Exchange;
use crate::domain::watched::{Session, SessionId, Watched};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What other clients do, and what it is called in the timeline.
#[derive(Debug, Clone, Default)]
pub struct Clients {
    /// Their uploads.
    pub watched: Watched,
    deeds: BTreeMap<SessionId, Arc<Deed>>,
}

/// Uploads whose deed is remembered.
const DEEDS: usize = 10_000;

impl Clients {
    /// Learns from an exchange; its own ones are none of its business.
    pub fn take(&mut self, exchange: &Exchange) {
        self.watched.take(exchange);
        if let Some(session) = self.watched.of(exchange) {
            self.deeds.entry(session.id).or_insert_with(|| Arc::new(deed_of(session)));
        }
        if self.deeds.len() > DEEDS {
            self.deeds.pop_first();
        }
    }

    /// The upload an exchange belongs to, as a deed; `None` for what belongs to none.
    pub fn deed(&self, exchange: &Exchange) -> Option<Arc<Deed>> {
        self.deeds.get(&self.watched.of(exchange)?.id).cloned()
    }
}

fn deed_of(session: &Session) -> Deed {
    // Out of reach of the program's own, which count from 1, and of single exchanges, which count down from the top.
    let id = DeedId(session.id.0 | 1 << 62);
    Deed {
        id,
        who: Who::Client(session.client.clone()),
        label: format!("multipart upload of {}", session.address()),
    }
}
