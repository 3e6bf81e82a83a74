//! State to cells: the first line, the screen, progress, status, keys, and what covers them.

use super::action::Action;
use super::effect::Job;
use super::filter::{completions, last_word};
use super::keymap::Row;
use super::notices::Level;
use super::overlay::{Overlay, Purpose};
use super::regions::{Regions, SMALLEST, too_small};
use super::screens::Screen;
use super::state::{Slot, State};
use super::theme::Theme;
use super::update::refusal;
use super::widgets::{gauge, input, list, log, pane};
use luthier_hub::store::Environment;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;
use std::ops::Range;
use unicode_width::UnicodeWidthStr;

/// Draws everything.
pub fn view(state: &State, theme: &Theme, frame: &mut Frame) {
    let size = frame.area().as_size();
    if too_small(size) {
        let text = format!(
            "needs {}x{}, has {}x{}",
            SMALLEST.width, SMALLEST.height, size.width, size.height
        );
        frame.render_widget(Line::styled(text, theme.warning), frame.area());
        return;
    }
    // A frame may come before the event that tells of a resize.
    let regions = if size == state.shared.size {
        state.regions()
    } else {
        super::regions::regions(size, super::regions::Wish::default())
    };
    banner(state, frame, regions.banner, theme);
    guide(state, frame, regions.guide, theme);
    if let Some(screen) = state.stack.last() {
        screen.view(frame, &state.shared, &regions, theme);
    }
    if regions.progress.height > 0
        && let Some((job, meter)) = state.shared.job()
    {
        let width = regions.progress.width;
        let line = gauge::line(word(job), meter, state.shared.clock, width, theme);
        frame.render_widget(line, regions.progress);
    }
    status(state, frame, &regions, theme);
    footer(state, frame, regions.footer, theme);
    overlay(state, frame, theme);
}

const fn word(job: Job) -> &'static str {
    match job {
        Job::Audit => "audit",
        Job::Plan => "plan",
        Job::Apply => "repair",
        Job::Pull => "pull",
        Job::SignOff => "sign-off",
    }
}

/// Draws badge, mode, name, database, store, and on the right the running job: whole items, dropped from the right.
fn banner(state: &State, frame: &mut Frame, area: Rect, theme: &Theme) {
    let hub_info = &state.shared.hub_info;
    let production = hub_info.environment == Environment::Production;
    if production {
        frame.buffer_mut().set_style(area, theme.production);
    }
    let (plain, mode) = match (production, hub_info.writable) {
        (true, _) => (theme.production, theme.production),
        (false, true) => (theme.text, theme.writable),
        (false, false) => (theme.text, theme.readonly),
    };
    let width = usize::from(area.width);
    let badge = format!(" {} ", hub_info.environment.badge());
    let word = format!(" {} ", hub_info.mode());
    let mut used = badge.width() + word.width();
    let mut spans = vec![
        Span::styled(badge, theme.environment(hub_info.environment)),
        Span::styled(word, mode),
    ];
    let lost = if state.shared.lost.is_some() { 20 } else { 0 };
    // The name is what writing is confirmed with: it is cut rather than left out.
    let name = format!(
        " {}",
        luthier_hub::text::cut(&hub_info.name, width.saturating_sub(used + 1 + lost))
    );
    used += name.width();
    spans.push(Span::styled(name, plain));
    if state.shared.lost.is_some() {
        let word = " ✗ CONNECTION LOST ";
        spans.push(Span::styled(" ", plain));
        spans.push(Span::styled(word, theme.error));
        used += word.width() + 1;
    }
    let items = [hub_info.database.as_str(), hub_info.store.as_str()];
    for item in items.into_iter().map(|item| format!("   {item}")) {
        if used + item.width() > width {
            break;
        }
        used += item.width();
        spans.push(Span::styled(item, plain));
    }
    if let Some(text) = running(state) {
        let room = width.saturating_sub(used);
        if text.width() + 2 <= room {
            spans.push(Span::styled(" ".repeat(room - text.width() - 1), plain));
            let style = if production { plain } else { theme.running };
            spans.push(Span::styled(text, style));
        }
    }
    frame.render_widget(Line::from(spans), area);
}

