//! What the terminal tests and the pictures share: the program in a pseudo terminal, a server for it to talk to,
//! and pictures of its screen.

#![allow(dead_code)]

pub mod emulator;
pub mod server;
pub mod svg;
pub mod terminal;
