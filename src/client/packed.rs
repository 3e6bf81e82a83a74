//! Objects that a client's folder keeps in packs.

use super::folder::{Folder, FolderError};
use bytes::Bytes;
use luthier_object::pack::{self, Event, IndexReader, RECORD_HEAD, Reader, Record};
use luthier_object::{MAX_PAYLOAD, ObjectId};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

/// The folders that may have packs: where a client keeps them, by the part of its folder that was given, and that folder itself.
const FOLDERS: [&str; 4] = [
    ".muse/objects/pack/sha256",
    "objects/pack/sha256",
    "pack/sha256",
    "",
];

/// Records of all packs together that are remembered; each takes some 60 bytes.
const RECORDS: usize = 1_000_000;

/// Bytes read at once.
const CHUNK: usize = 256 << 10;

/// The reason why the packs of a folder cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PackedError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error("{path}: {source}")]
    Io { path: String, source: io::Error },
    #[error("the packs have more than {RECORDS} records")]
    TooMany,
}

/// The content of a record, in the file of a pack. Bytes.
struct Place {
    digest: [u8; 32],
    file: usize,
    offset: u64,
    length: u64,
}

/// The packs of a folder, and what lies where in them.
#[derive(Default)]
pub struct Packed {
    files: Vec<String>,
    /// In the order of their digests.
    places: Vec<Place>,
}

impl Packed {
    /// Reads where the records of a folder's packs lie: as their indexes say, once each entry is seen to lead to its record, and else as the packs
    /// say themselves. What is damaged is read as far as it goes.
    ///
    /// # Errors
    /// A link on the way, or a disk that refuses; more records than are remembered.
    pub fn open(folder: &Folder) -> Result<Self, PackedError> {
        let mut out = Self::default();
        for parent in FOLDERS {
            for listed in folder.list(parent)? {
                let name = listed.name.filter(|_| listed.is_file);
                let Some(name) = name.filter(|name| name.ends_with(".mpack")) else {
                    continue;
                };
                let path = match parent {
                    "" => name,
                    parent => format!("{parent}/{name}"),
                };
                out.add(folder, path)?;
            }
        }
        out.places.sort_by_key(|place| place.digest);
        Ok(out)
    }

    fn add(&mut self, folder: &Folder, path: String) -> Result<(), PackedError> {
        let Some((file, size)) = folder.file(&path)? else {
            return Ok(());
        };
        let failed = |source| PackedError::Io {
            path: path.clone(),
            source,
        };
        let records = match indexed(folder, &path, (&file, size))? {
            Some(records) => records,
            None => walked(&file, size).map_err(failed)?,
        };
        if self.places.len() + records.len() > RECORDS {
            return Err(PackedError::TooMany);
        }
        let place = |record: Record| {
            Some(Place {
                digest: record.id.digest()?,
                file: self.files.len(),
                offset: record.offset,
                length: record.length,
            })
        };
        self.places.extend(records.into_iter().filter_map(place));
        self.files.push(path);
        Ok(())
    }

    /// Returns the content of each record of an object, with the pack's path. None of it is checked.
    ///
    /// # Errors
    /// A pack that was there cannot be read.
    pub fn contents(
        &self,
        folder: &Folder,
        id: &ObjectId,
    ) -> Result<Vec<(String, Bytes)>, PackedError> {
        let Some(digest) = id.digest() else {
            return Ok(Vec::new());
        };
        let first = self.places.partition_point(|place| place.digest < digest);
        let own = self.places[first..].iter();
        let mut out = Vec::new();
        for place in own.take_while(|place| place.digest == digest) {
            let path = &self.files[place.file];
            // A header comes before the payload.
            let fits = place.length <= MAX_PAYLOAD as u64 + 64;
            let Some((file, _)) = folder.file(path)?.filter(|_| fits) else {
                continue;
            };
            let mut content = vec![0; place.length as usize];
            let read = file.read_exact_at(&mut content, place.offset);
            read.map_err(|source| PackedError::Io {
                path: path.clone(),
                source,
            })?;
            out.push((path.clone(), content.into()));
        }
        Ok(out)
    }
}

/// Returns the records that the index beside a pack names; `None` where there is none that proves and leads to the pack's records.
fn indexed(
    folder: &Folder,
    path: &str,
    (file, size): (&File, u64),
) -> Result<Option<Vec<Record>>, PackedError> {
    let beside = path.replace(".mpack", ".idx");
    let Some((index, length)) = folder.file(&beside)? else {
        return Ok(None);
    };
    let Ok(mut reader) = IndexReader::new(length) else {
        return Ok(None);
    };
    let (mut records, mut proves) = (Vec::new(), true);
    let read = in_chunks(&index, |bytes| {
        proves = reader.feed(bytes, |record| records.push(record)).is_ok();
        proves && records.len() <= RECORDS
    });
    read.map_err(|source| PackedError::Io {
        path: beside,
        source,
    })?;
    let proves = proves && reader.finish().is_ok();
    let leads = |record: &Record| leads_to(file, size, record);
    Ok((proves && records.iter().all(leads)).then_some(records))
}

/// Returns whether a pack has a record where its index says.
fn leads_to(file: &File, size: u64, record: &Record) -> bool {
    let end = record.offset.checked_add(record.length);
    let Some(at) = record.offset.checked_sub(RECORD_HEAD) else {
        return false;
    };
    let mut head = [0; RECORD_HEAD as usize];
    end.is_some_and(|end| end <= size)
        && file.read_exact_at(&mut head, at).is_ok()
        && head[..] == pack::head(record)
}

/// Returns the records of a pack that is read to its end, or as far as it is one.
fn walked(file: &File, size: u64) -> io::Result<Vec<Record>> {
    let mut records = Vec::new();
    let Ok(mut reader) = Reader::new(size) else {
        return Ok(records);
    };
    let mut open = None;
    in_chunks(file, |bytes| {
        let read = reader.feed(bytes, |event| match event {
            Event::Record(record) => open = Some(record),
            Event::End => records.extend(open.take()),
            Event::Content(_) => {}
        });
        read.is_ok() && records.len() <= RECORDS
    })?;
    Ok(records)
}

/// Hands on a file's bytes in chunks, to its end or while more are wanted.
fn in_chunks(mut file: &File, mut wants_more: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(()),
            count if wants_more(&chunk[..count]) => {}
            _ => return Ok(()),
        }
    }
}
