//! A plan as a file, to be read, carried elsewhere and applied later.
//!
//! JSON Lines in one file: a first line says what it is, whose hub it was made for, when and by which
//! version; then a line a step and a line a refusal; the last line has the totals and the sha256 of all
//! bytes before it. So a plan of a million steps is written and read in little memory, and a file that was
//! cut or changed is known by itself. The sum is no signature: what a step may do is decided when it is
//! made again from the hub.

use super::{Plan, Refusal};
use crate::RepairError;
use crate::step::{Step, Totals};
use luthier_hub::destination;
use luthier_hub::store::Hub;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

/// The version that is written, and the newest that is read.
const VERSION: u32 = 1;

/// A longer line is none of ours. Bytes.
const LONGEST: u64 = 1 << 20;

/// Steps written at once.
const PAGE: u32 = 1_000;

/// The first line: what the file is, and which hub it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Of this format.
    pub version: u32,
    /// UTC, RFC 3339.
    pub made_at: String,
    /// The program and its version.
    pub made_by: String,
    /// The name of the hub at that time.
    pub hub: String,
    pub database: String,
    pub store: String,
    /// sha256 of what names database, endpoint, bucket and prefix; hex.
    pub fingerprint: String,
    /// The run that the plan takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Line {
    Plan(Header),
    Step(Box<Step>),
    Refused(Refusal),
    /// Something that a person must confirm by name before this plan is applied.
    Alarm(String),
    End {
        totals: Totals,
        sha256: String,
        /// The audit was shown a part of the hub's rows.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        partial: bool,
    },
}

/// The part of a first line that is the same in every version.
#[derive(Deserialize)]
struct Opening {
    plan: Version,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// Writes and hashes.
struct Summed<W> {
    to: W,
    sum: Sha256,
}

impl<W: Write> Summed<W> {
    fn line(&mut self, line: &Line) -> io::Result<()> {
        let line = serde_json::to_string(line)?;
        let mut line = luthier_hub::text::escaped(&line).into_owned();
        line.push('\n');
        self.sum.update(&line);
        self.to.write_all(line.as_bytes())
    }
}

impl Plan {
    /// Writes the plan for `hub` into a new file that its owner alone can read; the file has its name only
    /// once it is whole, and on the disk.
    ///
    /// # Errors
    /// A file of that name, or a folder that cannot be written.
    pub async fn save(&self, path: &Path, hub: &Hub) -> Result<(), RepairError> {
        let failed = |source| RepairError::PlanFile {
            path: path.display().to_string(),
            source,
        };
        let io = |error: io::Error| failed(PlanFileError::Io(error));
        if path.symlink_metadata().is_ok() {
            return Err(failed(PlanFileError::Taken));
        }
        let folder = destination::folder_of(path);
        let draft = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
        let mut out = Summed {
            to: BufWriter::new(draft),
            sum: Sha256::new(),
        };
        self.write(&mut out, hub, &io).await?;
        let draft = out.to.into_inner().map_err(|e| io(e.into_error()))?;
        destination::keep_new(draft, path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => failed(PlanFileError::Taken),
            _ => io(error),
        })
    }

    async fn write<W: Write>(
        &self,
        out: &mut Summed<W>,
        hub: &Hub,
        failed: &impl Fn(io::Error) -> RepairError,
    ) -> Result<(), RepairError> {
        let mut put = |line: Line| out.line(&line).map_err(failed);
        put(Line::Plan(Header {
            version: VERSION,
            made_at: jiff::Timestamp::now().to_string(),
            made_by: format!("luthier {}", env!("CARGO_PKG_VERSION")),
            hub: hub.name.clone(),
            database: hub.describe_database(),
            store: hub.describe_store(),
            fingerprint: hub.fingerprint(),
            undoes: self.skipped.undoes.clone(),
        }))?;
        for alarm in &self.alarms {
            put(Line::Alarm(alarm.clone()))?;
        }
        for skip in (0..self.totals.steps).step_by(PAGE as usize) {
            for step in self.steps(skip, PAGE).await? {
                put(Line::Step(Box::new(step)))?;
            }
        }
        for skip in (0..self.totals.refused).step_by(PAGE as usize) {
            for refusal in self.refused(skip, PAGE).await? {
                put(Line::Refused(refusal))?;
            }
        }
        let end = Line::End {
            totals: self.totals.clone(),
            partial: self.partial,
            sha256: hex::encode(out.sum.clone().finalize()),
        };
        out.line(&end).map_err(failed)
    }

