//! Not yet stored: what a hub is full of before its objects are canonical.

use super::{Broken, Declared, grow};
use crate::item::Pointer;
use crate::world::World;
use luthier_audit::Code;

/// Removes storage_uri and object, of rows from every era.
pub(super) fn uri_missing(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let commits = [
        (
            "alice/song",
            "Louder strings in the last chorus",
            "stems/strings-2.wav",
        ),
        (
            "alice/song",
            "Take 14, the one with the door",
            "stems/takes/take-14.wav",
        ),
        (
            "erin/archive",
            "Clara Schumann, opus 22",
            "scores/clara/romance-2.mid",
        ),
        ("dmitri/old-site", "guest book", "guestbook.html"),
    ];
    for (repo, says, file) in commits {
        let mut grown = grow(world, repo, "main", says, file)?;
        grown.commit.unstore();
        out.push(Declared::of(Code::UriMissing, &grown.commit));
        world.keep(grown)?;
    }
    out.extend(uri_missing_below(world)?);
    Ok(out)
}

/// Does the same to snapshots and to a blob, which no row can restore.
fn uri_missing_below(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let mut grown = grow(
        world,
        "alice/song",
        "mix/headphones",
        "A mix for headphones",
        "mix/headphones.toml",
    )?;
    grown.snapshot.unstore();
    out.push(Declared::of(Code::UriMissing, &grown.snapshot));
    world.keep(grown)?;

    let mut grown = grow(
        world,
        "bela/score-tools",
        "docs/faq",
        "Questions people ask",
        "docs/faq.md",
    )?;
    grown.commit.unstore();
    grown.snapshot.unstore();
    out.push(Declared::of(Code::UriMissing, &grown.commit));
    out.push(Declared::of(Code::UriMissing, &grown.snapshot));
    world.keep(grown)?;

    let mut grown = grow(
        world,
        "erin/archive",
        "intake/june",
        "Intake of June",
        "scores/faure/pavane.mid",
    )?;
    for blob in &mut grown.blobs {
        blob.unstore();
        out.push(Declared::of(Code::UriMissing, blob));
    }
    world.keep(grown)?;
    Ok(out)
}

/// Removes storage_uri of stored objects, as a crash between put and update does.
pub(super) fn uri_unlinked(world: &mut World) -> Broken {
    let mut grown = grow(
        world,
        "bela/score-tools",
        "fix/retry-upload",
        "Retry an upload",
        "score/upload.py",
    )?;
    let mut out = Vec::new();
    grown.commit.pointer = Pointer::Null;
    out.push(Declared::of(Code::UriUnlinked, &grown.commit));
    grown.snapshot.pointer = Pointer::Null;
    out.push(Declared::of(Code::UriUnlinked, &grown.snapshot));
    for blob in &mut grown.blobs {
        blob.pointer = Pointer::Null;
        out.push(Declared::of(Code::UriUnlinked, blob));
    }
    world.keep(grown)?;
    Ok(out)
}

/// Removes from rows what the id was made from: the offset, the empty author, or both.
pub(super) fn spelling_lost(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let losses = [
        (
            "carol/field-recordings",
            "Zürich, Gleis 7",
            "stationen/zürich.wav",
            120,
            false,
        ),
        ("alice/song", "Room tone", "stems/room.wav", 0, true),
        (
            "erin/archive",
            "Corrections from a reader",
            "intake/corrections.md",
            -210,
            true,
        ),
    ];
    for (repo, says, file, offset, nameless) in losses {
        let repository = world.repo(repo)?;
        let mut draft = repository.draft("import/phone", Some("main"), says, 0)?;
        repository.write(&mut draft, file);
        draft.offset = offset;
        let pusher = std::mem::take(&mut draft.author);
        if !nameless {
            draft.author.clone_from(&pusher);
        }
        let mut grown = draft.seal();
        // What old servers filled in.
        grown.commit.row.author = pusher;
        grown.commit.unstore();
        out.push(Declared::of(Code::SpellingLost, &grown.commit));
        world.keep(grown)?;
    }
    Ok(out)
}
