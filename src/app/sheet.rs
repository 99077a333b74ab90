//! What Inspect lays over the screen: the menu of probes, the path to the list of parts, the clients' table.

/// One sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sheet {
    /// What can be asked about the parts, before anything is sent.
    Probes {
        /// Selected way.
        at: usize,
    },
    /// Why parts are listed or not.
    Why {
        /// First line shown.
        top: usize,
    },
    /// What other clients would have done.
    Clients {
        /// First row shown.
        top: usize,
    },
}
