//! A text shown by another program: `$PAGER`, else `$EDITOR`, else `less`. Nothing is read back.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::Command;

/// Returns the program that is asked for, as a shell would take it.
#[must_use]
pub fn program(variable: &dyn Fn(&str) -> Option<String>) -> String {
    let asked = ["PAGER", "EDITOR"].into_iter().find_map(variable);
    asked.unwrap_or_else(|| "less".to_owned())
}

/// Shows `text` until the program ends. The file is in a private folder, readable by its owner alone, and is
/// gone after.
///
/// # Errors
/// There is no such program, or no room for the text.
pub fn show(program: &str, name: &str, text: &str) -> io::Result<()> {
    let folder = luthier_hub::scratch::folder("shown")?;
    let path = folder.path().join(name);
    let mut options = OpenOptions::new();
    let mut file = options
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&path)?;
    file.write_all(text.as_bytes())?;
    drop(file);
    // Both variables may hold arguments, which a shell takes apart.
    let ended = Command::new("sh")
        .arg("-c")
        .arg(format!("{program} \"$1\""))
        .arg("sh")
        .arg(&path)
        .status()?;
    match ended.code() {
        Some(127) => Err(io::Error::other(format!(
            "there is no program `{program}`; set PAGER to another"
        ))),
        _ => Ok(()),
    }
}
