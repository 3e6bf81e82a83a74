//! Rows of any kind, read and judged page by page.

use super::audited::Audited;
use super::pace::rows_to_ask;
use super::packed::pack_of;
use super::{PAGE, Scan, WIDE_PAGE, hex_of};
use crate::AuditError;
use crate::judge::{Judge, Verdict};
use crate::report::Unread;
use crate::unlinked::Fate;
use crate::{Code, Finding, Grade};
use crate::{Depth, one};
use futures_util::{StreamExt, stream};
use luthier_hub::index::audit_scratch::{Holders, Standing, StoredCopy};
use luthier_hub::index::plain::Stretch;
use luthier_hub::index::{IndexError, MembershipRow, Page};
use luthier_object::{Kind, ObjectId, time};
use std::collections::HashMap;
use tokio::sync::mpsc;

/// Rows read again at once; the row of a snapshot may be large.
const ASKED_AGAIN: usize = 100;

/// A page of rows, each with its verdict (`None` if it was not to be judged) and the repositories that hold it.
pub(super) struct Judged<R> {
    pub rows: Vec<(R, Option<Verdict>)>,
    holders: Vec<Holders>,
    end: bool,
}

impl<R: Audited> Judged<R> {
    /// Returns the repositories that name what the row at a place names; one without a name where none is known.
    pub fn naming(&self, at: usize) -> Holders {
        match &self.holders[at] {
            nobody if nobody.is_empty() => [String::new()].into(),
            holders => holders.clone(),
        }
    }

    /// Returns the repository that a finding on the row at a place is shown under: its own if that holds it.
    fn repo(&self, at: usize) -> &str {
        let (row, holders) = (&self.rows[at].0, &self.holders[at]);
        let own = row
            .repo_id()
            .filter(|own| holders.iter().any(|held| held == own));
        let first = || holders.first().map(String::as_str).or(row.repo_id());
        own.or_else(first).unwrap_or("")
    }

    fn known(&self) -> impl Iterator<Item = (&str, Standing)> {
        let standing = |verdict: &Option<Verdict>| match verdict {
            None => Standing::Unjudged,
            Some(verdict) => verdict.standing(),
        };
        let rows = self.rows.iter();
        rows.map(move |(row, verdict)| (row.id(), standing(verdict)))
    }
}

/// Where a pass gets its pages from.
pub(super) enum Pages<R: Audited> {
    /// Of the whole hub, where nothing but rows is looked at: in the order in which they are read fastest.
    Walk(mpsc::Receiver<Result<Stretch<R::Plain, R>, IndexError>>),
    /// Of the whole hub: the next one is read while one is judged.
    Ahead(mpsc::Receiver<Result<Page<R>, IndexError>>),
    /// Of the only repository that is audited, behind an id.
    Held(String),
}

