//! The report of a drill: what became of each write site, in a repository of its own.

use super::checks::{Check, Verdict};
use super::{ReportError, SignoffError, State};
use luthier_hub::destination::{self, DestinationError};
use luthier_object::json;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The version of the report's form.
const VERSION: u32 = 1;

/// The largest report that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// A drill says nothing about a hub that was changed long after it: hours.
const FRESH: i64 = 24;

/// The steps of a drill, in their order.
pub const STEPS: [&str; 10] = [
    "init",
    "commit",
    "sync",
    "push",
    "merge",
    "wire-pull",
    "pull",
    "verify",
    "deletion-mark",
    "journal",
];

/// One step of a drill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrillStep {
    /// One of [`STEPS`].
    pub name: String,
    pub state: State,
    /// The result, in one sentence.
    pub said: String,
}

/// The report of a drill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drill {
    /// Always `drill`.
    #[serde(rename = "type")]
    pub kind: String,
    pub version: u32,
    pub program: String,
    pub operator: String,
    pub host: String,
    pub hub: String,
    pub database: String,
    pub store: String,
    /// Of database, endpoint, bucket and prefix: sha256 in hex.
    pub fingerprint: String,
    /// `luthier-drill/<time>`; its rows and objects stay, and it is marked as deleted.
    pub repo: String,
    pub repo_id: String,
    /// UTC, RFC 3339.
    pub began: String,
    pub ended: String,
    pub verdict: Verdict,
    pub steps: Vec<DrillStep>,
    /// Of this report without this field, as canonical JSON; hex.
    pub sha256: String,
}

impl Drill {
    /// Returns PASS only if every step of [`STEPS`] was taken once, in this order, and succeeded.
    #[must_use]
    pub fn judged(&self) -> Verdict {
        let names = self.steps.iter().map(|step| step.name.as_str());
        let is_whole = names.eq(STEPS);
        let any = |state| self.steps.iter().any(|step| step.state == state);
        match (any(State::Broken), any(State::Open) || !is_whole) {
            (true, _) => Verdict::Fail,
            (false, true) => Verdict::Incomplete,
            (false, false) => Verdict::Pass,
        }
    }

    /// Gives the report its end, its verdict and its sha256.
    #[must_use]
    pub fn ended(mut self) -> Self {
        self.ended = jiff::Timestamp::now().to_string();
        self.verdict = self.judged();
        self.sha256 = self.own_sha256();
        self
    }

    fn own_sha256(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Value::Object(map) = &mut value {
            map.remove("sha256");
        }
        hex::encode(Sha256::digest(json::canonical(&value)))
    }

    /// Reads a report, and checks it against its own sha256 and its own steps.
    ///
    /// # Errors
    /// No such file, no report of a drill, or one that was changed.
    pub fn load(path: &Path) -> Result<Self, SignoffError> {
        let shown = path.display().to_string();
        let drill = Self::read(path).map_err(|source| SignoffError::File {
            path: shown.clone(),
            source,
        })?;
        match drill.own_sha256() == drill.sha256 && drill.judged() == drill.verdict {
            true => Ok(drill),
            false => Err(SignoffError::Altered { path: shown }),
        }
    }

    fn read(path: &Path) -> Result<Self, ReportError> {
        let mut text = Vec::new();
        File::open(path)?.take(LARGEST + 1).read_to_end(&mut text)?;
        if text.len() as u64 > LARGEST {
            return Err(ReportError::TooLarge);
        }
        let value: Value = serde_json::from_slice(&text)?;
        match value["type"] == "drill" && value["version"] == VERSION {
            true => Ok(serde_json::from_value(value)?),
            false => Err(ReportError::NoDrill),
        }
    }

    /// Writes the report; never over another file.
    ///
    /// # Errors
    /// The file exists, or cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), SignoffError> {
        let mut text = serde_json::to_vec_pretty(self).unwrap_or_default();
        text.push(b'\n');
        let write = || -> io::Result<()> {
            let mut draft = tempfile::NamedTempFile::new_in(destination::folder_of(path))?;
            io::Write::write_all(&mut draft, &text)?;
            destination::keep_new(draft, path)
        };
        write().map_err(|error| DestinationError::at(path, error).into())
    }

    /// Returns the line of a sign-off about this drill, judged at a time.
    pub(super) fn check(&self, fingerprint: &str, at: jiff::Timestamp) -> Check {
        let passed = self.steps.iter().filter(|step| step.state == State::Held);
        let count = format!("{} of {} steps passed", passed.count(), STEPS.len());
        let worst = self.steps.iter().find(|step| step.state == State::Broken);
        let worst = worst.or(self.steps.iter().find(|step| step.state == State::Open));
        let worst = worst.map(|step| format!("; {}: {}", step.name, step.said));
        let ended: Option<jiff::Timestamp> = self.ended.parse().ok();
        let is_fresh = ended.is_some_and(|ended| {
            let age = at.duration_since(ended).as_hours();
            (0..FRESH).contains(&age) && ended <= at
        });
        let (state, more) = match self.judged() {
            _ if self.fingerprint != fingerprint => (State::Open, "; it was on another hub"),
            Verdict::Fail => (State::Broken, ""),
            Verdict::Incomplete => (State::Open, ""),
            Verdict::Pass if !is_fresh => (State::Open, "; it is older than a day, run it again"),
            Verdict::Pass => (State::Held, ""),
        };
        Check {
            name: "drill".to_owned(),
            state,
            said: format!(
                "The drill in {} at {}: {count}{}{more}.",
                self.repo,
                luthier_hub::text::moment(&self.ended),
                worst.unwrap_or_default().trim_end_matches('.')
            ),
        }
    }
}

/// Returns the first part of a report, of a drill that begins in this repository.
#[must_use]
pub fn begun(hub: &luthier_hub::store::Hub, repo: String, repo_id: String) -> Drill {
    let now = jiff::Timestamp::now().to_string();
    Drill {
        kind: "drill".to_owned(),
        version: VERSION,
        program: format!("luthier {}", env!("CARGO_PKG_VERSION")),
        operator: crate::journal::operator(),
        host: crate::journal::host(),
        hub: hub.name.clone(),
        database: hub.describe_database(),
        store: hub.describe_store(),
        fingerprint: hub.fingerprint(),
        repo,
        repo_id,
        began: now.clone(),
        ended: now,
        verdict: Verdict::Incomplete,
        steps: Vec::new(),
        sha256: String::new(),
    }
}
