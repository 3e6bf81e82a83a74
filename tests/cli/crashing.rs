//! The applier is killed at any moment, or started twice: never a pointer to nothing or to other bytes,
//! never an object changed or lost, and the next run ends with nothing left that is `auto`.
//!
//! `LUTHIER_CRASH_ROUNDS=500` kills more often, a fifth of that on Postgres and S3, and starts it twice a fifth as often;
//! `LUTHIER_CRASH_SEED` gives the same choices again, and `LUTHIER` names another program.

use crate::bench::*;
use crate::support::*;
use std::process::Stdio;
use std::time::Duration;

const APPLY: [&str; 7] = [
    "repair", "--apply", "--write", "--yes", "--json", "--grace", "0s",
];

/// A hub is killed at most so often before it is repaired to the end.
const KILLS: usize = 3;

/// A fifth of the rounds that are asked for, or `few`.
fn fifth(few: u64) -> u64 {
    number("LUTHIER_CRASH_ROUNDS").map_or(few, |rounds| rounds.div_ceil(5))
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// What a whole run leaves, and how much it writes into its journal.
struct Expected {
    before: (Objects, Pointers),
    objects: Objects,
    journaled: u64,
}

fn expected(bench: &mut Bench) -> Expected {
    let hub = bench.copy();
    let before = (bench.objects(&hub), bench.pointers(&hub));
    let ran = Ran::of(&mut bench.on(&hub, &APPLY));
    assert_eq!(ran.code, 1, "{}", ran.err);
    Expected {
        before,
        objects: bench.objects(&hub),
        journaled: bench.journaled(),
    }
}

/// No object was lost or changed, and what a row was made to name is there, whole.
fn is_no_worse(bench: &Bench, hub: &Copied, expected: &Expected) {
    let (objects, pointers) = (bench.objects(hub), bench.pointers(hub));
    let (objects_before, pointers_before) = &expected.before;
    for (key, bytes) in objects_before {
        assert!(objects.get(key) == Some(bytes), "{key} was changed or lost");
    }
    for (id, uri) in &pointers {
        if pointers_before.get(id) == Some(uri) {
            continue;
        }
        let uri = uri
            .as_deref()
            .unwrap_or_else(|| panic!("{id}: its pointer was taken away"));
        let key = bench.key(uri).unwrap_or_else(|| panic!("{id}: {uri}"));
        let there = objects.get(key);
        assert!(there.is_some(), "{id}: nothing lies under {uri}");
        assert!(
            there == expected.objects.get(key),
            "{id}: other bytes lie under {uri}"
        );
    }
    for id in pointers_before.keys() {
        assert!(pointers.contains_key(id), "the row {id} is gone");
    }
}

/// Kills an applier once its journal has grown so far, and a little later.
fn kill(bench: &Bench, hub: &Copied, grown: u64, later: Duration) {
    let before = bench.journaled();
    let mut child = bench
        .on(hub, &APPLY)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while bench.journaled() - before < grown && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_micros(500));
    }
    // Only so that it does not always strike between two batches.
    std::thread::sleep(later);
    child.kill().unwrap();
    child.wait().unwrap();
}

fn ends_well(bench: &Bench, hub: &Copied, expected: &Expected) {
    let ran = Ran::of(&mut bench.on(hub, &APPLY));
    assert_eq!(ran.code, 1, "{}", ran.err);
    is_no_worse(bench, hub, expected);
    let audit = ["audit", "--depth", "bytes", "--json", "--grace", "0s"];
    for line in Ran::of(&mut bench.on(hub, &audit)).lines() {
        assert!(line["auto"] != "yes", "{line}");
    }
}

fn crash(mut bench: Bench, rounds: u64) {
    let seed = number("LUTHIER_CRASH_SEED").unwrap_or_else(|| fastrand::u64(..));
    eprintln!("LUTHIER_CRASH_SEED={seed}");
    let mut chance = fastrand::Rng::with_seed(seed);
    let expected = expected(&mut bench);
    let mut left = rounds;
    while left > 0 {
        let hub = bench.copy();
        for _ in 0..chance.usize(1..=KILLS).min(left as usize) {
            let grown = chance.u64(0..expected.journaled);
            let later = Duration::from_micros(chance.u64(0..8_000));
            kill(&bench, &hub, grown, later);
            is_no_worse(&bench, &hub, &expected);
            let verified = Ran::of(&mut bench.command(&["journal", "verify"]));
            assert_eq!(verified.code, 0, "{verified:?}");
            left -= 1;
        }
        ends_well(&bench, &hub, &expected);
        let runs = Ran::of(&mut bench.on(&hub, &["journal", "--json"]));
        for run in runs.lines() {
            assert_eq!(
                run["open"], 0,
                "every announced step has its outcome: {run}"
            );
        }
    }
    assert_eq!(Ran::of(&mut bench.command(&["journal", "verify"])).code, 0);
}

#[test]
fn a_kill_at_any_moment_leaves_no_file_and_folder_worse() {
    crash(Bench::local(), number("LUTHIER_CRASH_ROUNDS").unwrap_or(25));
}

#[test]
fn a_kill_at_any_moment_leaves_no_postgres_and_s3_worse() {
    crash(Bench::remote(), fifth(5));
}

/// Two appliers of one hub: of one operator, who share a journal, or of two.
fn both_at_once(mut bench: Bench, rounds: u64) {
    let expected = expected(&mut bench);
    let mut hub = bench.copy();
    for round in 0..rounds {
        if round > 0 && round % 5 == 0 {
            hub = bench.copy();
        }
        let other_state = bench.place.path(&format!("state-{round}"));
        let children: Vec<_> = (0..2)
            .map(|n| {
                let mut command = bench.on(&hub, &APPLY);
                if n == 1 && round % 2 == 0 {
                    command.env("XDG_STATE_HOME", &other_state);
                }
                command.stdout(Stdio::piped()).stderr(Stdio::piped());
                command.spawn().unwrap()
            })
            .collect();
        let ran: Vec<Ran> = children
            .into_iter()
            .map(|child| Ran::from(child.wait_with_output().unwrap()))
            .collect();
        let well = ran.iter().filter(|ran| ran.code == 1).count();
        assert!(well >= 1, "{:?}", [&ran[0].err, &ran[1].err]);
        for ran in ran.iter().filter(|ran| ran.code != 1) {
            assert_eq!(ran.code, 3, "{}", ran.err);
            let clear = ["another repair is running", "another luthier is writing"];
            assert!(
                clear.iter().any(|says| ran.err.contains(says)),
                "{}",
                ran.err
            );
            ran.is_one_line();
        }
        is_no_worse(&bench, &hub, &expected);
    }
    ends_well(&bench, &hub, &expected);
}

#[test]
fn of_two_appliers_of_a_file_one_waits_or_leaves_with_a_clear_line() {
    both_at_once(Bench::local(), fifth(10));
}

#[test]
fn of_two_appliers_of_a_server_one_waits_or_leaves_with_a_clear_line() {
    both_at_once(Bench::remote(), fifth(10));
}
