//! Commits the rows of a hub write in one transaction.

use super::cell::Statement;
use super::write::run;
use super::{Sqlite, query_error};
use crate::index::added::pointers;
use crate::index::rows::{column_here, id_column, table_here};
use crate::index::{BatchOutcome, Capabilities, HeadMove, IndexError, Merged, NewRows, WriteBatch};
use luthier_object::Kind;
use sqlx::sqlite::SqliteConnection;

impl Sqlite {
    /// Lands rows, a moved head and a closed proposal: all or nothing.
    pub(super) async fn commit_writes(
        &self,
        batch: &WriteBatch,
    ) -> Result<BatchOutcome, IndexError> {
        let failed = query_error("landing rows");
        // The write lock is taken at once, so nobody moves anything in between.
        let mut tx = self.begin().await?;
        self.add_rows(&mut tx, &batch.rows).await.map_err(&failed)?;
        self.point_rows(&mut tx, &batch.rows)
            .await
            .map_err(&failed)?;
        if let Some(head) = &batch.head
            && !self.move_head(&mut tx, head).await.map_err(&failed)?
        {
            return Ok(BatchOutcome::HeadMoved);
        }
        if let Some(merged) = &batch.merged
            && !self
                .close_proposal(&mut tx, merged)
                .await
                .map_err(&failed)?
        {
            return Ok(BatchOutcome::ProposalMoved);
        }
        tx.commit().await.map_err(&failed)?;
        Ok(BatchOutcome::Done)
    }

    /// Marks a repository as deleted, if it is not.
    pub(super) async fn mark_deleted(&self, repo_id: &str, at: &str) -> Result<bool, IndexError> {
        let failed = query_error("marking a repository as deleted");
        let mut ask = Statement::new("UPDATE musehub_repos AS t SET deleted_at = ");
        let (at, repo) = (ask.bind(at.to_owned()), ask.bind_key(repo_id));
        let text = self.columns.text("t", "musehub_repos", "repo_id");
        ask.push(&format!(
            "{at} WHERE {text} = {repo} AND t.deleted_at IS NULL"
        ));
        let mut tx = self.begin().await?;
        let marked = run(&mut tx, ask).await.map_err(&failed)?;
        tx.commit().await.map_err(&failed)?;
        Ok(marked == 1)
    }

    /// Points rows that were there already, and say nothing of their object, at it.
    async fn point_rows(
        &self,
        tx: &mut SqliteConnection,
        rows: &NewRows,
    ) -> Result<(), sqlx::Error> {
        for kind in Kind::ALL {
            if !self.columns.capabilities.storage_uri(kind) {
                continue;
            }
            let (ids, uris) = pointers(rows, kind);
            for (id, uri) in ids.iter().zip(uris) {
                let table = Capabilities::table(kind);
                let mut ask = Statement::new(format!("UPDATE {table} AS t SET storage_uri = "));
                let (uri, id) = (ask.bind(uri), ask.bind_key(id));
                ask.push(&format!(
                    "{uri} WHERE {} = {id} AND t.storage_uri IS NULL",
                    self.columns.text("t", table, id_column(kind))
                ));
                run(tx, ask).await?;
            }
        }
        Ok(())
    }

    async fn move_head(
        &self,
        tx: &mut SqliteConnection,
        head: &HeadMove,
    ) -> Result<bool, sqlx::Error> {
        let text = |column| self.columns.text("t", "musehub_branches", column);
        let mut ask = Statement::default();
        let (repo, name) = (ask.bind_key(&head.repo_id), ask.bind_key(&head.name));
        let new = ask.bind_key(&head.new);
        match &head.seen {
            None => {
                let id = ask.bind_key(&head.branch_id);
                ask.push(&format!(
                    "INSERT INTO musehub_branches (branch_id, repo_id, name, head_commit_id) \
                     SELECT {id}, {repo}, {name}, {new} WHERE NOT EXISTS \
                     (SELECT 1 FROM musehub_branches AS t WHERE {} = {repo} AND {} = {name})",
                    text("repo_id"),
                    text("name")
                ));
            }
            Some(seen) => {
                let id = ask.bind_key(&seen.branch_id);
                let old = match &seen.head_commit_id {
                    Some(old) => ask.bind_key(old),
                    None => "NULL".to_owned(),
                };
                ask.push(&format!(
                    "UPDATE musehub_branches AS t SET head_commit_id = {new} \
                     WHERE {} = {id} AND {} = {repo} AND {} = {name} AND {} IS {old}",
                    text("branch_id"),
                    text("repo_id"),
                    text("name"),
                    text("head_commit_id")
                ));
            }
        }
        if run(tx, ask).await? != 1 {
            return Ok(false);
        }
        if self.columns.capabilities.has("musehub_repos", "pushed_at") {
            let mut ask = Statement::new("UPDATE musehub_repos AS t SET pushed_at = ");
            let (at, repo) = (ask.bind(head.at.clone()), ask.bind_key(&head.repo_id));
            let text = self.columns.text("t", "musehub_repos", "repo_id");
            ask.push(&format!("{at} WHERE {text} = {repo}"));
            run(tx, ask).await?;
        }
        Ok(true)
    }

    async fn close_proposal(
        &self,
        tx: &mut SqliteConnection,
        merged: &Merged,
    ) -> Result<bool, sqlx::Error> {
        let table = table_here(&self.columns.capabilities, "musehub_proposals");
        let id = column_here(&self.columns.capabilities, table, "proposal_id");
        let mut ask = Statement::new(format!(
            "UPDATE {table} AS t SET state = 'merged', merge_commit_id = "
        ));
        let commit = ask.bind_key(&merged.merge_commit_id);
        ask.push(&commit);
        if self.columns.capabilities.has(table, "merged_at") {
            let at = ask.bind(merged.at.clone());
            ask.push(&format!(", merged_at = {at}"));
        }
        let (key, seen) = (
            ask.bind_key(&merged.proposal_id),
            ask.bind(merged.seen.clone()),
        );
        ask.push(&format!(
            " WHERE {} = {key} AND t.state = {seen}",
            self.columns.text("t", table, id)
        ));
        Ok(run(tx, ask).await? == 1)
    }
}
