//! Draws findings.

use super::{COLUMNS, Findings};
use crate::lines::known::{Rest, nothing_found, rests_on};
use crate::lines::{FindingLine, GroupLine};
use crate::pages::Row;
use crate::regions::Regions;
use crate::screens::{grade_mark, inspect};
use crate::sorting::column_at;
use crate::state::{Shared, Slot};
use crate::theme::Theme;
use crate::widgets::list::{self, Cursor, fit};
use crate::widgets::pane::{self, Text};
use luthier_audit::report::GroupBy;
use luthier_audit::{Auto, Code, Depth, Fix, Remedy};
use luthier_hub::text;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

impl Findings {
    /// Draws it.
    pub fn view(&self, frame: &mut Frame, shared: &Shared, regions: &Regions, theme: &Theme) {
        let [first, second, third] = regions.panes;
        if first.width > 0 {
            self.view_list(frame, first, shared, theme);
        }
        if second.width > 0 {
            let what = if self.group.is_some() {
                "group"
            } else {
                "finding"
            };
            let area = pane::pane(frame, second, theme, what, self.beside);
            match self.detail(area.width, theme) {
                Some(text) => text.draw(frame, area, self.detail, theme),
                None => frame.render_widget(Line::styled(" —", theme.muted), area),
            }
        }
        if third.width > 0 {
            let area = pane::pane(frame, third, theme, "object", false);
            self.view_preview(frame, area, theme);
        }
    }

    /// Returns what is known of the row under the cursor, in lines of `width` cells.
    pub(super) fn detail(&self, width: u16, theme: &Theme) -> Option<Text> {
        match self.group {
            Some(by) => {
                let group = self.current_group()?;
                Some(describe_group(by, group, width, theme))
            }
            None => self.current().map(|row| describe(row, width, theme)),
        }
    }

    fn title(&self, shared: &Shared) -> String {
        let mut title = "findings".to_owned();
        title += &match (self.group, &self.count) {
            (Some(GroupBy::Code), _) => "  by code".into(),
            (Some(GroupBy::Repo), _) => "  by repository".into(),
            (Some(GroupBy::Kind), _) => "  by kind".into(),
            (Some(GroupBy::Fix), _) => "  by what can be done".into(),
            (None, Slot::Ready(0)) => "  none".into(),
            (None, Slot::Ready(count)) => format!(
                "  {} of {}",
                text::grouped(self.cursor.at + 1),
                text::grouped(*count)
            ),
            (None, _) => "  …".into(),
        };
        if !self.text.trim().is_empty() {
            title += &format!("  /{}", crate::lines::clean(&self.text));
        }
        title += match shared.audits.last_hub_audit() {
            None => "  the hub was not checked",
            Some(past) => match past.depth {
                Depth::Rows => "  depth rows · store not read",
                Depth::Presence => "  depth presence · bytes not read",
                Depth::Bytes => "  depth bytes",
            },
        };
        title
    }

    fn view_list(&self, frame: &mut Frame, area: Rect, shared: &Shared, theme: &Theme) {
        let area = pane::pane(frame, area, theme, &self.title(shared), !self.beside);
        if let Some(word) = self.instead(shared) {
            let mut text = Text::new(area.width);
            text.say(&word, theme.muted);
            text.draw(frame, area, Cursor::default(), theme);
            return;
        }
        if self.group.is_some() {
            let groups = self.groups.ready().map_or(&[][..], Vec::as_slice);
            let len = groups.len() as u64;
            list::draw(frame, area, theme, (self.group_cursor, len), |at| {
                let group = usize::try_from(at).ok().and_then(|at| groups.get(at));
                group.map_or_else(Line::default, |group| {
                    let by = self.group.unwrap_or(GroupBy::Code);
                    let marked = self.marked.has_group(by, group.name.exact());
                    group_line(group, marked, area.width, theme)
                })
            });
            return;
        }
        let [head, body] = pane::headed(area);
        frame.render_widget(self.heading(head.width, theme), head);
        list::draw(
            frame,
            body,
            theme,
            (self.cursor, self.len()),
            |at| match self.list.row(at) {
                Row::Ready(row) => line(row, self.is_marked(at, row), area.width, theme),
                Row::Pending => Line::styled(" …", theme.pending),
                Row::Failed(why) => Line::styled(format!(" ✗ {why}"), theme.error),
            },
        );
    }

