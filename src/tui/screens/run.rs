//! One run of the journal: its lines newest first, each with the values before and after.

use super::plan::PlanScreen;
use super::{Go, Screen};
use crate::action::Action;
use crate::effect::{Query, Scope, Ticket};
use crate::event::Answer;
use crate::lines::{EntryLine, HubId, JournalLine, RunLine};
use crate::pages::{PAGE, Pages, Row};
use crate::regions::Regions;
use crate::state::{Ctx, Shared};
use crate::theme::Theme;
use crate::widgets::list::{self, Cursor, fit, fit_right};
use crate::widgets::pane::{self, Text};
use luthier_audit::Remedy;
use luthier_hub::text;
use ratatui::Frame;
use ratatui::text::{Line, Span};

/// The lines of a run.
#[derive(Debug)]
pub struct RunScreen {
    pub scope: Scope,
    run: RunLine,
    lines: Pages<JournalLine>,
    pub cursor: Cursor,
    pub beside: bool,
    detail: Cursor,
}

impl RunScreen {
    /// Opens a run.
    pub fn open(run: RunLine, ctx: &mut Ctx) -> Go {
        Go::Push(Box::new(Screen::Run(Box::new(Self {
            scope: ctx.shared.scope(),
            run,
            lines: Pages::default(),
            cursor: Cursor::default(),
            beside: false,
            detail: Cursor::default(),
        }))))
    }

    /// Returns the number of lines.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.run.lines
    }

    /// Returns whether something is on its way.
    #[must_use]
    pub fn pending(&self) -> bool {
        self.lines.pending()
    }

    fn current(&self) -> Option<&JournalLine> {
        match self.lines.row(self.cursor.at) {
            Row::Ready(line) => Some(line),
            _ => None,
        }
    }

    /// Returns the id of what the line under the cursor changed, else the run's name.
    #[must_use]
    pub fn id(&self) -> HubId {
        self.current()
            .and_then(|line| line.entry.as_ref())
            .map_or_else(|| self.run.run.clone(), |entry| entry.id.clone())
    }

    /// Returns the reason why an action cannot be done here and now.
    #[must_use]
    pub fn refusal(&self, _: Action, _: &Shared) -> Option<String> {
        None
    }

    /// Does what was asked.
    pub fn act(&mut self, action: Action, ctx: &mut Ctx) -> Go {
        match action {
            Action::Move(motion) if self.beside => {
                let width = crate::regions::inner(ctx.regions.panes[1]).width;
                let lines = self.detail(width, &Theme::ansi()).lines.len() as u64;
                self.detail.scroll(motion, lines, ctx.height(1));
            }
            Action::Move(motion) => {
                self.detail = Cursor::default();
                self.cursor.step(motion, self.run.lines, ctx.height(0));
            }
            Action::Pane | Action::Open => self.beside = !self.beside,
            Action::Undo => return PlanScreen::undo(&self.run, ctx),
            Action::Refresh => {
                self.scope = ctx.renew(self.scope);
                self.lines = Pages::default();
            }
            Action::Back if self.beside => self.beside = false,
            Action::Back => return Go::Back,
            _ => {}
        }
        Go::Stay
    }

    /// Takes an answer if it waits for it.
    pub fn answer(&mut self, ticket: Ticket, answer: Answer) -> Option<Answer> {
        if !self.lines.awaits(ticket) {
            return Some(answer);
        }
        match answer {
            Answer::RunLines(lines) => self.lines.take(ticket, Ok(lines)),
            Answer::Failed(why) => self.lines.take(ticket, Err(why)),
            other => return Some(other),
        }
        None
    }

    /// Asks for the lines around the cursor.
    pub fn request_missing(&mut self, ctx: &mut Ctx) {
        let height = ctx.height(0).max(1);
        self.cursor.keep(self.run.lines, height);
        let rows = self.cursor.window(self.run.lines, height);
        for page in self.lines.missing(rows) {
            // The newest line is first, and the file is read from its beginning.
            let end = self.run.lines.saturating_sub(page * PAGE);
            let skip = end.saturating_sub(PAGE);
            let ask = Query::RunLines {
                run: self.run.run.exact().to_owned(),
                skip,
                limit: (end - skip) as u32,
            };
            let ticket = ctx.read(self.scope, ask);
            self.lines.asked(page, ticket);
        }
    }

    /// Returns the line under the cursor as a text.
    #[must_use]
    pub fn document(&self) -> Option<(String, String)> {
        let mut out = Text::new(super::WIDE);
        self.describe(self.current()?, &mut out, &Theme::ansi());
        Some(("run.txt".into(), out.plain()))
    }

    /// Lets go of what only it needed.
    pub fn close(&mut self, ctx: &mut Ctx) {
        self.scope = ctx.renew(self.scope);
    }

    /// Draws it.
    pub fn view(&self, frame: &mut Frame, _: &Shared, regions: &Regions, theme: &Theme) {
        let [first, second, _] = regions.panes;
        if first.width > 0 {
            let title = format!(
                "run {}  {} of {}",
                self.run.run.short(),
                text::grouped(self.cursor.at + u64::from(self.run.lines > 0)),
                text::grouped(self.run.lines)
            );
            let area = pane::pane(frame, first, theme, &title, !self.beside);
            let len = self.run.lines;
            list::draw(frame, area, theme, (self.cursor, len), |at| {
                match self.lines.row(at) {
                    Row::Ready(row) => line(row, area.width, theme),
                    Row::Pending => Line::styled(" …", theme.pending),
                    Row::Failed(why) => Line::styled(format!(" ✗ {why}"), theme.error),
                }
            });
        }
        if second.width > 0 {
            let area = pane::pane(frame, second, theme, "before and after", self.beside);
            self.detail(area.width, theme)
                .draw(frame, area, self.detail, theme);
        }
    }

    /// Returns what the second pane shows, in lines of `width` cells.
    fn detail(&self, width: u16, theme: &Theme) -> Text {
        let mut out = Text::new(width);
        match self.current() {
            Some(line) => self.describe(line, &mut out, theme),
            None => super::journal::describe(&self.run, &mut out, theme),
        }
        out
    }

    fn describe(&self, line: &JournalLine, out: &mut Text, theme: &Theme) {
        out.say(
            &format!(
                "{}. {}  {}",
                text::grouped(line.seq),
                line.word,
                text::moment(&line.time)
            ),
            theme.title,
        );
        if !line.words.is_empty() {
            let style = if line.well { theme.text } else { theme.warning };
            out.say(&line.words, style);
        }
        out.gap();
        match &line.entry {
            Some(entry) => before_and_after(entry, out, theme),
            None => super::journal::describe(&self.run, out, theme),
        }
    }
}

