//! The graph: commits, branches and proposals that do not hang together.

use super::packed::unheld;
use super::{Broken, Declared, blank, grow};
use crate::draft::{self, Tree};
use crate::words;
use crate::world::World;
use luthier_audit::{Code, Subject};

/// Leaves what a pull through a server's treeless merge leaves: one file of many.
pub(super) fn tree_collapsed(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let repository = world.repo("gwen/duet")?;
    let mut draft = repository.draft("gwen/review", None, "Bowings, after the pull", 0)?;
    draft.tree = Tree::default();
    repository.write(&mut draft, "parts/bowings.mid");
    let grown = draft.seal();
    out.push(Declared::of(Code::TreeCollapsed, &grown.commit));
    world.keep(grown)?;
    let grown = grow(
        world,
        "gwen/duet",
        "gwen/review",
        "Bowings of the viola",
        "parts/bowings-viola.mid",
    )?;
    world.keep(grown)?;
    Ok(out)
}

/// Refers to rows of other repositories: a parent, a snapshot, and a blob of a deleted repository.
pub(super) fn row_elsewhere(world: &mut World) -> Broken {
    let mut out = parent_elsewhere(world)?;
    out.extend(snapshot_elsewhere(world)?);
    out.extend(blob_elsewhere(world)?);
    // Neither repository holds what it uses of the others.
    out.extend(["frank/song", "gwen/duet"].map(unheld));
    Ok(out)
}

fn parent_elsewhere(world: &mut World) -> Broken {
    let says = "A bus for brass";
    let parent = grow(world, "alice/song", "mix/brass-bus", says, "mix/brass.toml")?;
    let fork = world.repo("frank/song")?;
    let mut draft = fork.draft("horns/bus", Some("main"), "On Alice's brass bus", 0)?;
    draft.parents = vec![parent.commit.id.clone()];
    let out = vec![Declared::of(Code::RowElsewhere, &parent.commit)];
    world.keep(parent)?;
    world.keep(draft.seal())?;
    Ok(out)
}

fn snapshot_elsewhere(world: &mut World) -> Broken {
    let mono = grow(
        world,
        "alice/song",
        "mix/mono",
        "A mono mix",
        "mix/mono.toml",
    )?;
    let fork = world.repo("frank/song")?;
    let mut draft = fork.draft("horns/mono", Some("main"), "Take Alice's mono mix", 0)?;
    draft.tree = mono.tree.clone();
    let out = vec![Declared::of(Code::RowElsewhere, &mono.snapshot)];
    world.keep(mono)?;
    let mut grown = draft.seal();
    // The same tree, so the same row: only Alice's repository holds it.
    grown.snapshot.holders.clear();
    world.keep(grown)?;
    Ok(out)
}

fn blob_elsewhere(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let idea = grow(world, "hugo/sketches", "main", "Idea three", "ideas/03.mid")?;
    let duet = world.repo("gwen/duet")?;
    let mut draft = duet.draft("hugo/idea", Some("main"), "Hugo's idea as an intro", 1)?;
    for blob in &idea.blobs {
        draft
            .tree
            .manifest
            .insert("parts/intro.mid", blob.id.clone());
        out.push(Declared::of(Code::RowElsewhere, blob));
    }
    world.keep(idea)?;
    world.keep(draft.seal())?;
    Ok(out)
}

/// Points branches to commits without row, once with the object in the store and once without.
pub(super) fn head_dangling(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let repo = "bela/score-tools";
    for (branch, stored) in [("wip/oboe", false), ("agent/fugue", true)] {
        let mut grown = blank(world, repo, branch, "Work in progress")?;
        match stored {
            true => grown.commit.unrecord(),
            false => grown.commit.vanish(),
        }
        out.push(Declared::of(Code::RowMissing, &grown.commit));
        out.push(Declared::new(
            Code::HeadDangling,
            Subject::Branch,
            format!("{repo}:{branch}"),
        ));
        world.keep(grown)?;
    }
    Ok(out)
}

/// Adds a second row for a branch name, which points to main's head.
pub(super) fn branch_duplicate(world: &mut World) -> Broken {
    let repository = world.repo("gwen/duet")?;
    let main = repository.tip("main")?;
    let branch_id = words::uuid(&mut repository.rng);
    let row = repository.branch_row(&branch_id, "hugo/coda", main.commit.as_str());
    world.rows.branches.push(row);
    let id = "gwen/duet:hugo/coda";
    Ok(vec![Declared::new(
        Code::BranchDuplicate,
        Subject::Branch,
        id,
    )])
}

