//! The program in a pseudo-terminal, frame by frame.

use super::machine::Used;
use super::seen::Seen;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long anything may take before it is called broken.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// What a frame starts and ends with.
const BEGIN: u64 = u64::from_be_bytes(*b"\x1b[?2026h");
const END: u64 = u64::from_be_bytes(*b"\x1b[?2026l");

/// Bytes as they came, and when.
struct Chunk {
    bytes: Vec<u8>,
    at: Instant,
}

/// One whole frame.
struct Frame {
    begun: Instant,
    ended: Instant,
    bytes: usize,
}

/// How a key was answered.
pub struct Answer {
    pub pressed: Instant,
    /// To the first byte of the frame.
    pub first: Duration,
    /// To its last.
    pub whole: Duration,
    pub bytes: usize,
}

/// The program, its screen as of the last whole frame, and what has come since.
pub struct Console {
    parser: vt100::Parser,
    chunks: Receiver<Chunk>,
    chunk: Chunk,
    /// How much of the chunk is on the screen.
    taken: usize,
    /// The last eight bytes: as long as what begins and ends a frame.
    tail: u64,
    begun: Instant,
    /// Bytes of the frame so far.
    bytes: usize,
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    /// Dropping it would end the terminal.
    _master: Box<dyn MasterPty + Send>,
    _home: tempfile::TempDir,
}

impl Console {
    /// Starts `luthier` with these arguments on a screen of this size.
    pub fn start(arguments: &[String], columns: u16, rows: u16) -> Self {
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let home = super::hub::home();
        let child = pair.slave.spawn_command(command(arguments, &home)).unwrap();
        drop(pair.slave);
        let reader = pair.master.try_clone_reader().unwrap();
        let (out, chunks) = channel();
        std::thread::spawn(move || read(reader, &out));
        let cells = |count| NonZeroU16::new(count).unwrap();
        let now = Instant::now();
        Self {
            parser: vt100::Parser::new(cells(rows), cells(columns), 0),
            chunks,
            chunk: Chunk {
                bytes: Vec::new(),
                at: now,
            },
            taken: 0,
            tail: 0,
            begun: now,
            bytes: 0,
            child,
            writer: pair.master.take_writer().unwrap(),
            _master: pair.master,
            _home: home,
        }
    }

    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// Types bytes as a terminal sends them.
    pub fn send(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Waits until the screen is as described.
    pub fn wait(&mut self, what: &str, is: impl Fn(&vt100::Screen) -> bool) {
        let until = Instant::now() + TIMEOUT;
        while !is(self.screen()) {
            assert!(
                self.frame(until).is_some(),
                "waited for {what}; the screen is:\n{}",
                self.screen().contents()
            );
        }
    }

    /// Types a key and waits for the frame that answers it: begun after the key, and with another
    /// place in the list than before. What moves by itself, a spinner or a gauge, is no answer.
    pub fn press(&mut self, key: &str, patience: Duration) -> Option<Answer> {
        let before = Seen::of(self.screen());
        let pressed = Instant::now();
        self.send(key);
        loop {
            let frame = self.frame(pressed + patience)?;
            if frame.begun >= pressed && Seen::of(self.screen()) != before {
                return Some(Answer {
                    pressed,
                    first: frame.begun - pressed,
                    whole: frame.ended - pressed,
                    bytes: frame.bytes,
                });
            }
        }
    }

    /// Takes what comes in this time; how many bytes that were.
    pub fn rest(&mut self, time: Duration) -> usize {
        let until = Instant::now() + time;
        let mut bytes = 0;
        while let Some(frame) = self.frame(until) {
            bytes += frame.bytes;
        }
        bytes
    }

    /// Waits until nothing has come for this time, with patience but not for ever.
    pub fn quiet(&mut self, time: Duration) {
        let until = Instant::now() + TIMEOUT;
        while Instant::now() < until && self.rest(time) > 0 {}
    }

    /// The time that processors have been used.
    pub fn used(&self) -> Used {
        Used::now(self.child.process_id().unwrap())
    }

    /// Leaves the program.
    pub fn leave(mut self) {
        self.send("q");
        let status = self.child.wait().unwrap();
        assert!(status.success(), "left with {status}");
    }

    /// Brings the next whole frame on the screen. What comes between two frames counts to the second.
    fn frame(&mut self, until: Instant) -> Option<Frame> {
        loop {
            if let Some(frame) = self.take() {
                return Some(frame);
            }
            let left = until.saturating_duration_since(Instant::now());
            self.chunk = match self.chunks.recv_timeout(left) {
                Ok(chunk) => chunk,
                Err(RecvTimeoutError::Timeout) => return None,
                Err(RecvTimeoutError::Disconnected) => panic!("the program has ended"),
            };
            self.taken = 0;
        }
    }

    /// Puts bytes on the screen, to the end of the frame or of the chunk.
    fn take(&mut self) -> Option<Frame> {
        let start = self.taken;
        let mut ended = false;
        for byte in &self.chunk.bytes[start..] {
            self.taken += 1;
            self.tail = self.tail << 8 | u64::from(*byte);
            if self.tail == BEGIN {
                self.begun = self.chunk.at;
            }
            ended = self.tail == END;
            if ended {
                break;
            }
        }
        self.parser.process(&self.chunk.bytes[start..self.taken]);
        self.bytes += self.taken - start;
        ended.then(|| Frame {
            begun: self.begun,
            ended: self.chunk.at,
            bytes: std::mem::take(&mut self.bytes),
        })
    }
}

fn command(arguments: &[String], home: &tempfile::TempDir) -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_luthier"));
    command.args(arguments);
    command.cwd(home.path());
    for (name, folder) in super::hub::HOMES {
        command.env(name, home.path().join(folder));
    }
    command.env("TERM", "xterm-256color");
    command.env("LC_ALL", "C.UTF-8");
    // Far away, the program draws less.
    for name in ["NO_COLOR", "SSH_CONNECTION", "LUTHIER_PROFILE"] {
        command.env_remove(name);
    }
    command
}

/// Hands bytes on as they come. The time is taken here: what the other thread does delays no measure.
fn read(mut reader: Box<dyn Read + Send>, out: &std::sync::mpsc::Sender<Chunk>) {
    let mut bytes = [0; 65_536];
    while let Ok(read @ 1..) = reader.read(&mut bytes) {
        let chunk = Chunk {
            at: Instant::now(),
            bytes: bytes[..read].to_vec(),
        };
        if out.send(chunk).is_err() {
            return;
        }
    }
}
