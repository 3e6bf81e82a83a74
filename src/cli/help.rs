//! Builds what `--help` shows: the groups of the flags, the examples, and which flags a command has a use for.

use clap::{Arg, Command};

/// Flags that choose the hub.
pub const HUB: &str = "Hub";
/// Flags that choose what a command works on.
pub const SELECT: &str = "Select";
/// Flags that allow and confirm writes.
pub const APPLY: &str = "Apply";
/// Flags that limit speed and time.
pub const LIMITS: &str = "Limits";
/// Flags that choose what is printed, and where.
pub const OUTPUT: &str = "Output";

/// Flags that only the console uses.
const CONSOLE: [&str; 2] = ["ascii", "theme"];

/// Flags that only a command with a hub uses.
const WITH_HUB: [&str; 5] = ["profile", "database", "store", "write", "retry_for"];

/// Commands that work without a hub.
const WITHOUT_HUB: [&str; 5] = ["verify", "keys", "faults", "completions", "man"];

/// Commands that never write to a hub.
const READING: [&str; 7] = [
    "audit", "show", "diff", "pull", "signoff", "watch", "diff-hub",
];

/// Hides, in the help of each command, the global flags that it has no use for. They are still accepted.
pub fn tidied(root: Command) -> Command {
    let globals: Vec<Arg> = root
        .get_arguments()
        .filter(|arg| arg.is_global_set())
        .cloned()
        .collect();
    let names: Vec<String> = root
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    names.into_iter().fold(root, |root, name| {
        let unused = unused(&name);
        let hidden = globals
            .iter()
            .filter(|arg| unused.contains(&arg.get_id().as_str()))
            .map(|arg| arg.clone().hide(true));
        let hidden: Vec<Arg> = hidden.collect();
        root.mut_subcommand(name, |command| command.args(hidden))
    })
}

/// Returns the ids of the global flags that a command has no use for.
fn unused(command: &str) -> Vec<&'static str> {
    let mut out = Vec::new();
    if command != "demo" {
        out.extend(CONSOLE);
    }
    if WITHOUT_HUB.contains(&command) {
        out.extend(WITH_HUB);
    } else if READING.contains(&command) {
        out.push("write");
    }
    match command {
        // The demo hub is always writable, and no profile names it.
        "demo" => out.extend(["profile", "write", "retry_for"]),
        "config" => out.push("retry_for"),
        _ => {}
    }
    out
}

/// The page of the program itself.
pub const ROOT: &str = "\
Examples:
  luthier demo                            Open the console on a hub with known faults
  luthier doctor --profile staging        Check that the hub of a profile can be used

Exit codes:
  0  Nothing is wrong, or everything that was asked for was repaired
  1  Findings remain, FAIL or INCOMPLETE, or `signoff --check` found a difference
  2  The arguments or the configuration are wrong
  3  The database or the object store could not be used
  4  Stopped before the end; what was done is in the journal
  5  A bug in Luthier";

pub const DEMO: &str = "\
Examples:
  luthier demo                            Open the console on a hub in a temporary folder
  luthier demo --build-only demo-hub      Build it in a folder and print its two URLs
  luthier demo --era june                 Open the console on a hub as hubs were in June 2026";

pub const DOCTOR: &str = "\
Examples:
  luthier doctor                          Check the configured hub, read-only
  luthier doctor --write                  Also check that objects can be written";

pub const AUDIT: &str = "\
Examples:
  luthier audit                           Audit the hub at depth presence
  luthier audit alice/song --depth bytes  Read and check every object of one repository
  luthier audit --grade critical --format markdown
                                          Print what is worst as a table for a chat
  luthier audit --fail-on error           In CI: exit with 1 only for errors and worse";

pub const SHOW: &str = "\
Examples:
  luthier show a30a04d01ccc               Show an object by the start of its id
  luthier show a30a04d01ccc --as bytes    Write the bytes that a client receives";

pub const DIFF: &str = "\
Examples:
  luthier diff a30a04d01ccc               List the fields in which row and object differ
  luthier diff a30a04d01ccc --json        The same as JSON";

pub const REPAIR: &str = "\
Examples:
  luthier repair --repo alice/song        Show the plan for one repository; write nothing
  luthier repair --apply --write          Repair everything that needs no decision; asks first";

