//! The console: `update` and `view` are pure, the runner does the work, the loop here joins them.

#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        clippy::too_many_lines,
        reason = "tests clear up after themselves, and one may tell a long story"
    )
)]

mod action;
mod background;
mod borders;
mod decisions;
mod degrade;
mod depths;
mod effect;
mod event;
pub mod filter;
mod formats;
mod guide;
mod input;
pub mod keymap;
mod keyset;
mod lines;
mod logging;
mod meter;
mod notices;
mod overlay;
mod pager;
mod pages;
mod palette;
mod regions;
mod runner;
mod screens;
mod settings;
mod signals;
mod sorting;
mod state;
mod terminal;
mod theme;
mod update;
mod view;
mod widgets;

use effect::Effect;
use event::Event;
use futures_util::FutureExt;
use input::Input;
use luthier_hub::store::{Authority, Hub};
use notices::Level;
use runner::Runner;
pub use settings::{Reload, Reread, Settings};
use signals::{Signaled, Signals};
use state::{HubInfo, State};
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};
use terminal::Screen;
use theme::Theme;
pub use theme::{Look, ROLES, Role, ThemeError, Themes, Written};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::MissedTickBehavior;

/// Answers alone are drawn at most this often; a key is drawn at once.
const FRAME: Duration = Duration::from_millis(33);

/// The most events that one frame handles.
const DRAIN: usize = 256;

/// The longest wait at the end for an answer of the terminal, which the shell would take for keys.
const LAST_WORD: Duration = Duration::from_millis(100);

/// The longest time for the current step of a repair after the session has ended.
const LAST_STEP: Duration = Duration::from_secs(60);

/// The hub and the settings with which the console opens.
pub struct Session {
    pub hub: Hub,
    /// The right to write, if it was given.
    pub authority: Option<Authority>,
    /// The first notice of the session.
    pub notice: Option<String>,
    /// Colours or none, whatever the environment says.
    pub color: Option<bool>,
    pub settings: Settings,
    pub reload: Reload,
}

/// The end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A person left.
    Left,
    /// A signal ended it, or the terminal has gone; after the step under way.
    Stopped,
    /// Something panicked; what was written is in the journal.
    Broken,
}

/// The reason why the console cannot open.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    #[error("the terminal cannot be used ({0}); commands work without one, see `luthier --help`")]
    Terminal(#[from] std::io::Error),
}

/// Opens the console and stays until it is left. The first frame is drawn before anything is opened. `listening` is
/// called as soon as the console listens to signals itself.
///
/// # Errors
/// The terminal cannot be used.
pub async fn open(session: Session, listening: impl FnOnce()) -> Result<Ended, TuiError> {
    // Before the terminal is taken, so that no signal finds it half taken.
    let signals = Signals::new()?;
    listening();
    let caps = session.settings.caps(session.color);
    let hub_info = HubInfo::new(&session.hub, session.authority.is_some());
    let warned = hub_info.is_alarming();
    let mut screen = Screen::enter(caps)?;
    let mut input = Input::open()?;
    let look = &session.settings.theme;
    let theme = background::painted(look, caps, &mut screen, &mut input).await?;
    let started = jiff::Timestamp::now().as_microsecond();
    let keymap = session.settings.keymap.clone();
    let mut state = State::new(hub_info, keymap, screen.size(), started);
    prepare(&mut state, &session);
    let (out, answers) = unbounded_channel();
    let mut console = Console {
        state,
        screen,
        runner: Runner::new(session.hub, session.authority, out),
        theme: theme.warned(warned),
        settings: session.settings,
        reload: session.reload,
        color: session.color,
        since: Instant::now(),
        drawn: Instant::now(),
        ended: None,
        away: None,
        rereads: false,
        logged: 0,
    };
    let stayed = console.stay(answers, signals, &mut input);
    let ended = AssertUnwindSafe(stayed).catch_unwind().await;
    if matches!(ended, Ok(Ok(_))) {
        input.take_what_is_owed(LAST_WORD).await;
    }
    let Console { screen, runner, .. } = console;
    drop(screen);
    runner.stop_writing(LAST_STEP).await;
    Ok(match ended {
        Err(_) => Ended::Broken,
        Ok(_) if luthier_hub::panics::happened().is_cancelled() => Ended::Broken,
        Ok(Ok(ended)) => ended,
        // Whatever else went wrong, it is the terminal that has gone.
        Ok(Err(_)) => Ended::Stopped,
    })
}

