//! Translates finished sequences of bytes into keys of crossterm. What means no key gives none.

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

/// Returns a key press.
pub fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
    Event::Key(KeyEvent::new(code, modifiers))
}

/// Returns a character; a capital letter is given as one that was shifted.
pub fn char(char: char, alt: bool) -> Event {
    let mut modifiers = KeyModifiers::NONE;
    modifiers.set(KeyModifiers::SHIFT, char.is_uppercase());
    modifiers.set(KeyModifiers::ALT, alt);
    key(KeyCode::Char(char), modifiers)
}

/// Reads one byte of ASCII as a key.
pub fn typed(byte: u8, alt: bool, out: &mut Vec<Event>) {
    let control = |letter: u8| (KeyCode::Char(letter.into()), KeyModifiers::CONTROL);
    let (code, mut modifiers) = match byte {
        b'\r' => (KeyCode::Enter, KeyModifiers::NONE),
        b'\t' => (KeyCode::Tab, KeyModifiers::NONE),
        0x7f => (KeyCode::Backspace, KeyModifiers::NONE),
        0 => control(b' '),
        0x1b => (KeyCode::Esc, KeyModifiers::NONE),
        0x01..=0x1a => control(byte - 1 + b'a'),
        0x1c..=0x1f => control(byte - 0x1c + b'4'),
        _ => return out.push(char(byte.into(), alt)),
    };
    modifiers.set(KeyModifiers::ALT, alt);
    out.push(key(code, modifiers));
}

/// Returns the key of `ESC O` and a letter.
pub fn function(letter: u8) -> Option<Event> {
    let code = match letter {
        b'P'..=b'S' => KeyCode::F(letter - b'P' + 1),
        b'M' => KeyCode::Enter,
        _ => named(letter)?,
    };
    Some(key(code, KeyModifiers::NONE))
}

/// Returns the key of `ESC [ [` and a letter.
pub fn console(letter: u8) -> Option<Event> {
    let code = matches!(letter, b'A'..=b'E').then(|| KeyCode::F(letter - b'A' + 1))?;
    Some(key(code, KeyModifiers::NONE))
}

/// Returns the event of a control sequence: `ESC [`, what is between, and its last byte. Reports that nobody asked
/// for mean none.
pub fn control(sequence: &[u8], last: u8) -> Option<Event> {
    let text = std::str::from_utf8(sequence).ok()?;
    if let (Some(text), b'M' | b'm') = (text.strip_prefix('<'), last) {
        return mouse(&numbers(text)?, last == b'm', 0);
    }
    if text.starts_with(['<', '=', '>', '?']) {
        return None;
    }
    let given = numbers(text)?;
    let first = given.first().copied().unwrap_or(0);
    let modifiers = modifiers(given.get(1).copied().unwrap_or(1));
    let code = match last {
        b'I' if text.is_empty() => return Some(Event::FocusGained),
        b'O' if text.is_empty() => return Some(Event::FocusLost),
        b'M' => return mouse(&given, false, 32),
        b'Z' => return Some(key(KeyCode::BackTab, modifiers | KeyModifiers::SHIFT)),
        b'~' => numbered(first)?,
        b'u' => return unicode(first, modifiers, text),
        b'P' | b'Q' | b'S' => KeyCode::F(last - b'P' + 1),
        _ => named(last)?,
    };
    released(text, key(code, modifiers))
}

/// Returns the numbers between semicolons; what follows a colon refines one of them.
fn numbers(text: &str) -> Option<Vec<u32>> {
    let parts = text.split(';').map(|part| {
        let number = part.split(':').next().unwrap_or_default();
        match number {
            "" => Some(0),
            number => number.parse().ok(),
        }
    });
    parts.collect()
}

