//! The settings that a session starts with, and those that it can change while it runs: the configuration is read again on
//! a key or a signal.

use super::degrade::{Colors, TermCaps};
use super::event::{Event, Reloaded};
use super::input::Input;
use super::keymap::Keymap;
use super::notices::Level;
use super::theme::Look;
use super::{Console, TuiError, background, lines};
use luthier_hub::cause::Cause;

/// What the configuration and the flags say of the console. All of it can change while a session runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Every key with what it means.
    pub keymap: Keymap,
    /// Plain ASCII only.
    pub ascii: bool,
    /// The mouse is used.
    pub mouse: bool,
    pub theme: Look,
    /// Each a sentence on a setting that can be used and is hardly meant.
    pub warnings: Vec<String>,
}

/// A configuration that was read again.
#[derive(Clone, Debug)]
pub struct Reread {
    pub settings: Settings,
    /// It names another hub than the session's, or says otherwise whether it may be written. Neither changes in a session.
    pub is_other_hub: bool,
}

/// Reads the configuration again.
pub type Reload = Box<dyn Fn() -> Result<Reread, Cause> + Send + Sync>;

impl Settings {
    /// Returns what the terminal can show of what its variables promise.
    #[must_use]
    pub fn caps(&self, color: Option<bool>) -> TermCaps {
        let asked = |name: &str| match (name, color) {
            ("NO_COLOR", Some(color)) => (!color).then(String::new),
            _ => super::variable(name),
        };
        let mut caps = TermCaps::new(&asked);
        caps.unicode &= !self.ascii;
        if color == Some(true) && caps.colors == Colors::None {
            caps.colors = Colors::Sixteen;
        }
        caps
    }

    /// Names the settings that differ in `other`.
    fn changes(&self, other: &Self) -> Vec<&'static str> {
        let keys = |settings: &Self| -> Vec<Vec<String>> {
            let rows = settings.keymap.rows();
            rows.iter().map(|row| row.keys.clone()).collect()
        };
        let all = [
            ("theme", self.theme != other.theme),
            ("keys", keys(self) != keys(other)),
            ("mouse", self.mouse != other.mouse),
            ("ascii", self.ascii != other.ascii),
        ];
        let changed = all.into_iter().filter(|(_, differs)| *differs);
        changed.map(|(name, _)| name).collect()
    }
}

impl Console {
    /// Reads the configuration again. One that is wrong changes nothing, and says why.
    pub async fn reload(&mut self, input: &mut Input) -> Result<(), TuiError> {
        match (self.reload)() {
            Ok(reread) => self.adopt(reread, input).await,
            Err(why) => {
                let text = format!("configuration not read again, the old one stays: {why}");
                self.state.shared.tell(Level::Error, lines::clean(&text));
                Ok(())
            }
        }
    }

    async fn adopt(&mut self, reread: Reread, input: &mut Input) -> Result<(), TuiError> {
        let settings = reread.settings;
        let changes = self.settings.changes(&settings);
        let caps = settings.caps(self.color);
        self.screen.set_caps(caps)?;
        // The terminal is asked again: it may be a light one by now.
        let theme = background::painted(&settings.theme, caps, &mut self.screen, input).await?;
        self.theme = theme.warned(self.state.shared.hub_info.is_alarming());
        let reloaded = Reloaded {
            keymap: changes.contains(&"keys").then(|| settings.keymap.clone()),
            mouse: changes.contains(&"mouse").then_some(settings.mouse),
        };
        self.take(Event::Reloaded(Box::new(reloaded)))?;
        let (level, text) = words(&changes, &settings.warnings, reread.is_other_hub);
        self.state.shared.tell(level, lines::clean(&text));
        self.settings = settings;
        Ok(())
    }
}

/// Says in one line what a reload has changed, and what it leaves.
fn words(changes: &[&str], warnings: &[String], is_other_hub: bool) -> (Level, String) {
    let mut text = match changes {
        [] => "configuration read again: nothing changed".to_owned(),
        changes => format!("configuration read again, changed: {}", changes.join(", ")),
    };
    if is_other_hub {
        text += "; the hub and the right to write stay as they are until you start again";
    }
    for warning in warnings {
        text += "; ";
        text += warning;
    }
    let level = match is_other_hub || !warnings.is_empty() {
        true => Level::Warning,
        false => Level::Info,
    };
    (level, text)
}
