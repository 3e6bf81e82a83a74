//! The question before something is written or lost, and the only place where a [`Confirmed`] is made.
//!
//! The default is no. `enter` never means yes; a key typed before the question was drawn does not
//! answer it, nor does a paste or the mouse.

use super::pane;
use crate::effect::{Consent, PlanRef};
use crate::theme::Theme;
use luthier_hub::text;
use luthier_repair::{Totals, Undoable};
use ratatui::Frame;
use ratatui::text::{Line, Span};
use tui_input::Input;

/// A value that a person has agreed to.
#[derive(Debug, PartialEq, Eq)]
pub struct Confirmed<T>(T);

impl<T> Confirmed<T> {
    /// Returns what was confirmed.
    pub fn into_inner(self) -> T {
        self.0
    }
}

/// The question of a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    Apply {
        plan: PlanRef,
        /// Of an undo: which run it takes back, in words.
        undoes: Option<String>,
        totals: Totals,
        /// The reasons why the plan may rest on a mistake.
        alarms: Vec<String>,
        undoable: Undoable,
        /// The first ten steps are to be looked at before the others.
        canary: bool,
    },
    Leave {
        what: String,
    },
}

/// The confirmed action.
#[derive(Debug, PartialEq, Eq)]
pub enum Agreed {
    Apply(Confirmed<PlanRef>, Consent),
    Leave,
}

/// The way in which a dialog is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Level {
    Letter,
    /// The hub's name must be typed, for this reason.
    Name {
        name: String,
        why: String,
    },
}

/// A question on the screen.
#[derive(Clone, Debug)]
pub struct Confirm {
    question: Question,
    level: Level,
    /// The hub, in a few words.
    hub: String,
    typed: Input,
    drawn: bool,
}

impl Confirm {
    /// Returns a question that `y` answers.
    #[must_use]
    pub fn letter(question: Question, hub: String) -> Self {
        Self {
            question,
            level: Level::Letter,
            hub,
            typed: Input::default(),
            drawn: false,
        }
    }

    /// Returns a question that is answered with the hub's name.
    #[must_use]
    pub fn name(question: Question, hub: String, name: String, why: String) -> Self {
        Self {
            level: Level::Name { name, why },
            ..Self::letter(question, hub)
        }
    }

    /// Returns whether it is answered with a name.
    #[must_use]
    pub fn wants_name(&self) -> bool {
        matches!(self.level, Level::Name { .. })
    }

    /// Returns the line in which the name is typed.
    pub fn input(&mut self) -> Option<&mut Input> {
        (self.drawn && self.wants_name()).then_some(&mut self.typed)
    }

    /// Notes that the dialog was drawn: keys from now on are answers to it.
    pub fn drawn(&mut self) {
        self.drawn = true;
    }

    /// Returns whether the question was on the screen.
    #[must_use]
    pub fn was_drawn(&self) -> bool {
        self.drawn
    }

    /// Takes `y`.
    #[must_use]
    pub fn yes(&self) -> Option<Agreed> {
        (self.drawn && self.level == Level::Letter).then(|| self.agreed())
    }

    /// Takes enter after a name was typed.
    #[must_use]
    pub fn submit(&self) -> Option<Agreed> {
        match &self.level {
            Level::Name { name, .. } if self.drawn && self.typed.value() == name => {
                Some(self.agreed())
            }
            _ => None,
        }
    }

    fn agreed(&self) -> Agreed {
        match &self.question {
            Question::Apply {
                plan,
                alarms,
                canary,
                ..
            } => {
                let consent = Consent {
                    mass_fault: !alarms.is_empty() && self.wants_name(),
                    look_after_canary: *canary,
                };
                Agreed::Apply(Confirmed(*plan), consent)
            }
            Question::Leave { .. } => Agreed::Leave,
        }
    }

    /// Draws the question over everything.
    pub fn view(&self, frame: &mut Frame, theme: &Theme) {
        let mut body = pane::Text::new(56);
        let title = match &self.question {
            Question::Apply {
                undoes,
                totals,
                alarms,
                undoable,
                canary,
                ..
            } => {
                self.say_totals(totals, *undoable, &mut body, theme);
                if let Some(run) = undoes {
                    say_run(run, totals.refused, &mut body, theme);
                }
                for alarm in alarms {
                    body.say(&format!("! {alarm}"), theme.error);
                }
                say_undo(*undoable, &mut body, theme);
                if *canary {
                    body.say(CANARY, theme.text);
                }
                "apply this plan?"
            }
            Question::Leave { what } => {
                body.say(what, theme.text);
                "leave?"
            }
        };
        body.gap();
        match &self.level {
            Level::Letter => body.lines.push(Line::from(vec![
                Span::styled("y", theme.key),
                Span::raw(" yes   "),
                Span::styled("n", theme.key),
                Span::raw(" no"),
            ])),
            Level::Name { name, why } => {
                body.say(why, theme.warning);
                body.say(&format!("Type `{name}` and press enter:"), theme.text);
                body.lines.push(Line::default());
            }
        }
        let height = u16::try_from(body.lines.len()).unwrap_or(u16::MAX);
        let area = pane::dialog(frame, theme, title, 56, height);
        // On a screen too low for all of it, the answer's line is what must stay.
        let top = height.saturating_sub(area.height);
        pane::lines(frame, area, u64::from(top), body.lines);
        if self.wants_name() {
            let line = area.rows().next_back().unwrap_or_default();
            super::input::draw(frame, line, theme, "> ", &self.typed);
        }
    }

    fn say_totals(
        &self,
        totals: &Totals,
        undoable: Undoable,
        body: &mut pane::Text,
        theme: &Theme,
    ) {
        body.say(&self.hub, theme.title);
        let by: Vec<String> = totals
            .by_remedy
            .iter()
            .map(|(remedy, count)| format!("{} {remedy}", text::grouped(*count)))
            .collect();
        body.say(
            &format!("{}: {}", text::plural(totals.steps, "step"), by.join(", ")),
            theme.text,
        );
        body.say(&undoable.writes(totals), theme.text);
    }
}

/// The line that says what happens after the first steps.
const CANARY: &str = "It pauses after the first 10 steps so that you can check them; p continues.";

/// Says which run an undo takes back, and how many steps of it stay.
fn say_run(run: &str, skipped: u64, body: &mut pane::Text, theme: &Theme) {
    body.say(run, theme.text);
    if skipped > 0 {
        let steps = text::plural(skipped, "step");
        let words = format!("! not undone: {steps} of the run; c on the plan says why.");
        body.say(&words, theme.warning);
    }
}

/// Says what of a plan can be undone, and what cannot.
fn say_undo(undoable: Undoable, body: &mut pane::Text, theme: &Theme) {
    for words in undoable.words() {
        body.say(&words, theme.muted);
    }
    let how = match undoable.whole + undoable.row {
        0 => "Nothing is deleted.",
        _ => "To undo: J, then U. Nothing is deleted.",
    };
    body.say(how, theme.muted);
}
