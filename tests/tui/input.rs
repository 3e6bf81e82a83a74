//! What the terminal's bytes become, and what never becomes a key.

use super::Parser;
use crossterm::event::{Event, KeyCode, KeyModifiers, MouseButton, MouseEventKind};
use std::time::Duration;
use tokio::time::Instant;

/// Events as a person would write them down.
fn words(events: &[Event]) -> String {
    let words: Vec<String> = events
        .iter()
        .map(|event| match event {
            Event::Key(key) => {
                let mut word = String::new();
                for (modifier, name) in [
                    (KeyModifiers::CONTROL, "ctrl-"),
                    (KeyModifiers::ALT, "alt-"),
                ] {
                    if key.modifiers.contains(modifier) {
                        word += name;
                    }
                }
                match key.code {
                    KeyCode::Char(char) => word.push(char),
                    code => word += &format!("{code:?}"),
                }
                word
            }
            Event::Paste(text) => format!("paste({text})"),
            other => format!("{other:?}"),
        })
        .collect();
    words.join(" ")
}

/// A terminal whose time is told.
struct Typed {
    parser: Parser,
    now: Instant,
    events: Vec<Event>,
}

impl Typed {
    fn new(owed: bool) -> Self {
        let mut parser = Parser::default();
        if owed {
            parser.expect_answer();
        }
        Self {
            parser,
            now: Instant::now(),
            events: Vec::new(),
        }
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.events.extend(self.parser.take(bytes, self.now));
        self
    }

    /// Lets time go by, as the loop does: it wakes at each deadline.
    fn wait(&mut self, time: Duration) -> &mut Self {
        let until = self.now + time;
        while let Some(at) = self.parser.deadline().filter(|at| *at <= until) {
            self.now = at;
            self.events.extend(self.parser.give_up(at));
        }
        self.now = until;
        self
    }

