//! The branches of a repository, to choose one of; typed letters narrow the list.

use super::input;
use super::list::{self, Cursor, fit};
use super::pane;
use crate::effect::{ReportRef, Scope};
use crate::lines::{BranchLine, HubId};
use crate::pages::{Chain, Row};
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::text::{Line, Span};
use tui_input::Input;

/// The branches of a repository, to choose one of.
#[derive(Debug)]
pub struct Branches {
    pub scope: Scope,
    /// The repository whose pull is tried of the one that is chosen; without, its commits are listed.
    pub pull: Option<HubId>,
    pub repo_id: String,
    /// What is known of all its branches, in words; empty where nothing is.
    pub note: String,
    /// The report that says so.
    pub known: ReportRef,
    /// Only branches whose names contain it are listed.
    pub typed: Input,
    /// Enter was pressed before the list had come; the first branch of it is taken then.
    pub chosen: bool,
    pub list: Chain<BranchLine>,
    pub cursor: Cursor,
}

impl Branches {
    /// Lists anew what the typed text lets through, for another owner; the one before is returned.
    pub fn narrow(&mut self, scope: Scope) -> Scope {
        (self.list, self.cursor) = (Chain::default(), Cursor::default());
        self.chosen = false;
        std::mem::replace(&mut self.scope, scope)
    }

    /// Draws it.
    pub fn view(&self, frame: &mut Frame, theme: &Theme) {
        let height = pane::dialog_height(frame.area().height);
        let title = match &self.pull {
            Some(path) => format!("branches of {}", path.shown()),
            None => "branches".to_owned(),
        };
        let area = pane::dialog(frame, theme, &title, 80, height);
        let [line, area] = pane::headed(area);
        input::draw(frame, line, theme, " /", &self.typed);
        let area = match self.note.is_empty() {
            true => area,
            false => {
                let [note, area] = pane::headed(area);
                frame.render_widget(Line::styled(format!(" {}", self.note), theme.muted), note);
                area
            }
        };
        let name = usize::from(area.width).saturating_sub(42).clamp(12, 40);
        if let Some(why) = self.list.failed() {
            frame.render_widget(Line::styled(format!(" ✗ {why}"), theme.error), area);
            return;
        }
        if self.list.ended() && self.list.is_empty() {
            let text = match self.typed.value().is_empty() {
                true => " no branches",
                false => " no branch has this in its name",
            };
            frame.render_widget(Line::styled(text, theme.muted), area);
            return;
        }
        let len = self.list.len().max(1);
        let mut cursor = self.cursor;
        cursor.keep(len, u64::from(area.height));
        list::draw(frame, area, theme, (cursor, len), |at| {
            match self.list.row(at) {
                Row::Ready(row) => branch_line(row, name, theme),
                Row::Pending => Line::styled(" …", theme.pending),
                Row::Failed(why) => Line::styled(format!(" ✗ {why}"), theme.error),
            }
        });
    }
}

/// Returns a branch whose name has `width` cells.
fn branch_line(row: &BranchLine, width: usize, theme: &Theme) -> Line<'static> {
    let head = row
        .head
        .as_ref()
        .map_or_else(|| "no commit yet".to_owned(), |id| id.short());
    let (words, grade) = row.mark.words();
    let style = grade.map_or(theme.muted, |grade| theme.grade(grade));
    let named = format!(" {} {} ", fit(row.name.shown(), width), fit(&head, 13));
    Line::from(vec![
        Span::styled(named, theme.text),
        Span::styled(words, style),
    ])
}
