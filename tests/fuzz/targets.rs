//! What a hub, a person or a client may hand to Luthier, and what holds whatever the bytes are. Shared by `cargo fuzz` and by the stable
//! runner in `tests/floors/hostile.rs`.

use super::seeds::*;
use super::{own, wire};
use luthier_hub::backend::{Key, layout, uri};
use luthier_hub::store::checkpoint::Checkpoint;
use luthier_hub::{secrets, text};
use luthier_object::pack::{Event, IndexReader, Reader, Record, RecordHasher, Whole};
use luthier_object::{
    CommitRecord, Delta, Kind, Manifest, ObjectId, Proof, SnapshotRecord, branch, frame, json,
    legacy, path, time,
};
use luthier_repair::{journal, signoff::Signoff};
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// A target, and bytes that it takes.
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target {
        name: "frame",
        run: frame,
        seeds: objects,
    },
    Target {
        name: "canonical_json",
        run: canonical_json,
        seeds: payloads,
    },
    Target {
        name: "record",
        run: record,
        seeds: objects,
    },
    Target {
        name: "manifest",
        run: manifest,
        seeds: manifests,
    },
    Target {
        name: "delta",
        run: delta,
        seeds: deltas,
    },
    Target {
        name: "wrapped",
        run: wrapped,
        seeds: objects,
    },
    Target {
        name: "pack",
        run: pack,
        seeds: packs,
    },
    Target {
        name: "pack_index",
        run: pack_index,
        seeds: indexes,
    },
    Target {
        name: "names",
        run: names,
        seeds: texts,
    },
    Target {
        name: "checkpoint",
        run: checkpoint,
        seeds: checkpoints,
    },
    Target {
        name: "terminal_text",
        run: terminal_text,
        seeds: texts,
    },
    Target {
        name: "journal",
        run: journal_file,
        seeds: journals,
    },
    Target {
        name: "report",
        run: report,
        seeds: reports,
    },
    Target {
        name: "configuration",
        run: own::configuration,
        seeds: own::settings,
    },
    Target {
        name: "filter",
        run: own::filter,
        seeds: own::filters,
    },
    Target {
        name: "plan",
        run: own::plan,
        seeds: own::plans,
    },
    Target {
        name: "request",
        run: wire::request,
        seeds: wire::requests,
    },
];

/// An object is read as exactly what is written again.
fn frame(data: &[u8]) {
    if let Ok(read) = frame::decode(data) {
        assert_eq!(frame::encode(read.kind, read.payload), data);
    }
}

/// What is canonical stays so.
fn canonical_json(data: &[u8]) {
    if let Ok(value) = json::parse(data) {
        let written = json::canonical(&value);
        assert_eq!(json::parse(written.as_bytes()).as_ref(), Ok(&value));
    }
}

/// A record is written as it was read, and proves nothing that it does not say.
fn record(data: &[u8]) {
    if let Ok(read) = CommitRecord::decode(data) {
        assert_eq!(CommitRecord::decode(&read.encode()), Ok(read.clone()));
        proves(Kind::Commit, &read.commit_id, data);
    }
    if let Ok(read) = SnapshotRecord::decode(data) {
        assert_eq!(SnapshotRecord::decode(&read.encode()), Ok(read.clone()));
        proves(Kind::Snapshot, &read.snapshot_id, data);
    }
    let raw = ObjectId::typed(&Sha256::digest(data).into());
    assert!(Proof::read(Kind::Blob, &raw, data).is_ok());
}

/// An id is proved by its own bytes alone: with another message or file they prove nothing.
fn proves(kind: Kind, id: &ObjectId, data: &[u8]) {
    if Proof::read(kind, id, data).is_err() {
        return;
    }
    let other = ObjectId::typed(&Sha256::digest(id.as_str()).into());
    assert!(Proof::read(kind, &other, data).is_err());
}

/// A manifest is the same in each encoding.
fn manifest(data: &[u8]) {
    if let Ok((read, _)) = Manifest::decode(data) {
        let written = read.encode();
        let (again, _) = Manifest::decode(&written).expect("what was written");
        assert_eq!(again, read);
        assert_eq!(again.encode(), written);
        // As many directories as the paths have slashes, at most.
        let slashes: usize = read.iter().map(|(path, _)| path.matches('/').count()).sum();
        assert!(read.derived_directories().len() <= slashes);
        let _judged = path::check_all(&read);
    }
}

/// A delta that is applied twice is applied.
fn delta(data: &[u8]) {
    if let Ok(delta) = Delta::decode(data) {
        let mut once = Manifest::default();
        once.apply(&delta);
        let mut twice = once.clone();
        twice.apply(&delta);
        assert_eq!(once, twice);
    }
}

/// What is unwrapped is bounded, and is no more than was wrapped.
fn wrapped(data: &[u8]) {
    let _start = legacy::may_be_wrapped(data);
    for inner in legacy::unwrap_blob(data) {
        assert!(inner.content.len() as u64 <= 1 << 30);
    }
    for kind in [Kind::Commit, Kind::Snapshot] {
        let _record = legacy::unwrap_record(data, kind);
    }
}

/// Offset, length and content of a record.
type Read = (u64, u64, Vec<u8>);

fn read(bytes: &[u8], chunk: usize) -> Option<(Vec<Read>, Whole)> {
    let mut reader = Reader::new(bytes.len() as u64).ok()?;
    let mut out: Vec<Read> = Vec::new();
    let mut hasher = None;
    for part in bytes.chunks(chunk) {
        let fed = reader.feed(part, |event| match event {
            Event::Record(record) => {
                hasher = Some((RecordHasher::new(record.length), record.id.clone()));
                out.push((record.offset, record.length, Vec::new()));
            }
            Event::Content(content) => {
                hasher.as_mut().expect("a record").0.update(content);
                out.last_mut()
                    .expect("a record")
                    .2
                    .extend_from_slice(content);
            }
            Event::End => {
                let (hasher, id) = hasher.take().expect("a record");
                let _proof = hasher.finish(&id);
            }
        });
        fed.ok()?;
    }
    Some((out, reader.finish().ok()?))
}