    /// Reads a plan that was saved for `hub`.
    ///
    /// # Errors
    /// A file that cannot be read, that was cut or changed, that a newer version wrote, or that was made
    /// for another hub.
    pub fn load(path: &Path, hub: &Hub) -> Result<Self, RepairError> {
        let failed = |source| RepairError::PlanFile {
            path: path.display().to_string(),
            source,
        };
        let file = File::open(path).map_err(|e| failed(e.into()))?;
        let mut reading = Reading {
            from: BufReader::new(file),
            sum: Sha256::new(),
        };
        let header = reading.opening(hub).map_err(&failed)?;
        let mut plan = Plan::empty()?;
        plan.skipped.undoes = header.undoes;
        plan.nothing_because("The saved plan holds no step.");
        loop {
            let before = reading.sum.clone();
            match reading.line().map_err(&failed)? {
                Line::Step(step) if step.number == plan.totals.steps + 1 => plan.add(*step)?,
                Line::Refused(refusal) => plan.refuse(refusal)?,
                Line::Alarm(alarm) => plan.alarms.push(alarm),
                Line::End {
                    totals,
                    sha256,
                    partial,
                } => {
                    let sum = hex::encode(before.finalize());
                    if sum != sha256 || !totals.agree(&plan.totals) {
                        return Err(failed(PlanFileError::Changed));
                    }
                    plan.partial = partial;
                    return match reading.at_end().map_err(&failed)? {
                        true => plan.finish(),
                        false => Err(failed(PlanFileError::Changed)),
                    };
                }
                Line::Plan(_) | Line::Step(_) => return Err(failed(PlanFileError::Changed)),
            }
        }
    }
}

/// The reason why a file cannot be written or read as a plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    #[error("the file exists already; name another")]
    Taken,
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it is not a plan of Luthier")]
    NoPlan,
    #[error("it ends too early; plan again")]
    Cut,
    #[error("it was changed after it was saved; plan again")]
    Changed,
    #[error("a newer luthier wrote it; apply it with that one, or plan again")]
    Newer,
    #[error("it was made for another hub: {made_for}, and this is {this}")]
    OtherHub { made_for: String, this: String },
}

struct Reading<R> {
    from: R,
    sum: Sha256,
}

impl<R: BufRead> Reading<R> {
    /// Reads the next line without its newline, and hashes it with the newline.
    fn text(&mut self) -> Result<Vec<u8>, PlanFileError> {
        let mut text = Vec::new();
        let read = self
            .from
            .by_ref()
            .take(LONGEST)
            .read_until(b'\n', &mut text);
        let read = read? as u64;
        self.sum.update(&text);
        match text.pop_if(|byte| *byte == b'\n') {
            Some(_) => Ok(text),
            None if read == LONGEST => Err(PlanFileError::NoPlan),
            None => Err(PlanFileError::Cut),
        }
    }

    fn opening(&mut self, hub: &Hub) -> Result<Header, PlanFileError> {
        let text = self.text()?;
        let opening: Opening = serde_json::from_slice(&text).map_err(|_| PlanFileError::NoPlan)?;
        if opening.plan.version > VERSION {
            return Err(PlanFileError::Newer);
        }
        let Ok(Line::Plan(header)) = serde_json::from_slice(&text) else {
            return Err(PlanFileError::Changed);
        };
        if header.fingerprint != hub.fingerprint() {
            let (database, store) = (hub.describe_database(), hub.describe_store());
            return Err(PlanFileError::OtherHub {
                made_for: format!("{} with {}", header.database, header.store),
                this: format!("{database} with {store}"),
            });
        }
        Ok(header)
    }

    fn line(&mut self) -> Result<Line, PlanFileError> {
        serde_json::from_slice(&self.text()?).map_err(|_| PlanFileError::Changed)
    }

    fn at_end(&mut self) -> Result<bool, PlanFileError> {
        let left = self.from.fill_buf()?;
        Ok(left.is_empty())
    }
}
