//! Answers: what the session itself waits for, then the screens from the top down.

use super::super::action::Action;
use super::super::effect::{Effect, Query, Ticket};
use super::super::event::Answer;
use super::super::lines::KnownLine;
use super::super::lines::known::scope_words;
use super::super::notices::Level;
use super::super::overlay::Overlay;
use super::super::screens::plan::PlanScreen;
use super::super::state::{Ctx, Shared, Slot, State, next_audit, start_audit};
use super::super::widgets::branches::Branches;
use luthier_audit::report::GroupBy;
use luthier_audit::{Filter, Scope};
use luthier_repair::Selection;

/// The most repositories whose findings are kept for the list of repositories.
const REPOS: usize = 10_000;

/// Takes an answer; one that nobody waits for is dropped.
pub fn take(state: &mut State, ticket: Ticket, answer: Answer, out: &mut Vec<Effect>) {
    let Some(answer) = session(state, ticket, answer, out) else {
        return;
    };
    let ends_plan = matches!(answer, Answer::Planned(_));
    let ends_apply = matches!(answer, Answer::Applied(_));
    let failed = matches!(answer, Answer::Failed(_));
    let mut answer = Some(answer);
    let regions = state.regions();
    let State {
        shared,
        stack,
        parked,
        ..
    } = state;
    let mut ctx = Ctx {
        shared,
        out,
        regions: &regions,
    };
    // A guide that was left goes on waiting for its answers.
    let waiting = stack.iter_mut().rev().chain(parked.values_mut().flatten());
    for screen in waiting {
        let waited_to_apply =
            matches!(screen, super::Screen::Apply(apply) if apply.end.awaits(ticket));
        let waited_to_plan =
            matches!(screen, super::Screen::Plan(plan) if plan.totals.awaits(ticket));
        let waited_to_pull = matches!(screen, super::Screen::Pull(pull) if pull.end.awaits(ticket));
        let waited_to_sign =
            matches!(screen, super::Screen::SignOff(signoff) if signoff.end.awaits(ticket));
        answer = answer.and_then(|answer| screen.answer(ticket, answer, &mut ctx));
        if answer.is_some() {
            continue;
        }
        if waited_to_plan && (ends_plan || failed) {
            ctx.shared.planning = None;
        }
        if waited_to_pull {
            ctx.shared.pulling = None;
        }
        if waited_to_sign {
            ctx.shared.signing = None;
        }
        if waited_to_apply && (ends_apply || failed) {
            repaired(&mut ctx);
        }
        return;
    }
    // A plan that was left is over all the same; so is a repair whose screen was left.
    if ends_plan {
        ctx.shared.planning = None;
    }
}

/// Audits again after a repair has changed the hub.
fn repaired(ctx: &mut Ctx) {
    ctx.shared.applying = None;
    ctx.shared.repairs += 1;
    ctx.shared.changed = Some((ctx.shared.now(), ctx.shared.work));
    ctx.shared.counts = Slot::Empty;
    if ctx.shared.leaving {
        ctx.out.push(Effect::Quit);
        return;
    }
    // An audit that is under way has read a part of the hub before the change.
    ctx.shared.audits.again = matches!(ctx.shared.audits.slot, Slot::Pending(_));
    let ask = next_audit(ctx.shared);
    start_audit(ctx.shared, ctx.out, ask, false);
}

/// Handles events that belong to the session and not to a screen.
fn session(
    state: &mut State,
    ticket: Ticket,
    answer: Answer,
    out: &mut Vec<Effect>,
) -> Option<Answer> {
    let shared = &mut state.shared;
    if shared.open.awaits(ticket) {
        return opened(state, answer, out);
    }
    if shared.audits.slot.awaits(ticket) {
        return audited(state, answer, out);
    }
    if shared.seeking == Some(ticket) {
        super::jumps::found(state, answer, out);
        return None;
    }
    if shared.completing == Some(ticket) {
        shared.completing = None;
        if let Answer::Folders(ways) = &answer {
            super::typed::complete_path(state, ways);
        }
        return None;
    }
    if shared.opening_copies == Some(ticket) {
        copies(state, answer, out);
        return None;
    }
    if shared.exporting == Some(ticket) {
        shared.exporting = None;
        return written(state, ticket, answer);
    }
    if shared.copying == Some(ticket) {
        shared.copying = None;
        match answer {
            Answer::Table(text) => super::copy(state, text, out),
            Answer::Failed(why) => shared.tell(Level::Error, format!("not copied: {why}")),
            other => return Some(other),
        }
        return None;
    }
    let answer = figures(shared, ticket, answer)?;
    match &mut state.overlay {
        Some(Overlay::Branches(branches)) if branches.list.awaits(ticket) => {
            let rest = listed(branches, ticket, answer);
            if branches.chosen
                && let Some(Overlay::Branches(branches)) = state.overlay.take()
            {
                super::overlays::choose(state, branches, Action::Submit, out);
            }
            rest
        }
        _ => Some(answer),
    }
}

/// Takes the answer whether a folder of copies could be opened, and plans what its copies restore.
fn copies(state: &mut State, answer: Answer, out: &mut Vec<Effect>) {
    let shared = &mut state.shared;
    shared.opening_copies = None;
    match answer {
        Answer::Copies(path) => {
            let what = format!("what needs a copy, with the copies in {path}");
            shared.copies = Some(path);
            if let Some(why) = super::refusal(state, Action::Copies) {
                return state
                    .shared
                    .tell(Level::Warning, format!("not planned: {why}"));
            }
            super::on_top(state, out, |_, ctx| {
                let tried = ctx
                    .shared
                    .audits
                    .fixes
                    .ready()
                    .is_none_or(|line| line.tried);
                let filter = luthier_repair::wanted::needing_a_copy(tried);
                PlanScreen::open(Selection::Chosen(filter), &what, ctx)
            });
        }
        Answer::Failed(why) => shared.tell(Level::Error, why),
        _ => {}
    }
}

