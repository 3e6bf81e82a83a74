//! The checks of a sign-off, each by its name, and the verdict that they give.

use super::parts::names_of;
use super::{Drill, HubSaid, PullOutcome};
use luthier_audit::report::UnreadRows;
use luthier_audit::{Depth, Grade, Summary};
use luthier_hub::store::Policy;
use luthier_hub::text;
use serde::{Deserialize, Serialize};

/// The verdict of a sign-off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// Everything was looked at, and everything holds.
    Pass,
    /// Something is known to be wrong.
    Fail,
    /// Nothing is known to be wrong, and something was not looked at.
    Incomplete,
}

impl Verdict {
    /// Returns the word as people and JSON write it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Verdict::Pass => "PASS",
            Verdict::Fail => "FAIL",
            Verdict::Incomplete => "INCOMPLETE",
        }
    }

    /// Returns what it means, in a sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Verdict::Pass => "Every check ran and succeeded.",
            Verdict::Fail => "Something is wrong.",
            Verdict::Incomplete => {
                "Nothing is known to be wrong, but something could not be checked: this is not a sign-off."
            }
        }
    }
}

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Held,
    /// Known to be wrong.
    Broken,
    /// Not known: not read, sampled, skipped, or too new.
    Open,
}

impl State {
    /// Returns the word that JSON writes.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            State::Held => "held",
            State::Broken => "broken",
            State::Open => "open",
        }
    }
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    pub name: String,
    pub state: State,
    /// The result, in one sentence.
    pub said: String,
}

/// The checks that must all succeed for PASS.
pub const NAMES: [&str; 10] = [
    "depth",
    "all-answered",
    "nothing-hidden",
    "none-too-new",
    "no-critical",
    "no-error",
    "no-null-uri",
    "all-pulled",
    "every-branch-tried",
    "every-object-read",
];

/// Names of checks in reports of earlier releases, beside today's.
const RENAMED: [(&str, &str); 1] = [("something-read", "every-object-read")];

/// Returns today's name of a check.
#[must_use]
pub fn name_today(name: &str) -> &str {
    let renamed = RENAMED.iter().find(|(before, _)| *before == name);
    renamed.map_or(name, |(_, today)| today)
}

/// The checks of one sign-off.
#[derive(Clone, Debug, Default)]
pub struct Checks(Vec<Check>);

impl Checks {
    /// Takes checks as they are.
    #[must_use]
    pub fn new(checks: Vec<Check>) -> Self {
        Self(checks)
    }

    /// Judges what an audit and the pulls have seen; `severe` findings are of grade error or critical.
    #[must_use]
    pub fn of(summary: &Summary, hub: &HubSaid, pulls: &PullOutcome, severe: u64) -> Self {
        let mut checks = Self::default();
        checks.of_audit(summary);
        checks.of_reads(summary, hub);
        checks.of_grades(summary, severe);
        checks.of_nulls(summary, hub);
        checks.of_pulls(pulls, summary);
        checks
    }

    fn add(&mut self, name: &str, state: State, said: String) {
        self.0.push(Check {
            name: name.to_owned(),
            state,
            said,
        });
    }

    fn of_audit(&mut self, summary: &Summary) {
        let whole = summary.depth == Depth::Bytes && summary.not_judged.is_empty();
        let said = match whole {
            true => {
                "Every code was judged, and every object that could be had was read to the end."
                    .to_owned()
            }
            false => format!("{} codes were not judged.", summary.not_judged.len()),
        };
        self.add("depth", held_or_open(whole), said);
        // Hidden rows are a check of their own.
        let ended = summary.complete || !summary.hidden.is_empty();
        let answered = ended && summary.unknown == 0;
        let said = match summary.unknown {
            0 if ended => "Every request to the store was answered.".to_owned(),
            0 => "The audit did not finish.".to_owned(),
            count => format!("{} had no answer.", text::plural(count, "request")),
        };
        self.add("all-answered", held_or_open(answered), said);
        self.of_hidden(summary);
        let said = match summary.too_new {
            0 => "No row and no object is younger than the grace period.".to_owned(),
            _ => format!(
                "{} younger than the grace period: not judged. Sign off again once it is over (--grace, one hour unless given).",
                summary.too_new_words()
            ),
        };
        self.add("none-too-new", held_or_open(summary.too_new == 0), said);
    }

