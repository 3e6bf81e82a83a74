//! `POST fetch`: every object that some heads lead to, proved before the first byte is sent.

use crate::answer::Failure;
use crate::flights::FlightKey;
use crate::refs::{self, of_another_era};
use crate::repos::{Asked, Need, RepoPath};
use crate::router::Serving;
use crate::spool::{List, Spool};
use crate::wire::{self, Ask};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use luthier_hub::index::RepoRow;
use luthier_hub::progress::{Progress, WaitBudget};
use luthier_hub::store::Store;
use luthier_hub::store::fetch::{Fetch, FetchError, FetchOptions, Fetched, Head, Origin, Step};
use luthier_object::{Kind, ObjectId, Record};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tracing::info;

/// The largest answer that a client takes.
pub const LARGEST: u64 = 64 << 20;

/// Ids of a request.
const MOST: usize = 100_000;

/// The reads of one fetch.
const OPTIONS: FetchOptions = FetchOptions {
    concurrency: 16,
    budget: 8 << 20,
};

/// How long a fetch waits for a side that does not answer.
const WAIT: Duration = Duration::from_secs(30);

pub async fn fetch(
    State(serving): State<Arc<Serving>>,
    Path(path): Path<RepoPath>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let Asked { repo, what, .. } = serving.asked(&path, &headers, body, Need::Read).await?;
    let ask: Ask = what;
    if ask.want.len() > MOST || ask.have.len() > MOST {
        return Err(Failure::unprocessable(format!(
            "at most {MOST} ids at once"
        )));
    }
    let heads = refs::heads(&serving.store(), &repo).await?;
    let want = wanted(&serving, &repo, &heads, &ask.want).await?;
    let key = key(&repo, &heads, &ask);
    let making = Making {
        serving: serving.clone(),
        repo,
        heads,
        want,
        have: ask.have.iter().map(ObjectId::new).collect(),
    };
    let spool = serving.flights.join(key, || making.spool()).await?;
    serving.metrics.sent(spool.bytes());
    let kind = HeaderValue::from_static(wire::MSGPACK);
    let length = HeaderValue::from(spool.bytes());
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_LENGTH, length),
    ];
    Ok((headers, spool.body()).into_response())
}

/// Returns the wanted commits, each under the branch that it is the head of.
///
/// # Errors
/// A commit that the repository does not hold: what a private one holds is not fetched through a public one.
async fn wanted(
    serving: &Serving,
    repo: &RepoRow,
    heads: &BTreeMap<String, String>,
    ids: &[String],
) -> Result<Vec<Head>, Failure> {
    // Of several branches on one head, the first names it.
    let by_head = heads.iter().rev().map(|(name, head)| (head, name));
    let by_head: HashMap<&String, &String> = by_head.collect();
    let others = ids.iter().filter(|id| !by_head.contains_key(id));
    let others: Vec<String> = others.cloned().collect();
    let held = match others.is_empty() {
        true => Vec::new(),
        false => {
            let store = serving.store();
            store
                .index()
                .held_by(Kind::Commit, &repo.repo_id, &others)
                .await?
        }
    };
    let held: HashSet<String> = held.into_iter().collect();
    let head = |id: &String| match (by_head.get(id), held.contains(id)) {
        (None, false) => Err(Failure::unprocessable(format!(
            "the repository {} has no commit {id}",
            repo.path()
        ))),
        (name, _) => Ok(Head {
            name: name.map_or("(no branch)", |name| name).to_owned(),
            id: ObjectId::new(id),
        }),
    };
    ids.iter().map(head).collect()
}

/// Names a fetch: equal ones have equal answers.
fn key(repo: &RepoRow, heads: &BTreeMap<String, String>, ask: &Ask) -> FlightKey {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    part(&repo.repo_id);
    for (name, head) in heads {
        part(name);
        part(head);
    }
    for list in [&ask.want, &ask.have] {
        part("");
        list.iter().for_each(|id| part(id));
    }
    hash.finalize().into()
}

