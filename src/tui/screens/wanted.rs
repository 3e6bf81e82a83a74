//! The wanted list: objects that neither the hub nor a folder of copies has, to be asked for elsewhere.

use super::inspect::Inspect;
use super::plan::PlanScreen;
use super::{Go, Screen};
use crate::action::Action;
use crate::effect::{Exported, Query, ReportRef, Scope, Tabled, Ticket};
use crate::event::Answer;
use crate::lines::WantedLine;
use crate::pages::{PAGE, Pages, Row};
use crate::regions::Regions;
use crate::state::{Ctx, Shared, Slot};
use crate::theme::Theme;
use crate::widgets::list::{self, Cursor, fit};
use crate::widgets::pane::{self, Text};
use luthier_audit::Filter;
use luthier_audit::table::blocked;
use luthier_hub::text;
use luthier_repair::Selection;
use luthier_repair::wanted::mendable;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// The list of what is wanted.
#[derive(Debug)]
pub struct WantedScreen {
    pub scope: Scope,
    /// The report that it was made from, and the folder of copies.
    report: ReportRef,
    copies: Option<String>,
    pub count: Slot<u64>,
    list: Pages<WantedLine>,
    pub cursor: Cursor,
    pub beside: bool,
    detail: Cursor,
}

impl WantedScreen {
    /// Opens the list.
    pub fn open(ctx: &mut Ctx) -> Go {
        Go::Push(Box::new(Screen::Wanted(Box::new(Self {
            scope: ctx.shared.scope(),
            report: ctx.shared.audits.report,
            copies: ctx.shared.copies.clone(),
            count: Slot::Empty,
            list: Pages::default(),
            cursor: Cursor::default(),
            beside: false,
            detail: Cursor::default(),
        }))))
    }