fn line(row: &JournalLine, width: u16, theme: &Theme) -> Line<'static> {
    let style = if row.well { theme.text } else { theme.warning };
    let mark = if row.well { " " } else { "!" };
    let what = match &row.entry {
        Some(entry) => {
            let subject = super::plan::subject(entry.remedy, entry.kind);
            format!("{} {subject} {}", entry.remedy, entry.id.short())
        }
        None => row.words.clone(),
    };
    let room = usize::from(width).saturating_sub(25);
    Line::from(vec![
        Span::styled(fit_right(&text::grouped(row.seq), 11), theme.muted),
        Span::styled(format!(" {mark}{} ", fit(&row.word, 10)), style),
        Span::styled(fit(&what, room), theme.text),
    ])
}

fn before_and_after(entry: &EntryLine, out: &mut Text, theme: &Theme) {
    out.pair("step", &text::grouped(entry.step), theme, theme.text);
    out.pair("remedy", entry.remedy.word(), theme, theme.text);
    if entry.remedy != Remedy::Checkpoint {
        out.pair(entry.kind.word(), entry.id.shown(), theme, theme.text);
    }
    out.pair("repository", &entry.repo, theme, theme.text);
    let codes: Vec<&str> = entry.codes.iter().map(|code| code.name()).collect();
    let word = super::plan::mended(entry.remedy);
    out.pair(word, &codes.join(", "), theme, theme.text);
    if let Some(key) = &entry.key {
        out.pair("key", key, theme, theme.text);
    }
    if entry.bytes > 0 {
        let bytes = text::plural(entry.bytes, "byte");
        out.pair("object", &bytes, theme, theme.text);
    }
    if let Some(sha256) = &entry.sha256 {
        out.pair("sha256", sha256, theme, theme.muted);
    }
    out.gap();
    if entry.changes.is_empty() {
        out.say("the row was not changed", theme.muted);
    }
    for change in &entry.changes {
        out.say(&change.column, theme.title);
        let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
        out.say(&format!("- before  {}", side(&change.from)), theme.removed);
        out.say(&format!("+ after   {}", side(&change.to)), theme.added);
    }
}
