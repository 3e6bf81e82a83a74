//! Reads the folder whose files are committed.

use crate::cli::CliError;
use bytes::Bytes;
use luthier_hub::store::hub_writes::MAX_ARRIVALS;
use std::io;
use std::path::Path;

/// Returns the files below a folder with their paths, sorted.
pub(super) fn files(root: &Path) -> Result<Vec<(String, Bytes)>, CliError> {
    let failed = |at: &Path, error: &dyn std::fmt::Display| {
        CliError::usage(format!("cannot read {}: {error}", at.display()))
    };
    let (mut out, mut size) = (Vec::new(), 0);
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| failed(&folder, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| failed(&folder, &error))?;
            let (path, kind) = (entry.path(), entry.file_type());
            let kind = kind.map_err(|error| failed(&path, &error))?;
            if kind.is_dir() {
                if !(folder == root && entry.file_name() == ".muse") {
                    open.push(path);
                }
                continue;
            }
            if !kind.is_file() {
                return Err(failed(&path, &"it is neither a file nor a folder"));
            }
            let name = path.strip_prefix(root).ok().and_then(Path::to_str);
            let name = name
                .ok_or_else(|| failed(&path, &"its name is not UTF-8"))?
                .to_owned();
            let bytes =
                read_within(&path, MAX_ARRIVALS - size).map_err(|error| failed(&path, &error))?;
            size += bytes.len() as u64;
            out.push((name, bytes));
        }
    }
    out.sort();
    Ok(out)
}

/// Reads a file of at most `most` bytes.
fn read_within(path: &Path, most: u64) -> io::Result<Bytes> {
    if std::fs::metadata(path)?.len() > most {
        return Err(io::Error::other(format!(
            "the folder's files have more than {MAX_ARRIVALS} bytes together; commit them in parts"
        )));
    }
    std::fs::read(path).map(Bytes::from)
}
