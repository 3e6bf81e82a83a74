//! The targets of `tests/fuzz` without a fuzzer: what is made of their seeds by chance. `LUTHIER_FUZZ_INPUTS=N` makes
//! more of it, from another seed each time, and `LUTHIER_FUZZ_TARGETS=pack,names` of these alone; `tests/fuzz/run` lets
//! libFuzzer search.

#[path = "../fuzz/own.rs"]
mod own;
#[path = "../fuzz/seeds.rs"]
mod seeds;
#[path = "../fuzz/targets.rs"]
mod targets;
#[path = "../fuzz/wire.rs"]
mod wire;

use luthier_object::pack::{IndexReader, Reader};
use targets::{TARGETS, Target};

/// Bytes at which parsers break: lengths, depths, signs, ends.
const TOKENS: &[&[u8]] = &[
    b"\0",
    b"\xff\xff\xff\xff",
    b"\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\xdf\xff\xff\xff\xff",
    b"\xdd\x7f\xff\xff\xff",
    b"{\"a\":",
    b"[[[[[[[[",
    b"\\ud800",
    b"99999999999999999999",
    b"1e999",
    b"..",
    b"/",
    b"\x1b[2J",
    b"commit 7\0",
    b"MUSE\x01",
    b"MUSI\x01",
    "\u{202e}\u{1f3b5}".as_bytes(),
];

/// Makes other bytes of a seed.
fn mutated(random: &mut fastrand::Rng, target_seeds: &[Vec<u8>]) -> Vec<u8> {
    let pick =
        |random: &mut fastrand::Rng| target_seeds[random.usize(..target_seeds.len())].clone();
    let mut bytes = pick(random);
    for _ in 0..=random.usize(..6) {
        let at = random.usize(..=bytes.len());
        match random.u8(..7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.u8(..8),
            1 if at < bytes.len() => bytes[at] = random.u8(..),
            2 => bytes.truncate(at),
            3 => {
                let token = TOKENS[random.usize(..TOKENS.len())];
                bytes.splice(at..at, token.iter().copied());
            }
            4 => {
                let end = (at + random.usize(..40)).min(bytes.len());
                bytes.drain(at..end);
            }
            5 => {
                let end = (at + random.usize(..40)).min(bytes.len());
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            _ => {
                let other = pick(random);
                let from = random.usize(..=other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
        }
    }
    bytes
}

fn runs(target: &Target) {
    for_inputs(target, target.run);
}

/// Hands on a target's seeds, and what is made of them.
fn for_inputs(target: &Target, run: impl Fn(&[u8]) + std::panic::RefUnwindSafe) {
    let inputs = std::env::var("LUTHIER_FUZZ_INPUTS").ok();
    let seed = inputs.as_ref().map_or(1, |_| fastrand::u64(..));
    let inputs: u64 = inputs.map_or(2000, |inputs| inputs.parse().unwrap());
    println!("{}: {inputs} inputs from seed {seed}", target.name);
    let mut random = fastrand::Rng::with_seed(seed);
    let seeds = (target.seeds)();
    for seed in &seeds {
        run(seed);
    }
    for _ in 0..inputs {
        let bytes = mutated(&mut random, &seeds);
        let ended = std::panic::catch_unwind(|| run(&bytes));
        assert!(ended.is_ok(), "{} on {}", target.name, hex::encode(&bytes));
    }
}

/// Returns the targets that are chosen.
fn chosen() -> Vec<&'static Target> {
    let chosen = std::env::var("LUTHIER_FUZZ_TARGETS").ok();
    let is_chosen = |name| match &chosen {
        None => true,
        Some(names) => names.split(',').any(|chosen| chosen == name),
    };
    let targets: Vec<&Target> = TARGETS
        .iter()
        .filter(|target| is_chosen(target.name))
        .collect();
    assert!(!targets.is_empty(), "no target is named {chosen:?}");
    targets
}

#[test]
fn no_bytes_of_a_hub_break_a_reader() {
    chosen().into_iter().for_each(runs);
}

fn read_pack(bytes: &[u8]) {
    if let Ok(mut reader) = Reader::new(bytes.len() as u64) {
        let fed = reader.feed(bytes, |_| {});
        let _whole = fed.and_then(|()| reader.finish());
    }
}

fn read_pack_index(bytes: &[u8]) {
    if let Ok(mut reader) = IndexReader::new(bytes.len() as u64) {
        let fed = reader.feed(bytes, |_| {});
        let _entries = fed.and_then(|()| reader.finish());
    }
}

/// Whatever number of records, sections or entries a pack or an index announces, its reader holds what came, a few
/// times at most.
#[test]
fn readers_of_packs_hold_no_more_than_they_are_given() {
    for target in chosen() {
        let read = match target.name {
            "pack" => read_pack,
            "pack_index" => read_pack_index,
            _ => continue,
        };
        for_inputs(target, |data| {
            // The first byte is the target's own.
            let bytes = data.get(1..).unwrap_or_default();
            let held = allocation_counter::measure(|| read(bytes)).bytes_max;
            assert!(held <= 4 * bytes.len() as u64 + 512, "{held} bytes");
        });
    }
}

#[test]
fn the_requests_that_others_are_made_of_are_answered() {
    for request in wire::requests() {
        let _first = wire::status(&request);
    }
    // What the first asked for was pushed last.
    for request in wire::requests() {
        let text = String::from_utf8_lossy(&request);
        assert_eq!(wire::status(&request), Some(200), "{text}");
    }
}

#[test]
fn the_fuzz_crate_has_every_target() {
    let manifest = std::fs::read_to_string("tests/fuzz/Cargo.toml").unwrap();
    for target in TARGETS {
        assert!(
            manifest.contains(&format!("name = \"{}\"", target.name)),
            "{}",
            target.name
        );
    }
}
