//! The script of the demo hub, as `assets/demo.toml` tells it.

use super::DemoError;
use super::era::{Era, Keys};
use serde::Deserialize;

const SCRIPT: &str = include_str!("../../assets/demo.toml");

/// Everything that happens in the demo hub before it is broken.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    pub words: Words,
    pub repo: Vec<RepoScript>,
}

/// The words of contents and messages.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    pub verses: Vec<String>,
    pub names: Vec<String>,
    /// `{file}` means the file that a commit rewrote.
    pub messages: Vec<String>,
}

/// A repository and its story.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RepoScript {
    pub owner: String,
    pub slug: String,
    pub name: String,
    pub description: String,
    pub era: Era,
    #[serde(default)]
    pub keys: Keys,
    pub started: String,
    pub deleted: Option<String>,
    /// `owner/slug` of the repository that this one starts from, sharing its rows.
    pub forks: Option<String>,
    /// Rows keep a delta against their parent beside the manifest.
    #[serde(default)]
    pub deltas: bool,
    /// Pushes bring their blobs in a pack.
    #[serde(default)]
    pub packs: bool,
    pub people: Vec<String>,
    /// Minutes east of UTC of each person; none given is UTC.
    #[serde(default)]
    pub offsets: Vec<i32>,
    pub steps: Vec<Step>,
    /// Proposals that wait.
    #[serde(default)]
    pub open: Vec<OpenProposal>,
}

/// One thing that somebody did.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Step {
    pub on: String,
    /// The start of a branch that did not exist.
    pub from: Option<String>,
    pub by: usize,
    pub says: Option<String>,
    pub adds: Vec<String>,
    pub removes: Vec<String>,
    pub edits: u32,
    pub merges: Option<String>,
    pub proposal: Option<String>,
    pub fills: Option<Fill>,
    pub agent: bool,
    pub signed: bool,
}

/// Many files with few contents.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fill {
    pub folder: String,
    pub files: u32,
    pub contents: u32,
}

/// A proposal that nobody has merged.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenProposal {
    pub title: String,
    pub from: String,
}

impl Script {
    /// Reads the script that is built in.
    pub(super) fn read() -> Result<Self, DemoError> {
        toml::from_str(SCRIPT).map_err(|e| DemoError::Script(e.to_string()))
    }
}
