//! The log of this run, over the screen.

use super::list::{self, Cursor, fit};
use super::pane;
use crate::state::Shared;
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::text::Line;

/// Returns the entries that are shown at once.
#[must_use]
pub fn height(shared: &Shared) -> u64 {
    let height = pane::dialog_height(shared.size.height);
    u64::from(height.saturating_sub(u16::from(!shared.log.is_empty())))
}

/// Draws the place of the log, and below it the entries around `cursor`, newest first.
pub fn view(shared: &Shared, mut cursor: Cursor, frame: &mut Frame, theme: &Theme) {
    let screen = frame.area();
    let (width, height) = (
        screen.width.saturating_sub(6),
        pane::dialog_height(screen.height),
    );
    let mut area = pane::dialog(frame, theme, "log of this run, newest first", width, height);
    if !shared.log.is_empty() {
        let [above, below] = pane::headed(area);
        area = below;
        let place = luthier_hub::text::cut(&shared.log, usize::from(area.width).saturating_sub(1));
        frame.render_widget(Line::styled(format!(" {place}"), theme.muted), above);
    }
    let all = shared.notices.all();
    if all.is_empty() {
        frame.render_widget(Line::styled(" no notices yet", theme.muted), area);
        return;
    }
    let len = all.len() as u64;
    cursor.keep(len, u64::from(area.height));
    list::draw(frame, area, theme, (cursor, len), |at| {
        let notice = usize::try_from(at).ok().and_then(|at| all.get(at));
        notice.map_or_else(Line::default, |notice| {
            let ago = shared.clock.saturating_sub(notice.at).as_secs();
            let ago = fit(&(crate::meter::span(ago) + " ago"), 12);
            Line::styled(format!(" {ago}  {}", notice.text), theme.text)
        })
    });
}
