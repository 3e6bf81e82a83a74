//! Whole rows: keyset pages, rows by id, memberships and counts.

use super::cell::{KeyBytes, Statement, unescape};
use super::rows::Selected;
use super::{Sqlite, query_error};
use crate::index::rows::{Cells, Stored, id_column, table_here};
use crate::index::{BranchRow, Capabilities, Counts, IndexError, MembershipRow, Page, RepoRow};
use luthier_object::Kind;
use std::collections::BTreeSet;

/// Ids in one statement.
const IDS: usize = 500;

impl Sqlite {
    /// Runs a statement that gives at most `limit` rows, stopping when the page weighs enough.
    pub(super) async fn rows<T: Send + 'static>(
        &self,
        ask: Statement,
        limit: u32,
        read: impl Fn(&mut dyn Cells<'_>) -> Result<T, sqlx::Error> + Send + 'static,
    ) -> Result<Page<T>, sqlx::Error> {
        self.readers.page(ask, limit, read).await
    }

    /// As [`Self::rows`], for lists that a person waits for: an audit has no hand on these connections.
    pub(super) async fn light_rows<T: Send + 'static>(
        &self,
        ask: Statement,
        limit: u32,
        read: impl Fn(&mut dyn Cells<'_>) -> Result<T, sqlx::Error> + Send + 'static,
    ) -> Result<Page<T>, sqlx::Error> {
        self.lists.page(ask, limit, read).await
    }

