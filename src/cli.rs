//! The headless shell: one module per command.
