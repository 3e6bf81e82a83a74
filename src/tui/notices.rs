//! Notices: the last one in the status line, all of them in the log, among the other lines of the run.

use std::collections::VecDeque;
use std::time::Duration;

/// Notices held.
const HELD: usize = 1_000;

/// The importance of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Shown for six seconds.
    Info,
    /// Shown for fifteen.
    Warning,
    /// Shown until a key.
    Error,
}

/// One line for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub level: Level,
    pub text: String,
    pub at: Duration,
    /// It was never in the status line: a line of the log alone.
    pub logged: bool,
}

/// Every notice and every line of the log of the session, newest first.
#[derive(Clone, Debug, Default)]
pub struct Notices {
    all: VecDeque<Notice>,
    shown: Option<Notice>,
    count: u64,
}

impl Notices {
    /// Tells something.
    pub fn tell(&mut self, level: Level, text: impl Into<String>, at: Duration) {
        let text = luthier_hub::secrets::hide(&text.into()).into_owned();
        let notice = Notice {
            level,
            text,
            at,
            logged: false,
        };
        self.shown = Some(notice.clone());
        self.count += 1;
        self.hold(notice);
    }

    /// Adds a line of the log, which is not shown in the status line.
    pub fn log(&mut self, level: Level, text: String, at: Duration) {
        self.hold(Notice {
            level,
            text,
            at,
            logged: true,
        });
    }

    fn hold(&mut self, notice: Notice) {
        self.all.push_front(notice);
        self.all.truncate(HELD);
    }

    /// Returns the notice of the status line.
    #[must_use]
    pub const fn shown(&self) -> Option<&Notice> {
        self.shown.as_ref()
    }

    /// Takes down a notice whose time is over; says whether one was.
    pub fn expire(&mut self, now: Duration) -> bool {
        let Some(notice) = self.shown() else {
            return false;
        };
        let stays = match notice.level {
            Level::Info => Duration::from_secs(6),
            Level::Warning => Duration::from_secs(15),
            Level::Error => return false,
        };
        let over = now.saturating_sub(notice.at) >= stays;
        if over {
            self.shown = None;
        }
        over
    }

    /// Drops the notice after a key was pressed.
    pub fn dismiss(&mut self) {
        self.shown = None;
    }

    /// Counts the notices of the session.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns the notices after the first `known` ones, oldest first, as far as they are kept.
    pub fn since(&self, known: u64) -> impl Iterator<Item = &Notice> {
        let fresh = usize::try_from(self.count.saturating_sub(known)).unwrap_or(usize::MAX);
        let told: Vec<&Notice> = self.all.iter().filter(|n| !n.logged).take(fresh).collect();
        told.into_iter().rev()
    }

    /// Returns all notices and lines of the log, newest first.
    #[must_use]
    pub fn all(&self) -> &VecDeque<Notice> {
        &self.all
    }
}