/// Adds a branch whose name is the folder of other branches.
pub(super) fn branch_unsafe(world: &mut World) -> Broken {
    let repository = world.repo("gwen/duet")?;
    let main = repository.tip("main")?;
    repository.set_tip("hugo", main);
    let id = "gwen/duet:hugo";
    Ok(vec![Declared::new(Code::BranchUnsafe, Subject::Branch, id)])
}

/// Ancestors of themselves: two commits, one of whose rows was rewritten, and two snapshots.
pub(super) fn cycle(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let (repo, branch) = ("bela/score-tools", "experiment/loop");
    let mut first = grow(world, repo, branch, "Loop a bar", "score/loop.py")?;
    // The second names the first, so the first can only be rewritten once the second has its id.
    let parent = first.commit.id.clone();
    let mut draft = world
        .repo(repo)?
        .draft(branch, Some("main"), "Loop two bars", 0)?;
    draft.parents = vec![parent];
    draft.tree = first.tree.clone();
    world.repo(repo)?.write(&mut draft, "score/loop_two.py");
    let second = draft.seal();
    first.commit.row.parent_ids = draft::parent_ids(std::slice::from_ref(&second.commit.id));
    out.push(Declared::of(Code::ObjectDiverges, &first.commit));
    for grown in [first, second] {
        out.push(Declared::of(Code::Cycle, &grown.commit));
        world.keep(grown)?;
    }

    let repo = "iris/setlist";
    let (says, files) = (
        "Rehearse the order",
        ["order/first.txt", "order/second.txt"],
    );
    let mut first = grow(world, repo, "order", says, files[0])?;
    let mut draft = world.repo(repo)?.draft("order", Some("main"), says, 0)?;
    draft.parents = vec![first.commit.id.clone()];
    draft.base = Some((first.snapshot.id.clone(), first.tree.manifest.clone()));
    draft.tree = first.tree.clone();
    world.repo(repo)?.write(&mut draft, files[1]);
    let second = draft.seal();
    first.snapshot.row.parent_snapshot_id = Some(second.snapshot.row.snapshot_id.clone());
    for grown in [first, second] {
        out.push(Declared::of(Code::Cycle, &grown.snapshot));
        world.keep(grown)?;
    }
    Ok(out)
}

/// Paths that a checkout must not follow: out of the folder, into `.muse/`, and two that are one; and a directory
/// that some file system takes for `.muse/`.
pub(super) fn path_unsafe(world: &mut World) -> Broken {
    let mut out = Vec::new();
    for (repo, branch, file) in [
        ("bela/score-tools", "hack/outside", "../outside.py"),
        (
            "carol/field-recordings",
            "import/sdcard",
            ".muse/config.toml",
        ),
        ("alice/song", "take/case", "Tracks/Piano.mid"),
    ] {
        let grown = grow(world, repo, branch, "Everything from the card", file)?;
        out.push(Declared::of(Code::PathUnsafe, &grown.snapshot));
        world.keep(grown)?;
    }
    let repository = world.repo("bela/score-tools")?;
    let mut draft = repository.draft("hack/folders", Some("main"), "Folders of the card", 0)?;
    draft.tree.empty.insert("MUSE~1/hooks".to_owned());
    let grown = draft.seal();
    out.push(Declared::of(Code::PathUnsafe, &grown.snapshot));
    world.keep(grown)?;
    Ok(out)
}

/// Marks proposals as merged, with merge commits that do not exist.
pub(super) fn proposal_dangling(world: &mut World) -> Broken {
    let mut out = Vec::new();
    for (title, named) in [("Swing feel", false), ("A slower ending", true)] {
        let repository = world.repo("gwen/duet")?;
        let mut proposal = repository.propose(title, "hugo/pizzicato", "merged");
        let gone = format!("sha256:{}", words::digest(&mut repository.rng));
        proposal.merge_commit_id = named.then_some(gone);
        let id = &proposal.proposal_id;
        out.push(Declared::new(Code::ProposalDangling, Subject::Proposal, id));
        world.rows.proposals.push(proposal);
    }
    Ok(out)
}

/// Leaves two commits of a branch that was deleted.
pub(super) fn commit_unreachable(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let (repo, branch) = ("alice/song", "take/disco");
    for (says, file) in [
        ("What if it were disco", "tracks/hihat.mid"),
        ("It is not disco", "tracks/clap.mid"),
    ] {
        let grown = grow(world, repo, branch, says, file)?;
        out.push(Declared::of(Code::CommitUnreachable, &grown.commit));
        world.keep(grown)?;
    }
    world.repo(repo)?.branches.remove(branch);
    Ok(out)
}
