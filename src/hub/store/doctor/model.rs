//! Tells which storage model a hub follows, by what its rows show.

use super::Check;
use crate::index::{Counts, Index};
use crate::store::model::Model;
use crate::store::{Hub, Policy};
use crate::text::{grouped, plural};

/// The check's name.
const MODEL: &str = "model";

/// Says whether commits and snapshots have objects of their own, and where blobs are.
pub(super) async fn examine(index: &dyn Index, counts: &Counts, hub: &Hub) -> Check {
    let model = match Model::look(index, hub.policy).await {
        Err(error) => return Check::unusable(MODEL, error),
        Ok(model) => model,
    };
    judge(counts, &model)
}

fn judge(counts: &Counts, model_of: &Model) -> Check {
    let (sampled, packed) = model_of.blobs();
    let policy = model_of.policy();
    let [commits, snapshots, _] = counts.null_uris;
    let records = counts.commits + counts.snapshots;
    let rows_alone = commits.unwrap_or(counts.commits) + snapshots.unwrap_or(counts.snapshots);
    if records == 0 {
        return Check::pass(
            MODEL,
            "there are no commits and snapshots that could tell it",
        );
    }
    let model = match rows_alone {
        0 => "s3-canonical",
        all if all == records => "db-canonical",
        _ => "mixed",
    };
    let mut found = format!(
        "{model}: {} of {} commits and snapshots have an object",
        grouped(records - rows_alone.min(records)),
        grouped(records)
    );
    if sampled > 0 {
        found += &match packed {
            0 => "; blobs are objects of their own".to_owned(),
            all if all == sampled => "; blobs are in packs".to_owned(),
            some => format!(
                "; of {}, {some} are in packs",
                plural(sampled, "sampled blob")
            ),
        };
    }
    found += &format!("; policy {}", policy.word());
    match rows_alone == records && policy == Policy::S3Canonical {
        true => Check::warn(
            MODEL,
            found,
            "if that is intended, set policy = \"db-canonical\" in the profile; otherwise an audit reports each row as uri-missing",
        ),
        false => Check::pass(MODEL, found),
    }
}

#[cfg(test)]
#[path = "../../../../tests/store/model.rs"]
mod tests;