    fn heading(&self, width: u16, theme: &Theme) -> Line<'static> {
        let name = |column: usize| self.sorting.heading(column, COLUMNS[column].1);
        let headings = self.headings(width).into_iter();
        let text: String = headings
            .map(|(column, width)| format!(" {}", fit(&name(column), width)))
            .collect();
        Line::styled(format!("  {text}"), theme.muted)
    }

    /// Returns the columns that are shown, with their cells. Place, grade and code have one in common.
    fn headings(&self, width: u16) -> Vec<(usize, usize)> {
        let columns = Columns::of(width);
        let mut headings = vec![
            (self.sorting.column.min(2), columns.code),
            (3, columns.fix),
            (4, columns.kind),
            (5, columns.id),
            (6, columns.repo),
        ];
        headings.retain(|(_, width)| *width > 0);
        headings
    }

    /// Returns the column whose heading is at a cell of the list.
    #[must_use]
    pub fn column_at(&self, width: u16, x: u16) -> Option<usize> {
        let headings = self.headings(width).into_iter();
        let cells: Vec<_> = headings
            .map(|(column, width)| (Some(column), width + 1))
            .collect();
        // Two cells for the marks come first.
        column_at(&cells, x.saturating_sub(2))
    }

    /// Draws a line instead of the list while there is none.
    fn instead(&self, shared: &Shared) -> Option<String> {
        if shared.audits.last.is_none() {
            return Some("no audit has finished yet".into());
        }
        if let Some(trouble) = &self.trouble {
            return Some(format!("the filter is not understood: {trouble}"));
        }
        if !self.filter.fixes.is_empty() && !self.fixed {
            return Some(match &shared.audits.fixes {
                Slot::Failed(why) => format!("✗ it is not known what can be repaired: {why}"),
                _ => "finding out what can be repaired …".into(),
            });
        }
        match (&self.count, &self.groups) {
            (Slot::Failed(why), _) | (_, Slot::Failed(why)) => Some(format!("✗ {why}")),
            (Slot::Ready(0), _) if self.text.trim().is_empty() => {
                let past = shared.audits.last_hub_audit();
                let rests = rests_on(past, shared);
                Some(match nothing_found(past).1 {
                    Rest::Proved => format!("✓ nothing is wrong: {rests}"),
                    Rest::Shallow => format!("no findings: {rests}. A reads more."),
                    Rest::Unknown => format!("? no findings: {rests}. A audits the hub."),
                })
            }
            (Slot::Ready(0), _) => {
                // Of one repository the newest look at it counts.
                let path = self.filter.repo.as_deref();
                let past = match path {
                    Some(path) => shared.audits.last_repo_audit(path),
                    None => shared.audits.last_hub_audit(),
                };
                let rests = rests_on(past, shared);
                let all = match self.text.split_whitespace().count() == 1 && path.is_some() {
                    true => "nothing was found in this repository",
                    false => "no finding passes this filter",
                };
                Some(format!(
                    "{all}: {rests}. / changes the filter, A looks again."
                ))
            }
            _ => None,
        }
    }

    fn view_preview(&self, frame: &mut Frame, area: Rect, theme: &Theme) {
        match self.preview.slot() {
            // Of many there is none to be shown.
            _ if self.group.is_some() => {}
            Some(Slot::Ready(seen)) => inspect::preview(seen, frame, area, theme),
            Some(Slot::Failed(why)) => {
                let mut text = Text::new(area.width);
                text.say(&format!("✗ {why}"), theme.error);
                text.draw(frame, area, Cursor::default(), theme);
            }
            Some(_) => frame.render_widget(Line::styled(" …", theme.pending), area),
            None => frame.render_widget(Line::styled(" —", theme.muted), area),
        }
    }
}

/// The widths of the columns behind the marks; 0 where there is no room for one.
struct Columns {
    code: usize,
    fix: usize,
    kind: usize,
    id: usize,
    repo: usize,
}

impl Columns {
    /// Divides `width` cells: code, what can be done and the repository are always seen, kind and id stand beside
    /// the list too.
    fn of(width: u16) -> Self {
        let room = usize::from(width).saturating_sub(3);
        let (code, fix, kind, id) = match room {
            126.. => (22, 11, 8, 64),
            72..126 => (22, 11, 8, 13),
            56..72 => (19, 6, 0, 13),
            _ => (room.saturating_sub(20).clamp(8, 22), 6, 0, 0),
        };
        let gaps = [fix, kind, id].iter().filter(|width| **width > 0).count() + 1;
        Self {
            code,
            fix,
            kind,
            id,
            repo: room.saturating_sub(code + fix + kind + id + gaps),
        }
    }
}

fn line(row: &FindingLine, marked: bool, width: u16, theme: &Theme) -> Line<'static> {
    let mark = if marked { "*" } else { " " };
    let columns = Columns::of(width);
    let id = match columns.id {
        64.. => {
            let shown = row.id.shown();
            shown.strip_prefix("sha256:").unwrap_or(shown).to_owned()
        }
        _ => row.id.short(),
    };
    let cells = [
        (row.code.name(), columns.code, theme.grade(row.grade)),
        (fix_word(row.fix), columns.fix, fix_style(row.fix, theme)),
        (row.subject.word(), columns.kind, theme.text),
        (id.as_str(), columns.id, theme.text),
        (row.repo.shown(), columns.repo, theme.muted),
    ];
    let mut spans = vec![
        Span::styled(mark, theme.marked),
        Span::styled(grade_mark(row.grade), theme.mark(row.grade)),
    ];
    for (text, width, style) in cells.into_iter().filter(|(_, width, _)| *width > 0) {
        spans.push(Span::raw(" "));
        spans.push(Span::styled(fit_words(text, width), style));
    }
    Line::from(spans)
}

