//! The terminal is given back once, whatever ends the session.

use super::Screen;
use crate::degrade::{Colors, TermCaps};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::Read;
use std::num::NonZeroU16;

/// What the next test runs in a terminal of its own.
#[test]
#[ignore = "panics, in a terminal that the next test gives it"]
fn a_session_that_panics() {
    let caps = TermCaps {
        colors: Colors::Sixteen,
        unicode: true,
    };
    let mut screen = Screen::enter(caps).unwrap();
    screen.listen_to_mouse(true).unwrap();
    screen
        .draw("title", |frame| frame.render_widget("drawn", frame.area()))
        .unwrap();
    panic!("boom");
}

#[test]
fn a_panic_gives_the_terminal_back_once() {
    let size = PtySize {
        rows: 30,
        cols: 200,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    let name = "terminal::tests::a_session_that_panics";
    command.args([
        "--ignored",
        "--exact",
        name,
        "--nocapture",
        "--test-threads=1",
    ]);
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut bytes = Vec::new();
    // The end of a pseudo-terminal is an error, not an end of file.
    let _ = pair
        .master
        .try_clone_reader()
        .unwrap()
        .read_to_end(&mut bytes);
    assert!(!child.wait().unwrap().success());

    let cells = |n| NonZeroU16::new(n).unwrap();
    let mut parser = vt100::Parser::new(cells(30), cells(200), 0);
    parser.process(&bytes);
    let screen = parser.screen();
    assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
    assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    let raw = String::from_utf8_lossy(&bytes);
    assert_eq!(raw.matches("\u{1b}[?1049h").count(), 1);
    assert_eq!(
        raw.matches("\u{1b}[?1049l").count(),
        1,
        "given back twice, or never"
    );
}
