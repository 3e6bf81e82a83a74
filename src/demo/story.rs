//! Plays the script: what people did before anything broke.

use super::DemoError;
use super::contents::Contents;
use super::repository::Repository;
use super::script::{Fill, RepoScript, Script, Step};
use super::words;
use super::world::World;
use fastrand::Rng;
use luthier_hub::index::MembershipRow;

/// Files that nobody rewrites.
const KEPT: [&str; 2] = ["LICENSE", ".keep"];

/// Plays the story of every repository that the hub has.
pub(super) fn play(
    world: &mut World,
    script: &Script,
    contents: &Contents,
    seed: u64,
) -> Result<(), DemoError> {
    for (place, story) in script.repo.iter().enumerate() {
        let Some(story) = contents.told(story) else {
            continue;
        };
        let story = story.as_ref();
        // A stream of its own for each, so that a change in one story leaves the others alone.
        let rng = Rng::with_seed(seed.wrapping_mul(1009).wrapping_add(place as u64));
        let repository = Repository::new(story, &script.words, rng)?;
        let path = repository.row.path();
        world.repos.insert(path.clone(), repository);
        if let Some(origin) = &story.forks {
            fork(world, &path, origin)?;
        }
        for step in &story.steps {
            act(world, &path, step)?;
        }
        open_proposals(world, &path, story)?;
    }
    Ok(())
}

/// Shares every row of `origin` and starts at the head of its main.
fn fork(world: &mut World, path: &str, origin: &str) -> Result<(), DemoError> {
    let from = world.repo(origin)?;
    let (origin_id, tip) = (from.row.repo_id.clone(), from.tip("main")?);
    let repository = world.repo(path)?;
    let repo_id = repository.row.repo_id.clone();
    repository.set_tip("main", tip);
    let shared = |(kind, held): &(_, MembershipRow)| {
        (held.repo_id == origin_id).then(|| {
            let (id, repo_id) = (held.id.clone(), repo_id.clone());
            (*kind, MembershipRow { id, repo_id })
        })
    };
    let shared: Vec<_> = world.rows.memberships.iter().filter_map(shared).collect();
    world.rows.memberships.extend(shared);
    Ok(())
}

fn act(world: &mut World, path: &str, step: &Step) -> Result<(), DemoError> {
    let named = step.says.as_deref();
    if named.is_some() || !step.adds.is_empty() {
        commit(world, path, step, named.unwrap_or_default())?;
    }
    for _ in 0..step.edits {
        edit(world, path, step)?;
    }
    Ok(())
}

/// Adds one commit that the script describes.
fn commit(world: &mut World, path: &str, step: &Step, says: &str) -> Result<(), DemoError> {
    let repository = world.repo(path)?;
    let mut draft = repository.draft(&step.on, step.from.as_deref(), says, step.by)?;
    for added in &step.adds {
        match added.strip_suffix('/') {
            Some(folder) => drop(draft.tree.empty.insert(folder.to_owned())),
            None => repository.write(&mut draft, added),
        }
    }
    for removed in &step.removes {
        draft.tree.manifest.remove(removed);
    }
    if let Some(fills) = &step.fills {
        fill(repository, &mut draft, fills);
    }
    if let Some(other) = &step.merges {
        draft.merge(repository.tip(other)?);
    }
    attest(repository, &mut draft, step);
    let grown = draft.seal();
    if let (Some(title), Some(from)) = (&step.proposal, &step.merges) {
        let mut proposal = world.repo(path)?.propose(title, from, "merged");
        proposal.merge_commit_id = Some(grown.commit.id.as_str().to_owned());
        world.rows.proposals.push(proposal);
    }
    world.keep(grown)
}

/// Adds one commit that rewrites one or two files.
fn edit(world: &mut World, path: &str, step: &Step) -> Result<(), DemoError> {
    let repository = world.repo(path)?;
    let mut draft = repository.draft(&step.on, step.from.as_deref(), "", step.by)?;
    let files: Vec<String> = draft
        .tree
        .manifest
        .iter()
        .map(|(path, _)| path.clone())
        .filter(|path| !KEPT.iter().any(|kept| path.ends_with(kept)))
        .collect();
    for _ in 0..repository.rng.usize(1..3) {
        let file = words::pick(&files, &mut repository.rng).to_owned();
        repository.write(&mut draft, &file);
        let name = file.rsplit('/').next().unwrap_or(&file);
        let message = words::pick(&repository.words.messages, &mut repository.rng);
        draft.message = message.replace("{file}", name);
    }
    attest(repository, &mut draft, step);
    let grown = draft.seal();
    world.keep(grown)
}

fn attest(repository: &mut Repository, draft: &mut super::draft::Draft, step: &Step) {
    if step.agent {
        repository.by_agent(draft);
    }
    if step.signed {
        repository.sign(draft);
    }
}

/// Adds many paths with few contents: a large tree that needs little space.
fn fill(repository: &mut Repository, draft: &mut super::draft::Draft, fills: &Fill) {
    let name = |n: u32| format!("{}/{:02}/{n:04}.wav", fills.folder, n / 100);
    for n in 0..fills.files {
        if n < fills.contents {
            repository.write(draft, &name(n));
        } else if let Some(id) = draft.tree.manifest.get(&name(n % fills.contents)).cloned() {
            draft.tree.manifest.insert(name(n), id);
        }
    }
}

/// Proposals that wait.
fn open_proposals(world: &mut World, path: &str, story: &RepoScript) -> Result<(), DemoError> {
    for open in &story.open {
        let proposal = world.repo(path)?.propose(&open.title, &open.from, "open");
        world.rows.proposals.push(proposal);
    }
    Ok(())
}
