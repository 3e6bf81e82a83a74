//! Row and object disagree, or the cached manifest is not what it should be.

use super::{Broken, Declared, grow};
use crate::legacy;
use crate::words;
use crate::world::World;
use luthier_audit::Code;
use luthier_object::Manifest;

/// Makes rows differ from their objects, in fields that the id covers and in fields that it does not.
pub(super) fn object_diverges(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let repo = "bela/score-tools";
    let mut grown = grow(
        world,
        repo,
        "review/ties",
        "Ties across bars",
        "score/ties.py",
    )?;
    grown.commit.row.commit_meta = grown
        .commit
        .row
        .commit_meta
        .replace("\"reviewed_by\":[]", "\"reviewed_by\":[\"Noor Haddad\"]")
        .replace("\"test_runs\":0", "\"test_runs\":12");
    out.push(Declared::of(Code::ObjectDiverges, &grown.commit));
    world.keep(grown)?;

    let mut grown = grow(world, repo, "review/slurs", "Slurs", "score/slurs.py")?;
    "master".clone_into(&mut grown.commit.row.branch);
    out.push(Declared::of(Code::ObjectDiverges, &grown.commit));
    world.keep(grown)?;

    let mut grown = grow(
        world,
        repo,
        "review/grace",
        "Grace notes, at last!",
        "score/grace.py",
    )?;
    "Grace notes".clone_into(&mut grown.commit.row.message);
    out.push(Declared::of(Code::ObjectDiverges, &grown.commit));
    world.keep(grown)?;

    let mut grown = grow(world, repo, "review/rests", "Rests", "score/rests.py")?;
    "2026-03-01T00:00:00+00:00".clone_into(&mut grown.snapshot.row.created_at);
    out.push(Declared::of(Code::ObjectDiverges, &grown.snapshot));
    world.keep(grown)?;
    Ok(out)
}

/// Breaks caches the way every push before May did.
pub(super) fn cache_msgpack(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let pushes = [
        ("erin/archive", "main", "scores/satie/gnossienne-1.mid"),
        ("erin/archive", "main", "scores/satie/gnossienne-2.mid"),
        ("erin/archive", "main", "scores/satie/gnossienne-3.mid"),
        ("dmitri/old-site", "main", "links.html"),
        ("alice/song", "take/april", "stems/takes/april.wav"),
        ("carol/field-recordings", "import/april", "abril/mañana.wav"),
    ];
    for (repo, branch, file) in pushes {
        let mut grown = grow(world, repo, branch, "Pushed with the old client", file)?;
        grown.snapshot.row.manifest = Some(legacy::packed(&grown.tree.manifest));
        out.push(Declared::of(Code::CacheMsgpack, &grown.snapshot));
        world.keep(grown)?;
    }
    let mut grown = grow(
        world,
        "erin/archive",
        "main",
        "The last one before the new client",
        "scores/satie/gnossienne-4.mid",
    )?;
    grown.snapshot.row.manifest = Some(legacy::packed(&grown.tree.manifest));
    grown.snapshot.unstore();
    out.push(Declared::of(Code::CacheMsgpack, &grown.snapshot));
    out.push(Declared::of(Code::UriMissing, &grown.snapshot));
    world.keep(grown)?;
    Ok(out)
}

/// Leaves only deltas in the cache; the last of them is from before objects were stored.
pub(super) fn cache_delta(world: &mut World) -> Broken {
    let mut out = Vec::new();
    for night in 1..=12 {
        let (says, file) = (
            format!("Night {night}"),
            format!("tour/night-{night:02}.txt"),
        );
        let mut grown = grow(world, "iris/setlist", "tour/june", &says, &file)?;
        grown.snapshot.row.manifest = None;
        out.push(Declared::of(Code::CacheDelta, &grown.snapshot));
        if night > 10 {
            grown.snapshot.unstore();
            out.push(Declared::of(Code::UriMissing, &grown.snapshot));
        }
        world.keep(grown)?;
    }
    Ok(out)
}

