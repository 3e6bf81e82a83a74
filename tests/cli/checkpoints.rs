//! `checkpoint`.

use crate::support::*;

fn unsaved(place: &Sandbox, hub: &Hub) -> Vec<String> {
    let found = place.findings(hub).into_iter();
    found
        .filter(|(code, _, _)| code == "refs-unsaved")
        .map(|(_, id, _)| id)
        .collect()
}

#[test]
fn what_the_store_does_not_know_is_written_once() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let before = hub.objects();
    let declared = unsaved(&place, &hub);
    assert!(declared.contains(&"iris/setlist:main".to_owned()));

    let dry = place.on(&hub, &["checkpoint"]);
    assert_eq!(dry.code, 1, "{dry:?}");
    assert!(dry.out.contains("Add --write"), "{dry:?}");
    assert_eq!(hub.objects(), before, "nothing is written without --write");

    let ran = place.on(&hub, &["checkpoint", "--write", "--json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let lines = ran.lines();
    let (summary, steps) = lines.split_last().unwrap();
    assert_eq!(steps.len(), 3);
    assert!(
        steps
            .iter()
            .all(|step| step["remedy"] == "checkpoint" && step["kind"] == "branch")
    );
    assert_eq!(summary["outcomes"]["written"], 3);
    let after = hub.objects();
    assert_eq!(after.len(), before.len() + 3);
    assert!(
        before
            .iter()
            .all(|(path, bytes)| after.get(path) == Some(bytes))
    );
    assert_eq!(unsaved(&place, &hub), Vec::<String>::new());

    let again = place.on(&hub, &["checkpoint", "--write"]);
    assert_eq!((again.code, hub.objects()), (0, after));
    let verified = place.run(&["journal", "verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");
}

#[test]
fn one_repository_at_a_time_where_that_is_asked_for() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let ran = place.on(&hub, &["checkpoint", "--repo", "erin/archive", "--write"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let left = unsaved(&place, &hub);
    assert!(
        !left.is_empty() && left.iter().all(|id| !id.starts_with("erin/")),
        "{left:?}"
    );
    place
        .on(&hub, &["checkpoint", "--repo", "no/such", "--write"])
        .fails(2, "no repository `no/such`");
}

#[test]
fn repair_brings_refs_into_the_store_too() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let ran = place.on(
        &hub,
        &[
            "repair",
            "--code",
            "refs-unsaved",
            "--apply",
            "--write",
            "--yes",
        ],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(unsaved(&place, &hub), Vec::<String>::new());
}

#[test]
fn on_production_a_checkpoint_is_confirmed_by_the_name_of_the_hub() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    place.configure(&format!(
        "[profiles.muse]\ndatabase = \"{}\"\nstore = \"{}\"\nenvironment = \"production\"\n",
        hub.database, hub.store
    ));
    let before = hub.objects();
    let run = |more: &[&str]| {
        let asked = ["--profile", "muse", "checkpoint", "--write"];
        place.run(&[&asked, more].concat())
    };
    run(&[]).fails(2, "nobody can confirm");
    run(&["--yes"]).fails(2, "--confirm muse");
    run(&["--confirm", "other"]).fails(2, "--confirm muse");
    assert_eq!(hub.objects(), before);
    let ran = run(&["--confirm", "muse"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(hub.objects().len(), before.len() + 3);
}
