//! The test that matters most: what the demo broke is what the audit finds, and nothing else.

use luthier_audit::fault::FAULTS;
use luthier_audit::{Depth, Filter, Finding, Grade, Options, run};
use luthier_demo::{DemoOptions, HubEra, build};
use luthier_hub::backend::s3::BucketLocation;
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_hub::store::hub::{Database, ObjectStore};
use luthier_testing::postgres;
use luthier_testing::s3::Server;
use std::collections::BTreeSet;

const ERAS: [HubEra; 4] = [HubEra::March, HubEra::April, HubEra::May, HubEra::June];

/// Findings by code and id.
type Named = BTreeSet<(String, String)>;

/// What a demo declares, what an audit finds, and what of that is worse than information.
struct Both {
    declared: Named,
    found: Named,
    worse: Named,
}

impl Both {
    async fn of(
        era: Option<HubEra>,
        seed: u64,
        healthy: bool,
        elsewhere: Option<(Database, ObjectStore)>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (database, objects) = elsewhere.unzip();
        let options = DemoOptions {
            database,
            objects,
            dir: folder.path().join("hub"),
            era,
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
        let page = report.page(&Filter::default(), 0, 10_000).await.unwrap();
        let named = |finding: &Finding| (finding.code.name().to_owned(), finding.id.clone());
        let findings = || page.iter().map(|numbered| &numbered.finding);
        Self {
            declared: (built.faults.iter())
                .map(|fault| (fault.code.name().to_owned(), fault.id.clone()))
                .collect(),
            found: findings().map(named).collect(),
            worse: findings()
                .filter(|finding| finding.grade > Grade::Info)
                .map(named)
                .collect(),
        }
    }

    fn agree(&self, which: &str) {
        let missed: Vec<_> = self.declared.difference(&self.found).collect();
        let extra: Vec<_> = self.found.difference(&self.declared).collect();
        assert!(
            missed.is_empty() && extra.is_empty(),
            "{which}: missed {missed:#?}, extra {extra:#?}"
        );
    }
}

#[tokio::test]
async fn every_fault_of_the_demo_is_found_on_its_id_and_nothing_beside_it() {
    for seed in [1, 7] {
        let both = Both::of(None, seed, false, None).await;
        both.agree(&format!("seed {seed}"));
        let codes: BTreeSet<&str> = both.found.iter().map(|(code, _)| code.as_str()).collect();
        let all = FAULTS.iter().map(|fault| fault.name);
        let lacking: Vec<&str> = all.filter(|name| !codes.contains(name)).collect();
        assert_eq!(lacking, [""; 0], "the demo has one of every code");
    }
}

#[tokio::test]
async fn a_healthy_demo_has_no_finding() {
    let both = Both::of(None, 1, true, None).await;
    assert_eq!((both.declared, both.found), (Named::new(), Named::new()));
}

#[tokio::test]
async fn every_fault_of_an_era_is_found_on_its_id_and_nothing_beside_it() {
    for era in ERAS {
        let both = Both::of(Some(era), 1, false, None).await;
        both.agree(&format!("{era:?}"));
        let codes: BTreeSet<&str> = both.worse.iter().map(|(code, _)| code.as_str()).collect();
        assert!(codes.len() >= 4, "{era:?}: {codes:?}");
    }
}

/// Commits and snapshots that are rows alone are told, and no more than that.
#[tokio::test]
async fn a_healthy_hub_of_an_era_has_nothing_worse_than_information() {
    for era in ERAS {
        let both = Both::of(Some(era), 1, true, None).await;
        both.agree(&format!("{era:?}"));
        assert_eq!(both.worse, Named::new(), "{era:?}");
        assert_eq!(both.found.is_empty(), era == HubEra::May, "{era:?}");
    }
}

#[tokio::test]
async fn the_hubs_of_all_eras_are_as_declared_in_postgres_and_s3() {
    for era in ERAS {
        for healthy in [true, false] {
            let database = Database::parse(&postgres::database().await).unwrap();
            let server = Server::start(&["muse"]);
            let objects = ObjectStore::S3(BucketLocation {
                bucket: "muse".into(),
                endpoint: Some(server.endpoint()),
                ..Default::default()
            });
            let there = Both::of(Some(era), 1, healthy, Some((database, objects))).await;
            there.agree(&format!("{era:?} elsewhere"));
        }
    }
}
