//! Ends that nobody chose: the terminal goes away, something panics, the program is killed.

use crate::screen::{LUTHIER, Terminal, lists_findings};
use std::path::Path;
use std::process::{Command, Output};

const ENTER: &str = "\r";

/// What lies in the folder for temporary files.
fn left_in(home: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(home.join("tmp")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

fn log(home: &Path) -> String {
    let entries = std::fs::read_dir(home.join("state/luthier/log"))
        .into_iter()
        .flatten();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect()
}

/// Runs a command in a home that a session has left.
fn run(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(LUTHIER);
    command
        .args(arguments)
        .env("HOME", home)
        .env("XDG_STATE_HOME", home.join("state"))
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("TMPDIR", home.join("tmp"));
    command.output().unwrap()
}

#[test]
fn a_terminal_that_goes_away_ends_the_session_and_leaves_nothing() {
    for keys in ["", "f", "s", "L"] {
        let mut terminal = Terminal::start(&["demo"], 80, 24);
        terminal.see("findings in the whole hub");
        terminal.send(keys);
        let home = terminal.home();
        assert_eq!(terminal.hang_up(), 4, "after {keys:?}");
        assert_eq!(left_in(home.path()), Vec::<String>::new(), "after {keys:?}");
        assert!(!log(home.path()).contains("panic"), "{}", log(home.path()));
    }
}

#[test]
fn every_end_that_a_person_or_a_signal_chose_leaves_nothing() {
    for (signal, expected) in [
        (None, 0),
        (Some("TERM"), 4),
        (Some("HUP"), 4),
        (Some("INT"), 4),
    ] {
        let mut terminal = Terminal::start(&["demo"], 80, 24);
        terminal.see("findings in the whole hub");
        // A sign-off is under way: an audit's scratch file lies there.
        terminal.send("s");
        terminal.see("sign off");
        let home = terminal.home();
        match signal {
            Some(name) => terminal.signal(name),
            // Asked or not, it ends.
            None => {
                terminal.send("q");
                terminal.see("leave?");
                terminal.send("y");
            }
        }
        let (code, left) = terminal.end();
        assert_eq!(code, expected, "{signal:?}: {}", left.text);
        assert_eq!(left_in(home.path()), Vec::<String>::new(), "{signal:?}");
    }
}

#[test]
fn what_a_killed_session_left_is_removed_by_the_next_run_and_a_living_ones_stays() {
    let terminal = Terminal::start(&["demo"], 80, 24);
    terminal.see("findings in the whole hub");
    let home = terminal.home();
    terminal.signal("KILL");
    terminal.end();
    assert_eq!(left_in(home.path()).len(), 1, "the demo's hub lies there");
    let folder = home.path().join("tmp");
    let living = [("TMPDIR", folder.to_str().unwrap())];
    let mut other = Terminal::with(LUTHIER, &["demo"], &living, 80, 24);
    other.see("findings in the whole hub");
    assert_eq!(
        left_in(home.path()).len(),
        1,
        "the killed one's is gone, its own is there"
    );
    let ran = run(home.path(), &["keys"]);
    assert!(ran.status.success());
    assert_eq!(left_in(home.path()).len(), 1, "the living one's stays");
    other.send("f");
    other.list();
    other.send("q");
    assert_eq!(other.end().0, 0);
    assert_eq!(left_in(home.path()), Vec::<String>::new());
}

/// A hub that counts as production, so that a repair waits after its first ten steps.
fn production() -> (tempfile::TempDir, [String; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("hub");
    let built = Command::new(LUTHIER)
        .args(["demo", "--build-only"])
        .arg(&dir)
        .output()
        .unwrap();
    assert!(built.status.success());
    let urls = [
        format!("sqlite://{}/hub.db", dir.display()),
        format!("file://{}/objects", dir.display()),
    ];
    (folder, urls)
}

#[test]
fn a_repair_is_stopped_after_its_step_and_settled_when_the_terminal_goes_away() {
    let (_folder, [database, store]) = production();
    let urls = ["--database", &database, "--store", &store];
    let mut terminal = Terminal::start(&[&urls[..], &["--write"]].concat(), 100, 30);
    terminal.see("findings in the whole hub");
    terminal.send("x");
    terminal.see("enter applies it");
    terminal.send(ENTER);
    terminal.see("apply this plan?");
    terminal.see("and press enter");
    let name = terminal.screen().contents();
    let name = name.split('`').nth(1).unwrap().to_owned();
    terminal.send(&name);
    terminal.send(ENTER);
    terminal.see("check the first steps");
    let home = terminal.home();
    assert_eq!(terminal.hang_up(), 4);
    assert_eq!(left_in(home.path()), Vec::<String>::new());
    let told = run(home.path(), &[&["journal"], &urls[..]].concat());
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains("stopped"), "{told}");
    assert!(!told.contains("did not finish"), "{told}");
    let sound = run(home.path(), &[&["journal", "verify"], &urls[..]].concat());
    assert!(sound.status.success(), "{sound:?}");
}

#[test]
fn a_panic_on_any_thread_ends_the_session_once_with_its_message_and_the_log() {
    for place in ["a frame", "a task", "a thread", "commits", "listing"] {
        let variables = [("LUTHIER_PANIC_AT", place)];
        let terminal = Terminal::with(LUTHIER, &["demo"], &variables, 200, 24);
        let home = terminal.home();
        let (code, left) = terminal.end();
        assert_eq!(code, 5, "{place}: {}", left.text);
        assert!(!left.alternate_screen && !left.hidden_cursor && !left.bracketed_paste);
        let words = format!("this is a bug in Luthier: provoked in {place}");
        assert!(left.text.contains(&words), "{place}: {}", left.text);
        let folder = home.path().join("state/luthier/log/");
        let named = format!("log: {}", folder.display());
        assert!(left.text.contains(&named), "{}", left.text);
        assert!(log(home.path()).contains(&format!("provoked in {place}")));
        let raw = String::from_utf8_lossy(&left.raw).into_owned();
        assert_eq!(raw.matches("\u{1b}[?1049l").count(), 1, "{place}");
        let after = raw.split("\u{1b}[?1049l").nth(1).unwrap();
        assert!(
            !after.contains("\u{1b}[2;"),
            "{place}: drawn after the end: {after:?}"
        );
        assert_eq!(left_in(home.path()), Vec::<String>::new(), "{place}");
    }
}

/// What terminals answer to a question for their colours and for what they are.
const ANSWERS: [&str; 3] = [
    "\u{1b}]10;rgb:e0e0/e0e0/e0e0\u{1b}\\",
    "\u{1b}]11;rgb:1e1e/1e1e/2e2e\u{7}",
    "\u{1b}[?62;22c",
];

#[test]
fn late_answers_of_the_terminal_press_no_key() {
    // In time, with the first frame, and long after it.
    const AUDITED: &str = "findings in the whole hub";
    for moment in ["\u{1b}]11;?", "\u{1b}[?1049h", "DEMO", AUDITED] {
        let mut terminal = Terminal::start(&["demo", "--theme", "auto"], 80, 24);
        match moment {
            // Only the cells that change are sent.
            AUDITED => terminal.see(AUDITED),
            _ => terminal.wait_raw(moment, |raw| String::from_utf8_lossy(raw).contains(moment)),
        }
        ANSWERS.iter().for_each(|answer| terminal.send(answer));
        terminal.see("findings in the whole hub");
        // The next key is the first one that is heard.
        terminal.send("L");
        terminal.see("log");
        let screen = terminal.screen();
        assert!(!lists_findings(&screen), "{moment}: {}", screen.contents());
        terminal.send("\u{1b}");
        terminal.wait("the hub without a notice", |screen| {
            !screen.contents().contains("nothing here")
        });
        terminal.send("q");
        assert_eq!(terminal.end().0, 0);
    }
}

#[test]
fn a_panic_in_a_command_is_one_line_and_leaves_nothing() {
    let (folder, [database, store]) = production();
    let home = folder.path();
    std::fs::create_dir(home.join("tmp")).unwrap();
    let urls = ["--database", &database, "--store", &store];
    let ran = Command::new(LUTHIER)
        .args(["audit"])
        .args(urls)
        .env("HOME", home)
        .env("XDG_STATE_HOME", home.join("state"))
        .env("TMPDIR", home.join("tmp"))
        .env("LUTHIER_PANIC_AT", "commits")
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(5));
    let told = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(
        told.starts_with("luthier: this is a bug in Luthier: provoked in commits ("),
        "{told}"
    );
    assert!(told.contains("log: ") && log(home).contains("provoked in commits"));
    assert_eq!(left_in(home), Vec::<String>::new());
}

#[test]
fn nobody_reading_the_output_is_no_panic() {
    for arguments in [&["keys"][..], &[], &["--help"]] {
        let home = tempfile::tempdir().unwrap();
        let mut child = Command::new(LUTHIER)
            .args(arguments)
            .env_clear()
            .env("HOME", home.path())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let ran = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(
            !told.contains("panic") && ran.status.code() != Some(5),
            "{told}"
        );
    }
}

#[test]
fn terminals_of_any_name_open_it_and_are_left() {
    for (name, value) in [
        ("TERM", ""),
        ("TERM", "dumb"),
        ("TERM", "linux"),
        ("TERM", "vt100"),
        ("TERM", "screen-256color"),
        ("LC_ALL", "C"),
    ] {
        let mut terminal = Terminal::with(LUTHIER, &["demo"], &[(name, value)], 80, 24);
        terminal.see("findings in the whole hub");
        if value == "dumb" || value == "screen-256color" {
            let asked = terminal.raw().windows(5).any(|bytes| bytes == b"\x1b]11;");
            assert!(!asked, "{value} is asked nothing");
        }
        terminal.send("q");
        let (code, left) = terminal.end();
        assert_eq!(code, 0, "{name}={value}: {}", left.text);
        assert!(
            !left.alternate_screen && !left.hidden_cursor,
            "{name}={value}"
        );
    }
}
