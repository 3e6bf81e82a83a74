//! Rows that are not shown to this user, and which findings would rest on their absence.

use super::finding::Subject;
use super::{Code, Finding};
use luthier_hub::index::hidden::{Why, is_hidden};
use luthier_hub::index::{Capabilities, Hidden};
use luthier_object::Kind;
use serde::{Deserialize, Serialize};

/// A table whose rows are not all shown, and what is not judged because of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HiddenTable {
    pub table: String,
    pub why: Why,
    /// The database's answer, in one sentence.
    pub said: String,
    /// Codes that rest on all rows of the table: no finding of them is made.
    pub not_judged: Vec<Code>,
}

impl From<Hidden> for HiddenTable {
    fn from(hidden: Hidden) -> Self {
        let not_judged = match hidden.why.hides() {
            true => resting_on(&hidden.table),
            false => Vec::new(),
        };
        Self {
            not_judged,
            table: hidden.table,
            why: hidden.why,
            said: hidden.said,
        }
    }
}

const REPOS: &str = "musehub_repos";
const BRANCHES: &str = "musehub_branches";
const COMMITS: &str = Capabilities::table(Kind::Commit);
const SNAPSHOTS: &str = Capabilities::table(Kind::Snapshot);
const JOBS: &str = "musehub_background_jobs";
const FETCH_PACKS: &str = "musehub_fetch_mpack_cache";
const PACK_INDEX: &str = "musehub_mpack_index";
const BLOBS: &str = Capabilities::table(Kind::Blob);
const HELD: [&str; 3] = [
    Capabilities::refs_table(Kind::Commit),
    Capabilities::refs_table(Kind::Snapshot),
    Capabilities::refs_table(Kind::Blob),
];

/// The tables that have to be shown whole before a code is found, whatever it is found on.
const RESTS_ON: &[(Code, &[&str])] = &[
    (Code::BlobEmptyMissing, &[BLOBS]),
    (Code::HeadDangling, &[COMMITS]),
    (Code::ProposalDangling, &[COMMITS]),
    (Code::CommitUnreachable, &[BRANCHES, COMMITS]),
    (Code::TreeCollapsed, &[COMMITS, SNAPSHOTS]),
    (Code::DeltaBroken, &[SNAPSHOTS]),
    (Code::BlobUnreferenced, &[SNAPSHOTS]),
    (Code::ObjectOrphan, &[COMMITS, SNAPSHOTS, BLOBS]),
    (Code::RefsUnsaved, &[REPOS, BRANCHES]),
    (Code::PackUnindexed, &[PACK_INDEX]),
    (Code::RepoUnreferenced, &HELD),
    (Code::JobStuck, &[PACK_INDEX, JOBS]),
    (Code::FetchPackStale, &[FETCH_PACKS]),
];

/// Returns the table that has to be shown whole before a code is found on a row of this kind.
const fn of_kind(code: Code, kind: Kind) -> &'static [&'static str] {
    match (code, kind) {
        (Code::RowMissing, Kind::Commit) => &[COMMITS],
        (Code::RowMissing, Kind::Snapshot) => &[SNAPSHOTS],
        (Code::RowMissing, Kind::Blob) => &[BLOBS],
        (Code::RowElsewhere, Kind::Commit) => &[COMMITS, "musehub_commit_refs"],
        (Code::RowElsewhere, Kind::Snapshot) => &[SNAPSHOTS, "musehub_snapshot_refs"],
        (Code::RowElsewhere, Kind::Blob) => &[BLOBS, "musehub_object_refs"],
        _ => &[],
    }
}

/// Returns the codes that are not found where rows of this table are hidden.
fn resting_on(table: &str) -> Vec<Code> {
    let mut out: Vec<Code> = RESTS_ON
        .iter()
        .filter(|(_, tables)| tables.contains(&table))
        .map(|(code, _)| *code)
        .collect();
    for code in [Code::RowMissing, Code::RowElsewhere] {
        if Kind::ALL
            .iter()
            .any(|kind| of_kind(code, *kind).contains(&table))
        {
            out.push(code);
        }
    }
    out.sort_unstable();
    out
}

/// Returns whether a code on this subject rests on rows that are hidden.
pub(super) fn withheld(hidden: &[Hidden], code: Code, subject: Subject) -> bool {
    let own = subject.kind().map_or(&[][..], |kind| of_kind(code, kind));
    let always = RESTS_ON.iter().find(|(known, _)| *known == code);
    let always = always.map_or(&[][..], |(_, tables)| tables);
    own.iter()
        .chain(always)
        .any(|table| is_hidden(hidden, table))
}

/// Returns whether a finding rests on rows that are hidden.
pub(super) fn withholds(hidden: &[Hidden], finding: &Finding) -> bool {
    withheld(hidden, finding.code, finding.kind)
}

#[cfg(test)]
mod tests {
    use super::{COMMITS, HiddenTable, RESTS_ON, withheld};
    use crate::{Code, Subject};
    use luthier_hub::index::hidden::{Hidden, Why};

    fn hidden(why: Why) -> Hidden {
        Hidden {
            table: COMMITS.to_owned(),
            why,
            said: "why".to_owned(),
        }
    }

    #[test]
    fn what_rests_on_hidden_rows_is_withheld_and_named() {
        let commits = [hidden(Why::RowSecurity)];
        assert!(withheld(&commits, Code::RowMissing, Subject::Commit));
        assert!(!withheld(&commits, Code::RowMissing, Subject::Blob));
        assert!(withheld(&commits, Code::HeadDangling, Subject::Branch));
        assert!(!withheld(&commits, Code::ObjectMissing, Subject::Commit));
        let mut held = hidden(Why::RowSecurity);
        held.table = "musehub_object_refs".to_owned();
        assert!(withheld(&[held], Code::RepoUnreferenced, Subject::Repo));
        let named = HiddenTable::from(hidden(Why::View)).not_judged;
        assert!(named.contains(&Code::RowMissing) && named.contains(&Code::CommitUnreachable));
    }

    #[test]
    fn a_doubtful_count_withholds_nothing() {
        let stale = [hidden(Why::Statistics)];
        for (code, _) in RESTS_ON {
            assert!(!withheld(&stale, *code, Subject::Commit), "{code}");
        }
    }
}
