//! Hubs of March 2026, in the shape that the public release gave them.

use luthier_object::identity::{CommitScheme, SnapshotScheme, commit_trials, snapshot_trials};
use luthier_object::{CommitRecord, Manifest, ObjectId, commit};
use serde_json::Map;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::Path;

/// The tables in SQLite.
pub const SQLITE: &str = include_str!("../../migrations/eras/sqlite/march.sql");

/// The tables in Postgres.
pub const POSTGRES: &str = include_str!("../../migrations/eras/postgres/march.sql");

/// The repository with commits, and the one that was made with an initial commit.
pub const SITE: &str = "34401a75-6004-40e9-86bc-b70b748cf34d";
pub const WIZARD: &str = "73a46e27-54f7-4012-a448-6bd9d9fafa92";

/// The ids that old server code made up.
pub const MERGE: &str = "4bd5561696be424c8723baac9fce91b9";
pub const INIT: &str = "init-73a46e27";
pub const PROPOSAL: &str = "1de87fb1-779a-43f3-bfd8-c7e380160ab3";

/// A hub of that age: rows as SQL that both databases read, and the store's folder.
#[derive(Default)]
pub struct March {
    pub sql: String,
    /// Commits and snapshots that prove, by their stored ids.
    pub sound: BTreeSet<String>,
    /// The blob that nothing names.
    pub stray: String,
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn raw_id(bytes: &[u8]) -> ObjectId {
    ObjectId::new(hex::encode(Sha256::digest(bytes)))
}

impl March {
    /// Two branches, a merge made by the client, one made by the server, an empty file, a repository
    /// with nothing but its initial commit, and a blob of a push that was rejected after its upload.
    /// Objects go into `folder`.
    pub fn build(folder: &Path) -> Self {
        let mut hub = Self::default();
        hub.repo(SITE, "site");
        hub.repo(WIZARD, "wizard");
        let readme = hub.blob(folder, "README.md", b"# Site\n");
        let empty = raw_id(b"");
        let mut files = Manifest::new();
        files.insert("README.md", readme);
        files.insert("app/__init__.py", empty);
        let first = hub.commit("main", "initial import", 0, &[], &files);
        files.insert(
            "docs/caf\u{e9}.md",
            hub.blob(folder, "docs/caf\u{e9}.md", "caf\u{e9}\n".as_bytes()),
        );
        let second = hub.commit(
            "main",
            "a line\n\nand a \"body\", a tab\t, \u{2713}",
            1,
            &[&first],
            &files,
        );
        let mut topic = files.clone();
        topic.insert("app/const.py", hub.blob(folder, "app/const.py", b"X = 1\n"));
        let side = hub.commit("feature", "topic: const", 2, &[&second], &topic);
        files.insert("logo.bin", hub.blob(folder, "logo.bin", &[7; 70_000]));
        let other = hub.commit("main", "logo", 3, &[&second], &files);
        files.insert("app/const.py", raw_id(b"X = 1\n"));
        let merged = hub.commit(
            "main",
            "Merge branch 'feature'",
            4,
            &[&other, &side],
            &files,
        );
        hub.treeless(
            MERGE,
            SITE,
            "Merge proposal",
            &[merged.as_str(), side.as_str()],
        );
        hub.treeless(INIT, WIZARD, "Initial commit", &[]);
        hub.stray = hub
            .blob(folder, "rejected.txt", b"rejected\n")
            .as_str()
            .to_owned();
        for (id, repo, name, head) in [
            ("b1", SITE, "main", MERGE),
            ("b2", SITE, "feature", side.as_str()),
            ("b3", WIZARD, "main", INIT),
        ] {
            hub.sql += &format!(
                "INSERT INTO musehub_branches VALUES ('{id}', '{repo}', '{name}', '{head}');\n"
            );
        }
        hub.sql += &format!(
            "INSERT INTO musehub_pull_requests VALUES ('{PROPOSAL}', '{SITE}', 'Feature', '', 'merged', 'feature', 'main', '{MERGE}', 'alice', '2026-03-19 12:00:00+00', NULL);\n"
        );
        hub
    }

