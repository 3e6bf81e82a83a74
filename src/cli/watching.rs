//! `luthier watch`: audits again and again, and tells what changed.

mod event;
mod monitor;
mod notice;
mod round;
mod state;
mod webhook;

use super::audit::{DepthFlag, GradeFlag, Reading};
use super::duration::duration;
use super::output::Output;
use super::{CliError, Exit, Global, help, target};
use clap::Args;
use event::Event;
use luthier_audit::{Grade, Options, Scope};
use luthier_hub::store::Hub;
use monitor::Monitor;
use notice::{Notices, Wanted};
use round::{Ended, Looked};
use state::Place;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// The wait behind the first round that failed; it doubles with each one that fails behind it, up to `--every`.
const FIRST_WAIT: Duration = Duration::from_secs(5);

#[derive(Args)]
pub struct Watch {
    /// Begin a round this long after the last one began (30s, 15m, 1h)
    #[arg(long, value_parser = duration, default_value = "15m", value_name = "TIME", help_heading = help::LIMITS)]
    every: Duration,
    /// End after this many rounds, with the exit code of an audit; each prints a line [default: never]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = help::LIMITS)]
    rounds: Option<u32>,
    /// How much each round reads
    #[arg(long, value_enum, default_value_t = DepthFlag::Presence, help_heading = help::SELECT)]
    depth: DepthFlag,
    /// With --rounds: exit with 1 only if a finding is of this grade or a worse one
    #[arg(long, value_enum, value_name = "GRADE", default_value = "info", help_heading = help::OUTPUT)]
    fail_on: GradeFlag,
    /// Serve figures for Prometheus at http://ADDRESS/metrics [default without ADDRESS: 127.0.0.1:9420]
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "127.0.0.1:9420", help_heading = help::OUTPUT)]
    metrics: Option<SocketAddr>,
    #[command(flatten)]
    notices: Wanted,
    #[command(flatten)]
    reading: Reading,
}

/// Audits the hub until the run is told to stop, or for as many rounds as were asked for.
pub async fn run(command: Watch, global: &Global, out: Output) -> Result<Exit, CliError> {
    let target = target(global)?;
    let notices = Notices::new(command.notices)?;
    let options = Options {
        depth: command.depth.into(),
        scope: Scope::Hub,
        grace: command.reading.grace,
        concurrency: usize::from(command.reading.concurrency),
    };
    let _watching = out.stop.watching();
    let place = Place::new(&target.hub, options.depth)?;
    let monitor = Monitor::new(&target.hub.name);
    if let Some(address) = command.metrics {
        monitor.serve(address, &out).await?;
    }
    let mut rounds = Rounds {
        hub: target.hub,
        options,
        place,
        out,
        notices,
        monitor,
        last: None,
        failed: 0,
        is_down_told: false,
        is_counted: command.rounds.is_some(),
        is_slow: false,
    };
    let mut done = 0;
    loop {
        let begun = Instant::now();
        let ended = rounds.round().await?;
        done += 1;
        match ended {
            None => return Ok(stopped(command.rounds)),
            Some(last) if command.rounds == Some(done) => return Ok(last.code(command.fail_on)),
            Some(_) => {}
        }
        let next = rounds.next(begun, command.every)?;
        tokio::select! {
            () = tokio::time::sleep_until(next) => {}
            () = rounds.out.stop.asked() => return Ok(stopped(command.rounds)),
        }
    }
}

/// Returns the exit code of a watch that was told to stop: it has no end of its own, but rounds that were asked for are
/// missing.
const fn stopped(rounds: Option<u32>) -> Exit {
    match rounds {
        None => Exit::Done,
        Some(_) => Exit::Stopped,
    }
}

/// The end of the last round, for the exit code.
enum Last {
    Failed,
    Looked {
        worst: Option<Grade>,
        complete: bool,
        /// Nobody has to be told any more.
        told: bool,
    },
}

impl Last {
    fn of(looked: &Looked, told: bool) -> Self {
        let change = &looked.compared.change;
        Self::Looked {
            worst: change.grades().first().map(|(grade, _)| *grade),
            complete: change.complete,
            told,
        }
    }