/// Fits `text`; where `copy needed` has no room, `copy` says the same.
fn fit_words(text: &str, width: usize) -> String {
    match text.split_once(' ') {
        Some((first, "needed")) if text.len() > width => fit(first, width),
        _ => fit(text, width),
    }
}

const fn fix_word(fix: Option<Fix>) -> &'static str {
    match fix {
        Some(fix) => fix.shown(),
        None => "…",
    }
}

/// Returns the style of what can be done: what needs nobody else stands out.
fn fix_style(fix: Option<Fix>, theme: &Theme) -> Style {
    match fix {
        Some(Fix::Auto) => theme.good,
        Some(Fix::Decide) => theme.title,
        Some(Fix::Copy) => theme.text,
        Some(Fix::None) | None => theme.muted,
    }
}

fn group_line(group: &GroupLine, marked: bool, width: u16, theme: &Theme) -> Line<'static> {
    // Figures end at the pane's edge; a name has what they leave.
    let count = format!(" {}", text::grouped(group.count));
    let name = usize::from(width).saturating_sub(13 + count.len());
    Line::from(vec![
        Span::styled(if marked { "*" } else { " " }, theme.marked),
        Span::raw(" "),
        Span::styled(grade_mark(group.worst), theme.mark(group.worst)),
        Span::styled(
            format!(" {}", fit(group.worst.word(), 9)),
            theme.grade(group.worst),
        ),
        Span::styled(fit(group.name.shown(), name), theme.text),
        Span::styled(count, theme.text),
    ])
}

fn remedy(remedy: Remedy, auto: Auto, by_hand: Option<&str>) -> String {
    match (by_hand, auto) {
        (Some(how), _) => format!("none: {how}"),
        (None, Auto::No) => "none: Luthier cannot repair this".to_owned(),
        (None, Auto::Ask | Auto::Yes) => remedy.to_string(),
    }
}

/// Says what a finding needs, and what `x` does for it.
fn fix_words(fix: Fix) -> String {
    let what = match fix {
        Fix::Auto => "x plans it",
        Fix::Decide => "x asks for the decision, then plans it",
        Fix::Copy => "the hub has no valid copy; C takes one from a client's folder",
        Fix::None => "x says why not",
    };
    format!("{}: {what}", fix.shown())
}

/// Describes what the findings of a group have in common.
fn describe_group(by: GroupBy, group: &GroupLine, width: u16, theme: &Theme) -> Text {
    let mut out = Text::new(width);
    let count = text::grouped(group.count);
    out.say(group.name.shown(), theme.grade(group.worst));
    let code = match by {
        GroupBy::Code => Code::from_name(group.name.exact()),
        GroupBy::Repo | GroupBy::Kind | GroupBy::Fix => None,
    };
    match code.map(Code::fault) {
        Some(fault) => {
            out.say(fault.is, theme.text);
            out.gap();
            out.pair("findings", &count, theme, theme.text);
            out.pair("grade", fault.grade.word(), theme, theme.grade(fault.grade));
            out.pair(
                "remedy",
                &remedy(fault.remedy, fault.auto, fault.code.by_hand().as_deref()),
                theme,
                theme.text,
            );
        }
        None => {
            if let (GroupBy::Fix, Some(fix)) = (by, Fix::from_word(group.name.exact())) {
                out.say(fix.is(), theme.text);
            }
            out.gap();
            out.pair("findings", &count, theme, theme.text);
            out.pair("worst", group.worst.word(), theme, theme.grade(group.worst));
        }
    }
    out.gap();
    out.say("space marks them all, enter lists them", theme.muted);
    out
}

/// Returns a finding in full.
#[must_use]
pub fn describe(row: &FindingLine, width: u16, theme: &Theme) -> Text {
    let fault = row.code.fault();
    let mut out = Text::new(width);
    out.say(
        &format!("{}  {}", fault.name, row.grade),
        theme.grade(row.grade),
    );
    out.say(fault.is, theme.text);
    out.gap();
    out.pair(row.subject.word(), row.id.shown(), theme, theme.text);
    out.pair("repository", row.repo.shown(), theme, theme.text);
    out.pair(
        "remedy",
        &remedy(row.remedy, row.auto, row.by_hand.as_deref()),
        theme,
        theme.text,
    );
    if let Some(fix) = row.fix {
        out.pair("fix", &fix_words(fix), theme, fix_style(row.fix, theme));
    }
    if let Some(blocks) = row.blocks {
        let count = |n: Option<u64>, noun: &str| n.map(|n| text::plural(n, noun));
        let blocked: Vec<String> = [
            count(blocks.commits, "commit"),
            count(blocks.branches, "branch"),
            count(blocks.repos, "repo"),
        ]
        .into_iter()
        .flatten()
        .collect();
        out.pair("blocks", &blocked.join(", "), theme, theme.warning);
    }
    if let Some(cause) = &row.caused_by {
        out.pair("caused by", cause, theme, theme.muted);
    }
    if !row.evidence.is_empty() {
        out.gap();
        out.say("evidence", theme.title);
        for (key, value) in &row.evidence {
            out.pair(key, value, theme, theme.text);
        }
    }
    out
}
