//! The steps of a drill, each with the proof that it did what it says.

use super::made::{self, Files, blob_id};
use super::onlooker::Onlooker;
use super::wire::{Blob, Blobs, Bundle, Push, Pushed, Stored};
use crate::cli::CliError;
use bytes::Bytes;
use luthier_hub::cause::Cause;
use luthier_hub::progress::Progress;
use luthier_hub::store::hub_writes::{
    Arrivals, Arrived, Authorship, FileChange, HubWriteError, HubWriter, Ids, NewRepo, new_id,
};
use luthier_hub::store::{Authority, Store};
use luthier_hub::{scratch, text};
use luthier_object::time::isoformat;
use luthier_object::{CommitRecord, Kind, ObjectId, SnapshotRecord};
use luthier_repair::journal::{self, HubJournal};
use luthier_repair::signoff::drill::STEPS;
use luthier_repair::signoff::{DrillStep, State};
use serde_bytes::ByteBuf;
use std::sync::Arc;

/// The owner of every drill's repository.
pub(super) const OWNER: &str = "luthier-drill";

/// The size of the drill's largest file, in bytes.
const LARGE: usize = 300 << 10;

/// How a drill ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Judged,
    /// A side of the hub did not answer.
    Unusable,
}

/// The reason why a step failed.
pub(super) struct Failed {
    why: Cause,
    /// A side of the hub did not answer.
    unusable: bool,
}

impl<E: Into<Cause>> From<E> for Failed {
    fn from(why: E) -> Self {
        Self {
            why: why.into(),
            unusable: false,
        }
    }
}

pub(super) fn hub(error: HubWriteError) -> Failed {
    Failed {
        unusable: matches!(error, HubWriteError::Store(_) | HubWriteError::Write(_)),
        why: Cause::of(error),
    }
}

pub(super) fn side(error: impl std::error::Error + Send + Sync + 'static) -> Failed {
    Failed {
        why: Cause::of(error),
        unusable: true,
    }
}

/// A drill under way.
pub struct Rehearsal {
    pub(super) store: Store,
    pub(super) authority: Authority,
    pub(super) onlooker: Arc<Onlooker>,
    pub(super) writer: HubWriter,
    pub(super) new: NewRepo,
    /// Heads of `main` and of `drill`.
    pub(super) main: Option<ObjectId>,
    pub(super) drill: Option<ObjectId>,
    /// The commit that the sync brought.
    pub(super) synced: Option<ObjectId>,
    /// The files of `main`, and those of `drill`.
    pub(super) files: Files,
    pub(super) drilled: Files,
    pub(super) commits: usize,
    pub(super) pulled: Option<scratch::Folder>,
}

impl Rehearsal {
    /// Names the repository of a new drill.
    ///
    /// # Errors
    /// A hub that was opened for reading, or whose rows cannot say that a repository is deleted.
    pub fn new(store: &Store, authority: Authority, journal: HubJournal) -> Result<Self, CliError> {
        let onlooker = Arc::new(Onlooker::new(journal, store.clone()));
        let writer = store.writer(&authority)?.hub_writer(onlooker.clone());
        if !writer.can_mark_deleted() {
            return Err(CliError::usage(
                "the hub's table of repositories has no column deleted_at, so a drill's repository would stay in sight",
            ));
        }
        let now = jiff::Timestamp::now();
        let slug = now.strftime("%Y%m%dT%H%M%S%3fZ").to_string();
        Ok(Self {
            store: store.clone(),
            authority,
            onlooker,
            writer,
            new: NewRepo {
                repo_id: new_id(),
                owner: OWNER.to_owned(),
                slug: slug.clone(),
                name: slug,
                visibility: "private".to_owned(),
                owner_user_id: OWNER.to_owned(),
                description: "Made by a drill of Luthier".to_owned(),
                default_branch: "main".to_owned(),
                branch_id: new_id(),
                ids: Ids::V01,
            },
            main: None,
            drill: None,
            synced: None,
            files: Files::new(),
            drilled: Files::new(),
            commits: 0,
            pulled: None,
        })
    }

    /// `owner/slug`.
    pub fn repo(&self) -> String {
        format!("{OWNER}/{}", self.new.slug)
    }

    pub fn repo_id(&self) -> String {
        self.new.repo_id.clone()
    }

