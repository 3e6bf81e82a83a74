//! How many findings can be repaired, and by whom; one key lists each kind.

use crate::state::{Shared, Slot};
use crate::theme::Theme;
use crate::widgets::pane::Text;
use luthier_audit::Fix;
use ratatui::text::{Line, Span};

/// Returns the filter that lists the findings about which one of these can be done.
pub(super) fn filter(fixes: &[Fix]) -> String {
    let parts: Vec<String> = fixes.iter().map(|fix| format!("fix:{fix}")).collect();
    parts.join(" ")
}

/// Returns the reason why they cannot be listed.
pub(super) fn refusal(fixes: &[Fix], shared: &Shared) -> Option<String> {
    match &shared.audits.fixes {
        Slot::Ready(line) if line.count(fixes) > 0 => None,
        Slot::Ready(_) => Some("there is no such finding".into()),
        Slot::Failed(why) => Some(format!("it is not known what can be repaired: {why}")),
        Slot::Pending(_) => Some("it is not known yet what can be repaired".into()),
        Slot::Empty => Some("no audit has finished yet".into()),
    }
}

/// Draws the figures, each with its key.
pub(super) fn say(shared: &Shared, head: &mut Text, theme: &Theme) {
    let line = match &shared.audits.fixes {
        Slot::Ready(line) => line,
        Slot::Pending(_) => {
            head.say(" finding out what can be repaired …", theme.pending);
            head.gap();
            return;
        }
        Slot::Failed(why) => {
            head.say(&format!(" ? what can be repaired: {why}"), theme.warning);
            head.gap();
            return;
        }
        Slot::Empty => return,
    };
    if line.count(&Fix::ALL) == 0 {
        return;
    }
    let styles = [theme.good, theme.title, theme.text];
    let mut spans = Vec::new();
    for ((words, style), key) in line.words().into_iter().zip(styles).zip(["1", "2", "3"]) {
        let gap = if spans.is_empty() { " " } else { " · " };
        spans.push(Span::raw(gap));
        spans.push(Span::styled(words, style));
        spans.push(Span::styled(format!(" [{key}]"), theme.key));
    }
    head.lines.push(Line::from(spans));
    head.gap();
}
