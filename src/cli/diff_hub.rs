//! `luthier diff-hub`.

use super::output::Output;
use super::watch::{show, watch};
use super::{CliError, Exit, Global, help, target};
use clap::Args;
use luthier_audit::hubs::{self, Change, Difference, Totals};
use luthier_hub::store::hub::{Database, Hub};
use luthier_hub::store::{Store, StoreError};
use luthier_hub::text;

/// Cells of a value that are shown to people.
const SHOWN: usize = 100;

/// Characters that are shown before the first one that differs.
const BEFORE: usize = 20;

#[derive(Args)]
pub struct DiffHub {
    /// The other database, for example sqlite:///path/other.db
    #[arg(long, value_name = "URL", help_heading = help::HUB)]
    with: String,
    /// Also compare columns that no object carries, such as when a row was added
    #[arg(long, help_heading = help::SELECT)]
    all: bool,
}

pub async fn run(command: DiffHub, global: &Global, out: Output) -> Result<Exit, CliError> {
    let target = target(global)?;
    let other = Hub {
        database: Database::parse(&command.with).map_err(StoreError::from)?,
        ..target.hub.clone()
    };
    let progress = out.job();
    let opening = async {
        let left = Store::open_for(&target.hub, None, &progress).await?;
        Ok::<_, StoreError>((left, Store::open_for(&other, None, &progress).await?))
    };
    let (left, right) = show(&out, &progress, opening).await??;
    let (left, right) = (left.for_job(&progress), right.for_job(&progress));
    let tell = |difference| write(&difference, &out);
    let comparing = hubs::compare(left.index(), right.index(), command.all, &progress, tell);
    let totals = watch(&out, &progress, comparing).await??;
    summary(&totals, &out)?;
    out.flush()?;
    Ok(match (totals.count(), totals.hidden.is_empty()) {
        (0, true) => Exit::Done,
        (0, false) => Exit::Unusable,
        _ => Exit::Findings,
    })
}

fn write(difference: &Difference, out: &Output) -> Result<(), CliError> {
    if out.json {
        let mut line = serde_json::to_value(difference).unwrap_or_default();
        line["type"] = "difference".into();
        return out.object(&line);
    }
    let (what, columns) = match &difference.change {
        Change::OnlyLeft => ("only here", &[][..]),
        Change::OnlyRight => ("only in the other", &[][..]),
        Change::Columns(columns) => ("differs", columns.as_slice()),
    };
    out.line(&format!("{} {}: {what}", difference.kind, difference.id))?;
    for column in columns {
        let [left, right] = beside(column.left.as_deref(), column.right.as_deref());
        out.line(&format!("    {}: {left} | {right}", column.column))?;
    }
    Ok(())
}

/// Returns two values that differ, short enough for a line: what they begin with alike is left out where one is long, so
/// that the difference is seen.
fn beside(left: Option<&str>, right: Option<&str>) -> [String; 2] {
    let alike = match (left, right) {
        (Some(left), Some(right)) if left.len().max(right.len()) > SHOWN => {
            let pairs = left.chars().zip(right.chars());
            let alike: Vec<usize> = pairs
                .take_while(|(one, other)| one == other)
                .map(|(one, _)| one.len_utf8())
                .collect();
            alike[..alike.len().saturating_sub(BEFORE)].iter().sum()
        }
        _ => 0,
    };
    [left, right].map(|side| match side {
        None => "null".to_owned(),
        Some("") => "(empty)".to_owned(),
        Some(text) if alike > 0 => format!("…{}", text::cut(&text[alike..], SHOWN)),
        Some(text) => text::cut(text, SHOWN).into_owned(),
    })
}

fn summary(totals: &Totals, out: &Output) -> Result<(), CliError> {
    if out.json {
        let mut line = serde_json::to_value(totals).unwrap_or_default();
        line["type"] = "summary".into();
        line["equal"] = (totals.count() == 0 && totals.hidden.is_empty()).into();
        line["complete"] = totals.hidden.is_empty().into();
        return out.object(&line);
    }
    for (column, count) in &totals.not_carried {
        out.line(&format!(
            "not carried by any object: {column} differs in {}",
            text::plural(*count, "row")
        ))?;
    }
    for name in &totals.not_compared {
        out.line(&format!(
            "not compared, because one side does not have it: {name}"
        ))?;
    }
    for said in &totals.hidden {
        out.line(&format!("INCOMPLETE: {said}."))?;
    }
    for (kind, count) in &totals.differences {
        let of = totals.compared.get(kind).copied().unwrap_or(0);
        let (count, of) = (text::grouped(*count), text::grouped(of));
        out.line(&format!("{kind}: {count} of {of} rows differ"))?;
    }
    let compared: u64 = totals.compared.values().sum();
    out.line(&format!(
        "{} in {}.",
        text::plural(totals.count(), "difference"),
        text::plural(compared, "row")
    ))
}

#[cfg(test)]
#[path = "../../tests/cli/beside.rs"]
mod tests;
