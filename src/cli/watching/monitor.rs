//! The figures of a watch for a monitor, and the address at which it reads them.

use super::round::Looked;
use crate::cli::CliError;
use crate::cli::output::Output;
use luthier_serve::{AuditFigures, Watched, watch_router};
use serde_json::json;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use tokio::net::TcpListener;

/// The figures of a watch, shared with whoever serves them.
#[derive(Clone)]
pub(super) struct Monitor(Arc<Mutex<Watched>>);

impl Monitor {
    /// Returns the figures before the first round.
    pub fn new(hub: &str) -> Self {
        Self(Arc::new(Mutex::new(Watched {
            hub: hub.to_owned(),
            ..Watched::default()
        })))
    }

    /// Serves the figures until the run is told to stop, and says where.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn serve(&self, at: SocketAddr, out: &Output) -> Result<(), CliError> {
        let listener = TcpListener::bind(at).await;
        let listener = listener
            .map_err(|error| CliError::unusable(format!("cannot listen on {at}: {error}")))?;
        let at = listener.local_addr().unwrap_or(at);
        let monitor = self.clone();
        let router = watch_router(move || monitor.figures().text(SystemTime::now()));
        let stop = out.stop.clone();
        tokio::spawn(async move {
            luthier_serve::serve(listener, None, router, stop.asked()).await;
        });
        let url = format!("http://{at}/metrics");
        match out.json {
            true => out.object(&json!({"type": "metrics", "url": url}))?,
            false => out.line(&format!("Metrics at {url}"))?,
        }
        out.flush()
    }

    /// Notes a round in which the hub could not be audited.
    pub fn failed(&self) {
        let mut figures = self.figures();
        figures.is_up = Some(false);
        figures.rounds += 1;
        figures.failed_rounds += 1;
    }

    /// Notes a call that failed for good.
    pub fn not_told(&self) {
        self.figures().failed_notices += 1;
    }

    /// Notes an audit.
    pub fn looked(&self, looked: &Looked) {
        let (summary, change) = (&looked.summary, &looked.compared.change);
        let checked = &summary.checked;
        let findings = change.findings.iter();
        let audit = AuditFigures {
            at: SystemTime::from(looked.at),
            took: looked.took,
            depth: summary.depth.word(),
            is_complete: change.complete,
            unknown: summary.unknown,
            findings: findings
                .map(|((code, grade), count)| ((code.name(), grade.word()), *count))
                .collect(),
            objects: BTreeMap::from([
                ("commit", checked.commits),
                ("snapshot", checked.snapshots),
                ("blob", checked.blobs),
            ]),
            listed: checked.listed,
            null_uris: summary.null_uris.clone(),
        };
        let mut figures = self.figures();
        figures.is_up = Some(true);
        figures.rounds += 1;
        figures.audit = Some(audit);
    }

    fn figures(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
