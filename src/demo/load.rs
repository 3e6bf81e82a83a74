//! A long history in bounded memory: what `--commits` asks for.

use super::DemoError;
use super::era::{Era, Keys};
use super::repository::Repository;
use super::script::{RepoScript, Words};
use super::words;
use super::world::World;
use fastrand::Rng;
use luthier_hub::progress::Progress;
use luthier_object::time::Micros;

/// Commits that are written together.
const BATCH: u64 = 500;

/// The history spans this long, whatever its length: 90 days.
const SPAN: Micros = 90 * 86_400_000_000;

const FILES: [&str; 4] = [
    "README.md",
    "score/main.mid",
    "score/parts.toml",
    "notes/log.txt",
];

/// Writes `load/history`: each commit rewrites one small file.
pub(super) async fn history(
    world: &mut World,
    words: &Words,
    seed: u64,
    commits: u64,
    progress: &Progress,
) -> Result<(), DemoError> {
    let rng = Rng::with_seed(seed.wrapping_mul(1009).wrapping_sub(1));
    let mut repository = Repository::new(&story(), words, rng)?;
    let pace = SPAN / Micros::try_from(commits.max(1)).unwrap_or(Micros::MAX);
    repository.set_pace(pace / 2, pace);
    // Its row is needed by the rows of the first batch.
    world.rows.repos.push(repository.row.clone());
    let path = repository.row.path();
    world.repos.insert(path.clone(), repository);
    // Each commit brings itself, its snapshot and a blob; the first brings every file.
    progress.phase("history", Some(commits * 3 + FILES.len() as u64 - 1));
    for number in 0..commits {
        step(world, &path, number)?;
        if (number + 1) % BATCH == 0 {
            progress.checkpoint().await?;
            world.flush(progress).await?;
        }
    }
    if let Some(repository) = world.repos.get(&path) {
        repository.close(&mut world.rows);
    }
    world.flush(progress).await
}

fn step(world: &mut World, path: &str, number: u64) -> Result<(), DemoError> {
    let repository = world.repo(path)?;
    let mut draft = repository.draft("main", None, "", 0)?;
    let files: &[&str] = match number {
        0 => &FILES,
        // Every file but the first is rewritten in turn.
        n => std::slice::from_ref(&FILES[1 + (n % 3) as usize]),
    };
    for file in files {
        let line = format!("{number} {}\n", words::digest(&mut repository.rng));
        draft.put(file, line.into_bytes());
    }
    draft.message = format!(
        "Take {number}: {}",
        words::pick(&repository.words.verses, &mut repository.rng)
    );
    world.keep(draft.seal())
}

fn story() -> RepoScript {
    RepoScript {
        owner: "load".to_owned(),
        slug: "history".to_owned(),
        name: "history".to_owned(),
        description: "A long history".to_owned(),
        era: Era::Typed,
        keys: Keys::default(),
        started: "2026-03-01T00:00:00Z".to_owned(),
        deleted: None,
        forks: None,
        deltas: false,
        packs: false,
        people: vec!["Lo Ad".to_owned()],
        offsets: Vec::new(),
        steps: Vec::new(),
        open: Vec::new(),
    }
}
