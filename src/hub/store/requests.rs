//! Logs every request to a side of the hub: what was asked, how long the answer took, why there was none.
//!
//! These wrap a database and an object store directly, so that each try of a read is a request of its own.

use crate::backend::{
    Backend, BackendError, BackendMut, Body, Conditions, Entry, Key, Meta, Put, Replaced,
    Replacement, UriRefusal,
};
use crate::index::plain::{Blobs, Commits, Place, Snapshots};
use crate::index::reads::index_reads;
use crate::index::{
    About, BatchOutcome, BlobRow, BranchRow, Browse, Capabilities, CommitRow, Counts, FetchPackRow,
    Hidden, Index, IndexError, IndexMut, JobRow, Link, Listed, MembershipRow, Migration, NewRows,
    PackedEdit, PackedRow, Page, ProposalRow, Recache, RepoRow, RowEdit, SnapshotRow, Visibility,
    WriteBatch,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use luthier_object::Kind;
use luthier_object::time::Micros;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::{Instrument, Span, debug, info, info_span, warn};

/// A request that takes longer is slow, and the log says so even where it does not show requests.
const SLOW: Duration = Duration::from_secs(1);

/// Waits for the answer to a request, within its span.
async fn told<T, E: Display>(
    span: Span,
    request: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    async {
        let begun = Instant::now();
        let answer = request.await;
        let took = begun.elapsed();
        match &answer {
            Err(error) => info!(?took, %error, "request failed"),
            Ok(_) if took >= SLOW => warn!(?took, "slow request"),
            Ok(_) => debug!(?took, "answered"),
        }
        answer
    }
    .instrument(span)
    .await
}

/// Returns the parts of an answer, and logs slow ones and the error that ends them.
fn told_parts<'a, T: Send + 'a>(
    span: Span,
    parts: BoxStream<'a, Result<T, BackendError>>,
) -> BoxStream<'a, Result<T, BackendError>> {
    let told = stream::unfold((span, parts), |(span, mut parts)| async move {
        let begun = Instant::now();
        let part = parts.next().await?;
        let took = begun.elapsed();
        match &part {
            Err(error) => span.in_scope(|| info!(?took, %error, "the answer broke off")),
            Ok(_) if took >= SLOW => span.in_scope(|| warn!(?took, "slow answer")),
            Ok(_) => {}
        }
        Some((part, (span, parts)))
    });
    told.boxed()
}

/// Opens a database whose requests are logged; connecting is one of them.
pub(super) async fn connect_index(
    opening: impl Future<Output = Result<Arc<dyn IndexMut>, IndexError>>,
) -> Result<Arc<dyn IndexMut>, IndexError> {
    let index = told(of_database("connect"), opening).await?;
    Ok(Arc::new(ToldIndex(index)))
}

/// Opens an object store whose requests are logged; connecting is one of them.
pub(super) async fn connect_backend(
    opening: impl Future<Output = Result<Arc<dyn BackendMut>, BackendError>>,
) -> Result<Arc<dyn BackendMut>, BackendError> {
    let backend = told(of_store("connect", ""), opening).await?;
    Ok(Arc::new(ToldBackend(backend)))
}

/// A database whose requests are logged.
struct ToldIndex(Arc<dyn IndexMut>);

fn of_database(operation: &'static str) -> Span {
    info_span!("request", side = "database", operation)
}

macro_rules! told_reads {
    ($($name:ident($($arg:ident: $of:ty),*) -> $found:ty;)*) => {
        #[async_trait]
        impl Index for ToldIndex {
            fn describe(&self) -> String {
                self.0.describe()
            }

            fn capabilities(&self) -> &Capabilities {
                self.0.capabilities()
            }

            fn hidden(&self) -> &[Hidden] {
                self.0.hidden()
            }

            fn in_place(&self) -> Result<(), IndexError> {
                self.0.in_place()
            }

            async fn close(&self) {
                self.0.close().await;
            }

            $(async fn $name(&self, $($arg: $of),*) -> Result<$found, IndexError> {
                told(of_database(stringify!($name)), self.0.$name($($arg),*)).await
            })*
        }
    };
}

index_reads!(told_reads);

#[async_trait]
impl IndexMut for ToldIndex {
    async fn set_storage_uri(&self, kind: Kind, links: &[Link]) -> Result<Vec<String>, IndexError> {
        let request = self.0.set_storage_uri(kind, links);
        told(of_database("set_storage_uri"), request).await
    }

