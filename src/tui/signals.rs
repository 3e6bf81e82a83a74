//! The signals that the console listens to.

use futures_util::FutureExt;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signaled {
    /// The session ends.
    End,
    /// The configuration is read again.
    Reload,
}

/// The signals that a session listens to.
pub struct Signals {
    terminate: Signal,
    hangup: Signal,
    /// Of a key it is none: the terminal is raw. Another program that has it takes its own.
    interrupt: Signal,
    /// `SIGUSR1`.
    reload: Signal,
    /// Sent by nobody but ourselves, to learn that whatever came before it has come here too.
    fence: Signal,
}

impl Signals {
    /// Listens to all of them.
    ///
    /// # Errors
    /// The system allows no handler.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            reload: signal(SignalKind::user_defined1())?,
            fence: signal(SignalKind::user_defined2())?,
        })
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) -> Signaled {
        tokio::select! {
            _ = self.terminate.recv() => Signaled::End,
            _ = self.hangup.recv() => Signaled::End,
            _ = self.interrupt.recv() => Signaled::End,
            _ = self.reload.recv() => Signaled::Reload,
        }
    }

    /// Forgets interrupts that were meant for somebody else.
    ///
    /// One may have been caught and still be on its way here: what was caught is passed on in rounds, each by
    /// the signals' numbers. The first fence ends the round that may have passed the interrupt by, the second
    /// one the round behind it.
    ///
    /// # Errors
    /// The fence cannot be sent.
    pub async fn forget_interrupts(&mut self) -> std::io::Result<()> {
        for _ in 0..2 {
            let (us, fence) = (rustix::process::getpid(), rustix::process::Signal::USR2);
            rustix::process::kill_process(us, fence)?;
            self.fence.recv().await;
        }
        while self.interrupt.recv().now_or_never().is_some() {}
        Ok(())
    }
}