pub const BACKFILL: &str = "\
Examples:
  luthier backfill                        Show what would be stored; write nothing
  luthier backfill --apply --write        Store it and link the rows; asks first";

pub const PULL: &str = "\
Examples:
  luthier pull alice/song --into song     Pull all branches into a new folder
  luthier pull alice/song@main --into song-main
                                          Pull one branch";

pub const VERIFY: &str = "\
Examples:
  luthier verify song                     Check a folder that was pulled
  luthier verify song --json              The same as JSON";

pub const SIGN_OFF: &str = "\
Examples:
  luthier signoff --out reports           Write the reports into a folder
  luthier signoff --pulls 20 --json       Pull 20 branches only; print the verdict as JSON";

pub const WATCH: &str = "\
Examples:
  luthier watch --every 15m               Print a line whenever findings come or go
  luthier watch --rounds 1 --fail-on error
                                          From cron: one round, and exit with 1 for errors and worse

Every round is a whole audit at --depth. A finding is gone only once an audit that had every answer does not have it.
SIGINT and SIGTERM end a watch with 0; with --rounds, before the last one, with 4.";

pub const INIT: &str = "\
Examples:
  luthier init alice/tune --write         Make a repository with the branch main
  luthier init alice/old --ids v01 --write
                                          Make one that clients of March 2026 can clone";

pub const COMMIT: &str = "\
Examples:
  luthier commit alice/tune --branch main --from takes -m Takes --write
                                          Put the files of the folder takes on main
  luthier commit alice/tune --branch main --from site --exact -m Built --write
                                          Make main exactly what the folder site has
  luthier commit alice/tune --branch verse --from-branch main --from takes -m Verse
                                          Show what a commit on a new branch would write";

pub const MERGE: &str = "\
Examples:
  luthier merge alice/tune verse main --write
                                          Merge the branch verse into main
  luthier merge 1de87fb1-0a4e-4c4e-9a55-0c0a5f0d1e11 --write
                                          Merge a proposal and close it";

pub const SERVE: &str = "\
Examples:
  luthier serve --profile standby         Let clients clone http://127.0.0.1:8420/OWNER/SLUG
  luthier serve --write --tokens t.toml   Take pushes too, from whoever has a token";

pub const DRILL: &str = "\
Examples:
  luthier drill --write --confirm staging
                                          Try every write site on the hub, with its database and store
  luthier drill --write --confirm staging --out drill.json
                                          Save the report, for luthier signoff --drill drill.json";

pub const SCHEMA: &str = "\
Examples:
  luthier schema                          Show what the database offers and lacks
  luthier schema --plan                   Print the SQL that adds what it lacks";

pub const CHECKPOINT: &str = "\
Examples:
  luthier checkpoint                      Show which checkpoints are due; write nothing
  luthier checkpoint --write              Write them; on production, asks for the hub's name";

pub const REBUILD: &str = "\
Examples:
  luthier rebuild --into sqlite:///./new.db --write
                                          Build a database from the configured object store
  luthier rebuild --into sqlite:///./new.db --write --partial
                                          Build it although some objects cannot be read";

pub const DIFF_HUB: &str = "\
Examples:
  luthier diff-hub --with sqlite:///./new.db        Compare the configured database with another
  luthier diff-hub --with sqlite:///./new.db --all  Compare columns that no object carries, too";

pub const JOURNAL: &str = "\
Examples:
  luthier journal                         List the runs, newest first
  luthier journal verify                  Check that no line was changed, removed or reordered";

pub const KEYS: &str = "\
Examples:
  luthier keys                            Print the keys as a table in Markdown
  luthier keys --json                     Print them as JSON";

pub const FAULTS: &str = "\
Examples:
  luthier faults                          Print every fault code as a table in Markdown
  luthier faults object-missing           Explain one code";

pub const CONFIG: &str = "\
Examples:
  luthier config show                     Print what is in use, and where each value comes from
  luthier config init --profile staging --environment staging --database sqlite:///hub.db --store file:///objects
                                          Write a configuration file with one profile, or add the profile to it";

pub const COMPLETIONS: &str = "\
Examples:
  luthier completions bash                Print the script for bash
  luthier completions zsh                 Print the script for zsh";

pub const MAN: &str = "\
Examples:
  luthier man                             Print the page luthier(1)
  luthier man repair                      Print the page luthier-repair(1)";
