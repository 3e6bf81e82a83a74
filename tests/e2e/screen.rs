//! A person at a terminal: types keys, waits for words, looks at the parsed screen.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// The program itself.
pub const LUTHIER: &str = env!("CARGO_BIN_EXE_luthier");

/// How long a person would wait before calling it broken.
const TIMEOUT: Duration = Duration::from_secs(90);

/// What the program printed.
struct Printed {
    parser: vt100::Parser,
    /// Every byte of it.
    raw: Vec<u8>,
    ended: bool,
    /// The terminal is to go away.
    hung_up: bool,
}

struct Shared {
    printed: Mutex<Printed>,
    changed: Condvar,
}

/// A program in a pseudo-terminal of its own.
pub struct Terminal {
    shared: Arc<Shared>,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    /// Where the program keeps its state; goes with the terminal.
    home: Arc<tempfile::TempDir>,
}

impl Terminal {
    /// Starts `luthier` with these arguments on a screen of this size.
    pub fn start(args: &[&str], columns: u16, rows: u16) -> Self {
        Self::with(LUTHIER, args, &[], columns, rows)
    }

    /// Starts a program with these arguments and variables.
    pub fn with(
        program: &str,
        args: &[&str],
        variables: &[(&str, &str)],
        columns: u16,
        rows: u16,
    ) -> Self {
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(args);
        let home = tempfile::tempdir().unwrap();
        command.cwd(home.path());
        for (name, folder) in [
            ("HOME", ""),
            ("XDG_STATE_HOME", "state"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CACHE_HOME", "cache"),
            ("TMPDIR", "tmp"),
        ] {
            command.env(name, home.path().join(folder));
        }
        std::fs::create_dir(home.path().join("tmp")).unwrap();
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        for name in ["NO_COLOR", "COLORTERM", "SSH_CONNECTION", "PAGER", "EDITOR"] {
            command.env_remove(name);
        }
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let shared = Arc::new(Shared {
            printed: Mutex::new(Printed {
                parser: vt100::Parser::new(cells(rows), cells(columns), 0),
                raw: Vec::new(),
                ended: false,
                hung_up: false,
            }),
            changed: Condvar::new(),
        });
        let feed = shared.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 8192];
            loop {
                let read = reader.read(&mut bytes).unwrap_or(0);
                let mut printed = feed.printed.lock().unwrap();
                printed.parser.process(&bytes[..read]);
                printed.raw.extend(&bytes[..read]);
                printed.ended |= read == 0 || printed.hung_up;
                feed.changed.notify_all();
                if printed.ended {
                    return;
                }
            }
        });
        Self {
            shared,
            child,
            master: pair.master,
            writer,
            home: Arc::new(home),
        }
    }

    /// Where the program keeps its state and its temporary files.
    pub fn home(&self) -> Arc<tempfile::TempDir> {
        self.home.clone()
    }

    /// Takes the terminal away, as a pane that is closed does; the exit code of the program.
    pub fn hang_up(mut self) -> u32 {
        self.shared.printed.lock().unwrap().hung_up = true;
        // Whoever reads holds the terminal too, until there is something to read.
        self.send("?");
        let until = Instant::now() + TIMEOUT;
        let mut printed = self.shared.printed.lock().unwrap();
        while !printed.ended && Instant::now() < until {
            let waited = self.shared.changed.wait_timeout(printed, TIMEOUT);
            printed = waited.unwrap().0;
        }
        drop(printed);
        drop((self.master, self.writer));
        self.child.wait().unwrap().exit_code()
    }

    /// Types bytes as a terminal sends them.
    pub fn send(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Changes the size of the screen.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let mut printed = self.shared.printed.lock().unwrap();
        let screen = printed.parser.screen_mut();
        screen.set_size(cells(rows), cells(columns));
        drop(printed);
        self.master.resize(size).unwrap();
    }

    /// Waits until the screen is as described, and shows it when it never is.
    pub fn wait(&self, what: &str, is: impl Fn(&vt100::Screen) -> bool) {
        self.until(what, |printed| is(printed.parser.screen()));
    }

    /// Waits until the bytes are as described.
    pub fn wait_raw(&self, what: &str, is: impl Fn(&[u8]) -> bool) {
        self.until(what, |printed| is(&printed.raw));
    }

    fn until(&self, what: &str, is: impl Fn(&Printed) -> bool) {
        let until = Instant::now() + TIMEOUT;
        let mut printed = self.shared.printed.lock().unwrap();
        while !is(&printed) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !printed.ended,
                "waited for {what}; the screen is:\n{}",
                printed.parser.screen().contents()
            );
            printed = self.shared.changed.wait_timeout(printed, left).unwrap().0;
        }
    }

    /// Waits until a text is on the screen.
    pub fn see(&self, text: &str) {
        self.wait(text, |screen| screen.contents().contains(text));
    }

    /// Waits until findings are listed, wherever the cursor is: it goes to the first that can be repaired.
    pub fn list(&self) {
        self.wait("a list of findings", lists_findings);
    }

    /// The screen as it is.
    pub fn screen(&self) -> vt100::Screen {
        self.shared.printed.lock().unwrap().parser.screen().clone()
    }

    /// Every byte that was printed so far.
    pub fn raw(&self) -> Vec<u8> {
        self.shared.printed.lock().unwrap().raw.clone()
    }

    /// Sends the process a signal, by its name.
    pub fn signal(&self, name: &str) {
        let id = self.child.process_id().unwrap().to_string();
        let sent = std::process::Command::new("kill")
            .args(["-s", name, &id])
            .status();
        assert!(sent.unwrap().success(), "kill -s {name} {id}");
    }

    /// Waits for the end; the exit code, and how the terminal was left.
    pub fn end(mut self) -> (u32, Left) {
        let status = self.child.wait().unwrap();
        let until = Instant::now() + TIMEOUT;
        let mut printed = self.shared.printed.lock().unwrap();
        while !printed.ended && Instant::now() < until {
            let waited = self.shared.changed.wait_timeout(printed, TIMEOUT);
            printed = waited.unwrap().0;
        }
        let screen = printed.parser.screen();
        let left = Left {
            alternate_screen: screen.alternate_screen(),
            hidden_cursor: screen.hide_cursor(),
            bracketed_paste: screen.bracketed_paste(),
            text: screen.contents(),
            raw: printed.raw.clone(),
        };
        (status.exit_code(), left)
    }
}

/// The modes that a program must put back.
pub struct Left {
    pub alternate_screen: bool,
    pub hidden_cursor: bool,
    pub bracketed_paste: bool,
    /// What stands on it.
    pub text: String,
    /// Every byte that was printed.
    pub raw: Vec<u8>,
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

/// Whether the first line and the frames of the panes stand where they belong.
pub fn is_whole(screen: &vt100::Screen) -> bool {
    let text = screen.contents();
    let lines: Vec<&str> = text.lines().collect();
    let panes = lines
        .get(2..lines.len().saturating_sub(3))
        .unwrap_or_default();
    let closed = |line: &&str| line.ends_with(['│', '╯', '╮']);
    lines
        .first()
        .is_some_and(|line| line.contains("READ-ONLY") || line.contains("WRITE"))
        && !panes.is_empty()
        && panes.iter().all(closed)
}

/// Whether findings are listed and one is under the cursor.
pub fn lists_findings(screen: &vt100::Screen) -> bool {
    let contents = screen.contents();
    let mut counts = contents.split("findings  ").skip(1);
    counts.any(|count| count.starts_with(|first: char| first.is_ascii_digit()))
}