    /// Returns the number of its lines, as far as that is known.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.count.ready().copied().unwrap_or(0)
    }

    /// Returns the line under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&WantedLine> {
        match self.list.row(self.cursor.at) {
            Row::Ready(row) if self.cursor.at < self.len() => Some(row),
            _ => None,
        }
    }

    /// Returns whether something is on its way.
    #[must_use]
    pub fn pending(&self) -> bool {
        matches!(self.count, Slot::Pending(_)) || self.list.pending()
    }

    /// Returns the reason why an action cannot be done here and now.
    #[must_use]
    pub fn refusal(&self, action: Action, shared: &Shared) -> Option<String> {
        match action {
            Action::Open | Action::Plan | Action::CopyId if self.current().is_none() => {
                Some("there is no object under the cursor".into())
            }
            Action::Export | Action::CopyTable if self.len() == 0 => {
                Some("nothing is on the list".into())
            }
            Action::Plan if shared.copies.is_none() => {
                Some("nothing has a copy of it yet; C chooses a client's folder".into())
            }
            Action::Plan if matches!(shared.audits.slot, Slot::Pending(_)) => {
                Some("an audit is running; the findings are about to change".into())
            }
            _ => None,
        }
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
                let (len, height) = (self.len(), height(ctx));
                self.cursor.step(motion, len, height);
            }
            Action::Pane => self.beside = !self.beside,
            Action::Refresh => self.reread(ctx),
            Action::Export => ctx.export(Exported::Wanted(self.report)),
            Action::CopyTable => ctx.copy_table(Tabled::Wanted(self.report)),
            Action::Open => {
                if let Some((kind, row)) =
                    self.current().and_then(|row| Some((row.kind.kind()?, row)))
                {
                    return Inspect::open(kind, row.id.clone(), ctx);
                }
            }
            Action::Plan => {
                if let Some(row) = self.current() {
                    let filter = Filter {
                        id: Some(row.id.exact().to_owned()),
                        ..mendable()
                    };
                    let what = format!("{} {}", row.kind, row.id.short());
                    return PlanScreen::open(Selection::Chosen(filter), &what, ctx);
                }
            }
            Action::Back if self.beside => self.beside = false,
            Action::Back => return Go::Back,
            _ => {}
        }
        Go::Stay
    }

    fn reread(&mut self, ctx: &mut Ctx) {
        self.scope = ctx.renew(self.scope);
        (self.count, self.list) = (Slot::Empty, Pages::default());
        self.report = ctx.shared.audits.report;
        self.copies.clone_from(&ctx.shared.copies);
    }

    /// Takes an answer if it waits for it.
    pub fn answer(&mut self, ticket: Ticket, answer: Answer) -> Option<Answer> {
        match answer {
            Answer::Count(count) if self.count.awaits(ticket) => self.count = Slot::Ready(count),
            Answer::Failed(why) if self.count.awaits(ticket) => self.count = Slot::Failed(why),
            Answer::Wanted(rows) if self.list.awaits(ticket) => self.list.take(ticket, Ok(rows)),
            Answer::Failed(why) if self.list.awaits(ticket) => self.list.take(ticket, Err(why)),
            other => return Some(other),
        }
        None
    }

    /// Asks for the list, and anew once another report or another folder of copies is there.
    pub fn request_missing(&mut self, ctx: &mut Ctx) {
        if self.report != ctx.shared.audits.report || self.copies != ctx.shared.copies {
            self.reread(ctx);
        }
        if self.count == Slot::Empty {
            self.count = Slot::Pending(ctx.read(self.scope, Query::Wanted(self.report)));
        }
        if self.count.ready().is_none() {
            return;
        }
        let (len, height) = (self.len(), height(ctx));
        self.cursor.keep(len, height);
        for page in self.list.missing(self.cursor.window(len, height.max(1))) {
            let ask = Query::WantedLines {
                report: self.report,
                skip: page * PAGE,
                limit: PAGE as u32,
            };
            let ticket = ctx.read(self.scope, ask);
            self.list.asked(page, ticket);
        }
    }

    /// Lets go of what only it needed.
    pub fn close(&mut self, ctx: &mut Ctx) {
        self.scope = ctx.renew(self.scope);
    }

    /// Returns the line under the cursor as a text.
    #[must_use]
    pub fn document(&self) -> Option<String> {
        self.current()?;
        Some(self.detail(super::WIDE, &Theme::ansi()).plain())
    }

    /// Says where copies are taken from, for the status line.
    #[must_use]
    pub fn status(&self, shared: &Shared) -> String {
        match &shared.copies {
            Some(path) => format!("copies from {path}; C chooses another folder"),
            None => "C takes copies from a client's folder; E and Y share the list".into(),
        }
    }

    /// Draws it.
    pub fn view(&self, frame: &mut Frame, _: &Shared, regions: &Regions, theme: &Theme) {
        let [first, second, _] = regions.panes;
        if first.width > 0 {
            let title = match &self.count {
                Slot::Ready(0) => "wanted objects  none".into(),
                Slot::Ready(count) => format!(
                    "wanted objects  {} of {}",
                    text::grouped(self.cursor.at + 1),
                    text::grouped(*count)
                ),
                _ => "wanted objects  …".into(),
            };
            let area = pane::pane(frame, first, theme, &title, !self.beside);
            self.view_list(frame, area, theme);
        }
        if second.width > 0 {
            let area = pane::pane(frame, second, theme, "object", self.beside);
            self.detail(area.width, theme)
                .draw(frame, area, self.detail, theme);
        }
    }

    fn view_list(&self, frame: &mut Frame, area: Rect, theme: &Theme) {
        let mut text = Text::new(area.width);
        match &self.count {
            Slot::Ready(0) if self.copies.is_some() => {
                text.say(
                    "✓ the hub or the folder of copies has everything. C plans what the copies restore.",
                    theme.good,
                );
            }
            Slot::Ready(0) => {
                text.say(
                    "no object needs a copy from elsewhere. esc goes back.",
                    theme.muted,
                );
            }
            Slot::Failed(why) => text.say(&format!("✗ {why}"), theme.error),
            Slot::Ready(_) => return self.view_rows(frame, area, theme),
            _ => text.say("finding out what is wanted …", theme.pending),
        }
        text.draw(frame, area, Cursor::default(), theme);
    }

    fn view_rows(&self, frame: &mut Frame, area: Rect, theme: &Theme) {
        let [head, body] = pane::headed(area);
        let columns = Columns::of(area.width);
        let heading = format!(
            " {} {} {} {}",
            fit("kind", columns.kind),
            fit("id", columns.id),
            fit("code", columns.code),
            fit("repository and path", columns.place)
        );
        frame.render_widget(Line::styled(heading, theme.muted), head);
        let position = (self.cursor, self.len());
        list::draw(frame, body, theme, position, |at| match self.list.row(at) {
            Row::Ready(row) => line(row, &columns, theme),
            Row::Pending => Line::styled(" …", theme.pending),
            Row::Failed(why) => Line::styled(format!(" ✗ {why}"), theme.error),
        });
    }

    fn detail(&self, width: u16, theme: &Theme) -> Text {
        let mut out = Text::new(width);
        let Some(row) = self.current() else {
            return out;
        };
        let fault = row.code.fault();
        out.say(
            &format!("{}  {}", fault.name, fault.grade),
            theme.grade(fault.grade),
        );
        out.gap();
        out.pair(row.kind.word(), row.id.shown(), theme, theme.text);
        out.pair("repository", row.repo.shown(), theme, theme.text);
        if let Some(path) = &row.path {
            out.pair("path", path, theme, theme.text);
        }
        if let Some(blocks) = row.blocks {
            let words = blocked(blocks.commits, blocks.branches);
            if !words.is_empty() {
                out.pair("blocks", &words, theme, theme.warning);
            }
        }
        out.gap();
        out.say(&row.why, theme.text);
        out
    }
}

/// Returns the number of visible rows: the heading takes one.
fn height(ctx: &Ctx) -> u64 {
    ctx.height(0).saturating_sub(1)
}

struct Columns {
    kind: usize,
    id: usize,
    code: usize,
    place: usize,
}

impl Columns {
    /// Divides `width` cells; where they are few, the code gives way, which stands beside the list too.
    fn of(width: u16) -> Self {
        let room = usize::from(width).saturating_sub(4);
        let code = if room > 60 { 21 } else { 0 };
        Self {
            kind: 8,
            id: 12,
            code,
            place: room.saturating_sub(20 + code),
        }
    }
}

fn line(row: &WantedLine, columns: &Columns, theme: &Theme) -> Line<'static> {
    let place = match &row.path {
        Some(path) => format!("{}  {path}", row.repo.shown()),
        None => row.repo.shown().to_owned(),
    };
    Line::from(vec![
        Span::styled(
            format!(" {} ", fit(row.kind.word(), columns.kind)),
            theme.text,
        ),
        Span::styled(format!("{} ", fit(&row.id.short(), columns.id)), theme.text),
        Span::styled(
            format!("{} ", fit(row.code.name(), columns.code)),
            theme.grade(row.code.fault().grade),
        ),
        Span::styled(fit(&place, columns.place), theme.muted),
    ])
}
