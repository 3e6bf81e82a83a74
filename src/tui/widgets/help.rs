//! The keys that work here, from the key table: type to filter, enter runs the row.

use super::list::{self, Cursor, fit};
use super::pane;
use crate::tui::action::{Action, Motion};
use crate::tui::keymap::{Keymap, Place, Row};
use crate::tui::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use tui_input::Input;

/// The help of one place.
#[derive(Clone, Debug)]
pub struct Help {
    place: Place,
    pub typed: Input,
    cursor: Cursor,
}

impl Help {
    /// The help of `place`.
    #[must_use]
    pub fn new(place: Place) -> Self {
        Self {
            place,
            typed: Input::default(),
            cursor: Cursor::default(),
        }
    }

    fn rows<'a>(&self, keymap: &'a Keymap) -> Vec<&'a Row> {
        let wanted = self.typed.value().to_lowercase();
        keymap
            .at(self.place)
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

    /// The filter was changed.
    pub fn changed(&mut self) {
        self.cursor = Cursor::default();
    }

    /// The row under the cursor.
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
        let field = format!(" filter: {}", self.typed.value());
        frame.render_widget(
            Line::styled(fit(&field, usize::from(area.width)), theme.input),
            Rect {
                height: area.height.min(1),
                ..area
            },
        );
        let body = Rect {
            y: area.y.saturating_add(1),
            height: area.height.saturating_sub(1),
            ..area
        };
        let mut cursor = self.cursor;
        let len = rows.len() as u64;
        cursor.keep(len, u64::from(body.height));
        list::draw(frame, body, theme, (cursor, len), |at| {
            let row = usize::try_from(at).ok().and_then(|at| rows.get(at));
            row.map_or_else(Line::default, |row| {
                line(row, refusal(row.binding.action), theme)
            })
        });
        if len == 0 {
            frame.render_widget(Line::styled(" no key here does that", theme.muted), body);
        }
    }
}

fn line(row: &Row, refused: Option<String>, theme: &Theme) -> Line<'static> {
    let keys = format!(" {} ", fit(&row.keys.join(" "), 13));
    match refused {
        Some(why) => Line::styled(
            format!("{keys}{} not now: {why}", fit(row.binding.title, 12)),
            theme.refused,
        ),
        None => Line::from(vec![
            Span::styled(keys, theme.key),
            Span::styled(
                format!("{} {}", fit(row.binding.title, 12), row.binding.help),
                theme.text,
            ),
        ]),
    }
}
