//! The terminal: taken once, given back exactly once, whatever ends the session. A panic unwinds, so it gives
//! the terminal back as every other end does; its message comes after.

use super::degrade::{TermCaps, degrade};
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
use ratatui::layout::{Rect, Size};
use ratatui::{Frame, Terminal};
use ratatui::{TerminalOptions, Viewport};
use std::fs::File;
use std::io::{self, Stdout, Write, stdout};
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set while the terminal is ours; whoever gives it back checks this first, so that it is given back once. What gives
/// it back asks first, so that it is given back once.
static OURS: AtomicBool = AtomicBool::new(false);

/// Set while the mouse is used, so that it is given back, and taken again.
static MOUSE: AtomicBool = AtomicBool::new(false);

/// The size where the terminal says that it has none, as a serial line does.
const UNKNOWN: Size = Size::new(80, 24);

/// The screen that is drawn on. Dropping it gives the terminal back.
pub struct Screen {
    /// Never dropped: ratatui shows the cursor then, and panics where there is no terminal any more.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
    size: Size,
    caps: TermCaps,
    title: String,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// Standard output is no terminal, or does not answer.
    pub fn enter(caps: TermCaps) -> io::Result<Self> {
        // crossterm's own NO_COLOR writes a reset that wipes reverse video out; `degrade` does it instead.
        crossterm::style::force_color_output(true);
        take()?;
        let size = size().inspect_err(|_| give_back())?;
        let terminal = terminal(size).inspect_err(|_| give_back())?;
        Ok(Self {
            terminal: ManuallyDrop::new(terminal),
            size,
            caps,
            title: String::new(),
        })
    }

    /// Returns the size in cells, as of the last frame.
    #[must_use]
    pub fn size(&self) -> Size {
        self.size
    }

    /// Draws for a terminal that can show this, from the next frame on.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn set_caps(&mut self, caps: TermCaps) -> io::Result<()> {
        if self.caps == caps {
            return Ok(());
        }
        self.caps = caps;
        self.clear()
    }

    /// Asks the terminal for the colour of its background, and what it is, which every terminal answers.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn ask_for_background(&mut self) -> io::Result<()> {
        let mut out = stdout();
        out.write_all(b"\x1b]11;?\x1b\\\x1b[c")?;
        out.flush()
    }

    /// Takes the size that the terminal has now, for the next frame, and returns it.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn fit(&mut self) -> io::Result<Size> {
        let now = size()?;
        if now != self.size {
            self.size = now;
            self.terminal.resize(Rect::from(now))?;
        }
        Ok(now)
    }

    /// Draws one frame of the size that was fitted last, in one piece for terminals that can wait for its end.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn draw(&mut self, title: &str, view: impl FnOnce(&mut Frame)) -> io::Result<()> {
        let mut out = stdout();
        queue!(out, BeginSynchronizedUpdate)?;
        let title = match self.caps.unicode {
            true => title.to_owned(),
            false => crate::degrade::plain(title),
        };
        if self.title != title {
            self.title.clone_from(&title);
            queue!(out, SetTitle(title))?;
        }
        let caps = self.caps;
        self.terminal.draw(|frame| {
            view(frame);
            degrade(frame.buffer_mut(), caps);
        })?;
        execute!(out, EndSynchronizedUpdate)
    }

    /// Forgets what is on the screen, so that the next frame is drawn whole.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn clear(&mut self) -> io::Result<()> {
        self.size = size()?;
        self.terminal.resize(Rect::from(self.size))?;
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

/// Returns the size of the terminal in cells.
///
/// # Errors
/// There is no terminal any more.
pub fn size() -> io::Result<Size> {
    let asked = rustix::termios::tcgetwinsize(stdout());
    let said = match asked {
        Ok(said) => said,
        Err(_) => rustix::termios::tcgetwinsize(File::open("/dev/tty")?)?,
    };
    Ok(match (said.ws_col, said.ws_row) {
        (0, _) | (_, 0) => UNKNOWN,
        (columns, rows) => Size::new(columns, rows),
    })
}

/// Returns the terminal to draw on. Its size is given to it: left to itself, it starts other programs to learn one.
fn terminal(size: Size) -> io::Result<Terminal<CrosstermBackend<Stdout>>> {
    let options = TerminalOptions {
        viewport: Viewport::Fixed(Rect::from(size)),
    };
    Terminal::with_options(CrosstermBackend::new(stdout()), options)
}

#[cfg(test)]
#[path = "../../tests/tui/terminal.rs"]
mod tests;
