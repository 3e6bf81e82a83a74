//! One object from every side.

mod view;

pub use view::preview;

use super::findings::Findings;
use super::{Go, Part, Screen, decide};
use crate::action::{Action, Motion};
use crate::effect::{Effect, Query, Scope, Ticket};
use crate::event::Answer;
use crate::lines::{HubId, Inspected};
use crate::regions::inner;
use crate::state::{Ctx, Shared, Slot};
use crate::theme::Theme;
use crate::widgets::list::Cursor;
use crate::widgets::pane::Text;
use crate::widgets::{diff, hex};
use luthier_audit::Filter;
use luthier_object::Kind;
use luthier_repair::Selection;
use ratatui::layout::Rect;

/// The names of the facets, in the order of their keys.
pub const FACETS: [&str; 6] = ["Diff", "Row", "Object", "Bytes", "Identity", "Links"];

/// Cells that long lines are shifted by at once.
const SIDE: usize = 16;

/// The most that is sent to a clipboard, in bytes: terminals drop what is longer.
const CLIPBOARD: usize = 74_000;

/// One object, and the way that led to it.
#[derive(Debug)]
pub struct Inspect {
    pub scope: Scope,
    pub kind: Kind,
    pub id: HubId,
    pub seen: Slot<Box<Inspected>>,
    pub facet: usize,
    /// A cursor for each facet.
    pub cursors: [Cursor; 6],
    pub unfolded: bool,
    /// The differences one below the other, instead of side by side.
    inline: bool,
    /// Cells that long lines are shifted by.
    side: usize,
    /// Bytes in a row of the hex facet, as last drawn for.
    columns: usize,
    /// Objects that links were followed from.
    trail: Vec<(Kind, HubId, usize, [Cursor; 6])>,
    /// Audits that had ended when it was read.
    audits: u64,
    /// The cursor of the bytes goes to what is wrong, once.
    sought: bool,
    /// The differences one below the other, for a pane of this width, folded or not.
    inlined: Text,
    inlined_for: (u16, bool),
    /// What takes the movement keys.
    pub part: Part,
    /// How far the field in full, below the differences, is scrolled.
    field: Cursor,
    /// How far the pane beside is scrolled.
    ties: Cursor,
}

impl Inspect {
    /// Opens one object.
    pub fn open(kind: Kind, id: HubId, ctx: &mut Ctx) -> Go {
        Go::Push(Box::new(Screen::Inspect(Box::new(Self {
            scope: ctx.shared.scope(),
            kind,
            id,
            seen: Slot::Empty,
            facet: 0,
            cursors: [Cursor::default(); 6],
            unfolded: false,
            inline: false,
            side: 0,
            columns: 16,
            trail: Vec::new(),
            audits: ctx.shared.audits.ended,
            sought: false,
            inlined: Text::default(),
            inlined_for: (0, false),
            part: Part::List,
            field: Cursor::default(),
            ties: Cursor::default(),
        }))))
    }

    /// Shows another object in the same place.
    pub fn show(&mut self, kind: Kind, id: HubId, ctx: &mut Ctx) {
        (self.kind, self.id) = (kind, id);
        self.cursors = [Cursor::default(); 6];
        (self.part, self.ties) = (Part::List, Cursor::default());
        self.reread(ctx);
    }

    fn reread(&mut self, ctx: &mut Ctx) {
        self.scope = ctx.renew(self.scope);
        self.seen = Slot::Empty;
        (self.sought, self.side) = (false, 0);
        self.inlined_for = (0, false);
    }

    /// Returns whether something is on its way.
    #[must_use]
    pub fn pending(&self) -> bool {
        matches!(self.seen, Slot::Pending(_))
    }

    /// Returns the linked object under the cursor, or the object itself.
    #[must_use]
    pub fn id_under_cursor(&self) -> HubId {
        self.link().map_or_else(|| self.id.clone(), |(_, id)| id)
    }

    fn link(&self) -> Option<(Kind, HubId)> {
        if self.facet != 5 {
            return None;
        }
        let at = usize::try_from(self.cursors[5].at).ok()?;
        let link = self.seen.ready()?.links.get(at)?;
        Some((link.kind, link.id.clone()))
    }

    /// Counts the lines of the facet that is shown.
    #[must_use]
    pub fn len(&self) -> u64 {
        let Some(seen) = self.seen.ready() else {
            return 0;
        };
        match self.facet {
            0 if self.is_inline() => self.inlined.lines.len() as u64,
            0 => diff::len(seen, self.unfolded),
            1 => seen.row.len() as u64,
            2 => seen
                .object
                .pretty
                .as_ref()
                .map_or(0, |lines| lines.len() as u64),
            3 => seen.object.bytes.len().div_ceil(self.columns) as u64,
            4 => seen.identity.len() as u64,
            _ => seen.links.len() as u64,
        }
    }

