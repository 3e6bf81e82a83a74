//! One round: the hub is opened anew, audited, and compared with the findings that were told last.

use super::state::Place;
use crate::cli::output::Output;
use crate::cli::watch::watch;
use crate::cli::{CliError, Exit};
use jiff::Timestamp;
use luthier_audit::finding_set::{self, Compared, Source};
use luthier_audit::{Options, Summary};
use luthier_hub::store::{Hub, Store};
use luthier_repair::history;
use std::time::{Duration, Instant};

/// The time that an audit gets to come to a safe point once the run was told to stop.
const LAST: Duration = Duration::from_secs(3);

/// The end of a round.
pub(super) enum Ended {
    Looked(Box<Looked>),
    /// The hub could not be audited, or the result could not be compared; a sentence that says why.
    Failed(String),
    /// The arguments or the configuration are wrong.
    Misused(CliError),
    Stopped,
}

/// An audit that came to its end.
pub(super) struct Looked {
    pub summary: Summary,
    pub compared: Compared,
    pub at: Timestamp,
    pub took: Duration,
}

/// Runs a round, which writes nothing to the hub.
pub(super) async fn run(hub: &Hub, options: &Options, place: &Place, out: &Output) -> Ended {
    let work = Box::pin(look(hub, options, place, out));
    tokio::select! {
        ended = work => match ended {
            Ok(looked) => Ended::Looked(Box::new(looked)),
            Err(error) if error.exit == Exit::Stopped => Ended::Stopped,
            Err(error) if error.exit == Exit::Usage => Ended::Misused(error),
            Err(error) => Ended::Failed(error.message),
        },
        () = too_late(out) => Ended::Stopped,
    }
}

/// Waits until the run was told to stop, and a little longer.
pub(super) async fn too_late(out: &Output) {
    out.stop.asked().await;
    tokio::time::sleep(LAST).await;
}

async fn look(
    hub: &Hub,
    options: &Options,
    place: &Place,
    out: &Output,
) -> Result<Looked, CliError> {
    let begun = Instant::now();
    let progress = out.job();
    let work = async {
        // Without an authority: nothing can be written.
        let store = Store::open_for(hub, None, &progress).await?;
        let report = luthier_audit::run(&store, options, &progress).await?;
        let at = Timestamp::now();
        history::add(hub, report.summary(), at.as_microsecond());
        let source = Source {
            hub: hub.fingerprint(),
            depth: options.depth.word().to_owned(),
            grace: options.grace,
            at: at.as_microsecond(),
            complete: report.summary().complete,
        };
        let compared = finding_set::compare(&report, source, &place.findings).await;
        Ok(Looked {
            summary: report.summary().clone(),
            compared: compared.map_err(CliError::unusable)?,
            at,
            took: begun.elapsed(),
        })
    };
    watch(out, &progress, work).await?
}
