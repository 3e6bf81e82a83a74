//! A panic on any thread ends the program cleanly: the first one is kept, whoever runs the program is woken,
//! gives the terminal back, and tells it in one line.

use std::panic::PanicHookInfo;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};
use tokio_util::sync::CancellationToken;

/// A panic in one line.
#[derive(Clone, Debug)]
pub struct Panic {
    pub words: String,
    /// The log that it is kept in.
    pub log: Option<PathBuf>,
}

/// The first panic.
static FIRST: Mutex<Option<Panic>> = Mutex::new(None);

/// Takes panics over: nothing is printed where they happen, since a screen may be there. Each is handed to
/// `keep`, which says where it is kept.
pub fn install(keep: impl Fn(&str) -> Option<PathBuf> + Send + Sync + 'static) {
    std::panic::set_hook(Box::new(move |panic| {
        let words = words(panic);
        let log = keep(&words);
        FIRST
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(Panic { words, log });
        happened().cancel();
    }));
}

/// Cancelled by the first panic.
pub fn happened() -> &'static CancellationToken {
    static HAPPENED: OnceLock<CancellationToken> = OnceLock::new();
    HAPPENED.get_or_init(CancellationToken::new)
}

/// Returns the first panic, if there was one.
#[must_use]
pub fn first() -> Option<Panic> {
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
