//! The table of sections at the start of an MPack.

use super::{FOOTER, MAGIC};

/// Bytes before the table: magic, version, and the number of sections.
pub(super) const HEAD: usize = 6;

/// Bytes of a section in the table: type, offset and length.
const ENTRY: usize = 17;

/// The type of a section that is a local pack.
const OBJECTS: u8 = 1;

/// The range of a section, in bytes from the start of the pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub start: u64,
    pub end: u64,
    /// A local pack; commits, snapshots and tags are passed over.
    pub is_objects: bool,
}

/// Returns how many first bytes the table takes, given the first [`HEAD`] bytes of a pack.
pub(super) fn extent(head: &[u8]) -> usize {
    let sections = head.get(HEAD - 1).copied().unwrap_or(0);
    HEAD + usize::from(sections) * ENTRY
}

/// Returns the sections in the order of their offsets; `None` where the bytes are no table of a pack of `size` bytes,
/// which is how a local pack is told from an MPack.
pub(super) fn read(table: &[u8], size: u64) -> Option<Vec<Section>> {
    if !table.starts_with(MAGIC) || table.len() != extent(table) {
        return None;
    }
    let body = table.get(HEAD..)?;
    if body.is_empty() {
        // Nothing tells a table without sections from a local pack but that nothing follows it.
        return (size == HEAD as u64 + FOOTER).then(Vec::new);
    }
    // Integers are little-endian in local packs; for the table no source says it.
    let orders: [fn([u8; 8]) -> u64; 2] = [u64::from_le_bytes, u64::from_be_bytes];
    orders
        .into_iter()
        .find_map(|number| fitting(body, table.len() as u64, size, number))
}

/// Returns the sections if each lies behind the table and before the footer, and none lies over another.
fn fitting(
    body: &[u8],
    behind: u64,
    size: u64,
    number: fn([u8; 8]) -> u64,
) -> Option<Vec<Section>> {
    let end = size.checked_sub(FOOTER)?;
    let mut sections = Vec::with_capacity(body.len() / ENTRY);
    for entry in body.chunks_exact(ENTRY) {
        let offset = number(entry.get(1..9)?.try_into().ok()?);
        let length = number(entry.get(9..17)?.try_into().ok()?);
        sections.push(Section {
            start: offset,
            end: offset.checked_add(length)?,
            is_objects: match entry.first()? {
                0 => return None,
                kind => *kind == OBJECTS,
            },
        });
    }
    sections.sort_by_key(|section| (section.start, section.end));
    let mut free = behind;
    for section in &sections {
        if section.start < free || section.end > end {
            return None;
        }
        free = section.end;
    }
    // Nothing is read of a section without bytes.
    sections.retain(|section| section.end > section.start);
    Some(sections)
}
