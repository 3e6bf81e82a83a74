//! The test that matters most: what the demo broke is what the audit finds, and nothing else.

use luthier_audit::fault::FAULTS;
use luthier_audit::{Depth, Filter, Options, run};
use luthier_demo::{DemoOptions, build};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use std::collections::BTreeSet;

async fn found(
    seed: u64,
    healthy: bool,
) -> (BTreeSet<(String, String)>, BTreeSet<(String, String)>) {
    let folder = tempfile::tempdir().unwrap();
    let options = DemoOptions {
        database: None,
        objects: None,
        dir: folder.path().join("hub"),
        healthy,
        commits: None,
        seed,
    };
    let built = build(&options, &Progress::new()).await.unwrap();
    let store = Store::open(&built.hub, None).await.unwrap();
    let options = Options {
        depth: Depth::Bytes,
        ..Options::default()
    };
    let report = run(&store, &options, &Progress::new()).await.unwrap();
    assert!(report.summary().complete, "{:?}", report.summary());
    let found = report.page(&Filter::default(), 0, 10_000).await.unwrap();
    let found = found
        .into_iter()
        .map(|n| (n.finding.code.name().to_owned(), n.finding.id))
        .collect();
    let declared = built
        .faults
        .iter()
        .map(|fault| (fault.code.name().to_owned(), fault.id.clone()))
        .collect();
    (declared, found)
}

#[tokio::test]
async fn every_fault_of_the_demo_is_found_on_its_id_and_nothing_beside_it() {
    for seed in [1, 7] {
        let (declared, found) = found(seed, false).await;
        let missed: Vec<_> = declared.difference(&found).collect();
        let extra: Vec<_> = found.difference(&declared).collect();
        assert!(
            missed.is_empty() && extra.is_empty(),
            "seed {seed}: missed {missed:#?}, extra {extra:#?}"
        );
        let codes: BTreeSet<&str> = found.iter().map(|(code, _)| code.as_str()).collect();
        let all = FAULTS.iter().map(|fault| fault.name);
        let lacking: Vec<&str> = all.filter(|name| !codes.contains(name)).collect();
        assert_eq!(lacking, [""; 0], "the demo has one of every code");
    }
}

#[tokio::test]
async fn a_healthy_demo_has_no_finding() {
    let (declared, found) = found(1, true).await;
    assert_eq!((declared, found), (BTreeSet::new(), BTreeSet::new()));
}
