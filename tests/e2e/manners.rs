//! What a terminal is sent, and what it is not.

use crate::screen::{LUTHIER, Terminal, is_whole};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sqlx::{Connection, SqliteConnection};
use std::path::Path;

const ENTER: &str = "\r";
const ESC: &str = "\u{1b}";
const DOWN: &str = "\u{1b}[B";

fn findings() -> Terminal {
    let mut terminal = Terminal::start(&["demo"], 80, 24);
    terminal.see("findings in the whole hub");
    // Once it is known what can be done about each finding, no frame comes by itself any more.
    terminal.see("fixable now");
    terminal.send("f");
    terminal.list();
    terminal
}

fn leave(mut terminal: Terminal) {
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
}

fn count(bytes: &[u8], part: &[u8]) -> usize {
    bytes
        .windows(part.len())
        .filter(|window| *window == part)
        .count()
}

#[test]
fn an_id_is_copied_whole_by_osc_52_and_nothing_else_is() {
    let mut terminal = findings();
    terminal.send("/code:uri-missing kind:commit");
    terminal.send(ENTER);
    terminal.see("findings  1 of 5 ");
    terminal.send("y");
    terminal.see("to the terminal's clipboard");
    let raw = terminal.raw();
    let text = String::from_utf8_lossy(&raw);
    let (_, rest) = text.split_once("\u{1b}]52;c;").expect("an OSC 52");
    let coded: String = rest
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "+/=".contains(*c))
        .collect();
    let copied = String::from_utf8(STANDARD.decode(coded).unwrap()).unwrap();
    let whole = copied.strip_prefix("sha256:").unwrap_or(&copied);
    assert!(
        whole.len() == 64 && whole.chars().all(|c| c.is_ascii_hexdigit()),
        "{copied}"
    );
    assert_eq!(count(&raw, b"\x1b]52;"), 1);
    leave(terminal);
}

#[test]
fn a_move_costs_few_bytes_and_standing_still_costs_none() {
    let mut terminal = findings();
    // The cursor goes to the first finding that can be repaired, unless a key came before.
    terminal.send("g");
    terminal.see("findings  1 of");
    terminal.send(DOWN);
    terminal.see("findings  2 of");
    let before = terminal.raw().len();
    terminal.send(DOWN);
    terminal.see("findings  3 of");
    // What belongs to the frame ends with it.
    terminal.wait_raw("the end of the frame", |raw| raw.ends_with(b"\x1b[?2026l"));
    let moved = terminal.raw().len() - before;
    // The finding beside the list is another one too.
    assert!(moved < 1_500, "{moved} bytes for a move");
    // Everything that it sends between two keys is the answer to the second one: no frame of its own.
    let before = terminal.raw();
    terminal.send(DOWN);
    terminal.see("findings  4 of");
    terminal.wait_raw("the end of the frame", |raw| raw.ends_with(b"\x1b[?2026l"));
    let sent = &terminal.raw()[before.len()..];
    assert_eq!(
        count(sent, b"\x1b[?2026h"),
        1,
        "frames that nobody asked for"
    );
    leave(terminal);
}

#[test]
fn the_title_names_the_hub_and_whether_it_can_be_written() {
    let terminal = findings();
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    assert!(
        raw.contains("\u{1b}]0;luthier · DEMO WRITE · demo\u{7}"),
        "no title"
    );
    leave(terminal);
}

#[test]
fn neither_escape_nor_ctrl_c_leaves_the_program() {
    let mut terminal = findings();
    for _ in 0..5 {
        terminal.send(ESC);
        terminal.send("\u{3}");
    }
    terminal.see("nothing is running; q leaves");
    leave(terminal);
}

const HOSTILE: &str = "\u{1b}]0;pwned\u{7}\u{1b}[2J\u{202e}\u{200b}\u{9b}31m";

async fn poison(database: &Path) {
    let url = format!("sqlite://{}", database.display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let long = format!("{HOSTILE}{}", "wide ".repeat(2_000));
    for sql in [
        "UPDATE musehub_commits SET message = ?1, author = ?1",
        "UPDATE musehub_branches SET name = ?1 || name WHERE name <> 'main'",
        "UPDATE musehub_repos SET slug = ?1 || slug, description = ?1",
        "UPDATE musehub_objects SET path = ?1",
    ] {
        sqlx::query(sql)
            .bind(&long)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    connection.close().await.unwrap();
}

#[test]
fn what_a_hub_says_moves_no_cursor_and_fakes_no_row() {
    let folder = tempfile::tempdir().unwrap();
    let hub = folder.path().join("hub");
    let built = std::process::Command::new(LUTHIER)
        .args(["demo", "--quiet", "--build-only", hub.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(built.status.success(), "{built:?}");
    let database = hub.join("hub.db");
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(poison(&database));
    let database = format!("sqlite://{}", database.display());
    let store = format!("file://{}", hub.join("objects").display());
    let mut terminal = Terminal::start(&["--database", &database, "--store", &store], 160, 40);
    terminal.see("findings in the whole hub");
    terminal.send("b");
    terminal.see("│ bela");
    terminal.send(ENTER);
    terminal.see("commits  1 of 49");
    terminal.send("b");
    terminal.see("branches");
    terminal.send(ESC);
    terminal.send(ENTER);
    for facet in [
        "[1 Diff]",
        "[2 Row]",
        "[3 Object]",
        "[4 Bytes]",
        "[5 Identity]",
        "[6 Links]",
    ] {
        // The key of a facet is its number.
        terminal.send(&facet[1..2]);
        terminal.see(facet);
        terminal.wait("whole panes", is_whole);
    }
    terminal.send("f");
    terminal.see("findings  ");
    terminal.wait("whole panes", is_whole);
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    for bad in ["\u{1b}]0;pwned", "\u{202e}", "\u{200b}", "\u{9b}"] {
        assert!(!raw.contains(bad), "{bad:?} reached the terminal");
    }
    leave(terminal);
}
