//! Everything the console knows. Changed by `update` alone, drawn by `view` alone.

mod ctx;

pub use ctx::{Ctx, next_audit, start_audit};

use super::decisions::Decisions;
use super::effect::{AuditRequest, Effect, Job, PlanRef, ReportRef, Scope, Ticket};
use super::guide::Guide;
use super::keymap::{KeyContext, Keymap};
use super::lines::{FixLine, KnownLine};
use super::meter::Meter;
use super::notices::{Level, Notices};
use super::overlay::Overlay;
use super::palette::Recent;
use super::regions::{Borders, Regions, Wish, regions};
use super::screens::Screen;
use super::screens::hub::HubScreen;
use super::update::Ahead;
use crossterm::event::KeyEvent;
use luthier_audit::Depth;
use luthier_audit::past_audits::PastAudit;
use luthier_audit::report::BranchCounts;
use luthier_audit::table::Format;
use luthier_hub::index::Counts;
use luthier_hub::store::{Environment, Hub};
use luthier_object::time::Micros;
use luthier_repair::Work;
use ratatui::layout::Size;
use std::collections::BTreeMap;
use std::time::Duration;

/// An answer that is on its way, here, or will not come.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Slot<T> {
    #[default]
    Empty,
    Pending(Ticket),
    Ready(T),
    Failed(String),
}

impl<T> Slot<T> {
    /// Returns whether it waits for this ticket.
    #[must_use]
    pub fn awaits(&self, ticket: Ticket) -> bool {
        matches!(self, Slot::Pending(asked) if *asked == ticket)
    }

    /// Takes an answer.
    pub fn fill(&mut self, answer: Result<T, String>) {
        *self = match answer {
            Ok(value) => Slot::Ready(value),
            Err(why) => Slot::Failed(why),
        };
    }

    /// Returns the answer, if it is here.
    #[must_use]
    pub fn ready(&self) -> Option<&T> {
        match self {
            Slot::Ready(value) => Some(value),
            _ => None,
        }
    }
}

/// The hub in words that are safe to show.
#[derive(Clone, Debug)]
pub struct HubInfo {
    pub name: String,
    pub environment: Environment,
    pub database: String,
    pub store: String,
    pub writable: bool,
}

impl HubInfo {
    /// Returns the words for `hub`, before anything was opened.
    #[must_use]
    pub fn new(hub: &Hub, writable: bool) -> Self {
        Self {
            name: super::lines::clean(&hub.name),
            environment: hub.environment,
            database: super::lines::clean(&hub.describe_database()),
            store: super::lines::clean(&hub.describe_store()),
            writable,
        }
    }

    /// Returns whether the borders are red: production can be written.
    #[must_use]
    pub fn is_alarming(&self) -> bool {
        self.writable && self.environment == Environment::Production
    }

    /// Returns `READ-ONLY` or `WRITE`.
    #[must_use]
    pub const fn mode(&self) -> &'static str {
        if self.writable { "WRITE" } else { "READ-ONLY" }
    }
}

/// Audits: the one under way and the last.
#[derive(Debug)]
pub struct Audits {
    pub slot: Slot<()>,
    pub meter: Meter,
    /// The knowledge of the hub, once there is any.
    pub last: Option<KnownLine>,
    /// The depth of the first audit, and the least of those that follow a repair.
    pub depth: Depth,
    pub asked: AuditRequest,
    /// The report that holds what is known.
    pub report: ReportRef,
    /// The number of finished audits.
    pub ended: u64,
    /// The scope of the last audit of the hub or of a repository.
    pub scope: luthier_audit::Scope,
    /// How deep that one looked.
    pub scope_depth: Depth,
    /// A person asked for it, so leaving asks first.
    pub by_hand: bool,
    /// A repair ended while it ran: another audit follows it.
    pub again: bool,
    /// The findings of each repository, counted.
    pub repos: BTreeMap<String, crate::lines::GroupLine>,
    pub repos_slot: Slot<()>,
    /// What can be done about the findings.
    pub fixes: Slot<FixLine>,
    /// Of the question for it.
    pub fixes_scope: Option<Scope>,
}

impl Audits {
    fn none_yet(depth: Depth) -> Self {
        Self {
            slot: Slot::Empty,
            meter: Meter::new(Duration::ZERO),
            last: None,
            depth,
            asked: AuditRequest {
                depth,
                scope: luthier_audit::Scope::Hub,
            },
            report: ReportRef(0),
            ended: 0,
            scope: luthier_audit::Scope::Hub,
            scope_depth: depth,
            by_hand: false,
            again: false,
            repos: BTreeMap::new(),
            repos_slot: Slot::Empty,
            fixes: Slot::Empty,
            fixes_scope: None,
        }
    }

