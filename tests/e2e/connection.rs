//! A hub in Postgres that goes away and comes back under an open console.

use crate::screen::{Terminal, lists_findings};
use crate::server;

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

/// Lets nobody into the database, and ends whoever is there; or lets everybody in again.
fn shut(name: &str, shut: bool) {
    let mut sql = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {};", !shut);
    if shut {
        sql += &format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        );
    }
    wait(server::run(&server::server(), &sql));
}

#[test]
fn a_lost_hub_is_said_in_the_first_line_and_heals_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("hub");
    let url = wait(server::database());
    let built = std::process::Command::new(env!("CARGO_BIN_EXE_luthier"))
        .args(["demo", "--database", &url, "--build-only"])
        .arg(&dir)
        .output()
        .unwrap();
    assert!(built.status.success(), "{built:?}");
    let store = format!("file://{}/objects", dir.display());
    let mut terminal = Terminal::start(&["--database", &url, "--store", &store], 100, 30);
    terminal.see("findings in the whole hub");
    terminal.send("f");
    terminal.list();
    let name = url.rsplit_once('/').unwrap().1;
    shut(name, true);
    terminal.wait("the loss in the first line", |screen| {
        let first = screen.contents_between(0, 0, 0, 100);
        first.contains("CONNECTION LOST") && lists_findings(screen)
    });
    shut(name, false);
    terminal.wait("the first line as before", |screen| {
        let first = screen.contents_between(0, 0, 0, 100);
        !first.contains("LOST") && lists_findings(screen)
    });
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
}
