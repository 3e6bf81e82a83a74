//! One program for each target of `targets.rs`, by its name.

#![no_main]

mod own;
mod seeds;
mod targets;
mod wire;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let name = env!("CARGO_BIN_NAME");
    let target = targets::TARGETS.iter().find(|target| target.name == name);
    (target.expect("a target").run)(data);
});
