//! Every key of the console is one row of [`TABLE`]. Dispatch, footer and help are made from it; a
//! clash is an error at start that names both rows.

mod chord;
mod error;
mod table;

pub use chord::{Chord, chord};
pub use error::KeymapError;
pub use table::TABLE;

use super::action::Action;
use chord::{is_text, pressed};
use crossterm::event::KeyEvent;
use std::collections::{BTreeMap, HashMap};

/// The context in which a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyContext {
    /// Every screen that does not claim the key for itself.
    Common,
    Hub,
    Repos,
    Objects,
    Inspect,
    Findings,
    Decide,
    Plan,
    Apply,
    Pull,
    SignOff,
    Journal,
    Run,
    Wanted,
    /// The line in which a filter is typed.
    Prompt,
    /// The line that asks where to write.
    File,
    /// The line that asks for a client's folder.
    Folder,
    /// A question that `y` answers.
    Confirm,
    /// A question that the hub's name answers.
    Name,
    Help,
    Palette,
    Log,
    Branches,
    /// The question how deep an audit is to look.
    Audit,
    /// The question in which form a list is written.
    Export,
    /// A screen that is too small for anything.
    Small,
}

/// One row: what it does, where it is heard, its keys, and what a person reads about it.
#[derive(Debug)]
pub struct Binding {
    pub action: Action,
    pub contexts: &'static [KeyContext],
    pub keys: &'static [&'static str],
    pub title: &'static str,
    pub help: &'static str,
    /// Order in the footer, lowest first; 0 keeps the row out of it.
    pub rank: u8,
}

use KeyContext as P;

/// Every place, in the order in which a person meets them, with the name that the configuration and
/// `luthier keys` have for it.
pub const KEY_CONTEXTS: [(KeyContext, &str); 26] = [
    (P::Common, "everywhere"),
    (P::Hub, "hub"),
    (P::Repos, "repositories"),
    (P::Objects, "objects"),
    (P::Inspect, "inspect"),
    (P::Findings, "findings"),
    (P::Decide, "decide"),
    (P::Plan, "plan"),
    (P::Apply, "apply"),
    (P::Pull, "pull"),
    (P::SignOff, "signoff"),
    (P::Journal, "journal"),
    (P::Run, "run"),
    (P::Wanted, "wanted"),
    (P::Branches, "branches"),
    (P::Audit, "audit"),
    (P::Export, "export"),
    (P::Log, "log"),
    (P::Help, "help"),
    (P::Palette, "palette"),
    (P::Prompt, "line"),
    (P::File, "file"),
    (P::Folder, "folder"),
    (P::Confirm, "question"),
    (P::Name, "name"),
    (P::Small, "small"),
];

impl KeyContext {
    /// Returns its name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        KEY_CONTEXTS
            .iter()
            .find(|(context, _)| *context == self)
            .map_or("", |(_, name)| name)
    }
}

/// Places that take every key; elsewhere a key that the screen does not know falls to [`KeyContext::Common`].
#[must_use]
pub const fn modal(context: KeyContext) -> bool {
    matches!(
        context,
        P::Prompt
            | P::File
            | P::Folder
            | P::Confirm
            | P::Name
            | P::Help
            | P::Palette
            | P::Log
            | P::Branches
            | P::Audit
            | P::Export
            | P::Small
    )
}

/// Places in which a key that means nothing is text.
#[must_use]
pub const fn takes_text(context: KeyContext) -> bool {
    matches!(
        context,
        P::Prompt | P::File | P::Folder | P::Name | P::Help | P::Palette | P::Branches
    )
}

fn overlap(a: KeyContext, b: KeyContext) -> bool {
    a == b || (!modal(a) && !modal(b) && (a == P::Common || b == P::Common))
}

/// Other keys than the table's: place, then the row's title with `-` for spaces, then its keys.
pub type Overrides = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// A row of the table at one of its places, with the keys that it has in this session.
#[derive(Clone, Debug)]
pub struct Row {
    pub context: KeyContext,
    pub binding: &'static Binding,
    pub keys: Vec<String>,
}

impl Row {
    /// Returns the row's name in the configuration.
    #[must_use]
    pub fn slug(&self) -> String {
        self.binding.title.replace(' ', "-")
    }

    /// Returns the key that is shown where there is room for one.
    #[must_use]
    pub fn key(&self) -> &str {
        self.keys.first().map_or("", String::as_str)
    }

    /// Returns the one of its keys that was pressed, as the table writes it.
    #[must_use]
    pub fn as_pressed(&self, key: KeyEvent) -> &str {
        let at = pressed(key);
        let mut keys = self.keys.iter();
        keys.find(|key| chord(key) == Some(at))
            .map_or(self.key(), String::as_str)
    }
}

/// The table, ready for look-ups.
#[derive(Clone, Debug)]
pub struct Keymap {
    rows: Vec<Row>,
    map: HashMap<(KeyContext, Chord), usize>,
}

