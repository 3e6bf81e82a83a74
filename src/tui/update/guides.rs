//! Guides: entered by a key of the hub's screen, left at any step, entered again there.

use super::super::effect::Effect;
use super::super::guide::Guide;
use super::super::screens::Screen;
use super::super::screens::findings::Findings;
use super::super::screens::repos::Repos;
use super::super::screens::signoff::SignOffScreen;
use super::super::state::{Ctx, State};
use super::on_top;

/// Enters a guide: where it was left, as far as that leads on, or at its first step.
pub fn enter(state: &mut State, guide: Guide, out: &mut Vec<Effect>) {
    let mut screens = state.parked.remove(&guide).unwrap_or_default();
    // Findings from before a repair that was none of this guide's own would pass for verified.
    let stale = |screen: &Screen| match screen {
        Screen::Findings(findings) => guide == Guide::ByHand && findings.is_stale(&state.shared),
        _ => false,
    };
    let over = screens
        .iter()
        .position(|screen| stale(screen) || !screen.leads_on(&state.shared));
    let over = screens.split_off(over.unwrap_or(screens.len()));
    close(state, over, out);
    if screens.is_empty() {
        on_top(state, out, |_, ctx| match guide {
            Guide::Pull => Repos::open(ctx),
            Guide::SignOff => SignOffScreen::open(ctx),
            Guide::ByHand | Guide::Chosen => Findings::open("", ctx),
        });
    } else {
        state.stack.extend(screens);
    }
    state.guide = Some(guide);
}

/// Notes what was opened from the hub's screen beside the guides: findings to choose from, or a plan.
pub fn chosen(state: &mut State) {
    let opened = state.stack.get(1);
    if state.guide.is_none() && matches!(opened, Some(Screen::Findings(_) | Screen::Plan(_))) {
        state.guide = Some(Guide::Chosen);
    }
}

/// Goes back to the first screen. A guide's screens wait for being entered again; others are closed.
pub fn home(state: &mut State, out: &mut Vec<Effect>) {
    let screens = state.stack.split_off(1.min(state.stack.len()));
    match state.guide.take() {
        Some(guide) if !screens.is_empty() && guide != Guide::Chosen => {
            state.parked.insert(guide, screens);
        }
        _ => close(state, screens, out),
    }
}

/// Closes screens from the top down.
pub(super) fn close(state: &mut State, screens: Vec<Screen>, out: &mut Vec<Effect>) {
    let regions = state.regions();
    let mut ctx = Ctx {
        shared: &mut state.shared,
        out,
        regions: &regions,
    };
    for mut screen in screens.into_iter().rev() {
        screen.close(&mut ctx);
    }
}
