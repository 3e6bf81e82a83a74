//! What a round has to tell: one line for people, one object for machines.

use super::round::Looked;
use jiff::Timestamp;
use luthier_audit::finding_set::{Change, Member, Moved};
use luthier_hub::secrets;
use luthier_hub::store::Hub;
use luthier_hub::text;
use luthier_object::time::Micros;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Findings that a line names of each kind of change.
const NAMED: usize = 3;

/// The digits of an id in a line.
const DIGITS: usize = 12;

/// What a round has to tell.
pub(super) struct Event {
    pub line: String,
    pub json: Value,
    is_news: bool,
}

impl Event {
    /// Tells that the hub was not audited.
    pub fn failed(hub: &Hub, why: &str, last: Option<Timestamp>) -> Self {
        let now = Timestamp::now();
        let why = secrets::shown(why);
        let since = match last {
            Some(last) => format!("last audit {}", moment(last)),
            None => "no audit so far".to_owned(),
        };
        let text = format!("NOT AUDITED: {}; {since}", why.replace('\n', "; "));
        Self {
            line: format!("{}  {text}", moment(now)),
            json: json!({
                "type": "failed", "text": titled(hub, &text), "hub": hub.name, "at": moment(now),
                "why": why, "last_audit": last.map(moment),
            }),
            is_news: true,
        }
    }

    /// Tells what an audit found in comparison with the last one; `again` where the round before failed.
    pub fn looked(hub: &Hub, looked: &Looked, again: bool) -> Self {
        let change = &looked.compared.change;
        let is_any = change.is_any();
        let mut parts = vec![headline(change, again)];
        if !change.complete {
            let why = looked.summary.unknown_because.first();
            let hidden = looked.summary.hidden.first().map(|hidden| &hidden.said);
            let why = why.or(hidden).map_or("", String::as_str);
            parts.push(format!("INCOMPLETE: {why}"));
        }
        if change.kept > 0 {
            parts.push(format!(
                "{} not seen again, but nothing says that they are gone",
                text::plural(change.kept, "finding")
            ));
        }
        parts.extend(
            change
                .lost
                .clone()
                .map(|why| format!("all count as new, since {why}")),
        );
        let mass = looked.summary.mass_faults.first();
        parts.extend(mass.map(|why| format!("check the hub first: {why}")));
        parts.push(figures(looked));
        let text = secrets::shown(&parts.join("; "));
        Self {
            line: format!("{}  {text}", moment(looked.at)),
            json: object(hub, looked, &titled(hub, &text), is_any),
            is_news: is_any || again,
        }
    }

    /// Returns whether there is anything that people should read.
    pub const fn is_news(&self) -> bool {
        self.is_news
    }
}

/// Puts the hub's name before a text that is read away from this terminal.
fn titled(hub: &Hub, text: &str) -> String {
    text::safe(&format!("{}: {text}", hub.name)).into_owned()
}

/// Says what came and went.
fn headline(change: &Change, again: bool) -> String {
    let Some(since) = &change.since else {
        let named = named(&change.new);
        return format!(
            "first audit: {}{named}",
            text::plural(change.new.count, "finding")
        );
    };
    let moved = [
        (&change.new, "new"),
        (&change.gone, "gone"),
        (&change.not_judged, "not judged any more"),
    ];
    let words: Vec<String> = (moved.into_iter())
        .filter(|(moved, _)| moved.count > 0)
        .map(|(moved, word)| format!("{} {word}{}", text::grouped(moved.count), named(moved)))
        .collect();
    let since = micros(since.at);
    match (words.is_empty(), again) {
        (false, _) => format!("since {since}: {}", words.join(", ")),
        (true, true) => format!("audited again: no change since {since}"),
        (true, false) => format!("no change since {since}"),
    }
}

/// Names the worst of what moved.
fn named(moved: &Moved) -> String {
    let shown: Vec<String> = moved.first.iter().take(NAMED).map(name).collect();
    let rest = moved.count.saturating_sub(shown.len() as u64);
    match (shown.is_empty(), rest) {
        (true, _) => String::new(),
        (false, 0) => format!(" ({})", shown.join(", ")),
        (false, rest) => format!(" ({}, and {} more)", shown.join(", "), text::grouped(rest)),
    }
}

fn name(member: &Member) -> String {
    let key = &member.key;
    let id = match key.id.strip_prefix("sha256:") {
        Some(hex) => hex.get(..DIGITS).unwrap_or(hex),
        None => &key.id,
    };
    let repo = match key.repo.is_empty() || key.id.starts_with(&key.repo) {
        true => String::new(),
        false => format!(" in {}", key.repo),
    };
    let words = format!(
        "{} {} {} {id}{repo}",
        member.grade.word(),
        key.code,
        key.kind
    );
    text::cut(&words, 120).into_owned()
}

/// Says how many findings there are, and what was looked at.
fn figures(looked: &Looked) -> String {
    let change = &looked.compared.change;
    let grades = change.grades();
    let grades: Vec<String> = (grades.iter())
        .map(|(grade, count)| format!("{} {}", text::grouped(*count), grade.word()))
        .collect();
    let grades = match grades.is_empty() {
        true => String::new(),
        false => format!(" ({})", grades.join(", ")),
    };
    format!(
        "now {}{grades} at depth {}, in {}",
        text::plural(change.total(), "finding"),
        looked.summary.depth.word(),
        lasted(looked.took),
    )
}

fn object(hub: &Hub, looked: &Looked, text: &str, is_any: bool) -> Value {
    let (summary, change) = (&looked.summary, &looked.compared.change);
    let grades = change.grades().into_iter();
    let grades: Map<String, Value> = grades
        .map(|(grade, count)| (grade.word().to_owned(), count.into()))
        .collect();
    let mut codes: Map<String, Value> = Map::new();
    for ((code, _), count) in &change.findings {
        let before = codes.get(code.name()).and_then(Value::as_u64).unwrap_or(0);
        codes.insert(code.name().to_owned(), (before + count).into());
    }
    json!({
        "type": if is_any { "change" } else { "no-change" },
        "text": text,
        "hub": hub.name,
        "environment": hub.environment.word(),
        "at": moment(looked.at),
        "since": change.since.as_ref().map(|since| micros(since.at)),
        "depth": summary.depth.word(),
        "complete": change.complete,
        "unknown": summary.unknown,
        "new": change.new,
        "gone": change.gone,
        "not_judged": change.not_judged,
        "kept": change.kept,
        "total": change.total(),
        "grades": grades,
        "codes": codes,
        "null_uris": summary.null_uris,
        "checked": summary.checked,
        "mass_faults": summary.mass_faults,
        "seconds": looked.took.as_secs_f64(),
    })
}

/// Formats a moment to the second, in UTC.
fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn micros(at: Micros) -> String {
    Timestamp::from_microsecond(at).map_or_else(|_| "an unknown time".to_owned(), moment)
}

/// Formats a length of time.
fn lasted(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        seconds @ 1..=119 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}
