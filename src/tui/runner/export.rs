//! Lists written into files, page by page.

use super::RunnerContext;
use super::error::RunnerError;
use crate::effect::{Exported, ObjectQuery, RepoQuery, ReportRef};
use crate::event::Answer;
use crate::lines::clean;
use luthier_audit::report::Stretch;
use luthier_audit::table::{self, Format};
use luthier_hub::index::{Edge, Listed};
use luthier_repair::wanted;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, BufWriter, Write};

/// Rows read at once.
const PAGE: u32 = 1_000;

/// A file that grows line by line.
struct Lines {
    file: BufWriter<File>,
    name: String,
    format: Format,
    rows: u64,
}

impl Lines {
    fn write(&mut self, text: &str) -> Result<(), RunnerError> {
        let written = self.file.write_all(text.as_bytes());
        written.map_err(|source| failed(&self.name, source))
    }

    fn put(&mut self, line: &str) -> Result<(), RunnerError> {
        self.write(line)?;
        self.rows += 1;
        Ok(())
    }

    /// Writes an object as a row; its fields are the columns.
    fn object(&mut self, value: &Value) -> Result<(), RunnerError> {
        let Value::Object(fields) = value else {
            return Ok(());
        };
        if self.rows == 0 {
            let columns: Vec<&str> = fields.keys().map(String::as_str).collect();
            let head = self.format.head(&columns);
            self.write(&head)?;
        }
        let cell = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let cells: Vec<String> = fields.values().map(cell).collect();
        let row = self.format.row(value, &cells);
        self.put(&row)
    }
}

fn failed(name: &str, source: io::Error) -> RunnerError {
    RunnerError::Export {
        name: name.to_owned(),
        source,
    }
}

impl RunnerContext {
    /// Writes a list into a new file of the current folder.
    pub(super) async fn export(
        &self,
        list: Exported,
        format: Format,
    ) -> Result<Answer, RunnerError> {
        let stamp = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
        let name = format!("luthier-{}-{stamp}.{}", list.word(), format.extension());
        let file = File::create_new(&name).map_err(|source| failed(&name, source))?;
        let mut out = Lines {
            file: BufWriter::new(file),
            name,
            format,
            rows: 0,
        };
        let word = list.word();
        match list {
            Exported::Findings(filter, stretch) => {
                let (_, report) = self.report()?;
                out.write(&format.head(table::columns(format)))?;
                loop {
                    let (skip, limit) = (out.rows, PAGE);
                    let page = report
                        .list(
                            &filter,
                            Stretch {
                                skip,
                                limit,
                                ..stretch
                            },
                        )
                        .await;
                    let page = page?;
                    for numbered in &page {
                        out.put(&table::row(format, numbered))?;
                    }
                    if page.is_empty() {
                        break;
                    }
                }
            }
            Exported::Repos(ask) => self.export_repos(ask, &mut out).await?,
            Exported::Objects(ask) => self.export_objects(ask, &mut out).await?,
            Exported::Runs => self.export_runs(&mut out).await?,
            Exported::Wanted(report) => self.export_wanted(report, &mut out).await?,
        }
        let flushed = out.file.flush();
        flushed.map_err(|source| failed(&out.name, source))?;
        let folder = std::env::current_dir().unwrap_or_default();
        Ok(Answer::Exported {
            path: clean(&folder.join(&out.name).display().to_string()),
            word,
            rows: out.rows,
        })
    }

    async fn export_repos(&self, ask: RepoQuery, out: &mut Lines) -> Result<(), RunnerError> {
        loop {
            let Answer::Repos { rows, end } = self.some_repos(ask.clone(), out.rows, PAGE).await?
            else {
                return Ok(());
            };
            for row in &rows {
                out.object(&json!({
                    "type": "repository", "id": row.id.exact(), "path": row.path.exact(),
                    "branches": row.branches, "commits": row.commits,
                    "default_branch": row.default_branch.exact(), "visibility": row.visibility,
                    "deleted": row.deleted,
                }))?;
            }
            if end {
                return Ok(());
            }
        }
    }

    async fn export_objects(
        &self,
        mut ask: ObjectQuery,
        out: &mut Lines,
    ) -> Result<(), RunnerError> {
        (ask.browse.from, ask.browse.limit) = (Edge::Start, PAGE);
        loop {
            let (rows, end) = self.objects(ask.clone()).await?;
            for row in &rows {
                out.object(&object(row))?;
            }
            let Some(last) = rows.last().filter(|_| !end) else {
                return Ok(());
            };
            ask.browse.from = Edge::After {
                at: last.at.clone(),
                id: last.id.clone(),
            };
        }
    }

    async fn export_wanted(&self, report: ReportRef, out: &mut Lines) -> Result<(), RunnerError> {
        let list = self.wanted(report).await?;
        let format = out.format;
        out.write(&format.head(wanted::columns(format)))?;
        for skip in (0..list.len()).step_by(PAGE as usize) {
            for line in list.page(skip, PAGE)? {
                if let Some(row) = wanted::row(format, &line) {
                    out.put(&row)?;
                }
            }
        }
        Ok(())
    }

    async fn export_runs(&self, out: &mut Lines) -> Result<(), RunnerError> {
        let Answer::Runs(runs) = self.runs().await? else {
            return Ok(());
        };
        for run in &runs {
            out.object(&json!({
                "type": "run", "run": run.run.exact(), "time": run.time, "who": run.who,
                "hub": run.hub, "steps": run.steps, "outcomes": run.outcomes, "end": run.end,
            }))?;
        }
        Ok(())
    }
}

/// Returns a row of a list, as stored.
fn object(row: &Listed) -> Value {
    json!({
        "type": row.kind, "id": row.id, "at": row.at, "who": row.who, "what": row.what,
        "branch": row.branch, "parent_ids": row.parent_ids, "snapshot_id": row.snapshot_id,
        "size": row.size, "storage_uri": row.storage_uri.clone().flatten(),
    })
}
