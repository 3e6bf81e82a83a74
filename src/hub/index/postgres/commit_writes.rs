//! Commits the rows of a hub write in one transaction.

use super::Postgres;
use super::cell::Statement;
use super::sessions::{SILENCE, within};
use crate::index::added::pointers;
use crate::index::rows::{column_here, id_column, table_here};
use crate::index::{BatchOutcome, Capabilities, HeadMove, IndexError, Merged, NewRows, WriteBatch};
use luthier_object::Kind;
use sqlx::postgres::PgConnection;

impl Postgres {
    /// Lands rows, a moved head and a closed proposal: all or nothing.
    pub(super) async fn commit_writes(
        &self,
        batch: &WriteBatch,
    ) -> Result<BatchOutcome, IndexError> {
        let failed = |e| self.failed("landing rows", e);
        let mut tx = self.begin().await?;
        if let Some(head) = &batch.head {
            self.hold(&mut tx, &head.repo_id).await.map_err(failed)?;
        }
        self.add_rows(&mut tx, &batch.rows).await.map_err(failed)?;
        self.point_rows(&mut tx, &batch.rows)
            .await
            .map_err(failed)?;
        if let Some(head) = &batch.head
            && !self.move_head(&mut tx, head).await.map_err(failed)?
        {
            tx.end();
            return Ok(BatchOutcome::HeadMoved);
        }
        if let Some(merged) = &batch.merged
            && !self.close_proposal(&mut tx, merged).await.map_err(failed)?
        {
            tx.end();
            return Ok(BatchOutcome::ProposalMoved);
        }
        tx.commit().await.map_err(failed)?;
        Ok(BatchOutcome::Done)
    }

    /// Marks a repository as deleted, if it is not.
    pub(super) async fn mark_deleted(&self, repo_id: &str, at: &str) -> Result<bool, IndexError> {
        const REPOS: &str = "musehub_repos";
        let failed = |e| self.failed("marking a repository as deleted", e);
        let Some(column) = self.columns.get(REPOS, "deleted_at") else {
            return Ok(false);
        };
        let mut ask = Statement::default();
        let at = ask.bind(at.to_owned()).map_err(failed)?;
        let repo = ask.bind(repo_id.to_owned()).map_err(failed)?;
        ask.push(&format!(
            "UPDATE {} AS t SET {} = {} WHERE {} = {repo} AND {} IS NULL",
            self.columns.sql(REPOS),
            self.columns.name(REPOS, "deleted_at"),
            column.take(&at),
            self.columns.text("t", REPOS, "repo_id"),
            self.columns.cell("t", REPOS, "deleted_at")
        ));
        let mut tx = self.begin().await?;
        let marked = run(&mut tx, ask).await.map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        Ok(marked == 1)
    }

    /// Waits until nobody else lands in this repository: no constraint keeps a branch from being made twice.
    async fn hold(&self, tx: &mut PgConnection, repo_id: &str) -> Result<(), sqlx::Error> {
        let mut ask = Statement::new("SELECT pg_advisory_xact_lock(hashtextextended(");
        let repo = ask.bind(format!("luthier lands in {repo_id}"))?;
        ask.push(&format!("{repo}, 0))"));
        run(tx, ask).await.map(drop)
    }

    /// Points rows that were there already, and say nothing of their object, at it.
    async fn point_rows(&self, tx: &mut PgConnection, rows: &NewRows) -> Result<(), sqlx::Error> {
        for kind in Kind::ALL {
            let (ids, uris) = pointers(rows, kind);
            if ids.is_empty() || !self.columns.capabilities.storage_uri(kind) {
                continue;
            }
            let table = Capabilities::table(kind);
            let id = self.columns.key(table, id_column(kind));
            let mut ask = Statement::new(format!(
                "UPDATE {} AS t SET {} = u.uri FROM unnest(",
                self.columns.sql(table),
                self.columns.name(table, "storage_uri")
            ));
            let (ids, uris) = (ask.bind(ids)?, ask.bind(uris)?);
            ask.push(&format!(
                "{ids}, {uris}) AS u (id, uri) WHERE {id} = u.id AND {} IS NULL",
                self.columns.cell("t", table, "storage_uri")
            ));
            run(tx, ask).await?;
        }
        Ok(())
    }