    /// Returns the number of findings that belong to no repository; 0 while that is not counted.
    #[must_use]
    pub fn without_repo(&self) -> u64 {
        let (Some(last), Slot::Ready(())) = (&self.last, &self.repos_slot) else {
            return 0;
        };
        let all: u64 = last.summary.findings.values().sum();
        let named = self.repos.iter().filter(|(path, _)| !path.is_empty());
        let held: u64 = named.map(|(_, group)| group.count).sum();
        all.saturating_sub(held)
    }

    /// Returns the deepest look at the whole hub.
    #[must_use]
    pub fn last_hub_audit(&self) -> Option<&PastAudit> {
        self.last.as_ref()?.past_audits.hub()
    }

    /// Returns the deepest look that held a repository, by its path as stored.
    #[must_use]
    pub fn last_repo_audit(&self, path: &str) -> Option<&PastAudit> {
        self.last.as_ref()?.past_audits.repo(path)
    }

    /// Returns the standing of the branches of a repository, by its path as stored.
    #[must_use]
    pub fn branches_of(&self, path: &str) -> Option<&BranchCounts> {
        self.last.as_ref()?.repos.get(path)
    }
}

/// The state that every screen shares.
#[derive(Debug)]
pub struct Shared {
    pub hub_info: HubInfo,
    pub size: Size,
    /// Since the start of the session.
    pub clock: Duration,
    /// The wall clock at the start.
    pub started: Micros,
    pub open: Slot<Vec<String>>,
    /// The side of the hub that does not answer, and why.
    pub lost: Option<String>,
    pub counts: Slot<Counts>,
    pub audits: Audits,
    pub planning: Option<Meter>,
    pub applying: Option<Meter>,
    pub pulling: Option<Meter>,
    pub signing: Option<Meter>,
    pub notices: Notices,
    /// The place of this run's log, or the reason why there is none; empty in tests.
    pub log: String,
    /// The screen that shows one pane alone: its height in the stack, and its kind.
    pub zoom: Option<(usize, KeyContext)>,
    /// Where the borders between panes were moved.
    pub borders: Borders,
    pub exporting: Option<Ticket>,
    /// The form of the last list that was written.
    pub format: Option<Format>,
    /// The ticket of a table that is to be copied.
    pub copying: Option<Ticket>,
    /// The client's folder that copies are taken from, safe to show.
    pub copies: Option<String>,
    /// The ticket of a folder of copies that is being opened.
    pub opening_copies: Option<Ticket>,
    /// The ticket of a path that is being completed.
    pub completing: Option<Ticket>,
    /// The ticket of a search for the place that somebody wants to go to.
    pub seeking: Option<Ticket>,
    /// The side to keep, for each finding that a person has decided.
    pub decisions: Decisions,
    /// The purpose of the running or last repair.
    pub work: Work,
    /// Repairs that have ended in this session.
    pub repairs: u64,
    /// When the last of them ended, and what it was.
    pub changed: Option<(Micros, Work)>,
    /// The session ends as soon as nothing writes any more.
    pub leaving: bool,
    next: u64,
}

impl Shared {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Returns a ticket that no request has.
    pub fn ticket(&mut self) -> Ticket {
        Ticket(self.number())
    }

    /// Returns a scope that no screen has.
    pub fn scope(&mut self) -> Scope {
        Scope(self.number())
    }

    /// Returns a plan's name that no plan has.
    pub fn plan_ref(&mut self) -> PlanRef {
        PlanRef(self.number())
    }

    /// Returns the time of the wall clock.
    #[must_use]
    pub fn now(&self) -> Micros {
        let since = i64::try_from(self.clock.as_micros()).unwrap_or(i64::MAX);
        self.started.saturating_add(since)
    }

    /// Tells something in the status line.
    pub fn tell(&mut self, level: Level, text: impl Into<String>) {
        self.notices.tell(level, text, self.clock);
    }

    /// Returns whether something moves on the screen by itself.
    #[must_use]
    pub fn busy(&self) -> bool {
        self.job().is_some() || matches!(self.open, Slot::Pending(_))
    }

    /// Returns the job that matters most of those under way.
    #[must_use]
    pub fn job(&self) -> Option<(Job, &Meter)> {
        if let Some(meter) = &self.applying {
            return Some((Job::Apply, meter));
        }
        if let Some(meter) = &self.planning {
            return Some((Job::Plan, meter));
        }
        if let Some(meter) = &self.pulling {
            return Some((Job::Pull, meter));
        }
        if let Some(meter) = &self.signing {
            return Some((Job::SignOff, meter));
        }
        matches!(self.audits.slot, Slot::Pending(_)).then_some((Job::Audit, &self.audits.meter))
    }

    /// Returns whether writing needs the hub's name typed, and why.
    #[must_use]
    pub fn is_risky(&self) -> bool {
        matches!(
            self.hub_info.environment,
            Environment::Production | Environment::Unknown
        )
    }
}

