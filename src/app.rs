//! The program as a state machine: messages in, effects out; no terminal and no network.
//!
//! [`update::update`] is the only way the [`model::Model`] changes. Effects are data; the shell executes them
//! and sends back messages. So the whole program can be played in a test by a script of messages.

pub mod client;
pub mod command;
mod deed;
pub mod deeds;
pub mod enabled;
pub mod explaining;
pub mod faults;
pub mod form;
pub mod leave;
pub mod model;
pub mod msg;
pub mod overlay;
pub mod panes;
pub mod press;
pub mod purpose;
pub mod sheet;
pub mod take;
pub mod update;
