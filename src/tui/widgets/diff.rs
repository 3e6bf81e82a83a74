//! Row beside object, field by field: what differs is first, what is equal is folded.

use super::list::fit;
use super::pane::Text;
use crate::lines::inspected::{Entry, Field, Inspected, Part};
use crate::theme::Theme;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// A place in the differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Field(usize),
    /// An entry of the field's manifest.
    Entry(usize, usize),
    /// The fold over the equal fields.
    Fold,
}

/// Returns the number of lines.
#[must_use]
pub fn len(seen: &Inspected, unfolded: bool) -> u64 {
    let differing: usize = seen
        .fields
        .iter()
        .filter(|field| !field.same)
        .map(|field| 1 + field.manifest.as_ref().map_or(0, |m| m.entries.len()))
        .sum();
    let same = seen.same();
    let fold = usize::from(same > 0);
    (differing + fold + if unfolded { same } else { 0 }) as u64
}

/// Returns the line with number `line`.
#[must_use]
pub fn at(seen: &Inspected, line: u64) -> Option<At> {
    let mut left = usize::try_from(line).ok()?;
    for (n, field) in seen.fields.iter().enumerate().filter(|(_, f)| !f.same) {
        let entries = field.manifest.as_ref().map_or(0, |m| m.entries.len());
        if left == 0 {
            return Some(At::Field(n));
        }
        if left <= entries {
            return Some(At::Entry(n, left - 1));
        }
        left -= entries + 1;
    }
    if left == 0 {
        return Some(At::Fold);
    }
    // Equal fields follow the differing ones.
    Some(At::Field(seen.fields.len() - seen.same() + left - 1))
}

/// Returns the widths of a field's name and of each side.
fn columns(width: u16) -> (usize, usize) {
    let width = usize::from(width);
    let name = (width / 4).clamp(8, 18);
    (name, width.saturating_sub(name + 16) / 2)
}

/// Returns the heading of the columns.
#[must_use]
pub fn heading(width: u16, theme: &Theme) -> Line<'static> {
    let (name, side) = columns(width);
    let text = format!(
        " {} {} {} verdict",
        fit("field", name),
        fit("row", side),
        fit("object", side)
    );
    Line::styled(text, theme.muted)
}

/// Draws one line of the differences.
#[must_use]
pub fn line(seen: &Inspected, at: At, unfolded: bool, width: u16, theme: &Theme) -> Line<'static> {
    match at {
        At::Fold => {
            let sign = if unfolded { "▾" } else { "▸" };
            Line::styled(format!(" {sign} {} same", seen.same()), theme.muted)
        }
        At::Field(n) => seen.fields.get(n).map_or_else(Line::default, |field| {
            field_line(field, seen.has_sides(), width, theme)
        }),
        At::Entry(n, entry) => seen
            .fields
            .get(n)
            .and_then(|field| field.manifest.as_ref()?.entries.get(entry))
            .map_or_else(Line::default, |entry| entry_line(entry, width, theme)),
    }
}

fn field_line(field: &Field, has_sides: bool, width: u16, theme: &Theme) -> Line<'static> {
    let (name, side) = columns(width);
    let mark = if field.identity { "#" } else { " " };
    let mut spans = vec![Span::styled(
        format!("{mark}{} ", fit(&field.name, name)),
        theme.text,
    )];
    match &field.manifest {
        Some(manifest) => {
            let text = format!(
                "+{} only in the object  -{} only in the row  ~{} other blob  {} same",
                manifest.added, manifest.removed, manifest.changed, manifest.same
            );
            spans.push(Span::styled(fit(&text, side * 2 + 2), theme.warning));
        }
        None => {
            cell(&mut spans, field.row.as_deref(), side, theme.removed, theme);
            cell(
                &mut spans,
                field.object.as_deref(),
                side,
                theme.added,
                theme,
            );
        }
    }
    let (word, style) = match has_sides {
        true => verdict(field, theme),
        false => ("not compared", theme.muted),
    };
    spans.push(Span::styled(word, style));
    Line::from(spans)
}

/// Returns the words for a field's state, with a mark that is not a colour.
fn verdict(field: &Field, theme: &Theme) -> (&'static str, Style) {
    match (field.same, &field.row, &field.object) {
        (true, ..) => ("✓ same", theme.good),
        (_, None, Some(_)) => ("≠ not in row", theme.warning),
        (_, Some(_), None) => ("≠ not in object", theme.warning),
        _ => ("≠ differs", theme.error),
    }
}

fn cell(
    spans: &mut Vec<Span<'static>>,
    parts: Option<&[Part]>,
    width: usize,
    changed: Style,
    theme: &Theme,
) {
    let Some(parts) = parts else {
        spans.push(Span::styled(fit("—", width), theme.muted));
        spans.push(Span::raw(" "));
        return;
    };
    let mut left = width;
    // What changed must be in sight: a long equal beginning is cut.
    let lead = parts
        .first()
        .filter(|part| !part.changed && parts.len() > 1);
    let skip = lead.map_or(0, |part| {
        part.text.chars().count().saturating_sub(width / 3)
    });
    for (n, part) in parts.iter().enumerate() {
        let text = match n {
            0 if skip > 0 => format!("…{}", part.text.chars().skip(skip).collect::<String>()),
            _ => part.text.clone(),
        };
        let shown = luthier_hub::text::cut(&text, left).into_owned();
        left = left.saturating_sub(unicode_width::UnicodeWidthStr::width(shown.as_str()));
        let style = if part.changed {
            changed.patch(theme.emphasis)
        } else {
            theme.text
        };
        spans.push(Span::styled(shown, style));
        if left == 0 {
            break;
        }
    }
    spans.push(Span::raw(" ".repeat(left + 1)));
}

fn entry_line(entry: &Entry, width: u16, theme: &Theme) -> Line<'static> {
    let (sign, style) = match (&entry.row, &entry.object) {
        (Some(_), Some(_)) => ("~", theme.warning),
        (Some(_), None) => ("-", theme.removed),
        _ => ("+", theme.added),
    };
    let short = |id: &Option<crate::lines::HubId>| {
        id.as_ref().map_or_else(|| "—".to_owned(), |id| id.short())
    };
    let path = usize::from(width).saturating_sub(36);
    let text = format!(
        "   {sign} {} {} → {}",
        fit(&entry.path, path),
        fit(&short(&entry.row), 12),
        short(&entry.object)
    );
    Line::styled(text, style)
}

/// Returns the field under the cursor in full, both sides one below the other.
#[must_use]
pub fn detail(seen: &Inspected, at: Option<At>, width: u16, theme: &Theme) -> Text {
    let mut text = Text::new(width);
    let Some(At::Field(n) | At::Entry(n, _)) = at else {
        return text;
    };
    let Some(field) = seen.fields.get(n) else {
        return text;
    };
    let hashed = if field.identity {
        "  # part of the id"
    } else {
        ""
    };
    text.say(&format!("{}{hashed}", field.name), theme.title);
    let join = |parts: &Option<Vec<Part>>| {
        parts.as_ref().map_or_else(
            || "— nothing to compare with".to_owned(),
            |parts| parts.iter().map(|part| part.text.as_str()).collect(),
        )
    };
    text.pair("row", &join(&field.row), theme, theme.removed);
    text.pair("object", &join(&field.object), theme, theme.added);
    if !field.note.is_empty() {
        text.pair("note", &field.note, theme, theme.muted);
    }
    text
}
