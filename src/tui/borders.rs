//! Where a person moved the borders between panes.

use super::regions::Borders;
use luthier_hub::destination;
use luthier_repair::journal;
use std::path::PathBuf;

/// The furthest that a border is moved, in percent of the width.
const FURTHEST: i16 = 50;

/// Returns where the borders were left; unmoved where they never were, or where that cannot be read.
#[must_use]
pub fn remembered() -> Borders {
    let read = || {
        let text = std::fs::read_to_string(place()?).ok()?;
        let (first, second) = text.trim().split_once(' ')?;
        Some([first.parse().ok()?, second.parse().ok()?])
    };
    let moved: Borders = read().unwrap_or_default();
    moved.map(|points| points.clamp(-FURTHEST, FURTHEST))
}

/// Remembers the borders. Where that fails, the next session draws them as it did before.
pub fn remember([first, second]: Borders) {
    if let Some(path) = place() {
        let _ = destination::replace(&path, format!("{first} {second}").as_bytes());
    }
}

fn place() -> Option<PathBuf> {
    Some(journal::state_folder()?.join("console").join("borders"))
}
