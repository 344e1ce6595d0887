#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| orderchat_media::fuzzing::capture(data));