/// Draws the current step of the guide, and the key that leads on.
fn guide(state: &State, frame: &mut Frame, area: Rect, theme: &Theme) {
    let Some(guide) = state.guide.filter(|_| area.height > 0) else {
        return;
    };
    let (step, lead) = guide.step(&state.stack, &state.shared);
    let name = format!(" {} {step}/{}", guide.title(), guide.steps());
    let room = usize::from(area.width).saturating_sub(name.width() + 3);
    let line = Line::from(vec![
        Span::styled(name, theme.guide),
        Span::styled(
            format!("  {}", luthier_hub::text::cut(lead, room)),
            theme.text,
        ),
    ]);
    frame.render_widget(line, area);
}

/// Returns the running job, for the right end of the line.
fn running(state: &State) -> Option<String> {
    let shared = &state.shared;
    let spinner = gauge::spinner(shared.clock);
    if let Some((job, meter)) = shared.job() {
        let share = meter.share().map_or(String::new(), |share| {
            format!(" {:.0}%", (share * 100.0).floor())
        });
        return Some(format!("{spinner} {}{share}", word(job)));
    }
    match &shared.open {
        Slot::Pending(_) => Some(format!("{spinner} opening")),
        Slot::Failed(_) => Some("✗ not open".to_owned()),
        _ => None,
    }
}

/// Draws the marks on the left and the last notice on the right, or the filter while it is typed.
fn status(state: &State, frame: &mut Frame, regions: &Regions, theme: &Theme) {
    let area = regions.status;
    if let Some(Overlay::Prompt {
        purpose,
        typed,
        before,
        ..
    }) = &state.overlay
    {
        let used = input::draw(frame, area, theme, purpose.prefix(), typed);
        if *purpose == Purpose::Filter {
            let words = match typed.value() {
                "" => offers(state, "", used, area),
                // What is typed now stands behind the filter that there was.
                typed if typed == before => "ctrl-u empties the line".to_owned(),
                typed => offers(state, typed, used, area),
            };
            behind(&words, used, frame, area, theme);
        }
        return;
    }
    let left = state
        .stack
        .last()
        .map_or_else(String::new, |screen| screen.status(&state.shared));
    let room = usize::from(area.width).saturating_sub(1);
    let shown = luthier_hub::text::cut(&left, room);
    let mut spans = vec![Span::styled(format!(" {shown}"), theme.marked)];
    if let Some(notice) = state.shared.notices.shown() {
        let style = match notice.level {
            Level::Info => theme.notice,
            Level::Warning => theme.warning,
            Level::Error => theme.error,
        };
        let used = left.width() + 4;
        if used + notice.text.width() > usize::from(area.width) {
            // A notice is news; what is marked is still there after it.
            return long_notice(&notice.text, style, frame, area);
        }
        spans.push(Span::raw("   "));
        spans.push(Span::styled(notice.text.clone(), style));
    }
    frame.render_widget(Line::from(spans), area);
}

/// The most lines of a notice; the log has all of it.
const NOTICE_LINES: usize = 3;

/// Draws a notice that takes the whole line, and where that is too short, the lines above it.
fn long_notice(text: &str, style: Style, frame: &mut Frame, area: Rect) {
    let width = usize::from(area.width).saturating_sub(2);
    let mut lines = list::wrap(text, width);
    if lines.len() > NOTICE_LINES {
        let rest = lines.split_off(NOTICE_LINES - 1).join(" ");
        lines.push(luthier_hub::text::cut(&rest, width).into_owned());
    }
    let height = u16::try_from(lines.len()).unwrap_or(1);
    let area = Rect {
        y: area.bottom().saturating_sub(height),
        height,
        ..area
    };
    frame.render_widget(Clear, area);
    let lines = lines.into_iter();
    let lines = lines.map(|line| Line::styled(format!(" {line}"), style));
    pane::lines(frame, area, 0, lines);
}

/// Returns the text with which tab would complete the typed text.
fn offers(state: &State, typed: &str, used: usize, area: Rect) -> String {
    let start = last_word(typed);
    let mut room = usize::from(area.width).saturating_sub(used + 3);
    let mut words = String::new();
    let fields = state.stack.last().map_or(&[][..], Screen::conditions);
    for line in completions(typed, fields, &state.shared.audits.repos) {
        let word = super::lines::clean(&line[start..]);
        if line == typed || word.width() + 1 > room {
            continue;
        }
        room -= word.width() + 1;
        words += &format!(" {word}");
    }
    match words.is_empty() {
        true => words,
        false => format!("tab{words}"),
    }
}

