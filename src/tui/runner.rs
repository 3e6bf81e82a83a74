//! Carries effects out: each becomes a task, each task sends an answer.

mod classify;
mod copies;
mod error;
mod export;
mod found;
mod health;
mod jobs;
mod journal;
mod known;
mod objects;
mod pulls;
mod read;
mod repair;
mod repos;
mod signoff;

use super::effect::{AuditRequest, Effect, Job, PlanRef, Query, ReportRef, Scope, Ticket};
use super::event::{Answer, Event};
use super::lines::clean;
use super::{borders, depths, formats};
use error::RunnerError;
use luthier_audit::{Depth, Options, Report};
use luthier_client::ClientFolder;
use luthier_hub::progress::Progress;
use luthier_hub::store::{Authority, Hub, Store};
use luthier_repair::history::{self, PastFigures};
use luthier_repair::signoff::Signoff;
use luthier_repair::wanted::WantedList;
use luthier_repair::{Plan, Throttle};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The state that tasks share: the hub once it is open, the last report, the plans.
#[derive(Default)]
struct RunnerState {
    store: Option<Store>,
    report: Option<(ReportRef, Arc<Report>)>,
    /// Reports before it, the last one last, for what was marked or chosen there.
    earlier: VecDeque<(ReportRef, Arc<Report>)>,
    /// The number of reports.
    reports: u64,
    touched: known::Touched,
    /// Ids that were read to the last byte since an audit, beside it.
    read: HashSet<String>,
    plans: BTreeMap<PlanRef, Arc<Plan>>,
    /// The wanted list of a report.
    wanted: Option<(ReportRef, Arc<WantedList>)>,
    /// Copies are taken from here.
    copies: Option<Arc<ClientFolder>>,
    repos: Option<Arc<repos::RepoCache>>,
    arranged: Option<Arc<repos::Arranged>>,
    signoff: Option<Arc<Signoff>>,
    /// The last audits of the whole hub, the oldest first.
    trend: Vec<PastFigures>,
}

/// The part of the runner that tasks take along.
#[derive(Clone)]
struct RunnerContext {
    hub: Arc<Hub>,
    /// Without one no effect can write, whatever was confirmed.
    authority: Option<Authority>,
    state: Arc<Mutex<RunnerState>>,
    /// Locked while the report changes, so that two audits that end together both get into it.
    learning: Arc<tokio::sync::Mutex<()>>,
    out: UnboundedSender<Event>,
}

/// Carries effects out.
pub struct Runner {
    context: RunnerContext,
    scopes: HashMap<Scope, CancellationToken>,
    /// Set once the hub's health is being checked.
    felt: bool,
    jobs: BTreeMap<Job, Progress>,
    /// Of the repair under way, or the last.
    throttle: Throttle,
    tasks: TaskTracker,
}

impl Runner {
    /// Returns a runner whose answers go to `out`.
    #[must_use]
    pub fn new(hub: Hub, authority: Option<Authority>, out: UnboundedSender<Event>) -> Self {
        Self {
            context: RunnerContext {
                hub: Arc::new(hub),
                authority,
                state: Arc::default(),
                learning: Arc::default(),
                out,
            },
            scopes: HashMap::new(),
            felt: false,
            jobs: BTreeMap::new(),
            throttle: Throttle::default(),
            tasks: TaskTracker::new(),
        }
    }

