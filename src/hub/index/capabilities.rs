//! The tables and columns that a hub offers: hubs differ by age, so this is read at connect, never assumed.

use luthier_object::Kind;
use std::collections::{BTreeMap, BTreeSet};

/// Tables and columns as the catalogue lists them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    tables: BTreeMap<String, BTreeSet<String>>,
}

impl Capabilities {
    /// Takes (table, column) pairs of the catalogue.
    pub fn new(columns: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (table, column) in columns {
            tables.entry(table).or_default().insert(column);
        }
        Self { tables }
    }

    /// The same hub without a table: one that this user may not read.
    pub(super) fn forget(&mut self, table: &str) {
        self.tables.remove(table);
    }

    /// Returns whether the hub has this column.
    #[must_use]
    pub fn has(&self, table: &str, column: &str) -> bool {
        self.tables.get(table).is_some_and(|c| c.contains(column))
    }

    /// Returns whether the hub has this table.
    #[must_use]
    pub fn has_table(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    /// Returns the table that holds rows of `kind`.
    #[must_use]
    pub const fn table(kind: Kind) -> &'static str {
        match kind {
            Kind::Commit => "musehub_commits",
            Kind::Snapshot => "musehub_snapshots",
            Kind::Blob => "musehub_objects",
        }
    }

    /// Returns the table that holds memberships of `kind`.
    #[must_use]
    pub const fn refs_table(kind: Kind) -> &'static str {
        match kind {
            Kind::Commit => "musehub_commit_refs",
            Kind::Snapshot => "musehub_snapshot_refs",
            Kind::Blob => "musehub_object_refs",
        }
    }

    /// Returns whether rows of `kind` can say where their object is.
    #[must_use]
    pub fn storage_uri(&self, kind: Kind) -> bool {
        self.has(Self::table(kind), "storage_uri")
    }

    /// Returns whether memberships of `kind` are kept in a table of their own.
    #[must_use]
    pub fn refs(&self, kind: Kind) -> bool {
        self.has_table(Self::refs_table(kind))
    }

    /// Returns the table that says which repositories rows of `kind` belong to, where the hub keeps that.
    pub(super) fn holder_table(&self, kind: Kind) -> &'static str {
        match self.refs(kind) {
            true => Self::refs_table(kind),
            false => Self::table(kind),
        }
    }

    /// Returns [`Self::holder_table`]; `None` where it does not name the repository.
    pub(super) fn holding(&self, kind: Kind) -> Option<&'static str> {
        let table = self.holder_table(kind);
        self.has(table, "repo_id").then_some(table)
    }

    /// Returns whether the hub has an index that says where in which pack a blob lies.
    #[must_use]
    pub fn packs(&self) -> bool {
        self.has_table("musehub_mpack_index")
    }

    /// Returns whether rows of blobs may keep the bytes.
    #[must_use]
    pub fn content_cache(&self) -> bool {
        self.has("musehub_objects", "content_cache")
    }

    /// Returns whether snapshots cache their manifest (`manifest_blob`), rather than hold it (`manifest`).
    #[must_use]
    pub fn manifest_cache(&self) -> bool {
        self.has("musehub_snapshots", "manifest_blob")
    }

    /// Returns whether snapshot rows keep directories.
    #[must_use]
    pub fn directories(&self) -> bool {
        self.has("musehub_snapshots", "directories")
    }

    /// Lists the hub's features, each with how it is offered.
    #[must_use]
    pub fn features(&self) -> Vec<(&'static str, String)> {
        let yes = |has: bool| if has { "yes" } else { "no" }.to_owned();
        let by_table = |has: &dyn Fn(Kind) -> bool| {
            let with: Vec<&str> = Kind::ALL
                .into_iter()
                .filter(|kind| has(*kind))
                .map(Kind::as_str)
                .collect();
            match with.len() {
                0 => "no".to_owned(),
                3 => "yes".to_owned(),
                _ => format!("{} only", with.join(" and ")),
            }
        };
        let snapshots = |column| self.has("musehub_snapshots", column);
        let proposals = ["musehub_proposals", "musehub_pull_requests"];
        vec![
            ("storage_uri", by_table(&|kind| self.storage_uri(kind))),
            (
                "manifest",
                match (self.manifest_cache(), snapshots("manifest")) {
                    (true, _) => "manifest_blob, a cache",
                    (false, true) => "manifest, JSON of March 2026",
                    (false, false) => "no",
                }
                .to_owned(),
            ),
            ("deltas", yes(snapshots("delta_blob"))),
            ("entry_count", yes(snapshots("entry_count"))),
            ("directories", yes(self.directories())),
            ("memberships", by_table(&|kind| self.refs(kind))),
            (
                "proposals",
                proposals
                    .into_iter()
                    .find(|table| self.has_table(table))
                    .unwrap_or("no")
                    .to_owned(),
            ),
            ("disk_path", yes(self.has("musehub_objects", "disk_path"))),
            ("index of packs", yes(self.packs())),
            ("content_cache", yes(self.content_cache())),
        ]
    }

    /// Lists what the hub lacks, each once with what to do.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut out = Vec::new();
        let without: Vec<&str> = Kind::ALL
            .into_iter()
            .filter(|kind| !self.storage_uri(*kind))
            .map(Self::table)
            .collect();
        if !without.is_empty() {
            out.push(format!(
                "no storage_uri column on {}: objects of these rows cannot be linked; add it with `luthier schema --apply --write`",
                without.join(", ")
            ));
        }
        if !self.manifest_cache() && self.has("musehub_snapshots", "manifest") {
            out.push(
                "snapshots hold `manifest` as JSON (a hub of March 2026): cache findings do not apply"
                    .to_owned(),
            );
        }
        out
    }
}