impl Keymap {
    /// Takes a table apart and puts a person's own keys in.
    ///
    /// # Errors
    /// Names both rows when two claim one key where both can be heard; names an override that means
    /// no row, or no key.
    pub fn new(table: &'static [Binding], overrides: &Overrides) -> Result<Self, KeymapError> {
        let mut rows: Vec<Row> = table
            .iter()
            .flat_map(|binding| {
                binding.contexts.iter().map(move |context| Row {
                    context: *context,
                    binding,
                    keys: binding.keys.iter().map(ToString::to_string).collect(),
                })
            })
            .collect();
        for (context, keys) in overrides {
            for (slug, keys) in keys {
                replace(&mut rows, context, slug, keys)?;
            }
        }
        let map = claim(&rows)?;
        Ok(Self { rows, map })
    }

    /// Returns the row that `key` means at `context`.
    #[must_use]
    pub fn find(&self, context: KeyContext, key: KeyEvent) -> Option<&Row> {
        let at = pressed(key);
        let here = self.map.get(&(context, at));
        let found = match modal(context) {
            true => here,
            false => here.or_else(|| self.map.get(&(P::Common, at))),
        };
        self.rows.get(*found?)
    }

    /// Returns every row, in the order of the table.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Returns the rows that work at `context`: its own first, then those of everywhere.
    pub fn at(&self, context: KeyContext) -> impl Iterator<Item = &Row> {
        let own = self.rows.iter().filter(move |row| row.context == context);
        let common = self
            .rows
            .iter()
            .filter(move |row| !modal(context) && context != P::Common && row.context == P::Common);
        own.chain(common)
    }

    /// Returns the key of an action at `context`, for a sentence that names it.
    #[must_use]
    pub fn key(&self, context: KeyContext, action: Action) -> &str {
        self.at(context)
            .find(|row| row.binding.action == action)
            .map_or("", Row::key)
    }

    /// Returns the rows that the footer shows at `context`, most useful first.
    #[must_use]
    pub fn footer(&self, context: KeyContext) -> Vec<&Row> {
        let shown = |row: &&Row| row.binding.rank > 0 && !row.keys.is_empty();
        let mut rows: Vec<_> = self.at(context).filter(shown).collect();
        rows.sort_by_key(|row| row.binding.rank);
        rows
    }
}

/// Returns the rows that `key` means, wherever they are heard.
#[must_use]
pub fn rows_for(keymap: &Keymap, key: KeyEvent) -> Vec<&Row> {
    let at = pressed(key);
    let means = |row: &&Row| row.keys.iter().any(|key| chord(key) == Some(at));
    keymap.rows.iter().filter(means).collect()
}

/// Gives one row other keys.
fn replace(
    rows: &mut [Row],
    context: &str,
    slug: &str,
    keys: &[String],
) -> Result<(), KeymapError> {
    let name = format!("keys.{context}.{slug}");
    if !KEY_CONTEXTS.iter().any(|(_, known)| *known == context) {
        let known: Vec<&str> = KEY_CONTEXTS.iter().map(|(_, name)| *name).collect();
        let known = known.join(", ");
        return Err(KeymapError::NoPlace { name, known });
    }
    for key in keys {
        let at = chord(key).ok_or_else(|| KeymapError::NoKey {
            name: name.clone(),
            key: key.clone(),
        })?;
        let typed = rows
            .iter()
            .any(|row| row.context.name() == context && takes_text(row.context));
        if typed && is_text(at) {
            let key = key.clone();
            return Err(KeymapError::Typed { name, key });
        }
    }
    let mut here = rows.iter_mut().filter(|row| row.context.name() == context);
    match here.find(|row| row.slug() == slug) {
        Some(row) => row.keys = keys.to_vec(),
        None => {
            let here = rows.iter().filter(|row| row.context.name() == context);
            let known: Vec<String> = here.map(Row::slug).collect();
            let known = known.join(", ");
            return Err(KeymapError::NoAction { name, known });
        }
    }
    Ok(())
}

/// Returns which key belongs to which row; fails if two rows claim one key.
fn claim(rows: &[Row]) -> Result<HashMap<(KeyContext, Chord), usize>, KeymapError> {
    let mut claims: Vec<(Chord, usize)> = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        for key in &row.keys {
            let name = |row: &Row| format!("{} › {}", row.context.name(), row.binding.title);
            let at = chord(key).ok_or_else(|| KeymapError::NoKeyInTable {
                key: key.clone(),
                row: name(row),
            })?;
            let taken = claims
                .iter()
                .find(|(taken, other)| *taken == at && overlap(rows[*other].context, row.context));
            if let Some((_, other)) = taken {
                return Err(KeymapError::Twice {
                    key: key.clone(),
                    one: name(&rows[*other]),
                    other: name(row),
                });
            }
            claims.push((at, n));
        }
    }
    let by_key = claims.into_iter().map(|(at, n)| ((rows[n].context, at), n));
    Ok(by_key.collect())
}
