//! The terminal's bytes, taken apart. What is unfinished waits for its rest for a bounded time.

use super::keys;
use crossterm::event::{Event, KeyCode, KeyModifiers};
use std::time::Duration;
use tokio::time::Instant;

/// The longest wait for the rest of a key after an escape; a person's own escape waits as long.
const KEY: Duration = Duration::from_millis(30);

/// The same, while the terminal owes an answer: it begins with an escape too.
const OWED: Duration = Duration::from_millis(150);

/// The longest pause within a sequence that no person types; after it, the sequence counts as cut off.
const PAUSE: Duration = Duration::from_secs(2);

/// The longest pause within a paste: what follows it must not be typed as keys.
const PASTE_PAUSE: Duration = Duration::from_secs(5);

/// The time after a question during which an answer is expected. Later ones are known by their form alone.
const DEBT: Duration = Duration::from_secs(10);

/// Bytes of a control sequence.
const LONGEST_CSI: usize = 256;

/// Bytes of a terminal's own string; what is longer ends here.
const LONGEST_STRING: usize = 64 << 10;

/// Bytes of a paste that are kept.
const LONGEST_PASTE: usize = 1 << 20;

/// The end of a paste.
const PASTE_END: &[u8] = b"\x1b[201~";

/// Red, green and blue, each from 0 to 1.
pub type Color = [f64; 3];

/// The sequence that the bytes so far begin.
#[derive(Debug, Default)]
enum State {
    #[default]
    Ground,
    /// A character of so many bytes.
    Character {
        alt: bool,
        length: usize,
    },
    Escape,
    /// A control sequence: `ESC [`.
    Control,
    /// A function key of old terminals: `ESC O`.
    Function,
    /// Of the Linux console: `ESC [ [`.
    Console,
    /// A string that the terminal says by itself (OSC, DCS, APC, PM, SOS); `ends` after an escape in it.
    String {
        opened: u8,
        ends: bool,
    },
    Paste,
    /// Three bytes of a mouse that knows no other way.
    Mouse,
}

/// Bytes in, events out. Its only input besides bytes is the time that the caller passes.
#[derive(Debug, Default)]
pub struct Parser {
    state: State,
    /// Of what is unfinished.
    pub(super) kept: Vec<u8>,
    /// Bytes of the string under way that were not kept.
    dropped: usize,
    deadline: Option<Instant>,
    /// Set if the current sequence began with an escape that was not given up yet.
    escaped: bool,
    /// The last escape was given up, and may have begun an answer.
    split: bool,
    owed_until: Option<Instant>,
    answered: bool,
    background: Option<Color>,
}

impl Parser {
    /// Takes bytes; the events that they complete.
    pub fn take(&mut self, bytes: &[u8], now: Instant) -> Vec<Event> {
        let mut out = Vec::new();
        for byte in bytes {
            self.byte(*byte, &mut out);
        }
        self.deadline = self.patience(now).map(|patience| now + patience);
        out
    }

    /// Returns the time at which an unfinished sequence is given up.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Ends a sequence whose rest has not come: keys are kept, and anything else is dropped.
    pub fn give_up(&mut self, now: Instant) -> Vec<Event> {
        let mut out = Vec::new();
        if self.deadline.is_none_or(|at| at > now) {
            return out;
        }
        self.deadline = None;
        let is_said = self.is_said();
        match std::mem::take(&mut self.state) {
            State::Escape => {
                self.split = self.is_owed(now);
                out.push(keys::key(KeyCode::Esc, KeyModifiers::NONE));
            }
            State::Control if self.kept.is_empty() => keys::typed(b'[', self.escaped, &mut out),
            State::Function => keys::typed(b'O', true, &mut out),
            State::String { opened, ends } if !ends && !is_said => self.type_out(opened, &mut out),
            State::Paste => out.push(self.pasted()),
            _ => {}
        }
        self.kept.clear();
        out
    }

    /// Notes that a query was sent to the terminal.
    pub fn expect_answer(&mut self) {
        self.owed_until = Some(Instant::now() + DEBT);
        self.answered = false;
    }

    /// Returns whether an answer is still owed.
    pub fn owes(&self) -> bool {
        !self.answered && self.is_owed(Instant::now())
    }

