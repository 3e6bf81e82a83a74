//! Draws the repositories.

use super::{Beside, COLUMNS, Repos, stopped_from_elsewhere};
use crate::effect::RepoOrder;
use crate::lines::RepoLine;
use crate::lines::known::{NOT_TOGETHER, Rest, before, branch_words, nothing_found, rests_on};
use crate::pages::Row;
use crate::regions::Regions;
use crate::screens::{ago, exactly};
use crate::sorting::column_at;
use crate::state::{Shared, Slot};
use crate::theme::Theme;
use crate::widgets::list::{self, fit, fit_right};
use crate::widgets::pane::{self, Text};
use luthier_hub::text;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

impl Repos {
    /// Draws it.
    pub fn view(&self, frame: &mut Frame, shared: &Shared, regions: &Regions, theme: &Theme) {
        let [first, second, _] = regions.panes;
        if first.width > 0 {
            let area = pane::pane(frame, first, theme, &self.title(), !self.beside);
            self.view_list(frame, area, shared, theme);
        }
        if second.width > 0 {
            let area = pane::pane(frame, second, theme, "repository", self.beside);
            if let Some(text) = self.text_beside(area.width, shared, theme) {
                text.draw(frame, area, self.detail, theme);
            }
        }
    }

    fn text_beside(&self, width: u16, shared: &Shared, theme: &Theme) -> Option<Text> {
        let row = self.current()?;
        let more = self.more.as_ref().filter(|more| more.of == row.id);
        Some(describe(row, more, width, (shared, theme)))
    }

    /// Counts the lines about the repository under the cursor in a pane of `width` cells.
    pub(super) fn lines_beside(&self, width: u16, shared: &Shared) -> u64 {
        let text = self.text_beside(width, shared, &Theme::ansi());
        text.map_or(0, |text| text.lines.len() as u64)
    }

    fn title(&self) -> String {
        let mut title = match &self.placed {
            Slot::Ready((0, _)) => "repositories  none".to_owned(),
            Slot::Ready((count, cut)) => {
                let more = if *cut { " and more" } else { "" };
                let at = text::grouped(self.cursor.at + 1);
                format!("repositories  {at} of {}{more}", text::grouped(*count))
            }
            _ => "repositories  …".to_owned(),
        };
        if !self.text.trim().is_empty() {
            title += &format!("  /{}", crate::lines::clean(&self.text));
        }
        title
    }

    /// Returns the column whose heading is at a cell of the list.
    #[must_use]
    pub fn column_at(&self, width: u16, x: u16) -> Option<usize> {
        let columns = self.columns(width);
        let cells = [
            (Some(1), columns.path + 1),
            (Some(0), PULLS + 1),
            (Some(2), 10),
            (Some(3), columns.found + 1),
            (None, if columns.looked { 15 } else { 0 }),
            (Some(4).filter(|_| columns.pushed), 11),
        ];
        column_at(&cells, x)
    }

    fn columns(&self, width: u16) -> Columns {
        let by_push = COLUMNS[self.sorting.column].0 == RepoOrder::Pushed;
        Columns::new(width, by_push)
    }

    fn view_list(&self, frame: &mut Frame, area: Rect, shared: &Shared, theme: &Theme) {
        let columns = self.columns(area.width);
        let [head, body] = pane::headed(area);
        let name = |column: usize| self.sorting.heading(column, COLUMNS[column].1);
        let mut heading = format!(
            " {} {} {} {}",
            fit(&name(1), columns.path),
            fit_right(&name(0), PULLS),
            fit_right(&name(2), 9),
            fit_right(&name(3), columns.found)
        );
        if columns.looked {
            heading += &format!("  {}", fit("looked at", 13));
        }
        if columns.pushed {
            heading += &format!(" {}", fit(&name(4), 10));
        }
        frame.render_widget(Line::styled(heading, theme.muted), head);
        let instead = match &self.placed {
            Slot::Failed(why) => Some((format!(" ✗ {why}"), theme.error)),
            Slot::Ready((0, _)) if self.text.trim().is_empty() => {
                Some((" no repositories".to_owned(), theme.muted))
            }
            Slot::Ready((0, _)) => {
                let text = " no repository has this name; / changes the filter, esc shows all";
                Some((text.to_owned(), theme.muted))
            }
            Slot::Ready(_) => None,
            _ => Some((" …".to_owned(), theme.pending)),
        };
        if let Some((text, style)) = instead {
            frame.render_widget(Line::styled(text, style), body);
            return;
        }
        list::draw(
            frame,
            body,
            theme,
            (self.cursor, self.len()),
            |at| match self.list.row(at) {
                Row::Ready(row) => line(row, columns, shared, theme),
                Row::Pending => Line::styled(" …", theme.pending),
                Row::Failed(why) => Line::styled(format!(" ✗ {why}"), theme.error),
            },
        );
    }
}

