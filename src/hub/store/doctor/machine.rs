//! Checks this machine's room for temporary files.

use super::Check;
use crate::index::{Counts, IndexMut};
use crate::{scratch, text};
use std::io::{self, Write};

const NAME: &str = "temporary files";

/// The bytes that an audit stores for a row and its object, with the indices. Measured and rounded up. Bytes, measured
/// and rounded up.
const A_ROW: u64 = 1_500;

/// The bytes that every audit needs, however small the hub. Bytes.
const LEAST: u64 = 16 << 20;

/// Returns the folder for temporary files: there, to be written, and with room for an audit of this hub.
pub(super) async fn examine(index: Option<&dyn IndexMut>) -> Check {
    let free = match try_folder() {
        Ok(free) => free,
        Err(error) => {
            return Check::fail(
                NAME,
                scratch::trouble(&error),
                "an audit, a sign-off and a rebuild need it",
            );
        }
    };
    let counts = match index {
        Some(index) => index.counts().await.ok(),
        None => None,
    };
    compare(free, counts.as_ref())
}

/// Returns the bytes that are free in the folder for temporary files, in which a file could be written.
fn try_folder() -> io::Result<u64> {
    let folder = scratch::folder("doctor")?;
    let path = folder.path().join("trial");
    let mut file = std::fs::File::create_new(&path)?;
    file.write_all(&[0; 4096])?;
    let stat = rustix::fs::statvfs(folder.path())?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

fn compare(free: u64, counts: Option<&Counts>) -> Check {
    let folder = std::env::temp_dir();
    let room = format!("{} free in {}", text::bytes(free), folder.display());
    let rows =
        counts.map(|counts| counts.commits + counts.snapshots + counts.blobs + counts.branches);
    let need = rows
        .unwrap_or(0)
        .saturating_mul(A_ROW)
        .saturating_add(LEAST);
    let needs = match rows {
        Some(rows) => format!(
            "an audit of {} needs about {}",
            text::plural(rows, "row"),
            text::bytes(need)
        ),
        None => format!("even a small audit needs {}", text::bytes(need)),
    };
    match free >= need {
        true => Check::pass(NAME, format!("{room}; {needs}")),
        false => Check::fail(
            NAME,
            format!("{room}; {needs}"),
            "free some space there, or set TMPDIR to a larger folder",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Health;
    use super::compare;
    use crate::index::Counts;

    #[test]
    fn room_is_held_against_what_an_audit_of_the_hub_needs() {
        let counts = Counts {
            commits: 1_000_000,
            snapshots: 1_000_000,
            blobs: 3_000_000,
            ..Counts::default()
        };
        let check = compare(1 << 30, Some(&counts));
        assert_eq!(check.health, Health::Fail, "{check:?}");
        assert!(check.found.contains("5,000,000 rows"), "{check:?}");
        assert!(check.advice.contains("TMPDIR"), "{check:?}");
        assert_eq!(compare(1 << 34, Some(&counts)).health, Health::Pass);
        assert_eq!(compare(1 << 20, None).health, Health::Fail);
        assert_eq!(compare(1 << 30, None).health, Health::Pass);
    }
}