/// Breaks cached manifests: undecodable, or another tree than the id's.
pub(super) fn cache_broken(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let mut grown = grow(
        world,
        "alice/song",
        "mix/vinyl",
        "A side for vinyl",
        "mix/vinyl.toml",
    )?;
    let cut = grown.tree.manifest.encode().len() * 2 / 3;
    grown.snapshot.row.manifest = Some(grown.tree.manifest.encode()[..cut].to_vec());
    out.push(Declared::of(Code::CacheBroken, &grown.snapshot));
    world.keep(grown)?;

    let mut grown = grow(
        world,
        "erin/archive",
        "review/liszt",
        "Liszt, first pass",
        "scores/liszt/consolation-3.mid",
    )?;
    let mut forgetful = grown.tree.manifest.clone();
    forgetful.remove("README.md");
    grown.snapshot.row.manifest = Some(forgetful.encode());
    out.push(Declared::of(Code::CacheBroken, &grown.snapshot));
    world.keep(grown)?;

    // No object either: the chain of deltas still proves.
    let mut grown = grow(
        world,
        "iris/setlist",
        "tour/july",
        "The first of July",
        "tour/july.txt",
    )?;
    grown.snapshot.row.manifest = Some(vec![0xc1; 40]);
    grown.snapshot.unstore();
    out.push(Declared::of(Code::CacheBroken, &grown.snapshot));
    out.push(Declared::of(Code::UriMissing, &grown.snapshot));
    world.keep(grown)?;
    Ok(out)
}

/// Breaks chains of deltas: a missing parent, an unreadable step, and a step that gives another tree.
pub(super) fn delta_broken(world: &mut World) -> Broken {
    let mut out = Vec::new();
    for (branch, file) in [
        ("festival/north", "festival/north.txt"),
        ("festival/south", "festival/south.txt"),
        ("festival/west", "festival/west.txt"),
    ] {
        let mut grown = grow(world, "iris/setlist", branch, "A festival", file)?;
        grown.snapshot.row.manifest = None;
        match branch {
            "festival/north" => {
                let gone = words::digest(&mut world.repo("iris/setlist")?.rng);
                grown.snapshot.row.parent_snapshot_id = Some(format!("sha256:{gone}"));
            }
            "festival/south" => grown.snapshot.row.delta = Some(b"\x81\xa9delta_ad".to_vec()),
            _ => grown.snapshot.row.delta = Some(legacy::delta(&Manifest::new(), &Manifest::new())),
        }
        out.push(Declared::of(Code::DeltaBroken, &grown.snapshot));
        world.keep(grown)?;
    }
    Ok(out)
}

/// Writes an entry_count from before the last file.
pub(super) fn count_wrong(world: &mut World) -> Broken {
    let mut out = Vec::new();
    for (repo, branch, file, by) in [
        ("alice/song", "take/may", "stems/takes/may.wav", -1),
        ("gwen/duet", "takes/may", "takes/may.wav", 3),
    ] {
        let mut grown = grow(world, repo, branch, "A take in May", file)?;
        let counted = grown.tree.manifest.len() as i64;
        grown.snapshot.row.entry_count = Some(counted + by);
        out.push(Declared::of(Code::CountWrong, &grown.snapshot));
        world.keep(grown)?;
    }
    Ok(out)
}

/// Removes directories from rows: once they follow from the paths, once only the object has them.
pub(super) fn directories_lost(world: &mut World) -> Broken {
    let mut out = Vec::new();
    for (repo, branch, file) in [
        ("alice/song", "take/empty-hall", "stems/takes/hall.wav"),
        (
            "carol/field-recordings",
            "import/archive",
            "archiv/1999.wav",
        ),
    ] {
        let mut grown = grow(world, repo, branch, "Sent in one piece", file)?;
        grown.snapshot.row.directories = Some("[]".to_owned());
        out.push(Declared::of(Code::DirectoriesLost, &grown.snapshot));
        world.keep(grown)?;
    }
    Ok(out)
}

/// Empties manifests as the push code of the last week of May did.
pub(super) fn manifest_emptied(world: &mut World) -> Broken {
    let mut out = Vec::new();
    for (repo, branch, file, emptied) in [
        ("gwen/duet", "takes/emptied", "takes/friday.wav", &b"{}"[..]),
        (
            "erin/archive",
            "intake/emptied",
            "scores/grieg/arietta.mid",
            &b"\x80"[..],
        ),
    ] {
        let mut grown = grow(world, repo, branch, "Friday", file)?;
        grown.snapshot.row.manifest = Some(emptied.to_vec());
        out.push(Declared::of(Code::ManifestEmptied, &grown.snapshot));
        world.keep(grown)?;
    }
    Ok(out)
}