    /// Returns whether an answer may still come: some terminals say what they are before they say their colour.
    fn is_owed(&self, now: Instant) -> bool {
        self.owed_until.is_some_and(|until| now < until)
    }

    /// Returns the background's colour, where the terminal said it.
    pub fn background(&self) -> Option<Color> {
        self.background
    }

    /// Returns how long to wait for the rest of an unfinished sequence.
    fn patience(&self, now: Instant) -> Option<Duration> {
        let owed = self.is_owed(now);
        let key = if owed { OWED } else { KEY };
        match &self.state {
            State::Ground => None,
            State::Escape => Some(key),
            // A person who holds alt can wait while an answer may have begun.
            State::Control if self.kept.is_empty() && !(owed && self.escaped) => Some(key),
            State::Function | State::Character { .. } | State::Console => Some(OWED),
            State::String { ends: false, .. } if !(self.is_said() || owed && self.escaped) => {
                Some(OWED)
            }
            State::Control | State::String { .. } | State::Mouse => Some(PAUSE),
            State::Paste => Some(PASTE_PAUSE),
        }
    }

    /// Returns whether the string under way is one for sure: a person may have typed its first bytes.
    fn is_said(&self) -> bool {
        let digits = self.kept.iter().take_while(|byte| byte.is_ascii_digit());
        match &self.state {
            State::String { opened: b']', .. } => self.kept.len() > digits.count(),
            _ => self.dropped > 0 || self.kept.len() > 1,
        }
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<Event>) {
        match &mut self.state {
            State::Ground => self.ground(byte, false, out),
            State::Character { alt, length } => {
                let (alt, length) = (*alt, *length);
                self.character(byte, alt, length, out);
            }
            State::Escape => self.escape(byte, out),
            State::Control => self.control(byte, out),
            State::Function => {
                self.state = State::Ground;
                out.extend(keys::function(byte));
            }
            State::Console => {
                self.state = State::Ground;
                out.extend(keys::console(byte));
            }
            State::String { .. } => self.string(byte, out),
            State::Paste => {
                self.kept.push(byte);
                if self.kept.ends_with(PASTE_END) {
                    self.state = State::Ground;
                    self.kept.truncate(self.kept.len() - PASTE_END.len());
                    out.push(self.pasted());
                } else if self.kept.len() > LONGEST_PASTE + PASTE_END.len() {
                    // The end may have begun: it stays, and what precedes it goes.
                    self.kept.drain(LONGEST_PASTE..=LONGEST_PASTE);
                }
            }
            State::Mouse => {
                self.kept.push(byte);
                if self.kept.len() == 3 {
                    self.state = State::Ground;
                    out.extend(keys::old_mouse(&std::mem::take(&mut self.kept)));
                }
            }
        }
    }

    fn ground(&mut self, byte: u8, alt: bool, out: &mut Vec<Event>) {
        self.kept.clear();
        self.state = State::Ground;
        let split = std::mem::take(&mut self.split);
        match byte {
            0x1b => self.state = State::Escape,
            b'[' | b']' if split && !alt => self.begin(byte, false),
            0..0x80 => keys::typed(byte, alt, out),
            _ => {
                let length = match byte {
                    0xc2..=0xdf => 2,
                    0xe0..=0xef => 3,
                    0xf0..=0xf4 => 4,
                    _ => return,
                };
                self.kept.push(byte);
                self.state = State::Character { alt, length };
            }
        }
    }

    fn character(&mut self, byte: u8, alt: bool, length: usize, out: &mut Vec<Event>) {
        if !(0x80..0xc0).contains(&byte) {
            return self.ground(byte, false, out);
        }
        self.kept.push(byte);
        if self.kept.len() == length {
            self.state = State::Ground;
            let kept = std::mem::take(&mut self.kept);
            let text = std::str::from_utf8(&kept).ok();
            if let Some(char) = text.and_then(|text| text.chars().next()) {
                out.push(keys::char(char, alt));
            }
        }
    }

    fn escape(&mut self, byte: u8, out: &mut Vec<Event>) {
        match byte {
            b'[' | b'O' | b']' | b'P' | b'X' | b'^' | b'_' => self.begin(byte, true),
            0x1b => out.push(keys::key(KeyCode::Esc, KeyModifiers::NONE)),
            _ => self.ground(byte, true, out),
        }
    }

