//! Asks how much an audit is to read, and of what, before it starts.

use super::list::fit;
use super::pane::{self, Text};
use crate::lines::known::{rests_on, scope_words};
use crate::state::Shared;
use crate::theme::Theme;
use luthier_audit::{Depth, Scope};
use ratatui::Frame;
use ratatui::text::{Line, Span};

/// The depths in their order, with the key and what each reads.
const DEPTHS: [(Depth, &str, &str); 3] = [
    (
        Depth::Rows,
        "1",
        "rows and the commit graph; nothing from the store",
    ),
    (
        Depth::Presence,
        "2",
        "rows and the store's listing; objects only where something differs",
    ),
    (Depth::Bytes, "3", "everything, every byte of every object"),
];

/// The current choice.
#[derive(Clone, Debug)]
pub struct Choice {
    scopes: Vec<Scope>,
    at: usize,
    pub depth: Depth,
}

impl Choice {
    /// Makes the dialog; the first of `scopes` is selected.
    #[must_use]
    pub fn new(scopes: Vec<Scope>, depth: Depth) -> Self {
        Self {
            scopes,
            at: 0,
            depth,
        }
    }

    /// Returns the chosen scope.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scopes.get(self.at).cloned().unwrap_or_default()
    }

    /// Goes to the next scope, or to the one before.
    pub fn other_scope(&mut self, next: bool) {
        self.at = match next {
            true => (self.at + 1).min(self.scopes.len().saturating_sub(1)),
            false => self.at.saturating_sub(1),
        };
    }

    /// Goes to the next depth, or to the one before.
    pub fn deeper(&mut self, next: bool) {
        self.depth = match (self.depth, next) {
            (Depth::Rows, true) | (Depth::Bytes, false) => Depth::Presence,
            (Depth::Presence, true) | (Depth::Bytes, true) => Depth::Bytes,
            (Depth::Presence | Depth::Rows, false) => Depth::Rows,
        };
    }

    /// Draws what can be audited, each with its last audit.
    fn scope_lines(&self, shared: &Shared, width: usize, out: &mut Text, theme: &Theme) {
        for (n, scope) in self.scopes.iter().enumerate() {
            let chosen = n == self.at;
            let mark = if chosen { "▸" } else { " " };
            let style = if chosen { theme.selected } else { theme.text };
            let past = match scope {
                Scope::Hub => Some(shared.audits.last_hub_audit()),
                Scope::Repo(path) => Some(shared.audits.last_repo_audit(path)),
                Scope::Branch(path, name) => {
                    let known = shared.audits.last.as_ref();
                    Some(known.and_then(|known| known.past_audits.branch(path, name)))
                }
                Scope::Id(_) | Scope::Ids(_) => None,
            };
            let last = past.map_or_else(String::new, |past| rests_on(past, shared));
            let words = scope_words(scope);
            let line = format!("   {mark} {}  {last}", fit(&words, 24));
            let line = luthier_hub::text::cut(&line, width).into_owned();
            out.lines.push(Line::styled(line, style));
        }
    }

    /// Draws it over the screen.
    pub fn view(&self, frame: &mut Frame, shared: &Shared, theme: &Theme) {
        let height = u16::try_from(self.scopes.len()).unwrap_or(4) + 9;
        let width = 74.min(frame.area().width.saturating_sub(4));
        let area = pane::dialog(
            frame,
            theme,
            "audit: how much to read, and of what",
            width,
            height,
        );
        let mut out = Text::new(area.width);
        for (depth, key, words) in DEPTHS {
            let chosen = depth == self.depth;
            let mark = if chosen { "▸" } else { " " };
            let style = if chosen { theme.selected } else { theme.text };
            out.lines.push(Line::from(vec![
                Span::styled(format!(" {key} "), theme.key),
                Span::styled(format!("{mark} {}  {words}", fit(depth.word(), 8)), style),
            ]));
        }
        out.gap();
        self.scope_lines(shared, usize::from(area.width), &mut out, theme);
        out.gap();
        out.say(
            " 1 2 3 depth   ↑↓ what   enter starts   esc cancels",
            theme.muted,
        );
        if self.scope() == Scope::Hub {
            out.say(
                " The depth for the whole hub is remembered for this hub.",
                theme.muted,
            );
        }
        out.draw(frame, area, super::list::Cursor::default(), theme);
    }
}
