//! A store that answers wrongly or not at all: what is said of a hub does not change, or is called unknown.

use crate::remote::{BUCKET, Remote, id_of};
use crate::s3::{Fault, Op, Quirk, gzipped};
use crate::support::files;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn one_wrong_answer_for_each_object_changes_nothing_that_an_audit_finds() {
    let hub = Remote::new(&[]);
    let clean = hub.audit("bytes");
    assert_eq!(clean.summary["complete"], true);
    for fault in [
        Fault::Code("NoSuchKey"),
        Fault::Page,
        Fault::Short,
        Fault::Hollow,
        Fault::Truncate,
        Fault::Flip,
    ] {
        hub.server.fail_each(Op::Get, "objects/", fault);
        let found = hub.audit("bytes");
        hub.server.heal();
        assert_eq!(
            found.summary["complete"], true,
            "{fault:?}: {}",
            found.summary
        );
        assert_eq!(found.findings, clean.findings, "{fault:?}");
        assert_eq!(
            found.summary["digest"], clean.summary["digest"],
            "{fault:?}"
        );
    }
}

#[test]
fn a_doctor_does_not_wait_for_each_object_of_a_store_that_does_not_answer() {
    let hub = Remote::new(&["--healthy"]);
    hub.server.fail(
        Op::Head,
        "objects/",
        Fault::Code("AccessDenied"),
        usize::MAX,
    );
    let before = hub.server.asked(Op::Head).len();
    let ran = hub.run(&["doctor"]);
    let asked = hub.server.asked(Op::Head).into_iter().skip(before);
    let asked: BTreeSet<_> = asked.filter(|key| key.contains("objects/")).collect();
    assert_eq!(asked.len(), 3, "{ran:?}");
    assert!(ran.out.contains("not compared"), "{ran:?}");
}

