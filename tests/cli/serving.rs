//! A hub as a server, and its write sites as commands.

use crate::support::{Hub, Ran, Sandbox};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout};

/// A server that runs, and where.
pub struct Server {
    child: Child,
    said: BufReader<ChildStdout>,
    pub address: String,
    /// What it says of the hub's repositories.
    servable: Value,
}

impl Server {
    pub fn start(place: &Sandbox, hub: &Hub, more: &[&str]) -> Self {
        let mut arguments = vec!["serve", "--json", "--listen", "127.0.0.1:0"];
        arguments.extend(more);
        let (child, mut said) = place.spawn(&hub.with(&arguments));
        let mut line = || {
            let mut line = String::new();
            said.read_line(&mut line).unwrap();
            serde_json::from_str::<Value>(&line).unwrap()
        };
        let serving = line();
        let url = serving["url"].as_str().unwrap();
        Self {
            servable: line(),
            child,
            said,
            address: url.strip_prefix("http://").unwrap().to_owned(),
        }
    }

    fn get(&self, path: &str) -> (u16, String) {
        get(&self.address, path)
    }

    /// The most memory that it had so far, in bytes.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.unwrap().split_whitespace().next().unwrap();
        kilobytes.parse::<u64>().unwrap() * 1024
    }

    /// Ends it as a crash does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn stop(mut self, signal: Signal) -> Ran {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let mut rest = String::new();
        self.said.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        Ran::from(self.child.wait_with_output().unwrap())
    }
}

/// Returns the status and the body of a GET.
pub fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    (status, body.to_owned())
}

#[test]
fn a_hub_is_served_until_a_signal_ends_it() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    for signal in [Signal::TERM, Signal::INT] {
        let server = Server::start(&place, &hub, &[]);
        assert_eq!(server.get("/healthz"), (200, "ok\n".to_owned()));
        let servable = &server.servable;
        assert_eq!(servable["servable"], 1);
        let [refused] = &servable["refused"].as_array().unwrap()[..] else {
            panic!("{servable}")
        };
        assert_eq!(refused["status"], 406);
        let refused = refused["count"].as_u64().unwrap();
        assert_eq!(servable["repositories"], json!(refused + 1));
        let (status, refs) = server.get("/dmitri/old-site/refs");
        assert_eq!(status, 200);
        let refs: serde_json::Value = serde_json::from_str(&refs).unwrap();
        assert_eq!(refs["branch_heads"].as_object().unwrap().len(), 2);
        assert_eq!(server.get("/dmitri/nothing/refs").0, 404);
        let (_, metrics) = server.get("/metrics");
        assert!(metrics.contains("luthier_requests_total{call=\"refs\",status=\"404\"} 1"));
        assert_eq!(server.stop(signal).code, 0);
    }
}

#[test]
fn a_server_that_others_can_reach_wants_tokens_and_tls() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let serve = |more: &[&str]| {
        let mut arguments = vec!["serve", "--listen", "0.0.0.0:0"];
        arguments.extend(more);
        place.run(&hub.with(&arguments))
    };
    serve(&[]).fails(2, "--tokens FILE");
    serve(&["--behind-proxy"]).fails(2, "--tokens FILE");
    let tokens = place.path("tokens.toml");
    std::fs::write(&tokens, "").unwrap();
    serve(&["--tokens", tokens.to_str().unwrap()]).fails(2, "--tls-cert");
    serve(&["--tls-cert", "x"]).fails(2, "--tls-key");
    serve(&["--tokens", "nowhere.toml"]).fails(2, "--tls-cert");
}

