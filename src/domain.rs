//! Facts about S3 and HTTP: types and pure functions with no I/O, no clock and no async.
//!
//! Everything the terminal, the headless commands, the sandbox and the tests agree on lives here. A file in
//! this layer may use other files of this layer (without cycles) and nothing else of the crate.

pub mod acl;
pub mod anatomy;
pub mod carry;
pub mod checksum;
pub mod compare;
pub mod customer_key;
pub mod dates;
pub mod deed;
pub mod draft;
pub mod encoded_word;
pub mod etag;
pub mod evidence;
pub mod exchange;
pub mod exchange_diff;
pub mod explain;
pub mod facts;
pub mod fault;
pub mod hand_over;
pub mod hashing;
pub mod infer;
pub mod layout;
pub mod limits;
pub mod line_text;
pub mod mask;
pub mod message;
pub mod mistake;
pub mod names;
pub mod no_md5;
pub mod object_state;
pub mod open_uploads;
pub mod operation;
pub mod outcome;
pub mod output;
pub mod pace;
pub mod plan;
pub mod predict;
pub mod preview;
pub mod price;
pub mod redact;
pub mod request_plan;
pub mod rescue;
pub mod session_file;
pub mod sigv4;
pub mod text;
pub mod units;
pub mod upload;
pub mod verify;
pub mod watched;
pub mod wire_filter;
pub mod wire_find;
pub mod wire_lines;
pub mod xml;
pub mod xray;
