//! Whether a hub can be worked on: each side asked for itself, so that one that is out of reach does
//! not hide what is wrong with the other.

use super::read::{open_backend, open_index};
use super::{Authority, Hub};
use crate::access::Access;
use crate::backend::{BackendError, BackendMut, Key};
use crate::index::IndexMut;
use crate::object::Kind;
use crate::object::time::Micros;
use futures_util::StreamExt;
use serde::Serialize;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    Pass,
    Warn,
    Fail,
}

/// One line of the doctor's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub health: Health,
    /// What was found.
    pub found: String,
    /// What to do about it; empty where nothing is to be done.
    pub advice: String,
    /// A side could not be used at all.
    #[serde(skip)]
    pub unusable: bool,
}

impl Check {
    /// All is well.
    pub fn pass(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            name,
            health: Health::Pass,
            found: found.into(),
            advice: String::new(),
            unusable: false,
        }
    }

    /// Work is possible; this should be known.
    pub fn warn(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            health: Health::Warn,
            advice: advice.into(),
            ..Self::pass(name, found)
        }
    }

    /// Work is not possible, or not safe.
    pub fn fail(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            health: Health::Fail,
            advice: advice.into(),
            ..Self::pass(name, found)
        }
    }

    /// A side gave no answer; its error says what to do.
    fn unusable(name: &'static str, error: impl ToString) -> Self {
        Self {
            unusable: true,
            ..Self::fail(name, error.to_string(), "")
        }
    }
}

/// Rounds of which the quickest is told: the way to the server, without its other work.
const ROUNDS: u32 = 5;

/// A way longer than this makes every screen wait. Milliseconds.
const SLOW: f64 = 150.0;

/// Clocks further apart than this are worth knowing of: 5 seconds.
const SKEW: Micros = 5_000_000;

/// Clocks further apart than this make the grace window worthless: 5 minutes.
const TOO_SKEWED: Micros = 300_000_000;

/// Looks at both sides of a hub. Writing is tried only with an [`Authority`], on a key of Luthier's own.
pub async fn examine(hub: &Hub, authority: Option<&Authority>) -> Vec<Check> {
    let access = match authority {
        Some(_) => Access::Write,
        None => Access::Read,
    };
    let mut checks = Vec::new();
    let mut clocks = Vec::new();
    match open_index(hub, access).await {
        Err(error) => checks.push(Check::unusable("database", error)),
        Ok(index) => checks.extend(examine_index(index, &mut clocks).await),
    }
    match open_backend(hub, access).await {
        Err(error) => checks.push(Check::unusable("object store", error)),
        Ok(backend) => checks.extend(examine_backend(backend, access, &mut clocks).await),
    }
    checks.push(compare(&clocks));
    checks
}

/// A clock's offset from this machine's, in microseconds.
type Clock = (&'static str, Micros);

fn here() -> Micros {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_micros() as Micros)
}

/// The quickest of a few answers to `now`, in milliseconds, and the offset of that clock.
async fn measure<E>(ask: impl AsyncFn() -> Result<Micros, E>) -> Result<(f64, Micros), E> {
    let mut best = (f64::INFINITY, 0);
    for _ in 0..ROUNDS {
        let (start, before) = (Instant::now(), here());
        let there = ask().await?;
        let took = start.elapsed();
        let millis = took.as_secs_f64() * 1000.0;
        if millis < best.0 {
            best = (millis, there - before - (took.as_micros() / 2) as Micros);
        }
    }
    Ok(best)
}

fn reached(name: &'static str, what: String, millis: f64) -> Check {
    let found = format!("{what}, answers in {millis:.1} ms");
    match millis > SLOW {
        true => Check::warn(
            name,
            found,
            "a long way; work from nearer to the hub if you can",
        ),
        false => Check::pass(name, found),
    }
}

async fn examine_index(index: Arc<dyn IndexMut>, clocks: &mut Vec<Clock>) -> Vec<Check> {
    let about = match index.about().await {
        Ok(about) => about,
        Err(error) => return vec![Check::unusable("database", error)],
    };
    let mut checks = Vec::new();
    match measure(async || index.now().await).await {
        Ok((millis, offset)) => {
            clocks.push(("the database", offset));
            let what = format!("{}, {}", index.describe(), about.version);
            checks.push(reached("database", what, millis));
        }
        Err(error) => return vec![Check::unusable("database", error)],
    }
    if about.encrypted == Some(false) && !index.describe().contains(" 127.0.0.1:") {
        checks.push(Check::warn(
            "encryption",
            "the connection to the database is not encrypted",
            "add ?sslmode=verify-full to its URL, or keep to a trusted network",
        ));
    }
    if about.replica {
        checks.push(Check::warn(
            "replica",
            "this database follows another server and lags behind it",
            "audit here if you like; repair on the primary",
        ));
    }
    checks.push(match about.unwritable.as_slice() {
        [] => Check::pass(
            "database rights",
            "this user may read and change the hub's rows",
        ),
        tables => Check::warn(
            "database rights",
            format!(
                "this user may read, and may not change {}",
                tables.join(", ")
            ),
            "fine for an audit; a repair needs INSERT and UPDATE",
        ),
    });
    checks.extend(examine_schema(index.as_ref()).await);
    checks
}

