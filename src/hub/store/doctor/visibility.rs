//! Checks whether this user can see all of the hub's rows, and whether the database keeps them in order.

use super::Check;
use crate::index::{Hidden, Index};

/// The check's name; what it finds makes an audit incomplete.
const SHOWN: &str = "rows shown";

/// Asks the catalogue, and counts what its statistics make doubtful.
pub(super) async fn examine(index: &dyn Index) -> Vec<Check> {
    let seen = match index.visibility(true).await {
        Ok(seen) => seen,
        Err(error) => return vec![Check::unusable(SHOWN, error)],
    };
    let mut checks: Vec<Check> = seen.hidden.iter().map(of_hidden).collect();
    if checks.is_empty() {
        checks.push(Check::pass(SHOWN, "this user can see all rows"));
    }
    for odd in &seen.odd {
        let (found, advice) = parted(odd);
        checks.push(Check::warn("text order", found, advice));
    }
    checks
}

fn of_hidden(hidden: &Hidden) -> Check {
    let (found, advice) = parted(&hidden.said);
    match hidden.why.hides() {
        true => Check::fail(SHOWN, found, advice),
        false => Check::warn(SHOWN, found, advice),
    }
}

/// Returns a sentence as what was found and what to do about it.
fn parted(said: &str) -> (&str, &str) {
    said.split_once("; ").unwrap_or((said, ""))
}
