//! `luthier verify`.

use super::output::Output;
use super::watch::watch;
use super::{CliError, Exit};
use clap::Args;
use luthier_client::verify::{self, VerifyError};
use luthier_client::{Folder, FolderError, Verified, Wrong};
use luthier_hub::text;
use luthier_object::Kind;
use serde_json::{Map, Value, json};
use std::io::ErrorKind;
use std::path::PathBuf;

#[derive(Args)]
pub struct Verify {
    /// Folder that was pulled; it contains `.muse/`
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

pub async fn run(command: Verify, out: Output) -> Result<Exit, CliError> {
    let folder = Folder::open(&command.dir).map_err(VerifyError::from)?;
    let progress = out.job();
    let mut failed = None;
    let mut tell = |wrong: &Wrong| {
        if failed.is_none() {
            failed = write_wrong(wrong, &out).err();
        }
    };
    let ended = watch(
        &out,
        &progress,
        verify::verify(folder, &progress, &mut tell),
    )
    .await?;
    if let Some(error) = failed {
        return Err(error);
    }
    let verified = ended?;
    if out.json {
        out.object(&summary(&verified))?;
    } else {
        write_words(&verified, &out)?;
    }
    out.flush()?;
    Ok(match (verified.stopped, verified.wrong) {
        (true, _) => Exit::Stopped,
        (false, 0) => Exit::Done,
        (false, _) => Exit::Findings,
    })
}

fn write_wrong(wrong: &Wrong, out: &Output) -> Result<(), CliError> {
    if out.json {
        return out.object(&json!({
            "type": "finding", "tier": wrong.tier, "id": wrong.id, "named_by": wrong.named_by,
            "why": wrong.why,
        }));
    }
    let by = match wrong.named_by.as_str() {
        "" => String::new(),
        by => format!(", referred to by {by}"),
    };
    let (tier, id) = (wrong.tier.word(), &wrong.id);
    out.line(&format!("{tier:<8} {id}{by}: {}", wrong.why))
}

fn summary(verified: &Verified) -> Value {
    let proved: Map<String, Value> = Kind::ALL
        .into_iter()
        .zip(verified.proved)
        .map(|(kind, count)| (kind.to_string(), count.into()))
        .collect();
    json!({
        "type": "summary", "complete": !verified.stopped, "layout": verified.layout,
        "refs": verified.refs, "proved": proved, "findings": verified.wrong,
    })
}

fn write_words(verified: &Verified, out: &Output) -> Result<(), CliError> {
    let [commits, snapshots, blobs] = verified.proved;
    out.line(&format!(
        "{}: {}, {}, {}, {} checked ({}).",
        match (verified.stopped, verified.wrong) {
            (true, _) => "Stopped before the end".to_owned(),
            (false, 0) => "Intact".to_owned(),
            (false, count) => text::plural(count, "finding"),
        },
        text::plural(verified.refs, "ref"),
        text::plural(commits, "commit"),
        text::plural(snapshots, "snapshot"),
        text::plural(blobs, "blob"),
        verified.layout,
    ))
}

impl From<VerifyError> for CliError {
    fn from(error: VerifyError) -> Self {
        let exit = match &error {
            VerifyError::NoRepository(_) => Exit::Usage,
            VerifyError::Folder(FolderError::Io { source, .. })
                if matches!(
                    source.kind(),
                    ErrorKind::NotFound | ErrorKind::NotADirectory
                ) =>
            {
                Exit::Usage
            }
            VerifyError::Folder(_) => Exit::Unusable,
        };
        let mut message = error.to_string();
        if exit == Exit::Usage {
            message += "; verify checks a folder that `luthier pull OWNER/SLUG --into DIR` wrote; to check a hub, run `luthier audit`";
        }
        Self { message, exit }
    }
}
