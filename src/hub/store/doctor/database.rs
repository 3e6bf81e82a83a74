//! The database's side of the doctor.

use super::clocks::{Clock, measure};
use super::{Check, model, reached, server, visibility};
use crate::access::Access;
use crate::index::{About, IndexMut};
use crate::store::Hub;
use luthier_object::Kind;
use std::sync::Arc;

pub(super) async fn examine(
    index: Arc<dyn IndexMut>,
    access: Access,
    hub: &Hub,
    clocks: &mut Vec<Clock>,
) -> Vec<Check> {
    let about = match index.about().await {
        Ok(about) => about,
        Err(error) => return vec![Check::unusable("database", error)],
    };
    let mut checks = Vec::new();
    match measure(async || index.now().await).await {
        Ok((millis, offset)) => {
            clocks.push(("the database", offset));
            let what = format!("{}, {}", index.describe(), about.version);
            checks.push(reached("database", what, millis));
        }
        Err(error) => return vec![Check::unusable("database", error)],
    }
    if about.encrypted == Some(false) && !index.describe().contains(" 127.0.0.1:") {
        checks.push(Check::warn(
            "encryption",
            "the connection to the database is not encrypted",
            "add ?sslmode=verify-full to its URL, or keep to a trusted network",
        ));
    }
    if about.replica {
        checks.push(Check::warn(
            "replica",
            "this database follows another server and lags behind it",
            "an audit may run here; repair on the primary",
        ));
    }
    checks.push(rights(&about));
    checks.extend(server::examine(&about.server, access));
    checks.extend(visibility::examine(index.as_ref()).await);
    checks.extend(examine_schema(index.as_ref(), hub).await);
    checks
}

fn rights(about: &About) -> Check {
    const NAME: &str = "database rights";
    match (about.unwritable.as_slice(), &about.server.read_only) {
        ([], None) => Check::pass(NAME, "this user may read and change the hub's rows"),
        ([], Some(_)) => Check::warn(
            NAME,
            "this user may read; the database takes no changes now",
            "see read-only, below",
        ),
        (tables, _) => Check::warn(
            NAME,
            format!(
                "this user may read, but may not change {}",
                tables.join(", ")
            ),
            "enough for an audit; a repair needs INSERT and UPDATE",
        ),
    }
}

async fn examine_schema(index: &dyn IndexMut, hub: &Hub) -> Vec<Check> {
    let mut checks = Vec::new();
    match index.migration().await {
        Err(error) => checks.push(Check::unusable("schema", error)),
        Ok(migration) if migration.columns.is_empty() => {
            checks.push(Check::pass("schema", "every kind has storage_uri"));
        }
        Ok(_) => checks.push(Check::warn(
            "schema",
            index.capabilities().notes().join("; "),
            "see `luthier schema --plan`",
        )),
    }
    match index.counts().await {
        Err(error) => checks.push(Check::unusable("null storage_uri", error)),
        Ok(counts) => {
            checks.push(model::examine(index, &counts, hub).await);
            let null: Vec<String> = Kind::ALL
                .into_iter()
                .zip(counts.null_uris)
                .filter_map(|(kind, count)| Some((kind, count.filter(|n| *n > 0)?)))
                .map(|(kind, count)| crate::text::plural(count, kind.as_str()))
                .collect();
            checks.push(match null.is_empty() {
                true => Check::pass("null storage_uri", "every row has one"),
                false => Check::warn(
                    "null storage_uri",
                    format!("{} have no storage_uri", null.join(", ")),
                    "`luthier backfill` shows what would be written",
                ),
            });
        }
    }
    checks
}
