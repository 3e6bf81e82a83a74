//! A command that does not exist: what is meant by its name elsewhere, or the command that it is a slip of.

/// Words of other tools, and what does that here.
const ELSEWHERE: [(&[&str], &str); 14] = [
    (
        &[
            "fsck", "check", "scan", "validate", "inspect", "lint", "test",
        ],
        "`luthier audit` checks a hub, `luthier verify` checks a pulled folder",
    ),
    (
        &[
            "fix", "heal", "mend", "recover", "restore", "apply", "plan", "resolve",
        ],
        "`luthier repair` plans repairs, and carries them out with --apply --write",
    ),
    (
        &[
            "status", "info", "health", "ping", "diagnose", "connect", "stat", "stats",
        ],
        "`luthier doctor` checks whether the hub can be used, and what it lacks",
    ),
    (
        &[
            "ls", "list", "log", "tree", "branches", "repos", "browse", "tui", "ui", "open",
            "console",
        ],
        "`luthier` without a command opens the console, which lists repositories, branches and commits",
    ),
    (
        &["cat", "get", "view", "cat-file", "print"],
        "`luthier show ID` shows one object",
    ),
    (
        &["clone", "fetch", "checkout", "download", "export"],
        "`luthier pull OWNER/SLUG --into DIR` writes what a client receives",
    ),
    (
        &["backup", "snapshot", "dump", "save"],
        "Luthier makes no backups; `luthier checkpoint` saves where branches point into the store, so that `luthier rebuild` can build a database from it",
    ),
    (
        &["reindex", "import", "recreate"],
        "`luthier rebuild --into URL` builds a database from the object store alone",
    ),
    (
        &["migrate", "upgrade"],
        "`luthier schema` shows what the database lacks, and adds it with --apply --write",
    ),
    (
        &["undo", "revert", "rollback"],
        "`luthier journal undo RUN` plans to put back what a run changed",
    ),
    (
        &["history", "changes", "runs"],
        "`luthier journal` lists what was changed from this machine",
    ),
    (
        &["gc", "prune", "clean", "delete", "rm", "remove"],
        "Luthier never deletes anything; `luthier audit` lists what nothing refers to",
    ),
    (
        &["sign-off", "sign", "certify", "report", "approve"],
        "`luthier signoff` reads every byte and writes a report",
    ),
    (
        &["compare", "cmp"],
        "`luthier diff ID` compares a row with its object, `luthier diff-hub` two databases",
    ),
];

/// Returns one line for a command that does not exist.
pub fn told(word: &str, commands: &[String]) -> String {
    let word = word.to_lowercase();
    let shown = luthier_hub::text::safe(&word).into_owned();
    if let Some((_, does)) = ELSEWHERE
        .iter()
        .find(|(words, _)| words.contains(&word.as_str()))
    {
        return format!("there is no command `{shown}`; {does}");
    }
    match nearest(&word, commands.iter().map(String::as_str)) {
        Some(command) => format!("there is no command `{shown}`; did you mean `{command}`?"),
        None => format!(
            "there is no command `{shown}`; there are: {}",
            commands.join(", ")
        ),
    }
}

/// Returns the word that was meant, if one is only a slip or two away.
pub fn nearest<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let (slips, nearest) = words.map(|other| (distance(word, other), other)).min()?;
    (slips <= 1 + word.len() / 5 && slips < word.len().min(3)).then_some(nearest)
}

/// Letters to add, to take away, to change or to swap with the next.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (n, a) in one.iter().enumerate() {
        let mut row = vec![n + 1];
        for (m, b) in other.iter().enumerate() {
            let changed = last[m] + usize::from(a != b);
            let mut least = changed.min(last[m + 1] + 1).min(row[m] + 1);
            if n > 0 && m > 0 && *a == other[m - 1] && one[n - 1] == *b {
                least = least.min(before[m - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[other.len()]
}
