//! The console, key by key.

use crate::screen::Terminal;

const ENTER: &str = "\r";
const ESC: &str = "\u{1b}";

/// Finds a commit without storage_uri, looks at it, repairs it, and sees that it is gone.
fn finds_and_repairs(columns: u16, rows: u16) {
    let mut terminal = Terminal::start(&["demo"], columns, rows);
    terminal.see("DEMO");
    terminal.see("findings in the whole hub");
    terminal.send("f");
    terminal.list();
    terminal.send("/");
    terminal.send("code:uri-missing kind:commit repo:alice/song");
    terminal.send(ENTER);
    terminal.see("findings  1 of 2 ");
    terminal.send(ENTER);
    terminal.see("A client gets bytes made from the row");
    terminal.see("not compared");
    terminal.send(ESC);
    terminal.see("findings  1 of 2 ");
    terminal.send("x");
    terminal.see("1 step");
    terminal.send(ENTER);
    terminal.see("y yes");
    terminal.send("y");
    terminal.see("1 written");
    terminal.send(ESC);
    terminal.see("findings  1 of 1 ");
    terminal.send("q");
    let (code, left) = terminal.end();
    assert_eq!(code, 0);
    assert!(!left.alternate_screen, "the alternate screen is left");
    assert!(!left.hidden_cursor, "the cursor is shown again");
    assert!(!left.bracketed_paste, "bracketed paste is off again");
}

#[test]
fn a_missing_commit_is_found_understood_and_repaired_at_80x24() {
    finds_and_repairs(80, 24);
}

#[test]
fn a_missing_commit_is_found_understood_and_repaired_at_200x50() {
    finds_and_repairs(200, 50);
}

#[test]
fn the_screen_survives_any_size_and_says_what_it_needs() {
    let mut terminal = Terminal::start(&["demo"], 80, 24);
    terminal.see("uri-missing");
    terminal.resize(41, 9);
    terminal.see("needs 60x15");
    terminal.resize(120, 40);
    terminal.see("uri-missing");
    terminal.send("?");
    terminal.see("help");
    terminal.send(ESC);
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn a_session_without_write_says_why_it_does_not_apply() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("hub");
    let built = std::process::Command::new(env!("CARGO_BIN_EXE_luthier"))
        .args(["demo", "--build-only"])
        .arg(&dir)
        .output()
        .unwrap();
    assert!(built.status.success());
    let database = format!("sqlite://{}/hub.db", dir.display());
    let store = format!("file://{}/objects", dir.display());
    let mut terminal = Terminal::start(&["--database", &database, "--store", &store], 100, 30);
    terminal.see("READ-ONLY");
    terminal.see("findings in the whole hub");
    terminal.send("f");
    terminal.list();
    terminal.send("/");
    terminal.send("code:uri-missing kind:commit");
    terminal.send(ENTER);
    terminal.see("findings  1 of 5 ");
    terminal.send("x");
    terminal.see("1 step");
    terminal.send(ENTER);
    terminal.see("start with --write");
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn a_signal_ends_the_session_cleanly_and_gives_the_terminal_back() {
    for name in ["TERM", "HUP"] {
        let terminal = Terminal::start(&["demo"], 80, 24);
        terminal.see("findings in the whole hub");
        terminal.signal(name);
        let (code, left) = terminal.end();
        assert_eq!(code, 4, "{name}");
        assert!(
            !left.alternate_screen && !left.hidden_cursor && !left.bracketed_paste,
            "{name}"
        );
    }
}
