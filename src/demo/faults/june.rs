//! Faults of June 2026 beside those of packs: rows that no second copy backs.

use super::{Broken, Declared, grow};
use crate::world::World;
use luthier_audit::Code;
use luthier_object::Manifest;

/// Empties manifests as a push did: once a chain of deltas has the tree still, once nothing has.
pub(super) fn emptied(world: &mut World) -> Broken {
    let mut out = Vec::new();
    for (repo, branch, file) in [
        ("iris/setlist", "tour/emptied", "tour/emptied.txt"),
        ("gwen/duet", "takes/emptied", "takes/emptied.wav"),
    ] {
        let mut grown = grow(world, repo, branch, "Friday", file)?;
        grown.snapshot.row.manifest = Some(Manifest::new().encode());
        out.push(Declared::of(Code::ManifestEmptied, &grown.snapshot));
        if grown.snapshot.row.delta.is_none() {
            out.push(Declared::of(Code::IdentityUnverifiable, &grown.snapshot));
            // What follows where no tree is left: the commit seems to have dropped every file.
            out.push(Declared::of(Code::TreeCollapsed, &grown.commit));
            let new = grown.blobs.iter();
            out.extend(new.map(|blob| Declared::of(Code::BlobUnreferenced, blob)));
        }
        world.keep(grown)?;
    }
    Ok(out)
}

/// Drops the directories of a snapshot: its paths give them back.
pub(super) fn directories_dropped(world: &mut World) -> Broken {
    let file = "takes/evening.wav";
    let mut grown = grow(world, "gwen/duet", "takes/evening", "An evening", file)?;
    grown.snapshot.row.directories = Some("[]".to_owned());
    let out = vec![Declared::of(Code::DirectoriesLost, &grown.snapshot)];
    world.keep(grown)?;
    Ok(out)
}
