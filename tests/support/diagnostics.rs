//! Lines of the log, as a test reads them.

use super::{Clean, filter, lines};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::SubscriberExt;

/// What was logged on this thread since [`record`].
#[derive(Clone, Default)]
pub(crate) struct Recorded(Arc<Mutex<Vec<u8>>>);

impl Recorded {
    /// All lines so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Recorded {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Records what this thread logs from `level` on, until the guard is dropped.
pub(crate) fn record(level: LevelFilter) -> (DefaultGuard, Recorded) {
    let recorded = Recorded::default();
    let writer = recorded.clone();
    let layer = lines(Clean(move || writer.clone()), false);
    let subscriber = tracing_subscriber::registry().with(level).with(layer);
    (tracing::subscriber::set_default(subscriber), recorded)
}

#[test]
fn every_field_and_message_passes_both_filters_and_an_event_is_one_line() {
    let (_guard, log) = record(LevelFilter::INFO);
    let hostile = "a\u{1b}[2J\nb\u{202e}c";
    let span = tracing::info_span!("request", url = "postgres://u:s3cret@db/hub", key = hostile);
    let _in = span.enter();
    tracing::info!(token = "s3cret", text = %hostile, debug = ?hostile, "{hostile} password=s3cret");
    let text = log.text();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(!text.contains("s3cret"), "{text}");
    assert!(text.contains("postgres://***@db/hub"), "{text}");
    let acts = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
    assert!(!text.contains(acts), "{text:?}");
}

#[test]
fn one_v_more_shows_requests_and_libraries_only_warn() {
    use tracing::Level;
    let shown =
        |verbose, target, level| filter(None, verbose).unwrap().would_enable(target, &level);
    for verbose in [0, 1] {
        assert!(shown(verbose, "luthier::store::requests", Level::INFO));
        assert!(!shown(verbose, "luthier::store::requests", Level::DEBUG));
    }
    assert!(shown(2, "luthier::store::requests", Level::DEBUG));
    assert!(shown(2, "sqlx::query", Level::WARN) && !shown(2, "sqlx::query", Level::INFO));
    let own = filter(Some("warn,luthier_audit=trace"), 2).unwrap();
    assert!(own.would_enable("luthier_audit", &Level::TRACE));
    assert!(!own.would_enable("luthier::store", &Level::INFO));
    let why = filter(Some("luthier=loud"), 0).unwrap_err().to_string();
    assert!(
        why.contains("LUTHIER_LOG=luthier=loud") && why.contains("debug"),
        "{why}"
    );
}
