//! The keys that work here, from the key table: type to filter, enter runs the row.

use super::input;
use super::list::{self, Cursor, fit};
use super::pane::{self, Text};
use crate::action::{Action, Motion};
use crate::keymap::{KeyContext, Keymap, Row};
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::text::{Line, Span};
use tui_input::Input;
use unicode_width::UnicodeWidthStr;

/// Cells of a row beside its title and its sentence.
const LEAD: usize = 16;

/// The most cells of a title.
const TITLE: usize = 16;

/// The help of one place.
#[derive(Clone, Debug)]
pub struct Help {
    context: KeyContext,
    pub typed: Input,
    cursor: Cursor,
}

impl Help {
    /// Returns the help of `context`.
    #[must_use]
    pub fn new(context: KeyContext) -> Self {
        Self {
            context,
            typed: Input::default(),
            cursor: Cursor::default(),
        }
    }

    fn rows<'a>(&self, keymap: &'a Keymap) -> Vec<&'a Row> {
        let wanted = self.typed.value().to_lowercase();
        keymap
            .at(self.context)
            .filter(|row| {
                wanted.is_empty()
                    || row.keys.iter().any(|key| key == self.typed.value())
                    || row.binding.title.contains(&wanted)
                    || row.binding.help.to_lowercase().contains(&wanted)
            })
            .collect()
    }

    /// Moves the cursor.
    pub fn step(&mut self, motion: Motion, keymap: &Keymap) {
        let len = self.rows(keymap).len() as u64;
        self.cursor.step(motion, len, 10);
    }

    /// Takes a changed filter.
    pub fn changed(&mut self) {
        self.cursor = Cursor::default();
    }

    /// Returns the row under the cursor.
    #[must_use]
    pub fn chosen(&self, keymap: &Keymap) -> Option<Action> {
        let at = usize::try_from(self.cursor.at).ok()?;
        self.rows(keymap).get(at).map(|row| row.binding.action)
    }

    /// Draws the help; `refusal` says why a row cannot be done now.
    pub fn view(
        &self,
        frame: &mut Frame,
        theme: &Theme,
        keymap: &Keymap,
        refusal: impl Fn(Action) -> Option<String>,
    ) {
        let rows = self.rows(keymap);
        let height = u16::try_from(rows.len() + 2).unwrap_or(u16::MAX);
        let width = frame.area().width.saturating_sub(6).min(110);
        let height = height.max(6).min(frame.area().height.saturating_sub(4));
        let area = pane::dialog(frame, theme, "keys here", width, height);
        let [field, body] = pane::headed(area);
        input::draw(frame, field, theme, " filter: ", &self.typed);
        let say = |row: &Row| match refusal(row.binding.action) {
            Some(why) => (format!("not now: {why}"), false),
            None => (row.binding.help.to_owned(), true),
        };
        // A sentence that its row has no room for is shown whole below.
        let cut = |row: &&Row| LEAD + TITLE + say(row).0.width() > usize::from(area.width);
        let below = if rows.iter().any(cut) { 2 } else { 0 };
        let rule = u16::from(below > 0);
        let [body, rule, below] = Layout::vertical([
            Constraint::Fill(1),
            Constraint::Length(rule),
            Constraint::Length(below),
        ])
        .areas(body);
        // How many rows more there are is said in it.
        let across = "─".repeat(usize::from(rule.width));
        frame.render_widget(Line::styled(across, theme.border), rule);
        let titles = rows.iter().map(|row| row.binding.title.width());
        let title = titles.max().unwrap_or(0).clamp(12, TITLE);
        let mut cursor = self.cursor;
        let len = rows.len() as u64;
        cursor.keep(len, u64::from(body.height));
        let at = |at: u64| usize::try_from(at).ok().and_then(|at| rows.get(at));
        list::draw(frame, body, theme, (cursor, len), |n| {
            at(n).map_or_else(Line::default, |row| line(row, title, say(row), theme))
        });
        if let Some(row) = at(cursor.at).filter(|_| below.height > 0) {
            let mut text = Text::new(below.width.saturating_sub(2));
            text.hang(" ", &say(row).0, theme.muted);
            text.draw(frame, below, Cursor::default(), theme);
        }
        if len == 0 {
            frame.render_widget(Line::styled(" no key here matches", theme.muted), body);
        }
    }
}

fn line(row: &Row, title: usize, (words, can): (String, bool), theme: &Theme) -> Line<'static> {
    let (key, text) = match can {
        true => (theme.key, theme.text),
        false => (theme.refused, theme.refused),
    };
    Line::from(vec![
        Span::styled(format!(" {} ", fit(&row.keys.join(" "), 13)), key),
        Span::styled(format!("{} {words}", fit(row.binding.title, title)), text),
    ])
}
