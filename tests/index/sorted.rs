//! Sorted runs against a map that is held in memory.

use super::{BLOCK, Sorted};
use std::collections::BTreeMap;

/// A record: three bytes of key, one that tells who came first.
fn record(key: u32, mark: u8) -> [u8; 4] {
    let [_, a, b, c] = key.to_be_bytes();
    [a, b, c, mark]
}

/// Tables that spill after a few blocks, each with what it should hold.
fn filled(rounds: u32) -> (Sorted<4>, BTreeMap<[u8; 3], u8>) {
    let mut random = fastrand::Rng::with_seed(u64::from(rounds));
    let mut table = Sorted::holding(3, BLOCK * 4 * 3);
    let mut map = BTreeMap::new();
    for at in 0..rounds {
        let record = record(random.u32(0..rounds * 2), at as u8);
        table.push(record).unwrap();
        map.entry([record[0], record[1], record[2]])
            .or_insert(record[3]);
        if at == rounds / 2 {
            // What is asked between two additions changes nothing.
            assert!(table.first(&record[..3]).unwrap().is_some());
        }
    }
    (table, map)
}

const SIZES: [u32; 5] = [0, 1, 63, 1_000, 6_000];

#[test]
fn a_walk_gives_each_key_once_in_order_and_the_first_that_came() {
    for rounds in SIZES {
        for merged in [false, true] {
            let (mut table, map) = filled(rounds);
            if merged {
                table.merge().unwrap();
            }
            let mut walk = table.walk(&[]).unwrap();
            for (key, mark) in &map {
                let [a, b, c] = *key;
                assert_eq!(walk.next().unwrap(), Some([a, b, c, *mark]), "{rounds}");
            }
            assert_eq!(walk.next().unwrap(), None);
        }
    }
}

#[test]
fn what_is_looked_up_is_what_was_added_first() {
    for rounds in SIZES {
        let (mut table, map) = filled(rounds);
        for key in 0..rounds * 2 + 2 {
            let [a, b, c, _] = record(key, 0);
            let wanted = map.get(&[a, b, c]).map(|mark| [a, b, c, *mark]);
            assert_eq!(table.first(&[a, b, c]).unwrap(), wanted, "{rounds}: {key}");
            let all: Vec<[u8; 4]> = wanted.into_iter().collect();
            assert_eq!(table.all(&[a, b, c]).unwrap(), all);
        }
    }
}

#[test]
fn a_beginning_finds_all_that_share_it() {
    for rounds in SIZES {
        let (mut table, map) = filled(rounds);
        for start in 0..=((rounds * 2) >> 8) {
            let [a, b, ..] = record(start << 8, 0);
            let same = map.range([a, b, 0]..=[a, b, 255]);
            let wanted: Vec<[u8; 4]> = same.map(|([a, b, c], m)| [*a, *b, *c, *m]).collect();
            assert_eq!(table.all(&[a, b]).unwrap(), wanted);
            assert_eq!(table.first(&[a, b]).unwrap(), wanted.first().copied());
        }
    }
}

#[test]
fn a_walk_starts_and_goes_on_where_it_is_told() {
    for rounds in SIZES {
        let (mut table, map) = filled(rounds);
        for start in (0..rounds * 2).step_by(37) {
            let [a, b, c, _] = record(start, 0);
            let next = map.range([a, b, c]..).next();
            let wanted = next.map(|([a, b, c], m)| [*a, *b, *c, *m]);
            let is_there = next.is_some_and(|(key, _)| *key == [a, b, c]);
            let mut walk = table.walk(&[a, b, c]).unwrap();
            assert_eq!(walk.head().copied(), wanted);
            assert_eq!(walk.seek(&[a, b, c]).unwrap(), is_there);
            let mut walk = table.walk(&[]).unwrap();
            assert_eq!(walk.seek(&[a, b, c]).unwrap(), is_there);
            assert_eq!(walk.head().copied(), wanted);
        }
    }
}
