//! The console and the log of its run: notices go into it, and its lines are shown with them.

use super::notices::{Level, Notice, Notices};
use luthier_hub::diagnostics::{self, CONSOLE, Location};
use std::time::Instant;
use tracing::{error, info, warn};

/// Puts a notice into the log.
pub fn keep(notice: &Notice) {
    let text = &notice.text;
    match notice.level {
        Level::Info => info!(target: CONSOLE, "{text}"),
        Level::Warning => warn!(target: CONSOLE, "{text}"),
        Level::Error => error!(target: CONSOLE, "{text}"),
    }
}

/// Takes the log's new lines, for a session that began at `begun`.
pub fn take(notices: &mut Notices, begun: Instant) {
    for line in diagnostics::take_recent() {
        let level = match line.level {
            tracing::Level::ERROR => Level::Error,
            tracing::Level::WARN => Level::Warning,
            _ => Level::Info,
        };
        notices.log(level, line.text, line.at.saturating_duration_since(begun));
    }
}

/// Returns the place of this run's log, or the reason why there is none.
#[must_use]
pub fn location() -> String {
    match diagnostics::location() {
        Location::File(path) => path.display().to_string(),
        Location::Nowhere(why) => why,
    }
}
