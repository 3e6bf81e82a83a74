-- A hub of April and May 2026: after today's first migration, without what came at the end of May. Commits and snapshots
-- are rows alone, so nothing says where their objects are.

DROP INDEX ix_musehub_commits_unlinked;
DROP INDEX ix_musehub_snapshots_unlinked;
ALTER TABLE musehub_commits DROP COLUMN storage_uri;
ALTER TABLE musehub_snapshots DROP COLUMN storage_uri;