    /// Returns whether the first facet is a text: because a person wants it, or as there is one side alone.
    fn is_inline(&self) -> bool {
        let alone = self.seen.ready().is_some_and(|seen| seen.fields.is_empty());
        self.inline || alone
    }

    /// Returns the reason why an action cannot be done here and now.
    #[must_use]
    pub fn refusal(&self, action: Action, shared: &Shared) -> Option<String> {
        match action {
            Action::Plan | Action::Findings if shared.audits.last.is_none() => {
                Some("no audit has finished yet".into())
            }
            Action::Open => self.refuse_open(),
            Action::LinkBack if self.trail.is_empty() => Some("no link was followed".into()),
            Action::CopyRecord => match self.seen.ready().map(|seen| &seen.object.pretty) {
                Some(Some(_)) => None,
                _ => Some("there is no record to copy".into()),
            },
            Action::Previous | Action::Next | Action::PreviousFinding | Action::NextFinding
                if !self.trail.is_empty() =>
            {
                Some("a link was followed; ctrl-o goes back first".into())
            }
            _ => None,
        }
    }

    fn refuse_open(&self) -> Option<String> {
        match (self.facet, self.link()) {
            (0, _) => None,
            (5, Some(_)) => None,
            _ => Some("nothing to open here; 6 lists the links".into()),
        }
    }

    /// Does what was asked.
    pub fn act(&mut self, action: Action, ctx: &mut Ctx) -> Go {
        match action {
            Action::Move(motion) => self.step(motion, ctx),
            Action::Facet(facet) => (self.part, self.facet) = (Part::List, facet.min(5)),
            Action::Pane => self.next_part(ctx),
            Action::Back if self.part != Part::List => self.part = Part::List,
            Action::Left if self.facet == 0 => self.unfolded = false,
            Action::Right if self.facet == 0 => self.unfolded = true,
            Action::Left => self.side = self.side.saturating_sub(SIDE),
            Action::Right => self.side = (self.side + SIDE).min(self.longest()),
            Action::Layout => {
                (self.part, self.facet, self.inline) = (Part::List, 0, !self.inline);
                self.cursors[0] = Cursor::default();
                self.inlined_for = (0, false);
            }
            Action::Open if self.facet == 0 => self.fold(),
            Action::Open => {
                if let Some((kind, id)) = self.link() {
                    let here = (self.kind, self.id.clone(), self.facet, self.cursors);
                    self.trail.push(here);
                    self.facet = 0;
                    self.show(kind, id, ctx);
                }
            }
            Action::Refresh => self.reread(ctx),
            Action::CopyRecord => self.copy_record(ctx),
            Action::Findings => return Findings::open(&format!("id:{}", self.id.exact()), ctx),
            Action::Plan => {
                let filter = Filter {
                    id: Some(self.id.exact().to_owned()),
                    ..Filter::default()
                };
                let what = format!("the findings of {} {}", self.kind, self.id.short());
                return decide::open(Selection::Chosen(filter), &what, ctx);
            }
            Action::LinkBack | Action::Back => return self.back(ctx),
            _ => {}
        }
        Go::Stay
    }

    /// Moves what takes the movement keys.
    fn step(&mut self, motion: Motion, ctx: &Ctx) {
        let [first, second] = [0, 1].map(|pane| inner(ctx.regions.panes[pane]));
        match self.part {
            Part::List => {
                self.field = Cursor::default();
                let len = self.len();
                self.cursors[self.facet].step(motion, len, self.height(ctx));
            }
            Part::Below => {
                let area = self.below(first);
                let lines = self.field_text(area.width, &Theme::ansi()).lines.len();
                self.field.scroll(motion, lines as u64, area.height.into());
            }
            Part::Beside => {
                let lines = self.ties_text(second.width, &Theme::ansi()).lines.len();
                self.ties.scroll(motion, lines as u64, second.height.into());
            }
        }
    }

    /// Gives the movement keys to the next part that is drawn; where there is none, shows the next facet.
    fn next_part(&mut self, ctx: &Ctx) {
        let has_below = !self.below(inner(ctx.regions.panes[0])).is_empty();
        let has_beside = !ctx.regions.panes[1].is_empty();
        self.part = match self.part {
            Part::List if has_below => Part::Below,
            Part::List | Part::Below if has_beside => Part::Beside,
            Part::List => {
                self.facet = (self.facet + 1) % FACETS.len();
                Part::List
            }
            Part::Below | Part::Beside => Part::List,
        };
    }

