//! A signature being looked at: of which exchange, where in it, and what is known of it so far.

use crate::domain::exchange::ExchangeId;
use crate::domain::xray::{Asked, Checked};

/// State of the x-ray that lies over the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XRay {
    /// Whose request.
    pub exchange: ExchangeId,
    /// The line under the cursor.
    pub at: usize,
    /// What was asked of whoever holds the secret key; `None` when there was nothing to ask.
    pub asked: Option<Asked>,
    /// What is known of the signatures.
    pub checked: Checked,
}