    async fn set_cache(&self, recache: &Recache) -> Result<bool, IndexError> {
        told(of_database("set_cache"), self.0.set_cache(recache)).await
    }

    async fn set_cells(&self, edit: &RowEdit) -> Result<bool, IndexError> {
        told(of_database("set_cells"), self.0.set_cells(edit)).await
    }

    async fn set_packed(&self, edit: &PackedEdit) -> Result<bool, IndexError> {
        told(of_database("set_packed"), self.0.set_packed(edit)).await
    }

    async fn insert(&self, rows: &NewRows) -> Result<(), IndexError> {
        told(of_database("insert"), self.0.insert(rows)).await
    }

    async fn migrate(&self, migration: &Migration) -> Result<(), IndexError> {
        told(of_database("migrate"), self.0.migrate(migration)).await
    }

    async fn commit_writes(&self, batch: &WriteBatch) -> Result<BatchOutcome, IndexError> {
        told(of_database("land"), self.0.commit_writes(batch)).await
    }

    async fn mark_deleted(&self, repo_id: &str, at: &str) -> Result<bool, IndexError> {
        told(
            of_database("mark_deleted"),
            self.0.mark_deleted(repo_id, at),
        )
        .await
    }

    async fn lock_applier(&self) -> Result<Box<dyn Send + Sync>, IndexError> {
        told(of_database("lock_applier"), self.0.lock_applier()).await
    }
}

/// An object store whose requests are logged.
struct ToldBackend(Arc<dyn BackendMut>);

fn of_store(operation: &'static str, key: &str) -> Span {
    info_span!("request", side = "store", operation, key)
}

#[async_trait]
impl Backend for ToldBackend {
    fn describe(&self) -> String {
        self.0.describe()
    }

    fn uri_for(&self, key: &Key) -> String {
        self.0.uri_for(key)
    }

    fn locate(&self, uri: &str) -> Result<Key, UriRefusal> {
        self.0.locate(uri)
    }

    async fn open(&self, key: &Key) -> Result<Option<Body>, BackendError> {
        let span = of_store("open", key.as_str());
        let body = told(span.clone(), self.0.open(key)).await?;
        Ok(body.map(|body| Body {
            meta: body.meta,
            stream: told_parts(span, body.stream),
        }))
    }

    async fn open_range(
        &self,
        key: &Key,
        offset: u64,
        length: u64,
    ) -> Result<Option<Body>, BackendError> {
        let span = of_store("open_range", key.as_str());
        let request = self.0.open_range(key, offset, length);
        let body = told(span.clone(), request).await?;
        Ok(body.map(|body| Body {
            meta: body.meta,
            stream: told_parts(span, body.stream),
        }))
    }

    async fn head(&self, key: &Key) -> Result<Option<Meta>, BackendError> {
        told(of_store("head", key.as_str()), self.0.head(key)).await
    }

    fn list<'a>(
        &'a self,
        prefix: &str,
        start_after: Option<&str>,
    ) -> BoxStream<'a, Result<Entry, BackendError>> {
        told_parts(of_store("list", prefix), self.0.list(prefix, start_after))
    }

    async fn now(&self) -> Result<Micros, BackendError> {
        told(of_store("now", ""), self.0.now()).await
    }
}

/// Refuses a key that is a place in a pack: packs are read, never written.
fn outside_packs(key: &Key) -> Result<(), BackendError> {
    match key.in_pack() {
        None => Ok(()),
        Some(_) => Err(BackendError::Unusable {
            what: key.to_string(),
            why: "packs are never written".into(),
        }),
    }
}

#[async_trait]
impl BackendMut for ToldBackend {
    async fn put_if_absent(&self, key: &Key, bytes: Bytes) -> Result<Put, BackendError> {
        outside_packs(key)?;
        let request = self.0.put_if_absent(key, bytes);
        told(of_store("put_if_absent", key.as_str()), request).await
    }

    async fn replace(&self, wanted: Replacement<'_>) -> Result<Replaced, BackendError> {
        let key = wanted.key;
        outside_packs(key)?;
        told(of_store("replace", key.as_str()), self.0.replace(wanted)).await
    }

    async fn conditions(&self) -> Result<Conditions, BackendError> {
        told(of_store("conditions", ""), self.0.conditions()).await
    }
}

#[cfg(test)]
#[path = "../../../tests/store/requests.rs"]
mod tests;
