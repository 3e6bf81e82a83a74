//! The one question before writing.

use super::{CliError, Exit};
use crate::config::Target;
use crate::store::Environment;
use std::io::{IsTerminal, Write};

/// Refuses to go on in production unless the hub was named with `--confirm`.
pub fn production_named(target: &Target, given: Option<&str>) -> Result<(), CliError> {
    let name = &target.hub.name;
    if target.hub.environment == Environment::Production && given != Some(name) {
        return Err(CliError::usage(format!(
            "{name} is production; confirm with --confirm {name}"
        )));
    }
    Ok(())
}

/// Asks once, with no as the answer that is taken for granted.
pub fn confirm(
    target: &Target,
    question: &str,
    yes: bool,
    given: Option<&str>,
) -> Result<(), CliError> {
    let production = target.hub.environment == Environment::Production;
    if production && (yes || given.is_some()) {
        return production_named(target, given);
    }
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(CliError::usage("nobody is there to confirm; add --yes"));
    }
    let expected = if production { &target.hub.name } else { "yes" };
    eprint!("{question} Type `{expected}` to go on: ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    if read.is_ok() && answer.trim() == expected {
        Ok(())
    } else {
        Err(CliError {
            message: "not confirmed; nothing was written".to_owned(),
            exit: Exit::Stopped,
        })
    }
}
