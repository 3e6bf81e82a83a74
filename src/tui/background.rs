//! Dark or light: the terminal is asked, before the first frame and when the configuration is read again.

use super::degrade::{Colors, TermCaps};
use super::input::{Color, Input};
use super::terminal::Screen;
use super::theme::{Choice, Look, Theme};
use std::io::{IsTerminal, stdin, stdout};
use std::time::Duration;

/// The longest wait for a terminal's answer. Those that can answer do so in a few milliseconds; the first frame waits
/// for it. A later answer is dropped.
const TIMEOUT: Duration = Duration::from_millis(40);

/// Returns the theme of a look. The terminal is asked where the look leaves dark or light to it.
///
/// # Errors
/// The terminal has gone.
pub async fn painted(
    look: &Look,
    caps: TermCaps,
    screen: &mut Screen,
    input: &mut Input,
) -> std::io::Result<Theme> {
    let base = match theme(look.base(), caps, &super::variable) {
        Some(theme) => theme,
        None if stdin().is_terminal() && stdout().is_terminal() => ask(screen, input).await?,
        None => Theme::ansi(),
    };
    Ok(look.paint(base, caps.colors))
}

/// Returns the program's theme for what was chosen; `None` where the terminal is to be asked.
///
/// It is asked only where it can show more than its own sixteen colours, and never over SSH, where an answer
/// may come too late, nor through `screen`, which does not pass the question on.
#[must_use]
pub fn theme(
    choice: Choice,
    caps: TermCaps,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Option<Theme> {
    let term = variable("TERM").unwrap_or_default();
    let asks = variable("SSH_CONNECTION").is_none() && !term.starts_with("screen");
    match choice {
        _ if caps.colors <= Colors::Sixteen => Some(Theme::ansi()),
        Choice::Ansi => Some(Theme::ansi()),
        Choice::Dark => Some(Theme::dark()),
        Choice::Light => Some(Theme::light()),
        Choice::Auto => (!asks).then(Theme::ansi),
    }
}

/// Asks the terminal.
async fn ask(screen: &mut Screen, input: &mut Input) -> std::io::Result<Theme> {
    screen.ask_for_background()?;
    Ok(match input.answer(TIMEOUT).await {
        Some(color) if is_dark(color) => Theme::dark(),
        Some(_) => Theme::light(),
        None => Theme::ansi(),
    })
}

/// Returns whether light text is easier to read on a colour than dark text, by what an eye makes of it.
fn is_dark([red, green, blue]: Color) -> bool {
    let linear = |part: f64| part.powf(2.2);
    let luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
    luminance < 0.18
}
