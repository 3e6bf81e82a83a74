//! Draws a tried pull.

use super::PullScreen;
use crate::lines::pulled::BranchesLine;
use crate::lines::{HubId, PulledLine, RefusedLine};
use crate::regions::Regions;
use crate::state::{Shared, Slot};
use crate::theme::Theme;
use crate::widgets::pane::{self, Text};
use luthier_client::Received;
use luthier_hub::text;
use luthier_object::Kind;
use ratatui::Frame;

impl PullScreen {
    /// Draws it.
    pub fn view(&self, frame: &mut Frame, shared: &Shared, regions: &Regions, theme: &Theme) {
        let all = if self.ask.branch.is_none() {
            "  all branches"
        } else {
            ""
        };
        let title = format!("pull  {}{all}", self.ask.shown());
        let area = pane::pane(frame, regions.panes[0], theme, &title, true);
        self.text(area.width, shared, theme)
            .draw(frame, area, self.cursor, theme);
    }

    /// Returns what is shown, in lines of `width` cells.
    pub(super) fn text(&self, width: u16, shared: &Shared, theme: &Theme) -> Text {
        let mut out = Text::new(width);
        match (&self.end, &shared.pulling) {
            (Slot::Ready(end), _) => {
                if self.is_stale(shared) {
                    let words = "traced before the hub was changed; r traces it again";
                    out.say(words, theme.warning);
                }
                ended(end, self.cursor.at, &mut out, theme);
            }
            (Slot::Failed(why), _) => out.say(&format!("✗ {why}"), theme.error),
            (_, Some(meter)) => {
                out.say(
                    "reading from the heads to the blobs, as a client does",
                    theme.running,
                );
                out.pair(
                    "objects",
                    &text::grouped(meter.figures.done),
                    theme,
                    theme.text,
                );
                out.pair(
                    "bytes",
                    &text::bytes(meter.figures.bytes),
                    theme,
                    theme.text,
                );
                out.pair("now", &meter.figures.subject, theme, theme.text);
            }
            (_, None) => out.say("…", theme.pending),
        }
        out
    }
}

/// Draws the way from the head down to the refused object.
fn tree(refused: &RefusedLine, out: &mut Text, theme: &Theme) {
    let last = refused.way.len().saturating_sub(1);
    for (depth, step) in refused.way.iter().enumerate() {
        let (mark, style) = if depth == last {
            ("✗", theme.error)
        } else {
            ("✓", theme.text)
        };
        let branch = match depth {
            0 => String::new(),
            deep => format!("{}╰ ", "  ".repeat(deep - 1)),
        };
        out.hang(&format!("{mark} {branch}"), step, style);
    }
}

pub(super) fn ended(end: &PulledLine, at: u64, out: &mut Text, theme: &Theme) {
    if let Some(branches) = &end.branches {
        say_branches(branches, at, out, theme);
    } else {
        match (&end.refused, end.stopped) {
            (Some(refused), _) => say_refused(refused, out, theme),
            (None, true) => out.say("stopped before the end", theme.warning),
            (None, false) => out.say("✓ the pull succeeds", theme.good),
        }
        out.gap();
    }
    if end.stopped && end.branches.is_some() {
        out.say(
            "stopped before the end; the other branches were not traced",
            theme.warning,
        );
    }
    for (name, head) in &end.heads {
        let head = head
            .as_ref()
            .map_or_else(|| "no commit yet".to_owned(), HubId::short);
        out.pair("branch", &format!("{name}  {head}"), theme, theme.text);
    }
    out.gap();
    if end
        .branches
        .as_ref()
        .is_some_and(BranchesLine::is_one_by_one)
    {
        let text = "each branch was pulled by itself: what branches share is counted with each";
        out.say(text, theme.muted);
    }
    say_received(&end.received, out, theme);
    say_taken(end, out, theme);
}

