//! Packs that are gone or damaged, and an index that says too little or something else.

use super::{Broken, Declared, grow};
use crate::DemoError;
use crate::draft::{Grown, Packing};
use crate::packs::Pack;
use crate::world::World;
use luthier_audit::{Code, Subject};

const REPO: &str = "joan/loops";

/// Removes a pack that rows and the index name.
pub(super) fn pack_missing(world: &mut World) -> Broken {
    let mut grown = grow(
        world,
        REPO,
        "takes/lost",
        "Takes of Thursday",
        "takes/thursday.wav",
    )?;
    grown.packing.stored = false;
    let mut out = vec![declared(Code::PackMissing, &grown)?];
    for blob in &grown.blobs {
        out.push(Declared::of(Code::ObjectMissing, blob));
    }
    world.keep(grown)?;
    Ok(out)
}

/// Changes the last byte of a pack, so that its blobs prove and the whole does not.
pub(super) fn pack_corrupt(world: &mut World) -> Broken {
    let mut grown = grow(
        world,
        REPO,
        "takes/flipped",
        "Takes of Friday",
        "takes/friday.wav",
    )?;
    grown.packing.spoiled = true;
    let out = vec![declared(Code::PackCorrupt, &grown)?];
    world.keep(grown)?;
    Ok(out)
}

/// Leaves a pack without index rows, as a job that never ran does.
pub(super) fn pack_unindexed(world: &mut World) -> Broken {
    let packing = Packing {
        indexed: false,
        ..Packing::default()
    };
    let mut out = on_blobs(world, Code::PackUnindexed, "takes/unindexed", packing)?;
    // No job is there that would write them.
    out.push(Declared::new(Code::JobStuck, Subject::Repo, REPO));
    Ok(out)
}

/// Leaves a branch without a pack that is ready for a fetch.
pub(super) fn fetch_pack_stale(world: &mut World) -> Broken {
    let branch = "takes/unprepared";
    let grown = grow(world, REPO, branch, "A take for later", "takes/later.wav")?;
    world.keep(grown)?;
    world.repo(REPO)?.unprepared.insert(branch.to_owned());
    let id = format!("{REPO}:{branch}");
    Ok(vec![Declared::new(
        Code::FetchPackStale,
        Subject::Branch,
        id,
    )])
}

/// Writes ranges into the index that begin a byte too late.
pub(super) fn index_wrong(world: &mut World) -> Broken {
    let packing = Packing {
        shift: 1,
        ..Packing::default()
    };
    on_blobs(world, Code::IndexWrong, "takes/shifted", packing)
}

/// Leaves a push without its memberships, as one does whose rows exist already.
pub(super) fn repo_unreferenced(world: &mut World) -> Broken {
    let (branch, file) = ("takes/unheld", "takes/unheld.wav");
    let mut grown = grow(world, REPO, branch, "A take that nobody holds", file)?;
    grown.commit.holders.clear();
    grown.snapshot.holders.clear();
    for blob in &mut grown.blobs {
        blob.holders.clear();
    }
    world.keep(grown)?;
    Ok(vec![unheld(REPO)])
}

/// Declares that a repository does not hold all that its branches need.
pub(super) fn unheld(repo: &str) -> Declared {
    Declared::new(Code::RepoUnreferenced, Subject::Repo, repo)
}

fn on_blobs(world: &mut World, code: Code, branch: &str, packing: Packing) -> Broken {
    let file = format!("{branch}.wav");
    let mut grown = grow(world, REPO, branch, "Another take", &file)?;
    grown.packing = packing;
    let out = grown.blobs.iter().map(|blob| Declared::of(code, blob));
    let out = out.collect();
    world.keep(grown)?;
    Ok(out)
}

fn declared(code: Code, grown: &Grown) -> Result<Declared, DemoError> {
    let none = || DemoError::Script(format!("{} has no blobs to pack", grown.branch));
    let pack = Pack::of(grown).ok_or_else(none)?;
    Ok(Declared::new(code, Subject::Pack, pack.id.as_str()))
}
