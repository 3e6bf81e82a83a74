//! The end of an audit, in figures.

use super::UnreadRows;
use crate::fault::{Code, FAULTS, Grade, WHOLE_HUB, is_judged_alone};
use crate::hidden::HiddenTable;
use crate::unlinked::{Fate, Fates};
use crate::{AuditError, Depth};
use luthier_hub::index::Counts;
use luthier_hub::index::audit_scratch::AuditScratch;
use luthier_hub::store::{Model, Policy, Store};
use luthier_object::{Kind, Signature};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The counts of checked rows and objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    pub repos: u64,
    pub branches: u64,
    pub commits: u64,
    pub snapshots: u64,
    pub blobs: u64,
    pub proposals: u64,
    /// Keys in the listing.
    pub listed: u64,
    /// Objects read to the last byte.
    pub read: u64,
    /// Bytes of these.
    pub bytes: u64,
}

/// The end of an audit, in figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// The repository that the audit was cut to; every figure is of it alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
    /// Every question had an answer: nothing unknown, nothing left out, no row hidden.
    pub complete: bool,
    pub depth: Depth,
    pub checked: Checked,
    pub findings: BTreeMap<Code, u64>,
    pub grades: BTreeMap<Grade, u64>,
    /// Questions to the store without an answer, and the first few reasons.
    pub unknown: u64,
    pub unknown_because: Vec<String>,
    /// Tables whose rows are not all shown to this user, or are not told apart.
    pub hidden: Vec<HiddenTable>,
    /// Rows, and objects without a row, that are younger than the grace period: counted, not judged.
    pub too_new: u64,
    /// Rows of the audited repository that other repositories hold too, by kind; absent in an audit of the hub,
    /// which counts every row once.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub shared: BTreeMap<String, u64>,
    /// Rows that changed or went while the audit ran, so that nothing is said of what rested on them.
    #[serde(skip_serializing_if = "is_none")]
    pub changed: u64,
    /// Rows without `storage_uri` by kind; a kind is absent where the hub has no such column.
    pub null_uris: BTreeMap<String, u64>,
    /// The backfill's results for these rows: the counts add up to `null_uris`.
    pub unlinked: Fates,
    /// Set where the sampled rows and objects say that the two sides do not belong together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrong_pair: Option<String>,
    /// The number of ids that each scheme reproduced, by `kind scheme`.
    pub schemes: BTreeMap<String, u64>,
    /// Signed commits by what their signature says, at depth bytes. A question of trust: none of them is a finding.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub signatures: BTreeMap<Signature, u64>,
    /// The first commits whose signature is invalid.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub invalid_signatures: Vec<String>,
    /// Of the whole hub at depth bytes, the rows whose bytes were not read, by why: with `checked.read` they are all rows.
    #[serde(skip)]
    pub unread: UnreadRows,
    /// Codes that this depth does not pay for or this scope cannot judge, and that were not met.
    pub not_judged: Vec<Code>,
    /// Rows were judged one by one: what takes other rows too was not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rows_alone: bool,
    /// Codes that this depth does not pay for, met where something else spoke against a row: there may be more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub judged_in_part: Vec<Code>,
    /// sha256 over kind, id and sha256 of every object of a row that was read, in the order of rows; hex.
    /// A sign-off bears it: the order is that of one database, so audits of two do not compare by it.
    #[serde(skip)]
    pub digest: String,
    /// Which rows of the hub need a `storage_uri`.
    pub policy: Policy,
    /// The policy with its reason, and the figures of the hub's model.
    pub model: String,
    /// Snapshots that rest on their row alone: the store has no object of them, and no chain of deltas gives them.
    #[serde(skip_serializing_if = "is_none")]
    pub single_rows: u64,
    /// The hub's missing features, each once.
    pub notes: Vec<String>,
    /// So much missing or wrong together that the hub may be looked at in the wrong way; the first few.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mass_faults: Vec<String>,
}

/// The most commits with an invalid signature that are named.
const SHOWN: usize = 10;

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Returns the grade that a number means in the scratch file.
pub(crate) fn grade(number: u8) -> Grade {
    const GRADES: [Grade; 4] = [Grade::Info, Grade::Warning, Grade::Error, Grade::Critical];
    GRADES[usize::from(number).min(3)]
}