/// The cells of the column that says how many pulls fail.
const PULLS: usize = 13;

/// The widths of a line's cells.
#[derive(Clone, Copy)]
struct Columns {
    path: usize,
    found: usize,
    /// There is room to say how deep it was looked at.
    looked: bool,
    /// There is room to say when it was pushed to.
    pushed: bool,
}

impl Columns {
    /// Lays out the columns. If there is little room, the time of the last push goes first, unless the list is sorted
    /// by it.
    fn new(width: u16, by_push: bool) -> Self {
        let width = usize::from(width);
        let pushed = by_push || width >= 100;
        // Without room for both, the name says more.
        let looked = width >= 68;
        // In full, the number of findings and of the worst ones takes 20 cells.
        let found = if width >= 100 { 20 } else { 14 };
        let rest = match (pushed, looked) {
            (true, _) => 59,
            (false, true) => 48,
            (false, false) => 30,
        };
        Self {
            path: width.saturating_sub(rest + found).clamp(12, 60),
            found,
            looked: looked || pushed,
            pushed,
        }
    }
}

fn line(row: &RepoLine, columns: Columns, shared: &Shared, theme: &Theme) -> Line<'static> {
    let path = row.path.exact();
    let past = shared.audits.last_repo_audit(path);
    let (found, style) = match shared.audits.repos.get(path) {
        Some(group) => (group.words(columns.found), theme.grade(group.worst)),
        None => {
            let (words, rest) = nothing_found(past);
            let fails = stopped_from_elsewhere(row, shared);
            match rest {
                // An object that repositories share is a finding of one of them.
                _ if fails => ("· elsewhere".to_owned(), theme.muted),
                Rest::Proved => (words, said(rest, theme)),
                Rest::Shallow => ("· none".to_owned(), said(rest, theme)),
                Rest::Unknown => ("?".to_owned(), said(rest, theme)),
            }
        }
    };
    let looked = match row.deleted && !columns.pushed {
        true => "deleted".to_owned(),
        false => looked_at(row, shared),
    };
    let pushed = match (row.deleted, row.pushed) {
        (true, _) => "deleted".into(),
        (false, Some(at)) => ago(at, shared),
        (false, None) => "never".into(),
    };
    let (branches, branch_style) = pulls(row, shared, theme);
    let mut spans = vec![
        Span::styled(
            format!(" {} ", fit(row.path.shown(), columns.path)),
            theme.text,
        ),
        Span::styled(fit_right(&branches, PULLS), branch_style),
        Span::styled(
            format!(" {} ", fit_right(&text::grouped(row.commits), 9)),
            theme.text,
        ),
        Span::styled(fit_right(&found, columns.found), style),
    ];
    if columns.looked {
        spans.push(Span::styled(format!("  {}", fit(&looked, 13)), theme.muted));
    }
    if columns.pushed {
        spans.push(Span::styled(format!(" {}", fit(&pushed, 10)), theme.muted));
    }
    Line::from(spans)
}

/// Returns the style of a verdict that found nothing.
fn said(rest: Rest, theme: &Theme) -> Style {
    match rest {
        Rest::Proved => theme.good,
        Rest::Shallow => theme.muted,
        Rest::Unknown => theme.pending,
    }
}

/// Formats an age in one unit.
fn age(at: i64, shared: &Shared) -> String {
    let ago = ago(at, shared);
    ago.trim_end_matches(" ago").to_owned()
}

/// Says of how many branches the pull fails: `✗ 2 of 8`, `✗ 2+ of 8` where more may, since not everything was read; a tick
/// only if all are known to succeed.
fn pulls(row: &RepoLine, shared: &Shared, theme: &Theme) -> (String, Style) {
    let total = text::grouped(row.branches);
    let Some(known) = shared.audits.branches_of(row.path.exact()) else {
        return match row.deleted {
            true => ("–".to_owned(), theme.muted),
            false => (format!("? of {total}"), theme.pending),
        };
    };
    let is_final = known.is_final() && known.total() == row.branches;
    let (mark, style) = match (known.fail, is_final) {
        (1.., _) => ("✗", theme.error),
        (0, true) => ("✓", theme.good),
        (0, false) => ("?", theme.pending),
    };
    let more = if is_final { "" } else { "+" };
    let few = format!("{mark} {}{more}", text::grouped(known.fail));
    let whole = format!("{few} of {total}");
    let fits = whole.chars().count() <= PULLS;
    (if fits { whole } else { few }, style)
}

