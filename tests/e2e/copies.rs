//! Objects that only a copy restores: listed, found in a client's folder, planned, and restored.

use crate::screen::{LUTHIER, Terminal};
use sqlx::{Connection, Row, SqliteConnection};
use std::path::Path;
use std::process::Command;

const ENTER: &str = "\r";

fn run(home: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(LUTHIER);
    command
        .args(arguments)
        .env("XDG_STATE_HOME", home)
        .env("XDG_CONFIG_HOME", home);
    let ran = command.output().unwrap();
    String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned()
}

/// Returns the URI of a blob's object.
fn uri_of(database: &str, owner: &str, path: &str) -> String {
    let sql = "SELECT o.storage_uri FROM musehub_objects o JOIN musehub_repos r USING (repo_id)
         WHERE r.owner = ? AND o.path = ? ORDER BY o.object_id LIMIT 1";
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let mut connection = SqliteConnection::connect(database).await.unwrap();
        let asked = sqlx::query(sql).bind(owner).bind(path);
        asked.fetch_one(&mut connection).await.unwrap().get(0)
    })
}

#[test]
fn what_a_clone_still_has_is_restored_from_it() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name).display().to_string();
    let (hub, clone) = (path("hub"), path("clone"));
    run(place.path(), &["demo", "--healthy", "--build-only", &hub]);
    let database = format!("sqlite://{hub}/hub.db");
    let store = format!("file://{hub}/objects");
    let urls = ["--database", &database, "--store", &store];
    let pulled = run(
        place.path(),
        &[&urls[..], &["pull", "bela/score-tools", "--into", &clone]].concat(),
    );
    let uri = uri_of(&database, "bela", "score/py.typed.md");
    let key = uri
        .strip_prefix("local://")
        .unwrap_or_else(|| panic!("{uri}"));
    let object = format!("{hub}/objects/{key}");
    let before = std::fs::read(&object).unwrap_or_else(|why| panic!("{object}: {why}: {pulled}"));
    std::fs::remove_file(&object).unwrap();

    let mut terminal = Terminal::start(&[&urls[..], &["--write"]].concat(), 80, 24);
    terminal.see("1 a copy [3]");
    terminal.send("3");
    terminal.see("wanted objects  1 of 1");
    terminal.send("C");
    terminal.see("take copies from the folder:");
    terminal.send(&path("clo"));
    terminal.send("\t");
    terminal.see("/clone/");
    terminal.send(ENTER);
    terminal.see("1 step");
    terminal.see("copy in .muse");
    assert!(!Path::new(&object).exists(), "nothing is written by a plan");
    terminal.send(ENTER);
    terminal.see("Type `hub`");
    terminal.send("hub");
    terminal.send(ENTER);
    terminal.see("1 step done");
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
    assert_eq!(std::fs::read(&object).unwrap(), before);
}
