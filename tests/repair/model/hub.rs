//! A hub that was built from a draft, and what may never become of it.

use super::draft::{Draft, Row, RowState, Thing};
use bytes::Bytes;
use luthier_hub::backend::layout;
use luthier_hub::index::{BranchRow, Index, NewRows};
use luthier_hub::store::{Authority, Store};
use luthier_hub::testing::scripted::{Memory, Script, scripted};
use luthier_hub::testing::*;
use luthier_object::Kind;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A built hub with the model of it.
pub struct Built {
    pub hub: TestHub,
    pub memory: Memory,
    pub things: Vec<Thing>,
    /// What lay in the store before anything was repaired.
    before: BTreeMap<String, Bytes>,
    rows_before: BTreeMap<String, Row>,
}

/// All that a repair may change. The runs that put bytes into quarantine are not told apart.
#[derive(Debug, PartialEq)]
pub struct Contents {
    pub objects: BTreeMap<String, Bytes>,
    pub quarantined: BTreeSet<(String, Bytes)>,
    pub rows: BTreeMap<String, Row>,
}

impl Built {
    pub async fn new(draft: &Draft) -> Self {
        let hub = TestHub::empty().await;
        let memory = Memory::default();
        let things = draft.things();
        let mut rows = NewRows::default();
        for (at, thing) in things.iter().enumerate() {
            thing.add_row(&mut rows);
            let same = |other: &&Thing| other.kind == thing.kind && other.id != thing.id;
            let other = things[at..].iter().chain(&things).find(same);
            let other = other.map_or(Bytes::from_static(b"other"), |other| other.bytes.clone());
            if let Some((key, bytes)) = thing.stored(&other) {
                memory.plant(&key, bytes);
            }
        }
        let commits: Vec<&Thing> = things.iter().filter(|t| t.kind == Kind::Commit).collect();
        for (at, head) in draft.heads.iter().enumerate() {
            rows.branches.push(BranchRow {
                branch_id: format!("branch-{at}"),
                repo_id: REPO.into(),
                name: if at == 0 {
                    "main".into()
                } else {
                    format!("take-{at}")
                },
                head_commit_id: Some(commits[head % commits.len()].id.as_str().into()),
            });
        }
        hub.insert(rows).await;
        let mut built = Self {
            hub,
            memory,
            things,
            before: BTreeMap::new(),
            rows_before: BTreeMap::new(),
        };
        let store = built.open(&Arc::default()).await;
        let refs = store.refs_of(REPO).await.unwrap().unwrap();
        let writer = store.writer(&Authority::granted()).unwrap();
        writer.save_refs(&refs, LONG_AGO).await.unwrap();
        store.close().await;
        built.before = built.memory.objects();
        built.rows_before = built.rows().await;
        built
    }

    /// Opens both sides, on a script.
    pub async fn open(&self, script: &Arc<Script>) -> Store {
        scripted(self.hub.open().await, &self.memory, script)
    }

    async fn rows(&self) -> BTreeMap<String, Row> {
        let index = &self.hub.index;
        let commits = index.commits(None, 1000).await.unwrap().rows;
        let snapshots = index.snapshots(None, 1000).await.unwrap().rows;
        let blobs = index.blobs(None, 1000).await.unwrap().rows;
        let commits = commits
            .into_iter()
            .map(|row| (row.commit_id.clone(), Row::Commit(row)));
        let snapshots = snapshots
            .into_iter()
            .map(|row| (row.snapshot_id.clone(), Row::Snapshot(row)));
        let blobs = blobs
            .into_iter()
            .map(|row| (row.object_id.clone(), Row::Blob(row)));
        commits.chain(snapshots).chain(blobs).collect()
    }

    pub async fn contents(&self) -> Contents {
        let mut objects = self.memory.objects();
        let aside = objects.extract_if(.., |key, _| key.starts_with("_quarantine/"));
        let quarantined = aside
            .map(|(key, bytes)| (key.splitn(3, '/').nth(2).unwrap().to_owned(), bytes))
            .collect();
        Contents {
            objects,
            quarantined,
            rows: self.rows().await,
        }
    }

    /// What holds after whatever went wrong: no sound object is touched, no byte is lost, no row is moved to what does
    /// not prove it.
    ///
    /// # Errors
    /// What was harmed.
    pub async fn unharmed(&self) -> Result<(), String> {
        let now = self.contents().await;
        let known: BTreeMap<&str, &Thing> = self
            .things
            .iter()
            .map(|thing| (thing.key.as_str(), thing))
            .collect();
        for (key, bytes) in &self.before {
            let Some(there) = now.objects.get(key) else {
                return Err(format!("{key} is lost"));
            };
            if there != bytes {
                let thing = known
                    .get(key.as_str())
                    .ok_or(format!("{key} was altered"))?;
                if *bytes == thing.bytes || *there != thing.bytes {
                    return Err(format!("{key} has wrong bytes now"));
                }
                if !now.quarantined.contains(&(key.clone(), bytes.clone())) {
                    return Err(format!("{key} was replaced without a copy"));
                }
            }
        }
        for (key, bytes) in &now.objects {
            let own = key.starts_with("refs/") || key.starts_with("_luthier/");
            let right = known
                .get(key.as_str())
                .is_some_and(|thing| thing.bytes == *bytes);
            if !self.before.contains_key(key) && !own && !right {
                return Err(format!("{key} is new and wrong"));
            }
        }
        for (id, row) in &self.rows_before {
            let there = now.rows.get(id).ok_or(format!("the row {id} is lost"))?;
            let thing = self
                .things
                .iter()
                .find(|thing| thing.id.as_str() == id)
                .unwrap();
            allowed(thing, row, there, &now)?;
        }
        for (id, row) in &now.rows {
            if !self.rows_before.contains_key(id) {
                let thing = self.things.iter().find(|thing| thing.id.as_str() == id);
                let thing = thing.ok_or(format!("the row {id} is of nothing"))?;
                linked(thing, row, &now)?;
            }
        }
        Ok(())
    }

