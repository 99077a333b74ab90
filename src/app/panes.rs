//! The state of each pane, and how it answers to movement. Panes know nothing of each other.

pub mod browse;
pub mod carry;
pub mod client;
pub mod compare;
pub mod differ;
pub mod draft;
pub mod inspect;
pub mod ledger;
pub mod listing;
pub mod looking;
pub mod reading;
pub mod rescue;
pub mod run;
pub mod select;
pub mod step;
pub mod tally;
pub mod verify;
pub mod versions;
pub mod wire;
pub mod xray;
