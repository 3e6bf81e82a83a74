//! What has broken other consoles, in a real pseudo-terminal.

use crate::screen::{LUTHIER, Terminal, is_whole, lists_findings};
use std::os::unix::fs::PermissionsExt;

const ENTER: &str = "\r";
const ESC: &str = "\u{1b}";
const DOWN: &str = "\u{1b}[B";

fn demo(variables: &[(&str, &str)], more: &[&str]) -> Terminal {
    let args: Vec<&str> = ["demo"].iter().chain(more).copied().collect();
    let terminal = Terminal::with(LUTHIER, &args, variables, 80, 24);
    terminal.see("findings in the whole hub");
    terminal
}

/// The demo's findings, and the notice that the audit left taken down.
fn findings(variables: &[(&str, &str)], more: &[&str]) -> Terminal {
    let mut terminal = demo(variables, more);
    terminal.send("f");
    terminal.list();
    terminal
}

fn leave(mut terminal: Terminal) {
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
}

/// The rows of the list whose first cells are in reverse video.
fn reversed(screen: &vt100::Screen) -> Vec<u16> {
    (0..24)
        .filter(|row| screen.cell(*row, 3).unwrap().inverse())
        .collect()
}

#[test]
fn without_colours_the_cursor_row_is_in_reverse_video_and_no_cell_is_coloured() {
    for variables in [[("NO_COLOR", "1")], [("TERM", "dumb")]] {
        let mut terminal = findings(&variables, &[]);
        terminal.send(DOWN);
        terminal.see("findings  2 of");
        let screen = terminal.screen();
        assert_eq!(reversed(&screen), [0, 5], "{}", screen.contents());
        for (row, column) in (0..24).flat_map(|row| (0..80).map(move |column| (row, column))) {
            let cell = screen.cell(row, column).unwrap();
            let colours = (cell.fgcolor(), cell.bgcolor());
            assert_eq!(colours, (vt100::Color::Default, vt100::Color::Default));
        }
        leave(terminal);
    }
}

#[test]
fn in_ascii_no_byte_has_its_eighth_bit() {
    let mut terminal = findings(&[], &["--ascii"]);
    terminal.send(ENTER);
    terminal.see("[1 Diff]");
    terminal.send("?");
    terminal.see("keys here");
    let raw = terminal.raw();
    let high = raw.iter().position(|byte| *byte >= 0x80);
    assert_eq!(
        high,
        None,
        "{:?}",
        high.map(|at| String::from_utf8_lossy(&raw[at..at + 8]))
    );
    terminal.send(ESC);
    leave(terminal);
}

#[test]
fn a_paste_answers_no_question_and_presses_no_key() {
    let mut terminal = findings(&[], &[]);
    terminal.send("\u{1b}[200~xqy\n\u{1b}[201~");
    terminal.see("pasted text is ignored here");
    terminal.send("/");
    terminal.send("\u{1b}[200~code:cache-msgpack\n\u{1b}[201~");
    terminal.see("/code:cache-msgpack");
    terminal.send(ENTER);
    terminal.see("findings  1 of 7");
    terminal.send("x");
    terminal.see("1 step");
    terminal.send(ENTER);
    terminal.see("y yes");
    terminal.send("\u{1b}[200~y\u{1b}[201~");
    terminal.see("a dialog ignores pasted text");
    assert!(terminal.screen().contents().contains("y yes"));
    terminal.send("n");
    terminal.see("enter applies it");
    leave(terminal);
}

#[test]
fn keys_typed_ahead_answer_no_question() {
    let mut terminal = findings(&[], &[]);
    terminal.send("/code:uri-missing kind:commit");
    terminal.send(ENTER);
    terminal.see("findings  1 of 5 ");
    // In one piece, as a slow connection delivers them.
    terminal.send("x");
    terminal.see("enter applies it");
    terminal.send("\ryyyy");
    terminal.see("y yes");
    terminal.send("n");
    terminal.see("enter applies it");
    assert!(!terminal.screen().contents().contains(" done · run"));
    leave(terminal);
}

#[test]
fn another_program_has_the_terminal_and_no_key_is_lost_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let pager = folder.path().join("pager");
    std::fs::write(
        &pager,
        "#!/bin/sh\nhead -n 1 \"$1\"\necho here until enter\nread line\n",
    )
    .unwrap();
    std::fs::set_permissions(&pager, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut terminal = findings(&[("PAGER", pager.to_str().unwrap())], &[]);
    for times in 1..=3 {
        terminal.send("e");
        terminal.wait("the pager", |screen| {
            let shown = screen.contents().matches("here until enter").count();
            !screen.alternate_screen() && shown == times
        });
        // Ctrl-C is the pager's own there; it ends it, and nothing else, however late the news of it comes.
        terminal.send("\u{3}");
        terminal.wait("the console", |screen| {
            screen.alternate_screen() && lists_findings(screen)
        });
        terminal.send("/abcdefghij");
        terminal.see("/abcdefghij");
        terminal.send(ESC);
        terminal.list();
    }
    leave(terminal);
}

#[test]
fn ctrl_z_stops_it_and_fg_brings_it_back_whole() {
    let script = format!(
        "set -m; {LUTHIER} demo; echo IT STOPPED; read line; fg >/dev/null; echo IT ENDED $?"
    );
    let mut terminal = Terminal::with("sh", &["-c", &script], &[], 80, 24);
    terminal.see("findings in the whole hub");
    terminal.send("f");
    terminal.list();
    terminal.send("\u{1a}");
    terminal.see("IT STOPPED");
    let screen = terminal.screen();
    assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
    terminal.send(ENTER);
    terminal.wait("the console", |screen| {
        screen.alternate_screen() && lists_findings(screen)
    });
    terminal.send("/abcdefghij");
    terminal.see("/abcdefghij");
    terminal.send(ESC);
    terminal.wait("whole panes", is_whole);
    terminal.list();
    terminal.send("q");
    terminal.see("IT ENDED 0");
    let (_, left) = terminal.end();
    assert!(!left.alternate_screen && !left.hidden_cursor && !left.bracketed_paste);
}

#[test]
fn a_storm_of_sizes_leaves_no_stale_cell() {
    let mut terminal = findings(&[], &[]);
    for n in 0..30u16 {
        terminal.resize(10 + n * 37 % 190, 3 + n * 11 % 50);
    }
    terminal.resize(100, 30);
    terminal.wait("the last size", |screen| {
        let contents = screen.contents();
        let lines: Vec<&str> = contents.lines().collect();
        // The guide's line has room at this size, and had none at those before.
        lines.len() == 30
            && lines[0].starts_with(" DEMO")
            && lines[1].starts_with(" guided repair")
            && lines[29].contains("q leave")
    });
    // Its last line may be there before the rest of it is.
    terminal.wait_raw("the end of the frame", |raw| raw.ends_with(b"\x1b[?2026l"));
    let after = terminal.screen().contents();
    // Drawn from nothing, it is the same.
    let printed = terminal.raw().len();
    terminal.send("\u{c}");
    terminal.wait_raw("a whole frame", |raw| raw.len() > printed + 2_000);
    terminal.wait("the same screen", |screen| screen.contents() == after);
    leave(terminal);
}
