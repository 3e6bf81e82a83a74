//! Reads a hub and prints what is wrong with it. Nothing is written.
//!
//! ```sh
//! cargo run -- demo --build-only /tmp/hub
//! cargo run --example what_is_wrong sqlite:///tmp/hub/hub.db file:///tmp/hub/objects
//! ```

use luthier_audit::{Depth, Filter, Options, run};
use luthier_hub::progress::Progress;
use luthier_hub::store::hub::{Database, Hub, ObjectStore};
use luthier_hub::store::{Environment, Policy, Store};
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(database), Some(objects)) = (arguments.next(), arguments.next()) else {
        return Err("name a database and an object store, each by its URL".into());
    };
    let hub = Hub {
        name: "example".into(),
        environment: Environment::Unknown,
        policy: Policy::S3Canonical,
        database: Database::parse(&database)?,
        objects: ObjectStore::parse(&objects)?,
    };
    // Opened without an `Authority`, so nothing that has this store can write.
    let store = Store::open(&hub, None).await?;
    let options = Options {
        depth: Depth::Bytes,
        ..Options::default()
    };
    let report = run(&store, &options, &Progress::new()).await?;
    for found in report.page(&Filter::default(), 0, 1_000).await? {
        let finding = found.finding;
        println!("{}\t{}\t{}", finding.code.name(), finding.repo, finding.id);
    }
    let summary = report.summary();
    for (code, count) in &summary.findings {
        eprintln!("{count:>6} {:<22} {}", code.name(), code.fault().is);
    }
    store.close().await;
    match summary.complete {
        true => Ok(()),
        false => Err("a part of the hub could not be read".into()),
    }
}