#[test]
fn a_pull_keeps_no_flipped_byte_that_no_id_covers() {
    let hub = Remote::new(&["--healthy"]);
    let pull = |name: &str| {
        let into = hub.place.path(name);
        let before = hub.server.count(Op::Get);
        let ran = hub.run(&["pull", "alice/song", "--into", into.to_str().unwrap()]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let files = files(&into.join(".muse/objects"));
        let names = files
            .into_iter()
            .map(|(path, bytes)| (path.strip_prefix(&into).unwrap().to_owned(), bytes));
        let names: BTreeMap<_, _> = names.collect();
        (names, hub.server.count(Op::Get) - before)
    };
    let (clean, gets) = pull("clean");
    assert_eq!(
        gets,
        clean.len(),
        "an object that says what its row says is read once"
    );
    for (name, text) in [
        ("branch", r#""branch":""#),
        ("created", r#""created_at":""#),
        ("model", r#""model_id":""#),
        ("note", r#""note":""#),
        ("version", r#""format_version":"#),
    ] {
        hub.server
            .fail_each(Op::Get, "objects/", Fault::FlipBehind(text));
        let (flipped, gets) = pull(name);
        hub.server.heal();
        assert!(flipped == clean, "{name}");
        assert!(gets > clean.len(), "{name}: it was read again");
    }
}

#[test]
fn objects_that_come_without_a_length_or_compressed_on_the_way_are_read() {
    let hub = Remote::new(&[]);
    let clean = hub.audit("bytes");
    for fault in [Fault::Chunked, Fault::Gzip] {
        hub.server.fail(Op::Get, "", fault, usize::MAX);
        let found = hub.audit("bytes");
        assert_eq!(found.findings, clean.findings, "{fault:?}");
        assert_eq!(
            found.summary["complete"], true,
            "{fault:?}: {}",
            found.summary
        );
        let into = hub.place.path(&format!("pulled-{fault:?}"));
        let id = id_of(&hub.some_blob());
        let shown = hub.run(&["show", &id]);
        assert!(
            shown.out.contains("Intact") || shown.out.contains(&id),
            "{fault:?}: {shown:?}"
        );
        let new = format!("sqlite://{}", into.display());
        let rebuilt = hub.run(&["rebuild", "--into", &new, "--write", "--json"]);
        let report = rebuilt.lines().pop().unwrap();
        assert_eq!(report["unknown"], 0, "{fault:?}: {report}");
        hub.server.heal();
    }
}

#[test]
fn a_listing_that_is_short_takes_nothing_away() {
    let hub = Remote::new(&[]);
    let clean = hub.audit("presence");
    hub.server.set_quirk(Quirk::Short);
    let found = hub.audit("presence");
    let made_up: Vec<_> = found.findings.difference(&clean.findings).collect();
    assert_eq!(made_up, Vec::<&(String, String)>::new());
    assert_eq!(found.summary["complete"], false);
    let because = found.summary["unknown_because"].to_string();
    assert!(because.contains("was not listed"), "{because}");
}

#[test]
fn a_listing_out_of_order_takes_nothing_away() {
    let hub = Remote::new(&[]);
    let clean = hub.audit("presence");
    for quirk in [Quirk::Swap, Quirk::Repeat, Quirk::SameToken, Quirk::NoToken] {
        hub.server.set_page(100);
        hub.server.set_quirk(quirk);
        let found = hub.audit("presence");
        let made_up: Vec<_> = found.findings.difference(&clean.findings).collect();
        assert_eq!(made_up, Vec::<&(String, String)>::new(), "{quirk:?}");
        assert_eq!(found.summary["complete"], false, "{quirk:?}");
        hub.server.heal();
    }
}

#[test]
fn what_is_listed_and_denied_is_unknown_at_every_depth() {
    let hub = Remote::new(&["--healthy"]);
    let key = hub.some_blob();
    hub.server
        .fail(Op::Get, &key, Fault::Code("AccessDenied"), usize::MAX);
    hub.server
        .fail(Op::Head, &key, Fault::Code("AccessDenied"), usize::MAX);
    for depth in ["presence", "bytes"] {
        let found = hub.audit(depth);
        assert_eq!(found.unknown(), 1, "{depth}: {}", found.summary);
        assert_eq!(found.summary["complete"], false, "{depth}");
        assert_eq!(found.findings, BTreeSet::new(), "{depth}");
        let because = found.summary["unknown_because"].to_string();
        let short = key.trim_start_matches("hub/");
        assert_eq!(
            because.matches(short).count(),
            1,
            "the key stands once: {because}"
        );
    }
    let shown = hub.run(&["show", &id_of(&key)]);
    assert!(shown.out.contains("gives no answer"), "{shown:?}");
    let signed = hub.run(&[
        "signoff",
        "--out",
        hub.place.path("papers").to_str().unwrap(),
    ]);
    assert!(signed.out.contains("INCOMPLETE"), "{signed:?}");
}

#[test]
fn an_object_stored_compressed_is_encoded_and_is_replaced_by_what_is_inside() {
    let hub = Remote::new(&["--healthy"]);
    let held = hub.server.objects(BUCKET);
    let of = |start: &[u8]| {
        let mut all = held.iter();
        let found =
            all.find(|(key, b)| key.starts_with("hub/objects/sha256/") && b.starts_with(start));
        found.unwrap().0.clone()
    };
    let keys = [of(b"commit "), of(b"snapshot "), hub.some_blob()];
    for (at, key) in keys.iter().enumerate() {
        let encoding = Some("gzip").filter(|_| at != 1);
        let bytes = gzipped(&held[key]);
        hub.server.plant_encoded(BUCKET, key, &bytes, encoding);
    }
    let found = hub.audit("bytes");
    let wanted: BTreeSet<_> = keys
        .iter()
        .map(|key| ("object-encoded".to_owned(), id_of(key)))
        .collect();
    let encoded: BTreeSet<_> = found
        .findings
        .iter()
        .filter(|(code, _)| code.starts_with("object-"))
        .cloned()
        .collect();
    assert_eq!(encoded, wanted);
    let ran = hub.run(&[
        "repair",
        "--code",
        "object-encoded",
        "--apply",
        "--write",
        "--yes",
        "--json",
    ]);
    assert!(ran.code < 2, "{ran:?}");
    assert_eq!(hub.audit("bytes").findings, BTreeSet::new());
}

#[test]
fn an_encoding_that_cannot_be_unpacked_is_not_called_corrupt() {
    let hub = Remote::new(&["--healthy"]);
    let key = hub.some_blob();
    hub.server
        .plant_encoded(BUCKET, &key, b"\x1b\x05\x00\xf8\xa5", Some("br"));
    let found = hub.audit("bytes");
    assert!(
        !found
            .findings
            .iter()
            .any(|(code, _)| code == "object-corrupt"),
        "{:?}",
        found.findings
    );
    assert!(
        found.summary["unknown_because"]
            .to_string()
            .contains("Content-Encoding br")
    );
}

#[test]
fn a_repair_under_faults_finished_without_them_ends_as_one_without() {
    const APPLY: [&str; 5] = ["repair", "--apply", "--write", "--yes", "--json"];
    let state = |hub: &Remote| {
        let tables = ["musehub_objects", "musehub_snapshots", "musehub_commits"];
        let rows: Vec<_> = tables
            .iter()
            .map(|table| hub.rows(&hub.database, table))
            .collect();
        let is_object = |key: &String| !key.contains("_quarantine/") && !key.contains("/refs/");
        let held: BTreeMap<_, _> = hub
            .server
            .objects(BUCKET)
            .into_iter()
            .filter(|(key, _)| is_object(key))
            .collect();
        (rows, held)
    };
    let hub = Remote::new(&[]);
    let (objects, rows) = (
        hub.server.objects(BUCKET),
        std::fs::read(hub.dir.join("hub.db")).unwrap(),
    );
    hub.run(&APPLY);
    hub.run(&APPLY);
    let wanted = state(&hub);
    for fault in [Fault::Truncate, Fault::Code("AccessDenied")] {
        hub.server.refill(BUCKET, &objects);
        std::fs::write(hub.dir.join("hub.db"), &rows).unwrap();
        hub.server.fail_each(Op::Get, "objects/", fault);
        hub.run(&APPLY);
        hub.server.heal();
        hub.run(&APPLY);
        let now = state(&hub);
        assert!(now.1 == wanted.1, "{fault:?}: other objects");
        for (now, wanted) in now.0.iter().zip(&wanted.0) {
            assert_eq!(
                now.difference(wanted).collect::<Vec<_>>(),
                Vec::<&String>::new(),
                "{fault:?}"
            );
        }
    }
}

#[test]
fn a_rebuild_that_cannot_read_everything_makes_no_other_rows() {
    let hub = Remote::new(&["--healthy"]);
    let rebuild = |name: &str, more: &[&str]| {
        let into = format!("sqlite://{}", hub.place.path(name).display());
        let ran = hub.run(&[&["rebuild", "--into", &into, "--write", "--json"], more].concat());
        (ran.lines().pop().unwrap(), into, ran.code)
    };
    let (_, clean, _) = rebuild("clean.db", &[]);
    for (at, fault) in [Fault::Code("AccessDenied"), Fault::Hollow, Fault::Short]
        .into_iter()
        .enumerate()
    {
        hub.server.fail(Op::Get, "/a", fault, usize::MAX);
        let name = format!("faulty-{at}.db");
        let (report, into, code) = rebuild(&name, &[]);
        assert_eq!(code, 1, "{report}");
        assert!(
            report["unknown"].as_u64().unwrap() > 0,
            "{fault:?}: {report}"
        );
        assert_eq!(report["held_back"], true, "{fault:?}");
        hub.server.heal();
        let (report, ..) = rebuild(&name, &[]);
        assert_eq!(report["unknown"], 0, "{report}");
        for table in [
            "musehub_objects",
            "musehub_commits",
            "musehub_snapshots",
            "musehub_repos",
        ] {
            assert_eq!(
                hub.rows(&into, table),
                hub.rows(&clean, table),
                "{fault:?}: {table}"
            );
        }
    }
    hub.server
        .fail(Op::Get, "/a", Fault::Code("AccessDenied"), usize::MAX);
    let (report, ..) = rebuild("partial.db", &["--partial"]);
    assert_eq!(report["held_back"], false);
    assert!(report["commits"].as_u64().unwrap() > 0, "{report}");
}

#[test]
fn a_rebuild_from_a_listing_that_is_short_says_so() {
    let hub = Remote::new(&["--healthy"]);
    hub.server.set_quirk(Quirk::Short);
    let into = format!("sqlite://{}", hub.place.path("new.db").display());
    let ran = hub.run(&["rebuild", "--into", &into, "--write", "--json"]);
    let report = ran.lines().pop().unwrap();
    assert!(report["unknown"].as_u64().unwrap() > 0, "{report}");
    assert_eq!(report["held_back"], true);
}

#[test]
fn a_store_that_fails_is_waited_for_as_long_as_was_said_and_no_longer() {
    let hub = Remote::new(&["--healthy"]);
    hub.server.fail(
        Op::Get,
        "objects/",
        Fault::Code("InternalError"),
        usize::MAX,
    );
    hub.server.fail(
        Op::Head,
        "objects/",
        Fault::Code("InternalError"),
        usize::MAX,
    );
    let ran = hub.run(&[
        "audit",
        "--grace",
        "0s",
        "--depth",
        "bytes",
        "--json",
        "--retry-for",
        "1s",
    ]);
    let summary = ran.lines().pop().unwrap();
    assert_eq!(summary["complete"], false);
    let because = summary["unknown_because"].to_string();
    assert!(because.contains("answered 500"), "{because}");
}
