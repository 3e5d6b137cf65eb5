#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mpwire_fuzz::targets::run("repeat", data));
