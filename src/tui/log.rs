//! What was told, kept on disk: one JSON object a line, readable by its owner alone.

use super::notices::{Level, Notice};
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};

/// A longer log is begun anew, and the old one kept beside it; in bytes.
const LONGEST: u64 = 4 << 20;

/// A log that is written by a thread of its own: no disk may hold the screen up.
pub struct Log {
    path: PathBuf,
    lines: Sender<(&'static str, String)>,
}

impl Log {
    /// Opens the log in the state folder; none where there is no such folder or it cannot be written.
    #[must_use]
    pub fn open() -> Option<Self> {
        Self::open_in(&crate::repair::journal::state_folder()?)
    }

    /// As [`Log::open`], in a given folder.
    #[must_use]
    pub fn open_in(folder: &Path) -> Option<Self> {
        std::fs::create_dir_all(folder).ok()?;
        let path = folder.join("console.log");
        if std::fs::metadata(&path).is_ok_and(|meta| meta.len() > LONGEST) {
            let _ = std::fs::rename(&path, folder.join("console.log.1"));
        }
        open(&path)?;
        let (lines, told) = channel::<(&'static str, String)>();
        let file = path.clone();
        std::thread::spawn(move || {
            for (level, text) in told {
                append(&file, level, &text);
            }
        });
        Some(Self { path, lines })
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps a notice.
    pub fn keep(&self, notice: &Notice) {
        let level = match notice.level {
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        };
        // The thread ends with the program and not before.
        let _ = self.lines.send((level, notice.text.clone()));
    }
}

fn open(path: &Path) -> Option<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).mode(0o600);
    options.open(path).ok()
}

/// Appends a line. A log that cannot be written stops nobody.
pub fn append(path: &Path, level: &str, text: &str) {
    let at = jiff::Timestamp::now().to_string();
    let line = json!({ "time": at, "pid": std::process::id(), "level": level, "text": text });
    if let Some(mut file) = open(path) {
        let _ = writeln!(file, "{line}");
    }
}
