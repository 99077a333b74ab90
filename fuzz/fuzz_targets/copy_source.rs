#![no_main]

#[path = "../../tests/laws/laws.rs"]
#[allow(dead_code)]
mod laws;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| laws::copy_source(bytes));
