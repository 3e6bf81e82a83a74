//! Everything that can be done, to be found by a few of its letters; and jumps to what is typed.

use super::action::Action;
use super::filter;
use super::keymap::{KeyContext, Keymap, modal};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use std::collections::VecDeque;

/// The most names of used actions that are remembered.
const REMEMBERED: usize = 20;

/// A way to another screen, whatever the one on top is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Jump {
    Repos,
    Journal,
    /// The findings that a filter lets through.
    Findings(String),
    /// The repository with this path.
    Repo(String),
    /// The object whose id starts so.
    Id(String),
}

/// The target of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Action(Action),
    Jump(Jump),
    /// An action of other places.
    Elsewhere(Vec<&'static str>),
}

/// A row of the palette.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub title: String,
    pub help: String,
    pub key: String,
    pub target: Target,
}

/// Titles of what was run from the palette, the last one first.
#[derive(Clone, Debug, Default)]
pub struct Recent(VecDeque<String>);

impl Recent {
    /// Notes that a row was run.
    pub fn used(&mut self, title: &str) {
        self.0.retain(|known| known != title);
        self.0.push_front(title.to_owned());
        self.0.truncate(REMEMBERED);
    }

    fn rank(&self, title: &str) -> usize {
        let found = self.0.iter().position(|known| known == title);
        found.unwrap_or(REMEMBERED)
    }
}

/// Lists the actions at `context`, those elsewhere, and the places to go, with `typed` among their letters; the best
/// match first, of equals the last used.
#[must_use]
pub fn entries(keymap: &Keymap, context: KeyContext, typed: &str, recent: &Recent) -> Vec<Entry> {
    let mut found = jumps_to(typed);
    let mut all = actions(keymap, context);
    all.extend(standing_jumps());
    all.sort_by_key(|entry| recent.rank(&entry.title));
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(typed.trim(), CaseMatching::Ignore, Normalization::Smart);
    let (words, mut letters) = (typed.trim().to_lowercase(), Vec::new());
    let mut scored: Vec<(u32, Entry)> = all
        .into_iter()
        .filter_map(|entry| {
            let title = Utf32Str::new(&entry.title, &mut letters);
            // A few letters in their order are enough of a title; of a sentence they say nothing.
            let score = match pattern.score(title, &mut matcher) {
                Some(score) => score.saturating_add(1),
                None if entry.help.to_lowercase().contains(&words) => 0,
                None => return None,
            };
            Some((score, entry))
        })
        .collect();
    let here = |entry: &Entry| !matches!(entry.target, Target::Elsewhere(_));
    scored.sort_by_key(|(score, entry)| std::cmp::Reverse((*score > 0, here(entry), *score)));
    found.extend(scored.into_iter().map(|(_, entry)| entry));
    found
}

/// Actions of `context` and of everywhere, then those of other places.
fn actions(keymap: &Keymap, context: KeyContext) -> Vec<Entry> {
    let mut out: Vec<Entry> = keymap
        .at(context)
        .filter(|row| !matches!(row.binding.action, Action::Palette | Action::Move(_)))
        .map(|row| Entry {
            title: row.binding.title.to_owned(),
            help: row.binding.help.to_owned(),
            key: row.keys.join(" "),
            target: Target::Action(row.binding.action),
        })
        .collect();
    for row in keymap.rows() {
        let (title, at) = (row.binding.title, row.context);
        if modal(at) || at == context || at == KeyContext::Common {
            continue;
        }
        match out.iter_mut().find(|entry| entry.title == title) {
            Some(Entry {
                target: Target::Elsewhere(contexts),
                ..
            }) if !contexts.contains(&at.name()) => contexts.push(at.name()),
            Some(_) => {}
            None => out.push(Entry {
                title: title.to_owned(),
                help: row.binding.help.to_owned(),
                key: row.keys.join(" "),
                target: Target::Elsewhere(vec![at.name()]),
            }),
        }
    }
    out
}

fn jump(title: &str, help: &str, jump: Jump) -> Entry {
    Entry {
        title: title.to_owned(),
        help: help.to_owned(),
        key: String::new(),
        target: Target::Jump(jump),
    }
}

fn standing_jumps() -> Vec<Entry> {
    vec![
        jump(
            "go to findings",
            "All findings of the last audit.",
            Jump::Findings(String::new()),
        ),
        jump(
            "go to repositories",
            "The repositories, worst first.",
            Jump::Repos,
        ),
        jump(
            "go to journal",
            "What Luthier changed from this machine.",
            Jump::Journal,
        ),
    ]
}

/// Returns the places that a text may lead to if it is not an action: a filter, a repository, an id.
fn jumps_to(typed: &str) -> Vec<Entry> {
    let typed = typed.trim();
    let (verb, rest) = typed.split_once(' ').unwrap_or(("", typed));
    let rest = rest.trim();
    let mut out = Vec::new();
    let conditions = filter::has_condition(typed);
    if verb == "findings" || conditions {
        let text = if verb == "findings" { rest } else { typed };
        let title = format!("findings {text}");
        out.push(jump(
            &title,
            "The findings that this filter shows.",
            Jump::Findings(text.into()),
        ));
    }
    if !conditions && (verb == "repo" || (verb.is_empty() && rest.contains('/'))) {
        let title = format!("repo {rest}");
        out.push(jump(
            &title,
            "The objects of this repository, if the hub has it.",
            Jump::Repo(rest.into()),
        ));
    }
    let digits = rest.strip_prefix("sha256:").unwrap_or(rest);
    let hex = digits.len() >= 4 && digits.chars().all(|c| c.is_ascii_hexdigit());
    if hex && (verb == "id" || verb.is_empty()) {
        let title = format!("id {rest}");
        out.push(jump(
            &title,
            "The object whose id starts with this.",
            Jump::Id(rest.into()),
        ));
    }
    out
}
