//! Objects that the hub cannot restore: to be asked for elsewhere.

pub use crate::lacking::{WANTED, Wanted};

use crate::RepairError;
use crate::plan::{Plan, Refusal, Selection, plan};
use crate::spool::Spool;
use luthier_audit::table::{Format, blocked};
use luthier_audit::{Filter, Fix, Report};
use luthier_hub::progress::Progress;
use luthier_hub::store::Store;
use serde_json::{Value, json};
use std::cmp::Reverse;

/// Skipped findings read at once.
const PAGE: u32 = 5_000;

/// Lines that are sorted together, so that a list of any length is made in bounded memory.
const SORTED: usize = 20_000;

/// Returns the filter of every finding that a copy might mend.
#[must_use]
pub fn mendable() -> Filter {
    Filter {
        codes: WANTED.to_vec(),
        ..Filter::default()
    }
}

/// Returns the filter of the findings that a copy mends and nothing else, once the report says what can be done about each.
/// Those that need a decision are not among them.
#[must_use]
pub fn needing_a_copy(tried: bool) -> Filter {
    // Where not each was tried, some that need a copy still count as fixable.
    let fixes = match tried {
        true => vec![Fix::Copy],
        false => vec![Fix::Copy, Fix::Auto],
    };
    Filter {
        fixes,
        ..mendable()
    }
}

/// The wanted list: findings for which neither the hub nor a folder of copies beside it has the bytes.
pub struct WantedList {
    lines: Spool<Refusal>,
    len: u64,
}

impl WantedList {
    /// Returns the number of its lines.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Returns whether nothing is wanted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns lines from the `skip`th on; each says what is wanted.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub fn page(&self, skip: u64, limit: u32) -> Result<Vec<Refusal>, RepairError> {
        self.lines.page(skip, limit)
    }

    fn of(plan: &Plan) -> Result<Self, RepairError> {
        let (mut lines, mut len) = (Spool::new()?, 0);
        let mut sorted = Vec::new();
        for skip in (0..plan.totals().refused).step_by(PAGE as usize) {
            let page = plan.refused_page(skip, PAGE)?.into_iter();
            sorted.extend(page.filter(|refusal| refusal.wanted.is_some()));
            if sorted.len() > SORTED {
                len += lay_down(&mut lines, &mut sorted)?;
            }
        }
        len += lay_down(&mut lines, &mut sorted)?;
        lines.flush()?;
        Ok(Self { lines, len })
    }
}

/// Lays lines down, those first that block most, and returns how many they were.
fn lay_down(lines: &mut Spool<Refusal>, some: &mut Vec<Refusal>) -> Result<u64, RepairError> {
    some.sort_by_key(|refusal| {
        let blocks = refusal.wanted.as_ref().and_then(|wanted| wanted.blocks);
        let blocks = blocks.unwrap_or_default();
        Reverse((blocks.commits, blocks.branches))
    });
    let count = some.len() as u64;
    for refusal in some.drain(..) {
        lines.push(&refusal)?;
    }
    Ok(count)
}

/// Plans the repair of everything selected that a copy might mend, and lists what no bytes were found for.
///
/// # Errors
/// As [`plan`].
pub async fn list(
    store: &Store,
    report: &Report,
    selection: &Selection,
    progress: &Progress,
) -> Result<WantedList, RepairError> {
    WantedList::of(&plan(store, report, selection, progress).await?)
}

/// The columns of the list where it is a table.
const COLUMNS: [&str; 7] = ["kind", "id", "repo", "path", "code", "blocks", "why"];

/// Returns the columns of the list in Markdown or CSV.
#[must_use]
pub const fn columns(format: Format) -> &'static [&'static str] {
    match format {
        Format::Jsonl => &[],
        Format::Markdown | Format::Csv => &COLUMNS,
    }
}

/// Returns a line of the list with its newline; `None` for a refusal that no copy helps.
#[must_use]
pub fn row(format: Format, refusal: &Refusal) -> Option<String> {
    let wanted = refusal.wanted.as_ref()?;
    let blocks = wanted.blocks.unwrap_or_default();
    let cells = [
        wanted.kind.word().to_owned(),
        refusal.id.clone(),
        wanted.repo.clone(),
        wanted.path.clone().unwrap_or_default(),
        refusal.code.name().to_owned(),
        blocked(blocks.commits, blocks.branches),
        refusal.why.clone(),
    ];
    Some(format.row(&value(refusal, wanted), &cells))
}

fn value(refusal: &Refusal, wanted: &Wanted) -> Value {
    json!({
        "type": "wanted", "kind": wanted.kind, "id": refusal.id, "repo": wanted.repo,
        "path": wanted.path, "code": refusal.code, "why": refusal.why, "blocks": wanted.blocks,
    })
}
