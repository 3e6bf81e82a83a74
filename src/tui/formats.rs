//! The form in which lists are written, as a person chose it last.

use luthier_audit::table::Format;
use luthier_hub::destination;
use luthier_repair::journal;
use std::path::PathBuf;

/// Returns the form that was chosen last; none where none was, or where it cannot be read.
#[must_use]
pub fn remembered() -> Option<Format> {
    let text = std::fs::read_to_string(place()?).ok()?;
    Format::of_extension(text.trim())
}

/// Remembers a form. Where that fails, the next session asks again.
pub fn remember(format: Format) {
    if let Some(path) = place() {
        let _ = destination::replace(&path, format.extension().as_bytes());
    }
}

fn place() -> Option<PathBuf> {
    Some(journal::state_folder()?.join("console").join("export"))
}