    /// Checks that every row's object was read; the policy `db-canonical` allows commits and snapshots without one.
    fn of_reads(&mut self, summary: &Summary, hub: &HubSaid) {
        let (read, bytes) = (summary.checked.read, summary.checked.bytes);
        let rows = summary.checked.commits + summary.checked.snapshots + summary.checked.blobs;
        let unread = rows.saturating_sub(read);
        let by_policy = rows_by_policy(summary, hub);
        let mut said = format!(
            "The objects of {} of {} rows were read to the last byte, {}.",
            text::grouped(read),
            text::grouped(rows),
            text::bytes(bytes)
        );
        // A hub without a row has nothing to sign.
        let held = read > 0 && rows > 0 && unread <= by_policy;
        let without = text::plural(unread, "row");
        let verb = if unread == 1 { "points" } else { "point" };
        match (held, unread) {
            (_, 0) if held => {}
            (true, _) => {
                said = format!("{said} {without} {verb} to no object, as the policy allows.");
            }
            (false, 0) => said = format!("Nothing could be checked: {said}"),
            (false, _) => {
                said = format!("{said} Not read: {without}{}.", parts_of(&summary.unread))
            }
        }
        self.add("every-object-read", held_or_open(held), said);
    }

    /// Checks that no row was hidden: an audit of a part says nothing about the rest.
    fn of_hidden(&mut self, summary: &Summary) {
        let hidden = &summary.hidden;
        let said = match hidden.as_slice() {
            [] => "This database user can see all rows.".to_owned(),
            [one] => format!("This database user may not see all rows: {}.", one.said),
            [one, rest @ ..] => format!(
                "This database user may not see all rows: {}; and {}.",
                one.said,
                text::plural(rest.len() as u64, "other reason")
            ),
        };
        self.add("nothing-hidden", held_or_open(hidden.is_empty()), said);
    }

    fn of_grades(&mut self, summary: &Summary, severe: u64) {
        let count = |grade| summary.grades.get(&grade).copied().unwrap_or(0);
        let (critical, error) = (count(Grade::Critical), count(Grade::Error));
        // Counted twice, in two ways: where they do not agree, nothing is held.
        let agree = critical + error == severe;
        for (name, grade, count) in [
            ("no-critical", Grade::Critical, critical),
            ("no-error", Grade::Error, error),
        ] {
            let state = match (count, agree) {
                (0, true) => State::Held,
                (0, false) => State::Open,
                _ => State::Broken,
            };
            let said = match count {
                0 => format!("No finding of grade {grade} is left."),
                1 => format!("1 finding of grade {grade} is left."),
                _ => format!(
                    "{} findings of grade {grade} are left.",
                    text::grouped(count)
                ),
            };
            self.add(name, state, said);
        }
    }

    /// Checks that every row has a storage_uri. The policy `db-canonical` excuses commits and snapshots, never blobs.
    fn of_nulls(&mut self, summary: &Summary, hub: &HubSaid) {
        let excused = |kind: &str| hub.policy == Policy::DbCanonical && kind != "blob";
        let null: u64 = summary
            .null_uris
            .iter()
            .filter(|(kind, _)| !excused(kind))
            .map(|(_, count)| count)
            .sum();
        let by_policy: u64 = summary.null_uris.values().sum::<u64>() - null;
        let lacking = hub.lacks.len();
        let state = match (null, lacking) {
            (0, 0) => State::Held,
            (0, _) if hub.policy == Policy::DbCanonical => State::Held,
            _ => State::Broken,
        };
        let allowed = format!("{} without storage_uri", are(by_policy, "row"));
        let mut said = match (null, by_policy) {
            (0, 0) => "Every row has a storage_uri.".to_owned(),
            (0, _) => format!(
                "{allowed}, as the policy {} allows; every other row has one.",
                hub.policy.word()
            ),
            (count, 0) => format!("{} without storage_uri.", are(count, "row")),
            (count, _) => format!(
                "{} without storage_uri. {allowed} too, as the policy {} allows.",
                are(count, "row"),
                hub.policy.word()
            ),
        };
        if lacking > 0 {
            said = format!("{said} The hub lacks {}.", hub.lacks.join(", "));
        }
        self.add("no-null-uri", state, said);
    }

