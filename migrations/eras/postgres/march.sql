-- The tables of the public release of March 2026: ids and manifests in rows, no storage_uri but on blobs.
--
-- Defaults stand where the release's own program filled in what is not said here.

CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO alembic_version VALUES ('0005');
CREATE TABLE musehub_repos (repo_id VARCHAR(36) NOT NULL PRIMARY KEY, name VARCHAR(255) NOT NULL, owner VARCHAR(64) NOT NULL,
    slug VARCHAR(64) NOT NULL, visibility VARCHAR(20) DEFAULT 'private' NOT NULL, owner_user_id VARCHAR(36) NOT NULL,
    description TEXT DEFAULT '' NOT NULL, tags JSON DEFAULT '[]' NOT NULL, created_at TIMESTAMPTZ DEFAULT now() NOT NULL,
    deleted_at TIMESTAMPTZ, settings JSON, domain_id VARCHAR(36), domain_meta JSON DEFAULT '{}' NOT NULL,
    default_branch VARCHAR(255) DEFAULT 'main' NOT NULL, pushed_at TIMESTAMPTZ);
CREATE TABLE musehub_branches (branch_id VARCHAR(36) NOT NULL PRIMARY KEY, repo_id VARCHAR(36) NOT NULL
    REFERENCES musehub_repos ON DELETE CASCADE, name VARCHAR(255) NOT NULL, head_commit_id VARCHAR(64));
CREATE TABLE musehub_commits (commit_id VARCHAR(64) NOT NULL PRIMARY KEY, repo_id VARCHAR(36) NOT NULL
    REFERENCES musehub_repos ON DELETE CASCADE, branch VARCHAR(255) NOT NULL, parent_ids JSON DEFAULT '[]' NOT NULL,
    message TEXT NOT NULL, author VARCHAR(255) NOT NULL, "timestamp" TIMESTAMPTZ NOT NULL, snapshot_id VARCHAR(64),
    created_at TIMESTAMPTZ DEFAULT now() NOT NULL, commit_meta JSON DEFAULT '{}' NOT NULL);
CREATE TABLE musehub_snapshots (snapshot_id VARCHAR(128) NOT NULL PRIMARY KEY, repo_id VARCHAR(36) NOT NULL,
    manifest JSON DEFAULT '{}' NOT NULL, created_at TIMESTAMPTZ DEFAULT now() NOT NULL);
CREATE TABLE musehub_objects (object_id VARCHAR(128) NOT NULL PRIMARY KEY, repo_id VARCHAR(36) NOT NULL,
    path VARCHAR(1024) NOT NULL, size_bytes INTEGER DEFAULT 0 NOT NULL, disk_path VARCHAR(2048) DEFAULT '' NOT NULL,
    created_at TIMESTAMPTZ DEFAULT now() NOT NULL, storage_uri VARCHAR(2048));
CREATE TABLE musehub_pull_requests (pr_id VARCHAR(36) NOT NULL PRIMARY KEY, repo_id VARCHAR(36) NOT NULL,
    title VARCHAR(500) NOT NULL, body TEXT DEFAULT '' NOT NULL, state VARCHAR(20) DEFAULT 'open' NOT NULL,
    from_branch VARCHAR(255) NOT NULL, to_branch VARCHAR(255) NOT NULL, merge_commit_id VARCHAR(64),
    author VARCHAR(255) DEFAULT '' NOT NULL, created_at TIMESTAMPTZ DEFAULT now() NOT NULL, merged_at TIMESTAMPTZ);
