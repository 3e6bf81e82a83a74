//! What goes away while a command runs: the database's file, the session that opens it, the disk, the handles.

use crate::s3::{ACCESS_KEY, Fault, Op, SECRET_KEY, Server};
use crate::server;
use crate::support::*;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;

/// A hub whose objects are in a server that fails as it is told.
struct OnS3 {
    place: Sandbox,
    server: Server,
}

impl OnS3 {
    fn new() -> Self {
        let (place, server) = (Sandbox::new(), Server::start(&["muse"]));
        let hub = Self { place, server };
        let dir = hub.place.path("hub");
        let built = Ran::of(&mut hub.command(&["demo", "--build-only", dir.to_str().unwrap()]));
        assert_eq!(built.code, 0, "{built:?}");
        hub
    }

    fn database(&self) -> PathBuf {
        self.place.path("hub").join("hub.db")
    }

    fn command(&self, words: &[&str]) -> Command {
        let database = format!("sqlite://{}", self.database().display());
        let to = ["--database", &database, "--store", "s3://muse", "--json"];
        let mut command = self.place.command(&[words, &to].concat());
        command.env("AWS_ENDPOINT_URL", self.server.endpoint());
        command.env("AWS_ACCESS_KEY_ID", ACCESS_KEY);
        command.env("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
        command
    }

    /// Runs a command whose store stays silent once, and does something to the database meanwhile.
    fn while_silent(&self, words: &[&str], op: Op, key: &str, deed: impl FnOnce(&Path)) -> Ran {
        self.server.fail(op, key, Fault::Stall, 1);
        let asked = || {
            let asked = self.server.asked(op);
            asked.iter().filter(|asked| asked.contains(key)).count()
        };
        let before = asked();
        let pipe = Stdio::piped;
        let mut running = self.command(words);
        let child = running.stdout(pipe()).stderr(pipe()).spawn().unwrap();
        while asked() == before {
            std::thread::yield_now();
        }
        deed(&self.database());
        Ran::from(child.wait_with_output().unwrap())
    }
}

fn told(ran: &Ran, how: &str) {
    ran.fails(3, how);
    assert!(ran.err.contains("hub.db is gone"), "{ran:?}");
    let complete = |line: &serde_json::Value| line["complete"] == true;
    assert!(!ran.lines().iter().any(complete), "{ran:?}");
}

#[test]
fn checkpoints_of_a_database_that_is_removed_meanwhile_are_no_success() {
    let remove = |database: &Path| std::fs::remove_file(database).unwrap();
    let ran = OnS3::new().while_silent(&["checkpoint", "--write"], Op::Put, "refs/", remove);
    told(&ran, "its file was removed");
}

/// The rows were written, into a file that nobody has any more.
#[test]
fn a_commit_into_a_database_that_is_removed_meanwhile_is_no_success() {
    let files = tempfile::tempdir().unwrap();
    std::fs::write(files.path().join("song.txt"), "la la").unwrap();
    let from = files.path().to_str().unwrap();
    let words = ["commit", "alice/song", "--branch", "new", "--from", from];
    let words = [&words[..], &["--message", "la", "--write"]].concat();
    let remove = |database: &Path| std::fs::remove_file(database).unwrap();
    let ran = OnS3::new().while_silent(&words, Op::Put, "refs/", remove);
    told(&ran, "its file was removed");
}

#[test]
fn a_pull_of_a_database_that_is_replaced_meanwhile_is_no_success() {
    let into = tempfile::tempdir().unwrap();
    let folder = into.path().join("pulled");
    let words = ["pull", "alice/song", "--into", folder.to_str().unwrap()];
    let replace = |database: &Path| {
        let other = database.with_file_name("other.db");
        std::fs::copy(database, &other).unwrap();
        std::fs::rename(other, database).unwrap();
    };
    let ran = OnS3::new().while_silent(&words, Op::Get, "objects/", replace);
    told(&ran, "another file was put in its place");
}

/// Runs a command under a limit of the shell's `ulimit`. What is too large for a file is an error, not a signal.
fn limited(plain: &Command, limit: &str) -> Ran {
    let mut command = Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit {limit}; exec \"$0\" \"$@\"");
    command
        .env_clear()
        .stdin(Stdio::null())
        .arg("-c")
        .arg(script);
    command.arg(plain.get_program()).args(plain.get_args());
    let set = plain.get_envs();
    command.envs(set.filter_map(|(name, value)| Some((name, value?))));
    Ran::of(&mut command)
}

