//! What an audit of packs costs beside one of the same blobs as objects of their own: two hubs with the same rows in
//! Postgres and S3, the program on each, its time and its largest memory.
//!
//! `eval "$(tests/servers/up)" && cargo bench --bench packs`, with
//! - `LUTHIER_BENCH_PACKS`: how many packs there are (200),
//! - `LUTHIER_BENCH_BLOBS`: how many blobs, in all of them together (100000),
//! - `LUTHIER_BENCH_LARGEST`: MiB of the largest pack (64); the sizes are spread evenly over the powers of two from 1 on,
//! - `LUTHIER_BENCH_AGAIN`: set to take the hubs of the run before, on the same servers,
//! - `LUTHIER_BENCH_PROGRAM`: another build of the program than this run's.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests: what fails is a failed test, and what they made they remove"
)]

#[path = "packs/hubs.rs"]
mod hubs;
#[path = "packs/measured.rs"]
mod measured;

use hubs::{Hubs, Kept};
use measured::{Measured, audit};
use std::time::Duration;

/// An audit of packs may take so many times as long as one of objects.
const SLOWER: f64 = 2.0;

/// And have so much memory: 200 MB.
const MEMORY: u64 = 200_000_000;

fn main() {
    // Only `cargo bench` says so; a run of all test targets has no minutes to spare.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let hubs = runtime.block_on(Hubs::from_env());
    println!("{}", hubs.described());
    let tell = |name: &str, measured: &Measured| {
        println!(
            "{name:<26} {:>7.1} s  {:>5} MB  {} blobs, {} read",
            measured.took.as_secs_f64(),
            measured.memory / 1_000_000,
            measured.blobs,
            measured.read,
        );
    };
    let own = audit(&hubs, Kept::Alone, "bytes");
    tell("bytes, objects", &own);
    let packed = audit(&hubs, Kept::Packed, "bytes");
    tell("bytes, packs", &packed);
    let presence = audit(&hubs, Kept::Packed, "presence");
    tell("presence, packs", &presence);
    let ratio = packed.took.as_secs_f64() / own.took.max(Duration::from_millis(1)).as_secs_f64();
    println!("packs take {ratio:.2} times as long; at most {SLOWER} were promised");
    assert_eq!((own.blobs, own.blobs), (packed.blobs, presence.blobs));
    assert_eq!(own.read, packed.read, "every blob was read");
    assert!(ratio <= SLOWER, "too slow");
    let most = packed.memory.max(presence.memory);
    assert!(most <= MEMORY, "{most} bytes of memory");
}
