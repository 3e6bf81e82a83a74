//! Wrong arguments end with 2, sides that cannot be used with 3, each in one line that says what next.

use crate::support::*;

const FOLDER: &str = "file:///tmp";

#[test]
fn wrong_arguments_end_with_two() {
    let place = Sandbox::new();
    for arguments in [
        &["mend"][..],
        &["audit", "--deep"],
        &["repair", "--code", "no-such-code"],
        &["audit", "--grace", "soon"],
        &["audit", "--depth", "atoms"],
        &["audit", "--concurrency", "0"],
        &["show"],
        &["journal", "show"],
    ] {
        let ran = place.run(arguments);
        ran.fails(2, "");
        assert_eq!(ran.out, "", "{ran:?}");
        assert!(!ran.err.is_empty());
    }
}

#[test]
fn a_command_without_a_hub_says_how_to_give_one() {
    let place = Sandbox::new();
    for arguments in [
        &["audit"][..],
        &["show", "abcd"],
        &["diff", "abcd"],
        &["repair"],
        &["backfill"],
    ] {
        let ran = place.run(arguments);
        ran.fails(2, "add --database URL and --store URL");
        assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
        assert!(ran.err.starts_with("luthier: "));
    }
}

#[test]
fn without_arguments_and_hub_the_demo_is_offered() {
    let ran = Sandbox::new().run(&[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("luthier demo"), "{ran:?}");
}

#[test]
fn one_url_alone_asks_for_the_other() {
    let place = Sandbox::new();
    place
        .run(&["audit", "--database", "sqlite:///hub.db"])
        .fails(2, "--store");
    place
        .run(&["audit", "--store", FOLDER])
        .fails(2, "--database");
}

#[test]
fn urls_of_other_kinds_are_refused_without_their_secrets() {
    let place = Sandbox::new();
    let mysql = "mysql://root:hunter2@db.internal/musehub?sslkey=hunter2";
    let ran = place.run(&["audit", "--database", mysql, "--store", FOLDER]);
    ran.fails(2, "postgres://");
    assert!(!ran.err.contains("hunter2"), "{ran:?}");
    let http = "http://root:hunter2@cdn.internal/muse?key=hunter2";
    let ran = place.run(&["audit", "--database", "sqlite:///hub.db", "--store", http]);
    ran.fails(2, "file:///");
    assert!(!ran.err.contains("hunter2"), "{ran:?}");
}

#[test]
fn sides_that_cannot_be_used_end_with_three() {
    let place = Sandbox::new();
    let nowhere = format!("sqlite://{}", place.path("nowhere.db").display());
    let on = ["audit", "--database", &nowhere, "--store", FOLDER];
    place.run(&on).fails(3, "nowhere.db");
    std::fs::write(
        place.path("text.db"),
        "no database at all, but long enough for one",
    )
    .unwrap();
    let text = format!("sqlite://{}", place.path("text.db").display());
    place
        .run(&["audit", "--database", &text, "--store", FOLDER])
        .fails(3, "text.db");
    let hub = place.demo("hub", &["--healthy"]);
    let gone = format!("file://{}", place.path("gone").display());
    place
        .run(&["audit", "--database", &hub.database, "--store", &gone])
        .fails(3, "gone");
}

#[test]
fn help_and_version_go_to_standard_output() {
    let place = Sandbox::new();
    for arguments in [&["--help"][..], &["--version"], &["repair", "--help"]] {
        let ran = place.run(arguments);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        assert!(ran.out.contains("luthier"), "{ran:?}");
    }
}

#[test]
fn a_demo_is_built_in_an_empty_folder_only() {
    let place = Sandbox::new();
    std::fs::create_dir(place.path("used")).unwrap();
    std::fs::write(place.path("used/letter.txt"), "dear").unwrap();
    let used = place.path("used");
    let ran = place.run(&["demo", "--build-only", used.to_str().unwrap()]);
    ran.fails(2, "not empty");
    assert_eq!(files(&used).len(), 1);
}