#[test]
fn a_rebuild_goes_on_with_what_one_left_whose_disk_was_full() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let into = format!("sqlite://{}", place.path("new.db").display());
    let words = ["rebuild", "--into", &into, "--store", &hub.store, "--write"];
    // In blocks of 512 bytes: from none of the tables to all of them.
    let mut left = 0;
    for blocks in [16, 64, 160] {
        let limit = format!("-f {blocks}");
        assert_eq!(
            limited(&place.command(&words), &limit).code,
            3,
            "{blocks} blocks"
        );
        left += usize::from(place.path("new.db").exists());
        let ran = place.run(&words);
        assert_eq!(ran.code, 0, "after {blocks} blocks: {ran:?}");
        let diff = place.on(&hub, &["diff-hub", "--with", &into]);
        assert_eq!(diff.code, 0, "after {blocks} blocks: {diff:?}");
        for name in ["new.db", "new.db-wal", "new.db-shm"] {
            let _ = std::fs::remove_file(place.path(name));
        }
    }
    assert!(left > 0, "no run left a file");
}

#[test]
fn a_run_that_has_too_few_handles_leaves_no_temporary_folder() {
    let hub = OnS3::new();
    for words in [
        &["repair", "--apply", "--yes", "--write"][..],
        &["audit", "--depth", "bytes"],
        &["signoff"],
    ] {
        let ran = limited(&hub.command(words), "-n 24");
        assert_eq!(ran.code, 3, "{words:?}: {ran:?}");
        assert_eq!(left_in(&hub.place.path("tmp")), [""; 0], "{words:?}");
    }
    // Wherever it ran out of them: from no thread of its own to nearly enough.
    for handles in 18..30 {
        let ran = limited(&hub.command(&["audit"]), &format!("-n {handles}"));
        assert_eq!(
            left_in(&hub.place.path("tmp")),
            [""; 0],
            "{handles} handles: {ran:?}"
        );
    }
}

fn left_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

/// A port before Postgres. The server of its first `ended` sessions says that it goes away, when it is asked the first
/// statement.
fn before(url: &str, ended: usize) -> (String, mpsc::Receiver<()>) {
    let mut url = url::Url::parse(url).unwrap();
    let behind = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(listener.local_addr().unwrap().port()))
        .unwrap();
    url.set_query(Some("sslmode=disable"));
    let (tell, met) = mpsc::channel();
    std::thread::spawn(move || {
        for (number, client) in listener.incoming().enumerate() {
            let (client, behind) = (client.unwrap(), behind.clone());
            let tell = (number < ended).then(|| tell.clone());
            std::thread::spawn(move || session(client, &behind, tell));
        }
    });
    (url.to_string(), met)
}

fn session(mut client: TcpStream, behind: &str, end: Option<mpsc::Sender<()>>) {
    let server = TcpStream::connect(behind).unwrap();
    let (mut answers, mut back) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut answers, &mut back);
        let _ = back.shutdown(Shutdown::Both);
    });
    let (mut server, mut bytes) = (server, vec![0; 1 << 16]);
    while let Ok(read @ 1..) = client.read(&mut bytes) {
        if let (Some(end), b'P' | b'Q') = (&end, bytes[0]) {
            let fields =
                b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0";
            let _ = client.write_all(b"E");
            let _ = client.write_all(&(fields.len() as u32 + 4).to_be_bytes());
            let _ = client.write_all(fields);
            end.send(()).unwrap();
            break;
        }
        if server.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

#[test]
fn a_session_that_is_ended_while_the_hub_is_opened_is_started_again() {
    let place = Sandbox::new();
    let url = tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(server::database());
    let hub = place.demo("hub", &["--database", &url, "--healthy"]);
    let on = |url: &str, more: &[&str]| {
        let words = ["audit", "--database", url, "--store", &hub.store];
        place.run(&[&words, more].concat())
    };
    let (twice, met) = before(&url, 2);
    let ran = on(&twice, &[]);
    assert_eq!((ran.code, met.try_iter().count()), (0, 2), "{ran:?}");
    let (always, met) = before(&url, usize::MAX);
    let ran = on(&always, &["--retry-for", "1s"]);
    ran.fails(
        3,
        "terminating connection due to administrator command; tried",
    );
    assert!(met.try_iter().count() > 1, "{ran:?}");
}