/// Draws words behind a typed line that uses so many cells.
fn behind(words: &str, used: usize, frame: &mut Frame, area: Rect, theme: &Theme) {
    let at = area
        .x
        .saturating_add(u16::try_from(used).unwrap_or(u16::MAX));
    let area = Rect {
        x: at.min(area.right()),
        width: area.right().saturating_sub(at),
        ..area
    };
    frame.render_widget(Line::styled(words, theme.input.patch(theme.muted)), area);
}

/// Returns whether a key has nothing to do on this plan or repair, and never will: an empty plan, one that skips
/// nothing, or a repair that has ended.
fn is_over(state: &State, action: Action) -> bool {
    let is_settled = match state.stack.last() {
        Some(Screen::Plan(plan)) => plan
            .totals
            .ready()
            .is_some_and(|totals| totals.steps == 0 || action == Action::Cycle),
        Some(Screen::Apply(_)) => state.shared.applying.is_none(),
        _ => false,
    };
    is_settled && state.overlay.is_none() && refusal(state, action).is_some()
}

/// Returns the keys that work here, by rank, as many whole ones as fit, with the cells that each takes. The way back
/// and the way out stand last, and give way to no other.
pub fn footer_items(state: &State, width: u16) -> Vec<(Range<u16>, &Row)> {
    let rows = state.keymap.footer(state.context());
    let rows = rows
        .into_iter()
        .filter(|row| !is_over(state, row.binding.action));
    let leads_out = |row: &&Row| {
        state.overlay.is_none() && matches!(row.binding.action, Action::Back | Action::Leave)
    };
    let (mut last, others): (Vec<&Row>, Vec<&Row>) = rows.partition(leads_out);
    last.retain(|row| row.binding.action != Action::Back || state.stack.len() > 1);
    last.sort_by_key(|row| row.binding.action == Action::Leave);
    let cells = |row: &Row| {
        let cells = row.key().width() + row.binding.title.width() + 3;
        u16::try_from(cells).unwrap_or(u16::MAX)
    };
    let kept = last
        .iter()
        .fold(0u16, |sum, row| sum.saturating_add(cells(row)));
    let room = width.saturating_sub(kept);
    let mut used = 0;
    let mut out = Vec::new();
    for row in others {
        // A shorter one of a lower rank may still fit.
        if cells(row) <= room.saturating_sub(used) {
            out.push((used..used + cells(row), row));
            used += cells(row);
        }
    }
    for row in last {
        if cells(row) <= width.saturating_sub(used) {
            out.push((used..used + cells(row), row));
            used += cells(row);
        }
    }
    out
}

fn footer(state: &State, frame: &mut Frame, area: Rect, theme: &Theme) {
    let mut spans = Vec::new();
    for (_, row) in footer_items(state, area.width) {
        let refused = state.overlay.is_none() && refusal(state, row.binding.action).is_some();
        let (key_style, style) = if refused {
            (theme.refused, theme.refused)
        } else {
            (theme.key, theme.text)
        };
        spans.push(Span::styled(format!(" {} ", row.key()), key_style));
        spans.push(Span::styled(format!("{} ", row.binding.title), style));
    }
    frame.render_widget(Line::from(spans), area);
}

fn overlay(state: &State, frame: &mut Frame, theme: &Theme) {
    match &state.overlay {
        Some(Overlay::Confirm(confirm)) => confirm.view(frame, theme),
        Some(Overlay::Help(help)) => {
            help.view(frame, theme, &state.keymap, |action| refusal(state, action))
        }
        Some(Overlay::Palette(palette)) => {
            palette.view(frame, theme, |action| refusal(state, action));
        }
        Some(Overlay::Log(cursor)) => log::view(&state.shared, *cursor, frame, theme),
        Some(Overlay::Branches(branches)) => branches.view(frame, theme),
        Some(Overlay::Audit(choice)) => choice.view(frame, &state.shared, theme),
        Some(Overlay::Export) => crate::widgets::export::view(frame, state.shared.format, theme),
        Some(Overlay::Prompt { .. }) | None => {}
    }
}
