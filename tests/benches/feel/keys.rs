//! Which key a person presses next.

use super::seen::Seen;

pub const DOWN: &str = "\u{1b}[B";

/// Keys and how often they are pressed.
const KEYS: &[(&str, u32)] = &[
    (DOWN, 50),
    ("\u{1b}[A", 12),
    ("\u{1b}[6~", 14),
    ("\u{1b}[5~", 6),
    ("\u{4}", 4),
    ("\u{15}", 2),
    ("G", 2),
    ("g", 2),
    ("\t", 4),
    ("1", 2),
    ("2", 1),
    ("3", 1),
];

/// A key that changes what is seen.
pub fn choose(random: &mut fastrand::Rng, seen: &Seen) -> &'static str {
    let sum = KEYS.iter().map(|(_, weight)| weight).sum();
    loop {
        let mut at = random.u32(0..sum);
        let found = KEYS.iter().find(|(_, weight)| {
            let here = at < *weight;
            at = at.saturating_sub(*weight);
            here
        });
        if let Some((key, _)) = found
            && changes(key, seen)
        {
            return key;
        }
    }
}

fn changes(key: &str, seen: &Seen) -> bool {
    match key {
        "\t" => true,
        "1" => seen.kind != "commits",
        "2" => seen.kind != "snapshots",
        "3" => seen.kind != "blobs",
        DOWN | "\u{1b}[6~" | "\u{4}" | "G" => seen.at < seen.of,
        _ => seen.at > Some(1),
    }
}
