//! `luthier completions` and `luthier man`: made from the same definitions as `--help`.

use super::output::Output;
use super::{CliError, Exit, command_line};
use clap::Args;
use clap_complete::Shell;

#[derive(Args)]
pub struct Completions {
    /// Shell that reads the script
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Args)]
pub struct Man {
    /// Command to describe; without it, the program itself
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

/// Prints the completion script of a shell.
pub fn run(command: &Completions, out: &Output) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(command.shell, &mut command_line(), "luthier", &mut script);
    out.raw(&script)?;
    out.flush()?;
    Ok(Exit::Done)
}

/// Prints a manual page in roff.
pub fn run_man(command: &Man, out: &Output) -> Result<Exit, CliError> {
    let mut root = command_line();
    root.build();
    let page = match &command.command {
        None => root,
        Some(name) => {
            let found = root.find_subcommand(name).cloned();
            let found = found.ok_or_else(|| {
                let known: Vec<&str> = root.get_subcommands().map(|one| one.get_name()).collect();
                CliError::usage(format!(
                    "there is no command `{}`; there are: {}",
                    luthier_hub::text::safe(name),
                    known.join(", ")
                ))
            })?;
            let title = format!("luthier-{name}");
            found.display_name(title)
        }
    };
    let mut text = Vec::new();
    let rendered = clap_mangen::Man::new(page).render(&mut text);
    rendered.map_err(|error| CliError::unusable(format!("cannot write the page: {error}")))?;
    out.raw(&text)?;
    out.flush()?;
    Ok(Exit::Done)
}
