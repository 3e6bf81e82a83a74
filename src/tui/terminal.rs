//! The terminal: taken once, given back exactly once, whatever ends the session.

use super::degrade::{Look, degrade};
use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    SetTitle, disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Size;
use ratatui::{Frame, Terminal};
use std::io::{self, Stdout, Write, stdout};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the terminal is ours now. What gives it back asks first, so that it is given back once.
static OURS: AtomicBool = AtomicBool::new(false);

/// The screen that is drawn on. Dropping it gives the terminal back.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    look: Look,
    title: String,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// Standard output is no terminal, or does not answer.
    pub fn enter(look: Look) -> io::Result<Self> {
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
        if self.title != title {
            title.clone_into(&mut self.title);
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
        self.terminal.clear()
    }

    /// Gives text to the terminal's clipboard (OSC 52); nobody can know whether it arrived.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(stdout(), CopyToClipboard::to_clipboard_from(text))
    }

    /// Gives the terminal back, stops the process, and takes the terminal again when it goes on.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn suspend(&mut self) -> io::Result<()> {
        give_back();
        // The whole group, as the terminal itself would: whoever started us stops too.
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
        // The signal may be taken by another thread a moment later.
        std::thread::sleep(std::time::Duration::from_millis(50));
        take()?;
        self.title.clear();
        self.terminal.clear()
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
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide)
        .inspect_err(|_| give_back())
}

/// Puts every mode back that [`take`] changed. Errors are left alone: there is nobody to tell.
fn give_back() {
    if !OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = stdout();
    let _ = execute!(
        out,
        EndSynchronizedUpdate,
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
        }));
    });
}