    /// Starts what an effect asks for. Those that belong to the terminal are given back.
    pub fn run(&mut self, effect: Effect) -> Option<Effect> {
        match effect {
            Effect::Open(ticket) => self.open(ticket),
            Effect::Read { scope, ticket, ask } => self.read(scope, ticket, ask),
            Effect::Close(scope) => {
                if let Some(cancel) = self.scopes.remove(&scope) {
                    cancel.cancel();
                }
            }
            Effect::Copies { ticket, folder } => {
                self.spawn(ticket, |context| async move {
                    context.take_copies(&folder).await
                });
            }
            Effect::DropPlan(plan) => {
                self.context.state().plans.remove(&plan);
            }
            Effect::Throttle(steps) => self.throttle_by(steps),
            Effect::Pause(job, paused) => self.pause(job, paused),
            Effect::Cancel(job) => {
                if let Some(progress) = self.jobs.get(&job) {
                    progress.cancel();
                }
            }
            files @ (Effect::SaveSignOff { .. }
            | Effect::SavePlan { .. }
            | Effect::Export { .. }
            | Effect::Remember(_)
            | Effect::RememberFormat(_)
            | Effect::RememberBorders(_)) => self.write_file(files),
            terminal @ (Effect::Copy(_)
            | Effect::View { .. }
            | Effect::Mouse(_)
            | Effect::Redraw
            | Effect::Reload
            | Effect::Suspend
            | Effect::Quit) => return Some(terminal),
            job => self.begin(job),
        }
        None
    }

    /// Writes files of this machine.
    fn write_file(&self, effect: Effect) {
        match effect {
            Effect::SaveSignOff { ticket, folder } => {
                self.spawn(
                    ticket,
                    |context| async move { context.save_signoff(&folder) },
                );
            }
            Effect::SavePlan { ticket, plan, path } => {
                self.spawn(
                    ticket,
                    |context| async move { context.save(plan, &path).await },
                );
            }
            Effect::Export {
                ticket,
                list,
                format,
            } => {
                self.spawn(ticket, move |context| async move {
                    context.export(list, format).await
                });
            }
            Effect::RememberFormat(format) => {
                self.tasks.spawn_blocking(move || formats::remember(format));
            }
            Effect::RememberBorders(moved) => {
                self.tasks.spawn_blocking(move || borders::remember(moved));
            }
            Effect::Remember(depth) => {
                let hub = self.context.hub.clone();
                self.tasks
                    .spawn_blocking(move || depths::remember(&hub, depth));
            }
            _ => {}
        }
    }

    fn throttle_by(&self, steps: i8) {
        let now = self.throttle.concurrency();
        self.throttle
            .set_concurrency(now.saturating_add_signed(isize::from(steps)));
    }

    fn pause(&self, job: Job, paused: bool) {
        match self.jobs.get(&job) {
            Some(progress) if paused => progress.pause(),
            Some(progress) => progress.resume(),
            None => {}
        }
    }

    /// Stops a repair that is under way, and waits until its step is done and in the journal.
    pub async fn stop_writing(&self, longest: Duration) {
        for progress in self.jobs.values() {
            progress.cancel();
        }
        let Some(applying) = self.jobs.get(&Job::Apply) else {
            return;
        };
        let _ = tokio::time::timeout(longest, applying.ended().cancelled()).await;
    }

    fn open(&mut self, ticket: Ticket) {
        self.spawn(ticket, |context| async move { context.open().await });
        if !std::mem::replace(&mut self.felt, true) {
            let context = self.context.clone();
            self.tasks.spawn(async move { context.feel_pulse().await });
        }
    }

    fn read(&mut self, scope: Scope, ticket: Ticket, ask: Query) {
        let cancel = self.scopes.entry(scope).or_default().clone();
        let context = self.context.clone();
        self.tasks.spawn(async move {
            luthier_hub::panics::provoke("a task");
            tokio::select! {
                () = cancel.cancelled() => {}
                answer = context.read(ask) => context.answer(ticket, answer),
            }
        });
    }

    fn spawn<F>(&self, ticket: Ticket, work: impl FnOnce(RunnerContext) -> F)
    where
        F: Future<Output = Result<Answer, RunnerError>> + Send + 'static,
    {
        let context = self.context.clone();
        let work = work(context.clone());
        self.tasks.spawn(async move {
            let answer = work.await;
            context.answer(ticket, answer);
        });
    }

