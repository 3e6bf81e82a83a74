-- A hub in Postgres: the tables and names of a MuseHub database, with storage_uri on every kind.
--
-- Ids and names are ordered by their bytes, whatever language the database sorts by. Nothing but what
-- a hub itself demands is demanded here: what is wrong in a hub has to fit in here too.

CREATE TABLE musehub_repos (
    repo_id        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    owner          TEXT COLLATE "C" NOT NULL,
    slug           TEXT COLLATE "C" NOT NULL,
    name           TEXT NOT NULL,
    visibility     TEXT NOT NULL DEFAULT 'private',
    owner_user_id  TEXT NOT NULL DEFAULT '',
    description    TEXT NOT NULL DEFAULT '',
    default_branch TEXT NOT NULL DEFAULT 'main',
    pushed_at      TIMESTAMPTZ,
    created_at     TIMESTAMPTZ NOT NULL DEFAULT now(),
    deleted_at     TIMESTAMPTZ
);
CREATE INDEX ix_musehub_repos_path ON musehub_repos (owner, slug);

-- No unique (repo_id, name): duplicates occur in the field.
CREATE TABLE musehub_branches (
    branch_id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    repo_id        TEXT COLLATE "C" NOT NULL,
    name           TEXT COLLATE "C" NOT NULL,
    head_commit_id TEXT COLLATE "C"
);
CREATE INDEX ix_musehub_branches_name ON musehub_branches (repo_id, name, branch_id);

CREATE TABLE musehub_commits (
    commit_id   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    repo_id     TEXT COLLATE "C" NOT NULL,
    branch      TEXT COLLATE "C" NOT NULL,
    parent_ids  JSON NOT NULL DEFAULT '[]',
    message     TEXT NOT NULL DEFAULT '',
    author      TEXT NOT NULL DEFAULT '',
    timestamp   TIMESTAMPTZ NOT NULL,
    snapshot_id TEXT COLLATE "C",
    commit_meta JSON NOT NULL DEFAULT '{}',
    created_at  TIMESTAMPTZ NOT NULL DEFAULT now(),
    storage_uri TEXT
);
CREATE INDEX ix_musehub_commits_newest ON musehub_commits (timestamp, commit_id);
CREATE INDEX ix_musehub_commits_repo_newest ON musehub_commits (repo_id, timestamp, commit_id);
CREATE INDEX ix_musehub_commits_branch_newest ON musehub_commits (branch, timestamp, commit_id);
CREATE INDEX ix_musehub_commits_unlinked ON musehub_commits (commit_id) WHERE storage_uri IS NULL;

CREATE TABLE musehub_snapshots (
    snapshot_id        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    repo_id            TEXT COLLATE "C" NOT NULL,
    manifest_blob      BYTEA,
    delta_blob         BYTEA,
    parent_snapshot_id TEXT COLLATE "C",
    entry_count        INTEGER NOT NULL DEFAULT 0,
    directories        JSON NOT NULL DEFAULT '[]',
    created_at         TIMESTAMPTZ NOT NULL DEFAULT now(),
    storage_uri        TEXT
);
CREATE INDEX ix_musehub_snapshots_newest ON musehub_snapshots (created_at, snapshot_id);
CREATE INDEX ix_musehub_snapshots_repo_newest ON musehub_snapshots (repo_id, created_at, snapshot_id);
CREATE INDEX ix_musehub_snapshots_unlinked ON musehub_snapshots (snapshot_id) WHERE storage_uri IS NULL;

CREATE TABLE musehub_objects (
    object_id   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    repo_id     TEXT COLLATE "C" NOT NULL,
    path        TEXT NOT NULL DEFAULT '',
    size_bytes  BIGINT NOT NULL,
    storage_uri TEXT,
    created_at  TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX ix_musehub_objects_newest ON musehub_objects (created_at, object_id);
CREATE INDEX ix_musehub_objects_repo_newest ON musehub_objects (repo_id, created_at, object_id);
CREATE INDEX ix_musehub_objects_unlinked ON musehub_objects (object_id) WHERE storage_uri IS NULL;

CREATE TABLE musehub_proposals (
    proposal_id     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    repo_id         TEXT COLLATE "C" NOT NULL,
    title           TEXT NOT NULL DEFAULT '',
    body            TEXT NOT NULL DEFAULT '',
    state           TEXT NOT NULL,
    from_branch     TEXT COLLATE "C" NOT NULL,
    to_branch       TEXT COLLATE "C" NOT NULL,
    merge_commit_id TEXT COLLATE "C",
    merged_at       TIMESTAMPTZ,
    author          TEXT NOT NULL DEFAULT '',
    created_at      TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX ix_musehub_proposals_repo ON musehub_proposals (repo_id, proposal_id);

-- Which repository holds which global row.
CREATE TABLE musehub_commit_refs (
    commit_id TEXT COLLATE "C" NOT NULL,
    repo_id   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (commit_id, repo_id)
);
CREATE INDEX ix_musehub_commit_refs_repo ON musehub_commit_refs (repo_id, commit_id);

CREATE TABLE musehub_snapshot_refs (
    snapshot_id TEXT COLLATE "C" NOT NULL,
    repo_id     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (snapshot_id, repo_id)
);
CREATE INDEX ix_musehub_snapshot_refs_repo ON musehub_snapshot_refs (repo_id, snapshot_id);

CREATE TABLE musehub_object_refs (
    object_id TEXT COLLATE "C" NOT NULL,
    repo_id   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (object_id, repo_id)
);
CREATE INDEX ix_musehub_object_refs_repo ON musehub_object_refs (repo_id, object_id);
