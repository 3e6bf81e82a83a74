//! Checks now and then whether both sides of the hub still answer.

use super::RunnerContext;
use crate::event::Event;
use crate::lines::clean;
use luthier_hub::store::Store;
use std::time::Duration;

/// Between two questions while all is well: two small requests.
const CALM: Duration = Duration::from_secs(5);

/// Between two questions while a side is away.
const ALARMED: Duration = Duration::from_secs(1);

/// A side that is silent for so long is away.
const TIMEOUT: Duration = Duration::from_secs(10);

impl RunnerContext {
    /// Tells when a side stops answering and when both answer again, as long as the session lasts.
    pub(super) async fn feel_pulse(&self) {
        let mut last = None;
        loop {
            let wait = if last.is_some() { ALARMED } else { CALM };
            tokio::time::sleep(wait).await;
            if self.out.is_closed() {
                return;
            }
            let Ok(store) = self.store() else { continue };
            let lost = match tokio::time::timeout(TIMEOUT, ask(&store)).await {
                Ok(lost) => lost,
                Err(_) => Some("no answer in time".to_owned()),
            };
            if lost.is_some() != last.is_some() {
                self.send(Event::Lost(lost.as_deref().map(clean)));
            }
            last = lost;
        }
    }
}

/// Asks both sides; returns the one that does not answer, and why.
async fn ask(store: &Store) -> Option<String> {
    if let Err(error) = store.index().now().await {
        return Some(error.to_string());
    }
    store
        .backend()
        .now()
        .await
        .err()
        .map(|error| error.to_string())
}
