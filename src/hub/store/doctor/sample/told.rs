//! The sample as the doctor tells it.

use super::Pair;
use crate::index::IndexError;
use crate::store::doctor::Check;
use crate::text;

const NAME: &str = "rows and store";

/// What helps where the store did not answer.
const ANSWER_FIRST: &str = "an audit would be incomplete; make the store answer first";

/// Returns the sample as the doctor tells it.
pub(in crate::store::doctor) fn check(pair: Result<Pair, IndexError>) -> Check {
    let pair = match pair {
        Ok(pair) => pair,
        Err(error) => return Check::unusable(NAME, error),
    };
    let alarm = pair.alarm().unwrap_or_default();
    match pair {
        Pair::Fits {
            found,
            asked,
            unread,
            why,
        } => fits(found, asked, unread, why.as_deref()),
        Pair::Silent => Check::pass(NAME, "too few rows have a storage_uri to compare"),
        Pair::Unknown { why } => Check::warn(NAME, format!("not compared: {why}"), ANSWER_FIRST),
        Pair::OtherStore { meant, .. } => Check::fail(
            NAME,
            alarm,
            match meant {
                Some(_) => "use that --store",
                None => {
                    "check --store; if everything is really lost, `luthier audit` lists it, and a repair needs --mass-fault HUB"
                }
            },
        ),
        Pair::OtherDatabase { .. } => Check::fail(
            NAME,
            alarm,
            "check --database, then --store; `luthier rebuild` builds a database from a store",
        ),
    }
}

/// Tells of objects that are there: so many of so many; `why` says of one why it could not be read.
fn fits(found: u64, asked: u64, unread: u64, why: Option<&str>) -> Check {
    if let Some(why) = why {
        let said = format!(
            "of {} of a sample of rows {found} are there, and the store gave no answer about {unread}: {why}",
            text::plural(asked + unread, "object")
        );
        return Check::warn(NAME, said, ANSWER_FIRST);
    }
    let objects = text::plural(asked, "object");
    if found == asked {
        return Check::pass(
            NAME,
            format!("the store has all {objects} of a sample of rows"),
        );
    }
    Check::warn(
        NAME,
        format!("of {objects} of a sample of rows, the store has {found}"),
        "`luthier audit` lists every missing one",
    )
}
