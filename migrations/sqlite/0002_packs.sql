-- Packs, as hubs keep blobs since June 2026: where in which pack a blob lies, packs prepared for a fetch, and the jobs
-- that fill both.

ALTER TABLE musehub_objects ADD COLUMN content_cache BLOB;

CREATE TABLE musehub_mpack_index (
    object_id TEXT NOT NULL,
    mpack_id  TEXT NOT NULL,
    "offset"  INTEGER NOT NULL,
    length    INTEGER NOT NULL,
    PRIMARY KEY (object_id, mpack_id)
) WITHOUT ROWID;
CREATE INDEX ix_musehub_mpack_index_pack ON musehub_mpack_index (mpack_id, object_id);

CREATE TABLE musehub_fetch_mpack_cache (
    cache_id      TEXT NOT NULL PRIMARY KEY,
    repo_id       TEXT NOT NULL,
    tip_commit_id TEXT NOT NULL,
    mpack_id      TEXT NOT NULL,
    created_at    TEXT NOT NULL DEFAULT '',
    expires_at    TEXT NOT NULL DEFAULT '',
    UNIQUE (repo_id, tip_commit_id)
);

CREATE TABLE musehub_background_jobs (
    job_id     TEXT NOT NULL PRIMARY KEY,
    repo_id    TEXT NOT NULL,
    job_type   TEXT NOT NULL,
    state      TEXT NOT NULL,
    payload    TEXT NOT NULL DEFAULT '{}',
    created_at TEXT NOT NULL DEFAULT ''
);
CREATE INDEX ix_musehub_background_jobs_repo ON musehub_background_jobs (repo_id, job_type);
