//! Runs the binary with folders of its own.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use tempfile::TempDir;

/// A place to run in: home, state and configuration are empty, and nothing of the caller's shows through.
pub struct Sandbox {
    pub folder: TempDir,
}

impl Sandbox {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        // Many rounds are run with the release program, which `LUTHIER` names as it does for the fault matrix.
        let other = std::env::var_os("LUTHIER");
        let program = other.unwrap_or_else(|| env!("CARGO_BIN_EXE_luthier").into());
        let mut command = Command::new(program);
        command.env_clear().stdin(Stdio::null()).args(arguments);
        for (name, folder) in [
            ("HOME", "home"),
            ("XDG_STATE_HOME", "state"),
            ("XDG_CONFIG_HOME", "config"),
            ("TMPDIR", "tmp"),
        ] {
            command.env(name, self.path(folder));
        }
        std::fs::create_dir_all(self.path("tmp")).unwrap();
        command
    }

    /// Starts a command that goes on; the process, and what it prints.
    pub fn spawn(&self, arguments: &[&str]) -> (Child, BufReader<ChildStdout>) {
        let mut child = self
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        (child, said)
    }

    /// Runs to the end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// A demo hub; the two flags that name it.
    pub fn demo(&self, name: &str, more: &[&str]) -> Hub {
        let dir = self.path(name);
        let mut arguments = vec!["demo", "--json", "--build-only", dir.to_str().unwrap()];
        arguments.extend(more);
        let ran = self.run(&arguments);
        assert_eq!(ran.code, 0, "{ran:?}");
        let line = ran.lines().pop().unwrap();
        Hub {
            dir,
            database: line["database"].as_str().unwrap().to_owned(),
            store: line["store"].as_str().unwrap().to_owned(),
        }
    }

    /// Runs a command on a hub.
    pub fn on(&self, hub: &Hub, arguments: &[&str]) -> Ran {
        self.run(&hub.with(arguments))
    }

    /// Findings as (code, id, auto).
    pub fn findings(&self, hub: &Hub) -> Vec<(String, String, String)> {
        let ran = self.on(hub, &["audit", "--depth", "bytes", "--json"]);
        let mut lines = ran.lines();
        let summary = lines.pop().unwrap();
        assert_eq!(summary["type"], "summary");
        assert_eq!(summary["complete"], true);
        let text = |line: &Value, key: &str| line[key].as_str().unwrap().to_owned();
        lines
            .iter()
            .map(|line| (text(line, "code"), text(line, "id"), text(line, "auto")))
            .collect()
    }

    pub fn configure(&self, text: &str) {
        let folder = self.path("config/luthier");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config.toml"), text).unwrap();
    }
}

/// Where a demo hub lies.
pub struct Hub {
    pub dir: PathBuf,
    pub database: String,
    pub store: String,
}

impl Hub {
    pub fn with<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        let mut all = arguments.to_vec();
        all.extend(["--database", &self.database, "--store", &self.store]);
        all
    }

    pub fn objects(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        files(&self.dir.join("objects"))
    }
}

/// Lists the files below a folder, but for the logs of runs and the figures of audits.
pub fn beside_logs(folder: &Path) -> Vec<String> {
    let paths = files(folder).into_keys();
    paths
        .map(|path| path.display().to_string())
        .filter(|path| !path.contains("/luthier/log/") && !path.contains("/luthier/history/"))
        .collect()
}

/// Returns all files below a folder with their bytes.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut out = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        if at.is_dir() {
            let entries = std::fs::read_dir(&at).unwrap();
            open.extend(entries.map(|entry| entry.unwrap().path()));
        } else if at.exists() {
            let bytes = std::fs::read(&at).unwrap();
            out.insert(at, bytes);
        }
    }
    out
}

/// What a run left.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(command: &mut Command) -> Self {
        Self::from(command.output().unwrap())
    }

    /// Standard output as JSON lines: nothing else may be there.
    pub fn lines(&self) -> Vec<Value> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line:?}"));
        self.out.lines().map(parse).collect()
    }

    /// One line for a person is all; where a side could not be used, the log is named behind it.
    pub fn is_one_line(&self) {
        let mut lines = self.err.lines();
        assert!(
            lines
                .next()
                .is_some_and(|line| line.starts_with("luthier: ")),
            "{self:?}"
        );
        if self.code == 3 {
            assert!(
                lines.next().is_some_and(|line| line.starts_with("  log: ")),
                "{self:?}"
            );
        }
        assert_eq!(lines.next(), None, "{self:?}");
    }

    /// It failed with one line for a person.
    pub fn fails(&self, code: i32, says: &str) {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.err.contains(says), "{self:?}");
        assert!(!self.err.contains("panicked"), "{self:?}");
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
