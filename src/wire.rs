//! Bytes in flight: what the program writes to and reads from S3, recorded exactly and, if wished, held back.
//!
//! [`tap::Tap`] sits on the plaintext stream below the HTTP implementation and above TLS, so what it records
//! is what is on the wire before encryption. [`recorder::Recorder`] is one attempt's record while it is under
//! way, [`gate`] the place where a request waits until it is let go, and [`hub::Hub`] collects the records for
//! whoever shows them. The guarantee of this layer: a recorded byte is a byte the stream accepted or
//! delivered, in order, and a request that was held and then cancelled never reached the socket.
//!
//! The sandbox records other clients' exchanges with the same recorder, from its own side of their connections
//! ([`recorder::Arrival`]); [`own`] tells theirs from the program's.

pub mod gate;
pub mod hub;
pub mod own;
pub mod recorder;
pub mod tap;
