//! A person at a terminal: types keys, waits for words, looks at the parsed screen.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// How long a person would wait before calling it broken.
const PATIENCE: Duration = Duration::from_secs(30);

/// The parser of what the program prints, and whether it has ended.
struct Shared {
    parser: Mutex<(vt100::Parser, bool)>,
    changed: Condvar,
}

/// A program in a pseudo-terminal of its own.
pub struct Terminal {
    shared: Arc<Shared>,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    /// Where the program keeps its state; goes with the terminal.
    _home: tempfile::TempDir,
}

impl Terminal {
    /// Starts `luthier` with these arguments on a screen of this size.
    pub fn start(args: &[&str], columns: u16, rows: u16) -> Self {
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_luthier"));
        command.args(args);
        let home = tempfile::tempdir().unwrap();
        command.cwd(home.path());
        for (name, folder) in [
            ("HOME", ""),
            ("XDG_STATE_HOME", "state"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CACHE_HOME", "cache"),
        ] {
            command.env(name, home.path().join(folder));
        }
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        command.env_remove("NO_COLOR");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let shared = Arc::new(Shared {
            parser: Mutex::new((vt100::Parser::new(cells(rows), cells(columns), 0), false)),
            changed: Condvar::new(),
        });
        let feed = shared.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 8192];
            loop {
                let read = reader.read(&mut bytes).unwrap_or(0);
                let mut state = feed.parser.lock().unwrap();
                state.0.process(&bytes[..read]);
                state.1 |= read == 0;
                feed.changed.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        Self {
            shared,
            child,
            master: pair.master,
            writer,
            _home: home,
        }
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
        self.shared
            .parser
            .lock()
            .unwrap()
            .0
            .screen_mut()
            .set_size(cells(rows), cells(columns));
        self.master.resize(size).unwrap();
    }

    /// Waits until the screen is as described, and shows it when it never is.
    pub fn wait(&self, what: &str, is: impl Fn(&vt100::Screen) -> bool) {
        let until = Instant::now() + PATIENCE;
        let mut state = self.shared.parser.lock().unwrap();
        while !is(state.0.screen()) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !state.1,
                "waited for {what}; the screen is:\n{}",
                state.0.screen().contents()
            );
            state = self.shared.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits until a text is on the screen.
    pub fn see(&self, text: &str) {
        self.wait(text, |screen| screen.contents().contains(text));
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
        let until = Instant::now() + PATIENCE;
        let mut state = self.shared.parser.lock().unwrap();
        while !state.1 && Instant::now() < until {
            let waited = self.shared.changed.wait_timeout(state, PATIENCE);
            state = waited.unwrap().0;
        }
        let screen = state.0.screen();
        let left = Left {
            alternate_screen: screen.alternate_screen(),
            hidden_cursor: screen.hide_cursor(),
            bracketed_paste: screen.bracketed_paste(),
        };
        (status.exit_code(), left)
    }
}

/// The modes that a program must put back.
pub struct Left {
    pub alternate_screen: bool,
    pub hidden_cursor: bool,
    pub bracketed_paste: bool,
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}