/// Tells a new session where its log is, how deep the last audit read, and which notice comes first.
fn prepare(state: &mut State, session: &Session) {
    state.shared.log = lines::clean(&logging::location());
    if let Some(depth) = depths::remembered(&session.hub) {
        state.shared.audits.depth = depth;
    }
    state.shared.format = formats::remembered();
    state.shared.borders = borders::remembered();
    state.mouse = session.settings.mouse;
    for warning in &session.settings.warnings {
        state.shared.tell(Level::Warning, lines::clean(warning));
    }
    if let Some(notice) = &session.notice {
        let words = lines::clean(notice);
        state.shared.tell(Level::Warning, words);
    }
}

/// Returns an environment variable that says something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// How often a screen on which nothing moves is drawn again: it says how long ago things were.
const AGES: Duration = Duration::from_secs(10);

/// Returns how often animated parts are drawn: seldom over SSH.
fn beat() -> Duration {
    match variable("SSH_CONNECTION") {
        Some(_) => Duration::from_millis(500),
        None => Duration::from_millis(125),
    }
}

/// Everything that one session holds.
struct Console {
    state: State,
    screen: Screen,
    runner: Runner,
    theme: Theme,
    /// As they were read last.
    settings: Settings,
    reload: Reload,
    color: Option<bool>,
    since: Instant,
    drawn: Instant,
    ended: Option<Ended>,
    /// Another program is to have the terminal.
    away: Option<Away>,
    /// The configuration is to be read again.
    rereads: bool,
    /// The number of notices in the log.
    logged: u64,
}

/// The program that uses the terminal meanwhile.
enum Away {
    /// Whoever started us.
    Shell,
    /// A program that shows this text under this name.
    Pager { name: String, text: String },
}

impl Console {
    /// Stays until a person leaves, a signal comes, the terminal goes, or something panics.
    async fn stay(
        &mut self,
        mut answers: UnboundedReceiver<Event>,
        mut signals: Signals,
        input: &mut Input,
    ) -> Result<Ended, TuiError> {
        self.draw()?;
        for effect in self.state.start() {
            self.carry_out(effect)?;
        }
        let mut beat = tokio::time::interval(beat());
        beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut dirty = true;
        loop {
            let wait = FRAME.saturating_sub(self.drawn.elapsed());
            let mut typed = false;
            let moving = self.state.moving();
            tokio::select! {
                biased;
                () = luthier_hub::panics::happened().cancelled() => return Ok(Ended::Broken),
                signal = signals.next() => {
                    self.take_signal(signal)?;
                    typed = true;
                }
                key = input.next() => {
                    // The terminal has gone: there is nobody to draw for.
                    let Some(key) = key else { return Ok(Ended::Stopped) };
                    self.take_keys(key, input)?;
                    typed = true;
                }
                Some(answer) = answers.recv() => {
                    self.take_answers(answer, &mut answers)?;
                    dirty = true;
                }
                _ = beat.tick(), if moving => dirty = true,
                () = tokio::time::sleep(wait), if dirty => {}
                () = tokio::time::sleep(AGES), if !moving && !dirty => dirty = true,
            }
            if let Some(away) = self.away.take() {
                self.leave_to(away)?;
                signals.forget_interrupts().await?;
                typed = true;
            }
            if std::mem::take(&mut self.rereads) {
                self.reload(input).await?;
                typed = true;
            }
            if let Some(ended) = self.is_over() {
                return Ok(ended);
            }
            if typed || (dirty && self.drawn.elapsed() >= FRAME) {
                self.draw()?;
                dirty = false;
            }
        }
    }

