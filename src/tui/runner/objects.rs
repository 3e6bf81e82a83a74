//! The objects of a list: all of them, or those that a filter lets through.
//!
//! A filter is held against one page after the other here and not in SQL: pages are quick at any depth, and
//! between two of them a question that nobody waits for any more ends.

use super::RunnerContext;
use super::error::RunnerError;
use crate::effect::ObjectQuery;
use luthier_audit::{Filter, Report};
use luthier_hub::index::{Edge, Listed};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rows held against a filter at first, and at once where many were for nothing.
const PAGE: u32 = 500;
const LARGEST: u32 = 8_000;

/// The time after which found rows are shown before more are read.
const SHOW_AFTER: Duration = Duration::from_millis(250);

impl RunnerContext {
    /// Returns the next rows of a list, and whether none follow. With a filter they may be fewer than were asked for;
    /// none come only where none follow.
    pub(super) async fn objects(
        &self,
        ask: ObjectQuery,
    ) -> Result<(Vec<Listed>, bool), RunnerError> {
        let ObjectQuery { mut browse, filter } = ask;
        let store = self.store()?;
        let index = store.index();
        let wanted = browse.limit as usize;
        let sieve = match filter == Filter::default() {
            true => None,
            false => Some(self.sieve(filter)?),
        };
        if sieve.is_some() {
            browse.limit = PAGE;
        }
        let begun = Instant::now();
        let mut found = Vec::new();
        loop {
            let page = index.browse(&browse).await?;
            let Some(sieve) = &sieve else {
                return Ok((page.rows, page.end));
            };
            let next = beyond(&page.rows, &browse.from);
            let passed = sieve.through(page.rows).await?;
            match browse.from.is_forward() {
                true => found.extend(passed),
                false => {
                    found.splice(0..0, passed);
                }
            }
            let enough = found.len() >= wanted || !found.is_empty() && begun.elapsed() > SHOW_AFTER;
            match next.filter(|_| !page.end) {
                Some(next) if !enough => browse.from = next,
                next => {
                    return Ok(cut(
                        (found, next.is_none()),
                        wanted,
                        browse.from.is_forward(),
                    ));
                }
            }
            if found.is_empty() {
                browse.limit = (browse.limit * 2).min(LARGEST);
            }
        }
    }

    fn sieve(&self, filter: Filter) -> Result<Sieve, RunnerError> {
        let judged = !filter.codes.is_empty() || !filter.grades.is_empty();
        let report = match judged {
            true => Some(self.report()?.1),
            false => None,
        };
        let words = filter.words.iter().map(|word| word.to_lowercase());
        Ok(Sieve {
            words: words.collect(),
            filter,
            report,
        })
    }
}

/// Keeps what is nearest to where a page starts.
fn cut((mut found, end): (Vec<Listed>, bool), wanted: usize, forward: bool) -> (Vec<Listed>, bool) {
    let over = found.len().saturating_sub(wanted);
    match forward {
        true => found.truncate(wanted),
        false => drop(found.drain(..over)),
    }
    (found, end && over == 0)
}

/// Returns the position from which a list continues after these rows.
fn beyond(rows: &[Listed], from: &Edge) -> Option<Edge> {
    let key = |row: &Listed| (row.at.clone(), row.id.clone());
    match from.is_forward() {
        true => rows.last().map(key).map(|(at, id)| Edge::After { at, id }),
        false => rows
            .first()
            .map(key)
            .map(|(at, id)| Edge::Before { at, id }),
    }
}

/// The conditions for a listed row.
struct Sieve {
    filter: Filter,
    /// In lower case.
    words: Vec<String>,
    /// The report, if the filter asks for findings.
    report: Option<Arc<Report>>,
}

impl Sieve {
    /// Returns the rows that pass the filter, in their order.
    async fn through(&self, rows: Vec<Listed>) -> Result<Vec<Listed>, RunnerError> {
        let mut rows: Vec<Listed> = rows.into_iter().filter(|row| self.says(row)).collect();
        let Some(report) = &self.report else {
            return Ok(rows);
        };
        let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
        let worst = report.worst_on(&ids).await;
        let worst: HashMap<_, _> = worst?.into_iter().collect();
        let (codes, grades) = (&self.filter.codes, &self.filter.grades);
        rows.retain(|row| {
            worst.get(&row.id).is_some_and(|code| {
                (codes.is_empty() || codes.contains(code))
                    && (grades.is_empty() || grades.contains(&code.fault().grade))
            })
        });
        Ok(rows)
    }

    /// Returns whether id and words pass; every word has to occur in id, author, text or branch.
    fn says(&self, row: &Listed) -> bool {
        let starts = |start: &String| {
            let bare = row.id.strip_prefix("sha256:").unwrap_or(&row.id);
            row.id.starts_with(start) || bare.starts_with(start)
        };
        if !self.filter.id.as_ref().is_none_or(starts) {
            return false;
        }
        if self.words.is_empty() {
            return true;
        }
        let text = [&row.id, &row.who, &row.what, &row.branch].map(|cell| cell.to_lowercase());
        let occurs = |word: &String| text.iter().any(|cell| cell.contains(word.as_str()));
        self.words.iter().all(occurs)
    }
}