    async fn move_head(&self, tx: &mut PgConnection, head: &HeadMove) -> Result<bool, sqlx::Error> {
        const BRANCHES: &str = "musehub_branches";
        let columns = &self.columns;
        let sql = columns.sql(BRANCHES);
        let text = |column| columns.text("t", BRANCHES, column);
        let take = |column, bound: &str| match columns.get(BRANCHES, column) {
            Some(known) => known.take(bound),
            None => bound.to_owned(),
        };
        let mut ask = Statement::default();
        let repo = ask.bind(head.repo_id.clone())?;
        let name = ask.bind(head.name.clone())?;
        let new = ask.bind(head.new.clone())?;
        let there = format!("{} = {repo} AND {} = {name}", text("repo_id"), text("name"));
        match &head.seen {
            None => {
                let id = ask.bind(head.branch_id.clone())?;
                let cells = [
                    ("branch_id", &id),
                    ("repo_id", &repo),
                    ("name", &name),
                    ("head_commit_id", &new),
                ];
                let names = cells.map(|(column, _)| columns.name(BRANCHES, column));
                let values = cells.map(|(column, bound)| take(column, bound));
                ask.push(&format!(
                    "INSERT INTO {sql} ({}) SELECT {} WHERE NOT EXISTS (SELECT 1 FROM {sql} AS t WHERE {there})",
                    names.join(", "),
                    values.join(", ")
                ));
            }
            Some(seen) => {
                let id = ask.bind(seen.branch_id.clone())?;
                let old = ask.bind(seen.head_commit_id.clone())?;
                ask.push(&format!(
                    "UPDATE {sql} AS t SET {} = {} WHERE {} = {id} AND {there} AND {} IS NOT DISTINCT FROM {old}",
                    columns.name(BRANCHES, "head_commit_id"),
                    take("head_commit_id", &new),
                    text("branch_id"),
                    text("head_commit_id")
                ));
            }
        }
        if run(tx, ask).await? != 1 {
            return Ok(false);
        }
        self.note_push(tx, head).await?;
        Ok(true)
    }

    /// Says in the repository's row when it was pushed to, where the hub keeps that.
    async fn note_push(&self, tx: &mut PgConnection, head: &HeadMove) -> Result<(), sqlx::Error> {
        const REPOS: &str = "musehub_repos";
        let Some(column) = self.columns.get(REPOS, "pushed_at") else {
            return Ok(());
        };
        let mut ask = Statement::default();
        let at = ask.bind(head.at.clone())?;
        let repo = ask.bind(head.repo_id.clone())?;
        ask.push(&format!(
            "UPDATE {} AS t SET {} = {} WHERE {} = {repo}",
            self.columns.sql(REPOS),
            self.columns.name(REPOS, "pushed_at"),
            column.take(&at),
            self.columns.text("t", REPOS, "repo_id")
        ));
        run(tx, ask).await.map(drop)
    }

    async fn close_proposal(
        &self,
        tx: &mut PgConnection,
        merged: &Merged,
    ) -> Result<bool, sqlx::Error> {
        let columns = &self.columns;
        let table = table_here(&columns.capabilities, "musehub_proposals");
        let id = column_here(&columns.capabilities, table, "proposal_id");
        let mut ask = Statement::default();
        let mut set = Vec::new();
        for (name, value) in [
            ("state", "merged"),
            ("merge_commit_id", merged.merge_commit_id.as_str()),
            ("merged_at", merged.at.as_str()),
        ] {
            if let Some(column) = columns.get(table, name) {
                let bound = ask.bind(value.to_owned())?;
                set.push(format!(
                    "{} = {}",
                    columns.name(table, name),
                    column.take(&bound)
                ));
            }
        }
        let key = ask.bind(merged.proposal_id.clone())?;
        let seen = ask.bind(merged.seen.clone())?;
        ask.push(&format!(
            "UPDATE {} AS t SET {} WHERE {} = {key} AND {} = {seen}",
            columns.sql(table),
            set.join(", "),
            columns.text("t", table, id),
            columns.text("t", table, "state")
        ));
        Ok(run(tx, ask).await? == 1)
    }
}

async fn run(tx: &mut PgConnection, ask: Statement) -> Result<u64, sqlx::Error> {
    let done = within(SILENCE, ask.query().execute(tx)).await?;
    Ok(done.rows_affected())
}
