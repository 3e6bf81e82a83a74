//! The configuration that is read again while a session runs.

use crate::effect::Effect;
use crate::event::Reloaded;
use crate::notices::Level;
use crate::overlay::Overlay;
use crate::state::State;

/// Asks for the configuration. Not while a question stands: its keys stay what they were when it was drawn.
pub fn ask(state: &mut State, out: &mut Vec<Effect>) {
    if matches!(state.overlay, Some(Overlay::Confirm(_))) {
        let text = "the configuration is not read again while a question is open";
        state.shared.tell(Level::Warning, text);
        return;
    }
    out.push(Effect::Reload);
}

/// Takes what has changed.
pub fn take(state: &mut State, reloaded: Reloaded, out: &mut Vec<Effect>) {
    if let Some(keymap) = reloaded.keymap {
        state.keymap = keymap;
    }
    if let Some(mouse) = reloaded.mouse {
        state.mouse = mouse;
        out.push(Effect::Mouse(mouse));
    }
}
