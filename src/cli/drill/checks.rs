//! What is left of a drill's writes: proved over the wire, by a pull, row by row, and in the journal.

use super::made::{Files, blob_id};
use super::onlooker::unfounded;
use super::steps::{Failed, OWNER, Rehearsal, hub, side};
use super::wire::{Fetched, Refs, Want};
use bytes::Bytes;
use luthier_client::pull::{PullOptions, pull};
use luthier_client::{Folder, Layout, verify};
use luthier_hub::cause::Cause;
use luthier_hub::progress::Progress;
use luthier_hub::{scratch, text};
use luthier_object::{CommitRecord, Kind, Proven, SnapshotRecord};
use luthier_repair::Outcome;
use luthier_repair::journal;
use std::collections::{BTreeMap, BTreeSet};

/// Rows asked for at once.
const PAGE: u32 = 500;

impl Rehearsal {
    /// Clones over the wire, and proves everything that came.
    pub(super) async fn wire_pull(&mut self) -> Result<String, Failed> {
        let server = self.server().await?;
        let Refs {
            repo_id,
            branch_heads,
        } = server.wire.refs().await?;
        let heads: BTreeMap<String, String> = [("main", &self.main), ("drill", &self.drill)]
            .into_iter()
            .filter_map(|(name, head)| Some((name.to_owned(), head.as_ref()?.to_string())))
            .collect();
        if repo_id != self.new.repo_id || branch_heads != heads {
            return Err("refs does not say where the branches point".into());
        }
        let want = Want {
            want: branch_heads.into_values().collect(),
            have: Vec::new(),
        };
        let fetched: Fetched = server.wire.call("POST", "fetch", Some(&want)).await?;
        let objects = (fetched.commits.len(), fetched.objects.len());
        self.prove(fetched)?;
        Ok(format!(
            "{} and {} came over the wire, and prove their ids.",
            text::plural(objects.0 as u64, "commit"),
            text::plural(objects.1 as u64, "blob")
        ))
    }

    /// Proves what was fetched, and that it is the whole history with the files of main.
    fn prove(&self, fetched: Fetched) -> Result<(), Failed> {
        let mut commits = BTreeMap::new();
        for map in fetched.commits {
            let record = CommitRecord::from_map(map).map_err(Cause::of)?;
            let (id, bytes) = (record.commit_id.clone(), record.encode());
            Proven::read(Kind::Commit, &id, bytes.into()).map_err(Cause::of)?;
            commits.insert(id, record.snapshot_id);
        }
        if commits.len() != self.commits {
            let (came, made) = (commits.len(), self.commits);
            return Err(format!("{came} commits came, and {made} were made").into());
        }
        let mut trees = BTreeMap::new();
        for map in fetched.snapshots {
            let record = SnapshotRecord::from_map(map).map_err(Cause::of)?;
            let (id, bytes) = (record.snapshot_id.clone(), record.encode());
            Proven::read(Kind::Snapshot, &id, bytes.into()).map_err(Cause::of)?;
            trees.insert(id, record.manifest);
        }
        let mut blobs = BTreeMap::new();
        for blob in fetched.objects {
            let bytes: Bytes = blob.content.into_vec().into();
            if blob_id(&bytes).as_str() != blob.object_id {
                return Err(format!("the blob {} came with other bytes", blob.object_id).into());
            }
            blobs.insert(blob.object_id, bytes);
        }
        let tree = self.main.as_ref().and_then(|head| commits.get(head));
        let tree = tree.and_then(|tree| trees.get(tree.as_ref()?));
        let tree = tree.ok_or_else(|| Cause::from("the snapshot of main did not come"))?;
        let came = tree
            .iter()
            .filter_map(|(path, id)| Some((path.clone(), blobs.get(id.as_str())?.clone())));
        match came.collect::<Files>() == self.files {
            true => Ok(()),
            false => Err("main has other files than were written".into()),
        }
    }

    pub(super) async fn pull(&mut self, progress: &Progress) -> Result<String, Failed> {
        let folder = scratch::folder("drill").map_err(Cause::of)?;
        let options = PullOptions {
            owner: OWNER.to_owned(),
            slug: self.new.slug.clone(),
            branch: None,
            into: folder.path().join("pulled"),
            layout: Layout::Unified,
            have: Vec::new(),
        };
        let pulled = pull(&self.store, &options, progress, &mut |_| {}).await;
        let pulled = pulled.map_err(Cause::of)?;
        self.pulled = Some(folder);
        if !pulled.is_complete()
            || pulled.received.reconstructed != [0; 3]
            || pulled.branches.len() != 2
        {
            return Err("`luthier pull` did not get every object from the store".into());
        }
        let count = pulled.received.total();
        Ok(format!(
            "{} came from the store, none from a row.",
            text::plural(count, "object")
        ))
    }

