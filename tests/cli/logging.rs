//! The log of a run: where it is, what is in it, and what never is.

use crate::s3::{ACCESS_KEY, Fault, Op, SECRET_KEY, Server};
use crate::support::*;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

const TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLE//session";

/// Every log in the state folder, oldest first.
fn logs(place: &Sandbox) -> Vec<(PathBuf, String)> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let found = files(&place.path("state/luthier/log")).into_iter();
    found.map(|(path, bytes)| (path, text(bytes))).collect()
}

fn mode(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_run_leaves_one_log_that_its_owner_alone_reads_and_says_what_it_did() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let before = logs(&place).len();
    let ran = place.on(&hub, &["audit", "--depth", "bytes"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let all = logs(&place);
    assert_eq!(all.len(), before + 1);
    let (path, log) = all
        .iter()
        .find(|(path, _)| path.display().to_string().contains("-audit-"))
        .unwrap();
    assert_eq!((mode(path), mode(path.parent().unwrap())), (0o600, 0o700));
    for said in [
        r#"run{command="audit"}"#,
        "run started",
        "audit{depth=\"bytes\"}",
        "connecting",
        "phase: commits total=",
        "run ended exit=Findings",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
    assert!(!log.contains("answered"), "requests take -vv: {log}");
}

#[test]
fn a_command_that_only_prints_a_table_leaves_no_log() {
    let place = Sandbox::new();
    assert_eq!(place.run(&["keys"]).code, 0);
    assert_eq!(logs(&place), []);
}

#[test]
fn v_tells_on_standard_error_and_leaves_standard_output_alone() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let audit = ["audit", "--json"];
    let plain = place.on(&hub, &audit);
    let steps = place.on(&hub, &[&audit[..], &["-v"]].concat());
    let requests = place.on(&hub, &[&audit[..], &["-vv"]].concat());
    assert_eq!(plain.out, steps.out);
    assert_eq!(plain.out, requests.out);
    assert_eq!(plain.err, "");
    assert!(steps.err.starts_with("luthier: log: /"), "{}", steps.err);
    assert!(
        steps.err.contains("phase") && !steps.err.contains("answered"),
        "{}",
        steps.err
    );
    let read = r#"request{side="database" operation="commits"}"#;
    for said in [read, "answered"] {
        assert!(requests.err.contains(said), "{said}: {}", requests.err);
    }
}

#[test]
fn the_filter_decides_what_is_logged_and_one_that_cannot_be_read_is_refused() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let run = |filter: &str| {
        Ran::of(
            place
                .command(&hub.with(&["audit"]))
                .env("LUTHIER_LOG", filter),
        )
    };
    let ran = run("luthier=loud");
    ran.fails(2, "LUTHIER_LOG=luthier=loud cannot be read");
    ran.is_one_line();
    let before = logs(&place).len();
    assert_eq!(run("off").code, 1);
    assert_eq!(
        logs(&place).len(),
        before,
        "nothing was said, and nothing is there"
    );
    assert_eq!(run("luthier_hub::store=debug").code, 1);
    let (_, log) = logs(&place).pop().unwrap();
    assert!(log.contains("answered") && !log.contains("phase"), "{log}");
}

#[test]
fn a_side_that_does_not_answer_names_the_log_in_which_every_try_is() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let server = Server::start(&["muse"]);
    let mut command = place.command(&[
        "audit",
        "--retry-for",
        "1s",
        "--database",
        &hub.database,
        "--store",
        "s3://muse",
    ]);
    command
        .env("AWS_ENDPOINT_URL", server.endpoint())
        .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .env("AWS_EC2_METADATA_DISABLED", "true");
    // The first listing, of one key, is the trial at the start.
    server.fail(Op::List, "", Fault::Code("InternalError"), usize::MAX);
    let ran = Ran::of(&mut command);
    assert_eq!(ran.code, 3, "{ran:?}");
    ran.is_one_line();
    let named = ran
        .err
        .lines()
        .nth(1)
        .unwrap()
        .trim()
        .strip_prefix("log: ")
        .unwrap()
        .to_owned();
    let log = std::fs::read_to_string(named).unwrap();
    for said in ["request failed", "run failed"] {
        assert!(log.contains(said), "{said}: {log}");
    }
    assert!(!log.contains(SECRET_KEY), "{log}");
}

#[test]
fn no_secret_of_the_store_and_nothing_that_a_terminal_acts_on_is_in_any_log() {
    let place = Sandbox::new();
    let server = Server::start(&["muse"]);
    let dir = place.path("hub");
    let database = format!("sqlite://{}/hub.db", dir.display());
    let build = ["demo", "--build-only", dir.to_str().unwrap()];
    for arguments in [
        &build[..],
        &["audit", "--depth", "bytes"],
        &["doctor", "--write"],
    ] {
        let to = ["-vv", "--database", &database, "--store", "s3://muse"];
        let mut command = place.command(&[arguments, &to].concat());
        command
            .env("AWS_ENDPOINT_URL", server.endpoint())
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            .env("AWS_SESSION_TOKEN", TOKEN)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("LUTHIER_LOG", "trace");
        let ran = Ran::of(&mut command);
        assert!(
            ran.code < 2,
            "{arguments:?}: {}",
            ran.err.lines().last().unwrap_or_default()
        );
        let (path, log) = logs(&place).pop().unwrap();
        for (name, text) in [
            (path.display().to_string(), &log),
            ("stderr".to_owned(), &ran.err),
        ] {
            assert!(text.len() > 10_000, "{name} holds what libraries say");
            for secret in [SECRET_KEY, TOKEN, ACCESS_KEY] {
                assert!(
                    !text.contains(secret),
                    "{arguments:?}: {name} holds {secret}"
                );
            }
            let acts =
                |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{202a}'..='\u{202e}'));
            assert!(!text.contains(acts), "{arguments:?}: {name}");
        }
    }
}

#[test]
fn a_state_folder_that_cannot_be_written_is_a_sentence_and_the_run_goes_on() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let run = |arguments: &[&str]| {
        Ran::of(
            place
                .command(arguments)
                .env("XDG_STATE_HOME", "/proc/nowhere"),
        )
    };
    let ran = run(&hub.with(&["audit"]));
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let ran = run(&hub.with(&["audit", "-v"]));
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.starts_with("luthier: no log: /proc/nowhere"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("phase"), "{}", ran.err);
    let nowhere = "sqlite:///nowhere/hub.db";
    let ran = run(&["audit", "--database", nowhere, "--store", &hub.store]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.err.contains("/proc/nowhere") && ran.err.contains("cannot be written"),
        "{ran:?}"
    );
}
