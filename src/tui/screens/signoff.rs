//! The sign-off: the checklist as it fills in, then the verdict and what prevents PASS.

use super::{Go, Screen, decide};
use crate::action::Action;
use crate::effect::{Effect, Job, Query, ReportRef, Scope, Ticket};
use crate::event::Answer;
use crate::filter;
use crate::lines::{CheckLine, SignedLine};
use crate::meter::Meter;
use crate::notices::Level;
use crate::regions::Regions;
use crate::state::{Ctx, Shared, Slot};
use crate::theme::Theme;
use crate::widgets::list::Cursor;
use crate::widgets::pane::{self, Text};
use luthier_hub::store::doctor::Health;
use luthier_hub::text;
use luthier_object::time::Micros;
use luthier_repair::Selection;
use luthier_repair::signoff::{State, Verdict};
use ratatui::Frame;

/// The parts of a sign-off in their order: as the job calls them, and as people do.
const PARTS: [(&str, &str); 10] = [
    ("schema", "the columns of the tables"),
    ("listing", "the store's listing"),
    ("blobs", "every blob, read and checked"),
    ("snapshots", "every snapshot, read and checked"),
    ("commits", "every commit, read and checked"),
    ("names", "every reference"),
    ("ref checkpoints", "checkpoints in the store"),
    ("graph", "the commit graph, and what each fault blocks"),
    ("pulls", "every branch, pulled as a client does"),
    ("verdict", "the verdict"),
];

/// The findings that keep a hub from being signed off.
const IN_THE_WAY: &str = "is:left";

/// A sign-off on the screen.
#[derive(Debug)]
pub struct SignOffScreen {
    scope: Scope,
    doctor: Slot<Vec<CheckLine>>,
    pub end: Slot<SignedLine>,
    /// When the verdict came, and the report of that time.
    at: Micros,
    report: ReportRef,
    cursor: Cursor,
    /// The writing of its reports: under way, or done.
    saved: Slot<()>,
}

impl SignOffScreen {
    /// Starts a sign-off and opens the screen that will show it.
    pub fn open(ctx: &mut Ctx) -> Go {
        let mut screen = Self {
            scope: ctx.shared.scope(),
            doctor: Slot::Empty,
            end: Slot::Empty,
            at: 0,
            report: ReportRef(0),
            cursor: Cursor::default(),
            saved: Slot::Empty,
        };
        screen.again(ctx);
        Go::Push(Box::new(Screen::SignOff(Box::new(screen))))
    }

    fn again(&mut self, ctx: &mut Ctx) {
        self.scope = ctx.renew(self.scope);
        self.doctor = Slot::Pending(ctx.read(self.scope, Query::Doctor));
        let ticket = ctx.shared.ticket();
        self.end = Slot::Pending(ticket);
        self.cursor = Cursor::default();
        self.saved = Slot::Empty;
        ctx.shared.signing = Some(Meter::new(ctx.shared.clock));
        ctx.out.push(Effect::SignOff { ticket });
    }

    /// Returns the reason why an action cannot be done here and now.
    #[must_use]
    pub fn refusal(&self, action: Action, shared: &Shared) -> Option<String> {
        match action {
            Action::Again | Action::Refresh if shared.signing.is_some() => {
                Some("a sign-off is running; ctrl-c stops it".into())
            }
            Action::Write if self.end.ready().is_none() => Some("there is no verdict yet".into()),
            Action::Findings if shared.audits.last.is_none() => {
                Some("no audit has finished yet".into())
            }
            Action::Plan => match self.end.ready() {
                None => Some("there is no verdict yet".into()),
                Some(end) if end.left_total == 0 => Some("no finding prevents PASS".into()),
                Some(_) if self.is_done(shared) => {
                    Some("what stood in the way is gone; r signs off again".into())
                }
                Some(_) => None,
            },
            Action::CopyId => Some("there is no id here".into()),
            _ => None,
        }
    }

    /// Does what was asked. Writing asks where, and that is routed by `update`.
    pub fn act(&mut self, action: Action, ctx: &mut Ctx) -> Go {
        match action {
            Action::Move(motion) => {
                let width = crate::regions::inner(ctx.regions.panes[0]).width;
                let lines = self.text(width, ctx.shared, &Theme::ansi()).lines.len() as u64;
                self.cursor.scroll(motion, lines, ctx.height(0));
            }
            Action::Again | Action::Refresh => self.again(ctx),
            Action::Findings => {
                let left = self.end.ready().is_some_and(|end| end.left_total > 0);
                let text = if left { IN_THE_WAY } else { "" };
                return super::findings::Findings::open(text, ctx);
            }
            Action::Plan => {
                let (filter, _) = filter::parse(IN_THE_WAY);
                let what = "what prevents PASS";
                return decide::open(Selection::Chosen(filter), what, ctx);
            }
            Action::Back => return Go::Back,
            _ => {}
        }
        Go::Stay
    }

