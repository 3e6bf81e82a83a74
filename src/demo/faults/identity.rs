//! Ids that nothing reproduces, or that say less than they should.

use super::{Broken, Declared, grow, rename, trim};
use crate::words;
use crate::world::World;
use luthier_audit::{Code, Subject};
use luthier_object::Manifest;
use luthier_object::identity::CommitScheme;

/// Makes ids that no formula reproduces: a commit, a snapshot whose cache lost a file, and one that was emptied.
pub(super) fn identity_unverifiable(world: &mut World) -> Broken {
    let mut out = Vec::new();
    for branch in ["import/svn", "import/hg"] {
        let mut grown = grow(
            world,
            "bela/score-tools",
            branch,
            "Imported",
            &format!("{branch}.py"),
        )?;
        let made_up = words::digest(&mut world.repo("bela/score-tools")?.rng);
        rename(&mut grown.commit, &format!("sha256:{made_up}"));
        grown.commit.unstore();
        out.push(Declared::of(Code::IdentityUnverifiable, &grown.commit));
        world.keep(grown)?;
    }
    let mut grown = trim(
        world,
        "gwen/duet",
        "gwen/less",
        "Fewer takes",
        "takes/02.wav",
    )?;
    let mut forgetful = grown.tree.manifest.clone();
    forgetful.remove("takes/03.wav");
    grown.snapshot.row.manifest = Some(forgetful.encode());
    grown.snapshot.unstore();
    out.push(Declared::of(Code::CacheBroken, &grown.snapshot));
    out.push(Declared::of(Code::IdentityUnverifiable, &grown.snapshot));
    world.keep(grown)?;

    // A first commit: nobody can say that it lost what a parent had.
    let repository = world.repo("gwen/duet")?;
    let mut draft = repository.draft("import/backup", None, "Restored from a backup", 0)?;
    draft.tree = repository.tip("main")?.tree;
    draft.tree.manifest.remove("takes/04.wav");
    let mut grown = draft.seal();
    grown.snapshot.row.manifest = Some(Manifest::new().encode());
    grown.snapshot.unstore();
    out.push(Declared::of(Code::ManifestEmptied, &grown.snapshot));
    out.push(Declared::of(Code::IdentityUnverifiable, &grown.snapshot));
    world.keep(grown)?;
    Ok(out)
}

/// Makes ids with the server's old formula.
pub(super) fn identity_stale(world: &mut World) -> Broken {
    let mut out = Vec::new();
    for (branch, file) in [
        ("web/edit-1", "contact.html"),
        ("web/edit-2", "imprint.html"),
    ] {
        let repository = world.repo("dmitri/old-site")?;
        let mut draft = repository.draft(branch, Some("main"), "edited in the browser", 0)?;
        repository.write(&mut draft, file);
        draft.scheme = CommitScheme::Pipe;
        let mut grown = draft.seal();
        grown.commit.unstore();
        out.push(Declared::of(Code::IdentityStale, &grown.commit));
        world.keep(grown)?;
    }
    Ok(out)
}

/// Puts a NUL into hashed fields.
pub(super) fn identity_ambiguous(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let repo = "carol/field-recordings";
    let repository = world.repo(repo)?;
    let mut draft = repository.draft("import/recorder", Some("main"), "Firmware 2.1", 0)?;
    repository.write(&mut draft, "recorder/01.wav");
    // In a field that rows keep as JSON: a text of Postgres holds no NUL.
    draft
        .rest
        .insert("signer_public_key".to_owned(), "recorder\0title".into());
    let mut grown = draft.seal();
    grown.commit.unstore();
    out.push(Declared::of(Code::IdentityAmbiguous, &grown.commit));
    world.keep(grown)?;

    let mut draft =
        world
            .repo(repo)?
            .draft("import/names", Some("main"), "Names as recorded", 0)?;
    let first = draft.tree.manifest.iter().next().map(|(_, id)| id.clone());
    if let Some(id) = first {
        draft.tree.manifest.insert("recorder\0a.wav", id);
    }
    let mut grown = draft.seal();
    grown.snapshot.unstore();
    out.push(Declared::of(Code::IdentityAmbiguous, &grown.snapshot));
    out.push(Declared::of(Code::PathUnsafe, &grown.snapshot));
    world.keep(grown)?;
    Ok(out)
}

/// Merges and first commits that old server code gave an id of its own: they have no tree either.
pub(super) fn id_malformed(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let repo = "gwen/duet";
    for (branch, title) in [
        ("gwen/review", "Bowings"),
        ("gwen/print", "A printable score"),
    ] {
        let other = world.repo(repo)?.tip("hugo/coda")?;
        let says = format!("Merge proposal: {title}");
        let mut draft = world.repo(repo)?.draft(branch, Some("main"), &says, 1)?;
        draft.parents.push(other.commit);
        draft.treeless = true;
        let mut grown = draft.seal();
        let repository = world.repo(repo)?;
        let id = words::uuid(&mut repository.rng).replace('-', "");
        rename(&mut grown.commit, &id);
        grown.commit.unstore();
        let mut proposal = repository.propose(title, "hugo/coda", "merged");
        branch.clone_into(&mut proposal.to_branch);
        proposal.merge_commit_id = Some(id);
        out.push(Declared::of(Code::IdMalformed, &grown.commit));
        out.push(Declared::of(Code::CommitTreeless, &grown.commit));
        out.push(Declared::new(
            Code::ProposalDangling,
            Subject::Proposal,
            &proposal.proposal_id,
        ));
        world.rows.proposals.push(proposal);
        world.keep(grown)?;
    }
    let mut draft = world
        .repo("dmitri/old-site")?
        .draft("pages", None, "Initial commit", 0)?;
    draft.treeless = true;
    let mut grown = draft.seal();
    let digits = words::digest(&mut world.repo("dmitri/old-site")?.rng);
    rename(&mut grown.commit, &format!("init-{}", &digits[..8]));
    grown.commit.unstore();
    out.push(Declared::of(Code::IdMalformed, &grown.commit));
    out.push(Declared::of(Code::CommitTreeless, &grown.commit));
    world.keep(grown)?;
    Ok(out)
}

/// Makes intact commits without snapshot.
pub(super) fn commit_treeless(world: &mut World) -> Broken {
    let says = "Merge on the server";
    let mut draft = world
        .repo("bela/score-tools")?
        .draft("server/merge", Some("main"), says, 1)?;
    draft.treeless = true;
    let grown = draft.seal();
    let out = vec![Declared::of(Code::CommitTreeless, &grown.commit)];
    world.keep(grown)?;
    Ok(out)
}
