//! The log file of one run: readable by its owner alone, bounded in size, and old ones removed.

#![expect(clippy::disallowed_methods, reason = "it removes old logs")]

use crate::destination::DestinationError;
use rustix::fs::{FlockOperation, flock};
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The longest part of a log, in bytes. A run keeps two: the one that is written, and the one before it.
const LONGEST: u64 = 8 << 20;

/// Files that are kept, the one of this run included.
const KEPT: usize = 50;

/// The most bytes of all log files together.
const HEAVIEST: u64 = 64 << 20;

/// The end of the name of the part that is written, and of the one before it.
const NEWEST: &str = ".log";
const OLDER: &str = ".log.1";

/// The place of a run's log file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    File(PathBuf),
    /// No file is kept; a sentence that says why.
    Nowhere(String),
}

/// The log file of this run. It is made when the first line is written.
pub(super) struct RunFile {
    path: PathBuf,
    longest: u64,
    written: u64,
    open: Option<File>,
    failed: Option<String>,
}

impl RunFile {
    /// A file named by the moment and `command`, in `folder`.
    pub(super) fn new(folder: &Path, command: &str) -> Self {
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H%M%SZ");
        let name = format!("{now}-{command}-{}{NEWEST}", std::process::id());
        Self {
            path: folder.join(name),
            longest: LONGEST,
            written: 0,
            open: None,
            failed: None,
        }
    }

    /// Makes the file if there is none yet, and says where it is.
    pub(super) fn location(&mut self) -> Location {
        match self.opened() {
            Ok(_) => Location::File(self.path.clone()),
            Err(_) => Location::Nowhere(self.failed.clone().unwrap_or_default()),
        }
    }

    /// The open file. What failed once is not tried again: a run writes thousands of lines.
    fn opened(&mut self) -> io::Result<&mut File> {
        if self.failed.is_some() {
            return Err(io::ErrorKind::Other.into());
        }
        if self.open.is_none() {
            match begin(&self.path) {
                Ok(file) => self.open = Some(file),
                Err(error) => {
                    let kind = error.kind();
                    self.failed = Some(DestinationError::at(&self.path, error).to_string());
                    return Err(kind.into());
                }
            }
        }
        self.open
            .as_mut()
            .ok_or_else(|| io::ErrorKind::Other.into())
    }

    /// Starts another part; the one before it takes the place of the one before that.
    fn turn(&mut self) -> io::Result<()> {
        std::fs::rename(&self.path, older(&self.path))?;
        self.open = Some(create(&self.path)?);
        self.written = 0;
        Ok(())
    }
}

impl Write for RunFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let long = line.len() as u64;
        self.opened()?;
        if self.written > 0 && self.written + long > self.longest {
            self.turn()?;
        }
        self.opened()?.write_all(line)?;
        self.written += long;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.open.as_mut().map_or(Ok(()), Write::flush)
    }
}

/// Makes the folder, removes old logs from it, and makes the file.
fn begin(path: &Path) -> io::Result<File> {
    let folder = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    if std::fs::metadata(folder)?.permissions().mode() & 0o077 != 0 {
        std::fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    }
    let file = create(path)?;
    remove_old(folder, path, KEPT, HEAVIEST);
    Ok(file)
}

/// A new file that its owner alone reads. It stays locked while the run lives, so that no other run removes it.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options
        .append(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    // A file system without locks only loses the protection.
    let _ = flock(&file, FlockOperation::NonBlockingLockExclusive);
    Ok(file)
}

fn older(path: &Path) -> PathBuf {
    path.with_extension("log.1")
}

/// Removes the oldest logs beyond `kept` files or `heaviest` bytes. Logs of runs under way stay.
fn remove_old(folder: &Path, own: &Path, kept: usize, heaviest: u64) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut logs: Vec<(PathBuf, u64)> = entries
        .filter(|entry| is_log(&entry.file_name().to_string_lossy()))
        .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?.len())))
        .collect();
    // Names begin with the moment: the newest first.
    logs.sort_unstable_by(|a, b| b.0.cmp(&a.0));
    let (mut count, mut bytes) = (0, 0);
    for (path, size) in logs {
        count += 1;
        bytes += size;
        if (count > kept || bytes > heaviest) && path != own && !is_living(&path) {
            // What cannot be removed is tried again by the next run.
            let _ = std::fs::remove_file(&path);
        }
    }
}

