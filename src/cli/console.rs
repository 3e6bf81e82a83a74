//! Opens the console.

use super::output::Output;
use super::{CliError, Color, Exit, Global, configured, keymap};
use crate::config::Target;
use luthier_tui::{Ended, Session};
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
    open(target, global, out).await
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

/// Opens the console on `target`.
pub async fn open(target: Target, global: &Global, out: &Output) -> Result<Exit, CliError> {
    let console = crate::config::console()?;
    let session = Session {
        keymap: keymap()?,
        hub: target.hub,
        authority: target.authority,
        notice: target.notice,
        ascii: global.ascii || console.ascii,
        mouse: console.mouse,
        color: match global.color {
            Color::Auto => None,
            Color::Always => Some(true),
            Color::Never => Some(false),
        },
        theme: global.theme.unwrap_or(console.theme),
    };
    match luthier_tui::open(session, || out.stop.hand_over()).await {
        Ok(Ended::Left) => Ok(Exit::Done),
        Ok(Ended::Stopped) => Ok(Exit::Stopped),
        Ok(Ended::Broken) => Ok(Exit::Bug),
        Err(error) => Err(CliError::unusable(error)),
    }
}
