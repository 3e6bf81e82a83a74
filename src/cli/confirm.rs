//! The one question before writing.

use super::{CliError, Exit};
use crate::config::Target;
use luthier_hub::store::Environment;
use luthier_hub::text;
use luthier_repair::{Doubt, why_name};
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

/// Asks once, with no as the answer that is taken for granted: for `y`, or for the hub's name where the console
/// asks for it too.
pub async fn confirm(
    target: &Target,
    (question, doubt): (&str, Option<Doubt>),
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
        let flag = match production {
            true => format!("--confirm {}", target.hub.name),
            false => "--yes".to_owned(),
        };
        return Err(CliError::usage(format!(
            "standard input is not a terminal, so nobody can confirm; add {flag}"
        )));
    }
    let why = why_name(doubt, target.hub.environment);
    let expected = why.map_or("y", |_| &target.hub.name);
    let mut err = std::io::stderr();
    let (asked, answer) = (text::safe(question), text::safe(expected));
    let why = why.map_or_else(String::new, |why| format!("{why} "));
    let _ = write!(err, "{asked} {why}Type `{answer}` to go on: ");
    let _ = err.flush();
    // On another thread, so that a signal is handled while the dialog waits.
    let read = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map(|_| answer)
    });
    let answer = read.await.ok().and_then(Result::ok);
    let agrees = |answer: &str| answer == expected || (why.is_empty() && answer == "yes");
    if answer.is_some_and(|answer| agrees(answer.trim())) {
        Ok(())
    } else {
        Err(CliError {
            message: "not confirmed; nothing was written".to_owned(),
            exit: Exit::Stopped,
        })
    }
}
