//! Keys typed ahead: what is meant for a row that is still being read waits for it, in the order of the
//! typing. A dialog is never answered so: it takes only keys that come after it was drawn.

use super::super::action::Action;
use super::super::effect::Effect;
use super::super::keymap::KeyContext;
use super::super::notices::Level;
use super::super::screens::Screen;
use super::super::state::State;
use super::press;
use crossterm::event::KeyEvent;
use std::collections::VecDeque;
use std::time::Duration;

/// Keys that wait at most; who types more leans on the keyboard.
const MOST: usize = 32;

/// The longest time for which keys wait.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Keys that wait for what is on its way.
#[derive(Clone, Debug, Default)]
pub struct Ahead {
    keys: VecDeque<KeyEvent>,
    since: Duration,
}

impl Ahead {
    /// Returns whether keys wait.
    #[must_use]
    pub fn waits(&self) -> bool {
        !self.keys.is_empty()
    }

    fn push(&mut self, key: KeyEvent, now: Duration) {
        if self.keys.is_empty() {
            self.since = now;
        }
        if self.keys.len() < MOST {
            self.keys.push_back(key);
        }
    }
}

/// Returns whether an action is meant for the row under the cursor, and can wait for it.
const fn is_for_a_row(action: Action) -> bool {
    matches!(
        action,
        Action::Open
            | Action::Branch
            | Action::Pull
            | Action::Plan
            | Action::Findings
            | Action::CopyId
            | Action::Mark
            | Action::Range
            | Action::View
    )
}

/// Keeps a refused key for later, where what it is meant for is on its way; says whether it did.
pub fn keep(state: &mut State, action: Action, key: Option<KeyEvent>) -> bool {
    let coming = state.overlay.is_none() && state.stack.last().is_some_and(Screen::pending);
    let (Some(key), true) = (key, coming && is_for_a_row(action)) else {
        return false;
    };
    let now = state.shared.clock;
    state.ahead.push(key, now);
    true
}

/// Puts a key behind those that wait; says whether it waits now. Going back and leaving never wait, and
/// what was typed before them is forgotten.
pub fn queue(state: &mut State, place: KeyContext, key: KeyEvent) -> bool {
    if !state.ahead.waits() {
        return false;
    }
    let action = state.keymap.find(place, key).map(|row| row.binding.action);
    if matches!(
        action,
        Some(Action::Back | Action::Cancel | Action::Leave | Action::Home | Action::Suspend)
    ) {
        state.ahead = Ahead::default();
        return false;
    }
    let now = state.shared.clock;
    state.ahead.push(key, now);
    true
}

/// Types what waited, once what it waited for is here or has not come for too long.
pub fn catch_up(state: &mut State, out: &mut Vec<Effect>) {
    if !state.ahead.waits() {
        return;
    }
    let late = state.shared.clock.saturating_sub(state.ahead.since) > TIMEOUT;
    if late {
        state.ahead = Ahead::default();
        let text = "keys that you typed ahead were dropped: the list has not arrived yet";
        return state.shared.tell(Level::Warning, text);
    }
    if state.stack.last().is_some_and(Screen::pending) {
        return;
    }
    // What has to wait again is put back in its order.
    for key in std::mem::take(&mut state.ahead).keys {
        press(state, key, out);
    }
}