/// Keys that are let go again mean nothing here.
fn released(text: &str, event: Event) -> Option<Event> {
    let kind = text
        .split(';')
        .nth(1)
        .and_then(|part| part.split(':').nth(1));
    match (kind, event) {
        (Some("3"), _) => None,
        (Some("2"), Event::Key(mut key)) => {
            key.kind = KeyEventKind::Repeat;
            Some(Event::Key(key))
        }
        (_, event) => Some(event),
    }
}

fn named(letter: u8) -> Option<KeyCode> {
    Some(match letter {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        _ => return None,
    })
}

fn numbered(number: u32) -> Option<KeyCode> {
    let f = |n: u32| u8::try_from(n).ok().map(KeyCode::F);
    match number {
        1 | 7 => Some(KeyCode::Home),
        2 => Some(KeyCode::Insert),
        3 => Some(KeyCode::Delete),
        4 | 8 => Some(KeyCode::End),
        5 => Some(KeyCode::PageUp),
        6 => Some(KeyCode::PageDown),
        11..=15 => f(number - 10),
        17..=21 => f(number - 11),
        23..=24 => f(number - 12),
        _ => None,
    }
}

/// Modifiers as they are counted: one more than their bits.
fn modifiers(said: u32) -> KeyModifiers {
    let bits = said.saturating_sub(1);
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
    ] {
        modifiers.set(modifier, bits & bit != 0);
    }
    modifiers
}

/// Returns a key by the number of its character, as some terminals tell it.
fn unicode(number: u32, modifiers: KeyModifiers, text: &str) -> Option<Event> {
    let code = match number {
        9 if modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
        9 => KeyCode::Tab,
        13 => KeyCode::Enter,
        27 => KeyCode::Esc,
        127 => KeyCode::Backspace,
        _ => KeyCode::Char(char::from_u32(number).filter(|char| !char.is_control())?),
    };
    // A function key of the private area is no text.
    let private = (57_344..=63_743).contains(&number);
    (!private).then(|| released(text, key(code, modifiers)))?
}

/// Returns a click, a movement or a wheel: buttons, column and row, counted from one.
fn mouse(given: &[u32], up: bool, base: u32) -> Option<Event> {
    let [buttons, column, row] = given else {
        return None;
    };
    let buttons = buttons.checked_sub(base)?;
    let button = match buttons & 3 {
        0 => Some(MouseButton::Left),
        1 => Some(MouseButton::Middle),
        2 => Some(MouseButton::Right),
        _ => None,
    };
    let moved = buttons & 32 != 0;
    let kind = match (buttons & 192, button) {
        (64, _) => match buttons & 3 {
            0 => MouseEventKind::ScrollUp,
            1 => MouseEventKind::ScrollDown,
            2 => MouseEventKind::ScrollLeft,
            _ => MouseEventKind::ScrollRight,
        },
        (0, Some(button)) if moved => MouseEventKind::Drag(button),
        (0, None) if moved => MouseEventKind::Moved,
        (0, Some(button)) if up => MouseEventKind::Up(button),
        (0, Some(button)) => MouseEventKind::Down(button),
        (0, None) => MouseEventKind::Up(MouseButton::Left),
        _ => return None,
    };
    let mut modifiers = KeyModifiers::NONE;
    modifiers.set(KeyModifiers::SHIFT, buttons & 4 != 0);
    modifiers.set(KeyModifiers::ALT, buttons & 8 != 0);
    modifiers.set(KeyModifiers::CONTROL, buttons & 16 != 0);
    let cell = |at: u32| u16::try_from(at.saturating_sub(1)).ok();
    Some(Event::Mouse(MouseEvent {
        kind,
        column: cell(*column)?,
        row: cell(*row)?,
        modifiers,
    }))
}

/// Returns the same in three bytes, each 32 more than it says.
pub fn old_mouse(bytes: &[u8]) -> Option<Event> {
    let [buttons, column, row] = bytes else {
        return None;
    };
    let at = |byte: u8| u32::from(byte).checked_sub(32);
    mouse(&[at(*buttons)?, at(*column)?, at(*row)?], false, 0)
}
