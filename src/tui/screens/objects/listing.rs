//! The listed objects, their order, and where the list opens.

use super::Objects;
use crate::action::Motion;
use crate::effect::{ObjectQuery, Query};
use crate::filter::parse;
use crate::keyset::{Keyset, LIMIT};
use crate::lines::HubId;
use crate::state::{Ctx, Slot};
use crate::widgets::lanes::strands;
use luthier_hub::index::{Browse, Edge};
use luthier_object::Kind;

impl Objects {
    /// Lists something else.
    pub(super) fn relist(&mut self, list: Keyset, ctx: &mut Ctx) {
        self.scope = ctx.renew(self.scope);
        self.list = list;
        (self.count, self.judging) = (Slot::Empty, Slot::Empty);
        self.preview.forget();
        self.strands.clear();
    }

    /// Lists one branch, or all again.
    pub fn choose(&mut self, branch: Option<HubId>, ctx: &mut Ctx) {
        (self.branch, self.kept) = (branch, None);
        self.relist(Keyset::default(), ctx);
    }

    /// Reads the list anew; the cursor stays on its row.
    pub(super) fn reread(&mut self, ctx: &mut Ctx) {
        let list = match self.list.current() {
            Some(row) => Keyset::on(row, self.list.position()),
            None => Keyset::default(),
        };
        self.relist(list, ctx);
    }

    /// Turns the order round; the cursor stays on its row.
    pub(super) fn flip(&mut self, ctx: &mut Ctx) {
        self.flipped = !self.flipped;
        let at = self.list.position();
        let behind = self.list.count().zip(at).map(|(count, at)| count - 1 - at);
        let list = match self.list.current() {
            Some(row) => Keyset::on(row, behind),
            None => Keyset::default(),
        };
        self.relist(list, ctx);
    }

    /// Takes another filter. Without one the list opens on the row that was under the cursor.
    pub fn narrow(&mut self, text: &str, ctx: &mut Ctx) {
        self.kept = self.kept.take().or_else(|| self.list.current().cloned());
        text.clone_into(&mut self.text);
        (self.filter, self.trouble) = parse(text);
        if !self.filter.kinds.is_empty() || self.filter.repo.is_some() {
            self.trouble = Some("this list has one kind and one repository only".to_owned());
        }
        let list = match &self.kept {
            Some(row) if self.is_whole() => Keyset::on(row, None),
            _ => Keyset::default(),
        };
        self.relist(list, ctx);
    }

    /// Returns whether every row is listed.
    pub(super) fn is_whole(&self) -> bool {
        self.filter == luthier_audit::Filter::default()
    }

    pub(super) fn step(&mut self, motion: Motion, ctx: &mut Ctx) {
        self.kept = None;
        let jumped = self.list.pending();
        self.list.step(motion, ctx.height(0).saturating_sub(1));
        if jumped && !self.list.pending() {
            self.scope = ctx.renew(self.scope);
            if matches!(self.count, Slot::Pending(_)) {
                self.count = Slot::Empty;
            }
        }
    }

    /// Asks for the rows around the cursor.
    pub fn request_missing(&mut self, ctx: &mut Ctx) {
        if ctx.shared.open.ready().is_none() || self.trouble.is_some() {
            return;
        }
        let height = ctx.height(0).saturating_sub(1).max(1);
        let len = self.list.len();
        if len > 0 {
            self.list.cursor.keep(len, height);
        }
        let mut ask = self.ask();
        // How many pass a filter is known once the last of them was found.
        if self.count == Slot::Empty && self.is_whole() {
            let count = Query::ObjectsCount(ask.browse.clone());
            self.count = Slot::Pending(ctx.read(self.scope, count));
        }
        if let Some(edge) = self.list.wanted(height) {
            ask.browse.from = edge.clone();
            let ticket = ctx.read(self.scope, Query::Objects(ask));
            self.list.asked(ticket, edge);
        }
        self.judge(ctx);
        self.look_ahead(ctx);
    }

    /// Returns the list from its beginning.
    pub(super) fn ask(&self) -> ObjectQuery {
        ObjectQuery {
            browse: Browse {
                kind: self.kind(),
                repo_id: Some(self.repo_id.exact().to_owned()),
                branch: self.branch.as_ref().map(|name| name.exact().to_owned()),
                oldest_first: self.flipped,
                from: Edge::Start,
                limit: LIMIT,
            },
            filter: self.filter.clone(),
        }
    }

    /// Draws the branch graph anew: it needs every commit, children before their parents.
    pub(super) fn draw_strands(&mut self) {
        let graphed = self.kind() == Kind::Commit && self.is_whole() && !self.flipped;
        self.strands = match graphed {
            true => {
                let rows = self.list.rows();
                strands(rows.map(|row| (row.id.exact(), row.parent_ids.as_slice())))
            }
            false => Vec::new(),
        };
    }

    /// Returns the filter, for the status line.
    #[must_use]
    pub fn status(&self) -> String {
        match self.text.trim() {
            "" => String::new(),
            text => format!("/{}", crate::lines::clean(text)),
        }
    }
}
