-- The tables of the public release of March 2026: ids and manifests in rows, no storage_uri but on blobs.
--
-- Defaults stand where the release's own program filled in what is not said here.

CREATE TABLE musehub_repos (repo_id VARCHAR(36) NOT NULL, name VARCHAR(255) NOT NULL, owner VARCHAR(64) NOT NULL,
    slug VARCHAR(64) NOT NULL, visibility VARCHAR(20) NOT NULL, owner_user_id VARCHAR(36) NOT NULL, description TEXT NOT NULL,
    tags JSON DEFAULT '[]' NOT NULL, created_at DATETIME NOT NULL, deleted_at DATETIME, settings JSON, domain_id VARCHAR(36),
    domain_meta JSON DEFAULT '{}' NOT NULL, default_branch VARCHAR(255) NOT NULL, pushed_at DATETIME, PRIMARY KEY (repo_id));
CREATE TABLE musehub_branches (branch_id VARCHAR(36) NOT NULL, repo_id VARCHAR(36) NOT NULL, name VARCHAR(255) NOT NULL,
    head_commit_id VARCHAR(64), PRIMARY KEY (branch_id));
CREATE TABLE musehub_commits (commit_id VARCHAR(64) NOT NULL, repo_id VARCHAR(36) NOT NULL, branch VARCHAR(255) NOT NULL,
    parent_ids JSON NOT NULL, message TEXT NOT NULL, author VARCHAR(255) NOT NULL, "timestamp" DATETIME NOT NULL,
    snapshot_id VARCHAR(64), created_at DATETIME NOT NULL, commit_meta JSON NOT NULL, PRIMARY KEY (commit_id));
CREATE TABLE musehub_snapshots (snapshot_id VARCHAR(128) NOT NULL, repo_id VARCHAR(36) NOT NULL, manifest JSON NOT NULL,
    created_at DATETIME NOT NULL, PRIMARY KEY (snapshot_id));
CREATE TABLE musehub_objects (object_id VARCHAR(128) NOT NULL, repo_id VARCHAR(36) NOT NULL, path VARCHAR(1024) NOT NULL,
    size_bytes INTEGER NOT NULL, disk_path VARCHAR(2048) DEFAULT '' NOT NULL, created_at DATETIME NOT NULL, storage_uri VARCHAR(2048),
    PRIMARY KEY (object_id));
CREATE TABLE musehub_pull_requests (pr_id VARCHAR(36) NOT NULL, repo_id VARCHAR(36) NOT NULL, title VARCHAR(500) NOT NULL,
    body TEXT DEFAULT '' NOT NULL, state VARCHAR(20) NOT NULL, from_branch VARCHAR(255) NOT NULL, to_branch VARCHAR(255) NOT NULL,
    merge_commit_id VARCHAR(64), author VARCHAR(255) DEFAULT '' NOT NULL, created_at DATETIME DEFAULT '2026-03-19 12:00:00' NOT NULL, merged_at DATETIME,
    PRIMARY KEY (pr_id));
