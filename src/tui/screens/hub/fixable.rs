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
    let styles = [theme.good, theme.title, theme.text, theme.text];
    let keys = ["1", "2", "3", "4"];
    let mut out = Line::default();
    for ((words, style), key) in line.words().into_iter().zip(styles).zip(keys) {
        let key = format!(" [{key}]");
        // Where there is no room, another line follows.
        if out.width() > 0 && out.width() + 3 + words.len() + key.len() > head.width() {
            head.lines.push(std::mem::take(&mut out));
        }
        let gap = if out.width() == 0 { " " } else { " · " };
        out.spans.push(Span::raw(gap));
        out.spans.push(Span::styled(words, style));
        out.spans.push(Span::styled(key, theme.key));
    }
    head.lines.push(out);
    head.gap();
}
