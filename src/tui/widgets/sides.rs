//! Two truths: the row's side and the object's side in full, what changed within a line emphasised,
//! equal stretches folded.

use super::pane::Text;
use crate::lines::inspected::{Field, Inspected, ManifestDiff, Part};
use crate::theme::Theme;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// From this width on the sides are shown beside each other.
pub const BESIDE: u16 = 100;

/// An equal stretch longer than this is folded, in characters.
const LONG: usize = 96;

/// The characters that stay at either end of a folded stretch.
const ENDS: usize = 24;

/// Lines of one side, or entries of one manifest, that are shown; Inspect shows the others.
const SHOWN: usize = 2_000;

/// The layout of the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Side by side, instead of one below the other.
    pub beside: bool,
    /// Equal stretches are shown too.
    pub unfolded: bool,
}

/// One side of one field, as styled lines of `width` cells.
struct Column<'a> {
    sign: &'static str,
    parts: Option<&'a [Part]>,
    changed: Style,
}

/// Returns both sides of what was inspected.
#[must_use]
pub fn text(seen: &Inspected, layout: Layout, width: u16, theme: &Theme) -> Text {
    let mut out = Text::new(width);
    // Nothing is compared with an object that is not there.
    if !seen.has_sides() {
        alone(seen, &mut out, theme);
        return out;
    }
    if layout.beside {
        let half = usize::from(width).saturating_sub(3) / 2;
        let heading = format!(
            "{} │ {}",
            super::list::fit("  row", half),
            super::list::fit("  object", half)
        );
        out.lines.push(Line::styled(heading, theme.muted));
    } else {
        out.say("- row   + object", theme.muted);
    }
    for field in seen.fields.iter().filter(|field| !field.same) {
        differing(field, layout, width, &mut out, theme);
    }
    let same: Vec<&Field> = seen.fields.iter().filter(|field| field.same).collect();
    if same.is_empty() {
        return out;
    }
    let sign = if layout.unfolded { "▾" } else { "▸" };
    out.gap();
    out.say(
        &format!(
            "{sign} the same on both sides: {}",
            luthier_hub::text::plural(same.len() as u64, "field")
        ),
        theme.muted,
    );
    if layout.unfolded {
        for field in same {
            let value: String = field
                .row
                .iter()
                .flatten()
                .map(|p| p.text.as_str())
                .collect();
            out.pair(&field.name, &value, theme, theme.muted);
        }
    }
    out
}

/// Draws the one side that there is; the other is missing or cannot be read.
fn alone(seen: &Inspected, out: &mut Text, theme: &Theme) {
    out.say("row", theme.title);
    if seen.row.is_empty() {
        out.say("✗ there is no row", theme.error);
    }
    for (name, value) in &seen.row {
        out.pair(
            name,
            value.as_deref().unwrap_or("null"),
            theme,
            theme.removed,
        );
    }
    out.gap();
    out.say("object", theme.title);
    let style = if seen.object.good {
        theme.good
    } else {
        theme.error
    };
    out.say(&seen.object.headline, style);
    for note in &seen.object.notes {
        out.say(note, theme.muted);
    }
    if let Some((offset, why)) = &seen.object.problem {
        let at = offset.map_or_else(String::new, |offset| format!("byte {offset:#x}: "));
        out.say(&format!("{at}{why}"), theme.error);
    }
    let lines = seen.object.pretty.as_deref().unwrap_or_default();
    for line in lines.iter().take(SHOWN) {
        out.say(line, theme.added);
    }
    if lines.len() > SHOWN {
        let more = luthier_hub::text::grouped((lines.len() - SHOWN) as u64);
        out.say(
            &format!("… {more} more lines; enter shows them"),
            theme.muted,
        );
    }
}