    fn code(&self, fail_on: GradeFlag) -> Exit {
        match self {
            Self::Looked {
                worst: Some(grade), ..
            } if *grade >= fail_on.into() => Exit::Findings,
            Self::Looked {
                complete: true,
                told: true,
                ..
            } => Exit::Done,
            Self::Looked { .. } | Self::Failed => Exit::Unusable,
        }
    }
}

/// What the rounds of a watch share.
struct Rounds {
    hub: Hub,
    options: Options,
    place: Place,
    out: Output,
    notices: Notices,
    monitor: Monitor,
    /// When the last audit ended.
    last: Option<jiff::Timestamp>,
    /// Rounds that failed one behind the other.
    failed: u32,
    /// Others were told that the hub cannot be audited, and not yet that it can be again.
    is_down_told: bool,
    /// So many rounds were asked for.
    is_counted: bool,
    /// A round took longer than `--every`, and that was said.
    is_slow: bool,
}

impl Rounds {
    /// Runs one round and tells what came of it; `None` where the run was told to stop.
    async fn round(&mut self) -> Result<Option<Last>, CliError> {
        let ended = round::run(&self.hub, &self.options, &self.place, &self.out).await;
        let why = match ended {
            Ended::Stopped => return Ok(None),
            Ended::Misused(error) if self.last.is_none() && self.failed == 0 => return Err(error),
            Ended::Looked(looked) => return self.looked(*looked).await,
            Ended::Misused(error) => error.message,
            Ended::Failed(why) => why,
        };
        self.fail(&why).await
    }

    async fn fail(&mut self, why: &str) -> Result<Option<Last>, CliError> {
        self.failed += 1;
        self.monitor.failed();
        let event = Event::failed(&self.hub, why, self.last);
        self.say(&event)?;
        if !self.is_down_told {
            let Some(told) = self.tell(&event).await else {
                return Ok(None);
            };
            self.is_down_told = told;
        }
        Ok(Some(Last::Failed))
    }

    async fn looked(&mut self, looked: Looked) -> Result<Option<Last>, CliError> {
        let again = self.failed > 0 || self.is_down_told;
        let event = Event::looked(&self.hub, &looked, again);
        self.monitor.looked(&looked);
        self.say(&event)?;
        (self.failed, self.last) = (0, Some(looked.at));
        if event.is_news() {
            match self.tell(&event).await {
                None => return Ok(None),
                Some(true) => self.is_down_told = false,
                // The findings that were told stay as they are: the next round tells this change too.
                Some(false) => return Ok(Some(Last::of(&looked, false))),
            }
        }
        let last = Last::of(&looked, true);
        match looked.compared.keep() {
            Ok(()) => Ok(Some(last)),
            Err(error) => Box::pin(self.fail(&error.to_string())).await,
        }
    }

    /// Tells others, and returns whether all of them know; `None` where the run was told to stop meanwhile.
    async fn tell(&self, event: &Event) -> Option<bool> {
        let failed = tokio::select! {
            failed = self.notices.send(event) => failed,
            () = round::too_late(&self.out) => return None,
        };
        for why in &failed {
            self.monitor.not_told();
            super::say(&format!("{why}; the next round tries again"));
        }
        Some(failed.is_empty())
    }

    /// Prints a line, where there is something to say; with `--json` every round is an object.
    fn say(&self, event: &Event) -> Result<(), CliError> {
        // Who asked for so many rounds reads a line for each.
        match (self.out.json, event.is_news() || self.is_counted) {
            (true, _) => self.out.object(&event.json)?,
            (false, true) => self.out.line(&event.line)?,
            (false, false) => {}
        }
        self.out.flush()
    }

    /// Returns when the next round begins: `every` behind the last one's beginning, or sooner where that one failed.
    fn next(&mut self, begun: Instant, every: Duration) -> Result<Instant, CliError> {
        let now = Instant::now();
        if self.failed > 0 {
            let doubled = FIRST_WAIT.saturating_mul(1 << (self.failed - 1).min(16));
            return Ok(now + doubled.min(every));
        }
        if now.duration_since(begun) > every && !self.is_slow {
            self.is_slow = true;
            super::say("a round took longer than --every; the next one begins at once");
        }
        Ok((begun + every).max(now))
    }
}
