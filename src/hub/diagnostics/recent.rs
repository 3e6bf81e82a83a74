//! The newest lines of the log, held for the console.

use super::{CONSOLE, Clean, PHASES};
use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, fmt};

/// Lines that wait for the console; beyond, the oldest go.
const HELD: usize = 1_000;

static WAITING: Mutex<VecDeque<Line>> = Mutex::new(VecDeque::new());

/// One line of the log.
#[derive(Clone, Debug)]
pub struct Line {
    pub at: Instant,
    pub level: Level,
    pub text: String,
}

/// Takes what waits, oldest first.
pub(super) fn take() -> Vec<Line> {
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    waiting.drain(..).collect()
}

/// Holds each line without its moment and level, which [`Line`] has.
pub(super) fn layer<S>() -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fmt::layer()
        .with_ansi(false)
        .log_internal_errors(false)
        .without_time()
        .with_level(false)
        .with_target(false)
        .with_writer(Clean(Hold))
}

/// Makes writers that hold what they are given.
struct Hold;

impl<'a> MakeWriter<'a> for Hold {
    type Writer = Held;

    fn make_writer(&'a self) -> Held {
        Held(None)
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Held {
        // Notices are shown by the console already, and so are the phases of its jobs.
        let phase = meta.target() == PHASES && *meta.level() == Level::INFO;
        let shown = meta.target() == CONSOLE || phase;
        Held((!shown).then_some(*meta.level()))
    }
}

struct Held(Option<Level>);

impl Write for Held {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Some(level) = self.0 {
            let text = String::from_utf8_lossy(line).trim().to_owned();
            let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.len() == HELD {
                waiting.pop_front();
            }
            waiting.push_back(Line {
                at: Instant::now(),
                level,
                text,
            });
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
