//! A panic on any thread ends the program cleanly: the first one is kept, whoever runs the program is woken,
//! gives the terminal back, and tells it in one line.

use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use tokio_util::sync::CancellationToken;

/// The first panic, in one line.
static FIRST: Mutex<Option<String>> = Mutex::new(None);

/// Whether the run has ended.
static ENDED: AtomicBool = AtomicBool::new(false);

/// Takes panics over: nothing is printed where they happen, since a screen may be there. Each is in the log.
pub fn install() {
    std::panic::set_hook(Box::new(|panic| {
        let words = words(panic);
        tracing::error!("panic: {words}");
        if ENDED.load(Ordering::SeqCst) {
            return;
        }
        FIRST
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(words);
        happened().cancel();
    }));
}

/// Says that the run has ended: its runtime is about to go, and a thread that is still at work panics when it meets a
/// timer. That is no bug, and the run's end stands.
pub fn run_has_ended() {
    ENDED.store(true, Ordering::SeqCst);
}

/// Cancelled by the first panic.
pub fn happened() -> &'static CancellationToken {
    static HAPPENED: OnceLock<CancellationToken> = OnceLock::new();
    HAPPENED.get_or_init(CancellationToken::new)
}

/// The first panic in one line, if there was one.
#[must_use]
pub fn first() -> Option<String> {
    FIRST.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn words(panic: &PanicHookInfo) -> String {
    let payload = panic.payload_as_str().unwrap_or("(no message)");
    let place = panic
        .location()
        .map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
    let message: Vec<&str> = payload.split_whitespace().collect();
    format!("{}{place}", message.join(" "))
}

/// Panics here in a debug build that was told to by `LUTHIER_PANIC_AT`, so that tests can see what becomes of
/// a panic at this place.
pub fn provoke(place: &str) {
    if cfg!(debug_assertions) && std::env::var("LUTHIER_PANIC_AT").is_ok_and(|at| at == place) {
        panic!("provoked in {place}");
    }
}
