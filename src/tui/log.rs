//! The log of the session, on disk: one JSON object per line, readable by its owner alone.

use super::notices::{Level, Notice};
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};

/// A longer log is begun anew, and the old one kept beside it; in bytes.
const LONGEST: u64 = 4 << 20;

/// The name of the log in the state folder.
pub const NAME: &str = "console.log";

/// Keeps what a panic said in the log of the console, and says where that is; `None` where it cannot be
/// written.
pub fn keep_panic(words: &str) -> Option<PathBuf> {
    let folder = crate::repair::journal::state_folder()?;
    std::fs::create_dir_all(&folder).ok()?;
    let path = folder.join(NAME);
    append(&path, "panic", words).then_some(path)
}

/// A log that is written by a thread of its own: no disk may hold the screen up.
pub struct Log {
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
        let path = folder.join(NAME);
        if std::fs::metadata(&path).is_ok_and(|meta| meta.len() > LONGEST) {
            let _ = std::fs::rename(&path, folder.join("console.log.1"));
        }
        open(&path)?;
        let (lines, told) = channel::<(&'static str, String)>();
        std::thread::spawn(move || {
            for (level, text) in told {
                let _ = append(&path, level, &text);
            }
        });
        Some(Self { lines })
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

/// Appends a line; says whether it could. A log that cannot be written stops nobody.
pub fn append(path: &Path, level: &str, text: &str) -> bool {
    let at = jiff::Timestamp::now().to_string();
    let line = json!({ "time": at, "pid": std::process::id(), "level": level, "text": text });
    open(path).is_some_and(|mut file| writeln!(file, "{line}").is_ok())
}
