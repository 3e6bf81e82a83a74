//! Pointers that are not followed, and what is stored without anyone naming it.

use super::{Broken, Declared, blank, grow, trim};
use crate::DemoError;
use crate::item::{Item, Placement, Pointer, Row};
use crate::words;
use crate::world::World;
use luthier_audit::{Code, Subject};
use luthier_hub::backend::{Key, layout};

/// Points rows into a pack, into another bucket, out of the store, and to a URI without scheme.
pub(super) fn uri_refused(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let mut grown = grow(
        world,
        "carol/field-recordings",
        "import/packed",
        "Sent as a pack",
        "packed/01.wav",
    )?;
    let pack = words::digest(&mut world.repo("carol/field-recordings")?.rng);
    for blob in &mut grown.blobs {
        blob.place = Placement::Nowhere;
        // Cut short: no pack has such an id.
        blob.pointer = Pointer::Text(format!("mpack://sha256:{}", &pack[..40]));
        out.push(Declared::of(Code::UriRefused, blob));
    }
    world.keep(grown)?;

    let mut grown = grow(
        world,
        "bela/score-tools",
        "move/bucket",
        "Moved to the new bucket",
        "score/bucket.py",
    )?;
    let hex = grown.snapshot.id.bare();
    let (two, rest) = hex.split_at(2);
    let uri = format!("gs://other-bucket/objects/sha256/{two}/{rest}");
    out.push(refuse(&mut grown.snapshot, uri));
    let uri = format!("{}../escape/{}", world.root()?, grown.commit.id.bare());
    out.push(refuse(&mut grown.commit, uri));
    for blob in &mut grown.blobs {
        let uri = format!("objects/{}", blob.id);
        out.push(refuse(blob, uri));
    }
    world.keep(grown)?;
    Ok(out)
}

/// Writes `uri` into the row of an object that is stored under its own key.
fn refuse<R: Row>(item: &mut Item<R>, uri: String) -> Declared {
    item.pointer = Pointer::Text(uri);
    Declared::of(Code::UriRefused, item)
}

/// Stores objects of a push whose rows were never written, one of them under a key of March 2026.
pub(super) fn object_orphan(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let (repo, branch) = ("bela/score-tools", "lost/push");
    // None of the three names another: what no row names is named by nothing.
    let commit = blank(world, repo, branch, "A push that broke off")?.commit;
    let snapshot = trim(world, repo, branch, "", "pyproject.toml")?.snapshot;
    out.push(orphan(world, commit)?);
    out.push(orphan(world, snapshot)?);
    for blob in grow(world, repo, branch, "", "lost/blob.wav")?.blobs {
        out.push(orphan(world, blob)?);
    }
    let repo_id = world.repo(repo)?.row.repo_id.clone();
    for blob in grow(world, repo, branch, "", "lost/march.wav")?.blobs {
        let key = format!("objects/{repo_id}/sha256_{}", blob.id.bare());
        out.push(Declared::new(Code::ObjectOrphan, Subject::Object, &key));
        world.leave(checked(key)?, blob.bytes.to_vec());
    }
    Ok(out)
}

fn orphan<R: Row>(world: &mut World, mut item: Item<R>) -> Result<Declared, DemoError> {
    item.unrecord();
    let key = layout::key_for(&item.id).map(|key| key.to_string());
    let key = key.ok_or_else(|| DemoError::Script(format!("{} holds no digest", item.id)))?;
    world.add(item)?;
    Ok(Declared::new(Code::ObjectOrphan, Subject::Object, key))
}

/// Adds rows of blobs that no snapshot refers to.
pub(super) fn blob_unreferenced(world: &mut World) -> Broken {
    let mut out = Vec::new();
    for (repo, file) in [
        ("alice/song", "stems/scratch.wav"),
        ("dmitri/old-site", "images/unused.wav"),
    ] {
        for blob in grow(world, repo, "scratch", "", file)?.blobs {
            out.push(Declared::of(Code::BlobUnreferenced, &blob));
            world.add(blob)?;
        }
    }
    Ok(out)
}

/// Keys of no layout, and bytes that prove nothing under a key that looks right.
pub(super) fn object_foreign(world: &mut World) -> Broken {
    let digits = words::digest(&mut world.repo("alice/song")?.rng);
    let (two, rest) = digits.split_at(2);
    let unreferenced = [
        ("backup/2026-04-30.tar".to_owned(), "not a tar file\n"),
        ("objects/tmp/upload-7f3a.part".to_owned(), "RIFF"),
        (
            format!("objects/sha256/{two}/{rest}"),
            "nothing with this digest\n",
        ),
    ];
    let mut out = Vec::new();
    for (key, bytes) in unreferenced {
        out.push(Declared::new(Code::ObjectForeign, Subject::Object, &key));
        world.leave(checked(key)?, bytes.as_bytes().to_vec());
    }
    Ok(out)
}

fn checked(key: String) -> Result<Key, DemoError> {
    Key::new(key).map_err(|e| DemoError::Script(e.to_string()))
}
