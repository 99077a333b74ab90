//! The embedded S3: a store with S3's rules, and a small HTTP/1.1 server that speaks its protocol.
