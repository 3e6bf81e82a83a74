//! Whole rows: keyset pages, rows by id, memberships and counts.

use super::cell::{Form, PgCells, Statement};
use super::columns::{Column, Order, Selected};
use super::copy::literal;
use super::sessions::{Purpose, SILENCE, within};
use super::{Postgres, query_error};
use crate::index::plain::{MaybePlain, Place, Stretch, key_of, seen};
use crate::index::rows::{Cells, Stored, id_column, table_here};
use crate::index::{
    BranchRow, Capabilities, Counts, IndexError, MembershipRow, PAGE_BYTES, Page, RepoRow,
};
use futures_util::TryStreamExt;
use luthier_object::Kind;
use std::collections::BTreeSet;

/// Ids in one statement.
const IDS: usize = 1_000;

/// Rows of a page from which on it comes by `COPY`. That takes no parameters: to a server that counts its statements by
/// their text each page is another one, so that there are to be few.
const WIDE: u32 = 1_000;

impl Postgres {
    /// Runs a statement that gives at most `limit` rows, stopping when the page weighs enough.
    pub(super) async fn rows<T>(
        &self,
        ask: Statement,
        limit: u32,
        read: impl Fn(&mut dyn Cells<'_>) -> Result<T, sqlx::Error>,
    ) -> Result<Page<T>, sqlx::Error> {
        self.rows_for(Purpose::Read, ask, limit, read).await
    }

    /// As [`Self::rows`], for lists that a person waits for: an audit has no hand on these connections.
    pub(super) async fn light_rows<T>(
        &self,
        ask: Statement,
        limit: u32,
        read: impl Fn(&mut dyn Cells<'_>) -> Result<T, sqlx::Error>,
    ) -> Result<Page<T>, sqlx::Error> {
        self.rows_for(Purpose::List, ask, limit, read).await
    }

    async fn rows_for<T>(
        &self,
        purpose: Purpose,
        ask: Statement,
        limit: u32,
        read: impl Fn(&mut dyn Cells<'_>) -> Result<T, sqlx::Error>,
    ) -> Result<Page<T>, sqlx::Error> {
        let mut session = self.sessions.begin(purpose).await?;
        let mut rows = Vec::new();
        let mut weight = 0;
        let mut stream = ask.query().fetch(&mut *session);
        while let Some(row) = within(SILENCE, stream.try_next()).await? {
            let mut cells = PgCells::new(&row);
            rows.push(read(&mut cells)?);
            weight += cells.weight;
            if weight >= PAGE_BYTES {
                // What is left of the answer may weigh far more: it ends with the connection.
                return Ok(Page { rows, end: false });
            }
        }
        drop(stream);
        session.end();
        let end = rows.len() < limit as usize;
        Ok(Page { rows, end })
    }

    /// Runs a statement and gives all of its rows, however much they weigh.
    async fn all_rows<T>(
        &self,
        ask: Statement,
        read: impl Fn(&mut dyn Cells<'_>) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, sqlx::Error> {
        let mut session = self.sessions.begin(Purpose::Read).await?;
        let mut rows = Vec::new();
        let mut stream = ask.query().fetch(&mut *session);
        while let Some(row) = within(SILENCE, stream.try_next()).await? {
            rows.push(read(&mut PgCells::new(&row))?);
        }
        drop(stream);
        session.end();
        Ok(rows)
    }

    /// Returns a page of a table in the order of its primary key.
    pub(super) async fn page<T: Stored>(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<T>, IndexError> {
        self.page_as::<T, T>(after, limit, T::read).await
    }

    /// Returns the next rows of a walk over a table, in the order of its primary key.
    pub(super) async fn walk<T: MaybePlain>(
        &self,
        from: Option<&Place>,
        limit: u32,
    ) -> Result<Stretch<T::Plain, T>, IndexError> {
        let after = from.map(Place::key);
        let page = self.page_as::<T, _>(after, limit, seen::<T>).await?;
        let last = page.rows.last().map(|row| Place::Key(key_of(row)));
        // A page may be empty although others follow: its rows went while they were read.
        let next = last.or_else(|| from.cloned());
        Ok(Stretch {
            rows: page.rows,
            next: next.filter(|_| !page.end),
        })
    }

    /// Returns a page of a table in the order of its primary key, each row as `read` reads it.
    async fn page_as<T: Stored, S>(
        &self,
        after: Option<&str>,
        limit: u32,
        read: impl Fn(&mut dyn Cells<'_>) -> Result<S, sqlx::Error>,
    ) -> Result<Page<S>, IndexError> {
        let failed = |e| self.failed(T::WHAT, e);
        let Some(of) = self.columns.select_list::<T>() else {
            return Ok(nothing());
        };
        let (limit, key) = (limit.max(1), &of.key);
        // Where rows may share a key, one of each is read: behind a page that ended between them, the
        // others would be lost.
        let (one, tie) = match of.unique {
            true => (String::new(), ""),
            false => (format!("DISTINCT ON ({key}) "), self.columns.tie(of.table)),
        };
        let select = format!("SELECT {one}{} FROM {}", of.list, of.from);
        let condition = |after: &str| format!(" WHERE {key} > {after}");
        let end = format!(" ORDER BY {key}{tie} LIMIT {limit}");
        if limit >= WIDE {
            let after = after.map(literal).as_deref().map(condition);
            let select = format!("{select}{}{end}", after.unwrap_or_default());
            let page = self.copied(&select, &of.forms, limit, read);
            return page.await.map_err(failed);
        }
        let mut ask = Statement::new(select);
        if let Some(after) = after {
            let after = ask.bind(after.to_owned()).map_err(failed)?;
            ask.push(&condition(&after));
        }
        ask.push(&end);
        self.rows(ask, limit, read).await.map_err(failed)
    }

    /// Returns the rows with these ids, one for each. All of them are held at once: callers ask for few.
    pub(super) async fn by_id<T: Stored>(&self, ids: &[String]) -> Result<Vec<T>, IndexError> {
        match self.columns.select_list::<T>() {
            Some(of) => self.selected(of, ids).await,
            None => Ok(Vec::new()),
        }
    }

    /// As [`Self::by_id`], with every row of a table whose rows share ids.
    pub(super) async fn each_by_id<T: Stored>(&self, ids: &[String]) -> Result<Vec<T>, IndexError> {
        match self.columns.select_list::<T>() {
            Some(of) => self.selected(Selected { unique: true, ..of }, ids).await,
            None => Ok(Vec::new()),
        }
    }

    async fn selected<T: Stored>(
        &self,
        of: Selected,
        ids: &[String],
    ) -> Result<Vec<T>, IndexError> {
        let failed = |e| self.failed(T::WHAT, e);
        let key = &of.key;
        let (one, order) = match of.unique {
            true => (String::new(), String::new()),
            false => (
                format!("DISTINCT ON ({key}) "),
                format!(" ORDER BY {key}{}", self.columns.tie(of.table)),
            ),
        };
        // Postgres holds no NUL in a text, and refuses to be asked for one.
        let ids: BTreeSet<&String> = ids.iter().filter(|id| !id.contains('\0')).collect();
        let ids: Vec<String> = ids.into_iter().cloned().collect();
        let mut out = Vec::new();
        for chunk in ids.chunks(IDS) {
            let mut ask = Statement::new(format!(
                "SELECT {one}{} FROM {} WHERE {key} = ANY(",
                of.list, of.from
            ));
            let list = ask.bind(chunk.to_vec()).map_err(failed)?;
            ask.push(&format!("{list}){order}"));
            out.extend(self.all_rows(ask, T::read).await.map_err(failed)?);
        }
        Ok(out)
    }

    /// A page of memberships, behind (id, repo_id).
    pub(super) async fn memberships(
        &self,
        kind: Kind,
        after: Option<&MembershipRow>,
        limit: u32,
    ) -> Result<Page<MembershipRow>, sqlx::Error> {
        if !self.columns.capabilities.refs(kind) {
            return Ok(nothing());
        }
        let table = Capabilities::refs_table(kind);
        let id = self.columns.key(table, id_column(kind));
        let repo = self.columns.key(table, "repo_id");
        let limit = limit.max(1);
        let one = match self.columns.is_unique(table, &[id_column(kind), "repo_id"]) {
            true => "",
            false => "DISTINCT ",
        };
        let from = self.columns.sql(table);
        let mut select = format!("SELECT {one}{id}, {repo} FROM {from} AS t");
        if let Some(after) = after {
            let (seen, seen_repo) = (literal(&after.id), literal(&after.repo_id));
            select.push_str(&format!(" WHERE ({id}, {repo}) > ({seen}, {seen_repo})"));
        }
        select.push_str(&format!(" ORDER BY {id}, {repo} LIMIT {limit}"));
        self.copied(&select, &[Form::Plain; 2], limit, |cells| {
            Ok(MembershipRow {
                id: cells.key()?,
                repo_id: cells.key()?,
            })
        })
        .await
    }

    /// A repository by its path; one that lives before one that was deleted.
    pub(super) async fn repo_by_path(
        &self,
        owner: &str,
        slug: &str,
    ) -> Result<Option<RepoRow>, sqlx::Error> {
        let Some(of) = self.columns.select_list::<RepoRow>() else {
            return Ok(None);
        };
        if owner.contains('\0') || slug.contains('\0') {
            return Ok(None);
        }
        let mut ask = Statement::new(format!("SELECT {} FROM {}", of.list, of.from));
        let (owner, slug) = (ask.bind(owner.to_owned())?, ask.bind(slug.to_owned())?);
        let text = |column| self.columns.text("t", of.table, column);
        ask.push(&format!(
            " WHERE {} = {owner} AND {} = {slug}",
            text("owner"),
            text("slug")
        ));
        let dead = match self.columns.capabilities.has(of.table, "deleted_at") {
            true => format!(
                "{} IS NOT NULL, ",
                self.columns.cell("t", of.table, "deleted_at")
            ),
            false => String::new(),
        };
        ask.push(&format!(" ORDER BY {dead}{} LIMIT 1", of.key));
        let page = self.rows(ask, 1, RepoRow::read).await?;
        Ok(page.rows.into_iter().next())
    }

    /// A page of a repository's branches behind the name `after`. Branches that share a name are never
    /// parted, so that a page may hold more rows than `limit`.
    pub(super) async fn branches_of(
        &self,
        repo_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<BranchRow>, sqlx::Error> {
        let Some(of) = self.columns.select_list::<BranchRow>() else {
            return Ok(nothing());
        };
        let (limit, key) = (limit.max(1), &of.key);
        let repo = self.columns.text("t", of.table, "repo_id");
        let name = self.columns.key(of.table, "name");
        let select = format!("SELECT {} FROM {} WHERE {repo} = $1", of.list, of.from);
        let mut ask = Statement::new(select.as_str());
        ask.bind(repo_id.to_owned())?;
        if let Some(after) = after {
            let after = ask.bind(after.to_owned())?;
            ask.push(&format!(" AND {name} > {after}"));
        }
        ask.push(&format!(" ORDER BY {name}, {key} LIMIT {limit}"));
        let mut page = self.rows(ask, limit, BranchRow::read).await?;
        if !page.end
            && let Some(last) = page.rows.last().cloned()
        {
            let mut ask = Statement::new(select);
            ask.bind(repo_id.to_owned())?;
            let (same, id) = (ask.bind(last.name)?, ask.bind(last.branch_id)?);
            ask.push(&format!(
                " AND {name} = {same} AND {key} > {id} ORDER BY {key}"
            ));
            page.rows
                .extend(self.rows(ask, 0, BranchRow::read).await?.rows);
        }
        Ok(page)
    }

    /// Ids that start with `prefix`, or with `sha256:` and `prefix`.
    pub(super) async fn ids_with_prefix(
        &self,
        prefix: &str,
        limit: u32,
    ) -> Result<Vec<(Kind, String)>, sqlx::Error> {
        let mut found = BTreeSet::new();
        if prefix.contains('\0') {
            return Ok(Vec::new());
        }
        for kind in Kind::ALL {
            let (table, column) = (Capabilities::table(kind), id_column(kind));
            let id = self.columns.key(table, column);
            let known = self.columns.get(table, column);
            let by_bytes = known.is_some_and(Column::by_bytes);
            let by_icu = known.is_some_and(|c| c.order == Order::Icu && !c.by_bytes());
            let from_table = self.columns.sql(table);
            for start in [prefix.to_owned(), format!("sha256:{prefix}")] {
                let mut ask = Statement::default();
                let from = ask.bind(start.clone())?;
                // In a language's order the range holds what hex digits can follow, found by the index.
                let until = match by_bytes {
                    true => ask.bind(format!("{start}\u{10ffff}"))?,
                    false => ask.bind(format!("{start}zzzzzzzz"))?,
                };
                // Rules of ICU may sort numbers by their value: no range holds what starts alike.
                let range = match by_icu {
                    true => format!("{until} IS NOT NULL"),
                    false => format!("{id} >= {from} AND {id} <= {until}"),
                };
                ask.push(&format!(
                    "SELECT DISTINCT {id} FROM {from_table} AS t WHERE {range} AND starts_with({id}, {from}) \
                     ORDER BY {id} LIMIT {limit}"
                ));
                let page = self.rows(ask, limit, |cells| cells.key()).await?;
                found.extend(page.rows.into_iter().map(|id| (kind, id)));
            }
        }
        Ok(found.into_iter().take(limit as usize).collect())
    }

    /// Counts of every table, in one statement so that they belong together.
    pub(super) async fn counts(&self) -> Result<Counts, IndexError> {
        let capabilities = &self.columns.capabilities;
        let all = |table: &'static str| {
            let table = table_here(capabilities, table);
            match capabilities.has_table(table) {
                true => format!("(SELECT count(*) FROM {})", self.columns.sql(table)),
                false => "0::bigint".to_owned(),
            }
        };
        let mut parts: Vec<String> = [
            "musehub_repos",
            "musehub_branches",
            "musehub_commits",
            "musehub_snapshots",
            "musehub_objects",
            "musehub_proposals",
        ]
        .map(all)
        .into();
        parts.extend(Kind::ALL.map(|kind| match capabilities.storage_uri(kind) {
            true => format!(
                "(SELECT count(*) FROM {} AS t WHERE {} IS NULL)",
                self.columns.sql(Capabilities::table(kind)),
                self.columns.cell("t", Capabilities::table(kind), "storage_uri")
            ),
            false => "NULL::bigint".to_owned(),
        }));
        let ask = Statement::new(format!("SELECT {}", parts.join(", ")));
        let page = self
            .rows(ask, 1, |cells| {
                let mut next = || Ok::<_, sqlx::Error>(cells.int()?.map(|n| n.unsigned_abs()));
                let mut all = || Ok::<_, sqlx::Error>(next()?.unwrap_or(0));
                Ok(Counts {
                    repos: all()?,
                    branches: all()?,
                    commits: all()?,
                    snapshots: all()?,
                    blobs: all()?,
                    proposals: all()?,
                    null_uris: [next()?, next()?, next()?],
                })
            })
            .await
            .map_err(|e| query_error("counts", &self.url, e))?;
        Ok(page.rows.into_iter().next().unwrap_or_default())
    }
}

pub(super) fn nothing<T>() -> Page<T> {
    Page {
        rows: Vec::new(),
        end: true,
    }
}
