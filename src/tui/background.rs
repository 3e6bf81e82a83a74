//! Dark or light: the terminal is asked, before it is taken.

use super::degrade::{Colors, Look};
use super::theme::{Choice, Theme};
use std::io::IsTerminal;
use std::time::Duration;
use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};

/// How long a terminal may take to answer. Those that can answer do so in a few milliseconds; the first
/// frame waits for it, since an answer that comes later would be taken for keys.
const PATIENCE: Duration = Duration::from_millis(40);

/// The theme for what was chosen.
///
/// A terminal is asked only where it can show more than its own sixteen colours, and never over SSH,
/// where an answer may come too late.
#[must_use]
pub fn theme(choice: Choice, look: Look, variable: &dyn Fn(&str) -> Option<String>) -> Theme {
    let sixteen = look.colors <= Colors::Sixteen;
    match choice {
        _ if sixteen => Theme::ansi(),
        Choice::Ansi => Theme::ansi(),
        Choice::Dark => Theme::dark(),
        Choice::Light => Theme::light(),
        Choice::Auto if variable("SSH_CONNECTION").is_some() => Theme::ansi(),
        Choice::Auto => ask(),
    }
}

fn ask() -> Theme {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Theme::ansi();
    }
    let mut options = QueryOptions::default();
    options.timeout = PATIENCE;
    match theme_mode(options) {
        Ok(ThemeMode::Dark) => Theme::dark(),
        Ok(ThemeMode::Light) => Theme::light(),
        Err(_) => Theme::ansi(),
    }
}
