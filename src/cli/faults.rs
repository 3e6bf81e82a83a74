//! `luthier faults`: the table of fault codes.

use super::output::Output;
use super::{CliError, Exit, code};
use clap::Args;
use luthier_audit::fault::{FAULTS, Fault};
use luthier_audit::{Auto, Code, Remedy, decision};
use luthier_repair::wanted::WANTED;
use serde_json::json;

#[derive(Args)]
pub struct Faults {
    /// Code to explain; without it, all codes
    #[arg(value_name = "CODE", value_parser = code)]
    code: Option<Code>,
}

/// Prints the codes as a table, or as JSON.
pub fn run(command: &Faults, out: &Output) -> Result<Exit, CliError> {
    let wanted = |fault: &&Fault| command.code.is_none_or(|code| code == fault.code);
    let faults: Vec<&Fault> = FAULTS.iter().filter(wanted).collect();
    if out.json {
        for fault in &faults {
            out.object(&json!({
                "type": "fault", "code": fault.name, "grade": fault.grade, "auto": fault.auto,
                "remedy": fault.remedy, "means": fault.is,
            }))?;
        }
    } else if let ([fault], Some(_)) = (&*faults, command.code) {
        explain(fault, out)?;
    } else {
        out.raw(table(&faults).as_bytes())?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// Explains one code.
fn explain(fault: &Fault, out: &Output) -> Result<(), CliError> {
    out.line(&format!("{}  {}", fault.name, fault.grade))?;
    out.line(fault.is)?;
    match fault.remedy {
        Remedy::None => {}
        remedy => out.line(&format!("Remedy: {remedy}, {}.", fault.applied()))?,
    }
    if let Some(how) = fault.code.by_hand() {
        out.line(&format!("{how}."))?;
    }
    if fault.auto == Auto::Ask && fault.remedy != Remedy::None {
        let repair = decision::outcome(fault.code, fault.remedy);
        out.line(&format!(
            "The decision is between two: {repair}; or {}.",
            decision::SKIP
        ))?;
        if let Some(how) = decision::criterion(fault.code) {
            out.line(how)?;
        }
    }
    if WANTED.contains(&fault.code) {
        out.line("Where the hub has no valid copy: `luthier repair --copies DIR`, from a client's folder.")?;
    }
    out.line(&format!(
        "`luthier audit --code {}` lists them.",
        fault.name
    ))
}

/// Returns the table in Markdown.
pub fn table(faults: &[&Fault]) -> String {
    let mut out = "| code | grade | remedy | applied | means |\n|---|---|---|---|---|\n".to_owned();
    for fault in faults {
        let by_hand = fault.code.by_hand();
        let by_hand = by_hand.map_or_else(String::new, |how| format!(" {how}."));
        out += &format!(
            "| `{}` | {} | {} | {} | {}{by_hand} |\n",
            fault.name,
            fault.grade,
            fault.remedy,
            fault.applied(),
            fault.is
        );
    }
    out
}