    /// Begins what this byte opens behind an escape.
    fn begin(&mut self, opened: u8, escaped: bool) {
        self.kept.clear();
        (self.dropped, self.escaped) = (0, escaped);
        self.state = match opened {
            b'[' => State::Control,
            b'O' => State::Function,
            _ => State::String {
                opened,
                ends: false,
            },
        };
    }

    /// Emits the bytes that looked like the beginning of a string as typed keys.
    fn type_out(&mut self, opened: u8, out: &mut Vec<Event>) {
        keys::typed(opened, self.escaped, out);
        for byte in std::mem::take(&mut self.kept) {
            self.ground(byte, false, out);
        }
    }

    fn control(&mut self, byte: u8, out: &mut Vec<Event>) {
        match byte {
            b'[' if self.kept.is_empty() => self.state = State::Console,
            0x20..0x40 if self.kept.len() < LONGEST_CSI => self.kept.push(byte),
            0x20..0x40 => {}
            0x40..0x7f => {
                self.state = State::Ground;
                let sequence = std::mem::take(&mut self.kept);
                match (sequence.as_slice(), byte) {
                    (b"", b'M') => self.state = State::Mouse,
                    (b"200", b'~') => self.state = State::Paste,
                    // What the terminal is: the last of the answers that were asked for.
                    ([b'?', ..], b'c') => self.answered = true,
                    (sequence, last) => out.extend(keys::control(sequence, last)),
                }
            }
            // It was cut off, and this belongs to something else.
            _ => self.ground(byte, false, out),
        }
    }

    fn string(&mut self, byte: u8, out: &mut Vec<Event>) {
        let State::String { opened, ends } = self.state else {
            return;
        };
        match byte {
            b'\\' if ends => self.said(),
            // It was cut off, and another sequence has begun.
            _ if ends => self.escape(byte, out),
            0x07 => self.said(),
            0x18 | 0x1a => self.state = State::Ground,
            0x1b => self.state = State::String { opened, ends: true },
            _ => {
                self.kept.push(byte);
                // An operating system command is a number first: anything else was typed.
                let number = self.kept.iter().all(u8::is_ascii_digit) && self.kept.len() <= 4;
                if opened == b']' && !number && !self.is_command() {
                    self.type_out(opened, out);
                } else if self.kept.len() > LONGEST_CSI {
                    self.dropped += self.kept.len();
                    self.kept.truncate(LONGEST_CSI / 2);
                    if self.dropped > LONGEST_STRING {
                        self.state = State::Ground;
                    }
                }
            }
        }
    }

    /// Returns whether what is kept begins as an operating system command does: `11;`.
    fn is_command(&self) -> bool {
        let digits = self.kept.iter().take_while(|byte| byte.is_ascii_digit());
        let digits = digits.count();
        digits > 0 && self.kept.get(digits) == Some(&b';')
    }

    /// Takes an answer that the terminal sent as a string.
    fn said(&mut self) {
        if let (State::String { opened: b']', .. }, Some(said)) =
            (&self.state, self.kept.strip_prefix(b"11;"))
        {
            self.background = color(said).or(self.background);
        }
        self.state = State::Ground;
        self.kept.clear();
    }

    fn pasted(&mut self) -> Event {
        let mut kept = std::mem::take(&mut self.kept);
        kept.truncate(LONGEST_PASTE);
        Event::Paste(String::from_utf8_lossy(&kept).into_owned())
    }
}

/// Returns a colour as terminals say it: `rgb:1e1e/1e1e/2e2e`, of one to four digits each.
fn color(said: &[u8]) -> Option<Color> {
    let said = std::str::from_utf8(said).ok()?;
    let parts = said.strip_prefix("rgb:").or(said.strip_prefix("rgba:"))?;
    let mut parts = parts.split('/').map(|part| {
        let most = 16_u32.checked_pow(u32::try_from(part.len()).ok()?)? - 1;
        let value = u32::from_str_radix(part, 16).ok()?;
        (1..=4)
            .contains(&part.len())
            .then(|| f64::from(value) / f64::from(most))
    });
    Some([parts.next()??, parts.next()??, parts.next()??])
}
