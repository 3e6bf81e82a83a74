//! How the repositories look.

use super::{Beside, COLUMNS, Repos};
use crate::text;
use crate::tui::lines::RepoLine;
use crate::tui::pages::Row;
use crate::tui::regions::Regions;
use crate::tui::screens::{ago, exactly};
use crate::tui::state::{Shared, Slot};
use crate::tui::theme::Theme;
use crate::tui::widgets::list::{self, fit, fit_right};
use crate::tui::widgets::pane::{self, Text};
use ratatui::Frame;
use ratatui::layout::Rect;
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
            if let Some(row) = self.current() {
                let more = self.more.as_ref().filter(|more| more.of == row.id);
                describe(row, more, area.width, theme).draw(frame, area, self.detail);
            }
        }
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
            title += &format!("  /{}", crate::tui::lines::clean(&self.text));
        }
        title
    }

    fn view_list(&self, frame: &mut Frame, area: Rect, shared: &Shared, theme: &Theme) {
        let path = usize::from(area.width).saturating_sub(49).clamp(12, 60);
        let [head, body] = pane::headed(area);
        let name = |column: usize| self.sorting.heading(column, COLUMNS[column].1);
        let heading = format!(
            " {} {} {} {}  {}",
            fit(&name(1), path),
            fit_right(&name(2), 10),
            fit_right(&name(3), 9),
            fit_right(&name(0), 12),
            fit(&name(4), 12)
        );
        frame.render_widget(Line::styled(heading, theme.muted), head);
        let instead = match &self.placed {
            Slot::Failed(why) => Some((format!(" ✗ {why}"), theme.error)),
            Slot::Ready((0, _)) if self.text.trim().is_empty() => {
                Some((" no repositories".to_owned(), theme.muted))
            }
            Slot::Ready((0, _)) => {
                let text = " no repository is called so; / changes the filter";
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
                Row::Ready(row) => line(row, path, shared, theme),
                Row::Pending => Line::styled(" …", theme.pending),
                Row::Failed(why) => Line::styled(format!(" ✗ {why}"), theme.error),
            },
        );
    }
}

fn line(row: &RepoLine, path: usize, shared: &Shared, theme: &Theme) -> Line<'static> {
    let worst = shared.audits.repos.get(row.path.exact());
    let (found, style) = match worst {
        Some((count, grade)) => (
            format!("{} {}", text::grouped(*count), grade.word()),
            theme.grade(*grade),
        ),
        None if shared.audits.last.is_some() => ("✓ none".to_owned(), theme.good),
        None => ("?".to_owned(), theme.pending),
    };
    let pushed = match (row.deleted, row.pushed) {
        (true, _) => "deleted".into(),
        (false, Some(at)) => ago(at, shared),
        (false, None) => "never".into(),
    };
    Line::from(vec![
        Span::styled(
            format!(
                " {} {} {} ",
                fit(row.path.shown(), path),
                fit_right(&text::grouped(row.branches), 10),
                fit_right(&text::grouped(row.commits), 9)
            ),
            theme.text,
        ),
        Span::styled(fit_right(&found, 12), style),
        Span::styled(format!("  {}", fit(&pushed, 9)), theme.muted),
    ])
}

/// A repository in full.
fn describe(row: &RepoLine, more: Option<&Beside>, width: u16, theme: &Theme) -> Text {
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
    out.gap();
    out.say("findings", theme.title);
    match &more.findings {
        Slot::Ready(groups) if groups.is_empty() => out.say("✓ none", theme.good),
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
    out.gap();
    out.say("branches", theme.title);
    match &more.branches {
        Slot::Ready(rows) => {
            for branch in rows {
                let head = branch
                    .head
                    .as_ref()
                    .map_or_else(|| "no commit yet".to_owned(), |id| id.short());
                let style = match branch.worst {
                    Some(code) => theme.grade(code.fault().grade),
                    None => theme.text,
                };
                let name = fit(branch.name.shown(), 24);
                let word = branch.worst.map_or("", |code| code.name());
                out.say(&format!("{head:<13} {name} {word}"), style);
            }
            let rest = row.branches.saturating_sub(rows.len() as u64);
            if rest > 0 {
                out.say(&format!("… {} more", text::grouped(rest)), theme.muted);
            }
        }
        Slot::Failed(why) => out.say(&format!("✗ {why}"), theme.error),
        _ => out.say("…", theme.pending),
    }
    out
}