/// Takes figures of the hub.
fn figures(shared: &mut Shared, ticket: Ticket, answer: Answer) -> Option<Answer> {
    if shared.counts.awaits(ticket) {
        shared.counts = match answer {
            Answer::Counts(counts) => Slot::Ready(counts),
            Answer::Failed(why) => Slot::Failed(why),
            other => return Some(other),
        };
        return None;
    }
    if shared.audits.repos_slot.awaits(ticket) {
        shared.audits.repos_slot = Slot::Ready(());
        if let Answer::Groups(groups) = answer {
            let held = groups.into_iter().take(REPOS);
            shared.audits.repos = held
                .map(|group| (group.name.exact().to_owned(), group))
                .collect();
        }
        return None;
    }
    if shared.audits.fixes.awaits(ticket) {
        shared.audits.fixes = match answer {
            Answer::Fixes(fixes) => Slot::Ready(fixes),
            Answer::Failed(why) => Slot::Failed(why),
            other => return Some(other),
        };
        return None;
    }
    Some(answer)
}

/// Takes the answer whether the hub could be opened.
fn opened(state: &mut State, answer: Answer, out: &mut Vec<Effect>) -> Option<Answer> {
    let shared = &mut state.shared;
    match answer {
        Answer::Opened {
            database,
            store,
            notes,
        } => {
            (shared.hub_info.database, shared.hub_info.store) = (database, store);
            shared.open = Slot::Ready(notes);
            let ask = next_audit(shared);
            start_audit(shared, out, ask, false);
        }
        Answer::Failed(why) => shared.open = Slot::Failed(why),
        other => return Some(other),
    }
    None
}

/// Takes the answer whether a file could be written.
fn written(state: &mut State, ticket: Ticket, answer: Answer) -> Option<Answer> {
    let (level, text) = match answer {
        Answer::Exported { path, word, rows } => {
            let rows = luthier_hub::text::grouped(rows);
            (Level::Info, format!("wrote {rows} {word} to {path}"))
        }
        Answer::Wrote(what) => {
            let screens = state
                .stack
                .iter_mut()
                .chain(state.parked.values_mut().flatten());
            for screen in screens {
                if let super::Screen::SignOff(signoff) = screen {
                    signoff.saved(ticket);
                }
            }
            (Level::Info, format!("wrote {what}"))
        }
        Answer::Failed(why) => (Level::Error, format!("not written: {why}")),
        other => return Some(other),
    };
    state.shared.tell(level, text);
    None
}

/// Branches to choose from.
fn listed(branches: &mut Branches, ticket: Ticket, answer: Answer) -> Option<Answer> {
    match answer {
        Answer::Branches { rows, end } => {
            let key = rows.last().map(|row| row.name.exact().to_owned());
            branches.list.take(ticket, Ok((rows, end, key)));
        }
        Answer::Failed(why) => branches.list.take(ticket, Err(why)),
        other => return Some(other),
    }
    None
}

/// Returns the end of an audit.
fn audited(state: &mut State, answer: Answer, out: &mut Vec<Effect>) -> Option<Answer> {
    let shared = &mut state.shared;
    match answer {
        Answer::Audited(line) => {
            shared.audits.slot = Slot::Empty;
            shared.audits.ended += 1;
            if let Scope::Hub | Scope::Repo(_) = shared.audits.asked.scope {
                shared.audits.scope = shared.audits.asked.scope.clone();
                shared.audits.scope_depth = shared.audits.asked.depth;
            }
            known(state, *line, out);
            tell(state);
            audit_again(state, out);
        }
        Answer::Failed(why) => {
            shared.tell(Level::Error, format!("audit: {why}"));
            shared.audits.slot = Slot::Failed(why);
        }
        other => return Some(other),
    }
    None
}

/// Starts another audit where the last one began before a repair had ended.
fn audit_again(state: &mut State, out: &mut Vec<Effect>) {
    let shared = &mut state.shared;
    if std::mem::take(&mut shared.audits.again) {
        shared.changed = Some((shared.now(), shared.work));
        let ask = next_audit(shared);
        start_audit(shared, out, ask, false);
    }
}

/// Takes over what is known now.
pub fn known(state: &mut State, known: KnownLine, out: &mut Vec<Effect>) {
    let shared = &mut state.shared;
    // Two tasks may send theirs in any order; the later report holds the earlier.
    if known.report < shared.audits.report {
        return;
    }
    shared.audits.report = known.report;
    shared.audits.last = Some(known);
    let (scope, ticket) = (shared.scope(), shared.ticket());
    let ask = Query::Groups(Filter::default(), GroupBy::Repo);
    shared.audits.repos_slot = Slot::Pending(ticket);
    out.push(Effect::Read { scope, ticket, ask });
    let (scope, ticket) = (shared.scope(), shared.ticket());
    let ask = Query::Fixes(shared.audits.report);
    shared.audits.fixes = Slot::Pending(ticket);
    let before = shared.audits.fixes_scope.replace(scope);
    out.extend(before.map(Effect::Close));
    out.push(Effect::Read { scope, ticket, ask });
}

/// Reports what is known after an audit, if that is new; a repair's own notice stays.
fn tell(state: &mut State) {
    let shared = &mut state.shared;
    let (Some(known), true) = (&shared.audits.last, shared.audits.by_hand) else {
        return;
    };
    let found: u64 = known.summary.findings.values().sum();
    let words = format!(
        "audit of {} ended; {} known",
        scope_words(&shared.audits.asked.scope),
        luthier_hub::text::plural(found, "finding")
    );
    shared.tell(Level::Info, words);
}
