-- A hub in one SQLite file: the tables and names of a MuseHub database, with storage_uri on every kind.
--
-- JSON and times are TEXT and nothing checks them: what is wrong in a hub has to fit in here too.
-- Heavy columns stand last, so that reading the light ones never walks their overflow pages.

CREATE TABLE musehub_repos (
    repo_id        TEXT NOT NULL PRIMARY KEY,
    owner          TEXT NOT NULL,
    slug           TEXT NOT NULL,
    name           TEXT NOT NULL,
    visibility     TEXT NOT NULL DEFAULT 'private',
    owner_user_id  TEXT NOT NULL DEFAULT '',
    description    TEXT NOT NULL DEFAULT '',
    default_branch TEXT NOT NULL DEFAULT 'main',
    pushed_at      TEXT,
    created_at     TEXT NOT NULL DEFAULT '',
    deleted_at     TEXT
);
CREATE INDEX ix_musehub_repos_path ON musehub_repos (owner, slug);

-- No unique (repo_id, name): duplicates occur in the field.
CREATE TABLE musehub_branches (
    branch_id      TEXT NOT NULL PRIMARY KEY,
    repo_id        TEXT NOT NULL,
    name           TEXT NOT NULL,
    head_commit_id TEXT
);
CREATE INDEX ix_musehub_branches_name ON musehub_branches (repo_id, name, branch_id);

CREATE TABLE musehub_commits (
    commit_id   TEXT NOT NULL PRIMARY KEY,
    repo_id     TEXT NOT NULL,
    branch      TEXT NOT NULL,
    timestamp   TEXT NOT NULL,
    snapshot_id TEXT,
    storage_uri TEXT,
    created_at  TEXT NOT NULL DEFAULT '',
    author      TEXT NOT NULL DEFAULT '',
    parent_ids  TEXT NOT NULL DEFAULT '[]',
    message     TEXT NOT NULL DEFAULT '',
    commit_meta TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX ix_musehub_commits_newest ON musehub_commits (timestamp, commit_id);
CREATE INDEX ix_musehub_commits_repo_newest ON musehub_commits (repo_id, timestamp, commit_id);
CREATE INDEX ix_musehub_commits_branch_newest ON musehub_commits (branch, timestamp, commit_id);
CREATE INDEX ix_musehub_commits_unlinked ON musehub_commits (commit_id) WHERE storage_uri IS NULL;

CREATE TABLE musehub_snapshots (
    snapshot_id        TEXT NOT NULL PRIMARY KEY,
    repo_id            TEXT NOT NULL,
    parent_snapshot_id TEXT,
    entry_count        INTEGER NOT NULL DEFAULT 0,
    storage_uri        TEXT,
    created_at         TEXT NOT NULL DEFAULT '',
    directories        TEXT NOT NULL DEFAULT '[]',
    manifest_blob      BLOB,
    delta_blob         BLOB
);
CREATE INDEX ix_musehub_snapshots_newest ON musehub_snapshots (created_at, snapshot_id);
CREATE INDEX ix_musehub_snapshots_repo_newest ON musehub_snapshots (repo_id, created_at, snapshot_id);
CREATE INDEX ix_musehub_snapshots_unlinked ON musehub_snapshots (snapshot_id) WHERE storage_uri IS NULL;

CREATE TABLE musehub_objects (
    object_id   TEXT NOT NULL PRIMARY KEY,
    repo_id     TEXT NOT NULL,
    size_bytes  INTEGER NOT NULL,
    storage_uri TEXT,
    created_at  TEXT NOT NULL DEFAULT '',
    path        TEXT NOT NULL DEFAULT ''
);
CREATE INDEX ix_musehub_objects_newest ON musehub_objects (created_at, object_id);
CREATE INDEX ix_musehub_objects_repo_newest ON musehub_objects (repo_id, created_at, object_id);
CREATE INDEX ix_musehub_objects_unlinked ON musehub_objects (object_id) WHERE storage_uri IS NULL;

CREATE TABLE musehub_proposals (
    proposal_id     TEXT NOT NULL PRIMARY KEY,
    repo_id         TEXT NOT NULL,
    state           TEXT NOT NULL,
    from_branch     TEXT NOT NULL,
    to_branch       TEXT NOT NULL,
    merge_commit_id TEXT,
    merged_at       TEXT,
    author          TEXT NOT NULL DEFAULT '',
    created_at      TEXT NOT NULL DEFAULT '',
    title           TEXT NOT NULL DEFAULT '',
    body            TEXT NOT NULL DEFAULT ''
);
CREATE INDEX ix_musehub_proposals_repo ON musehub_proposals (repo_id, proposal_id);

-- Which repository holds which global row.
CREATE TABLE musehub_commit_refs (
    commit_id TEXT NOT NULL,
    repo_id   TEXT NOT NULL,
    PRIMARY KEY (commit_id, repo_id)
) WITHOUT ROWID;
CREATE INDEX ix_musehub_commit_refs_repo ON musehub_commit_refs (repo_id, commit_id);

CREATE TABLE musehub_snapshot_refs (
    snapshot_id TEXT NOT NULL,
    repo_id     TEXT NOT NULL,
    PRIMARY KEY (snapshot_id, repo_id)
) WITHOUT ROWID;
CREATE INDEX ix_musehub_snapshot_refs_repo ON musehub_snapshot_refs (repo_id, snapshot_id);

CREATE TABLE musehub_object_refs (
    object_id TEXT NOT NULL,
    repo_id   TEXT NOT NULL,
    PRIMARY KEY (object_id, repo_id)
) WITHOUT ROWID;
CREATE INDEX ix_musehub_object_refs_repo ON musehub_object_refs (repo_id, object_id);
