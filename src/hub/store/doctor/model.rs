//! Tells which storage model a hub follows, by what its rows show.

use super::Check;
use crate::index::{Counts, Index, IndexError};
use crate::store::{Hub, Policy};
use crate::text::{grouped, plural};
use luthier_object::Kind;

/// The check's name.
const MODEL: &str = "model";

/// Blob rows that are looked at, spread over all ids.
const SAMPLE: u64 = 16;

/// Rows that are passed over in search of one that says where its object is.
const WINDOW: u32 = 500;

/// Says whether commits and snapshots have objects of their own, and where blobs are.
pub(super) async fn examine(index: &dyn Index, counts: &Counts, hub: &Hub) -> Check {
    match packed(index).await {
        Err(error) => Check::unusable(MODEL, error),
        Ok(packed) => judge(counts, packed, hub.policy),
    }
}

/// Returns how many of the sampled blobs are in packs, and how many were sampled.
async fn packed(index: &dyn Index) -> Result<(u64, u64), IndexError> {
    let (mut packed, mut sampled) = (0, 0);
    let mut last = String::new();
    for n in 0..SAMPLE {
        let after = format!("sha256:{n:x}");
        let Some((id, uri)) = index.next_located(Kind::Blob, &after, WINDOW).await? else {
            continue;
        };
        if id != last {
            sampled += 1;
            packed += u64::from(uri.starts_with("mpack://"));
            last = id;
        }
    }
    Ok((packed, sampled))
}

fn judge(counts: &Counts, (packed, sampled): (u64, u64), policy: Policy) -> Check {
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
