//! Feeds `lit_node::fuzz`'s target of this name.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lit_node::fuzz::run("reshare", data));