/// The bytes with the right sha256 at their end: without it nothing is handed on, and nothing is tried.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if let Some(body) = bytes.len().checked_sub(32) {
        let footer = Sha256::digest(&bytes[..body]);
        bytes[body..].copy_from_slice(&footer);
    }
    bytes
}

/// However a pack comes, it is one; what is handed on lies in it where it is said to.
fn pack(data: &[u8]) {
    let Some((chunk, bytes)) = data.split_first() else {
        return;
    };
    let bytes = sealed(bytes);
    let whole = read(&bytes, bytes.len().max(1));
    let parts = read(&bytes, usize::from(*chunk) + 1);
    assert_eq!(whole.is_some(), parts.is_some());
    for (offset, length, content) in whole.iter().chain(&parts).flat_map(|(records, _)| records) {
        let at = *offset as usize;
        assert_eq!(*length, content.len() as u64);
        assert_eq!(&bytes[at..at + content.len()], content);
    }
}

fn read_index(bytes: &[u8], chunk: usize) -> Option<Vec<Record>> {
    let mut reader = IndexReader::new(bytes.len() as u64).ok()?;
    let mut out = Vec::new();
    for part in bytes.chunks(chunk) {
        reader.feed(part, |entry| out.push(entry)).ok()?;
    }
    let entries = reader.finish().ok()?;
    assert_eq!(entries, out.len() as u64);
    Some(out)
}

/// However an index comes, it has the same entries, in the order of their ids.
fn pack_index(data: &[u8]) {
    let Some((chunk, bytes)) = data.split_first() else {
        return;
    };
    let bytes = sealed(bytes);
    let whole = read_index(&bytes, bytes.len().max(1));
    assert_eq!(whole, read_index(&bytes, usize::from(*chunk) + 1));
    let in_order = |some: &[Record]| some[0].id.as_str() < some[1].id.as_str();
    assert!(whole.is_none_or(|entries| entries.windows(2).all(in_order)));
}

/// Names of the hub's making: none leads out of the store.
fn names(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let id = ObjectId::new(text);
    for key in layout::keys_for(&id, Some(text)) {
        stays_inside(&key);
    }
    if let Some(pack) = Key::in_pack_at(text, &id)
        .ok()
        .and_then(|key| key.in_pack().cloned())
    {
        for key in layout::keys_for_pack(&pack.pack) {
            stays_inside(&key);
        }
    }
    if let Ok(key) = Key::new(text) {
        stays_inside(&key);
        let _aside = layout::quarantine_key(text, &key).map(|aside| stays_inside(&aside));
    }
    if let Some(key) = layout::checkpoint_key(text, 1) {
        stays_inside(&key);
        let (name, sequence) = layout::recognise_checkpoint(key.as_str()).expect("its own key");
        assert_eq!(sequence, 1);
        // A long id is not in the name.
        let said = layout::repo_of_refs_name(name);
        assert!(said.is_none_or(|said| said == text));
    }
    let _read = (
        uri::split(text),
        layout::recognise(text),
        layout::repo_of(text),
    );
    let _judged = (path::check(text), branch::check(text));
    if let Some(at) = time::parse(text) {
        let again = time::isoformat(at, 0);
        assert!(again.is_none_or(|again| time::parse(&again) == Some(at)));
    }
}

fn stays_inside(key: &Key) {
    if key.in_pack().is_none() {
        let text = key.as_str();
        assert!(!text.starts_with('/') && text.len() <= 1024);
        assert!(text.split('/').all(|part| !matches!(part, "" | "." | "..")));
        assert!(!text.chars().any(char::is_control));
    }
}

/// A checkpoint that is read is written the same way.
fn checkpoint(data: &[u8]) {
    if let Ok(read) = Checkpoint::decode(data) {
        let again = Checkpoint::decode(&read.encode()).expect("what was written");
        assert_eq!(again.refs, read.refs);
        assert_eq!(
            (again.sequence, again.previous),
            (read.sequence, read.previous)
        );
    }
}

/// No text of a hub moves a terminal's cursor.
fn terminal_text(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let safe = text::safe(&text);
    assert!(!safe.chars().any(char::is_control));
    assert_eq!(text::safe(&safe), safe);
    let value = serde_json::Value::from(text.as_ref());
    let line = text::json(&value);
    assert!(!line.chars().any(char::is_control));
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&line).ok(),
        Some(value)
    );
    let _hidden = secrets::hide(&text);
    let _cut = (text::cut(&text, data.len() / 2), text::moment(&text));
}

/// A journal is told sound or not, and read as far as it is.
fn journal_file(data: &[u8]) {
    let path = file(data);
    let verified = journal::verify(&path);
    let runs = journal::runs(&path);
    if verified.is_ok_and(|verified| verified.is_sound()) {
        assert!(runs.is_ok());
    }
}

/// No report passes that this program did not write.
fn report(data: &[u8]) {
    if let Ok(report) = Signoff::load(&file(data)) {
        assert_eq!(report.own_sha256(), report.sha256);
    }
}

/// The bytes as a file of this thread.
pub fn file(data: &[u8]) -> PathBuf {
    let name = format!(
        "luthier-fuzz-{}-{:?}",
        std::process::id(),
        std::thread::current().id()
    );
    let path = folder().join(name);
    std::fs::write(&path, data).expect("a temporary file");
    path
}

/// A folder in memory, where the machine has one.
pub fn folder() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    }
}
