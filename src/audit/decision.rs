//! What a person decides between where a fault has two sides, in words.

use super::fault::{Code, Remedy};

/// What happens where the answer is no.
pub const SKIP: &str = "nothing is changed, the finding stays";

/// Says by what to decide where the sides that were read recommend nothing.
#[must_use]
pub const fn criterion(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::IdentityStale => {
            "Clients refuse this id either way, until somebody commits the same again from a client: the repair only keeps the record in the store too, in case the row is lost."
        }
        Code::UriRefused => {
            "The store has an object that matches the id. Skip it only if another program needs the URI that the row has now."
        }
        Code::RowElsewhere => {
            "Both repositories have the same owner. Skip it only if this one should not have the object."
        }
        Code::RepoUnreferenced => {
            "The repair only adds rows. Skip it only if a branch should not have what it points to."
        }
        Code::IndexWrong => {
            "The pack has bytes that match the id: the repair makes the blob readable again."
        }
        _ => return None,
    })
}

/// Describes what the repair of a finding changes.
#[must_use]
pub const fn outcome(code: Code, remedy: Remedy) -> &'static str {
    match (code, remedy) {
        (Code::RowMissing | Code::HeadDangling, _) => "make a row from the object",
        (Code::ObjectEncoded, Remedy::Replace) => {
            "unwrap the object: the wrapped bytes go into quarantine, and its contents take their place"
        }
        (_, Remedy::Backfill) => "store the object that the row describes",
        (_, Remedy::Restore) => {
            "store the object again, from the row or from a copy that matches its id"
        }
        (_, Remedy::Replace) => {
            "replace the object: its bytes go into quarantine, and bytes that match the id, from the row or a copy, take their place"
        }
        (_, Remedy::Reref) => "use the other repository's row in this one too",
        (_, Remedy::Hold) => {
            "add the rows that its branches need to the repository's membership tables"
        }
        (_, Remedy::Recache) => "write the cache again, from data that matches the id",
        (_, Remedy::Reindex) => "keep the object: the row is changed to what the object says",
        (_, Remedy::Index) => "write into the index where in the pack the blob is",
        (_, Remedy::Link) => "link the row to the object that matches its id",
        (_, Remedy::Checkpoint | Remedy::Undo | Remedy::None) => "nothing is changed",
    }
}