async fn examine_schema(index: &dyn IndexMut) -> Vec<Check> {
    let mut checks = Vec::new();
    match index.migration().await {
        Err(error) => checks.push(Check::unusable("schema", error)),
        Ok(migration) if migration.columns.is_empty() => {
            checks.push(Check::pass("schema", "every kind has storage_uri"));
        }
        Ok(_) => checks.push(Check::warn(
            "schema",
            index.capabilities().notes().join("; "),
            "see `luthier schema --plan`",
        )),
    }
    match index.counts().await {
        Err(error) => checks.push(Check::unusable("null storage_uri", error)),
        Ok(counts) => {
            let null: Vec<String> = Kind::ALL
                .into_iter()
                .zip(counts.null_uris)
                .filter_map(|(kind, count)| Some((kind, count.filter(|n| *n > 0)?)))
                .map(|(kind, count)| crate::text::plural(count, kind.as_str()))
                .collect();
            checks.push(match null.is_empty() {
                true => Check::pass("null storage_uri", "no row lacks one"),
                false => Check::warn(
                    "null storage_uri",
                    format!("{} without", null.join(", ")),
                    "`luthier backfill` shows what would be written",
                ),
            });
        }
    }
    checks
}

async fn examine_backend(
    backend: Arc<dyn BackendMut>,
    access: Access,
    clocks: &mut Vec<Clock>,
) -> Vec<Check> {
    let mut checks = Vec::new();
    match measure(async || backend.now().await).await {
        Ok((millis, offset)) => {
            clocks.push(("the object store", offset));
            checks.push(reached("object store", backend.describe(), millis));
        }
        Err(error) => return vec![Check::unusable("object store", error)],
    }
    let first = backend.list("", None).next().await;
    match first {
        None => checks.push(Check::pass("listing", "allowed; the store is empty")),
        Some(Err(error)) => checks.push(Check::unusable("listing", error)),
        Some(Ok(entry)) => {
            checks.push(Check::pass("listing", "allowed"));
            checks.push(read_one(backend.as_ref(), &entry.key).await);
        }
    }
    match access {
        Access::Read => checks.push(Check::pass("writing", "not tried; --write tries it")),
        Access::Write => checks.extend(try_writing(backend.as_ref()).await),
    }
    checks
}

async fn read_one(backend: &dyn BackendMut, key: &str) -> Check {
    let Ok(key) = Key::new(key) else {
        return Check::warn(
            "reading",
            format!("not tried: the first key is not to be followed ({key})"),
            "an audit says what it is",
        );
    };
    let read: Result<_, BackendError> = async {
        match backend.open(&key).await? {
            None => Ok(None),
            // One chunk shows that bytes come; the object may be large.
            Some(mut body) => Ok(Some(body.stream.next().await.transpose()?)),
        }
    }
    .await;
    match read {
        Ok(Some(_)) => Check::pass("reading", "allowed"),
        Ok(None) => Check::warn(
            "reading",
            format!("{key} is listed and not there"),
            "the hub may be at work; try again",
        ),
        Err(error) => Check::unusable("reading", error),
    }
}

async fn try_writing(backend: &dyn BackendMut) -> Vec<Check> {
    let conditions = match backend.conditions().await {
        Err(error) => return vec![Check::unusable("writing", error)],
        Ok(conditions) => conditions,
    };
    let mut checks = vec![Check::pass(
        "writing",
        "allowed; _luthier/ holds what was tried",
    )];
    checks.push(match conditions.if_none_match {
        true => Check::pass("conditional put", "If-None-Match is honoured"),
        false => Check::warn(
            "conditional put",
            "the server ignores If-None-Match and overwrites",
            "Luthier asks, stores and reads back instead; let nobody else repair at the same time",
        ),
    });
    checks.push(match conditions.checksum {
        true => Check::pass("checksums", "wrong bytes are refused by the store"),
        false => Check::warn(
            "checksums",
            "the server takes bytes that do not have the checksum sent with them",
            "nothing to do: Luthier reads back every byte",
        ),
    });
    checks
}

/// The clocks of both sides and of this machine.
fn compare(clocks: &[Clock]) -> Check {
    let furthest = clocks.iter().max_by_key(|(_, offset)| offset.abs());
    let apart = |(who, offset): &Clock| {
        let seconds = offset.abs() as f64 / 1e6;
        let way = if *offset < 0 { "behind" } else { "ahead of" };
        format!("{who} is {seconds:.1} s {way} this machine")
    };
    match furthest {
        None => Check::warn("clocks", "not compared: neither side told its time", ""),
        Some(clock) if clock.1.abs() > TOO_SKEWED => Check::fail(
            "clocks",
            apart(clock),
            "set the clocks: what is too young to be judged is told by them",
        ),
        Some(clock) if clock.1.abs() > SKEW => {
            Check::warn("clocks", apart(clock), "set the clocks when you can")
        }
        Some(_) => Check::pass("clocks", "agree"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Health, compare};

    #[test]
    fn clocks_that_disagree_are_named() {
        let second = 1_000_000;
        assert_eq!(compare(&[("the database", second)]).health, Health::Pass);
        let ahead = compare(&[("the database", second), ("the object store", 20 * second)]);
        assert_eq!(ahead.health, Health::Warn);
        assert_eq!(
            ahead.found,
            "the object store is 20.0 s ahead of this machine"
        );
        let behind = compare(&[("the database", -400 * second)]);
        assert_eq!(behind.health, Health::Fail);
        assert!(behind.found.contains("400.0 s behind"));
        assert_eq!(compare(&[]).health, Health::Warn);
    }
}
