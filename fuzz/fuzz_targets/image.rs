#![no_main]

use capwire_testkit::fuzz_targets as targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::image(data));
