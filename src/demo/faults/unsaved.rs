//! Refs that the store does not know: never saved, moved since, and a checkpoint that broke off.

use super::{Broken, Declared, grow};
use crate::DemoError;
use crate::repository::{Heads, Saved};
use crate::world::World;
use luthier_audit::{Code, Subject};
use luthier_hub::backend::layout;

pub(super) fn refs_unsaved(world: &mut World) -> Broken {
    let mut out = Vec::new();
    let never = world.repo("iris/setlist")?;
    never.saved = Saved::Never;
    let branches: Vec<String> = never.branches.keys().cloned().collect();
    out.extend(
        branches
            .iter()
            .map(|branch| unsaved("iris/setlist", branch)),
    );

    let repo = "erin/archive";
    let mut heads = Heads::new();
    let file = "scores/satie/gnossienne-1.mid";
    moved(
        world,
        repo,
        "main",
        "Gnossienne, found at last",
        file,
        &mut heads,
    )?;
    moved(
        world,
        repo,
        "intake/july",
        "Intake of July",
        "intake/july.md",
        &mut heads,
    )?;
    out.extend(heads.keys().map(|branch| unsaved(repo, branch)));
    world.repo(repo)?.saved = Saved::Before(heads);

    let repo = "dmitri/old-site";
    let mut heads = Heads::new();
    moved(world, repo, "main", "links", "links.html", &mut heads)?;
    out.extend(heads.keys().map(|branch| unsaved(repo, branch)));
    let repository = world.repo(repo)?;
    repository.saved = Saved::Torn(heads);
    if let Some(key) = layout::checkpoint_key(&repository.row.repo_id, 2) {
        let torn = Declared::new(Code::ObjectForeign, Subject::Object, key.as_str());
        out.push(torn);
    }
    Ok(out)
}

/// Adds a commit after the checkpoint, and puts the branch's earlier head into `heads`.
fn moved(
    world: &mut World,
    repo: &str,
    branch: &str,
    says: &str,
    file: &str,
    heads: &mut Heads,
) -> Result<(), DemoError> {
    let known = world.repo(repo)?.branches.get(branch);
    let before = known.map(|branch| branch.tip.commit.as_str().to_owned());
    heads.insert(branch.to_owned(), before);
    let grown = grow(world, repo, branch, says, file)?;
    world.keep(grown)
}

fn unsaved(repo: &str, branch: &str) -> Declared {
    Declared::new(
        Code::RefsUnsaved,
        Subject::Branch,
        format!("{repo}:{branch}"),
    )
}
