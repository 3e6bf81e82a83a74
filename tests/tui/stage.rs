//! A person who types, a terminal that remembers, a hub that answers; no sleeps and no chance.

use super::hub::FakeHub;
use crate::degrade::{TermCaps, degrade};
use crate::effect::{Effect, Ticket};
use crate::event::Event;
use crate::keymap::{Keymap, Overrides, TABLE, chord};
use crate::state::{HubInfo, State};
use crate::theme::{FIRST_ROLE, ROLES, Theme};
use crate::update::update;
use crate::view::view;
use crossterm::event::{Event as Term, KeyEvent};
use luthier_hub::store::Environment;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use ratatui::style::Color;

pub struct Stage {
    pub state: State,
    pub hub: FakeHub,
    /// Every effect, in words.
    pub effects: Vec<String>,
    /// How often something was written.
    pub writes: usize,
    pub copied: Vec<String>,
    /// What was shown by another program: name and text.
    pub viewed: Vec<(String, String)>,
    /// What was asked and not answered yet.
    pub waiting: Vec<Effect>,
    terminal: Terminal<TestBackend>,
}

pub fn hub_info(environment: Environment, writable: bool) -> HubInfo {
    HubInfo {
        name: "musehub-test".into(),
        environment,
        database: "sqlite /srv/hub.db".into(),
        store: "folder /srv/objects".into(),
        writable,
    }
}

/// The keys as they are without a configuration.
pub fn keymap() -> Keymap {
    Keymap::new(TABLE, &Overrides::new()).unwrap()
}

/// 2026-11-23T04:00:00Z.
const STARTED: i64 = 1_795_406_400_000_000;

impl Stage {
    /// A console that was opened and has audited.
    pub fn new(width: u16, height: u16) -> Self {
        Self::with(
            FakeHub::default(),
            hub_info(Environment::Demo, true),
            width,
            height,
        )
    }

    pub fn with(hub: FakeHub, hub_info: HubInfo, width: u16, height: u16) -> Self {
        let mut stage = Self {
            state: State::new(hub_info, keymap(), Size::new(width, height), STARTED),
            hub,
            effects: vec![],
            writes: 0,
            copied: vec![],
            viewed: vec![],
            waiting: vec![],
            terminal: Terminal::new(TestBackend::new(width, height)).unwrap(),
        };
        let effects = stage.state.start();
        stage.take(effects);
        stage.answer_all();
        stage
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.effects.push(format!("{effect:?}"));
            self.writes += usize::from(matches!(effect, Effect::Apply { .. }));
            if let Effect::Copy(text) = &effect {
                self.copied.push(text.clone());
            }
            if let Effect::View { name, text } = &effect {
                self.viewed.push((name.clone(), text.clone()));
            }
            self.waiting.push(effect);
        }
    }

    pub fn send(&mut self, event: Event) {
        let effects = update(&mut self.state, event);
        self.take(effects);
    }

    /// Answers everything, and what follows from the answers.
    pub fn answer_all(&mut self) {
        self.draw();
        for _ in 0..10_000 {
            if self.waiting.is_empty() {
                break;
            }
            let effect = self.waiting.remove(0);
            let Some(ticket) = ticket(&effect) else {
                continue;
            };
            if let Some(answer) = self.hub.answer(&effect) {
                self.send(Event::Answer(ticket, Box::new(answer)));
            }
        }
        self.draw();
    }

    pub fn draw(&mut self) {
        let theme = Theme::roles();
        let state = &self.state;
        self.terminal
            .draw(|frame| view(state, &theme, frame))
            .unwrap();
        self.state.drawn();
    }

    pub fn resize(&mut self, width: u16, height: u16) {
        self.terminal.backend_mut().resize(width, height);
        self.send(Event::Term(Term::Resize(width, height)));
        self.answer_all();
    }

    pub fn press(&mut self, key: &str) {
        let (modifiers, code) = chord(key).unwrap_or_else(|| panic!("`{key}` is no key"));
        self.send(Event::Term(Term::Key(KeyEvent::new(code, modifiers))));
    }

    /// Types keys like a person who looks after each.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            self.press(key);
            self.answer_all();
        }
        self
    }

    /// Types keys faster than anything is drawn or answered.
    pub fn burst(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            self.press(key);
        }
        self
    }

    /// Types a text, letter by letter.
    pub fn types(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.press(
                if c == ' ' {
                    "space".to_owned()
                } else {
                    c.to_string()
                }
                .as_str(),
            );
            self.answer_all();
        }
        self
    }

    pub fn notice(&self) -> &str {
        self.state
            .shared
            .notices
            .all()
            .iter()
            .find(|notice| !notice.logged)
            .map_or("", |notice| &notice.text)
    }

    pub fn buffer(&self) -> &Buffer {
        self.terminal.backend().buffer()
    }

    pub fn line(&self, y: u16) -> String {
        let buffer = self.buffer();
        (0..buffer.area.width)
            .map(|x| buffer[(x, y)].symbol())
            .collect()
    }

    pub fn text(&self) -> String {
        let lines = (0..self.buffer().area.height).map(|y| self.line(y).trim_end().to_owned());
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The screen, then each run of cells in a role by the role's name.
    pub fn screen(&self) -> String {
        let buffer = self.buffer();
        let mut roles = String::new();
        for y in 0..buffer.area.height {
            let mut x = 0;
            while x < buffer.area.width {
                let fg = buffer[(x, y)].fg;
                let end = (x..buffer.area.width)
                    .find(|x| buffer[(*x, y)].fg != fg)
                    .unwrap_or(buffer.area.width);
                if let Color::Indexed(n @ FIRST_ROLE..) = fg
                    && !["text", "border"].contains(&ROLES[usize::from(n - FIRST_ROLE)].name)
                {
                    roles += &format!(
                        "{y}:{x}..{end} {}\n",
                        ROLES[usize::from(n - FIRST_ROLE)].name
                    );
                }
                x = end;
            }
        }
        format!("{}\n-- roles --\n{roles}", self.text())
    }

    /// The frame as a terminal with this look gets it, in its own sixteen colours.
    pub fn degraded(&mut self, caps: TermCaps) -> Buffer {
        self.painted(&Theme::ansi(), caps)
    }

    /// The frame as a terminal with this look gets it, in a theme.
    pub fn painted(&mut self, theme: &Theme, caps: TermCaps) -> Buffer {
        let state = &self.state;
        let frame = self.terminal.draw(|frame| {
            view(state, theme, frame);
            degrade(frame.buffer_mut(), caps);
        });
        frame.unwrap().buffer.clone()
    }
}

fn ticket(effect: &Effect) -> Option<Ticket> {
    match effect {
        Effect::Open(ticket)
        | Effect::Read { ticket, .. }
        | Effect::Audit { ticket, .. }
        | Effect::Pull { ticket, .. }
        | Effect::Plan { ticket, .. }
        | Effect::Apply { ticket, .. }
        | Effect::SavePlan { ticket, .. }
        | Effect::Copies { ticket, .. }
        | Effect::Undo { ticket, .. }
        | Effect::SignOff { ticket }
        | Effect::SaveSignOff { ticket, .. }
        | Effect::Export { ticket, .. } => Some(*ticket),
        _ => None,
    }
}
