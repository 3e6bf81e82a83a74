//! The trend of the last audits, in one line.

use crate::lines::KnownLine;
use crate::state::Shared;
use crate::theme::Theme;
use crate::widgets::pane::Text;
use luthier_hub::text;
use luthier_repair::history::PastFigures;

/// A pane of fewer lines has no room for it.
pub(super) const LEAST_HEIGHT: u16 = 26;

/// Audits that are drawn.
const DRAWN: usize = 30;

/// From the fewest findings to the most.
const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws how many findings the last audits of the hub had, where there are two or more of the depth of the last one.
pub(super) fn say(known: &KnownLine, shared: &Shared, head: &mut Text, theme: &Theme) {
    let Some(depth) = known.past_audits.hub().map(|past| past.depth.word()) else {
        return;
    };
    let same: Vec<&PastFigures> = (known.trend.iter())
        .filter(|past| past.depth == depth)
        .collect();
    let drawn = &same[same.len().saturating_sub(DRAWN)..];
    let totals = drawn.iter().filter(|past| past.complete);
    let totals: Vec<u64> = totals.map(|past| past.total()).collect();
    let (Some(least), Some(most), [first, _, ..]) =
        (totals.iter().min(), totals.iter().max(), drawn)
    else {
        return;
    };
    let steps: String = drawn.iter().map(|past| step(past, *least, *most)).collect();
    let age = shared.now().saturating_sub(first.at) / 1_000_000;
    let age = crate::meter::span(u64::try_from(age).unwrap_or(0));
    let range = match least == most {
        true => format!("always {}", text::plural(*most, "finding")),
        false => format!(
            "between {} and {}",
            text::grouped(*least),
            text::plural(*most, "finding")
        ),
    };
    let words = format!(
        "{steps}  {range} in {} at depth {depth}, the first {age} ago",
        text::plural(drawn.len() as u64, "audit"),
    );
    head.pair("trend", &words, theme, theme.text);
}

/// Returns the mark of one audit; `?` for one without all answers, which may have found too few.
fn step(past: &PastFigures, least: u64, most: u64) -> char {
    if !past.complete {
        return '?';
    }
    let share = (past.total() - least) as f64 / (most - least).max(1) as f64;
    STEPS[((share * 7.0).round() as usize).min(7)]
}