    /// Returns the longest line of the facet that is shown, in characters; only columns and records are shifted.
    fn longest(&self) -> usize {
        let Some(seen) = self.seen.ready() else {
            return 0;
        };
        let length = |text: &str| text.chars().count();
        let longest = match self.facet {
            1 => seen
                .row
                .iter()
                .filter_map(|(_, value)| value.as_deref().map(length))
                .max(),
            2 => seen
                .object
                .pretty
                .iter()
                .flatten()
                .map(|line| length(line))
                .max(),
            _ => None,
        };
        longest.unwrap_or(0).saturating_sub(SIDE)
    }

    fn fold(&mut self) {
        if self.is_inline() {
            self.unfolded = !self.unfolded;
            return;
        }
        let at = self
            .seen
            .ready()
            .and_then(|seen| diff::at(seen, self.cursors[0].at));
        if at == Some(diff::At::Fold) {
            self.unfolded = !self.unfolded;
        }
    }

    fn back(&mut self, ctx: &mut Ctx) -> Go {
        let Some((kind, id, facet, cursors)) = self.trail.pop() else {
            return Go::Back;
        };
        self.show(kind, id, ctx);
        (self.facet, self.cursors) = (facet, cursors);
        Go::Stay
    }

    fn copy_record(&self, ctx: &mut Ctx) {
        use crate::notices::Level;
        let Some(lines) = self
            .seen
            .ready()
            .and_then(|seen| seen.object.pretty.as_ref())
        else {
            return;
        };
        let record = lines.join("\n");
        if record.len() > CLIPBOARD {
            let text = format!(
                "{} is more than terminals take; `luthier show` writes it to a file",
                luthier_hub::text::bytes(record.len() as u64)
            );
            ctx.shared.tell(Level::Warning, text);
            return;
        }
        let text = format!(
            "sent {} to the terminal's clipboard",
            luthier_hub::text::plural(record.len() as u64, "byte")
        );
        ctx.shared.tell(Level::Info, text);
        ctx.out.push(Effect::Copy(record));
    }

    /// Takes an answer if it waits for it.
    pub fn answer(&mut self, ticket: Ticket, answer: Answer) -> Option<Answer> {
        if !self.seen.awaits(ticket) {
            return Some(answer);
        }
        self.seen = match answer {
            Answer::Inspected(seen) => Slot::Ready(seen),
            Answer::Failed(why) => Slot::Failed(why),
            other => return Some(other),
        };
        None
    }

    fn height(&self, ctx: &Ctx) -> u64 {
        let area = inner(ctx.regions.panes[0]);
        u64::from(view::body(self, area).height)
    }

    /// Returns where the lines of the facet are drawn, and how many there are; nothing where it is a text.
    pub fn rows(&self, area: Rect) -> Option<(Rect, u64)> {
        let is_text = self.facet == 0 && self.is_inline();
        (!is_text).then(|| (view::body(self, area), self.len()))
    }

    /// Asks for the object, and brings the cursors into it.
    pub fn request_missing(&mut self, ctx: &mut Ctx) {
        // What it finds itself is no reason to look again.
        if self.audits != ctx.shared.audits.ended {
            self.audits = ctx.shared.audits.ended;
            self.reread(ctx);
        }
        if self.seen == Slot::Empty && ctx.shared.open.ready().is_some() {
            let ask = Query::Inspect {
                kind: self.kind,
                id: self.id.exact().to_owned(),
            };
            self.seen = Slot::Pending(ctx.read(self.scope, ask));
        }
        if ctx.regions.panes[0].is_empty() {
            return;
        }
        let columns = hex::columns(inner(ctx.regions.panes[0]).width);
        if columns != self.columns {
            // The same bytes stay in sight.
            let byte = self.cursors[3].at * self.columns as u64;
            self.cursors[3].at = byte / columns as u64;
            self.columns = columns;
        }
        let width = inner(ctx.regions.panes[0]).width;
        if self.is_inline()
            && self.inlined_for != (width, self.unfolded)
            && self.seen.ready().is_some()
        {
            self.inlined_for = (width, self.unfolded);
            // Colours are given when it is drawn.
            self.inlined = self.inline_text(width, &Theme::ansi());
        }
        let Some(seen) = self.seen.ready() else {
            return;
        };
        if let (false, Some((Some(offset), _))) = (self.sought, &seen.object.problem) {
            self.cursors[3].at = (*offset / self.columns) as u64;
        }
        self.sought = true;
        let (len, height) = (self.len(), self.height(ctx));
        self.cursors[self.facet].keep(len, height);
        if self.part == Part::Below && self.below(inner(ctx.regions.panes[0])).is_empty() {
            self.part = Part::List;
        }
    }

    /// Lets go of what only it needed.
    pub fn close(&mut self, ctx: &mut Ctx) {
        self.scope = ctx.renew(self.scope);
    }
}