    /// Takes every step, until one fails or the run is told to stop; the repository is marked as deleted all the same.
    pub async fn run(
        &mut self,
        progress: &Progress,
        steps: &mut Vec<DrillStep>,
        tell: &mut impl FnMut(&DrillStep) -> Result<(), CliError>,
    ) -> Result<Ended, CliError> {
        let (mut ended, mut failed) = (Ended::Judged, false);
        let mut told = Ok(());
        for name in STEPS {
            let clears_up = name == "deletion-mark" && self.main.is_some();
            let (state, said) = match failed || progress.is_cancelled() {
                true if !clears_up && failed => (State::Open, "A step before it failed.".into()),
                true if !clears_up => (State::Open, "The drill was stopped.".into()),
                _ => match self.step(name, progress).await {
                    Ok(said) => (State::Held, said),
                    Err(Failed { why, unusable }) => {
                        failed = true;
                        if unusable {
                            ended = Ended::Unusable;
                        }
                        (State::Broken, format!("{why}."))
                    }
                },
            };
            progress.update(|figures| figures.done += 1);
            steps.push(DrillStep {
                name: name.to_owned(),
                state,
                said,
            });
            if let (Ok(()), Some(step)) = (&told, steps.last()) {
                told = tell(step);
            }
        }
        told.map(|()| ended)
    }

    async fn step(&mut self, name: &str, progress: &Progress) -> Result<String, Failed> {
        let said = match name {
            "init" => self.init().await?,
            "commit" => self.commit().await?,
            "sync" => self.sync().await?,
            "push" => self.push().await?,
            "merge" => self.merge().await?,
            "wire-pull" => return self.wire_pull().await,
            "pull" => return self.pull(progress).await,
            "verify" => return self.verify(progress).await,
            "deletion-mark" => return self.mark_deleted().await,
            _ => return self.journal(),
        };
        let rows = self.rows().await?;
        Ok(format!(
            "{said} {} have their object; while they were written, none was seen without it.",
            text::plural(rows, "row")
        ))
    }

    async fn init(&mut self) -> Result<String, Failed> {
        let said = self.by("Initial commit").await?;
        let written = self.writer.init_repo(&self.new, &said).await.map_err(hub)?;
        self.main = written.head;
        self.commits = 1;
        self.expect_head("main", self.main.as_ref()).await?;
        Ok(format!("{} was made.", self.repo()))
    }

    async fn commit(&mut self) -> Result<String, Failed> {
        let mut large = vec![0; LARGE];
        large.iter_mut().for_each(|byte| *byte = fastrand::u8(..));
        self.commit_files(&[("README.md", b"A drill.\n"), ("takes/one.bin", &large)])
            .await?;
        Ok("Two files were committed to main.".to_owned())
    }

    async fn commit_files(&mut self, files: &[(&str, &[u8])]) -> Result<(), Failed> {
        let said = self.by("Files").await?;
        let put = |(path, bytes): &(&str, &[u8])| {
            let bytes = Bytes::copy_from_slice(bytes);
            ((*path).to_owned(), bytes)
        };
        let files: Files = files.iter().map(put).collect();
        let changes = files.iter().map(|(path, bytes)| FileChange::Put {
            path: path.clone(),
            bytes: bytes.clone(),
        });
        let branch = ("main", self.new.branch_id.as_str());
        let (repo_id, seen) = (&self.new.repo_id, self.main.as_ref());
        let writing = self
            .writer
            .commit_files(repo_id, branch, seen, changes.collect(), &said);
        let written = writing.await.map_err(hub)?;
        self.main = written.head;
        self.commits += 1;
        self.files.extend(files);
        self.expect_head("main", self.main.as_ref()).await
    }

    /// Brings a commit that no branch points at.
    async fn sync(&mut self) -> Result<String, Failed> {
        self.drilled = self.files.clone();
        let bytes = Bytes::from_static(b"A file that came by a sync.\n");
        self.drilled.insert("synced.txt".to_owned(), bytes.clone());
        let (tree, record) = self.next("A sync", self.main.clone()).await?;
        let arrivals = Arrivals {
            blobs: vec![Arrived {
                id: blob_id(&bytes),
                path: "synced.txt".to_owned(),
                bytes,
            }],
            snapshots: vec![tree],
            commits: vec![record.clone()],
        };
        let written = self.writer.sync(&self.new.repo_id, arrivals).await;
        let written = written.map_err(hub)?;
        if written.head.is_some() {
            return Err("the sync moved a branch".into());
        }
        self.synced = Some(record.commit_id);
        self.commits += 1;
        self.expect_head("main", self.main.as_ref()).await?;
        Ok("A commit was synced, and no branch moved.".to_owned())
    }

