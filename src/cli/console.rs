//! Opens the console.

use super::output::Output;
use super::{CliError, Color, Exit, Global, configured, flags, keymap};
use crate::config::{ConfigError, Target};
use luthier_hub::cause::Cause;
use luthier_tui::{Ended, Reread, Session, Settings};
use std::io::IsTerminal;

const NO_HUB: &str = "\
Luthier finds and repairs damage in MuseHub repositories. No hub is configured yet. To start:

  luthier demo                                    open the console on a hub with known faults
  luthier --database postgres://me@host/musehub \\
          --store s3://bucket                     open it on your hub, read-only
  luthier --database sqlite:///path/hub.db \\
          --store file:///path/objects            open it on a hub in a file and a folder

The hub's own variables are read too: DATABASE_URL, AWS_S3_ASSET_BUCKET, AWS_REGION, AWS_ENDPOINT_URL.

`luthier config init` writes a configuration file with profiles. `luthier --help` lists every command.";

/// Opens the console on the configured hub; without one, says how to give one.
pub async fn open_configured(global: &Global, out: &Output) -> Result<Exit, CliError> {
    let Some(target) = configured(global)? else {
        NO_HUB.lines().try_for_each(|line| out.line(line))?;
        if let Some(path) = crate::config::path() {
            out.line(&format!("That file would be {}.", path.display()))?;
        }
        out.flush()?;
        return Ok(Exit::Done);
    };
    needs_terminal()?;
    let flags = flags(global);
    open(target, global, out, move || crate::config::load(&flags)).await
}

/// Refuses before anything is opened or built where nobody can see the console or press its keys.
pub fn needs_terminal() -> Result<(), CliError> {
    let missing = match (
        std::io::stdin().is_terminal(),
        std::io::stdout().is_terminal(),
    ) {
        (true, true) => return Ok(()),
        (false, true) => "standard input is not a terminal",
        (true, false) => "standard output is not a terminal",
        (false, false) => "standard input and output are not terminals",
    };
    Err(CliError::usage(format!(
        "the console needs a terminal, but {missing}; commands work without one: `luthier audit` lists what is wrong, `luthier --help` lists all commands"
    )))
}

/// Returns what the configuration and the flags say of the console.
pub fn settings(global: &Global) -> Result<Settings, CliError> {
    let console = crate::config::console(global.theme.as_deref())?;
    let roles = console.theme.unreadable();
    Ok(Settings {
        keymap: keymap(&console)?,
        ascii: global.ascii || console.ascii,
        mouse: console.mouse,
        warnings: (!roles.is_empty())
            .then(|| unreadable(&roles))
            .into_iter()
            .collect(),
        theme: console.theme,
    })
}

/// Says that text cannot be read in some roles of a theme.
pub fn unreadable(roles: &[&str]) -> String {
    let roles = roles.join(", ");
    format!("text and background have the same colour in {roles}")
}

/// Opens the console on `target`; `configured` reads again which hub the configuration names, where it does.
pub async fn open(
    target: Target,
    global: &Global,
    out: &Output,
    configured: impl Fn() -> Result<Option<Target>, ConfigError> + Send + Sync + 'static,
) -> Result<Exit, CliError> {
    let (hub, may_write) = (target.hub.clone(), target.authority.is_some());
    let again = global.clone();
    let reload = move || {
        let failed = |error: CliError| Cause::from(error.message);
        let settings = settings(&again).map_err(failed)?;
        let now = configured().map_err(Cause::of)?;
        let differs = |now: &Target| now.hub != hub || now.authority.is_some() != may_write;
        Ok(Reread {
            is_other_hub: now.is_none_or(|now| differs(&now)),
            settings,
        })
    };
    let session = Session {
        settings: settings(global)?,
        reload: Box::new(reload),
        hub: target.hub,
        authority: target.authority,
        notice: target.notice,
        color: match global.color {
            Color::Auto => None,
            Color::Always => Some(true),
            Color::Never => Some(false),
        },
    };
    match luthier_tui::open(session, || out.stop.hand_over()).await {
        Ok(Ended::Left) => Ok(Exit::Done),
        Ok(Ended::Stopped) => Ok(Exit::Stopped),
        Ok(Ended::Broken) => Ok(Exit::Bug),
        Err(error) => Err(CliError::unusable(error)),
    }
}
