//! Makes a hub in a new folder and lands a commit on it: its objects are stored and read back before any row
//! points to them.
//!
//! ```sh
//! cargo run --example land_a_commit /tmp/new-hub
//! ```

use bytes::Bytes;
use luthier_hub::store::hub::{Database, Hub, ObjectStore};
use luthier_hub::store::hub_writes::{Authorship, FileChange, NewRepo, NoHubLedger};
use luthier_hub::store::{Authority, Environment, Policy, Source, Store};
use luthier_object::Kind;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("name a new folder")?;
    let folder = PathBuf::from(folder);
    let objects = folder.join("objects");
    std::fs::create_dir_all(&objects)?;
    let hub = Hub {
        name: "example".into(),
        environment: Environment::Demo,
        policy: Policy::S3Canonical,
        database: Database::Sqlite(folder.join("hub.db")),
        objects: ObjectStore::Folder(objects),
    };
    // Only whoever holds an `Authority` gets a `Writer`.
    let authority = Authority::granted();
    let store = Store::create(&hub, &authority).await?;
    // A hub in use takes its journal instead.
    let writer = store.writer(&authority)?.hub_writer(Arc::new(NoHubLedger));
    let by = Authorship {
        author: "alice".into(),
        message: "First take".into(),
        at: store.index().now().await?,
    };
    let repo = NewRepo {
        repo_id: "r1".into(),
        owner: "alice".into(),
        slug: "song".into(),
        name: "Song".into(),
        default_branch: "main".into(),
        branch_id: "b1".into(),
        ..NewRepo::default()
    };
    let made = writer.init_repo(&repo, &by).await?;
    let files = vec![FileChange::Put {
        path: "takes/one.mid".into(),
        bytes: Bytes::from_static(b"la la"),
    }];
    let branch = (repo.default_branch.as_str(), repo.branch_id.as_str());
    let landed = writer
        .commit_files(&repo.repo_id, branch, made.head.as_ref(), files, &by)
        .await?;
    let head = landed.head.ok_or("the branch points nowhere")?;
    println!("{} points to {head}", repo.default_branch);
    // A client receives the object as it is stored, not one that was made from the row.
    match store.serve(Kind::Commit, &head).await?.source {
        Source::Canonical(key) => println!("it is served from {key}"),
        _ => return Err("the commit has no object".into()),
    }
    store.close().await;
    Ok(())
}