#[test]
fn a_repository_is_made_and_merged_from_the_command_line_and_a_client_takes_it() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let files = |name: &str, of: &[(&str, &str)]| {
        let folder = place.path(name);
        std::fs::create_dir_all(&folder).unwrap();
        for (path, text) in of {
            std::fs::write(folder.join(path), text).unwrap();
        }
        folder.to_str().unwrap().to_owned()
    };
    let run = |arguments: &[&str]| place.run(&hub.with(arguments));
    let (rows, objects) = (counts(&hub), hub.objects());
    let shown = run(&["init", "zoe/tune"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    assert!(
        shown.out.contains("makes the repository zoe/tune")
            && shown.out.contains("Nothing was written"),
        "{shown:?}"
    );
    assert_eq!((counts(&hub), hub.objects()), (rows, objects));
    assert_eq!(run(&["init", "zoe/tune", "--write"]).code, 0);
    run(&["init", "zoe/tune", "--write"]).fails(1, "exists already");
    let (one, two) = (
        files("one", &[("a.txt", "a")]),
        files("two", &[("b.txt", "b")]),
    );
    let commit = |branch: &str, from: &str, more: &[&str]| {
        let mut arguments = vec!["commit", "zoe/tune", "--branch", branch, "--from", from];
        arguments.extend(["-m", "more", "--write"]);
        arguments.extend(more);
        run(&arguments)
    };
    assert_eq!(commit("main", &one, &[]).code, 0);
    commit("main", &one, &[]).fails(1, "nothing changes");
    is_shown_before_it_is_written(&hub, &|arguments| run(arguments), &two);
    assert_eq!(commit("verse", &two, &[]).code, 0);
    let merge = ["merge", "zoe/tune", "verse", "main", "--json", "--write"];
    let merged = run(&merge);
    assert_eq!(merged.code, 0, "{merged:?}");
    let merged: serde_json::Value = serde_json::from_str(merged.out.trim()).unwrap();
    assert_eq!(merged["ids"], "typed");
    // The branch began at main, so the two have a history in common.
    let base = row(
        &hub,
        "SELECT CAST(count(*) AS TEXT) FROM musehub_commits WHERE parent_ids = '[]' AND repo_id = \
         (SELECT repo_id FROM musehub_repos WHERE slug = 'tune')",
    );
    assert_eq!(base, ["1"], "commits without a parent");
    run(&merge).fails(1, "merged already");
    let into = place.path("pulled");
    let pulled = run(&["pull", "zoe/tune", "--into", into.to_str().unwrap()]);
    assert_eq!(pulled.code, 0, "{pulled:?}");
    assert_eq!(place.run(&["verify", into.to_str().unwrap()]).code, 0);
    assert_eq!(commit("main", &one, &["--exact"]).code, 0);
    is_journaled(&place, &hub);
    let audit = run(&["audit", "zoe/tune", "--depth", "bytes", "--grace", "0s"]);
    assert_eq!(audit.code, 0, "{audit:?}");
}

/// The numbers of rows that a commit would add to.
fn counts(hub: &Hub) -> Vec<String> {
    let count = |table: &str| format!("CAST((SELECT count(*) FROM musehub_{table}) AS TEXT)");
    let tables = ["repos", "branches", "commits", "snapshots", "objects"].map(count);
    row(hub, &format!("SELECT {}", tables.join(", ")))
}

/// Without `--write`, a commit on a new branch says where the branch begins, and changes nothing.
fn is_shown_before_it_is_written(hub: &Hub, run: &dyn Fn(&[&str]) -> Ran, from: &str) {
    let (rows, objects) = (counts(hub), hub.objects());
    let commit = [
        "commit", "zoe/tune", "--branch", "verse", "--from", from, "-m", "more",
    ];
    let head = row(
        hub,
        "SELECT head_commit_id FROM musehub_branches JOIN musehub_repos USING (repo_id) WHERE slug = 'tune'",
    )
    .remove(0);
    for (more, says) in [
        (&[][..], format!("it begins at main, {head}")),
        (
            &["--from-branch", "main"],
            format!("it begins at main, {head}"),
        ),
        (&["--orphan"], "its first commit has no parent".to_owned()),
    ] {
        let shown = run(&[&commit, more].concat());
        assert_eq!(shown.code, 0, "{shown:?}");
        assert!(shown.out.contains(&says), "{shown:?}");
        assert!(
            shown.out.contains("1 added, 0 replaced, 0 removed"),
            "{shown:?}"
        );
    }
    run(&[&commit[..], &["--from-branch", "nowhere"]].concat()).fails(2, "it has no commit");
    let onto = [
        "commit", "zoe/tune", "--branch", "main", "--from", from, "-m", "x", "--orphan",
    ];
    run(&onto).fails(2, "exists already");
    assert_eq!((counts(hub), hub.objects()), (rows, objects));
}

/// Returns a row of texts from a hub in SQLite.
fn row(hub: &Hub, sql: &str) -> Vec<String> {
    use sqlx::{Connection, Row, SqliteConnection};
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let mut own = SqliteConnection::connect(&hub.database).await.unwrap();
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .fetch_one(&mut own)
            .await
            .unwrap();
        (0..row.len()).map(|at| row.get(at)).collect()
    })
}

