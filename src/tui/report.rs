//! What tasks send back to the event loop.

use crate::app::msg::Msg;
use crate::s3::client::Client;
use crate::sandbox::server::Server;

/// What a task sends back.
pub enum Report {
    /// A message for the model.
    Msg(Msg),
    /// The client, and the sandbox behind it if there is one.
    Client(Client, Option<Server>),
}