impl Summary {
    /// Collects what is known before the first row is read.
    pub(crate) fn begin(store: &Store, depth: Depth) -> Self {
        Self {
            depth,
            policy: store.hub().policy,
            model: store.model().map(Model::words).unwrap_or_default(),
            not_judged: FAULTS
                .iter()
                .map(|fault| fault.code)
                .filter(|code| !depth.judges(*code))
                .collect(),
            notes: store.index().capabilities().notes(),
            ..Self::default()
        }
    }

    /// Collects what is known before the first row of one repository is read.
    pub(crate) fn begin_repo(&mut self, path: &str) {
        self.repo = Some(path.to_owned());
        self.not_judged.extend(WHOLE_HUB);
        self.not_judged.sort_unstable();
        self.not_judged.dedup();
    }

    /// Collects what is known before the first of some chosen rows is read: what takes other rows too is not judged.
    pub(crate) fn begin_rows(&mut self) {
        self.rows_alone = true;
        let codes = FAULTS.iter().map(|fault| fault.code);
        self.not_judged
            .extend(codes.filter(|code| !is_judged_alone(*code)));
        self.not_judged.sort_unstable();
        self.not_judged.dedup();
    }

    /// Counts the signature of a commit.
    pub(crate) fn count_signature(&mut self, id: &str, signature: Signature) {
        *self.signatures.entry(signature).or_default() += 1;
        if signature == Signature::Invalid && self.invalid_signatures.len() < SHOWN {
            self.invalid_signatures.push(id.to_owned());
        }
    }

    /// Counts a row without `storage_uri`, where it could have one.
    pub(crate) fn count_unlinked(&mut self, store: &Store, kind: Kind, fate: Fate) {
        if store.index().capabilities().storage_uri(kind) {
            *self.unlinked.entry(fate).or_default() += 1;
            if self.repo.is_some() {
                *self.null_uris.entry(kind.to_string()).or_default() += 1;
            }
        }
    }

    pub(crate) fn count_nulls(&mut self, counts: &Counts) {
        for (kind, count) in Kind::ALL.into_iter().zip(counts.null_uris) {
            if let Some(count) = count {
                self.null_uris.insert(kind.to_string(), count);
            }
        }
    }

    /// Adds up what was found.
    pub(crate) fn finish(&mut self, groups: &[(String, u64, u8)]) {
        for (code, count, _) in groups {
            let fault = code.parse::<usize>().ok().and_then(|n| FAULTS.get(n));
            if let Some(fault) = fault {
                self.findings.insert(fault.code, *count);
            }
        }
        // Where something speaks against a row its object is read at any depth.
        let found = |code: &Code| self.findings.contains_key(code);
        (self.judged_in_part, self.not_judged) = std::mem::take(&mut self.not_judged)
            .into_iter()
            .partition(found);
    }

    /// Counts anew what a scratch file holds.
    pub(crate) async fn recount(&mut self, scratch: &AuditScratch) -> Result<(), AuditError> {
        (self.findings, self.grades) = (BTreeMap::new(), BTreeMap::new());
        self.not_judged.append(&mut self.judged_in_part);
        self.not_judged.sort_unstable();
        self.finish(&scratch.finding_groups(&Default::default(), "code").await?);
        for (_, count, grade) in scratch.finding_groups(&Default::default(), "grade").await? {
            self.add_grade(grade, count);
        }
        Ok(())
    }

    /// Says how many snapshots rest on a single row.
    #[must_use]
    pub fn single_rows_words(&self) -> String {
        let verb = if self.single_rows == 1 {
            "rests"
        } else {
            "rest"
        };
        format!(
            "{} {verb} on a single row: no object, no chain of deltas, no copy under another key",
            luthier_hub::text::plural(self.single_rows, "snapshot")
        )
    }

    /// Formats the number of rows and objects that are too young to be judged.
    #[must_use]
    pub fn too_new_words(&self) -> String {
        match self.too_new {
            1 => "1 row, or object without a row,".to_owned(),
            count => format!(
                "{} rows, or objects without a row,",
                luthier_hub::text::grouped(count)
            ),
        }
    }

    pub(crate) fn add_grade(&mut self, grade: u8, count: u64) {
        *self.grades.entry(self::grade(grade)).or_default() += count;
    }

    /// Returns the last line of `--json`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut line = serde_json::to_value(self).unwrap_or_default();
        if let Value::Object(map) = &mut line {
            map.insert("type".into(), "summary".into());
        }
        line
    }
}
