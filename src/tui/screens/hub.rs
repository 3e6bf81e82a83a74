//! The hub: how much there is, what the last audit found, and where to go from here.

mod fixable;
mod trend;

use super::Go;
use super::findings::Findings;
use super::grade_mark;
use super::plan::PlanScreen;
use super::repos::Repos;
use crate::action::Action;
use crate::effect::Query;
use crate::guide::Guide;
use crate::lines::KnownLine;
use crate::lines::known::{Rest, branch_words, nothing_found, rests_on, scope_words};
use crate::regions::Regions;
use crate::state::{Ctx, Shared, Slot};
use crate::theme::Theme;
use crate::widgets::list::{Cursor, fit, fit_right};
use crate::widgets::pane::{self, Text};
use luthier_audit::{Auto, Code};
use luthier_hub::text;
use luthier_repair::Selection;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

/// The first screen.
#[derive(Debug, Default)]
pub struct HubScreen {
    pub cursor: Cursor,
    /// The pane beside the codes takes the movement keys.
    pub beside: bool,
    /// How far that pane is scrolled.
    detail: Cursor,
}

/// The least lines of the pane in which the totals are shown too: below it, what can be done and the codes have them.
const TALL: u16 = 12;

/// Codes with the number of their findings, the worst and most frequent first: of the audit under way
/// as counted so far, else of the last.
fn codes(shared: &Shared) -> Vec<(Code, u64)> {
    let mut codes: Vec<(Code, u64)> = match (&shared.audits.slot, &shared.audits.last) {
        (Slot::Pending(_), None) => shared
            .audits
            .meter
            .figures
            .outcomes
            .iter()
            .filter_map(|(name, count)| Some((Code::from_name(name)?, *count)))
            .collect(),
        (_, Some(last)) => last
            .summary
            .findings
            .iter()
            .map(|(code, n)| (*code, *n))
            .collect(),
        _ => Vec::new(),
    };
    codes.retain(|(_, count)| *count > 0);
    codes.sort_by_key(|(code, count)| std::cmp::Reverse((code.fault().grade, *count)));
    codes
}

impl HubScreen {
    /// Returns the reason why an action cannot be done here and now.
    #[must_use]
    pub fn refusal(&self, action: Action, shared: &Shared) -> Option<String> {
        let nothing = shared.audits.last.is_none();
        match action {
            Action::Guide(Guide::ByHand) | Action::Open | Action::Plan if nothing => {
                Some("no audit has finished yet".into())
            }
            Action::Open | Action::Pane if codes(shared).is_empty() => Some("no findings".into()),
            Action::Fixable(fixes) => fixable::refusal(fixes, shared),
            Action::CopyId => Some("there is no id here".into()),
            _ => None,
        }
    }

    /// Does what was asked.
    pub fn act(&mut self, action: Action, ctx: &mut Ctx) -> Go {
        match action {
            Action::Move(motion) if self.beside => {
                let width = crate::regions::inner(ctx.regions.panes[1]).width;
                let lines = self.explained(ctx.shared, width, &Theme::ansi());
                let lines = lines.map_or(0, |text| text.lines.len() as u64);
                self.detail.scroll(motion, lines, ctx.height(1));
                Go::Stay
            }
            Action::Move(motion) => {
                self.detail = Cursor::default();
                let area = crate::regions::inner(ctx.regions.panes[0]);
                let (rows, len) = self.rows(ctx.shared, area);
                self.cursor.step(motion, len, u64::from(rows.height));
                Go::Stay
            }
            Action::Open => {
                let at = usize::try_from(self.cursor.at).unwrap_or(0);
                match codes(ctx.shared).get(at) {
                    Some((code, _)) => Findings::open(&format!("code:{code}"), ctx),
                    None => Go::Stay,
                }
            }
            Action::Fixable(fixes) => Findings::open(&fixable::filter(fixes), ctx),
            Action::Repos => Repos::open(ctx),
            Action::Plan => PlanScreen::open(
                Selection::Auto(luthier_audit::Filter::default()),
                "every finding that can be repaired without a decision",
                ctx,
            ),
            Action::Pane => {
                self.beside = !self.beside;
                Go::Stay
            }
            Action::Back if self.beside => {
                self.beside = false;
                Go::Stay
            }
            Action::Back => Go::Back,
            _ => Go::Stay,
        }
    }

    /// Asks for the totals once the hub is open.
    pub fn request_missing(&mut self, ctx: &mut Ctx) {
        if ctx.shared.open.ready().is_some() && ctx.shared.counts == Slot::Empty {
            let scope = ctx.shared.scope();
            ctx.shared.counts = Slot::Pending(ctx.read(scope, Query::Counts));
        }
        self.beside &= !codes(ctx.shared).is_empty();
        if ctx.regions.panes[0].is_empty() {
            return;
        }
        let area = crate::regions::inner(ctx.regions.panes[0]);
        let (rows, len) = self.rows(ctx.shared, area);
        self.cursor.keep(len, u64::from(rows.height));
    }