    /// Returns a page of a table in the order of its primary key.
    pub(super) async fn page<T: Stored>(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<T>, IndexError> {
        let Some(of) = self.select_list::<T>() else {
            return Ok(Page {
                rows: Vec::new(),
                end: true,
            });
        };
        let limit = limit.max(1);
        let ask = self.page_behind(&of, after, limit);
        let page = self.rows(ask, limit, T::read).await;
        page.map_err(query_error(T::WHAT))
    }

    /// Returns the statement for a page of a table in the order of its primary key.
    pub(super) fn page_behind(&self, of: &Selected, after: Option<&str>, limit: u32) -> Statement {
        let key = &of.key;
        let mut ask = Statement::new(of.select(self.columns.first_of(of.table)));
        if let Some(after) = after {
            let after = ask.bind_key(after);
            ask.push(&format!(" AND {key} > {after}"));
        }
        ask.push(&format!("{} ORDER BY {key} LIMIT {limit}", of.grouped()));
        ask
    }

    /// Returns the rows with these ids, one for each. All of them are held at once: callers ask for few.
    pub(super) async fn by_id<T: Stored>(&self, ids: &[String]) -> Result<Vec<T>, IndexError> {
        match self.select_list::<T>() {
            Some(of) => self.selected(of, ids).await,
            None => Ok(Vec::new()),
        }
    }

    /// As [`Self::by_id`], with every row of a table whose rows share ids.
    pub(super) async fn each_by_id<T: Stored>(&self, ids: &[String]) -> Result<Vec<T>, IndexError> {
        match self.select_list::<T>() {
            Some(of) => self.selected(Selected { unique: true, ..of }, ids).await,
            None => Ok(Vec::new()),
        }
    }

    async fn selected<T: Stored>(
        &self,
        of: Selected,
        ids: &[String],
    ) -> Result<Vec<T>, IndexError> {
        let select = format!(
            "{} AND {}",
            of.select(self.columns.first_of(of.table)),
            of.key
        );
        let ids: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        // JSON carries neither NUL nor bytes that are no text: such ids are asked for one by one.
        let (plain, odd): (Vec<&str>, Vec<&str>) = ids
            .into_iter()
            .partition(|id| !id.contains('\0') && matches!(unescape(id), KeyBytes::Text(_)));
        let mut asks = Vec::new();
        for chunk in plain.chunks(IDS) {
            let mut ask = Statement::new(select.as_str());
            let json = serde_json::Value::from(chunk).to_string();
            let list = ask.bind(json);
            ask.push(&format!(
                " IN (SELECT value FROM json_each({list})){}",
                of.grouped()
            ));
            asks.push(ask);
        }
        for id in odd {
            let mut ask = Statement::new(select.as_str());
            let id = ask.bind_key(id);
            ask.push(&format!(" = {id}{}", of.grouped()));
            asks.push(ask);
        }
        let rows = self.readers.all(asks, T::read).await;
        rows.map_err(query_error(T::WHAT))
    }

    /// A page of memberships, behind (id, repo_id).
    pub(super) async fn memberships(
        &self,
        kind: Kind,
        after: Option<&MembershipRow>,
        limit: u32,
    ) -> Result<Page<MembershipRow>, sqlx::Error> {
        if !self.columns.capabilities.refs(kind) {
            return Ok(Page {
                rows: Vec::new(),
                end: true,
            });
        }
        let table = Capabilities::refs_table(kind);
        let id = self.columns.text("t", table, id_column(kind));
        let own = self.columns.text("t", table, "repo_id");
        let limit = limit.max(1);
        let select = match self.columns.is_unique(table, &[id_column(kind), "repo_id"]) {
            true => format!("SELECT {id}, {own} FROM {table} AS t WHERE 1"),
            false => format!(
                "SELECT DISTINCT {id}, {own} FROM {table} AS t WHERE {id} IS NOT NULL AND {own} IS NOT NULL"
            ),
        };
        let mut ask = Statement::new(select);
        if let Some(after) = after {
            let (seen, repo) = (ask.bind_key(&after.id), ask.bind_key(&after.repo_id));
            ask.push(&format!(" AND ({id}, {own}) > ({seen}, {repo})"));
        }
        ask.push(&format!(" ORDER BY {id}, {own} LIMIT {limit}"));
        self.rows(ask, limit, |cells| {
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
        let Some(of) = self.select_list::<RepoRow>() else {
            return Ok(None);
        };
        let mut ask = Statement::new(format!("SELECT {} FROM {} AS t", of.list, of.table));
        let (owner, slug) = (ask.bind(owner.to_owned()), ask.bind(slug.to_owned()));
        ask.push(&format!(
            " WHERE {} = {owner} AND {} = {slug}",
            self.columns.text("t", of.table, "owner"),
            self.columns.text("t", of.table, "slug")
        ));
        let dead = match self.columns.capabilities.has(of.table, "deleted_at") {
            true => "t.deleted_at IS NOT NULL, ",
            false => "",
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
        let Some(of) = self.select_list::<BranchRow>() else {
            return Ok(Page {
                rows: Vec::new(),
                end: true,
            });
        };
        let (limit, key) = (limit.max(1), &of.key);
        // A branch without a name is shown under an empty one.
        let text = self.columns.text("t", of.table, "name");
        let by_name = match self.columns.get(of.table, "name") {
            Some(column) if column.refuses_null => text,
            _ => format!("coalesce({text}, '')"),
        };
        let select = format!(
            "SELECT {} FROM {} AS t WHERE {} = ",
            of.list,
            of.table,
            self.columns.text("t", of.table, "repo_id")
        );
        let mut ask = Statement::new(select.as_str());
        let repo = ask.bind_key(repo_id);
        ask.push(&repo);
        if let Some(after) = after {
            let after = ask.bind_key(after);
            ask.push(&format!(" AND {by_name} > {after}"));
        }
        ask.push(&format!(" ORDER BY {by_name}, {key} LIMIT {limit}"));
        let mut page = self.rows(ask, limit, BranchRow::read).await?;
        if !page.end
            && let Some(last) = page.rows.last().cloned()
        {
            let mut ask = Statement::new(select);
            let repo = ask.bind_key(repo_id);
            let name = ask.bind_key(&last.name);
            let id = ask.bind_key(&last.branch_id);
            ask.push(&format!(
                "{repo} AND {by_name} = {name} AND {key} > {id} ORDER BY {key}"
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
        for kind in Kind::ALL {
            for start in [prefix.to_owned(), format!("sha256:{prefix}")] {
                let table = Capabilities::table(kind);
                let id = self.columns.text("t", table, id_column(kind));
                let mut ask = Statement::new(format!(
                    "SELECT DISTINCT {id} FROM {table} AS t WHERE {id} >= "
                ));
                let from = ask.bind(start.clone());
                ask.push(&from);
                if let Some(beyond) = beyond(&start) {
                    let beyond = ask.bind(beyond);
                    ask.push(&format!(" AND {id} < {beyond}"));
                }
                ask.push(&format!(" ORDER BY {id} LIMIT {limit}"));
                let page = self.rows(ask, limit, |cells| cells.key()).await?;
                found.extend(page.rows.into_iter().map(|id| (kind, id)));
            }
        }
        Ok(found.into_iter().take(limit as usize).collect())
    }

    /// Counts of every table, in one statement so that they belong together.
    pub(super) async fn counts(&self) -> Result<Counts, IndexError> {
        let all = |table: &'static str| {
            let table = table_here(&self.columns.capabilities, table);
            match self.columns.capabilities.has_table(table) {
                true => format!("(SELECT count(*) FROM {table})"),
                false => "0".to_owned(),
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
        parts.extend(
            Kind::ALL.map(|kind| match self.columns.capabilities.storage_uri(kind) {
                true => format!(
                    "(SELECT count(*) FROM {} WHERE storage_uri IS NULL)",
                    Capabilities::table(kind)
                ),
                false => "NULL".to_owned(),
            }),
        );
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
            .map_err(query_error("counts"))?;
        Ok(page.rows.into_iter().next().unwrap_or_default())
    }
}

/// Returns the least text that sorts behind everything that starts with `prefix`; `None` where there is none.
fn beyond(prefix: &str) -> Option<String> {
    let mut out = prefix.to_owned();
    while let Some(last) = out.pop() {
        // Above U+D7FF the next character is U+E000: between them are surrogates, which no text contains.
        let next = char::from_u32(last as u32 + 1).or((last == '\u{d7ff}').then_some('\u{e000}'));
        if let Some(next) = next {
            out.push(next);
            return Some(out);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::beyond;

    #[test]
    fn the_end_of_a_prefix_is_the_next_text_behind_it() {
        assert_eq!(beyond("ab").as_deref(), Some("ac"));
        assert_eq!(beyond("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
        assert_eq!(beyond("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(beyond("\u{10ffff}"), None);
        assert_eq!(beyond(""), None);
    }
}
