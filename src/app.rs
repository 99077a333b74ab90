//! The program as a state machine: messages in, effects out; no terminal and no network.
