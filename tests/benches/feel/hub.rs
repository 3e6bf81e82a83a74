//! The hub that is browsed, and a home for the program of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The demo's repository with most commits.
pub const LONGEST: &str = "load/history";

/// Where the program looks for what is a person's own, below its home.
pub const HOMES: [(&str, &str); 5] = [
    ("HOME", ""),
    ("XDG_STATE_HOME", "state"),
    ("XDG_CONFIG_HOME", "config"),
    ("XDG_DATA_HOME", "data"),
    ("XDG_CACHE_HOME", "cache"),
];

/// A demo's audit, which starts by itself, reads every object; that of another hub only lists them.
const PROFILES: &str = "\
[profiles.bytes]
environment = \"demo\"
read_only = true
[profiles.presence]
read_only = true
";

/// A hub in a folder.
pub struct BenchHub {
    dir: PathBuf,
    /// Built here, and goes with it.
    _built: Option<tempfile::TempDir>,
}

impl BenchHub {
    /// The hub that the environment names, or a new one.
    pub fn from_env() -> Self {
        if let Some(dir) = std::env::var_os("LUTHIER_BENCH_HUB") {
            let dir = std::path::absolute(dir).unwrap();
            return Self { dir, _built: None };
        }
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("hub");
        let commits = super::number("LUTHIER_BENCH_COMMITS", 20_000);
        build(&dir, commits);
        Self {
            dir,
            _built: Some(folder),
        }
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What the console is opened with.
    pub fn arguments(&self, depth: &str) -> [String; 6] {
        let dir = self.dir.display();
        [
            "--profile".to_owned(),
            depth.to_owned(),
            "--database".to_owned(),
            format!("sqlite://{dir}/hub.db"),
            "--store".to_owned(),
            format!("file://{dir}/objects"),
        ]
    }
}

/// How deep the audit looks: the name of a profile.
pub fn depth() -> String {
    std::env::var("LUTHIER_BENCH_DEPTH").unwrap_or_else(|_| "bytes".to_owned())
}

/// A home with the profiles in it.
pub fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("config/luthier");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), PROFILES).unwrap();
    home
}

fn build(dir: &Path, commits: u64) {
    println!("building  a hub of {commits} commits");
    let status = Command::new(env!("CARGO_BIN_EXE_luthier"))
        .args(["demo", "--healthy", "--quiet", "--commits"])
        .arg(commits.to_string())
        .arg("--build-only")
        .arg(dir)
        .stdout(std::process::Stdio::null())
        .status();
    assert!(status.unwrap().success(), "no hub in {}", dir.display());
}
