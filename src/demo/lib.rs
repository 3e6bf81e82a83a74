//! The demo hub: believable repositories, built through the store layer and then broken on purpose.
//!
//! Nothing is ever overwritten or deleted: a fault is the faulty version, written in the first place.

#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        clippy::too_many_lines,
        reason = "tests clear up after themselves, and one may tell a long story"
    )
)]

mod contents;
mod draft;
mod era;
mod faults;
mod item;
mod legacy;
mod load;
mod packs;
mod refs;
mod repository;
mod script;
mod story;
mod words;
mod world;

#[cfg(test)]
#[path = "../../tests/demo/mod.rs"]
mod tests;

pub use faults::Declared;

use contents::Contents;
use futures_util::StreamExt;
use luthier_hub::access::Access;
use luthier_hub::backend::Key;
use luthier_hub::backend::local::Local;
pub use luthier_hub::index::HubEra;
use luthier_hub::progress::{Cancelled, Progress};
use luthier_hub::store::checkpoint::CheckpointError;
use luthier_hub::store::hub::{Database, ObjectStore};
use luthier_hub::store::write::WriteError;
use luthier_hub::store::{Authority, Environment, Hub, Policy, Store, StoreError};
use luthier_object::time::Micros;
use script::Script;
use std::path::{Path, PathBuf};
use world::World;

/// The time of everything without a time in a row: 1 June 2026.
const LONG_AGO: Micros = 1_780_272_000_000_000;

/// The contents and the place of a demo hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoOptions {
    /// A folder that is empty or does not exist.
    pub dir: PathBuf,
    /// An empty database, rather than a file in the folder.
    pub database: Option<Database>,
    /// An empty object store, rather than a folder in the folder.
    pub objects: Option<ObjectStore>,
    /// A small hub of this era, rather than one with repositories of all and a fault of every code.
    pub era: Option<HubEra>,
    /// Leaves the faults out.
    pub healthy: bool,
    /// Adds the repository `load/history` with so many commits.
    pub commits: Option<u64>,
    /// The same seed gives the same rows and objects.
    pub seed: u64,
}

/// A demo hub on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    pub hub: Hub,
    pub database_url: String,
    pub store_url: String,
    /// The faults that were built in, as `faults.json` declares them, and what any hub of its era has.
    pub faults: Vec<Declared>,
}

/// The reason why no demo hub was built.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("{0} is not empty; name a new folder, or an empty one")]
    NotEmpty(PathBuf),
    #[error("{0} is no folder; name a new folder, or an empty one")]
    NotAFolder(PathBuf),
    #[error("the object store {0} is not empty; name an empty one, or a prefix in it")]
    StoreInUse(String),
    #[error("{what}: {source}")]
    Io {
        what: String,
        #[source]
        source: std::io::Error,
    },
    #[error("the demo's script does not hold together: {0}")]
    Script(String),
    #[error("the demo's own object was refused: {0}")]
    Refused(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Builds the demo hub: `hub.db`, `objects/` and `faults.json` in one folder, or database and store
/// elsewhere and `faults.json` in the folder.
///
/// # Errors
/// A folder that is in use, a disk that refuses, or cancellation: then the folder holds an
/// unfinished hub.
#[tracing::instrument(name = "demo", skip_all)]
pub async fn build(options: &DemoOptions, progress: &Progress) -> Result<Built, DemoError> {
    let dir = prepare(&options.dir)?;
    let hub = hub_of(options, &dir);
    match &hub.objects {
        ObjectStore::Folder(folder) => std::fs::create_dir_all(folder).map_err(io(folder))?,
        ObjectStore::S3(_) => {}
    }
    let made = Built {
        database_url: hub.database.url(),
        store_url: hub.objects.url(),
        hub,
        faults: Vec::new(),
    };
    progress.phase("stories", None);
    // The demo may write: it has just made this hub, and nobody else knows of it.
    let authority = Authority::granted();
    let tables = options.era.unwrap_or_default();
    let store = Store::create_of(&made.hub, tables, &authority).await?;
    if let Some(entry) = store.backend().list("", None).next().await {
        entry.map_err(StoreError::from)?;
        return Err(DemoError::StoreInUse(made.hub.describe_store()));
    }
    let mut world = World::new(store.making(&authority)?);
    let script = Script::read()?;
    let contents = Contents::of(options.era);
    world.rows_alone = contents.rows_alone;
    story::play(&mut world, &script, contents, options.seed)?;
    let mut faults = match options.healthy {
        true => Vec::new(),
        false => faults::break_all(&mut world, contents.breaks)?,
    };
    if world.rows_alone {
        faults = faults::of_rows_alone(&mut world, faults, tables);
    }
    world.close();
    progress.phase("objects", Some(world.waiting()));
    world.flush(progress).await?;
    // Elsewhere than in a folder, what no row speaks for stays too new to be judged for a while.
    match &made.hub.objects {
        ObjectStore::Folder(folder) => age(folder, &world.rowless)?,
        ObjectStore::S3(_) => {}
    }
    if let Some(commits) = options.commits {
        load::history(&mut world, &script.words, options.seed, commits, progress).await?;
    }
    world.save_refs().await?;
    declare(&dir, &faults)?;
    store.close().await;
    Ok(Built { faults, ..made })
}

/// Returns the hub that is built: in its folder, or where the options say.
fn hub_of(options: &DemoOptions, dir: &Path) -> Hub {
    Hub {
        name: "demo".to_owned(),
        environment: Environment::Demo,
        policy: match Contents::of(options.era).rows_alone {
            true => Policy::DbCanonical,
            false => Policy::S3Canonical,
        },
        database: match &options.database {
            Some(database) => database.clone(),
            None => Database::Sqlite(dir.join("hub.db")),
        },
        objects: match &options.objects {
            Some(objects) => objects.clone(),
            None => ObjectStore::Folder(dir.join("objects")),
        },
    }
}

/// Returns an empty folder; its absolute path.
fn prepare(dir: &Path) -> Result<PathBuf, DemoError> {
    let dir = std::path::absolute(dir).map_err(io(dir))?;
    if dir.exists() {
        if !dir.is_dir() {
            return Err(DemoError::NotAFolder(dir));
        }
        if std::fs::read_dir(&dir).map_err(io(&dir))?.next().is_some() {
            return Err(DemoError::NotEmpty(dir));
        }
    }
    std::fs::create_dir_all(&dir).map_err(io(&dir))?;
    Ok(dir)
}

/// Sets the times of objects that no row speaks for back: only their age says that they are no push
/// under way.
fn age(objects: &Path, keys: &[Key]) -> Result<(), DemoError> {
    let folder = Local::open(objects, Access::Write).map_err(StoreError::from)?;
    for key in keys {
        folder.backdate(key, LONG_AGO).map_err(StoreError::from)?;
    }
    Ok(())
}

/// Writes `faults.json`.
fn declare(dir: &Path, faults: &[Declared]) -> Result<(), DemoError> {
    let path = dir.join("faults.json");
    let text =
        serde_json::to_string_pretty(faults).map_err(|e| DemoError::Script(e.to_string()))?;
    let text = luthier_hub::text::escaped(&text).into_owned();
    std::fs::write(&path, text + "\n").map_err(io(&path))
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> DemoError + '_ {
    move |source| DemoError::Io {
        what: path.display().to_string(),
        source,
    }
}
