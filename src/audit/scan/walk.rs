//! Rows that give their own ids, where nothing else is asked of them: they come as facts and are laid down as they came.

use super::audited::Audited;
use super::pace::rows_to_ask;
use super::rows::{Pages, ended};
use super::{Scan, WIDE_PAGE};
use crate::judge::Verdict;
use crate::unlinked::Fate;
use crate::{AuditError, Depth};
use luthier_hub::index::plain::{PlainRow, Seen, Stretch};
use luthier_hub::index::{IndexError, Page};
use luthier_object::Kind;
use std::collections::BTreeMap;
use tokio::sync::mpsc;

impl Scan<'_> {
    /// Returns the source of a pass's pages: a walk where no row has to come in order.
    pub(super) fn walk<R: Audited + Send + 'static>(&self) -> Pages<R> {
        let keeps_holders = self.store.index().capabilities().refs(R::KIND);
        if self.only.is_some() || self.options.depth != Depth::Rows || !keeps_holders {
            return self.pages();
        }
        let store = self.store.clone();
        let (give, take) = mpsc::channel(1);
        tokio::spawn(async move {
            let (mut from, mut rows) = (None, WIDE_PAGE);
            loop {
                let stretch = R::walk(store.index(), from.as_ref(), rows).await;
                let next = stretch.as_ref().ok().and_then(|some| some.next.clone());
                if let Ok(some) = &stretch {
                    rows = rows_to_ask(rows, some.rows.len(), WIDE_PAGE);
                }
                let ends = next.is_none();
                from = next;
                // The receiver may have been dropped.
                if give.send(stretch).await.is_err() || ends {
                    return;
                }
            }
        });
        Pages::Walk(take)
    }

    /// Takes the plain rows of the next stretch, and returns the others as a page.
    pub(super) async fn walked<R: Audited>(
        &mut self,
        walk: &mut mpsc::Receiver<Result<Stretch<R::Plain, R>, IndexError>>,
    ) -> Result<Page<R>, AuditError> {
        let stretch = walk.recv().await.ok_or_else(ended::<R>)??;
        let (mut plain, mut rows) = (Vec::with_capacity(stretch.rows.len()), Vec::new());
        for row in stretch.rows {
            match row {
                Seen::Plain(row) => plain.push(row),
                Seen::Row(row) => rows.push(*row),
            }
        }
        self.take_plain::<R>(plain).await?;
        Ok(Page {
            rows,
            end: stretch.next.is_none(),
        })
    }

    /// Adds rows that have nothing wrong to the figures and to the scratch file.
    async fn take_plain<R: Audited>(&mut self, mut rows: Vec<R::Plain>) -> Result<(), AuditError> {
        let mut schemes: BTreeMap<&str, u64> = BTreeMap::new();
        for plain in &mut rows {
            let row: &mut PlainRow = plain.as_mut();
            row.is_judged = !self.too_new(row.created_at);
            let (is_judged, has_uri) = (row.is_judged, row.has_uri);
            if !has_uri {
                let sound = is_judged.then(Verdict::default);
                let fate = Fate::of(R::KIND, sound.as_ref());
                self.summary.count_unlinked(self.store, R::KIND, fate);
            }
            if let Some(scheme) = R::scheme(plain).filter(|_| is_judged) {
                *schemes.entry(scheme).or_default() += 1;
            }
        }
        for (scheme, count) in schemes {
            let name = format!("{} {scheme}", R::KIND);
            *self.summary.schemes.entry(name).or_default() += count;
        }
        let count = rows.len() as u64;
        match R::KIND {
            Kind::Blob => self.summary.checked.blobs += count,
            Kind::Snapshot => {
                self.snapshot_facts += count as u32;
                self.summary.checked.snapshots += count;
            }
            Kind::Commit => {
                self.commit_facts += count as u32;
                self.summary.checked.commits += count;
            }
        }
        self.progress.update(|figures| {
            figures.done += count;
            if let Some(last) = rows.last() {
                figures.subject = last.as_ref().id();
            }
        });
        Ok(R::lay_down(&self.scratch, rows).await?)
    }
}
