//! Draws the objects of a repository.

use super::Objects;
use crate::lines::{Judged, ObjectLine, Pointer};
use crate::regions::Regions;
use crate::screens::{ago, exactly, grade_mark, inspect};
use crate::state::{Shared, Slot};
use crate::theme::Theme;
use crate::widgets::lanes::Strand;
use crate::widgets::list::{self, Cursor, fit, fit_right};
use crate::widgets::pane::{self, Text};
use luthier_audit::Depth;
use luthier_hub::text;
use luthier_object::Kind;
use ratatui::Frame;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

impl Objects {
    fn title(&self) -> String {
        let position = self
            .list
            .position()
            .map_or("?".into(), |at| text::grouped(at + 1));
        let count = self.list.count().map_or("?".into(), text::grouped);
        let branch = self
            .branch
            .as_ref()
            .map_or(String::new(), |name| format!(" › {}", name.shown()));
        let shown = if self.trouble.is_some() || self.list.none_exist() {
            "none".to_owned()
        } else {
            format!("{position} of {count}")
        };
        let order = if self.flipped { "  oldest first" } else { "" };
        let path = self.path.shown();
        format!("{}s  {shown}  {path}{branch}{order}", self.kind())
    }

    /// Draws it.
    pub fn view(&self, frame: &mut Frame, shared: &Shared, regions: &Regions, theme: &Theme) {
        let [first, second, third] = regions.panes;
        if first.width > 0 {
            let area = pane::pane(frame, first, theme, &self.title(), !self.beside);
            let [head, body] = pane::headed(area);
            frame.render_widget(self.tabs(theme), head);
            if let Some((words, style)) = self.instead(theme) {
                let mut text = Text::new(body.width);
                text.say(&words, style);
                text.draw(frame, body, Cursor::default(), theme);
            } else {
                let at = (self.list.cursor, self.list.len());
                let columns = Columns::new(body.width, self.graph_width());
                list::draw(frame, body, theme, at, |at| {
                    let strand = usize::try_from(at).ok().and_then(|n| self.strands.get(n));
                    self.list.row(at).map_or_else(Line::default, |row| {
                        line(row, strand, &columns, shared, theme)
                    })
                });
            }
        }
        if second.width > 0 {
            let area = pane::pane(frame, second, theme, "row", self.beside);
            if let Some(row) = self.list.current() {
                describe(row, area.width, theme).draw(frame, area, self.detail, theme);
            }
        }
        if third.width > 0 {
            let area = pane::pane(frame, third, theme, "object", false);
            match self.preview.slot() {
                Some(Slot::Ready(seen)) => inspect::preview(seen, frame, area, theme),
                Some(Slot::Failed(why)) => {
                    frame.render_widget(Line::styled(format!(" ✗ {why}"), theme.error), area);
                }
                _ if self.list.current().is_none() => {}
                _ => frame.render_widget(Line::styled(" …", theme.pending), area),
            }
        }
    }

    /// Draws a line instead of the list while there is none.
    fn instead(&self, theme: &Theme) -> Option<(String, Style)> {
        if let Some(trouble) = &self.trouble {
            let words = format!("the filter is not understood: {trouble}");
            return Some((words, theme.warning));
        }
        if let Some(why) = self.list.failed() {
            return Some((format!("✗ {why}; R reads again"), theme.error));
        }
        let words = match (self.list.none_exist(), self.is_whole()) {
            (true, true) => "none here",
            (true, false) => "no row matches this filter; / changes it",
            (false, true) => "…",
            (false, false) => "looking …",
        };
        let empty = self.list.is_empty();
        empty.then(|| (words.to_owned(), theme.pending))
    }

    /// Returns the widest part of the graph, in cells.
    fn graph_width(&self) -> usize {
        let widths = self
            .strands
            .iter()
            .map(|strand| strand.text.chars().count());
        widths.max().unwrap_or(0)
    }

    fn tabs(&self, theme: &Theme) -> Line<'static> {
        let mut spans = Vec::new();
        for (n, name) in ["1 commits", "2 snapshots", "3 blobs"]
            .into_iter()
            .enumerate()
        {
            let (open, close, style) = if n == self.tab {
                ("[", "]", theme.title)
            } else {
                (" ", " ", theme.muted)
            };
            spans.push(Span::styled(format!("{open}{name}{close} "), style));
        }
        Line::from(spans)
    }
}

/// Describes row, object and cache: what the last audit found, otherwise what the row alone says.
fn state(row: &ObjectLine, theme: &Theme) -> (String, Style) {
    let (word, style) = match (row.judged, &row.pointer, row.cache_byte) {
        (Judged::Found(code), ..) => {
            let fault = code.fault();
            let mark = grade_mark(fault.grade);
            return (format!("{mark} {}", fault.name), theme.grade(fault.grade));
        }
        (_, Pointer::Null, _) => ("✗ unlinked", theme.error),
        (_, _, Some(byte)) if byte != b'{' => ("~ cache-msgpack", theme.warning),
        (_, Pointer::NoColumn, _) => ("? no column", theme.muted),
        (Judged::Clean(Depth::Bytes), Pointer::Uri(_), _) => ("✓ ok", theme.good),
        (Judged::Clean(Depth::Presence), Pointer::Uri(_), _) => ("· presence", theme.text),
        (_, Pointer::Uri(_), _) => ("? linked", theme.muted),
    };
    (word.to_owned(), style)
}

