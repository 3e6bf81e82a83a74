//! The repositories.

use super::findings::Findings;
use super::objects::Objects;
use super::plan::PlanScreen;
use super::pull::PullScreen;
use super::{Go, Screen};
use crate::audit::Filter;
use crate::repair::Selection;
use crate::text;
use crate::tui::action::{Action, Motion};
use crate::tui::effect::{Ask, PullAsk, Scope, Ticket};
use crate::tui::event::Answer;
use crate::tui::lines::RepoLine;
use crate::tui::pages::{Chain, PAGE, Row};
use crate::tui::regions::Regions;
use crate::tui::state::{Ctx, Shared, Slot};
use crate::tui::theme::Theme;
use crate::tui::widgets::list::{self, Cursor, fit, fit_right};
use crate::tui::widgets::pane;
use ratatui::Frame;
use ratatui::text::{Line, Span};

/// A list of repositories, in the order of their ids.
#[derive(Debug)]
pub struct Repos {
    pub scope: Scope,
    pub list: Chain<RepoLine>,
    pub cursor: Cursor,
}

impl Repos {
    /// Opens the list.
    pub fn open(ctx: &mut Ctx) -> Go {
        Go::Push(Box::new(Screen::Repos(Box::new(Self {
            scope: ctx.shared.scope(),
            list: Chain::default(),
            cursor: Cursor::default(),
        }))))
    }

