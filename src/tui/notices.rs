//! Notices: the last one in the status line, all of them in the log.

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

/// One line that was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub level: Level,
    pub text: String,
    pub at: Duration,
}

/// Every notice of the session, newest first.
#[derive(Clone, Debug, Default)]
pub struct Notices {
    all: VecDeque<Notice>,
    shown: bool,
    count: u64,
}

impl Notices {
    /// Tells something.
    pub fn tell(&mut self, level: Level, text: impl Into<String>, at: Duration) {
        let text = text.into();
        self.all.push_front(Notice { level, text, at });
        self.all.truncate(HELD);
        self.shown = true;
        self.count += 1;
    }

    /// Returns the notice that stands in the status line.
    #[must_use]
    pub fn shown(&self) -> Option<&Notice> {
        self.all.front().filter(|_| self.shown)
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
        self.shown = now.saturating_sub(notice.at) < stays;
        !self.shown
    }

    /// A key was pressed: what stood there was read.
    pub fn dismiss(&mut self) {
        self.shown = false;
    }

    /// Counts the notices of the session.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns the notices after the first `known` ones, oldest first, as far as they are kept.
    pub fn since(&self, known: u64) -> impl Iterator<Item = &Notice> {
        let fresh = usize::try_from(self.count.saturating_sub(known)).unwrap_or(usize::MAX);
        self.all.iter().take(fresh).rev()
    }

    /// Returns all notices, newest first.
    #[must_use]
    pub fn all(&self) -> &VecDeque<Notice> {
        &self.all
    }
}
