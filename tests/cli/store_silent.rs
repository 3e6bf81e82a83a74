//! A store that denies what it holds, or lists nothing: nobody knows, and every command says so.

use crate::remote::{Remote, id_of};
use crate::s3::{Fault, Op};
use crate::support::*;
use std::collections::BTreeSet;

/// A healthy hub whose store lists a blob and finds it neither by GET nor by HEAD; the blob's id.
fn listed_and_not_found() -> (Remote, String) {
    let hub = Remote::new(&["--healthy"]);
    let key = hub.some_blob();
    for op in [Op::Get, Op::Head] {
        hub.server
            .fail(op, &key, Fault::Code("NoSuchKey"), usize::MAX);
    }
    (hub, id_of(&key))
}

#[test]
fn what_is_listed_and_not_found_is_called_missing_by_no_command() {
    let (hub, id) = listed_and_not_found();
    for depth in ["presence", "bytes"] {
        let found = hub.audit(depth);
        assert_eq!(found.findings, BTreeSet::new(), "{depth}");
        assert_eq!(found.unknown(), 1, "{depth}: {}", found.summary);
    }
    for command in ["show", "diff"] {
        let ran = hub.run(&[command, &id]);
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(!ran.out.contains("object-missing"), "{ran:?}");
    }
    hub.run(&["show", &id, "--as", "bytes"])
        .fails(3, "it is listed, and a GET does not find it");
    let papers = hub.place.path("papers");
    let signed = hub.run(&["signoff", "--out", papers.to_str().unwrap()]);
    assert!(signed.out.contains("INCOMPLETE"), "{signed:?}");
}

#[test]
fn a_rebuild_from_a_store_that_lists_nothing_is_refused() {
    let hub = Remote::new(&["--healthy"]);
    let into = format!("sqlite://{}", hub.place.path("new.db").display());
    let mut command = hub.place.command(&["rebuild", "--into", &into, "--write"]);
    let ran = Ran::of(
        hub.to_server(&mut command)
            .args(["--store", "s3://muse/elsewhere"]),
    );
    ran.fails(3, "the store lists no key");
}

#[test]
fn the_doctor_never_passes_a_sample_of_which_a_part_gave_no_answer() {
    let hub = Remote::new(&["--healthy"]);
    // Of sixteen keys one: among sixty there are some, and others that answer.
    hub.server.fail(
        Op::Head,
        "objects/sha256/0",
        Fault::Code("AccessDenied"),
        usize::MAX,
    );
    let ran = hub.run(&["doctor", "--json"]);
    let line = ran
        .lines()
        .into_iter()
        .find(|line| line["name"] == "rows and store")
        .unwrap_or_else(|| panic!("{ran:?}"));
    assert_eq!(line["health"], "warn", "{line}");
    assert!(line.to_string().contains("gave no answer about"), "{line}");
}