    /// The row under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&RepoLine> {
        match self.list.row(self.cursor.at) {
            Row::Ready(row) => Some(row),
            _ => None,
        }
    }

    /// Why an action cannot be done here and now.
    #[must_use]
    pub fn refusal(&self, action: Action, shared: &Shared) -> Option<String> {
        match action {
            Action::Open
            | Action::Findings
            | Action::Plan
            | Action::Audit
            | Action::CopyId
            | Action::Pull
                if self.current().is_none() =>
            {
                Some("there is no repository under the cursor".into())
            }
            Action::Findings | Action::Plan if shared.audits.last.is_none() => {
                Some("no audit has ended yet".into())
            }
            _ => None,
        }
    }

    /// Does what was asked.
    pub fn act(&mut self, action: Action, ctx: &mut Ctx) -> Go {
        let current = self.current().cloned();
        match (action, current) {
            (Action::Move(Motion::End), _) => {
                self.list.seek_end();
                self.cursor
                    .step(Motion::End, self.list.len(), ctx.height(0));
            }
            (Action::Move(motion), _) => {
                self.list.stay();
                self.cursor.step(motion, self.list.len(), ctx.height(0));
            }
            (Action::Refresh, _) => {
                self.scope = ctx.renew(self.scope);
                self.list = Chain::default();
            }
            (Action::Open, Some(row)) => {
                return Objects::open(&row, ctx);
            }
            (Action::Findings, Some(row)) => {
                return Findings::open(&format!("repo:{}", row.path.shown()), ctx);
            }
            (Action::Audit, Some(row)) => ctx.audit(Some(row.path.exact().to_owned()), true),
            (Action::Plan, Some(row)) => {
                let filter = Filter {
                    repo: Some(row.path.exact().to_owned()),
                    ..Filter::default()
                };
                let what = format!(
                    "what can be repaired without a choice in {}",
                    row.path.shown()
                );
                return PlanScreen::open(Selection::Auto(filter), &what, ctx);
            }
            (Action::Pull, Some(row)) => {
                let ask = PullAsk {
                    repo: row.path.exact().to_owned(),
                    branch: Some(row.default_branch.exact().to_owned()).filter(|b| !b.is_empty()),
                };
                return PullScreen::open(ask, ctx);
            }
            (Action::Back, _) => return Go::Back,
            _ => {}
        }
        Go::Stay
    }

    /// Takes an answer if it waits for it.
    pub fn answer(&mut self, ticket: Ticket, answer: Answer) -> Option<Answer> {
        if !self.list.awaits(ticket) {
            return Some(answer);
        }
        let seeking = self.list.seeking();
        match answer {
            Answer::Repos { rows, end } => {
                let key = rows.last().map(|row| row.id.exact().to_owned());
                self.list.take(ticket, Ok((rows, end, key)));
            }
            Answer::Failed(why) => self.list.take(ticket, Err(why)),
            other => return Some(other),
        }
        if seeking {
            self.cursor.at = self.list.len().saturating_sub(1);
        }
        None
    }

    /// Asks for the rows around the cursor.
    pub fn settle(&mut self, ctx: &mut Ctx) {
        let height = ctx.height(0);
        if !self.list.is_empty() {
            self.cursor.keep(self.list.len(), height);
        }
        if ctx.shared.open.ready().is_none() {
            return;
        }
        let top = self.cursor.top;
        for (page, after) in self.list.missing(top..top + height.max(1) + 1) {
            let limit = PAGE as u32;
            let ticket = ctx.read(self.scope, Ask::Repos { after, limit });
            self.list.asked(page, ticket);
        }
    }

    /// Lets go of what only it needed.
    pub fn close(&mut self, ctx: &mut Ctx) {
        self.scope = ctx.renew(self.scope);
    }

    /// Draws it.
    pub fn view(&self, frame: &mut Frame, shared: &Shared, regions: &Regions, theme: &Theme) {
        let of = match (&shared.counts, self.list.ended()) {
            (_, true) => text::grouped(self.list.len()),
            (Slot::Ready(counts), _) => text::grouped(counts.repos),
            _ => "?".into(),
        };
        let at = text::grouped(self.cursor.at + u64::from(!self.list.is_empty()));
        let title = format!("repositories  {at} of {of}");
        let area = pane::pane(frame, regions.panes[0], theme, &title, true);
        let width = usize::from(area.width);
        let path = width.saturating_sub(48).clamp(12, 60);
        let [head, body] = pane::headed(area);
        let heading = format!(
            " {} {} {} {}  {}",
            fit("repository", path),
            fit_right("branches", 8),
            fit_right("commits", 9),
            fit_right("findings", 9),
            fit("pushed", 12)
        );
        frame.render_widget(Line::styled(heading, theme.muted), head);
        if let Some(why) = self.list.failed() {
            frame.render_widget(Line::styled(format!(" ✗ {why}"), theme.error), body);
            return;
        }
        if self.list.ended() && self.list.is_empty() {
            frame.render_widget(Line::styled(" no repositories", theme.muted), body);
            return;
        }
        let known = self.list.len().max(1);
        list::draw(frame, body, theme, (self.cursor, known), |at| {
            match self.list.row(at) {
                Row::Ready(row) => line(row, path, shared, theme),
                Row::Pending => Line::styled(" …", theme.pending),
                Row::Failed(why) => Line::styled(format!(" ✗ {why}"), theme.error),
            }
        });
    }
}

fn line(row: &RepoLine, path: usize, shared: &Shared, theme: &Theme) -> Line<'static> {
    let worst = shared.audits.repos.get(row.path.exact());
    let (found, style) = match worst {
        Some((count, grade)) => (
            format!("{} {}", text::grouped(*count), grade.word()),
            theme.grade(*grade),
        ),
        None if shared.audits.last.is_some() => ("✓ none".to_owned(), theme.good),
        None => ("?".to_owned(), theme.pending),
    };
    let pushed = row
        .pushed
        .map_or("never".into(), |at| super::ago(at, shared));
    let note = if row.deleted { "deleted" } else { "" };
    Line::from(vec![
        Span::styled(
            format!(
                " {} {} {} ",
                fit(row.path.shown(), path),
                fit_right(&text::grouped(row.branches), 8),
                fit_right(&text::grouped(row.commits), 9)
            ),
            theme.text,
        ),
        Span::styled(fit_right(&found, 12), style),
        Span::styled(format!("  {} {note}", fit(&pushed, 9)), theme.muted),
    ])
}