    /// Starts work as [`Runner::spawn`] does, on one thread.
    fn thread<F>(&self, ticket: Ticket, work: impl FnOnce(RunnerContext) -> F + Send + 'static)
    where
        F: Future<Output = Result<Answer, RunnerError>>,
    {
        let context = self.context.clone();
        let runtime = tokio::runtime::Handle::current();
        self.tasks.spawn_blocking(move || {
            luthier_hub::panics::provoke("a thread");
            let answer = runtime.block_on(work(context.clone()));
            context.answer(ticket, answer);
        });
    }
}

impl RunnerContext {
    fn state(&self) -> MutexGuard<'_, RunnerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, event: Event) {
        // Nobody listens any more once the session has ended.
        let _ = self.out.send(event);
    }

    fn answer(&self, ticket: Ticket, answer: Result<Answer, RunnerError>) {
        let answer = answer.unwrap_or_else(|why| Answer::Failed(clean(&why.to_string())));
        self.send(Event::Answer(ticket, Box::new(answer)));
    }

    fn store(&self) -> Result<Store, RunnerError> {
        let held = self.state();
        let store = held.store.clone().ok_or(RunnerError::NotOpen)?;
        Ok(match &held.copies {
            Some(copies) => store.with_copies(copies.clone()),
            None => store,
        })
    }

    fn report(&self) -> Result<(ReportRef, Arc<Report>), RunnerError> {
        let held = self.state();
        let report = held
            .report
            .as_ref()
            .map(|(name, report)| (*name, report.clone()));
        report.ok_or(RunnerError::NoAudit)
    }

    /// Returns a report that is still in memory: a selection names findings by their place in it.
    fn report_named(&self, name: ReportRef) -> Result<Arc<Report>, RunnerError> {
        let held = self.state();
        let reports = held.report.iter().chain(&held.earlier);
        let found = reports.into_iter().find(|(held, _)| *held == name);
        found
            .map(|(_, report)| report.clone())
            .ok_or(RunnerError::OtherAudit)
    }

    fn planned(&self, plan: PlanRef) -> Result<Arc<Plan>, RunnerError> {
        let found = self.state().plans.get(&plan).cloned();
        found.ok_or(RunnerError::PlanGone)
    }

    async fn open(&self) -> Result<Answer, RunnerError> {
        let opened = Store::open(&self.hub, self.authority.as_ref()).await;
        let store = opened?;
        let answer = Answer::Opened {
            database: clean(&store.index().describe()),
            store: clean(&store.backend().describe()),
            notes: store
                .index()
                .capabilities()
                .notes()
                .iter()
                .chain(store.index().hidden().iter().map(|hidden| &hidden.said))
                .map(|note| clean(note))
                .collect(),
        };
        let mut held = self.state();
        (held.repos, held.arranged) = (None, None);
        held.store = Some(store);
        Ok(answer)
    }

    async fn audit(&self, ask: AuditRequest, progress: &Progress) -> Result<Answer, RunnerError> {
        let _ended = progress.ended().drop_guard();
        let store = self.store()?;
        let scope = match ask.scope {
            luthier_audit::Scope::Repo(path) if self.touched_beyond(&path) => {
                luthier_audit::Scope::Hub
            }
            scope => scope,
        };
        let again = self.to_look_again(&scope, ask.depth).await;
        let mut options = Options {
            depth: ask.depth,
            scope,
            ..Options::default()
        };
        let report = luthier_audit::run(&store, &options, progress).await;
        let report = report?;
        if options.scope == luthier_audit::Scope::Hub {
            history::add(&self.hub, report.summary(), known::now());
            self.state().trend = history::load(&self.hub);
        }
        let mut known = self.learn(Some(report), &[]).await?;
        if !again.is_empty() && ask.depth < Depth::Bytes {
            (options.depth, options.scope) = (Depth::Bytes, luthier_audit::Scope::Ids(again));
            let report = luthier_audit::run(&store, &options, progress).await;
            known = self.learn(Some(report?), &[]).await?;
        }
        Ok(Answer::Audited(Box::new(known)))
    }
}
