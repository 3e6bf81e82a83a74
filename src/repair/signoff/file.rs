//! Reports as files: written once, read with suspicion.

use super::{ReportError, Signoff, SignoffError, VERSION, html_report, markdown_report};
use luthier_hub::destination::{self, DestinationError};
use luthier_hub::text::escaped;
use luthier_object::json;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The largest report that is read. 64 MiB.
const LARGEST: u64 = 64 << 20;

impl Signoff {
    /// Returns the sha256 that the report should bear: of all its other fields, as canonical JSON.
    #[must_use]
    pub fn own_sha256(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Value::Object(map) = &mut value {
            map.remove("sha256");
        }
        hex::encode(Sha256::digest(json::canonical(&value)))
    }

    /// Reads a report and checks it against its own sha256.
    ///
    /// # Errors
    /// No such file, no report, one of another version, or one that was changed.
    pub fn load(path: &Path) -> Result<Self, SignoffError> {
        let (signoff, text) = Self::read(path).map_err(|source| SignoffError::File {
            path: path.display().to_string(),
            source,
        })?;
        if signoff.own_sha256() != signoff.sha256 || !signoff.is_written_as(&text) {
            return Err(SignoffError::Altered {
                path: path.display().to_string(),
            });
        }
        Ok(signoff)
    }

    /// Reads a report, and its text, without checking its sha256.
    fn read(path: &Path) -> Result<(Self, Vec<u8>), ReportError> {
        let mut text = Vec::new();
        let file = File::open(path)?;
        file.take(LARGEST + 1).read_to_end(&mut text)?;
        if text.len() as u64 > LARGEST {
            return Err(ReportError::TooLarge);
        }
        let value: Value = serde_json::from_slice(&text)?;
        if value["type"] != "signoff" || value["version"] != VERSION {
            return Err(ReportError::OtherVersion);
        }
        Ok((serde_json::from_value(value)?, text))
    }

    /// Returns whether `text` is exactly what this program writes of the report, as a file or on standard output: what
    /// occurs twice, of which readers take one or the other, is seen here.
    fn is_written_as(&self, text: &[u8]) -> bool {
        let file = serde_json::to_string_pretty(self).unwrap_or_default();
        let line = serde_json::to_value(self).unwrap_or_default().to_string();
        let text = text.trim_ascii_end();
        // Reports of before have these characters as they are.
        [file, line]
            .iter()
            .any(|own| text == own.as_bytes() || text == escaped(own).as_bytes())
    }

    /// Writes the report for machines, the one for people and the one for browsers into `folder`; never over others.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn save(&self, folder: &Path) -> Result<[PathBuf; 3], SignoffError> {
        prepare(folder)?;
        let stem = self.stem();
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        let mut text = escaped(&text).into_owned();
        text.push('\n');
        let machines = put(&folder.join(format!("{stem}.json")), text.as_bytes())?;
        let people = put(
            &folder.join(format!("{stem}.md")),
            markdown_report::markdown(self).as_bytes(),
        )?;
        let browsers = put(
            &folder.join(format!("{stem}.html")),
            html_report::html(self).as_bytes(),
        )?;
        Ok([machines, people, browsers])
    }

    /// Returns `signoff-<hub>-<time>`, in letters that every file system accepts.
    #[must_use]
    pub fn stem(&self) -> String {
        let plain = |c: char| match c {
            c if c.is_ascii_alphanumeric() || "._-".contains(c) => c,
            _ => '-',
        };
        let hub: String = self.hub.name.chars().take(80).map(plain).collect();
        let time = self.ended.get(..19).unwrap_or(&self.ended);
        let time: String = time.chars().filter(char::is_ascii_alphanumeric).collect();
        format!("signoff-{hub}-{time}Z")
    }
}

/// Makes the folder for reports where it is missing, and tries whether files can be made in it: before hours of
/// reading, rather than after them.
///
/// # Errors
/// It cannot be made or written.
pub fn prepare(folder: &Path) -> Result<(), SignoffError> {
    destination::try_folder(folder)?;
    std::fs::create_dir_all(folder).map_err(|error| DestinationError::at(folder, error))?;
    Ok(())
}

fn put(path: &Path, bytes: &[u8]) -> Result<PathBuf, SignoffError> {
    // Half a report is none: the file has its name only once it is whole, and on the disk.
    let write = || -> io::Result<()> {
        let mut draft = tempfile::Builder::new()
            .permissions(std::fs::Permissions::from_mode(0o666))
            .tempfile_in(destination::folder_of(path))?;
        draft.write_all(bytes)?;
        destination::keep_new(draft, path)
    };
    write().map_err(|error| DestinationError::at(path, error))?;
    Ok(path.to_owned())
}
