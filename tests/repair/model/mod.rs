//! Whatever became of a hub, and whatever fails meanwhile: a repair harms nothing, ends, and ends in one state.
//!
//! `draft` makes hubs, `hub` knows what each object is and judges without the program's own rules. The engine is the
//! real one; its rows lie in SQLite, its objects in memory, and both sides fail on a script.
//! `LUTHIER_MODEL_ROUNDS=N` runs more of it.

mod draft;
mod hub;

use super::support::{all_steps, findings, planned, writer};
use crate::{Applied, Journal, Options, RepairError, Selection, Throttle, apply_with};
use draft::{Draft, drafts};
use hub::Built;
use luthier_audit::{Filter, Finding, Grade};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use luthier_hub::testing::scripted::{Script, Trouble};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::collections::BTreeMap;
use std::sync::Arc;

/// More rounds than any hub of the model takes until nothing is left to plan.
const ROUNDS: usize = 5;

/// What goes wrong during a repair.
#[derive(Clone, Debug)]
struct Schedule {
    reads: BTreeMap<u32, Trouble>,
    writes: BTreeMap<u32, Trouble>,
    /// From this request on nothing is answered: the applier is dead.
    cut: Option<u32>,
    /// A second applier runs at the same time.
    two: bool,
    pace: Vec<u8>,
}

fn schedules() -> impl Strategy<Value = Schedule> {
    use Trouble as T;
    let of_read = prop_oneof![Just(T::Fails), Just(T::Hidden), Just(T::Flipped)];
    let of_write = prop_oneof![Just(T::Fails), Just(T::Lost), Just(T::Swallowed)];
    // A repair of these hubs reads some hundred times and writes some ten times.
    let troubles = proptest::collection::btree_map;
    (
        troubles(0..150_u32, of_read, 0..3),
        troubles(0..15_u32, of_write, 0..7),
        proptest::option::weighted(0.3, 0..150_u32),
        any::<bool>(),
        vec(0..4_u8, 1..16),
    )
        .prop_map(|(reads, writes, cut, two, pace)| Schedule {
            reads,
            writes,
            cut,
            two,
            pace,
        })
}

impl Schedule {
    fn script(&self) -> Arc<Script> {
        let mut script = Script::default();
        script.reads.clone_from(&self.reads);
        script.writes.clone_from(&self.writes);
        script.pace.clone_from(&self.pace);
        script.cut = self.cut;
        Arc::new(script)
    }
}

/// Both sides answer as they should.
fn calm() -> Arc<Script> {
    Arc::default()
}

fn everything() -> Selection {
    Selection::Chosen(Filter::default())
}

async fn apply_plan(
    built: &Built,
    store: &Store,
    plan: &crate::Plan,
    who: &str,
) -> Result<Applied, RepairError> {
    let path = built.hub.folder.path().join(who).join("journal.jsonl");
    let mut journal = Journal::open_at(&path, "test")?;
    let options = Options {
        throttle: Throttle::new(4, None),
        retry_policy: crate::apply::RetryPolicy {
            tries: 1,
            ..Default::default()
        },
        max_failures: 1000,
        mass_fault: true,
        ..Options::default()
    };
    apply_with(
        &writer(store),
        plan,
        &mut journal,
        &Progress::new(),
        &options,
    )
    .await
}

/// Repairs without trouble until nothing is left to plan.
async fn settle(built: &Built) -> Result<(), TestCaseError> {
    let store = built.open(&calm()).await;
    for _ in 0..ROUNDS {
        let plan = planned(&store, &everything()).await;
        if plan.totals().steps == 0 {
            store.close().await;
            return Ok(());
        }
        let before = built.contents().await;
        let applied = apply_plan(built, &store, &plan, "state").await;
        let steps = all_steps(&plan).await;
        let applied =
            applied.map_err(|error| TestCaseError::fail(format!("{error}: {steps:?}")))?;
        prop_assert!(applied.trouble.is_empty(), "{applied:?} {steps:?}");
        prop_assert!(
            before != built.contents().await,
            "nothing was done: {steps:?}"
        );
    }
    Err(TestCaseError::fail("the repair never ends"))
}

fn worst(findings: &[Finding]) -> Option<Grade> {
    findings.iter().map(|finding| finding.grade).max()
}

async fn found(built: &Built) -> Vec<Finding> {
    let store = built.open(&calm()).await;
    let found = findings(&store).await;
    store.close().await;
    found
}

fn named(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| format!("{finding:?}"))
        .collect()
}

/// One hub, repaired in peace and under a schedule.
async fn holds(draft: &Draft, schedule: &Schedule) -> Result<(), TestCaseError> {
    let fail = |why: String| TestCaseError::fail(why);
    let peaceful = Built::new(draft).await;
    let before = found(&peaceful).await;
    settle(&peaceful).await?;
    peaceful.unharmed().await.map_err(fail)?;
    peaceful.repaired().await.map_err(fail)?;
    let after = found(&peaceful).await;
    prop_assert!(worst(&after) <= worst(&before), "{before:?}\n{after:?}");
    prop_assert_eq!(named(&after), named(&found(&peaceful).await));

    let rough = Built::new(draft).await;
    let script = schedule.script();
    let quiet = rough.open(&calm()).await;
    let plan = planned(&quiet, &everything()).await;
    let one = rough.open(&script).await;
    let two = rough.open(&script).await;
    if schedule.two {
        let first = apply_plan(&rough, &one, &plan, "state");
        let second = apply_plan(&rough, &two, &plan, "other");
        let _both = tokio::join!(first, second);
    } else {
        let _ended = apply_plan(&rough, &one, &plan, "state").await;
    }
    rough.unharmed().await.map_err(fail)?;
    rough.claimed().await.map_err(fail)?;
    settle(&rough).await?;
    rough.unharmed().await.map_err(fail)?;
    prop_assert_eq!(peaceful.contents().await, rough.contents().await);
    Ok(())
}

#[test]
fn a_repair_harms_nothing_and_ends_in_one_state_whatever_fails() {
    let rounds = std::env::var("LUTHIER_MODEL_ROUNDS").ok();
    let rounds = rounds.map_or(60, |rounds| rounds.parse().unwrap());
    let config = Config {
        cases: rounds,
        failure_persistence: None,
        max_shrink_iters: 300,
        ..Config::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let ended = TestRunner::new(config).run(&(drafts(), schedules()), |(draft, schedule)| {
        runtime.block_on(holds(&draft, &schedule))
    });
    if let Err(error) = ended {
        panic!("{error}");
    }
}