    /// Takes an answer if it waits for it.
    pub fn answer(&mut self, ticket: Ticket, answer: Answer, ctx: &mut Ctx) -> Option<Answer> {
        match answer {
            Answer::Checked(checks) if self.doctor.awaits(ticket) => {
                self.doctor = Slot::Ready(checks);
            }
            Answer::Failed(why) if self.doctor.awaits(ticket) => self.doctor = Slot::Failed(why),
            Answer::Signed(end) if self.end.awaits(ticket) => {
                let level = match end.verdict {
                    Verdict::Pass => Level::Info,
                    Verdict::Incomplete => Level::Warning,
                    Verdict::Fail => Level::Error,
                };
                let word = end.verdict.word();
                ctx.shared.tell(level, format!("sign-off: {word}"));
                (self.at, self.report) = (ctx.shared.now(), ctx.shared.audits.report);
                self.end = Slot::Ready(*end);
            }
            Answer::Failed(why) if self.end.awaits(ticket) => self.end = Slot::Failed(why),
            other => return Some(other),
        }
        None
    }

    /// Returns the end of it as a text.
    #[must_use]
    pub fn document(&self) -> Option<String> {
        let mut out = Text::new(super::WIDE);
        ended(self.end.ready()?, &mut out, &Theme::ansi());
        Some(out.plain())
    }

    /// Says what the keys would do, for the status line.
    #[must_use]
    pub fn status(&self, shared: &Shared) -> String {
        match (&shared.signing, self.end.ready()) {
            (Some(_), _) => "ctrl-c stops the sign-off".into(),
            (None, Some(_)) => "w writes the report; r runs it again".into(),
            (None, None) => "r signs off again".into(),
        }
    }

    /// Returns whether nothing is known any more that prevents PASS.
    fn is_done(&self, shared: &Shared) -> bool {
        let last = shared.audits.last.as_ref();
        self.outdated(shared).is_some() && last.is_some_and(|known| known.left == 0)
    }

    /// Returns what is known to have changed since the verdict.
    fn outdated(&self, shared: &Shared) -> Option<String> {
        let end = self.end.ready()?;
        let now = shared.audits.last.as_ref()?.left;
        let is_newer = shared.audits.report != self.report;
        (is_newer && now != end.left_total).then(|| {
            let left = match now {
                0 => "nothing is known to stand in the way".to_owned(),
                1 => "1 finding stands in the way".to_owned(),
                n => format!("{} findings stand in the way", text::grouped(n)),
            };
            format!(
                "This verdict is from before the hub was changed: {left} now. r signs off again."
            )
        })
    }

    /// Returns the step of its guide, and the key that leads on.
    #[must_use]
    pub fn lead(&self, shared: &Shared) -> (u8, &'static str) {
        match (&self.doctor, &self.end) {
            (_, Slot::Ready(_)) if self.outdated(shared).is_some() => {
                (3, "what is left has changed: r signs off again")
            }
            (_, Slot::Ready(_)) if self.saved.ready().is_some() => (
                4,
                "the reports are written; x repairs what is left, r signs off again",
            ),
            (_, Slot::Ready(end)) if end.verdict == Verdict::Pass => {
                (4, "every check succeeded; w writes the report")
            }
            (_, Slot::Ready(end)) if end.left_total > 0 => (
                3,
                "x decides and plans, f lists findings, w writes the report",
            ),
            (_, Slot::Ready(_)) => (3, "w writes the report"),
            (_, Slot::Failed(_)) => (2, "r tries again"),
            (Slot::Pending(_), _) => (1, "the doctor checks database and store"),
            _ => (2, "reading every byte, pulling every branch; ctrl-c stops"),
        }
    }

    /// Waits for the reports to be written.
    pub fn saving(&mut self, ticket: Ticket) {
        self.saved = Slot::Pending(ticket);
    }

    /// Notes that the reports were written, if it waits for this ticket.
    pub fn saved(&mut self, ticket: Ticket) {
        if self.saved.awaits(ticket) {
            self.saved = Slot::Ready(());
        }
    }

    /// Lets go of what nobody else needs.
    pub fn close(&mut self, ctx: &mut Ctx) {
        self.scope = ctx.renew(self.scope);
        if matches!(self.end, Slot::Pending(_)) {
            ctx.out.push(Effect::Cancel(Job::SignOff));
            ctx.shared.signing = None;
        }
    }

    /// Draws it.
    pub fn view(&self, frame: &mut Frame, shared: &Shared, regions: &Regions, theme: &Theme) {
        let title = match self.end.ready() {
            Some(_) => format!("sign-off  {}", super::ago(self.at, shared)),
            None => "sign-off".to_owned(),
        };
        let area = pane::pane(frame, regions.panes[0], theme, &title, true);
        self.text(area.width, shared, theme)
            .draw(frame, area, self.cursor, theme);
    }

