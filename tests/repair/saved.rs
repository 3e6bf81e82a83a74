//! A plan as a file: what comes back is the plan, and nothing else is taken for one.

use super::support::*;
use crate::change::CellChange;
use crate::{Outcome, Plan, RepairError, Step, StepChange, apply};
use luthier_hub::index::EditableColumn;
use luthier_hub::progress::Progress;
use luthier_hub::store::Hub;
use luthier_hub::store::hub::Database;
use luthier_hub::testing::*;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// A hub with three commits to be stored, and the plan for them in a file.
async fn saved() -> (TestHub, Plan, PathBuf) {
    let (hub, _) = unstored(3).await;
    let store = hub.open().await;
    let plan = planned(&store, &auto()).await;
    let path = hub.folder.path().join("plan.json");
    plan.save(&path, &hub.hub).await.unwrap();
    (hub, plan, path)
}

fn refused(path: &Path, hub: &Hub) -> String {
    match Plan::load(path, hub) {
        Err(RepairError::PlanFile { source, .. }) => source.to_string(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was taken for a plan"),
    }
}

/// The lines with their sum made good again, as a forger does it.
fn forge(path: &Path, change: impl Fn(&mut Vec<String>)) {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    let mut end: serde_json::Value = serde_json::from_str(&lines.pop().unwrap()).unwrap();
    let before = lines.join("\n") + "\n";
    end["end"]["sha256"] = hex::encode(Sha256::digest(&before)).into();
    std::fs::write(path, format!("{before}{end}\n")).unwrap();
}

#[tokio::test]
async fn what_comes_back_is_the_plan() {
    let (hub, plan, path) = saved().await;
    let back = Plan::load(&path, &hub.hub).unwrap();
    assert_eq!(back.totals(), plan.totals());
    assert_eq!(all_steps(&back).await, all_steps(&plan).await);
    assert_eq!(all_refused(&back).await, all_refused(&plan).await);
    let store = hub.open().await;
    let applied = apply(
        &writer(&store),
        &back,
        &mut journal(hub.folder.path()),
        &Progress::new(),
    )
    .await
    .unwrap();
    assert_eq!(applied.outcomes[&Outcome::Written], 3);
}

#[tokio::test]
async fn a_file_that_is_there_is_never_overwritten() {
    let (hub, plan, path) = saved().await;
    let before = std::fs::read(&path).unwrap();
    let ended = plan.save(&path, &hub.hub).await;
    assert!(
        matches!(ended, Err(RepairError::PlanFile { .. })),
        "{ended:?}"
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let link = hub.folder.path().join("link.json");
    std::os::unix::fs::symlink(hub.folder.path().join("nowhere"), &link).unwrap();
    assert!(plan.save(&link, &hub.hub).await.is_err());
}

#[tokio::test]
async fn a_flipped_byte_is_found_wherever_it_is() {
    let (hub, _, path) = saved().await;
    let whole = std::fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut text = whole.clone();
        text[at] ^= 1;
        std::fs::write(&path, &text).unwrap();
        assert!(Plan::load(&path, &hub.hub).is_err(), "byte {at}");
    }
}

#[tokio::test]
async fn a_file_that_was_cut_or_goes_on_is_refused() {
    let (hub, _, path) = saved().await;
    let whole = std::fs::read(&path).unwrap();
    for end in (0..whole.len()).step_by(37) {
        std::fs::write(&path, &whole[..end]).unwrap();
        assert!(Plan::load(&path, &hub.hub).is_err(), "{end} bytes");
    }
    let mut more = whole.clone();
    more.extend_from_slice(b"{\"alarm\":\"x\"}\n");
    std::fs::write(&path, &more).unwrap();
    assert!(refused(&path, &hub.hub).contains("changed"));
    std::fs::write(&path, vec![b'x'; 3 << 20]).unwrap();
    assert!(refused(&path, &hub.hub).contains("not a plan of Luthier"));
}

#[tokio::test]
async fn a_plan_for_another_hub_or_of_a_newer_version_is_refused() {
    let (hub, _, path) = saved().await;
    let other = Hub {
        database: Database::Sqlite(hub.folder.path().join("other.db")),
        ..hub.hub.clone()
    };
    let why = refused(&path, &other);
    assert!(
        why.contains("another hub") && why.contains("other.db"),
        "{why}"
    );
    forge(&path, |lines| {
        lines[0] = lines[0].replace("\"version\":1", "\"version\":2");
    });
    assert!(refused(&path, &hub.hub).contains("newer luthier"));
}

fn cell(step: &mut Step) -> &mut CellChange {
    match &mut step.change {
        StepChange::Row { cells, .. } => &mut cells[0],
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_forged_step_is_made_again_from_the_hub_and_superseded() {
    let forgeries: [fn(&mut Step, &Step); 6] = [
        |step, _| step.sha256 = Some("ab".repeat(32)),
        |step, _| cell(step).to = Some("local://objects/elsewhere".to_owned()),
        |step, _| cell(step).column = EditableColumn::Message,
        |step, _| {
            let mut written = step.change.written();
            "no_such_column".clone_into(&mut written[0].column);
            step.change = StepChange::Unknown(written);
        },
        |step, other| step.id.clone_from(&other.id),
        |step, _| step.precondition = "Nothing at all.".to_owned(),
    ];
    for forgery in forgeries {
        let (hub, plan, path) = saved().await;
        let steps = all_steps(&plan).await;
        forge(&path, |lines| {
            let mut step = steps[0].clone();
            forgery(&mut step, &steps[1]);
            lines[1] = serde_json::json!({ "step": step }).to_string();
        });
        let store = hub.open().await;
        let forged = Plan::load(&path, &hub.hub).unwrap();
        let applied = apply(
            &writer(&store),
            &forged,
            &mut journal(hub.folder.path()),
            &Progress::new(),
        )
        .await
        .unwrap();
        assert_eq!(applied.outcomes[&Outcome::Superseded], 1, "{applied:?}");
        assert_eq!(applied.outcomes[&Outcome::Written], 2);
    }
}

#[tokio::test]
async fn a_forged_remedy_does_what_it_says_or_nothing() {
    // A step that names another remedy has to prove what that one needs.
    let (hub, plan, path) = saved().await;
    let steps = all_steps(&plan).await;
    forge(&path, |lines| {
        for (n, remedy) in ["link", "restore", "replace"].into_iter().enumerate() {
            let mut step = serde_json::to_value(&steps[n]).unwrap();
            step["remedy"] = remedy.into();
            lines[n + 1] = serde_json::json!({ "step": step }).to_string();
        }
        let end = lines.last_mut().unwrap();
        *end = end
            .replace(
                "{\"backfill\":3}",
                "{\"link\":1,\"restore\":1,\"replace\":1}",
            )
            .replace("\"requests\":6", "\"requests\":0");
    });
    let store = hub.open().await;
    let before = files(&hub.folder.path().join("objects"));
    if let Ok(forged) = Plan::load(&path, &hub.hub) {
        let _ = apply(
            &writer(&store),
            &forged,
            &mut journal(hub.folder.path()),
            &Progress::new(),
        )
        .await;
    }
    assert_eq!(files(&hub.folder.path().join("objects")), before);
}