/// The console.
#[derive(Debug)]
pub struct State {
    pub shared: Shared,
    /// The screen on top is the one that is seen.
    pub stack: Vec<Screen>,
    /// The guide that the screens above the first belong to.
    pub guide: Option<Guide>,
    /// Guides that were left, with their screens.
    pub parked: BTreeMap<Guide, Vec<Screen>>,
    pub overlay: Option<Overlay>,
    /// The actions that were run from the palette.
    pub recent: Recent,
    pub keymap: Keymap,
    /// Keys that wait for what they are meant for.
    pub ahead: Ahead,
    /// The key that is being acted upon.
    pub pressed: Option<KeyEvent>,
    /// The mouse is listened to.
    pub mouse: bool,
    /// The terminal's window came to the front, and nothing was typed or clicked since.
    pub focused_by_click: bool,
    /// The border between two panes that the mouse holds.
    pub dragging: Option<usize>,
    /// The row that was clicked last, and when.
    pub clicked: Option<(u64, Duration)>,
}

impl State {
    /// Returns the console before anything is known.
    #[must_use]
    pub fn new(hub_info: HubInfo, keymap: Keymap, size: Size, started: Micros) -> Self {
        let depth = match hub_info.environment {
            Environment::Demo => Depth::Bytes,
            _ => Depth::Presence,
        };
        Self {
            shared: Shared {
                hub_info,
                size,
                clock: Duration::ZERO,
                started,
                open: Slot::Empty,
                lost: None,
                counts: Slot::Empty,
                audits: Audits::none_yet(depth),
                planning: None,
                applying: None,
                pulling: None,
                signing: None,
                notices: Notices::default(),
                log: String::new(),
                zoom: None,
                borders: Borders::default(),
                exporting: None,
                format: None,
                copying: None,
                copies: None,
                opening_copies: None,
                completing: None,
                seeking: None,
                decisions: Decisions::default(),
                work: Work::default(),
                repairs: 0,
                changed: None,
                leaving: false,
                next: 0,
            },
            stack: vec![Screen::Hub(HubScreen::default())],
            guide: None,
            parked: BTreeMap::new(),
            overlay: None,
            recent: Recent::default(),
            keymap,
            ahead: Ahead::default(),
            pressed: None,
            mouse: false,
            focused_by_click: false,
            dragging: None,
            clicked: None,
        }
    }

    /// Returns the first effects: everything else follows from their answers.
    pub fn start(&mut self) -> Vec<Effect> {
        let ticket = self.shared.ticket();
        self.shared.open = Slot::Pending(ticket);
        let mouse = self.mouse.then_some(Effect::Mouse(true));
        mouse.into_iter().chain([Effect::Open(ticket)]).collect()
    }

    /// Returns the context of the keys now.
    #[must_use]
    pub fn context(&self) -> KeyContext {
        match (&self.overlay, self.stack.last()) {
            (Some(overlay), _) => overlay.context(),
            (None, Some(screen)) => screen.context(),
            (None, None) => KeyContext::Common,
        }
    }

    /// Returns the areas of the screen now.
    #[must_use]
    pub fn regions(&self) -> Regions {
        let mut wish = self.stack.last().map_or_else(Wish::default, Screen::wish);
        wish.progress = self.shared.job().is_some();
        wish.guide = self.guide.is_some();
        wish.borders = self.shared.borders;
        if self.shared.zoom.is_some() && self.shared.zoom == self.place(self.stack.len()) {
            wish.panes = 1;
        }
        regions(self.shared.size, wish)
    }

    /// Returns what names the screen at a height of the stack.
    fn place(&self, height: usize) -> Option<(usize, KeyContext)> {
        let screen = self.stack.get(height.checked_sub(1)?)?;
        Some((height, screen.context()))
    }

    /// Shows one pane of the screen on top alone, or as many as fit.
    pub fn zoom(&mut self) {
        let here = self.place(self.stack.len());
        self.shared.zoom = here.filter(|_| self.shared.zoom != here);
    }

    /// Forgets the zoom of a screen that was left.
    pub fn keep_zoom(&mut self) {
        let there = self.shared.zoom.and_then(|(height, _)| self.place(height));
        self.shared.zoom = self.shared.zoom.filter(|zoom| Some(*zoom) == there);
    }

    /// Notes that a frame was drawn: a dialog takes only keys that came after it was drawn.
    pub fn drawn(&mut self) {
        if let Some(Overlay::Confirm(confirm)) = &mut self.overlay {
            confirm.drawn();
        }
    }

    /// Returns whether time must go on for the screen to stay true.
    #[must_use]
    pub fn moving(&self) -> bool {
        self.shared.busy()
            || self.shared.notices.shown().is_some()
            || self.stack.last().is_some_and(Screen::pending)
    }

    /// Returns the terminal's title.
    #[must_use]
    pub fn title(&self) -> String {
        let hub_info = &self.shared.hub_info;
        format!(
            "luthier · {} {} · {}",
            hub_info.environment.badge(),
            hub_info.mode(),
            hub_info.name
        )
    }
}