    /// Returns what is shown, in lines of `width` cells.
    fn text(&self, width: u16, shared: &Shared, theme: &Theme) -> Text {
        let mut out = Text::new(width);
        match (&self.end, &shared.signing) {
            (Slot::Ready(end), _) => {
                if let Some(words) = self.outdated(shared) {
                    out.say(&format!("! {words}"), theme.warning);
                    out.gap();
                }
                ended(end, &mut out, theme);
            }
            (Slot::Failed(why), _) => out.say(&format!("✗ {why}"), theme.error),
            (_, meter) => {
                self.say_doctor(&mut out, theme);
                if let Some(meter) = meter {
                    under_way(meter, &mut out, theme);
                }
            }
        }
        out
    }

    fn say_doctor(&self, out: &mut Text, theme: &Theme) {
        match &self.doctor {
            Slot::Ready(checks) => {
                let bad = |check: &&CheckLine| matches!(check.health, Health::Warn | Health::Fail);
                let count = checks.iter().filter(bad).count();
                if count == 0 {
                    out.say("✓ the doctor found nothing wrong", theme.good);
                }
                for check in checks.iter().filter(bad) {
                    let (mark, style) = match check.health {
                        Health::Fail => ("✗", theme.error),
                        _ => ("!", theme.warning),
                    };
                    out.say(&format!("{mark} {}: {}", check.name, check.found), style);
                    if !check.advice.is_empty() {
                        out.say(&format!("  {}", check.advice), theme.muted);
                    }
                }
            }
            Slot::Failed(why) => out.say(&format!("✗ doctor: {why}"), theme.error),
            _ => out.say("… the doctor checks database and store", theme.pending),
        }
        out.gap();
    }
}

/// Draws the parts that are done, the one under way, and those to come.
fn under_way(meter: &Meter, out: &mut Text, theme: &Theme) {
    let figures = &meter.figures;
    let at = PARTS.iter().position(|(name, _)| *name == figures.phase);
    for (number, (_, words)) in PARTS.iter().enumerate() {
        match at {
            Some(at) if number < at => out.say(&format!("✓ {words}"), theme.good),
            Some(at) if number == at => {
                let total = figures.total.map_or(String::new(), |total| {
                    format!(" of {}", text::grouped(total))
                });
                let done = text::grouped(figures.done);
                out.say(&format!("▸ {words}  {done}{total}"), theme.running);
            }
            _ => out.say(&format!("  {words}"), theme.muted),
        }
    }
    out.gap();
    out.pair("read", &text::bytes(figures.bytes), theme, theme.text);
    let found: u64 = figures.outcomes.values().sum();
    out.pair("findings", &text::grouped(found), theme, theme.text);
}

/// Lists the checks: what keeps the hub from passing comes first.
fn checks(end: &SignedLine, out: &mut Text, theme: &Theme) {
    for (state, mark, style) in [
        (State::Broken, "✗", theme.error),
        (State::Open, "?", theme.warning),
        (State::Held, "✓", theme.text),
    ] {
        for check in end.checks.iter().filter(|check| check.state == state) {
            let lead = format!("{mark} {:<19} ", check.name);
            out.hang(&lead, &check.said, style);
        }
    }
}

fn ended(end: &SignedLine, out: &mut Text, theme: &Theme) {
    let (mark, words, style) = match end.verdict {
        Verdict::Pass => ("✓", "every check ran and succeeded", theme.good),
        Verdict::Fail => ("✗", "something is wrong", theme.error),
        Verdict::Incomplete => ("?", "something could not be checked", theme.warning),
    };
    out.say(&format!("{mark} {}: {words}", end.verdict.word()), style);
    for what in &end.not_covered {
        out.say(&format!("not covered: {what}"), theme.text);
    }
    if !end.judged_by.is_empty() {
        out.say(&format!("judged by {}", end.judged_by), theme.muted);
    }
    out.gap();
    checks(end, out, theme);
    if end.left_total > 0 {
        out.gap();
        out.say(&end.left_words, theme.title);
        if !end.fix_words.is_empty() {
            out.say(&format!("of these, {}", end.fix_words), theme.text);
        }
        out.say(
            "causes first; x plans what can be repaired, f lists them all",
            theme.muted,
        );
    }
    for left in &end.left {
        out.hang("  ", left, theme.text);
    }
    if end.beside > 0 {
        let words = format!(
            "{} of grade warning or info do not prevent it",
            text::plural(end.beside, "finding")
        );
        out.say(&words, theme.muted);
    }
    if !end.pulls.is_empty() {
        out.gap();
        out.say("pulls that failed", theme.title);
    }
    for pull in &end.pulls {
        out.hang("  ", pull, theme.muted);
    }
}