    fn words(&mut self) -> String {
        self.wait(Duration::from_secs(20));
        words(&std::mem::take(&mut self.events))
    }
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn typed(bytes: &[u8]) -> String {
    Typed::new(false).bytes(bytes).words()
}

#[test]
fn keys_are_what_terminals_send_for_them() {
    for (bytes, expected) in [
        ("jG\r\t\u{7f}", "j G Enter Tab Backspace"),
        ("\u{3}\u{1a}\u{0}\n", "ctrl-c ctrl-z ctrl-  ctrl-j"),
        (
            "\u{1b}[A\u{1b}[B\u{1b}[C\u{1b}[D\u{1b}[H\u{1b}[F",
            "Up Down Right Left Home End",
        ),
        ("\u{1b}OA\u{1b}OH\u{1b}OP", "Up Home F(1)"),
        (
            "\u{1b}[5~\u{1b}[6~\u{1b}[1~\u{1b}[4~\u{1b}[3~",
            "PageUp PageDown Home End Delete",
        ),
        (
            "\u{1b}[1;5C\u{1b}[15~\u{1b}[24~\u{1b}[[A",
            "ctrl-Right F(5) F(12) F(1)",
        ),
        ("\u{1b}[Z\u{1b}[97;5u\u{1b}[13u", "BackTab ctrl-a Enter"),
        ("é€😀", "é € 😀"),
        ("\u{1b}x", "alt-x"),
        ("\u{1b}", "Esc"),
        ("\u{1b}\u{1b}", "Esc Esc"),
        ("\u{1b}[200~a\u{1b}[Bq\u{1b}[201~z", "paste(a\u{1b}[Bq) z"),
        ("\u{1b}[I\u{1b}[O", "FocusGained FocusLost"),
        // Let go, or held.
        ("\u{1b}[97;1:3u", ""),
    ] {
        assert_eq!(typed(bytes.as_bytes()), expected, "{bytes:?}");
    }
}

#[test]
fn a_mouse_is_understood_in_each_of_its_three_ways() {
    for bytes in [&b"\x1b[<0;4;6M"[..], b"\x1b[32;4;6M", b"\x1b[M\x20\x24\x26"] {
        let mut typed = Typed::new(false);
        let events = &typed.bytes(bytes).events;
        let [Event::Mouse(mouse)] = events.as_slice() else {
            panic!("{bytes:?}: {events:?}");
        };
        assert_eq!(mouse.kind, MouseEventKind::Down(MouseButton::Left));
        assert_eq!((mouse.column, mouse.row), (3, 5), "{bytes:?}");
    }
}

/// What terminals say by themselves, and when they are asked.
const SAID: &[&[u8]] = &[
    b"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\",
    b"\x1b]10;rgb:e0e0/e0e0/e0e0\x07",
    b"\x1b]4;1;rgb:ffff/0000/0000\x1b\\",
    b"\x1b]52;c;aGVsbG8=\x07",
    b"\x1b]l a title\x1b\\",
    b"\x1b[?62;22c",
    b"\x1b[>41;377;0c",
    b"\x1b[=1;0c",
    b"\x1b[24;80R",
    b"\x1b[?24;80;1R",
    b"\x1b[0n",
    b"\x1b[?997;1n",
    b"\x1b[?2026;2$y",
    b"\x1b[?1u",
    b"\x1b[8;24;80t",
    b"\x1bP>|XTerm(377)\x1b\\",
    b"\x1bP1+r544e=787465726d\x1b\\",
    b"\x1bP1$r0m\x1b\\",
    b"\x1b_Gi=1;OK\x1b\\",
    b"\x1b^private\x1b\\",
    b"\x1bXstart\x1b\\",
];

#[test]
fn what_a_terminal_says_presses_no_key_and_the_next_key_is_one() {
    for said in SAID {
        let text = String::from_utf8_lossy(said);
        let mut bytes = said.to_vec();
        bytes.extend(b"j");
        // A title that nobody asked for begins with a letter: it may have been typed.
        let expected = if said.starts_with(b"\x1b]l") {
            continue;
        } else {
            "j"
        };
        assert_eq!(typed(&bytes), expected, "{text:?}");
        // A person goes on typing behind it, and before.
        assert_eq!(
            typed(&[b"k", &bytes[..], b"\x1b"].concat()),
            "k j Esc",
            "{text:?}"
        );
    }
}

#[test]
fn an_answer_that_is_owed_is_none_however_slowly_it_comes() {
    for said in SAID
        .iter()
        .filter(|said| said.starts_with(b"\x1b]1") || said.starts_with(b"\x1b[?6"))
    {
        for pause in [1, 20, 100, 400] {
            // Cut in two at every byte, and byte by byte.
            for cut in 1..said.len() {
                let mut terminal = Typed::new(true);
                terminal.bytes(&said[..cut]).wait(ms(pause));
                terminal.bytes(&said[cut..]).wait(ms(pause));
                let words = terminal.bytes(b"j").words();
                // An escape that stays alone for long is a person's: nobody can know better.
                let alone = cut == 1 && pause > 150;
                let expected = if alone { "Esc j" } else { "j" };
                assert_eq!(
                    words,
                    expected,
                    "{:?} at {cut} after {pause} ms",
                    String::from_utf8_lossy(said)
                );
            }
            // Byte by byte, an escape must not stay alone for longer.
            if pause > 150 {
                continue;
            }
            let mut terminal = Typed::new(true);
            for byte in *said {
                terminal.bytes(&[*byte]).wait(ms(pause));
            }
            assert_eq!(terminal.bytes(b"j").words(), "j", "{pause} ms");
        }
    }
}

#[test]
fn what_is_cut_off_swallows_no_more_than_the_silence_behind_it() {
    for cut in [
        &b"\x1b]11;rgb:1e1e/1e"[..],
        b"\x1b[?62;2",
        b"\x1bP>|XTe",
        b"\x1b[200~pas",
    ] {
        let mut terminal = Typed::new(true);
        terminal.bytes(cut).wait(Duration::from_secs(6));
        terminal.events.clear();
        assert_eq!(
            terminal.bytes(b"jq").words(),
            "j q",
            "{:?}",
            String::from_utf8_lossy(cut)
        );
    }
    // A new sequence begins where an old one stops.
    assert_eq!(typed(b"\x1b]11;rgb:1e\x1b[Bj"), "Down j");
    assert_eq!(typed(b"\x1b[12\x1b[Bj"), "Down j");
    // What never ends is bounded.
    let mut endless = b"\x1bP".to_vec();
    endless.extend(std::iter::repeat_n(b'x', 200_000));
    endless.extend(b"\x1b\\");
    let mut terminal = Typed::new(false);
    terminal.bytes(&endless);
    assert!(terminal.parser.kept.len() < 1_000);
    let mut paste = b"\x1b[200~".to_vec();
    paste.extend(std::iter::repeat_n(b'x', 3 << 20));
    let mut terminal = Typed::new(false);
    terminal.bytes(&paste);
    assert!(terminal.parser.kept.len() < (1 << 20) + 100);
    let words = terminal.bytes(b"\x1b[201~j").words();
    assert!(words.starts_with("paste(x") && words.ends_with(") j"));
}

#[test]
fn a_persons_keys_behind_an_escape_stay_keys() {
    // Esc is told at once, and so is what follows it later.
    let mut terminal = Typed::new(false);
    terminal.bytes(b"\x1b").wait(ms(30));
    assert_eq!(words(&terminal.events), "Esc");
    assert_eq!(terminal.bytes(b"]").words(), "Esc ]");
    // Both in one piece, as with alt or from a slow connection.
    for (bytes, expected) in [
        ("\u{1b}]", "alt-]"),
        ("\u{1b}]]", "alt-] ]"),
        ("\u{1b}]x", "alt-] x"),
        ("\u{1b}]1", "alt-] 1"),
        ("\u{1b}]1x", "alt-] 1 x"),
        ("\u{1b}[", "alt-["),
        ("\u{1b}O", "alt-O"),
        ("\u{1b}P", "alt-P"),
        ("\u{1b}_", "alt-_"),
    ] {
        assert_eq!(typed(bytes.as_bytes()), expected, "{bytes:?}");
    }
    // While an answer is owed, a bracket is one all the same.
    let mut terminal = Typed::new(true);
    terminal.bytes(b"\x1b").wait(ms(500));
    terminal.bytes(b"]").wait(ms(3_000));
    terminal.bytes(b"[").wait(ms(3_000));
    assert_eq!(terminal.words(), "Esc ] [");
}

#[test]
fn the_background_is_read_in_every_spelling() {
    for (said, expected) in [
        (
            &b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\"[..],
            Some([1.0, 1.0, 1.0]),
        ),
        (b"\x1b]11;rgb:00/00/00\x07", Some([0.0, 0.0, 0.0])),
        (b"\x1b]11;rgb:f/0/f\x07", Some([1.0, 0.0, 1.0])),
        (b"\x1b]11;rgba:ff/ff/ff/00\x07", Some([1.0, 1.0, 1.0])),
        (b"\x1b]11;rgb:fffff/0/0\x07", None),
        (b"\x1b]11;rgb:/\x07", None),
        (b"\x1b]11;nonsense\x07", None),
        (b"\x1b]10;rgb:ff/ff/ff\x07", None),
    ] {
        let mut terminal = Typed::new(true);
        terminal.bytes(said).bytes(b"\x1b[?62c");
        assert_eq!(terminal.parser.background(), expected, "{said:?}");
        assert!(!terminal.parser.owes());
    }
}

proptest::proptest! {
    /// No bytes in no pieces panic, hold memory, or keep keys away for ever.
    #[test]
    fn any_bytes_leave_a_terminal_that_hears_keys(
        pieces in proptest::collection::vec(proptest::collection::vec(
            proptest::prop_oneof![proptest::prelude::any::<u8>(), proptest::sample::select(b"\x1b[]OP;?~0Mm\\\x07".to_vec())], 0..20), 0..12),
        owed in proptest::prelude::any::<bool>(),
    ) {
        let mut terminal = Typed::new(owed);
        for piece in pieces {
            terminal.bytes(&piece);
        }
        terminal.wait(Duration::from_secs(6));
        terminal.events.clear();
        let heard = terminal.bytes(b"j").words();
        proptest::prop_assert!(heard == "j", "{}", heard);
    }
}