    fn take_signal(&mut self, signal: Signaled) -> Result<(), TuiError> {
        match signal {
            Signaled::End => {
                self.ended = Some(Ended::Stopped);
                self.take(Event::Stop)
            }
            Signaled::Reload => self.take(Event::Reload),
        }
    }

    /// Takes a key, and those that were typed after it already. They come before the next frame: a
    /// question that they meet was not seen by whoever typed them.
    fn take_keys(
        &mut self,
        first: crossterm::event::Event,
        input: &mut Input,
    ) -> Result<(), TuiError> {
        self.beat()?;
        self.take(Event::Term(first))?;
        for _ in 0..DRAIN {
            // What another program is to have is not ours to read.
            let next = match self.away {
                Some(_) => None,
                None => input.ready(),
            };
            let Some(key) = next else { break };
            self.take(Event::Term(key))?;
        }
        Ok(())
    }

    /// Takes an answer, and those that came after it already.
    fn take_answers(
        &mut self,
        first: Event,
        answers: &mut UnboundedReceiver<Event>,
    ) -> Result<(), TuiError> {
        self.take(first)?;
        for _ in 0..DRAIN {
            let Ok(answer) = answers.try_recv() else {
                break;
            };
            self.take(answer)?;
        }
        Ok(())
    }

    /// Returns how the session ended, once nothing is being written any more.
    fn is_over(&self) -> Option<Ended> {
        let over = self.state.shared.leaving && self.state.shared.applying.is_none();
        self.ended.filter(|_| over)
    }

    /// Lets the state know how late it is.
    fn beat(&mut self) -> Result<(), TuiError> {
        self.take(Event::Beat(self.since.elapsed()))
    }

    fn take(&mut self, event: Event) -> Result<(), TuiError> {
        for effect in update::update(&mut self.state, event) {
            self.carry_out(effect)?;
        }
        let notices = &mut self.state.shared.notices;
        notices.since(self.logged).for_each(logging::keep);
        self.logged = notices.count();
        logging::take(notices, self.since);
        Ok(())
    }

    /// Gives the terminal away, and takes it again when it comes back.
    fn leave_to(&mut self, away: Away) -> Result<(), TuiError> {
        let shown = match away {
            Away::Shell => return Ok(self.screen.suspend()?),
            Away::Pager { name, text } => {
                let program = pager::program(&variable);
                self.screen
                    .lend(|| Ok(pager::show(&program, &name, &text)))?
            }
        };
        if let Err(error) = shown {
            let text = format!("not shown: {error}");
            self.state.shared.tell(Level::Error, lines::clean(&text));
        }
        Ok(())
    }

    fn carry_out(&mut self, effect: Effect) -> Result<(), TuiError> {
        match self.runner.run(effect) {
            Some(Effect::Copy(text)) => self.screen.copy(&text)?,
            Some(Effect::Redraw) => self.screen.clear()?,
            Some(Effect::Reload) => self.rereads = true,
            Some(Effect::Suspend) => self.away = Some(Away::Shell),
            Some(Effect::View { name, text }) => self.away = Some(Away::Pager { name, text }),
            Some(Effect::Mouse(on)) => self.screen.listen_to_mouse(on)?,
            Some(Effect::Quit) => {
                self.state.shared.leaving = true;
                self.ended.get_or_insert(Ended::Left);
            }
            _ => {}
        }
        Ok(())
    }

    fn draw(&mut self) -> Result<(), TuiError> {
        luthier_hub::panics::provoke("a frame");
        self.beat()?;
        // The layout is chosen for the frame's own size: the event that tells of it may still be on its way.
        self.state.shared.size = self.screen.fit()?;
        let (state, theme) = (&self.state, &self.theme);
        self.screen
            .draw(&state.title(), |frame| view::view(state, theme, frame))?;
        self.state.drawn();
        self.drawn = Instant::now();
        Ok(())
    }
}

#[cfg(test)]
#[path = "../../tests/tui/mod.rs"]
mod tests;
