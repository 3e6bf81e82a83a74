-- Packs, as hubs keep blobs since June 2026: where in which pack a blob lies, packs prepared for a fetch, and the jobs
-- that fill both.

ALTER TABLE musehub_objects ADD COLUMN content_cache BYTEA;

CREATE TABLE musehub_mpack_index (
    object_id VARCHAR(128) COLLATE "C" NOT NULL,
    mpack_id  VARCHAR(128) COLLATE "C" NOT NULL,
    "offset"  BIGINT NOT NULL,
    length    BIGINT NOT NULL,
    PRIMARY KEY (object_id, mpack_id)
);
CREATE INDEX ix_musehub_mpack_index_pack ON musehub_mpack_index (mpack_id, object_id);

CREATE TABLE musehub_fetch_mpack_cache (
    cache_id      VARCHAR(128) COLLATE "C" NOT NULL PRIMARY KEY,
    repo_id       VARCHAR(128) COLLATE "C" NOT NULL,
    tip_commit_id VARCHAR(128) COLLATE "C" NOT NULL,
    mpack_id      VARCHAR(128) COLLATE "C" NOT NULL,
    created_at    TIMESTAMPTZ NOT NULL DEFAULT now(),
    expires_at    TIMESTAMPTZ NOT NULL DEFAULT now() + interval '7 days',
    UNIQUE (repo_id, tip_commit_id)
);

CREATE TABLE musehub_background_jobs (
    job_id     VARCHAR(128) COLLATE "C" NOT NULL PRIMARY KEY,
    repo_id    VARCHAR(128) COLLATE "C" NOT NULL,
    job_type   VARCHAR(64) NOT NULL,
    state      VARCHAR(32) NOT NULL,
    payload    JSON NOT NULL DEFAULT '{}',
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX ix_musehub_background_jobs_repo ON musehub_background_jobs (repo_id, job_type);
