//! Faults of March 2026: files of the objects' folder.

use super::{Broken, Declared, grow};
use crate::item::Placement;
use crate::world::World;
use luthier_audit::Code;

/// Removes the file of a blob.
pub(super) fn lost_file(world: &mut World) -> Broken {
    let says = "photos of the harbour";
    let file = "images/harbour.wav";
    let mut grown = grow(world, "dmitri/old-site", "photos", says, file)?;
    let mut out = Vec::new();
    for blob in &mut grown.blobs {
        blob.place = Placement::Nowhere;
        out.push(Declared::of(Code::ObjectMissing, blob));
    }
    world.keep(grown)?;
    Ok(out)
}

/// Leaves the blob of a push that was rejected after its upload.
pub(super) fn rejected_push(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let grown = grow(
        world,
        "gwen/duet",
        "takes/rejected",
        "",
        "takes/rejected.wav",
    )?;
    for blob in grown.blobs {
        out.push(Declared::of(Code::BlobUnreferenced, &blob));
        world.add(blob)?;
    }
    Ok(out)
}
