//! Wrong bytes under the right key.

use super::{Broken, Declared, grow};
use crate::item::Placement;
use crate::legacy;
use crate::world::World;
use luthier_audit::Code;
use luthier_object::{CommitRecord, Kind, frame};

/// Breaks objects: damaged bytes, cut short, or another record.
pub(super) fn object_corrupt(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let stems = [
        (
            "alice/song",
            "stems/choir",
            "Choir, four takes",
            "stems/choir.wav",
        ),
        (
            "alice/song",
            "stems/organ",
            "Organ from the chapel",
            "stems/organ.wav",
        ),
        (
            "erin/archive",
            "review/bach",
            "A cleaner edition",
            "scores/bach/bwv-846-clean.mid",
        ),
    ];
    for (repo, branch, says, file) in stems {
        let mut grown = grow(world, repo, branch, says, file)?;
        for blob in &mut grown.blobs {
            // A bad sector: the size is right.
            let mut bytes = blob.bytes.to_vec();
            let middle = bytes.len() / 2;
            bytes
                .iter_mut()
                .skip(middle)
                .take(16)
                .for_each(|b| *b = !*b);
            blob.place = Placement::Spoiled(bytes);
            out.push(Declared::of(Code::ObjectCorrupt, blob));
        }
        world.keep(grown)?;
    }
    out.extend(corrupt_records(world)?);
    Ok(out)
}

/// Cuts a snapshot short, and edits a commit.
fn corrupt_records(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let mut grown = grow(
        world,
        "bela/score-tools",
        "perf/cache",
        "Cache parsed scores",
        "score/cache.py",
    )?;
    let half = grown.snapshot.bytes.len() / 2;
    grown.snapshot.place = Placement::Spoiled(grown.snapshot.bytes[..half].to_vec());
    out.push(Declared::of(Code::ObjectCorrupt, &grown.snapshot));
    world.keep(grown)?;

    let mut grown = grow(
        world,
        "bela/score-tools",
        "perf/lazy",
        "Parse bars when asked",
        "score/lazy.py",
    )?;
    if let Ok(mut record) = CommitRecord::decode(&grown.commit.bytes) {
        record.message.push_str(" (edited)");
        grown.commit.place = Placement::Spoiled(record.encode());
    }
    out.push(Declared::of(Code::ObjectCorrupt, &grown.commit));
    world.keep(grown)?;
    Ok(out)
}

/// Wraps intact objects as older code did.
pub(super) fn object_encoded(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let repo = "erin/archive";
    type Wrap = fn(&[u8]) -> Vec<u8>;
    let wraps: [(&str, Wrap, Wrap); 4] = [
        ("zlib", legacy::zlib, legacy::zlib),
        ("zstd", legacy::zstd, legacy::zstd),
        ("msgpack", legacy::msgpack, legacy::msgpack),
        (
            "two-byte",
            |o| legacy::two_byte(1, o),
            |o| legacy::two_byte(2, o),
        ),
    ];
    for (name, commit, snapshot) in wraps {
        let (branch, file) = (format!("migrate/{name}"), format!("migrated/{name}.mid"));
        let mut grown = grow(world, repo, &branch, "Scores from the old client", &file)?;
        grown.commit.place = Placement::Spoiled(commit(&grown.commit.bytes));
        out.push(Declared::of(Code::ObjectEncoded, &grown.commit));
        grown.snapshot.place = Placement::Spoiled(snapshot(&grown.snapshot.bytes));
        out.push(Declared::of(Code::ObjectEncoded, &grown.snapshot));
        world.keep(grown)?;
    }
    let mut grown = grow(
        world,
        repo,
        "migrate/json",
        "Scores kept as plain files",
        "migrated/json.mid",
    )?;
    grown.commit.place = Placement::Spoiled(legacy::bare(&grown.commit.bytes));
    out.push(Declared::of(Code::ObjectEncoded, &grown.commit));
    for blob in &mut grown.blobs {
        // Blobs are stored raw; with a header the listed size is not the row's either.
        blob.place = Placement::Spoiled(frame::encode(Kind::Blob, &blob.bytes));
        out.push(Declared::of(Code::ObjectEncoded, blob));
        out.push(Declared::of(Code::SizeWrong, blob));
    }
    world.keep(grown)?;
    Ok(out)
}

/// Stores objects under keys of another kind.
pub(super) fn object_kind(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let mut grown = grow(
        world,
        "carol/field-recordings",
        "import/minidisc",
        "MiniDiscs of 2004",
        "minidisc/01.wav",
    )?;
    grown.commit.place = Placement::Spoiled(grown.snapshot.bytes.to_vec());
    out.push(Declared::of(Code::ObjectKind, &grown.commit));
    world.keep(grown)?;
    let mut grown = grow(
        world,
        "carol/field-recordings",
        "import/dat",
        "DAT tapes of 1998",
        "dat/01.wav",
    )?;
    grown.snapshot.place = Placement::Spoiled(frame::encode(Kind::Blob, b"no snapshot"));
    out.push(Declared::of(Code::ObjectKind, &grown.snapshot));
    world.keep(grown)?;
    Ok(out)
}

/// Writes a wrong size into rows of intact blobs.
pub(super) fn size_wrong(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let files = [
        (
            "carol/field-recordings",
            "import/phone-2",
            "märkte/montag.wav",
        ),
        ("gwen/duet", "takes/rehearsal", "takes/rehearsal.wav"),
    ];
    for (repo, branch, file) in files {
        let mut grown = grow(world, repo, branch, "Straight from the recorder", file)?;
        for blob in &mut grown.blobs {
            blob.row.size_bytes += 44;
            out.push(Declared::of(Code::SizeWrong, blob));
        }
        world.keep(grown)?;
    }
    Ok(out)
}
