//! The terminal: taken once, given back exactly once, whatever ends the session.

use super::degrade::{Look, degrade};
use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste,
    EnableFocusChange, EnableMouseCapture,
};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, SetTitle, disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Size;
use ratatui::{Frame, Terminal};
use std::io::{self, Stdout, Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};

/// Whether the terminal is ours now. What gives it back asks first, so that it is given back once.
static OURS: AtomicBool = AtomicBool::new(false);

/// Whether the mouse is listened to, so that it is given back, and taken again.
static MOUSE: AtomicBool = AtomicBool::new(false);

/// Where a panic's message says that more is to be read.
static LOG: Mutex<Option<PathBuf>> = Mutex::new(None);

/// The screen that is drawn on. Dropping it gives the terminal back.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    look: Look,
    title: String,
}

impl Screen {
    /// Takes the terminal; a panic's message will name `log`.
    ///
    /// # Errors
    /// Standard output is no terminal, or does not answer.
    pub fn enter(look: Look, log: Option<&Path>) -> io::Result<Self> {
        *LOG.lock().unwrap_or_else(PoisonError::into_inner) = log.map(Path::to_owned);
        // crossterm's own NO_COLOR writes a reset that wipes reverse video out; `degrade` does it instead.
        crossterm::style::force_color_output(true);
        restore_on_panic();
        take()?;
        let terminal =
            Terminal::new(CrosstermBackend::new(stdout())).inspect_err(|_| give_back())?;
        Ok(Self {
            terminal,
            look,
            title: String::new(),
        })
    }

    /// The size in cells.
    ///
    /// # Errors
    /// The terminal does not say.
    pub fn size(&self) -> io::Result<Size> {
        self.terminal.size()
    }

    /// Draws one frame, in one piece for terminals that can wait for its end.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn draw(&mut self, title: &str, view: impl FnOnce(&mut Frame)) -> io::Result<()> {
        let mut out = stdout();
        queue!(out, BeginSynchronizedUpdate)?;
        let title = match self.look.unicode {
            true => title.to_owned(),
            false => crate::tui::degrade::plain(title),
        };
        if self.title != title {
            self.title.clone_from(&title);
            queue!(out, SetTitle(title))?;
        }
        let look = self.look;
        self.terminal.draw(|frame| {
            view(frame);
            degrade(frame.buffer_mut(), look);
        })?;
        execute!(out, EndSynchronizedUpdate)
    }

    /// Forgets what is on the screen, so that the next frame is drawn whole.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn clear(&mut self) -> io::Result<()> {
        // ratatui's own way asks where the cursor is, and waits for an answer among the keys.
        self.terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        execute!(stdout(), Clear(ClearType::All))
    }

    /// Gives text to the terminal's clipboard (OSC 52); nobody can know whether it arrived.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(stdout(), CopyToClipboard::to_clipboard_from(text))
    }

    /// Listens to the mouse, or leaves it to the terminal for selecting text.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn listen_to_mouse(&mut self, on: bool) -> io::Result<()> {
        MOUSE.store(on, Ordering::SeqCst);
        match on {
            true => execute!(stdout(), EnableMouseCapture),
            false => execute!(stdout(), DisableMouseCapture),
        }
    }

    /// Gives the terminal back, stops the process, and takes the terminal again when it goes on.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn suspend(&mut self) -> io::Result<()> {
        self.lend(|| {
            // The whole group, as the terminal itself would: whoever started us stops too.
            rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
            // The signal may be taken by another thread a moment later.
            std::thread::sleep(std::time::Duration::from_millis(50));
            Ok(())
        })
    }

    /// Gives the terminal to somebody else for as long as `work` takes.
    ///
    /// # Errors
    /// The terminal has gone; or `work` failed, with the terminal taken again.
    pub fn lend<T>(&mut self, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        give_back();
        let done = work();
        take()?;
        self.title.clear();
        self.clear()?;
        done
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    OURS.store(true, Ordering::SeqCst);
    let taken = execute!(
        stdout(),
        EnterAlternateScreen,
        EnableBracketedPaste,
        EnableFocusChange,
        Hide
    );
    let mouse = |()| match MOUSE.load(Ordering::SeqCst) {
        true => execute!(stdout(), EnableMouseCapture),
        false => Ok(()),
    };
    taken.and_then(mouse).inspect_err(|_| give_back())
}

/// Puts every mode back that [`take`] changed. Errors are left alone: there is nobody to tell.
fn give_back() {
    if !OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = stdout();
    if MOUSE.load(Ordering::SeqCst) {
        let _ = execute!(out, DisableMouseCapture);
    }
    let _ = execute!(
        out,
        EndSynchronizedUpdate,
        DisableFocusChange,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show
    );
    let _ = out.flush();
    let _ = disable_raw_mode();
}

/// A panic's message belongs on the terminal as it was before.
fn restore_on_panic() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            before(panic);
            let log = LOG.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(path) = log {
                super::log::append(&path, "panic", &panic.to_string());
                eprintln!("luthier: this is a bug; log: {}", path.display());
            }
        }));
    });
}

#[cfg(test)]
#[path = "../../tests/tui/terminal.rs"]
mod tests;