    pub(super) async fn verify(&mut self, progress: &Progress) -> Result<String, Failed> {
        let folder = self
            .pulled
            .as_ref()
            .map(|folder| folder.path().join("pulled"));
        let folder = folder.ok_or_else(|| Cause::from("nothing was pulled"))?;
        let folder = Folder::open(&folder).map_err(Cause::of)?;
        let verified = verify::verify(folder, progress, &mut |_| {}).await;
        let verified = verified.map_err(Cause::of)?;
        let [commits, ..] = verified.proved;
        match verified.wrong == 0 && !verified.stopped && commits == self.commits as u64 {
            true => Ok("What was pulled verifies.".to_owned()),
            false => Err("what was pulled does not verify".into()),
        }
    }

    pub(super) async fn mark_deleted(&mut self) -> Result<String, Failed> {
        let before = self.rows().await;
        self.writer
            .mark_deleted(&self.new.repo_id)
            .await
            .map_err(hub)?;
        let server = self.server().await?;
        let (status, _) = server.wire.send("GET", "refs", None).await?;
        if status != 404 {
            return Err(format!("it is still served: HTTP {status}").into());
        }
        match (before, self.rows().await) {
            (Ok(before), Ok(after)) if before == after => Ok(format!(
                "Clients see it no more; all {} stay.",
                text::plural(after, "row")
            )),
            (Err(why), _) | (_, Err(why)) => Err(why),
            (Ok(before), Ok(after)) => {
                Err(format!("{before} rows were there before, and {after} after").into())
            }
        }
    }

    /// Looks for each write in the journal, announced and ended.
    pub(super) fn journal(&self) -> Result<String, Failed> {
        let path = journal::path_of(self.store.hub());
        let path = path.ok_or_else(|| Cause::from("there is no journal"))?;
        let runs = journal::runs(&path).map_err(Cause::of)?;
        let own = runs.iter().filter(|run| {
            let write = run.hub_write.as_ref();
            write.is_some_and(|write| write.repo_id == self.new.repo_id)
        });
        let (mut sites, mut open) = (BTreeSet::new(), 0);
        for run in own {
            sites.extend(run.hub_write.as_ref().map(|write| write.site.name()));
            open += u64::from(run.outcomes.get(&Outcome::Written) != Some(&1));
        }
        let expected = [
            "blobs",
            "commit",
            "deletion mark",
            "init",
            "merge",
            "push",
            "sync",
        ];
        match open == 0 && sites.iter().copied().eq(expected) {
            true => Ok("Each write is in the journal, announced and ended.".to_owned()),
            false => Err("the journal does not have each write with its end".into()),
        }
    }

    /// Reads the object of every row of the repository, and returns their number.
    pub(super) async fn rows(&self) -> Result<u64, Failed> {
        let early = self.onlooker.take();
        if let Some(what) = early.into_iter().next() {
            return Err(what.into());
        }
        let (index, mut count) = (self.store.index(), 0);
        for kind in Kind::ALL {
            let mut after = None;
            loop {
                let held = index.ids_held(kind, &self.new.repo_id, after.as_deref(), PAGE);
                let held = held.await.map_err(side)?;
                for (id, uri) in self.pointers(kind, &held.rows).await? {
                    let found = unfounded(&self.store, kind, &id, uri.as_deref()).await;
                    if let Some(why) = found.map_err(side)? {
                        return Err(why.into());
                    }
                    count += 1;
                }
                after = held.rows.last().cloned().or(after);
                if held.end {
                    break;
                }
            }
        }
        Ok(count)
    }

    async fn pointers(
        &self,
        kind: Kind,
        ids: &[String],
    ) -> Result<Vec<(String, Option<String>)>, Failed> {
        let index = self.store.index();
        Ok(match kind {
            Kind::Commit => {
                let rows = index.commits_by_id(ids).await.map_err(side)?;
                rows.into_iter()
                    .map(|row| (row.commit_id, row.storage_uri))
                    .collect()
            }
            Kind::Snapshot => {
                let rows = index.snapshots_by_id(ids).await.map_err(side)?;
                rows.into_iter()
                    .map(|row| (row.snapshot_id, row.storage_uri))
                    .collect()
            }
            Kind::Blob => {
                let rows = index.blobs_by_id(ids).await.map_err(side)?;
                rows.into_iter()
                    .map(|row| (row.object_id, row.storage_uri))
                    .collect()
            }
        })
    }
}
