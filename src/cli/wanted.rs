//! The wanted list: what only a copy from elsewhere would mend, in a file for whoever may have one.

use super::CliError;
use super::output::Output;
use super::watch::watch;
use luthier_audit::{Code, Filter, Report};
use luthier_hub::destination::DestinationError;
use luthier_hub::store::Store;
use luthier_hub::text;
use luthier_repair::wanted::WANTED;
use luthier_repair::{Refusal, Selection};
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Refusals fetched from the plan at once.
const PAGE: u32 = 1_000;

/// Narrows the filters of a plan to what a copy might mend.
///
/// # Errors
/// Only codes were asked for that no copy mends.
pub fn narrowed(filters: &[Filter], repo: Option<&str>) -> Result<Vec<Filter>, CliError> {
    let mut out = Vec::new();
    for filter in filters {
        let asked = |code: &Code| filter.codes.is_empty() || filter.codes.contains(code);
        let codes: Vec<Code> = WANTED.into_iter().filter(asked).collect();
        if codes.is_empty() {
            let names: Vec<&str> = WANTED.iter().map(|code| code.name()).collect();
            return Err(CliError::usage(format!(
                "--wanted lists what a copy can restore, and no --code here is such a code; they are {}",
                names.join(", ")
            )));
        }
        out.push(Filter {
            codes,
            repo: repo.map(str::to_owned),
            ..filter.clone()
        });
    }
    Ok(out)
}

/// Plans the repair of everything selected that a copy might mend, and writes down what no bytes were found for.
pub async fn write(
    store: &Store,
    report: &Report,
    selection: &Selection,
    path: &Path,
    out: &Output,
) -> Result<(), CliError> {
    let failed = |error: std::io::Error| {
        CliError::usage(format!("--wanted: {}", DestinationError::at(path, error)))
    };
    let mut file = BufWriter::new(File::create_new(path).map_err(failed)?);
    let progress = out.job();
    let planning = luthier_repair::plan(store, report, selection, &progress);
    let plan = watch(out, &progress, planning).await??;
    let (mut skip, mut count) = (0, 0);
    loop {
        let page = plan.refused(skip, PAGE).await?;
        for line in page.iter().filter_map(line) {
            writeln!(file, "{}", text::json(&line)).map_err(failed)?;
            count += 1;
        }
        skip += page.len() as u64;
        if page.len() < PAGE as usize {
            break;
        }
    }
    file.flush().map_err(failed)?;
    file.get_ref().sync_all().map_err(failed)?;
    if out.json || out.quiet {
        return Ok(());
    }
    out.line(&format!(
        "{} on the wanted list in {}.",
        text::plural(count, "object"),
        path.display()
    ))
}

fn line(refusal: &Refusal) -> Option<serde_json::Value> {
    let wanted = refusal.wanted.as_ref()?;
    Some(json!({
        "type": "wanted", "kind": wanted.kind, "id": refusal.id, "repo": wanted.repo,
        "path": wanted.path, "code": refusal.code, "why": refusal.why, "blocks": wanted.blocks,
    }))
}