    /// Checks the pulls. Where rows are hidden, a failed pull proves nothing: it may need one of these rows.
    fn of_pulls(&mut self, pulls: &PullOutcome, summary: &Summary) {
        let all = pulls.succeeded + pulls.empty == pulls.heads;
        let partly = summary.hidden.iter().any(|hidden| hidden.why.hides());
        let failed = pulls.failed_total + pulls.refused_total;
        let state = match (failed, pulls.unknown_total) {
            (1.., _) if partly => State::Open,
            (0, 0) if all || pulls.tried < pulls.heads => State::Held,
            (0, _) => State::Open,
            _ => State::Broken,
        };
        let mut said = format!(
            "{} of {} branches were pulled completely, {} failed{}, {} could not be read.",
            text::grouped(pulls.succeeded + pulls.empty),
            text::grouped(pulls.heads),
            text::grouped(pulls.failed_total),
            names_of(pulls),
            text::grouped(pulls.unknown_total)
        );
        if pulls.refused_total > 0 {
            said = format!(
                "{said} Clients refuse {} as a whole, such as for the names of its branches (see failed pulls).",
                text::plural(pulls.refused_total, "repository")
            );
        }
        self.add("all-pulled", state, said);
        // A hub without a branch has nothing that a client could pull.
        let every = pulls.tried == pulls.heads && pulls.heads > 0;
        let said = match every {
            _ if pulls.heads == 0 => "There is no branch to pull.".to_owned(),
            true if pulls.of_deleted > 0 => format!(
                "Every branch was pulled, except {} of deleted repositories.",
                text::grouped(pulls.of_deleted)
            ),
            true => "Every branch was pulled.".to_owned(),
            false => format!(
                "Only {} of {} branches were pulled.",
                text::grouped(pulls.tried),
                text::grouped(pulls.heads)
            ),
        };
        self.add("every-branch-tried", held_or_open(every), said);
    }

    /// Adds the drill that was asked for.
    pub(super) fn of_drill(&mut self, drill: &Drill, hub: &HubSaid, at: jiff::Timestamp) {
        self.0.push(drill.check(&hub.fingerprint, at));
    }

    /// Returns PASS only if every check of [`NAMES`] was made once and succeeded, and no other check failed.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.0.iter().any(|check| check.state == State::Broken) {
            return Verdict::Fail;
        }
        let held_once = |name: &&str| {
            let mut named = self
                .0
                .iter()
                .filter(|check| name_today(&check.name) == *name);
            let first = named.next();
            named.next().is_none() && first.is_some_and(|check| check.state == State::Held)
        };
        let all_held = self.0.iter().all(|check| check.state == State::Held);
        match NAMES.iter().all(held_once) && all_held {
            true => Verdict::Pass,
            false => Verdict::Incomplete,
        }
    }

    /// Lists what prevents PASS, in sentences: what is wrong first.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let of = |state: State| {
            let checks = self.0.iter().filter(move |check| check.state == state);
            checks.map(|check| check.said.clone())
        };
        of(State::Broken).chain(of(State::Open)).collect()
    }

    /// Returns the checks, in the order in which they were made.
    #[must_use]
    pub fn into_list(self) -> Vec<Check> {
        self.0
    }
}

/// Lists rows by why they were not read.
fn parts_of(unread: &UnreadRows) -> String {
    let parts: Vec<String> = unread
        .iter()
        .map(|(why, count)| format!("{} {}", text::grouped(*count), why.words()))
        .collect();
    match parts.is_empty() {
        true => String::new(),
        false => format!(" ({})", parts.join(", ")),
    }
}

/// Says what a sign-off under the policy `db-canonical` does not cover.
pub(crate) fn not_covered(summary: &Summary, hub: &HubSaid) -> Vec<String> {
    let rows = rows_by_policy(summary, hub);
    let mut out = Vec::new();
    if rows > 0 {
        out.push(format!(
            "{} of commits and snapshots {} in the database alone: the rows are sound now, but no second copy of them was checked.",
            text::plural(rows, "row"),
            if rows == 1 { "is" } else { "are" }
        ));
        if summary.single_rows > 0 {
            out.push(format!("{}.", summary.single_rows_words()));
        }
    }
    out
}

/// Counts the rows of commits and snapshots that need no object under the hub's policy.
fn rows_by_policy(summary: &Summary, hub: &HubSaid) -> u64 {
    if hub.policy != Policy::DbCanonical {
        return 0;
    }
    let checked = &summary.checked;
    let kinds = [("commit", checked.commits), ("snapshot", checked.snapshots)];
    let rows = kinds.into_iter();
    // A kind whose table has no such column is not counted, and none of its rows has an object.
    rows.map(|(kind, all)| summary.null_uris.get(kind).copied().unwrap_or(all))
        .sum()
}

const fn held_or_open(held: bool) -> State {
    match held {
        true => State::Held,
        false => State::Open,
    }
}

fn are(count: u64, what: &str) -> String {
    match count {
        1 => format!("1 {what} is"),
        _ => format!("{} {what}s are", text::grouped(count)),
    }
}
