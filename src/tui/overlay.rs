//! Overlays, which cover a screen and take the keys: a dialog, a line of text, the help, a list.

use super::keymap::KeyContext;
use super::widgets::audit::Choice;
use super::widgets::branches::Branches;
use super::widgets::confirm::Confirm;
use super::widgets::help::Help;
use super::widgets::list::Cursor;
use super::widgets::palette::Palette;
use tui_input::Input;

/// One of them is open at most.
#[derive(Debug)]
pub enum Overlay {
    Confirm(Box<Confirm>),
    Help(Help),
    Palette(Palette),
    /// The log of this run, newest first.
    Log(Cursor),
    /// A line being typed.
    Prompt {
        purpose: Purpose,
        typed: Input,
        /// The text from before.
        before: String,
        /// The text when it was first completed, and how often it was since.
        completed: Option<(String, usize)>,
    },
    Branches(Branches),
    /// The depth and the scope of an audit.
    Audit(Choice),
    /// The form of a list that is written into a file.
    Export,
}

/// The purpose of a typed line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Filter,
    /// The file for a plan.
    SavePlan,
    /// The folder for the reports of a sign-off.
    SaveSignOff,
    /// The client's folder to take copies from.
    Copies,
}

impl Purpose {
    /// Returns the text before the line.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Purpose::Filter => "/",
            Purpose::SavePlan => "write the plan to: ",
            Purpose::SaveSignOff => "write the reports into the folder: ",
            Purpose::Copies => "take copies from the folder: ",
        }
    }
}

impl Overlay {
    /// Returns the context of the keys while it is open.
    #[must_use]
    pub fn context(&self) -> KeyContext {
        match self {
            Overlay::Confirm(confirm) if confirm.wants_name() => KeyContext::Name,
            Overlay::Confirm(_) => KeyContext::Confirm,
            Overlay::Help(_) => KeyContext::Help,
            Overlay::Palette(_) => KeyContext::Palette,
            Overlay::Log(_) => KeyContext::Log,
            Overlay::Prompt { purpose, .. } => match purpose {
                Purpose::Filter => KeyContext::Prompt,
                Purpose::SavePlan | Purpose::SaveSignOff => KeyContext::File,
                Purpose::Copies => KeyContext::Folder,
            },
            Overlay::Branches(_) => KeyContext::Branches,
            Overlay::Audit(_) => KeyContext::Audit,
            Overlay::Export => KeyContext::Export,
        }
    }
}