#[test]
fn a_proposal_is_merged_and_closed_from_the_command_line() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let [proposal, repo, repo_id, from, into] = &row(
        &hub,
        "SELECT proposal_id, owner || '/' || slug, repo_id, from_branch, to_branch FROM musehub_proposals \
         JOIN musehub_repos USING (repo_id) WHERE state = 'open' ORDER BY proposal_id",
    )[..] else {
        panic!("an open proposal")
    };
    let head = |branch: &str| {
        let sql = format!(
            "SELECT head_commit_id FROM musehub_branches WHERE repo_id = '{repo_id}' AND name = '{branch}'"
        );
        row(&hub, &sql).remove(0)
    };
    let (ours, theirs) = (head(into), head(from));
    let merge =
        |more: &[&str]| place.run(&hub.with(&[&["merge", proposal, "--json"], more].concat()));
    let shown = merge(&[]);
    assert_eq!(shown.code, 0, "{shown:?}");
    let plan = shown.lines().remove(0);
    assert_eq!(
        (&plan["proposal"], &plan["branch"]),
        (&json!(proposal), &json!(into))
    );
    assert_eq!(plan["from"], json!(ours));
    assert_eq!(head(into), ours, "nothing is merged without --write");
    let merged = merge(&["--write"]);
    assert_eq!(merged.code, 0, "{merged:?}");
    let merged = merged.lines().remove(0);
    assert_eq!(merged["objects"], plan["objects"]);
    assert_eq!(merged["branch"], json!(into));
    assert_eq!(merged["head"], json!(head(into)));
    let closed = format!(
        "SELECT state, merge_commit_id, CAST(merged_at IS NOT NULL AS TEXT), parent_ids FROM musehub_proposals \
         JOIN musehub_commits ON commit_id = merge_commit_id WHERE proposal_id = '{proposal}'"
    );
    let parents = json!([ours, theirs]).to_string();
    let [state, commit, has_time, found] = &row(&hub, &closed)[..] else {
        panic!("a proposal")
    };
    assert_eq!((state.as_str(), has_time.as_str()), ("merged", "1"));
    assert_eq!(*commit, head(into));
    assert_eq!(found.replace(' ', ""), parents);
    merge(&["--write"]).fails(1, "merged, not open");
    place
        .run(&hub.with(&["merge", "nothing", "--write"]))
        .fails(1, "no such proposal");
    let audit = place.run(&hub.with(&["audit", repo, "--depth", "bytes", "--grace", "0s"]));
    assert_eq!(audit.code, 0, "{audit:?}");
}

/// Each write of the test above is in the journal, announced and ended, and none of them is undone.
fn is_journaled(place: &Sandbox, hub: &Hub) {
    let journal = |arguments: &[&str]| place.run(&hub.with(&[&["journal"], arguments].concat()));
    let runs = journal(&["--json"]).lines();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let writes: Vec<(String, String)> = runs
        .iter()
        .map(|run| {
            (
                text(&run["hub_write"]["site"]),
                text(&run["hub_write"]["branch"]),
            )
        })
        .collect();
    let newest_first = [
        ("commit", "main"),
        ("merge", "main"),
        ("commit", "verse"),
        ("commit", "main"),
        ("init", "main"),
    ];
    assert_eq!(
        writes,
        newest_first.map(|(site, branch)| (site.into(), branch.into()))
    );
    for (newer, older) in runs.iter().zip(&runs[1..]) {
        assert_eq!(newer["outcomes"], json!({"written": 1}));
        assert_eq!((&newer["ended"], &newer["open"]), (&json!(true), &json!(0)));
        if newer["hub_write"]["branch"] == older["hub_write"]["branch"] {
            assert_eq!(newer["hub_write"]["from"], older["hub_write"]["to"]);
        }
    }
    let merge = text(&runs[1]["run"]);
    let listed = journal(&[]);
    assert!(
        listed.out.contains("merge to zoe/tune: main from "),
        "{listed:?}"
    );
    let shown = journal(&["show", &merge]);
    assert_eq!(shown.out.lines().count(), 2, "{shown:?}");
    assert!(
        shown.out.contains("announced: merge to zoe/tune"),
        "{shown:?}"
    );
    journal(&["undo", &merge, "--apply", "--write"]).fails(1, "such a write is not undone");
    assert_eq!(journal(&["verify"]).code, 0);
}