    /// Returns where the codes are listed, and how many there are.
    pub fn rows(&self, shared: &Shared, area: Rect) -> (Rect, u64) {
        let head = head(shared, area, &Theme::ansi());
        (parts(&head, area)[1], codes(shared).len() as u64)
    }

    /// Draws it.
    pub fn view(&self, frame: &mut Frame, shared: &Shared, regions: &Regions, theme: &Theme) {
        let [first, second, _] = regions.panes;
        if !first.is_empty() {
            let area = pane::pane(frame, first, theme, "hub", !self.beside);
            self.view_list(frame, area, shared, theme);
        }
        if !second.is_empty() {
            let area = pane::pane(frame, second, theme, "code", self.beside);
            if let Some(text) = self.explained(shared, area.width, theme) {
                text.draw(frame, area, self.detail, theme);
            }
        }
    }

    fn view_list(&self, frame: &mut Frame, area: Rect, shared: &Shared, theme: &Theme) {
        if let Slot::Failed(why) = &shared.open {
            let mut head = Text::new(area.width);
            head.say(&format!("✗ {why}"), theme.error);
            head.gap();
            head.say("R tries again   q leaves", theme.text);
            head.draw(frame, area, Cursor::default(), theme);
            return;
        }
        let head = head(shared, area, theme);
        let [top, list] = parts(&head, area);
        head.draw(frame, top, Cursor::default(), theme);
        self.bars(frame, list, shared, theme);
    }

    /// Explains the code under the cursor.
    fn explained(&self, shared: &Shared, width: u16, theme: &Theme) -> Option<Text> {
        let at = usize::try_from(self.cursor.at).ok()?;
        let (code, count) = *codes(shared).get(at)?;
        Some(explain(code, count, width, theme))
    }

    fn bars(&self, frame: &mut Frame, area: Rect, shared: &Shared, theme: &Theme) {
        let codes = codes(shared);
        let most = codes.iter().map(|(_, n)| *n).max().unwrap_or(1).max(1);
        let room = usize::from(area.width).saturating_sub(46).min(40);
        let row = |at: u64| -> Line<'static> {
            let Some((code, count)) = usize::try_from(at).ok().and_then(|at| codes.get(at)) else {
                return Line::default();
            };
            let fault = code.fault();
            let share = (*count as f64 / most as f64 * room as f64).ceil() as usize;
            Line::from(vec![
                Span::raw(" "),
                Span::styled(grade_mark(fault.grade), theme.mark(fault.grade)),
                Span::raw(" "),
                Span::styled(fit(fault.grade.word(), 9), theme.grade(fault.grade)),
                Span::styled(fit(fault.name, 23), theme.text),
                Span::styled(fit_right(&text::grouped(*count), 9), theme.text),
                Span::raw(" "),
                Span::styled("━".repeat(share.min(room)), theme.bar(fault.grade)),
            ])
        };
        let position = (self.cursor, codes.len() as u64);
        crate::widgets::list::draw(frame, area, theme, position, row);
    }
}

/// Draws what stands above the codes.
fn head(shared: &Shared, area: Rect, theme: &Theme) -> Text {
    let mut head = Text::new(area.width);
    jobs(&mut head, theme);
    if area.height >= TALL {
        head.gap();
    }
    fixable::say(shared, &mut head, theme);
    if area.height >= TALL {
        totals(shared, &mut head, theme);
        head.gap();
    }
    audit(shared, &mut head, area.height, theme);
    head
}

/// Splits the pane: what stands above the codes, and these.
fn parts(head: &Text, area: Rect) -> [Rect; 2] {
    let height = u16::try_from(head.lines.len()).unwrap_or(u16::MAX);
    Layout::vertical([Constraint::Length(height), Constraint::Fill(1)]).areas(area)
}

/// Draws the three jobs with their keys.
fn jobs(head: &mut Text, theme: &Theme) {
    let mut spans = Vec::new();
    for (guide, key) in Guide::KEYED {
        spans.push(Span::styled(format!(" {key} "), theme.key));
        spans.push(Span::styled(format!("{}   ", guide.title()), theme.text));
    }
    head.lines.push(Line::from(spans));
}

fn totals(shared: &Shared, head: &mut Text, theme: &Theme) {
    let counts = match &shared.counts {
        Slot::Ready(counts) => counts,
        Slot::Failed(why) => {
            head.pair("rows", &format!("? unread: {why}"), theme, theme.error);
            return;
        }
        _ => {
            head.pair("rows", "not counted yet", theme, theme.pending);
            return;
        }
    };
    head.pair(
        "rows",
        &[
            text::plural(counts.repos, "repo"),
            text::plural(counts.branches, "branch"),
            text::plural(counts.commits, "commit"),
            text::plural(counts.snapshots, "snapshot"),
            text::plural(counts.blobs, "blob"),
            text::plural(counts.proposals, "proposal"),
        ]
        .join(" · "),
        theme,
        theme.text,
    );
    let nulls: Vec<String> = luthier_object::Kind::ALL
        .into_iter()
        .zip(counts.null_uris)
        .map(|(kind, nulls)| match nulls {
            Some(nulls) => text::plural(nulls, kind.as_str()),
            None => format!("{kind}s have no such column"),
        })
        .collect();
    head.pair("without URI", &nulls.join(" · "), theme, theme.text);
}