fn differing(field: &Field, layout: Layout, width: u16, out: &mut Text, theme: &Theme) {
    out.gap();
    let hashed = if field.identity {
        "  # part of the id"
    } else {
        ""
    };
    out.say(&format!("≠ {}{hashed}", field.name), theme.title);
    if !field.note.is_empty() {
        out.say(&field.note, theme.muted);
    }
    if let Some(manifest) = &field.manifest {
        return entries(manifest, out, theme);
    }
    let row = Column {
        sign: "- ",
        parts: field.row.as_deref(),
        changed: theme.removed,
    };
    let object = Column {
        sign: "+ ",
        parts: field.object.as_deref(),
        changed: theme.added,
    };
    if layout.beside {
        let half = usize::from(width).saturating_sub(3) / 2;
        let left = flow(&row, layout.unfolded, half, theme);
        let right = flow(&object, layout.unfolded, half, theme);
        for n in 0..left.len().max(right.len()) {
            out.lines.push(joined(left.get(n), right.get(n), half));
        }
    } else {
        let width = usize::from(width);
        out.lines.extend(flow(&row, layout.unfolded, width, theme));
        out.lines
            .extend(flow(&object, layout.unfolded, width, theme));
    }
}

/// Draws the entries of two manifests that differ.
fn entries(manifest: &ManifestDiff, out: &mut Text, theme: &Theme) {
    let same = luthier_hub::text::grouped(manifest.same);
    for entry in manifest.entries.iter().take(SHOWN) {
        let short = |id: &Option<crate::lines::HubId>| {
            id.as_ref().map_or_else(|| "—".to_owned(), |id| id.short())
        };
        out.say(&format!("  {}", entry.path), theme.text);
        out.say(&format!("- {}", short(&entry.row)), theme.removed);
        out.say(&format!("+ {}", short(&entry.object)), theme.added);
    }
    let more = manifest.entries.len().saturating_sub(SHOWN);
    if more > 0 {
        out.say(
            &format!("… {more} more entries; enter shows them"),
            theme.muted,
        );
    }
    out.say(&format!("▸ {same} entries are the same"), theme.muted);
}

/// Draws two lines beside each other.
fn joined(
    left: Option<&Line<'static>>,
    right: Option<&Line<'static>>,
    half: usize,
) -> Line<'static> {
    let mut spans = left.map_or_else(Vec::new, |line| line.spans.clone());
    let used: usize = spans.iter().map(|span| span.content.width()).sum();
    spans.push(Span::raw(format!(
        "{} │ ",
        " ".repeat(half.saturating_sub(used))
    )));
    spans.extend(right.map_or_else(Vec::new, |line| line.spans.clone()));
    Line::from(spans)
}

/// Returns a side in lines, broken where the width ends.
fn flow(column: &Column, unfolded: bool, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let Some(parts) = column.parts else {
        let text = format!("{}— not there", column.sign);
        return vec![Line::styled(text, theme.muted)];
    };
    let width = width.max(4);
    let mut lines = Vec::new();
    let mut spans = vec![Span::styled(column.sign, column.changed)];
    let mut used = column.sign.width();
    for part in parts {
        let style = match part.changed {
            true => column.changed.patch(theme.emphasis),
            false => theme.text,
        };
        let text = match part.changed || unfolded {
            true => part.text.clone(),
            false => folded(&part.text),
        };
        let mut run = String::new();
        for cluster in text.graphemes(true) {
            let cells = cluster.width();
            if used + cells > width {
                spans.push(Span::styled(std::mem::take(&mut run), style));
                lines.push(Line::from(std::mem::replace(
                    &mut spans,
                    vec![Span::raw("  ")],
                )));
                used = 2;
            }
            run.push_str(cluster);
            used += cells;
        }
        spans.push(Span::styled(run, style));
    }
    lines.push(Line::from(spans));
    lines
}

/// Returns an equal stretch: its ends, and how much is between them.
fn folded(text: &str) -> String {
    let count = text.chars().count();
    if count <= LONG {
        return text.to_owned();
    }
    let head: String = text.chars().take(ENDS).collect();
    let tail: String = text.chars().skip(count - ENDS).collect();
    format!("{head} … {} equal … {tail}", count - 2 * ENDS)
}
