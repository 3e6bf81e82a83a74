//! Missing: objects that are gone or stored elsewhere, and rows that are named and do not exist.

use super::{Broken, Declared, blank, grow, trim};
use crate::DemoError;
use crate::item::{Item, Placement, Pointer, Row};
use crate::world::World;
use luthier_audit::Code;
use luthier_hub::backend::Key;

/// Removes objects that rows point to.
pub(super) fn object_missing(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let mut grown = grow(
        world,
        "alice/song",
        "take/encore",
        "An encore",
        "stems/takes/encore.wav",
    )?;
    grown.commit.place = Placement::Nowhere;
    out.push(Declared::of(Code::ObjectMissing, &grown.commit));
    world.keep(grown)?;

    let mut grown = grow(
        world,
        "erin/archive",
        "review/fingering",
        "Fingering",
        "scores/satie/fingering.md",
    )?;
    grown.snapshot.place = Placement::Nowhere;
    out.push(Declared::of(Code::ObjectMissing, &grown.snapshot));
    world.keep(grown)?;

    let lost = [
        (
            "alice/song",
            "take/lost-tape",
            "Strings, before the tape broke",
            "stems/strings-old.wav",
        ),
        (
            "dmitri/old-site",
            "photos",
            "photos of the harbour",
            "images/harbour.wav",
        ),
    ];
    for (repo, branch, says, file) in lost {
        let mut grown = grow(world, repo, branch, says, file)?;
        for blob in &mut grown.blobs {
            blob.place = Placement::Nowhere;
            out.push(Declared::of(Code::ObjectMissing, blob));
        }
        world.keep(grown)?;
    }
    Ok(out)
}

/// Leaves the empty blob of a push without row and object.
pub(super) fn blob_empty_missing(world: &mut World) -> Broken {
    let repository = world.repo("gwen/duet")?;
    let mut draft = repository.draft(
        "gwen/placeholders",
        Some("main"),
        "Room for the second movement",
        0,
    )?;
    draft.put("parts/second-movement.mid", Vec::new());
    let mut grown = draft.seal();
    let mut out = Vec::new();
    for blob in &mut grown.blobs {
        blob.vanish();
        out.push(Declared::of(Code::BlobEmptyMissing, blob));
    }
    world.keep(grown)?;
    Ok(out)
}

/// Stores objects under old or wrong keys, while their rows point to the right ones.
pub(super) fn object_misplaced(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let repo_id = world.repo("bela/score-tools")?.row.repo_id.clone();
    let mut grown = grow(
        world,
        "bela/score-tools",
        "store/decompress",
        "Read compressed scores",
        "score/unpack.py",
    )?;
    let bare = format!("objects/{}", grown.commit.id.bare());
    out.push(misplace(&mut grown.commit, bare)?);
    let march = format!("objects/{repo_id}/sha256_{}", grown.snapshot.id.bare());
    out.push(misplace(&mut grown.snapshot, march)?);
    for blob in &mut grown.blobs {
        let bare = format!("objects/{}", blob.id.bare());
        out.push(misplace(blob, bare)?);
    }
    world.keep(grown)?;
    Ok(out)
}

fn misplace<R: Row>(item: &mut Item<R>, key: String) -> Result<Declared, DemoError> {
    let key = Key::new(key).map_err(|e| DemoError::Script(e.to_string()))?;
    item.place = Placement::At(key);
    item.pointer = Pointer::Own;
    Ok(Declared::of(Code::ObjectMisplaced, item))
}

/// Removes rows that others refer to, once with the object still in the store and once without.
pub(super) fn row_missing(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let repo = "bela/score-tools";
    for (branch, stored) in [("port/windows", true), ("port/macos", false)] {
        let mut parent = blank(world, repo, branch, "Line endings")?;
        match stored {
            true => parent.commit.unrecord(),
            false => parent.commit.vanish(),
        }
        out.push(Declared::of(Code::RowMissing, &parent.commit));
        world.keep(parent)?;
        let child = grow(world, repo, branch, "Paths", &format!("score/{branch}.py"))?;
        world.keep(child)?;
    }
    for (branch, file, stored) in [
        ("tidy/usage", "docs/usage.md", true),
        ("tidy/tests", "tests/test_transpose.py", false),
    ] {
        let mut grown = trim(world, repo, branch, "Drop what nobody reads", file)?;
        match stored {
            true => grown.snapshot.unrecord(),
            false => grown.snapshot.vanish(),
        }
        out.push(Declared::of(Code::RowMissing, &grown.snapshot));
        world.keep(grown)?;
    }
    for (branch, file, stored) in [
        ("sounds/click", "sounds/click.wav", true),
        ("sounds/count-in", "sounds/count-in.wav", false),
    ] {
        let mut grown = grow(world, repo, branch, "Sounds for the metronome", file)?;
        for blob in &mut grown.blobs {
            match stored {
                true => blob.unrecord(),
                false => blob.vanish(),
            }
            out.push(Declared::of(Code::RowMissing, blob));
        }
        world.keep(grown)?;
    }
    Ok(out)
}