fn audit(shared: &Shared, head: &mut Text, height: u16, theme: &Theme) {
    let audits = &shared.audits;
    match (&audits.slot, &audits.last) {
        (Slot::Pending(_), _) => {
            let found: u64 = audits.meter.figures.outcomes.values().sum();
            let text = format!(
                "{} found so far in {}, depth {}",
                text::grouped(found),
                scope_words(&audits.asked.scope),
                audits.asked.depth.word()
            );
            head.pair("audit runs", &text, theme, theme.running);
        }
        (Slot::Failed(why), _) => head.pair("audit", &format!("✗ {why}"), theme, theme.error),
        (_, None) => head.pair("audit", "none yet", theme, theme.pending),
        (_, Some(_)) => {}
    }
    let Some(last) = &audits.last else {
        return;
    };
    say_known(shared, last, head, height, theme);
    if height >= trend::LEAST_HEIGHT {
        trend::say(last, shared, head, theme);
    }
    let last = &last.summary;
    if height >= TALL && !last.model.is_empty() {
        head.pair("judged by", &last.model, theme, theme.muted);
    }
    for hidden in last.hidden.iter().take(3) {
        let text = format!("incomplete: {}", hidden.said);
        head.pair("", &text, theme, theme.warning);
    }
    if last.unknown > 0 {
        let why = last.unknown_because.first().map_or("", String::as_str);
        let text = format!(
            "incomplete: {} without answer {why}",
            text::plural(last.unknown, "question")
        );
        head.pair("", &text, theme, theme.warning);
    }
    for note in last.notes.iter().take(2) {
        head.pair("", note, theme, theme.muted);
    }
    head.gap();
}

/// Draws the number of findings, what it rests on, and how many branches fail.
fn say_known(shared: &Shared, known: &KnownLine, head: &mut Text, height: u16, theme: &Theme) {
    let found: u64 = known.summary.findings.values().sum();
    let past = known.past_audits.hub();
    let (_, rest) = nothing_found(past);
    let text = format!(
        "{} in the whole hub, {}",
        text::plural(found, "finding"),
        rests_on(past, shared)
    );
    let style = match (found, rest) {
        (0, Rest::Proved) => theme.good,
        (0, Rest::Unknown) => theme.warning,
        _ => theme.text,
    };
    head.pair("last audit", &text, theme, style);
    say_parts(known, shared, head, theme);
    let (mut words, fails) = branch_words(&known.branches);
    let style = if fails { theme.error } else { theme.text };
    let all = shared.counts.ready().map_or(0, |counts| counts.branches);
    let other = all.saturating_sub(known.branches.total());
    if height >= TALL && other > 0 && known.branches.total() > 0 {
        words += &format!(
            "; {} not tried: the repository is deleted, or the branch is newer than the audit",
            text::grouped(other)
        );
    }
    head.pair("pulls", &words, theme, style);
}

/// Draws the other audits that still say something: of parts, or less deep; the newest first.
fn say_parts(known: &KnownLine, shared: &Shared, head: &mut Text, theme: &Theme) {
    // An audit of the whole hub that looked less deep than an earlier one replaces nothing of it.
    let of_all = known.past_audits.hub();
    let parts = known
        .past_audits
        .iter()
        .filter(|past| Some(*past) != of_all);
    let mut parts: Vec<String> = parts
        .map(|past| {
            format!(
                "{}: {}",
                scope_words(&past.scope),
                rests_on(Some(past), shared)
            )
        })
        .collect();
    parts.reverse();
    for part in parts.iter().take(2) {
        head.pair("", part, theme, theme.muted);
    }
    if parts.len() > 2 {
        let more = text::plural(parts.len() as u64 - 2, "look");
        head.pair(
            "",
            &format!("and {more} at other parts"),
            theme,
            theme.muted,
        );
    }
}

/// Explains a code and its remedy.
fn explain(code: Code, count: u64, width: u16, theme: &Theme) -> Text {
    let fault = code.fault();
    let mut out = Text::new(width);
    let words = text::plural(count, "finding");
    out.say(
        &format!("{}  {}  {words}", fault.name, fault.grade),
        theme.grade(fault.grade),
    );
    out.gap();
    out.say(fault.is, theme.text);
    out.gap();
    out.pair("remedy", &fault.remedy.to_string(), theme, theme.text);
    let auto = match fault.auto {
        Auto::Yes => "all at once, after the plan is confirmed",
        Auto::Ask => "after a decision, where the hub has a valid copy",
        Auto::No => "Luthier cannot repair it",
    };
    out.pair("applied", auto, theme, theme.text);
    if let Some(how) = code.by_hand() {
        out.gap();
        out.say(&how, theme.text);
    }
    out.gap();
    out.say("enter lists them", theme.muted);
    out
}