    fn repo(&mut self, id: &str, slug: &str) {
        self.sql += &format!(
            "INSERT INTO musehub_repos (repo_id, name, owner, slug, visibility, owner_user_id, description, tags, created_at, domain_meta, default_branch) \
             VALUES ('{id}', '{slug}', 'alice', '{slug}', 'public', 'u1', '', '[]', '2026-03-19 09:00:00+00', '{{}}', 'main');\n"
        );
    }

    fn blob(&mut self, folder: &Path, path: &str, bytes: &[u8]) -> ObjectId {
        let id = raw_id(bytes);
        std::fs::create_dir_all(folder.join(SITE)).unwrap();
        std::fs::write(folder.join(SITE).join(id.as_str()), bytes).unwrap();
        self.sql += &format!(
            "INSERT INTO musehub_objects VALUES ('{id}', '{SITE}', {}, {}, '/data/objects/{SITE}/{id}', '2026-03-19 10:00:00+00', 'local://{SITE}/{id}');\n",
            quoted(path),
            bytes.len()
        );
        id
    }

    fn commit(
        &mut self,
        branch: &str,
        message: &str,
        hour: u32,
        parents: &[&ObjectId],
        files: &Manifest,
    ) -> ObjectId {
        let trials = snapshot_trials(files, &BTreeSet::new());
        let snapshot = trials
            .into_iter()
            .find(|(scheme, _)| *scheme == SnapshotScheme::V01)
            .unwrap()
            .1;
        let at = format!("2026-03-19T{:02}:00:00.710544+00:00", 10 + hour);
        let mut rest: Map<String, serde_json::Value> = commit::default_rest();
        rest.insert("format_version".into(), 5.into());
        let mut record = CommitRecord {
            commit_id: ObjectId::new(""),
            repo_id: SITE.into(),
            branch: branch.into(),
            snapshot_id: Some(snapshot.clone()),
            message: message.into(),
            committed_at: at.clone(),
            parent_commit_id: parents.first().map(|id| (*id).clone()),
            parent2_commit_id: parents.get(1).map(|id| (*id).clone()),
            author: "alice".into(),
            rest,
        };
        let trials = commit_trials(&record);
        record.commit_id = trials
            .into_iter()
            .find(|(scheme, _)| *scheme == CommitScheme::V01)
            .unwrap()
            .1;
        let id = record.commit_id.clone();
        self.sound
            .extend([snapshot.as_str().to_owned(), id.as_str().to_owned()]);
        let list: Vec<&str> = parents.iter().map(|id| id.as_str()).collect();
        let meta = serde_json::json!({"format_version": 5, "sem_ver_bump": "none"});
        self.sql += &format!(
            "INSERT INTO musehub_snapshots VALUES ('{snapshot}', '{SITE}', {}, '{at}');\n\
             INSERT INTO musehub_commits VALUES ('{id}', '{SITE}', '{branch}', {}, {}, 'alice', '{at}', '{snapshot}', '{at}', {});\n",
            quoted(&serde_json::to_string_pretty(&files.to_value()).unwrap()),
            quoted(&serde_json::Value::from(list).to_string()),
            quoted(message),
            quoted(&meta.to_string()),
        );
        id
    }

    fn treeless(&mut self, id: &str, repo: &str, message: &str, parents: &[&str]) {
        self.sql += &format!(
            "INSERT INTO musehub_commits VALUES ('{id}', '{repo}', 'main', {}, '{message}', 'u1', '2026-03-19T16:00:00+00:00', NULL, '2026-03-19T16:00:00+00:00', '{{}}');\n",
            quoted(&serde_json::Value::from(parents.to_vec()).to_string()),
        );
    }
}
