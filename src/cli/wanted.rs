//! The wanted list: what only a copy from elsewhere would mend, in a file for whoever may have one.

use super::CliError;
use super::output::Output;
use super::watch::watch;
use luthier_audit::table::Format;
use luthier_audit::{Code, Filter, Report};
use luthier_hub::destination::DestinationError;
use luthier_hub::store::Store;
use luthier_hub::text;
use luthier_repair::Selection;
use luthier_repair::wanted::{self, WANTED};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Lines fetched from the list at once.
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
    let listing = wanted::list(store, report, selection, &progress);
    let list = watch(out, &progress, listing).await??;
    for skip in (0..list.len()).step_by(PAGE as usize) {
        for refusal in list.page(skip, PAGE)? {
            let line = wanted::row(Format::Jsonl, &refusal).unwrap_or_default();
            file.write_all(line.as_bytes()).map_err(failed)?;
        }
    }
    file.flush().map_err(failed)?;
    file.get_ref().sync_all().map_err(failed)?;
    if out.json || out.quiet {
        return Ok(());
    }
    out.line(&format!(
        "{} on the wanted list in {}.",
        text::plural(list.len(), "object"),
        path.display()
    ))
}
