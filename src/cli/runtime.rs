//! The end of the asynchronous runtime.

use std::mem::ManuallyDrop;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How long reads that nobody waits for any more may hold the exit up.
const LAST: Duration = Duration::from_millis(500);

/// Ends a runtime: drops its tasks and joins its threads, on a thread of its own. What is blocked for longer ends with
/// the process.
///
/// `Runtime::shutdown_background` would let go of the threads with `pthread_detach`, and glibc 2.36 reads a thread there
/// that may just have ended and whose memory is gone: a run that had done its work ended with a segmentation fault.
pub(super) fn end(runtime: Runtime) {
    let (tell, told) = mpsc::channel();
    let ending = thread::Builder::new().spawn(move || {
        drop(runtime);
        let _ = tell.send(());
    });
    // Dropping the handle would let go of that thread as well.
    let ending = ManuallyDrop::new(ending);
    if told.recv_timeout(LAST).is_ok()
        && let Ok(ending) = ManuallyDrop::into_inner(ending)
    {
        let _ = ending.join();
    }
}