    /// Pushes a commit to a new branch over the wire, its blob first.
    async fn push(&mut self) -> Result<String, Failed> {
        let bytes = Bytes::from_static(b"A file that was pushed.\n");
        self.drilled.insert("pushed.txt".to_owned(), bytes.clone());
        let (tree, record) = self.next("A push", self.synced.clone()).await?;
        let server = self.server().await?;
        let objects = vec![Blob {
            object_id: blob_id(&bytes).as_str().to_owned(),
            content: ByteBuf::from(bytes.to_vec()),
        }];
        let sent: Stored = server
            .wire
            .call("POST", "push/objects", Some(&Blobs { objects }))
            .await?;
        let push = Push {
            bundle: Bundle {
                commits: vec![record.to_map()],
                snapshots: vec![tree.to_map()],
                objects: Vec::new(),
            },
            branch: "drill".to_owned(),
            force: false,
        };
        let pushed: Pushed = server.wire.call("POST", "push", Some(&push)).await?;
        if !pushed.ok || pushed.remote_head.as_deref() != Some(record.commit_id.as_str()) {
            return Err(format!("the push was refused: {}", pushed.message).into());
        }
        self.drill = Some(record.commit_id);
        self.commits += 1;
        self.expect_head("drill", self.drill.as_ref()).await?;
        Ok(format!(
            "{} and a commit were pushed to the branch drill over the wire.",
            text::plural(sent.stored, "blob")
        ))
    }

    /// Merges the branch that was pushed, once main has moved too.
    async fn merge(&mut self) -> Result<String, Failed> {
        self.commit_files(&[("main.txt", b"A file of main.\n")])
            .await?;
        let said = self.by("Merge drill into main").await?;
        let branches = ("drill", "main");
        let merging = self
            .writer
            .merge_branches(&self.new.repo_id, branches, &said);
        let merge = merging.await.map_err(hub)?;
        let parents: Vec<ObjectId> = self.main.iter().chain(&self.drill).cloned().collect();
        self.main = Some(merge.commit.clone());
        self.commits += 1;
        self.files.extend(self.drilled.clone());
        let served = self.store.serve(Kind::Commit, &merge.commit).await;
        let served = served.map_err(Cause::of)?;
        let record = CommitRecord::decode(&served.bytes).map_err(Cause::of)?;
        if !record.parents().eq(&parents) {
            return Err("the merge has other parents than the two heads".into());
        }
        self.expect_head("main", self.main.as_ref()).await?;
        Ok("The branch drill was merged into main.".to_owned())
    }

    /// Returns the next commit of `drill`, and its snapshot.
    async fn next(
        &self,
        message: &str,
        parent: Option<ObjectId>,
    ) -> Result<(SnapshotRecord, CommitRecord), Failed> {
        let now = self.by(message).await?.at;
        let now = isoformat(now, 0).unwrap_or_default();
        let parent = parent.ok_or_else(|| Cause::from("there is no commit to go on from"))?;
        let tree = made::snapshot(&self.drilled, &now);
        let branch = (self.new.repo_id.as_str(), "drill");
        let record = made::commit(branch, &tree, &parent, message);
        Ok((tree, record))
    }

    async fn by(&self, message: &str) -> Result<Authorship, Failed> {
        Ok(Authorship {
            author: journal::operator(),
            message: message.to_owned(),
            at: self.store.index().now().await.map_err(side)?,
        })
    }

    async fn expect_head(&self, name: &str, head: Option<&ObjectId>) -> Result<(), Failed> {
        let is = self.writer.head(&self.new.repo_id, name).await;
        match is.map_err(hub)?.as_ref() == head && head.is_some() {
            true => Ok(()),
            false => Err(format!("the branch {name} does not point at the new commit").into()),
        }
    }
}