/// Draws the figures of what was received, as `luthier pull` prints them.
fn say_received(received: &Received, out: &mut Text, theme: &Theme) {
    for kind in Kind::ALL {
        let made = received.reconstructed[kind as usize];
        let mut words = format!("{} fetched", text::grouped(received.fetched[kind as usize]));
        let style = if made > 0 { theme.warning } else { theme.text };
        if made > 0 {
            let made = text::grouped(made);
            words += &format!(", {made} of them made from rows without storage_uri");
        }
        out.pair(&format!("{kind}s"), &words, theme, style);
    }
    if let Some(words) = received.foreign_words() {
        out.pair("", &words, theme, theme.muted);
    }
    out.pair("bytes", &text::bytes(received.bytes), theme, theme.text);
}

fn say_refused(refused: &RefusedLine, out: &mut Text, theme: &Theme) {
    out.say(
        &format!("✗ a client refuses it: {}", refused.why),
        theme.error,
    );
    out.gap();
    tree(refused, out, theme);
}

/// The most rows of failing branches above the details of one.
const LISTED: usize = 8;

/// Draws the failing branches with their reasons, and the way to the refused object of the one at `at`.
fn say_branches(branches: &BranchesLine, at: u64, out: &mut Text, theme: &Theme) {
    let total = branches.whole + branches.empty + branches.failed + branches.unread;
    let mut words = format!(
        "{} of {} {}, {} succeed",
        text::grouped(branches.failed),
        text::plural(total, "branch"),
        if total == 1 { "fails" } else { "fail" },
        text::grouped(branches.whole)
    );
    for (count, part) in [
        (branches.empty, "have no commit"),
        (branches.unread, "could not be read"),
    ] {
        if count > 0 {
            words += &format!(", {} {part}", text::grouped(count));
        }
    }
    match (branches.failed, branches.unread) {
        (0, 0) if branches.together.is_none() => {
            out.say("✓ the pull succeeds", theme.good);
            out.say(&words, theme.text);
        }
        (0, _) => out.say(&format!("? {words}"), theme.warning),
        _ => out.say(&format!("✗ {words}"), theme.error),
    }
    if let Some(together) = &branches.together {
        let words = format!("✗ no client takes all branches together: {together}");
        out.say(&words, theme.error);
    }
    out.gap();
    say_failing(branches, at, out, theme);
}

/// Draws the failing branches around the one at `at`, and what is known of that one.
fn say_failing(branches: &BranchesLine, at: u64, out: &mut Text, theme: &Theme) {
    let at = usize::try_from(at)
        .unwrap_or(0)
        .min(branches.named.len().saturating_sub(1));
    let from = (at + 1).saturating_sub(LISTED);
    let first = out.lines.len();
    for (n, failed) in branches.named.iter().enumerate().skip(from).take(LISTED) {
        let mark = if failed.unread { "?" } else { "✗" };
        let chosen = if n == at { "▸" } else { " " };
        let why = match &failed.refused {
            // The list has no room for the way to the object, but the object is not the branch.
            Some(refused) => &format!("{}: {}", refused.kind, refused.why),
            None => &failed.why,
        };
        let style = if n == at { theme.text } else { theme.muted };
        let name = crate::widgets::list::fit(failed.branch.shown(), 24);
        let rows = match failed.rows {
            1 => String::new(),
            rows => format!("({rows} rows) "),
        };
        out.cut(&format!("{chosen} {mark} {name}  {rows}{why}"), style);
    }
    out.rows = (first..out.lines.len(), from as u64);
    let rest = (branches.failed + branches.unread).saturating_sub((from + LISTED) as u64);
    if rest > 0 && !branches.named.is_empty() {
        out.say(&format!("  and {} more", text::grouped(rest)), theme.muted);
    }
    out.gap();
    if let Some(failed) = branches.named.get(at) {
        match &failed.refused {
            Some(refused) => say_refused(refused, out, theme),
            None => out.say(&format!("✗ {}", failed.why), theme.error),
        }
        out.gap();
    }
}

fn say_taken(end: &PulledLine, out: &mut Text, theme: &Theme) {
    if !end.taken.is_empty() {
        out.gap();
        out.say("the last objects of the pull, latest first", theme.title);
        for taken in end.taken.iter().rev() {
            let (mark, style) = match taken.reconstructed {
                true => ("~ row   ", theme.warning),
                false => ("✓ stored", theme.muted),
            };
            out.say(
                &format!("{mark} {:<8} {}", taken.kind, taken.id.short()),
                style,
            );
        }
    }
}
