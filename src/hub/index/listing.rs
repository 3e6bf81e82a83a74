//! A line of a browsing list: the same for every database.

use super::rows::Cells;
use super::{Capabilities, Listed};
use luthier_object::Kind;

/// Characters of `what`.
pub(super) const WHAT_CHARS: usize = 200;

/// Bytes of a cell that is shown in a list; a longer list of parents is left out.
pub(super) const LIGHT: u32 = 64 << 10;

/// Returns the column that a kind is sorted by.
pub(super) const fn at_column(kind: Kind) -> &'static str {
    match kind {
        Kind::Commit => "timestamp",
        Kind::Snapshot | Kind::Blob => "created_at",
    }
}

/// Reads a count; 0 for null.
pub(super) fn count(cells: &mut dyn Cells<'_>) -> Result<u64, sqlx::Error> {
    Ok(cells.int()?.map_or(0, i64::unsigned_abs))
}

/// Reads two counts.
pub(super) fn two_counts(cells: &mut dyn Cells<'_>) -> Result<(u64, u64), sqlx::Error> {
    Ok((count(cells)?, count(cells)?))
}

/// Returns what reads one line of a list of `kind`.
pub(super) fn read_light(
    kind: Kind,
    capabilities: &Capabilities,
) -> impl Fn(&mut dyn Cells<'_>) -> Result<Listed, sqlx::Error> + use<> {
    let has_uri = capabilities.storage_uri(kind);
    move |cells| light(cells, kind, has_uri)
}

fn light(cells: &mut dyn Cells<'_>, kind: Kind, has_uri: bool) -> Result<Listed, sqlx::Error> {
    let id = cells.key()?;
    let at = cells.key()?;
    let who = cells.text()?;
    let what = first_line(&cells.text()?);
    let branch = cells.key()?;
    let parent_ids = cells.text()?;
    // For a snapshot this column is its own id.
    let snapshot_id = cells.opt_key()?.filter(|_| kind == Kind::Commit);
    let size = cells.int()?;
    let storage_uri = cells.opt_text()?;
    Ok(Listed {
        kind,
        id,
        at,
        who,
        what,
        branch,
        parent_ids,
        snapshot_id,
        size,
        storage_uri: has_uri.then_some(storage_uri),
        cache_byte: cells.bytes()?.and_then(|bytes| bytes.first().copied()),
    })
}

/// Returns the first line, at most [`WHAT_CHARS`] characters.
fn first_line(text: &str) -> String {
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(WHAT_CHARS)
        .collect()
}