/// Says how a repository was looked at last: the depth of its audit, or that all its branches were pulled since.
fn looked_at(row: &RepoLine, shared: &Shared) -> String {
    let path = row.path.exact();
    let Some(past) = shared.audits.last_repo_audit(path) else {
        return "never".to_owned();
    };
    let known = shared.audits.branches_of(path);
    let known = known.filter(|known| known.tried == row.branches && row.branches > 0);
    if let Some(at) = known.and_then(|known| known.tried_at)
        && at > past.at
        && shared.changed.is_none_or(|(changed, _)| at > changed)
    {
        return format!("pulled {}", age(at, shared));
    }
    match before(past, shared) {
        Some(_) => "outdated".to_owned(),
        None => format!("{} {}", past.depth.word(), age(past.at, shared)),
    }
}

/// Returns a repository in full.
fn describe(
    row: &RepoLine,
    more: Option<&Beside>,
    width: u16,
    (shared, theme): (&Shared, &Theme),
) -> Text {
    let mut out = Text::new(width);
    out.say(row.path.shown(), theme.title);
    if row.deleted {
        out.say("deleted on the hub", theme.warning);
    }
    out.gap();
    out.pair("id", row.id.shown(), theme, theme.text);
    out.pair("visibility", &row.visibility, theme, theme.text);
    out.pair("pushed", &exactly(row.pushed), theme, theme.text);
    out.pair("default", row.default_branch.shown(), theme, theme.text);
    let Some(more) = more else { return out };
    findings(row, more, &mut out, (shared, theme));
    branches(row, more, &mut out, (shared, theme));
    out
}

fn findings(row: &RepoLine, more: &Beside, out: &mut Text, (shared, theme): (&Shared, &Theme)) {
    out.gap();
    out.say("findings", theme.title);
    let past = shared.audits.last_repo_audit(row.path.exact());
    out.say(&rests_on(past, shared), theme.muted);
    match &more.findings {
        Slot::Ready(groups) if groups.is_empty() => {
            let (words, rest) = nothing_found(past);
            out.say(&words, said(rest, theme));
            if stopped_from_elsewhere(row, shared) {
                let text =
                    "its branches are stopped by findings of another repository: f lists them";
                out.say(text, theme.warning);
            }
        }
        Slot::Ready(groups) => {
            for group in groups {
                let count = fit_right(&text::grouped(group.count), 8);
                let name = group.name.shown();
                out.say(&format!("{count} {name}"), theme.grade(group.worst));
            }
        }
        Slot::Failed(why) => out.say(&format!("✗ {why}"), theme.error),
        Slot::Empty => out.say("? no audit has ended yet", theme.pending),
        Slot::Pending(_) => out.say("…", theme.pending),
    }
}

fn branches(row: &RepoLine, more: &Beside, out: &mut Text, (shared, theme): (&Shared, &Theme)) {
    out.gap();
    out.say("branches", theme.title);
    if let Some(known) = shared.audits.branches_of(row.path.exact()) {
        let (words, fails) = branch_words(known);
        out.say(&words, if fails { theme.error } else { theme.muted });
        if known.apart > 0 {
            out.say(NOT_TOGETHER, theme.error);
        }
        if let Some(at) = known.tried_at {
            let tried = text::plural(known.tried, "branch");
            let words = format!("a pull of {tried} was tried, {}", ago(at, shared));
            out.say(&words, theme.muted);
        }
    }
    match &more.branches {
        Slot::Ready(rows) => {
            for branch in rows {
                let head = branch
                    .head
                    .as_ref()
                    .map_or_else(|| "no commit yet".to_owned(), |id| id.short());
                let (words, grade) = branch.mark.words();
                let style = grade.map_or(theme.text, |grade| theme.grade(grade));
                let name = fit(branch.name.shown(), 24);
                out.say(&format!("{head:<13} {name} {words}"), style);
            }
            let rest = row.branches.saturating_sub(rows.len() as u64);
            if rest > 0 {
                out.say(&format!("… {} more", text::grouped(rest)), theme.muted);
            }
        }
        Slot::Failed(why) => out.say(&format!("✗ {why}"), theme.error),
        _ => out.say("…", theme.pending),
    }
}