/// Returns whether a name is one that [`RunFile::new`] gives: nothing else is ever removed.
fn is_log(name: &str) -> bool {
    let stem = name
        .strip_suffix(NEWEST)
        .or_else(|| name.strip_suffix(OLDER));
    let Some(stem) = stem else { return false };
    let mut parts = stem.rsplitn(2, '-');
    let pid = parts.next().unwrap_or_default();
    let start = parts.next().unwrap_or_default().as_bytes();
    let is_moment = start.len() > 18
        && start
            .iter()
            .take(18)
            .zip(b"0000-00-00T000000Z")
            .all(|(found, form)| match form {
                b'0' => found.is_ascii_digit(),
                form => found == form,
            });
    is_moment && !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit())
}

/// Returns whether the run that writes this log is alive.
fn is_living(path: &Path) -> bool {
    let newest = path.with_extension("").with_extension("log");
    let newest = if newest.exists() {
        newest
    } else {
        path.to_owned()
    };
    let Ok(file) = File::open(newest) else {
        return false;
    };
    flock(&file, FlockOperation::NonBlockingLockShared) == Err(rustix::io::Errno::WOULDBLOCK)
}

#[cfg(test)]
mod tests {
    use super::{Location, RunFile, create, is_log, older, remove_old};
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    fn mode(path: &std::path::Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_log_is_made_with_its_first_line_and_read_by_its_owner_alone() {
        let home = crate::scratch::folder("log").unwrap();
        let folder = home.path().join("state/log");
        let mut log = RunFile::new(&folder, "audit");
        assert!(!folder.exists());
        log.write_all(b"a line\n").unwrap();
        let Location::File(path) = log.location() else {
            panic!("no log")
        };
        assert_eq!(std::fs::read(&path).unwrap(), b"a line\n");
        assert_eq!((mode(&folder), mode(&path)), (0o700, 0o600));
        assert!(is_log(&path.file_name().unwrap().to_string_lossy()));
    }

    #[test]
    fn a_long_log_keeps_its_newest_part_and_the_one_before() {
        let home = crate::scratch::folder("log").unwrap();
        let mut log = RunFile::new(home.path(), "audit");
        log.longest = 20;
        for n in 0..7 {
            log.write_all(format!("line {n:04}\n").as_bytes()).unwrap();
        }
        let Location::File(path) = log.location() else {
            panic!("no log")
        };
        assert_eq!(std::fs::read(&path).unwrap(), b"line 0006\n");
        let before = older(&path);
        assert_eq!(std::fs::read(&before).unwrap(), b"line 0004\nline 0005\n");
        assert_eq!(mode(&before), 0o600);
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 2);
    }

    #[test]
    fn old_logs_are_removed_and_those_of_living_runs_and_other_files_stay() {
        let home = crate::scratch::folder("log").unwrap();
        let path = |name: &str| home.path().join(name);
        for day in 1..9 {
            std::fs::write(path(&format!("2026-01-0{day}T000000Z-audit-7.log")), "x").unwrap();
        }
        std::fs::write(path("2026-01-01T000000Z-notes.log"), "x").unwrap();
        std::fs::write(path("notes.log"), "x").unwrap();
        let living = create(&path("2026-01-01T111111Z-console-8.log")).unwrap();
        std::fs::write(path("2026-01-01T111111Z-console-8.log.1"), "x").unwrap();
        remove_old(home.path(), &path("2026-01-08T000000Z-audit-7.log"), 3, 100);
        let mut left: Vec<String> = std::fs::read_dir(home.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(
            left,
            [
                "2026-01-01T000000Z-notes.log",
                "2026-01-01T111111Z-console-8.log",
                "2026-01-01T111111Z-console-8.log.1",
                "2026-01-06T000000Z-audit-7.log",
                "2026-01-07T000000Z-audit-7.log",
                "2026-01-08T000000Z-audit-7.log",
                "notes.log"
            ]
        );
        drop(living);
        remove_old(home.path(), &path("2026-01-08T000000Z-audit-7.log"), 3, 1);
        assert_eq!(
            std::fs::read_dir(home.path()).unwrap().count(),
            3,
            "by size too"
        );
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_a_sentence_and_no_error_twice() {
        let mut log = RunFile::new(std::path::Path::new("/proc/luthier"), "audit");
        assert!(log.write_all(b"a line\n").is_err());
        let Location::Nowhere(why) = log.location() else {
            panic!("a log in /proc")
        };
        assert!(
            why.contains("/proc/luthier") && why.contains("cannot be written"),
            "{why}"
        );
    }
}
