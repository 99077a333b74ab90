//! The sandbox from outside: every byte over a real loopback socket.

mod client;
mod copy;
mod errors;
mod faults;
mod hostile;
mod reading;
