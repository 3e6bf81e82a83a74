//! A repository while its story is made: its people, its clock, and where its branches point.

use super::DemoError;
use super::draft::{Draft, Tip};
use super::era::{Era, Keys};
use super::script::{RepoScript, Words};
use super::words;
use fastrand::Rng;
use luthier_hub::index::{BranchRow, FetchPackRow, NewRows, ProposalRow, RepoRow};
use luthier_object::time::{self, Micros};
use luthier_object::{Manifest, ObjectId};
use serde_json::{Map, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

const MINUTE: Micros = 60_000_000;

/// Heads as they were when a checkpoint was made; `None` for a branch that did not exist.
pub(super) type Heads = BTreeMap<String, Option<String>>;

/// The checkpoints that a repository has.
#[derive(Clone, Default)]
pub(super) enum Saved {
    /// One that says what the rows say.
    #[default]
    Whole,
    Never,
    /// One from before some branches moved.
    Before(Heads),
    /// The same, and a newer one of which half is there.
    Torn(Heads),
}

/// A branch with its own id.
pub(super) struct Branch {
    branch_id: String,
    pub tip: Tip,
}

/// A repository under way.
pub(super) struct Repository {
    pub row: RepoRow,
    pub rng: Rng,
    pub words: Words,
    pub branches: BTreeMap<String, Branch>,
    /// Its ref checkpoints.
    pub saved: Saved,
    /// Pushes bring their blobs in a pack.
    pub packs: bool,
    /// Branches without a pack that is ready for a fetch.
    pub unprepared: BTreeSet<String>,
    era: Era,
    keys: Keys,
    people: Vec<String>,
    offsets: Vec<i32>,
    deltas: bool,
    signer: String,
    clock: Micros,
    /// The least and the most time between two commits.
    pace: (Micros, Micros),
}

impl Repository {
    /// Returns a repository in which nothing has happened.
    pub(super) fn new(script: &RepoScript, words: &Words, mut rng: Rng) -> Result<Self, DemoError> {
        let clock = time::parse(&script.started)
            .ok_or_else(|| DemoError::Script(format!("no time: {:?}", script.started)))?;
        let row = RepoRow {
            repo_id: words::uuid(&mut rng),
            owner: script.owner.clone(),
            slug: script.slug.clone(),
            name: script.name.clone(),
            visibility: "public".to_owned(),
            owner_user_id: format!("user-{}", script.owner),
            description: script.description.clone(),
            default_branch: "main".to_owned(),
            pushed_at: None,
            created_at: super::draft::text(clock, 0),
            deleted_at: script.deleted.clone(),
        };
        Ok(Self {
            row,
            signer: format!("ed25519:{}", words::base64url(43, &mut rng)),
            rng,
            words: words.clone(),
            branches: BTreeMap::new(),
            saved: Saved::default(),
            packs: script.packs,
            unprepared: BTreeSet::new(),
            era: script.era,
            keys: script.keys,
            people: script.people.clone(),
            offsets: script.offsets.clone(),
            deltas: script.deltas,
            clock,
            pace: (17 * MINUTE, 30 * 60 * MINUTE),
        })
    }

    /// Sets how much time passes between two commits.
    pub(super) fn set_pace(&mut self, least: Micros, most: Micros) {
        self.pace = (least.max(1), most.max(2));
    }

    /// Returns the commit that `branch` points to.
    pub(super) fn tip(&self, branch: &str) -> Result<Tip, DemoError> {
        let known = self.branches.get(branch).map(|branch| branch.tip.clone());
        known.ok_or_else(|| DemoError::Script(format!("{} has no {branch}", self.row.path())))
    }

    /// Moves `branch`, making it where it is new.
    pub(super) fn set_tip(&mut self, branch: &str, tip: Tip) {
        match self.branches.get_mut(branch) {
            Some(known) => known.tip = tip,
            None => {
                let branch_id = words::uuid(&mut self.rng);
                let made = Branch { branch_id, tip };
                self.branches.insert(branch.to_owned(), made);
            }
        }
    }

    /// Returns a commit on `branch`, which starts at `from` where it is new, by the `by`th person.
    pub(super) fn draft(
        &mut self,
        branch: &str,
        from: Option<&str>,
        says: &str,
        by: usize,
    ) -> Result<Draft, DemoError> {
        let start = if self.branches.contains_key(branch) {
            Some(branch)
        } else {
            from
        };
        let tip = start.map(|start| self.tip(start)).transpose()?;
        let (least, most) = self.pace;
        self.clock += self.rng.i64(least..most);
        Ok(Draft {
            repo: self.row.path(),
            repo_id: self.row.repo_id.clone(),
            era: self.era,
            keys: self.keys,
            branch: branch.to_owned(),
            message: says.to_owned(),
            author: self.people.get(by).cloned().unwrap_or_default(),
            at: self.clock,
            offset: self.offsets.get(by).copied().unwrap_or(0),
            parents: tip.iter().map(|tip| tip.commit.clone()).collect(),
            treeless: false,
            rest: Map::new(),
            scheme: self.era.commits(),
            tree_scheme: self.era.snapshots(),
            blobs: Vec::new(),
            base: self.base(tip.as_ref()),
            tree: tip.map(|tip| tip.tree).unwrap_or_default(),
        })
    }

    /// Returns the snapshot that the next delta is based on.
    fn base(&self, tip: Option<&Tip>) -> Option<(ObjectId, Manifest)> {
        let of = |tip: &Tip| (tip.snapshot.clone(), tip.tree.manifest.clone());
        self.deltas.then(|| tip.map(of)).flatten()
    }

    /// Puts new content at `path`.
    pub(super) fn write(&mut self, draft: &mut Draft, path: &str) {
        let bytes = words::content(path, &self.words, &mut self.rng);
        draft.put(path, bytes);
    }

    /// Says that a program wrote it.
    pub(super) fn by_agent(&mut self, draft: &mut Draft) {
        let rest = [
            ("agent_id", json!("score-agent")),
            ("model_id", json!("composer-2")),
            ("toolchain_id", json!("muse 0.2.0rc13")),
            ("prompt_hash", json!(words::digest(&mut self.rng))),
            ("test_runs", json!(self.rng.u32(1..40))),
        ];
        let own = rest.into_iter().map(|(key, value)| (key.to_owned(), value));
        draft.rest.extend(own);
    }

    /// Signs it as clients did with a secret: nobody can check that.
    pub(super) fn sign(&mut self, draft: &mut Draft) {
        let signature = Sha256::digest(words::base64url(86, &mut self.rng));
        let signature = ObjectId::typed(&signature.into());
        let rest = [
            ("signer_public_key", json!(self.signer)),
            ("signer_key_id", json!(format!("{}-2026", self.row.owner))),
            ("signature", json!(signature.bare())),
        ];
        let own = rest.into_iter().map(|(key, value)| (key.to_owned(), value));
        draft.rest.extend(own);
    }

    /// Returns a proposal to bring `from` to main; merged where there is a commit.
    pub(super) fn propose(&mut self, title: &str, from: &str, state: &str) -> ProposalRow {
        ProposalRow {
            proposal_id: words::uuid(&mut self.rng),
            repo_id: self.row.repo_id.clone(),
            title: title.to_owned(),
            state: state.to_owned(),
            from_branch: from.to_owned(),
            to_branch: "main".to_owned(),
            merge_commit_id: None,
        }
    }

    /// Returns a row for a branch of this repository.
    pub(super) fn branch_row(&self, branch_id: &str, name: &str, head: &str) -> BranchRow {
        BranchRow {
            branch_id: branch_id.to_owned(),
            repo_id: self.row.repo_id.clone(),
            name: name.to_owned(),
            head_commit_id: Some(head.to_owned()),
        }
    }

    /// Returns the row of a pack that is ready for a fetch of `head`. Its seven days never end.
    fn prepared(&self, head: &str) -> FetchPackRow {
        let digest = Sha256::digest(format!("{}{head}", self.row.repo_id));
        FetchPackRow {
            cache_id: ObjectId::typed(&digest.into()).bare().to_owned(),
            repo_id: self.row.repo_id.clone(),
            tip_commit_id: head.to_owned(),
            pack_id: ObjectId::typed(&Sha256::digest(digest).into())
                .as_str()
                .to_owned(),
            expires_at: "2999-01-01T00:00:00+00:00".to_owned(),
        }
    }

    /// Adds the rows of its branches.
    pub(super) fn close(&self, rows: &mut NewRows) {
        for (name, branch) in &self.branches {
            let head = branch.tip.commit.as_str();
            if self.packs && !self.unprepared.contains(name) {
                rows.fetch_packs.push(self.prepared(head));
            }
            rows.branches
                .push(self.branch_row(&branch.branch_id, name, head));
        }
    }

    /// Returns the row of the repository itself.
    pub(super) fn closing_row(&self) -> RepoRow {
        RepoRow {
            pushed_at: Some(super::draft::text(self.clock, 0)),
            ..self.row.clone()
        }
    }
}
