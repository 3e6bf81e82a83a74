//! Keys, pastes and sizes from the terminal. Its answers to questions, and whatever else a person cannot
//! have typed, never become keys.

mod keys;
mod parser;

use crossterm::event::Event;
pub use parser::{Color, Parser};
use rustix::event::{PollFd, PollFlags, poll};
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

/// Bytes read at once.
const CHUNK: usize = 4 << 10;

/// The most events that wait; more stay with the terminal.
const MOST: usize = 256;

/// The terminal as it is read. Nothing is read ahead: while another program has the terminal, every byte is
/// its own.
pub struct Input {
    terminal: AsyncFd<OwnedFd>,
    sizes: Signal,
    parser: Parser,
    events: VecDeque<Event>,
    gone: bool,
}

impl Input {
    /// Opens the terminal for reading: standard input, or where that is something else, the terminal that
    /// the process belongs to.
    ///
    /// # Errors
    /// There is no terminal.
    #[expect(
        deprecated,
        reason = "its heir is unsafe; an owned file is the same for as long as it lives, which is all that it asks"
    )]
    pub fn open() -> io::Result<Self> {
        let terminal = match io::stdin().is_terminal() {
            true => io::stdin().as_fd().try_clone_to_owned()?,
            false => OpenOptions::new()
                .read(true)
                .open("/dev/tty")
                .map(File::into)?,
        };
        Ok(Self {
            terminal: AsyncFd::with_interest(terminal, Interest::READABLE)?,
            sizes: signal(SignalKind::window_change())?,
            parser: Parser::default(),
            events: VecDeque::new(),
            gone: false,
        })
    }

    /// Returns the next event; `None` once the terminal has gone.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            if self.gone {
                return None;
            }
            self.wait(None).await;
        }
    }

    /// Returns an event that is there already.
    pub fn ready(&mut self) -> Option<Event> {
        if self.events.is_empty() {
            self.read();
        }
        self.events.pop_front()
    }

    /// Returns the background's colour, once the terminal has been asked for it and for what it is; what is typed
    /// meanwhile is kept. An answer that comes later is dropped by the parser.
    pub async fn answer(&mut self, within: Duration) -> Option<Color> {
        self.parser.expect_answer();
        let until = Instant::now() + within;
        while self.parser.owes() && !self.gone && Instant::now() < until {
            self.wait(Some(until)).await;
        }
        self.parser.background()
    }

    /// Takes what is still owed, so that it is not typed into whatever comes after us.
    pub async fn take_what_is_owed(&mut self, within: Duration) {
        let until = Instant::now() + within;
        while self.parser.owes() && !self.gone && Instant::now() < until {
            self.wait(Some(until)).await;
        }
    }

    /// Waits until something has come, an unfinished sequence is given up, or it is too late.
    async fn wait(&mut self, until: Option<Instant>) {
        let deadline = self.parser.deadline().into_iter().chain(until).min();
        let asleep = async {
            match deadline {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.sizes.recv() => {
                if let Ok(size) = super::terminal::size() {
                    self.events.push_back(Event::Resize(size.width, size.height));
                }
            }
            ready = self.terminal.readable() => match ready {
                Ok(mut ready) => {
                    // The terminal's readiness is signalled once: it is asked itself what is there.
                    if !is_ready(self.terminal.get_ref().as_fd()) {
                        ready.clear_ready();
                    }
                    self.read();
                }
                Err(_) => self.gone = true,
            },
            () = asleep => self.events.extend(self.parser.give_up(Instant::now())),
        }
    }

    /// Reads all that is there, without waiting.
    fn read(&mut self) {
        let mut chunk = [0; CHUNK];
        while self.events.len() < MOST && !self.gone {
            let terminal = self.terminal.get_ref();
            if !is_ready(terminal.as_fd()) {
                return;
            }
            match rustix::io::read(terminal, &mut chunk) {
                // An end of file and an error alike: whoever was there has gone.
                Ok(0) => self.gone = true,
                Ok(count) => {
                    let typed = self.parser.take(&chunk[..count], Instant::now());
                    self.events.extend(typed);
                }
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => return,
                Err(_) => self.gone = true,
            }
        }
    }
}

/// Returns whether a read would not wait.
fn is_ready(terminal: BorrowedFd) -> bool {
    let mut asked = [PollFd::new(&terminal, PollFlags::IN)];
    let none = rustix::event::Timespec::default();
    matches!(poll(&mut asked, Some(&none)), Ok(count) if count > 0)
}

#[cfg(test)]
#[path = "../../tests/tui/input.rs"]
mod tests;
