//! The palette on the screen: a line that is typed, and what it finds.

use super::list::{self, Cursor, fit};
use super::{input, pane};
use crate::action::{Action, Motion};
use crate::keymap::{KeyContext, Keymap};
use crate::palette::{Entry, Recent, Target, entries};
use crate::theme::Theme;
use ratatui::Frame;
use ratatui::text::{Line, Span};
use tui_input::Input;

/// Rows that a page of it moves by.
const PAGE: u64 = 10;

/// The palette of one place.
#[derive(Clone, Debug)]
pub struct Palette {
    context: KeyContext,
    pub typed: Input,
    cursor: Cursor,
    found: Vec<Entry>,
}

impl Palette {
    /// Returns the palette of `context`, with nothing typed yet.
    #[must_use]
    pub fn new(context: KeyContext, keymap: &Keymap, recent: &Recent) -> Self {
        Self {
            context,
            typed: Input::default(),
            cursor: Cursor::default(),
            found: entries(keymap, context, "", recent),
        }
    }

    /// Takes a changed line.
    pub fn changed(&mut self, keymap: &Keymap, recent: &Recent) {
        self.cursor = Cursor::default();
        self.found = entries(keymap, self.context, self.typed.value(), recent);
    }

    /// Moves the cursor.
    pub fn step(&mut self, motion: Motion) {
        self.cursor.step(motion, self.found.len() as u64, PAGE);
    }

    /// Returns the row under the cursor.
    #[must_use]
    pub fn chosen(&self) -> Option<&Entry> {
        self.found.get(usize::try_from(self.cursor.at).ok()?)
    }

    /// Draws it; `refusal` says why an action cannot be done now.
    pub fn view(
        &self,
        frame: &mut Frame,
        theme: &Theme,
        refusal: impl Fn(Action) -> Option<String>,
    ) {
        let screen = frame.area();
        let width = screen.width.saturating_sub(6).min(110);
        let height = screen.height.saturating_sub(6).min(16);
        let area = pane::dialog(frame, theme, "do or go to", width, height);
        let [line, body] = pane::headed(area);
        input::draw(frame, line, theme, " :", &self.typed);
        let len = self.found.len() as u64;
        let mut cursor = self.cursor;
        cursor.keep(len, u64::from(body.height));
        list::draw(frame, body, theme, (cursor, len), |at| {
            let entry = usize::try_from(at).ok().and_then(|at| self.found.get(at));
            entry.map_or_else(Line::default, |entry| row(entry, &refusal, theme))
        });
        if len == 0 {
            let text = " nothing matches; type a filter, a path or an id to go there";
            frame.render_widget(Line::styled(text, theme.muted), body);
        }
    }
}

fn row(entry: &Entry, refusal: &impl Fn(Action) -> Option<String>, theme: &Theme) -> Line<'static> {
    let title = fit(&entry.title, 20.max(entry.title.chars().count().min(60)));
    let key = fit(&entry.key, 9);
    let why = match &entry.target {
        Target::Action(action) => refusal(*action).map(|why| format!("not now: {why}")),
        Target::Elsewhere(contexts) => Some(format!("in {}", contexts.join(", "))),
        Target::Jump(_) => None,
    };
    match why {
        Some(why) => Line::styled(format!(" {title} {key} {why}"), theme.refused),
        None => Line::from(vec![
            Span::styled(format!(" {title} "), theme.text),
            Span::styled(key, theme.key),
            Span::styled(format!(" {}", entry.help), theme.muted),
        ]),
    }
}
