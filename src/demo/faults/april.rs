//! Faults of April and May 2026: what old code cached, keys that a script moved, and ids that the server made.

use super::{Broken, Declared, grow};
use crate::DemoError;
use crate::draft::Grown;
use crate::item::Placement;
use crate::legacy;
use crate::world::World;
use luthier_audit::Code;
use luthier_hub::backend::Key;
use luthier_object::identity::CommitScheme;

const REPO: &str = "erin/archive";

/// Caches manifests as msgpack.
pub(super) fn cache_msgpack(world: &mut World) -> Broken {
    let mut out = Vec::new();
    for file in [
        "scores/satie/gnossienne-1.mid",
        "scores/satie/gnossienne-2.mid",
    ] {
        let mut grown = grow(world, REPO, "main", "Pushed with the old client", file)?;
        grown.snapshot.row.manifest = Some(legacy::packed(&grown.tree.manifest));
        out.push(Declared::of(Code::CacheMsgpack, &grown.snapshot));
        world.keep(grown)?;
    }
    Ok(out)
}

/// Puts a blob under the key that a script for decompressing left: without its algorithm.
pub(super) fn decompressed_elsewhere(world: &mut World) -> Broken {
    let mut grown = one(world, "store/decompress")?;
    for blob in &mut grown.blobs {
        let key = Key::new(format!("objects/{}", blob.id.bare()));
        blob.place = Placement::At(key.map_err(|why| DemoError::Script(why.to_string()))?);
    }
    declare(world, grown, &[Code::ObjectMisplaced])
}

/// Leaves row and membership of a blob whose bytes are gone.
pub(super) fn ghost(world: &mut World) -> Broken {
    let mut grown = one(world, "store/ghost")?;
    for blob in &mut grown.blobs {
        blob.place = Placement::Nowhere;
    }
    declare(world, grown, &[Code::ObjectMissing])
}

/// Stores a blob as the client's folder keeps it: compressed.
pub(super) fn compressed(world: &mut World) -> Broken {
    let mut grown = one(world, "store/compressed")?;
    for blob in &mut grown.blobs {
        blob.bytes = legacy::zstd(&blob.bytes).into();
    }
    declare(world, grown, &[Code::ObjectEncoded, Code::SizeWrong])
}

/// Merges on the server with its own formula of that time.
pub(super) fn stale_formula(world: &mut World) -> Broken {
    let repository = world.repo(REPO)?;
    let merged = repository.tip("intake/may")?;
    let mut draft = repository.draft("server/merge", Some("main"), "Merge proposal: Intake", 0)?;
    draft.merge(merged);
    draft.scheme = CommitScheme::Pipe;
    let grown = draft.seal();
    let out = vec![Declared::of(Code::IdentityStale, &grown.commit)];
    world.keep(grown)?;
    Ok(out)
}

/// Fills the pusher's name into the row of a commit that was made without an author.
pub(super) fn author_filled_in(world: &mut World) -> Broken {
    let mut draft =
        world
            .repo(REPO)?
            .draft("intake/nameless", Some("main"), "Intake of a script", 0)?;
    let pusher = std::mem::take(&mut draft.author);
    let mut grown = draft.seal();
    grown.commit.row.author = pusher;
    let out = vec![Declared::of(Code::SpellingLost, &grown.commit)];
    world.keep(grown)?;
    Ok(out)
}

fn one(world: &mut World, branch: &str) -> Result<Grown, DemoError> {
    grow(
        world,
        REPO,
        branch,
        "Another score",
        &format!("{branch}.mid"),
    )
}

/// Writes a commit and declares each code of its blobs.
fn declare(world: &mut World, grown: Grown, codes: &[Code]) -> Broken {
    let blobs = grown.blobs.iter();
    let out = blobs.flat_map(|blob| codes.iter().map(move |code| Declared::of(*code, blob)));
    let out = out.collect();
    world.keep(grown)?;
    Ok(out)
}
