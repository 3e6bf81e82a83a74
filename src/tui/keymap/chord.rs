//! The spelling of keys: `x`, `ctrl-d`, `pgup`.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with its modifiers; shift is in the character already.
pub type Chord = (KeyModifiers, KeyCode);

/// Returns the key that `text` names, as in `ctrl-d` or `pgup`.
#[must_use]
pub fn chord(text: &str) -> Option<Chord> {
    let (modifiers, name) = match text.strip_prefix("ctrl-") {
        Some(rest) => (KeyModifiers::CONTROL, rest),
        None => (KeyModifiers::NONE, text),
    };
    let code = match name {
        "space" => KeyCode::Char(' '),
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "backtab" => KeyCode::BackTab,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "pgup" => KeyCode::PageUp,
        "pgdn" => KeyCode::PageDown,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        one => {
            let mut characters = one.chars();
            let character = characters.next()?;
            if characters.next().is_some() {
                return None;
            }
            KeyCode::Char(character)
        }
    };
    Some((modifiers, code))
}

/// Returns the chord of a key that was pressed.
#[must_use]
pub fn pressed(key: KeyEvent) -> Chord {
    (key.modifiers.difference(KeyModifiers::SHIFT), key.code)
}

/// Returns whether a chord types a character.
#[must_use]
pub fn is_text((modifiers, code): Chord) -> bool {
    modifiers.is_empty() && matches!(code, KeyCode::Char(_))
}