impl Scan<'_> {
    /// Returns the next page, judged.
    pub(super) async fn judged<R: Audited>(
        &mut self,
        pages: &mut Pages<R>,
    ) -> Result<Judged<R>, AuditError> {
        self.progress.checkpoint().await?;
        let page = match pages {
            Pages::Walk(walk) => self.walked(walk).await?,
            pages => self.next_page(pages).await?,
        };
        let holders = self.holders(&page.rows).await?;
        self.count_shared(R::KIND, &holders);
        let copies = self.copies(&page.rows).await?;
        let in_packs = |row: &&R| pack_of(R::KIND, row.id(), row.storage_uri()).is_some();
        let packed = page.rows.iter().filter(in_packs);
        self.expect_packed(packed.map(|row| row.id().to_owned()).collect())
            .await?;
        let mut rows = Vec::with_capacity(page.rows.len());
        let wanted: Vec<bool> = (page.rows.iter().zip(&holders))
            .map(|(row, holders)| self.wants(row, holders))
            .collect();
        let to_judge = page.rows.iter().zip(&wanted).filter(|(_, wanted)| **wanted);
        let to_judge = to_judge.map(|(row, _)| row);
        let mut verdicts = self.verdicts(to_judge, copies.as_ref()).await.into_iter();
        for (row, wanted) in page.rows.into_iter().zip(wanted) {
            let verdict = if wanted { verdicts.next() } else { None };
            rows.push((row, verdict));
        }
        self.judge_changed(&mut rows).await?;
        if R::KIND == Kind::Blob {
            let verdicts = rows.iter_mut().filter_map(|(_, verdict)| verdict.as_mut());
            self.name_packs(verdicts).await?;
        }
        self.progress.update(|f| {
            f.done += rows.len() as u64;
            if let Some((row, _)) = rows.last() {
                row.id().clone_into(&mut f.subject);
            }
        });
        Ok(Judged {
            rows,
            holders,
            end: page.end,
        })
    }

    /// Judges rows, in their order; where the store has to be asked, many at once.
    pub(super) async fn verdicts<'r, R: Audited + 'r>(
        &self,
        rows: impl Iterator<Item = &'r R>,
        copies: Option<&HashMap<String, Vec<StoredCopy>>>,
    ) -> Vec<Verdict> {
        let judge = &self.judge;
        if self.options.depth == Depth::Rows {
            let mut out = Vec::new();
            for row in rows {
                out.push(row.judge(judge, &[]).await);
            }
            return out;
        }
        stream::iter(rows)
            .map(|row| {
                Box::pin(async move {
                    let Some(copies) = copies else {
                        return judge_alone(row, judge).await;
                    };
                    let hex = hex_of(row.id()).unwrap_or_default();
                    row.judge(judge, copies.get(&hex).map_or(&[], Vec::as_slice))
                        .await
                })
            })
            .buffered(self.options.concurrency.max(1))
            .collect()
            .await
    }

    /// Returns the source of a pass's pages.
    pub(super) fn pages<R: Audited + Send + 'static>(&self) -> Pages<R> {
        if self.only.is_some() {
            return Pages::Held(String::new());
        }
        let store = self.store.clone();
        let most = match self.options.depth {
            Depth::Rows => WIDE_PAGE,
            Depth::Presence | Depth::Bytes => PAGE,
        };
        let (give, take) = mpsc::channel(1);
        tokio::spawn(async move {
            let mut after: Option<String> = None;
            let mut rows = most;
            loop {
                let page = R::page(store.index(), after.as_deref(), rows).await;
                if let Ok(page) = &page {
                    rows = rows_to_ask(rows, page.rows.len(), most);
                }
                let last = page.as_ref().ok().and_then(|page| page.rows.last());
                after = last.map(|row| row.id().to_owned()).or(after);
                let ends = page.as_ref().map_or(true, |page| page.end);
                // The receiver may have been dropped.
                if give.send(page).await.is_err() || ends {
                    return;
                }
            }
        });
        Pages::Ahead(take)
    }

    /// Returns the next page, of the hub or of the only repository that is audited.
    pub(super) async fn next_page<R: Audited>(
        &self,
        pages: &mut Pages<R>,
    ) -> Result<Page<R>, AuditError> {
        let index = self.store.index();
        let after = match pages {
            Pages::Ahead(pages) => return Ok(pages.recv().await.ok_or_else(ended::<R>)??),
            Pages::Walk(_) => return Err(ended::<R>().into()),
            Pages::Held(after) => after,
        };
        let only = self.only.as_deref().unwrap_or_default();
        let ids = self
            .scratch
            .members(R::KIND, only, after, R::TOGETHER)
            .await?;
        let mut rows = R::by_id(index, &ids).await?;
        rows.sort_by(|a, b| a.id().cmp(b.id()));
        if index.capabilities().refs(R::KIND) {
            let holders = index.holders_of(R::KIND, &ids).await?;
            self.scratch.add_members(R::KIND, &holders).await?;
        }
        let end = ids.len() < R::TOGETHER as usize;
        if let Some(last) = ids.into_iter().next_back() {
            *after = last;
        }
        Ok(Page { rows, end })
    }

    /// Reads the rows again that have a finding of grade error or critical. A row that was deleted meanwhile is not
    /// judged; a row that was changed is judged again.
    async fn judge_changed<R: Audited>(
        &mut self,
        rows: &mut [(R, Option<Verdict>)],
    ) -> Result<(), AuditError> {
        let severe = |verdict: &Option<Verdict>| {
            let findings = verdict.as_ref().map_or(&[][..], |v| v.findings.as_slice());
            findings.iter().any(|finding| finding.grade >= Grade::Error)
        };
        let places: Vec<usize> = (0..rows.len()).filter(|at| severe(&rows[*at].1)).collect();
        for places in places.chunks(ASKED_AGAIN) {
            let ids: Vec<String> = places
                .iter()
                .map(|at| rows[*at].0.id().to_owned())
                .collect();
            let mut now = R::by_id(self.store.index(), &ids).await?;
            for at in places {
                let (row, verdict) = &mut rows[*at];
                if now.iter().any(|other| other == row) {
                    continue;
                }
                self.summary.changed += 1;
                *verdict = None;
                if let Some(other) = now.iter().position(|other| other.id() == row.id()) {
                    *row = now.swap_remove(other);
                    let copies = self.copies(std::slice::from_ref(row)).await?;
                    *verdict = Some(match copies {
                        None => judge_alone(row, &self.judge).await,
                        Some(copies) => {
                            let copies = copies.into_values().next().unwrap_or_default();
                            row.judge(&self.judge, &copies).await
                        }
                    });
                }
            }
        }
        Ok(())
    }

    /// Returns the repositories that hold each row, in the order of the rows. Where a hub keeps no memberships, a row's
    /// own `repo_id` is written as one.
    async fn holders<R: Audited>(&self, rows: &[R]) -> Result<Vec<Holders>, AuditError> {
        if self.store.index().capabilities().refs(R::KIND) {
            let ids = rows.iter().map(R::id);
            return Ok(self.scratch.holders_of_each(R::KIND, ids).await?);
        }
        let own: Vec<MembershipRow> = rows
            .iter()
            .filter_map(|row| {
                Some(MembershipRow {
                    id: row.id().to_owned(),
                    repo_id: row.repo_id()?.to_owned(),
                })
            })
            .collect();
        self.scratch.add_members(R::KIND, &own).await?;
        let own = rows.iter().map(|row| row.repo_id().map(str::to_owned));
        Ok(own.map(|own| own.into_iter().collect()).collect())
    }

    /// Returns the listed keys of each row's digest; `None` if no listing was read.
    pub(super) async fn copies<R: Audited>(
        &self,
        rows: &[R],
    ) -> Result<Option<HashMap<String, Vec<StoredCopy>>>, AuditError> {
        if self.options.depth == Depth::Rows {
            return Ok(Some(HashMap::new()));
        }
        if !self.listed {
            return Ok(None);
        }
        let hexes: Vec<String> = rows.iter().filter_map(|row| hex_of(row.id())).collect();
        Ok(Some(self.scratch.copies(&hexes).await?))
    }

    /// Counts the rows of the audited repository that others hold too.
    fn count_shared(&mut self, kind: Kind, holders: &[Holders]) {
        let Some(only) = &self.only else { return };
        let shared = holders
            .iter()
            .filter(|held| held.len() > 1 && held.contains(only));
        let count = shared.count() as u64;
        if count > 0 {
            *self.summary.shared.entry(kind.to_string()).or_default() += count;
        }
    }

    /// Returns whether a row is to be judged: it is old enough, and the audited repository holds it.
    fn wants<R: Audited>(&mut self, row: &R, holders: &[String]) -> bool {
        let held = |only: &String| holders.contains(only);
        self.only.as_ref().is_none_or(held) && !self.too_new(time::parse(row.created_at()))
    }

    /// Adds a page's verdicts to the scratch file and to the figures.
    pub(super) async fn take<R: Audited>(
        &mut self,
        mut page: Judged<R>,
    ) -> Result<bool, AuditError> {
        self.scratch.add_known(R::KIND, page.known()).await?;
        let (mut findings, mut lost) = (Vec::new(), Vec::new());
        for at in 0..page.rows.len() {
            let repo = page.repo(at).to_owned();
            let (row, verdict) = &mut page.rows[at];
            if row.storage_uri().is_none() {
                let fate = Fate::of(R::KIND, verdict.as_ref());
                self.summary.count_unlinked(self.store, R::KIND, fate);
            }
            // In an audit of one repository, rows without a verdict may be another's.
            if let Some(why) = Unread::of(verdict.as_ref())
                && self.options.depth == Depth::Bytes
                && self.only.is_none()
            {
                *self.summary.unread.entry(why).or_default() += 1;
            }
            let Some(verdict) = verdict.take() else {
                continue;
            };
            if let Some(pack) = pack_of(R::KIND, row.id(), row.storage_uri()) {
                self.packs.entry(pack).or_default().name(row.id(), &repo);
                let unindexed = |finding: &Finding| finding.code == Code::PackUnindexed;
                let waits = verdict.findings.iter().any(unindexed);
                *self.packed_repos.entry(repo.clone()).or_default() += u64::from(waits);
            }
            if let Some(pack) = &verdict.lost_pack {
                lost.push((pack.clone(), row.id().to_owned()));
            }
            if self.options.depth > Depth::Rows && row.storage_uri().is_some() {
                self.mass.take(R::KIND, &repo, &verdict.findings);
            }
            self.note_read(R::KIND, row.id(), &verdict);
            if let Some(signature) = verdict.signature {
                self.summary.count_signature(row.id(), signature);
            }
            for mut finding in self.fold(verdict) {
                finding.repo.clone_from(&repo);
                findings.push(finding);
            }
        }
        self.scratch.add_lost(&lost).await?;
        self.report_on_held(findings).await?;
        if page.end {
            self.mass.end_page(R::KIND);
        }
        Ok(page.end)
    }
}

/// Says that there is no page where one has to be.
pub(super) fn ended<R: Audited>() -> IndexError {
    IndexError::Query {
        what: R::KIND.as_str(),
        why: "reading ended before the last page".into(),
    }
}

/// Judges a row if no listing was read. Other keys of its digest are looked up only if they can change the verdict.
async fn judge_alone<R: Audited>(row: &R, judge: &Judge) -> Verdict {
    let id = ObjectId::new(row.id());
    let ask = || one::copies(&judge.store, &id, row.repo_id());
    let copies = match row.storage_uri() {
        None => ask().await,
        Some(_) => Vec::new(),
    };
    let verdict = row.judge(judge, &copies).await;
    if row.storage_uri().is_some() && verdict.needs_copies() {
        return row.judge(judge, &ask().await).await;
    }
    verdict
}