/// An answer that is being made.
struct Making {
    serving: Arc<Serving>,
    repo: RepoRow,
    heads: BTreeMap<String, String>,
    want: Vec<Head>,
    have: Vec<ObjectId>,
}

impl Making {
    async fn spool(self) -> Result<Arc<Spool>, Failure> {
        let progress = Progress::new().with_budget(WaitBudget::new(WAIT));
        let store: &Store = &self.serving.store;
        let fetch = store
            .fetch(self.want.clone(), &self.have, None, OPTIONS, &progress)
            .await;
        let mut lists = Lists::new().map_err(disk)?;
        self.fill(fetch.map_err(failed)?, &mut lists).await?;
        let heads =
            rmp_serde::to_vec(&self.heads).map_err(|error| disk(io::Error::other(error)))?;
        let Lists {
            of: [commits, snapshots, objects],
            ..
        } = lists;
        let lists = vec![
            ("commits", commits),
            ("snapshots", snapshots),
            ("objects", objects),
        ];
        let spool = Spool::new(vec![("branch_heads", heads)], lists).map_err(disk)?;
        Ok(Arc::new(spool))
    }

    async fn fill(&self, mut fetch: Fetch, lists: &mut Lists) -> Result<(), Failure> {
        while let Some(step) = fetch.next().await.map_err(failed)? {
            match step {
                Step::Object(fetched) => {
                    let origin = match fetched.origin {
                        Origin::Reconstructed => "row",
                        _ => "object",
                    };
                    self.serving.metrics.object(origin);
                    if fetched.origin == Origin::Reconstructed {
                        info!(id = %fetched.object.id(), "served from its row: it has no object");
                    }
                    lists.push(&fetched, &self.repo)?;
                }
                // Nobody is asked what he holds.
                Step::Held(_) => {}
                Step::Refused(refusal) => {
                    let path = self.repo.path();
                    return Err(Failure::unprocessable(format!(
                        "{path} cannot be served whole: {refusal}; `luthier audit {path}` says more"
                    )));
                }
            }
            let bytes = lists.bytes();
            if bytes > LARGEST {
                return Err(Failure::too_large(format!(
                    "{} takes more than 64 MiB, and a client reads no more; fetch one branch at a time, or use `luthier pull`",
                    self.repo.path()
                )));
            }
        }
        Ok(())
    }
}

/// The lists of an answer, in the order of [`Kind::ALL`].
struct Lists {
    of: [List; 3],
}

impl Lists {
    fn new() -> io::Result<Self> {
        Ok(Self {
            of: [List::new()?, List::new()?, List::new()?],
        })
    }

    fn bytes(&self) -> u64 {
        self.of.iter().map(List::bytes).sum()
    }

    fn push(&mut self, fetched: &Fetched, repo: &RepoRow) -> Result<(), Failure> {
        let object = &fetched.object;
        let id = object.id();
        if !wire::is_plain(id) {
            return Err(of_another_era(&format!(
                "the {} {id} is needed",
                object.kind()
            )));
        }
        let list = &mut self.of[object.kind() as usize];
        let written = match object.record() {
            Record::Commit(record, _) => {
                list.push(|out| wire::write_commit(out, record, &repo.repo_id))
            }
            Record::Snapshot(record, _) => {
                if let Some((path, id)) = record.manifest.iter().find(|(_, id)| !wire::is_plain(id))
                {
                    return Err(of_another_era(&format!("the file {path} is the blob {id}")));
                }
                list.push(|out| wire::write_snapshot(out, record))
            }
            Record::Blob(_) => list.push(|out| wire::write_blob(out, id, object.bytes())),
        };
        written.map_err(disk)
    }
}

pub fn disk(error: io::Error) -> Failure {
    Failure::unavailable(&format!("the folder for temporary files: {error}"))
}

fn failed(error: FetchError) -> Failure {
    Failure::unavailable(&error)
}