    /// What the journals say was stored or linked, is.
    ///
    /// # Errors
    /// What was claimed and is not so.
    pub async fn claimed(&self) -> Result<(), String> {
        let now = self.contents().await;
        for who in ["state", "other"] {
            let path = self.hub.folder.path().join(who).join("journal.jsonl");
            let journal = std::fs::read_to_string(path).unwrap_or_default();
            for line in journal.lines() {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                let well = ["written", "linked", "replaced"].map(Into::into);
                if line["event"] != "outcome" || !well.contains(&line["outcome"]) {
                    continue;
                }
                let thing = self
                    .things
                    .iter()
                    .find(|thing| line["id"] == thing.id.as_str());
                let row = thing.and_then(|thing| now.rows.get(thing.id.as_str()));
                if let (Some(thing), Some(row)) = (thing, row) {
                    linked(thing, row, &now).map_err(|why| format!("{why}, but: {line}"))?;
                }
            }
        }
        Ok(())
    }

    /// What a repair that met no trouble owes: whatever the hub still had proof of is whole, and the rest is as it was.
    ///
    /// # Errors
    /// What it owes still.
    pub async fn repaired(&self) -> Result<(), String> {
        let now = self.contents().await;
        for thing in &self.things {
            let row = now.rows.get(thing.id.as_str());
            match (row, thing.is_kept() || thing.row_gives()) {
                (Some(row), true) if thing.state.row != RowState::Foreign => {
                    linked(thing, row, &now)?;
                }
                (Some(row), false) => {
                    let was = self.rows_before.get(thing.id.as_str());
                    let stored = now.objects.get(&thing.key);
                    if was != Some(row) || stored != self.before.get(&thing.key) {
                        return Err(format!("{} {} was changed", thing.kind, thing.id));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn uri(row: &Row) -> Option<&str> {
    match row {
        Row::Blob(row) => row.storage_uri.as_deref(),
        Row::Snapshot(row) => row.storage_uri.as_deref(),
        Row::Commit(row) => row.storage_uri.as_deref(),
    }
}

/// The row points at its own sound object, under one of its keys.
fn linked(thing: &Thing, row: &Row, now: &Contents) -> Result<(), String> {
    let key = uri(row).and_then(|uri| uri.strip_prefix("local://"));
    let own = layout::keys_for(&thing.id, Some(REPO));
    match key {
        Some(key) if own.iter().any(|own| own.as_str() == key) => {
            match now.objects.get(key) == Some(&thing.bytes) {
                true => Ok(()),
                false => Err(format!(
                    "{} {}: {key} does not prove it",
                    thing.kind, thing.id
                )),
            }
        }
        _ => Err(format!("{} {} points at {key:?}", thing.kind, thing.id)),
    }
}

/// Each cell is as it was, or as the hub once wrote it.
fn allowed(thing: &Thing, was: &Row, is: &Row, now: &Contents) -> Result<(), String> {
    if uri(was) != uri(is) {
        linked(thing, is, now)?;
    }
    let cells = |was: &[String], is: &[String], right: &[String]| {
        let wrong = |at: &usize| is[*at] != was[*at] && is[*at] != right[*at];
        match (0..is.len()).find(wrong) {
            Some(at) => Err(format!(
                "{} {}: {} became {}",
                thing.kind, thing.id, was[at], is[at]
            )),
            None => Ok(()),
        }
    };
    cells(&spelled(was), &spelled(is), &spelled(&thing.row))
}

fn spelled(row: &Row) -> Vec<String> {
    match row {
        Row::Blob(row) => vec![
            row.object_id.clone(),
            format!("{:?}", row.repo_id),
            row.path.clone(),
            row.size_bytes.to_string(),
            row.created_at.clone(),
        ],
        Row::Snapshot(row) => vec![
            row.snapshot_id.clone(),
            format!("{:?}", row.repo_id),
            format!("{:?}", row.manifest),
            format!("{:?}", row.entry_count),
            format!("{:?}", row.directories),
            row.created_at.clone(),
        ],
        Row::Commit(row) => vec![
            row.commit_id.clone(),
            format!("{:?}", row.repo_id),
            row.branch.clone(),
            row.parent_ids.clone(),
            row.message.clone(),
            row.author.clone(),
            row.timestamp.clone(),
            format!("{:?}", row.snapshot_id),
            row.commit_meta.clone(),
            row.created_at.clone(),
        ],
    }
}
