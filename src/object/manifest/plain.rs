//! A tree as nearly every row has it, read and proved where it lies.

use crate::identity::SnapshotScheme;
use crate::json::Cursor;
use crate::{Kind, frame, id, path};
use sha2::{Digest, Sha256};

/// The most bytes of a manifest that is read this way: the text that is hashed is held whole.
const LONGEST: usize = 1 << 20;

/// What begins the ids that are written today.
const PREFIX: &str = "sha256:";

/// Files and directories of a row: JSON without an escape, in the order of its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainTree<'r> {
    paths: Vec<&'r str>,
    blobs: Vec<&'r str>,
    directories: Vec<&'r str>,
}

impl<'r> PlainTree<'r> {
    /// Reads a manifest and a list of directories; `None` where they are spelt otherwise, whatever they hold.
    #[must_use]
    pub fn read(manifest: &'r [u8], directories: &'r str) -> Option<Self> {
        if manifest.len() > LONGEST || directories.len() > LONGEST {
            return None;
        }
        let mut tree = Self {
            paths: Vec::with_capacity(8),
            blobs: Vec::with_capacity(8),
            directories: Vec::with_capacity(8),
        };
        Cursor(std::str::from_utf8(manifest).ok()?).each(('{', '}'), |text| {
            tree.paths.push(text.string()?);
            text.take(':')?;
            tree.blobs.push(text.string()?);
            Some(())
        })?;
        if !directories.is_empty() {
            Cursor(directories).each(('[', ']'), |text| {
                tree.directories.push(text.string()?);
                Some(())
            })?;
        }
        let rises = |paths: &[&str]| paths.is_sorted_by(|a, b| a < b);
        (rises(&tree.paths) && rises(&tree.directories)).then_some(tree)
    }

    /// Returns the ids of the files' blobs, in the order of their paths.
    #[must_use]
    pub fn blobs(&self) -> &[&'r str] {
        &self.blobs
    }

    /// Returns whether no path can lead a checkout somewhere else; `false` says nothing.
    #[must_use]
    pub fn is_plainly_safe(&self) -> bool {
        path::is_plainly_safe(&self.paths, &self.directories)
    }

    /// Returns the formula that gives `id`, where it is one that spells its ids like this one.
    #[must_use]
    pub fn prove(&self, id: &str) -> Option<SnapshotScheme> {
        let digest = id::digest(id.strip_prefix(PREFIX)?)?;
        let text = self.text();
        let header = frame::header(Kind::Snapshot, text.len() as u64);
        let typed = Sha256::new_with_prefix(header).chain_update(&text);
        if <[u8; 32]>::from(typed.finalize()) == digest {
            return Some(SnapshotScheme::Typed);
        }
        let bare: [u8; 32] = Sha256::digest(&text).into();
        (bare == digest).then_some(SnapshotScheme::Rc7)
    }

    /// Returns what both formulas hash: no string holds a NUL, so that the order of paths is that of the items.
    fn text(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.paths.len() * 96 + self.directories.len() * 32);
        let mut add = |parts: [&str; 3]| {
            if !out.is_empty() {
                out.push(0);
            }
            parts
                .iter()
                .for_each(|part| out.extend_from_slice(part.as_bytes()));
        };
        for (path, blob) in self.paths.iter().zip(&self.blobs) {
            add([path, "\0", blob.strip_prefix(PREFIX).unwrap_or(blob)]);
        }
        for folder in &self.directories {
            add(["dir\0", folder, ""]);
        }
        out
    }
}

#[cfg(test)]
#[path = "../../../tests/object/plain_trees.rs"]
mod tests;
