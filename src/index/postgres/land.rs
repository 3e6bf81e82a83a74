//! What a write site brings, in one transaction.

use super::Postgres;
use super::cell::Ask;
use super::sessions::{SILENCE, within};
use crate::index::added::pointers;
use crate::index::rows::{Cells, column_here, id_column, table_here};
use crate::index::{Capabilities, HeadMove, IndexError, Landed, Landing, Merged, NewRows};
use crate::object::Kind;
use sqlx::postgres::PgConnection;

impl Postgres {
    /// Lands rows, a moved head and a closed proposal: all or nothing.
    pub(super) async fn bring(&self, landing: &Landing) -> Result<Landed, IndexError> {
        let failed = |e| self.failed("landing rows", e);
        let mut tx = self.begin().await?;
        if let Some(head) = &landing.head {
            self.hold(&mut tx, &head.repo_id).await.map_err(failed)?;
        }
        self.add_rows(&mut tx, &landing.rows)
            .await
            .map_err(failed)?;
        self.point_rows(&mut tx, &landing.rows)
            .await
            .map_err(failed)?;
        if let Some(head) = &landing.head
            && !self.move_head(&mut tx, head).await.map_err(failed)?
        {
            tx.end();
            return Ok(Landed::HeadMoved);
        }
        if let Some(merged) = &landing.merged
            && !self.close(&mut tx, merged).await.map_err(failed)?
        {
            tx.end();
            return Ok(Landed::ProposalMoved);
        }
        tx.commit().await.map_err(failed)?;
        Ok(Landed::Done)
    }

    /// Waits until nobody else lands in this repository: no constraint keeps a branch from being made twice.
    async fn hold(&self, tx: &mut PgConnection, repo_id: &str) -> Result<(), sqlx::Error> {
        let mut ask = Ask::new("SELECT pg_advisory_xact_lock(hashtextextended(");
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
            let mut ask = Ask::new(format!(
                "UPDATE {table} AS t SET storage_uri = u.uri FROM unnest("
            ));
            let (ids, uris) = (ask.bind(ids)?, ask.bind(uris)?);
            ask.push(&format!(
                "{ids}, {uris}) AS u (id, uri) WHERE {id} = u.id AND t.storage_uri IS NULL"
            ));
            run(tx, ask).await?;
        }
        Ok(())
    }

    async fn move_head(&self, tx: &mut PgConnection, head: &HeadMove) -> Result<bool, sqlx::Error> {
        let mut ask = Ask::default();
        let repo = ask.bind(head.repo_id.clone())?;
        let name = ask.bind(head.name.clone())?;
        let new = ask.bind(head.new.clone())?;
        match &head.seen {
            None => {
                let id = ask.bind(head.branch_id.clone())?;
                ask.push(&format!(
                    "INSERT INTO musehub_branches (branch_id, repo_id, name, head_commit_id) \
                     SELECT {id}, {repo}, {name}, {new} WHERE NOT EXISTS \
                     (SELECT 1 FROM musehub_branches WHERE repo_id = {repo} AND name = {name})"
                ));
            }
            Some(seen) => {
                let id = ask.bind(seen.branch_id.clone())?;
                let old = ask.bind(seen.head_commit_id.clone())?;
                ask.push(&format!(
                    "UPDATE musehub_branches SET head_commit_id = {new} \
                     WHERE branch_id = {id} AND repo_id = {repo} AND name = {name} \
                       AND head_commit_id IS NOT DISTINCT FROM {old}"
                ));
            }
        }
        if run(tx, ask).await? != 1 {
            return Ok(false);
        }
        if let Some(column) = self.columns.get("musehub_repos", "pushed_at") {
            let mut ask = Ask::new("UPDATE musehub_repos SET pushed_at = ");
            let at = ask.bind(head.at.clone())?;
            let repo = ask.bind(head.repo_id.clone())?;
            ask.push(&format!(
                "CAST({at} AS {}) WHERE repo_id = {repo}",
                column.cast()
            ));
            run(tx, ask).await?;
        }
        Ok(true)
    }

    async fn close(&self, tx: &mut PgConnection, merged: &Merged) -> Result<bool, sqlx::Error> {
        let table = table_here(&self.columns.capabilities, "musehub_proposals");
        let id = column_here(&self.columns.capabilities, table, "proposal_id");
        let mut ask = Ask::new(format!(
            "UPDATE {table} SET state = 'merged', merge_commit_id = "
        ));
        let commit = ask.bind(merged.merge_commit_id.clone())?;
        ask.push(&commit);
        if let Some(column) = self.columns.get(table, "merged_at") {
            let at = ask.bind(merged.at.clone())?;
            ask.push(&format!(", merged_at = CAST({at} AS {})", column.cast()));
        }
        let key = ask.bind(merged.proposal_id.clone())?;
        let seen = ask.bind(merged.seen.clone())?;
        ask.push(&format!(" WHERE {id} = {key} AND state = {seen}"));
        Ok(run(tx, ask).await? == 1)
    }

    /// Of these ids, those that a repository holds.
    pub(super) async fn held(
        &self,
        kind: Kind,
        repo_id: &str,
        ids: &[String],
    ) -> Result<Vec<String>, sqlx::Error> {
        let capabilities = &self.columns.capabilities;
        let table = match capabilities.refs(kind) {
            true => Capabilities::refs_table(kind),
            false => Capabilities::table(kind),
        };
        if !capabilities.has(table, "repo_id") {
            return Ok(Vec::new());
        }
        let id = self.columns.key(table, id_column(kind));
        let mut ask = Ask::new(format!("SELECT {id} FROM {table} AS t WHERE "));
        let repo = ask.bind(repo_id.to_owned())?;
        let plain: Vec<String> = ids
            .iter()
            .filter(|id| !id.contains('\0'))
            .cloned()
            .collect();
        let list = ask.bind(plain)?;
        ask.push(&format!(
            "{} = {repo} AND {id} = ANY({list})",
            self.columns.key(table, "repo_id")
        ));
        Ok(self
            .rows(ask, 0, |cells: &mut dyn Cells| cells.key())
            .await?
            .rows)
    }
}

async fn run(tx: &mut PgConnection, ask: Ask) -> Result<u64, sqlx::Error> {
    let done = within(SILENCE, ask.query().execute(tx)).await?;
    Ok(done.rows_affected())
}