/// Returns the strand of the graph in `width` cells, each line in its own colour.
fn strand_spans((strand, width): (&Strand, usize), theme: &Theme) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    let text = fit(&strand.text, width);
    for (n, glyph) in text.chars().enumerate() {
        let style = match (n / 2 == strand.own, n / 2 % 2) {
            (true, _) => theme.title,
            (_, 0) => theme.lane,
            _ => theme.lane_other,
        };
        spans.push(Span::styled(glyph.to_string(), style));
    }
    spans.push(Span::raw(" "));
    spans
}

/// The widths of a line's cells, the spaces between included.
struct Columns {
    mark: usize,
    graph: usize,
    when: usize,
    who: usize,
    what: usize,
}

impl Columns {
    /// Divides a line of `width` cells beside a graph of `graph` cells. The commit's message is dropped last:
    /// before it, the graph shrinks, who made it goes, then when it was made.
    fn new(width: u16, graph: usize) -> Self {
        let width = usize::from(width);
        // The list's part of 100 columns: its findings are named whole, and the graph gives way.
        let named = 50..64;
        let graph = match graph {
            0 => 0,
            graph if named.contains(&width) => graph.min(4) + 1,
            graph => graph.min((width / 10) * 2) + 1,
        };
        let room = width.saturating_sub(graph);
        // Where there is room, a finding is named whole; where there is little, by its mark alone, and the
        // pane beside says the rest.
        let mark = match room {
            64.. => 25,
            _ if named.contains(&width) => 25,
            48..64 => 11,
            _ => 3,
        };
        let mut what = room.saturating_sub(mark + 13);
        let mut take = |cells: usize, least: usize| {
            let given = if what >= cells + least { cells } else { 0 };
            what -= given;
            given
        };
        let when = take(10, 14);
        let who = take(12, 24);
        Self {
            mark,
            graph,
            when,
            who,
            what,
        }
    }
}

fn line(
    row: &ObjectLine,
    strand: Option<&Strand>,
    columns: &Columns,
    shared: &Shared,
    theme: &Theme,
) -> Line<'static> {
    let (word, style) = state(row, theme);
    let when = row.at.map_or("?".into(), |at| ago(at, shared));
    let who = match (row.kind, row.size) {
        (Kind::Blob, Some(size)) => text::bytes(u64::try_from(size).unwrap_or(0)),
        (Kind::Snapshot, Some(entries)) => {
            text::plural(u64::try_from(entries).unwrap_or(0), "entry")
        }
        _ => row.who.clone(),
    };
    let column = |text: &str, cells: usize| match cells {
        0 => String::new(),
        cells => fit(text, cells - 1) + " ",
    };
    let word = match columns.mark {
        3 => word.chars().take(1).collect(),
        _ => word,
    };
    let mut spans = vec![Span::styled(
        format!(" {}", column(&word, columns.mark - 1)),
        style,
    )];
    match strand {
        Some(strand) if columns.graph > 0 => {
            spans.extend(strand_spans((strand, columns.graph - 1), theme));
        }
        _ => spans.push(Span::raw(" ".repeat(columns.graph))),
    }
    let when = match columns.when {
        0 => String::new(),
        cells => fit_right(&when, cells - 2) + "  ",
    };
    spans.extend([
        Span::styled(column(&row.id.short(), 13), theme.text),
        Span::styled(when, theme.muted),
        Span::styled(column(&who, columns.who), theme.muted),
        Span::styled(fit(&row.what, columns.what), theme.text),
    ]);
    Line::from(spans)
}

pub(super) fn describe(row: &ObjectLine, width: u16, theme: &Theme) -> Text {
    let mut out = Text::new(width);
    out.pair(row.kind.as_str(), row.id.shown(), theme, theme.text);
    let (word, style) = state(row, theme);
    out.pair("state", &word, theme, style);
    out.pair("when", &exactly(row.at), theme, theme.text);
    for (name, value) in [
        ("who", row.who.as_str()),
        ("what", row.what.as_str()),
        ("branch", row.branch.as_str()),
    ] {
        if !value.is_empty() {
            out.pair(name, value, theme, theme.text);
        }
    }
    for (n, parent) in row.parents.iter().enumerate() {
        let name = if n == 0 { "parents" } else { "" };
        out.pair(name, parent, theme, theme.text);
    }
    if row.kind == Kind::Commit {
        match &row.snapshot {
            Some(id) => out.pair("snapshot", id.shown(), theme, theme.text),
            None => out.pair(
                "snapshot",
                "✗ no snapshot: a clone gets an empty tree",
                theme,
                theme.critical,
            ),
        }
    }
    if let (Kind::Snapshot | Kind::Blob, Some(size)) = (row.kind, row.size) {
        let name = if row.kind == Kind::Blob {
            "bytes"
        } else {
            "entries"
        };
        out.pair(name, &size.to_string(), theme, theme.text);
    }
    stored(row, &mut out, theme);
    out
}

/// Draws where the row says that its object is, and its cache.
fn stored(row: &ObjectLine, out: &mut Text, theme: &Theme) {
    match &row.pointer {
        Pointer::Uri(uri) => out.pair("storage_uri", uri, theme, theme.text),
        Pointer::Null => out.pair("storage_uri", "✗ null", theme, theme.error),
        Pointer::NoColumn => out.pair("storage_uri", "? no such column here", theme, theme.muted),
    }
    if row.kind == Kind::Snapshot {
        let cache = match row.cache_byte {
            None => "none".to_owned(),
            Some(b'{') => "json".to_owned(),
            Some(byte) => format!("~ not JSON: the first byte is {byte:#04x}"),
        };
        out.pair("cache", &cache, theme, theme.text);
    }
}
