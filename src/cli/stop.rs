//! The signals that stop a run: the first at its next safe point, the second at once.

use super::{CliError, Exit};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The time that a run gets to remove its temporary files when it must end at once. What blocks a thread for longer, a
/// full pipe for instance, does not keep the program.
const LAST: Duration = Duration::from_secs(2);

/// Knows whether the run was told to stop.
#[derive(Clone, Default)]
pub struct Stop {
    asked: CancellationToken,
    at_once: CancellationToken,
    reader_gone: Arc<AtomicBool>,
    watched: Arc<AtomicUsize>,
    handed_over: Arc<AtomicBool>,
}

impl Stop {
    /// Listens to SIGINT, SIGTERM and SIGHUP from now on.
    ///
    /// # Errors
    /// The system takes no handler.
    pub fn listen() -> Result<Self, CliError> {
        let stop = Self::default();
        let early = Arc::new(AtomicBool::new(false));
        let mut signals = Vec::new();
        for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
            signals.push(take(kind, &early)?);
        }
        // Whoever started the program with `nohup` wants it to outlive the terminal.
        if !is_ignored(SignalKind::hangup()) {
            signals.push(take(SignalKind::hangup(), &early)?);
        }
        if early.load(Ordering::SeqCst) {
            stop.hear();
        }
        for mut signal in signals {
            let stop = stop.clone();
            tokio::spawn(async move {
                while signal.recv().await.is_some() {
                    stop.hear();
                }
            });
        }
        Ok(stop)
    }

    fn hear(&self) {
        if self.handed_over.load(Ordering::SeqCst) {
            return;
        }
        let again = self.asked.is_cancelled();
        self.asked.cancel();
        if again || self.watched.load(Ordering::SeqCst) == 0 {
            self.leave(Exit::Stopped);
        }
    }

    /// Ends the run because nobody reads its output any more.
    pub fn reader_has_gone(&self) {
        self.reader_gone.store(true, Ordering::SeqCst);
        self.leave(Exit::Stopped);
    }

    fn leave(&self, exit: Exit) {
        self.at_once.cancel();
        // A thread of its own: the runtime's may be the ones that are blocked.
        std::thread::spawn(move || {
            std::thread::sleep(LAST);
            super::leave(exit);
        });
    }

    /// Waits until the run was told to stop.
    pub async fn asked(&self) {
        self.asked.cancelled().await;
    }

    /// Waits until the run has to end at once, and says how it ends.
    pub async fn at_once(&self) -> CliError {
        self.at_once.cancelled().await;
        match self.reader_gone.load(Ordering::SeqCst) {
            true => CliError::quiet(Exit::Stopped),
            false => CliError {
                message: "stopped before the end".to_owned(),
                exit: Exit::Stopped,
            },
        }
    }

    /// Returns a guard: while it lives, the first signal only asks the running work to stop at a safe point.
    pub fn watching(&self) -> Watching {
        self.watched.fetch_add(1, Ordering::SeqCst);
        Watching(self.watched.clone())
    }

    /// Leaves every signal from now on to the console, which listens for itself.
    pub fn hand_over(&self) {
        self.handed_over.store(true, Ordering::SeqCst);
    }
}

/// Keeps the first signal from ending the run at once.
pub struct Watching(Arc<AtomicUsize>);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Starts to listen to one kind of signal. One that comes between the handler and the first listener reaches no
/// listener, so the handler notes it in `early` first.
fn take(kind: SignalKind, early: &Arc<AtomicBool>) -> Result<Signal, CliError> {
    signal_hook::flag::register(kind.as_raw_value(), early.clone())
        .and_then(|_| signal(kind))
        .map_err(|error| CliError::unusable(format!("cannot listen to signals: {error}")))
}

/// Returns whether the program was started with this signal ignored. Linux alone tells without a system call that
/// changes it; elsewhere the answer is no.
fn is_ignored(kind: SignalKind) -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        return false;
    };
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (kind.as_raw_value() - 1) & 1 == 1)
}
