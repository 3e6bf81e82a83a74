//! The three guides on a hub in Postgres and S3 that is opened by its URLs, healthy but for faults at the bytes: no figure
//! contradicts another.

use crate::screen::{LUTHIER, Terminal};
use crate::server;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Row};
use std::process::Command;

const ENTER: &str = "\r";
const ESC: &str = "\u{1b}";

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

/// A hub of its own, and what was broken in it.
struct Hub {
    database: String,
    bucket: String,
    environment: Vec<(&'static str, String)>,
    /// Key and bytes of the blob that was taken away.
    taken: (String, Vec<u8>),
}

impl Hub {
    /// Builds a healthy hub; then flips a byte in the snapshot of a branch's head, takes a blob's object away, and lets a
    /// commit's row name no object.
    fn faulty_at_the_bytes() -> Self {
        let endpoint = std::env::var("LUTHIER_TEST_SEAWEEDFS").expect("tests/servers/up");
        let variable = |name: &str| std::env::var(name).unwrap();
        let mut hub = Self {
            database: wait(server::database()),
            bucket: format!("luthier-{:016x}", fastrand::u64(..)),
            environment: vec![
                ("AWS_ENDPOINT_URL", endpoint),
                ("AWS_ACCESS_KEY_ID", variable("AWS_ACCESS_KEY_ID")),
                ("AWS_SECRET_ACCESS_KEY", variable("AWS_SECRET_ACCESS_KEY")),
                ("AWS_REGION", "us-east-1".to_owned()),
                ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ],
            taken: (String::new(), Vec::new()),
        };
        wait(async {
            let made = hub.client().create_bucket().bucket(&hub.bucket).send();
            made.await.unwrap();
        });
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("hub");
        let (code, said) = hub.run(&["demo", "--healthy", "--build-only", dir.to_str().unwrap()]);
        assert_eq!(code, 0, "{said}");
        wait(hub.break_it());
        hub
    }

    async fn break_it(&mut self) {
        let head = "FROM musehub_branches b JOIN musehub_repos r USING (repo_id)
             JOIN musehub_commits c ON c.commit_id = b.head_commit_id
             JOIN musehub_snapshots s ON s.snapshot_id = c.snapshot_id WHERE b.name = 'main' AND r.owner =";
        let snapshot = self
            .one(&format!("SELECT s.storage_uri {head} 'alice'"))
            .await;
        let key = self.key(&snapshot);
        let mut bytes = self.get(&key).await;
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        self.put(&key, bytes).await;
        let blob = self
            .one(
                "SELECT o.storage_uri FROM musehub_objects o JOIN musehub_repos r USING (repo_id)
                 WHERE r.owner = 'bela' AND o.path = 'score/py.typed.md' ORDER BY o.object_id LIMIT 1",
            )
            .await;
        let key = self.key(&blob);
        self.taken = (key.clone(), self.get(&key).await);
        let gone = self.client().delete_object().bucket(&self.bucket).key(&key);
        gone.send().await.unwrap();
        let commit = self
            .one(&format!("SELECT c.commit_id {head} 'carol'"))
            .await;
        let unlink =
            format!("UPDATE musehub_commits SET storage_uri = NULL WHERE commit_id = '{commit}'");
        server::run(&self.database, &unlink).await;
    }

    async fn one(&self, sql: &str) -> String {
        let mut connection = PgConnection::connect(&self.database).await.unwrap();
        let row = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()))
            .fetch_one(&mut connection)
            .await
            .unwrap();
        row.get(0)
    }

    fn key(&self, uri: &str) -> String {
        let root = format!("s3://{}/", self.bucket);
        uri.strip_prefix(&root).unwrap().to_owned()
    }

    fn client(&self) -> Client {
        let of = |name: &str| {
            let mut named = self.environment.iter();
            named.find(|(key, _)| *key == name).unwrap().1.clone()
        };
        let keys = Credentials::new(
            of("AWS_ACCESS_KEY_ID"),
            of("AWS_SECRET_ACCESS_KEY"),
            None,
            None,
            "test",
        );
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .credentials_provider(keys)
            .region(Region::new("us-east-1"))
            .endpoint_url(of("AWS_ENDPOINT_URL"))
            .force_path_style(true)
            .build();
        Client::from_conf(config)
    }

    async fn get(&self, key: &str) -> Vec<u8> {
        let got = self.client().get_object().bucket(&self.bucket).key(key);
        let body = got.send().await.unwrap().body;
        body.collect().await.unwrap().to_vec()
    }

    async fn put(&self, key: &str, bytes: Vec<u8>) {
        let put = self.client().put_object().bucket(&self.bucket).key(key);
        put.body(bytes.into()).send().await.unwrap();
    }

    fn name(&self) -> &str {
        self.database.rsplit_once('/').unwrap().1
    }

    fn urls(&self) -> [String; 4] {
        let store = format!("s3://{}", self.bucket);
        let database = self.database.clone();
        [
            "--database".to_owned(),
            database,
            "--store".to_owned(),
            store,
        ]
    }

    /// Runs a command on it: its exit code, and what it prints.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let home = tempfile::tempdir().unwrap();
        let ran = Command::new(LUTHIER)
            .args(arguments)
            .args(self.urls())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .env("XDG_STATE_HOME", home.path())
            .env("XDG_CONFIG_HOME", home.path())
            .output()
            .unwrap();
        let said = [ran.stdout, ran.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        (ran.status.code().unwrap(), said)
    }

    /// Opens the console on it.
    fn open(&self, more: &[&str], (columns, rows): (u16, u16)) -> Terminal {
        let urls = self.urls();
        let mut arguments: Vec<&str> = urls.iter().map(String::as_str).collect();
        arguments.extend(more);
        let variables: Vec<(&str, &str)> = self
            .environment
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let terminal = Terminal::with(LUTHIER, &arguments, &variables, columns, rows);
        // At depth presence the flipped byte is not seen.
        see(&terminal, "2 findings in the whole hub, depth presence");
        terminal
    }
}

/// Waits for words, wherever lines break.
fn see(terminal: &Terminal, words: &str) {
    terminal.wait(words, |screen| flat(screen).contains(words));
}

/// A screen of one pane as one line.
fn flat(screen: &vt100::Screen) -> String {
    let text = screen
        .contents()
        .replace(['│', '╭', '╮', '╰', '╯', '─'], " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// Signs off, or again, and sees how much stands in the way.
fn sign_off(terminal: &mut Terminal, key: &str, stands: &str) {
    terminal.send(key);
    terminal.see("sign off 3/4");
    see(terminal, "FAIL: something is wrong");
    see(terminal, &format!("{stands} PASS"));
    see(terminal, "causes first");
}

#[test]
fn read_only_every_screen_and_command_tells_the_same_figures() {
    let hub = Hub::faulty_at_the_bytes();
    for size in [(80, 40), (160, 48)] {
        let mut terminal = hub.open(&[], size);
        // A pull that fails: below what is known, the repository that somebody calls about.
        terminal.send("p");
        terminal.see("a pull fails 1/5");
        terminal.send("/");
        terminal.send("alice/song");
        terminal.send(ENTER);
        terminal.see("repositories  1 of 1");
        terminal.see("? 0+ of 3");
        terminal.send("p");
        terminal.see("1 of 3 branches fail, 2 succeed");
        terminal.see("each branch was pulled by itself");
        terminal.see("a pull fails 2/5");
        // The list knows by now what the pull has read.
        terminal.send(ESC);
        terminal.see("repositories  1 of 1");
        terminal.see("✗ 1 of 3");
        terminal.see("pulled ");
        terminal.send("p");
        terminal.see("a pull fails 2/5");
        terminal.see("1 of 3 branches fail, 2 succeed");
        terminal.send("x");
        terminal.see("13 entries are the same");
        terminal.send("1");
        terminal.see("decisions: 1 planned");
        terminal.send("x");
        terminal.see("read-only: read each step; w saves the plan");
        terminal.see("1 step");
        terminal.send(ENTER);
        terminal.see("read-only: start with --write");
        // What the pull found is a finding everywhere; the branch of a fork fails by it too.
        terminal.send("H");
        see(&terminal, "3 findings in the whole hub");
        see(&terminal, "6 of 21 branches fail");
        sign_off(&mut terminal, "s", "3 findings prevent");
        see(
            &terminal,
            "15 of 21 branches were pulled completely, 6 failed",
        );
        terminal.send("f");
        terminal.see(" of 3  ");
        terminal.send(ESC);
        terminal.see("FAIL: something is wrong");
        terminal.send("x");
        terminal.see("decisions: 1 planned");
        terminal.send("x");
        terminal.see("2 steps, 1 skipped");
        terminal.send("H");
        see(&terminal, "3 findings in the whole hub, depth bytes");
        see(&terminal, "6 of 21 branches fail, 15 can be pulled");
        // By hand: the same three, and the fork without a finding of its own shows what stops it.
        terminal.send("f");
        terminal.see(" of 3  ");
        terminal.send("a");
        terminal.send("x");
        terminal.see("decisions: 1 planned");
        terminal.send("x");
        terminal.see("2 steps, 1 skipped");
        terminal.send("H");
        terminal.see("findings in the whole hub");
        terminal.send("b");
        terminal.see("repositories  1 of 10");
        terminal.send("/");
        terminal.send("frank");
        terminal.send(ENTER);
        terminal.see("repositories  1 of 1");
        terminal.send("f");
        terminal.see("findings  1 of 1");
        terminal.see("/stops:frank/song");
        terminal.send("q");
        terminal.see("leave?");
        terminal.send("y");
        assert_eq!(terminal.end().0, 0);
    }
    let (code, said) = hub.run(&["audit", "--depth", "bytes"]);
    assert!(
        code == 1 && said.contains("\n3 findings at depth bytes"),
        "{said}"
    );
    let (code, said) = hub.run(&["repair"]);
    assert!(
        code == 1 && said.contains("3 findings in the whole hub, at depth bytes."),
        "{said}"
    );
    assert!(
        said.contains("1 step: 1 row to change, nothing to write to the store, 1 request that reads it; 2 findings skipped."),
        "{said}"
    );
    // Of the two, one is a decision, and the other takes bytes that nobody here has.
    assert_eq!(said.matches("it needs a decision").count(), 1, "{said}");
    assert!(said.contains("the hub has no valid copy of it"), "{said}");
    let (code, said) = hub.run(&["audit", "frank/song", "--depth", "bytes"]);
    assert!(
        code == 1 && said.contains("frank/song: 1 finding at depth bytes"),
        "{said}"
    );
    let (code, said) = hub.run(&["repair", "--repo", "frank/song"]);
    assert!(
        code == 1 && said.contains("1 finding in frank/song, at depth bytes."),
        "{said}"
    );
    assert!(said.contains("it needs a decision"), "{said}");
}

#[test]
fn with_write_what_is_repaired_is_gone_from_every_figure() {
    let mut hub = Hub::faulty_at_the_bytes();
    let mut terminal = hub.open(&["--write"], (160, 48));
    sign_off(&mut terminal, "s", "3 findings prevent");
    terminal.send("f");
    terminal.see(" of 3  ");
    terminal.send("a");
    terminal.see("all shown are marked");
    terminal.send("x");
    terminal.see("13 entries are the same");
    terminal.send("1");
    terminal.see("decisions: 1 planned");
    terminal.send("x");
    terminal.see("2 steps, 1 skipped");
    terminal.send(ENTER);
    terminal.see("apply this plan?");
    terminal.send(hub.name());
    terminal.send(ENTER);
    terminal.see("2 steps done");
    terminal.send("H");
    see(&terminal, "1 finding in the whole hub");
    see(&terminal, "4 of 21 branches fail");
    // The guide is entered where it was left; the verdict from before says that it is one.
    terminal.send("s");
    terminal.see("remaining findings: x plans");
    terminal.send(ESC);
    let outdated =
        "This verdict is from before the hub was changed: 1 finding stands in the way now";
    see(&terminal, outdated);
    sign_off(&mut terminal, "r", "1 finding prevents");
    see(
        &terminal,
        "17 of 21 branches were pulled completely, 4 failed",
    );
    terminal.send("f");
    terminal.see("findings  1 of 1");
    terminal.send("x");
    terminal.see("0 steps, 1 skipped");
    terminal.see("C chooses the folder");
    terminal.hang_up();
    // Somebody brings the blob back.
    let (key, bytes) = std::mem::take(&mut hub.taken);
    wait(hub.put(&key, bytes));
    let (code, said) = hub.run(&["signoff", "--json"]);
    assert_eq!(code, 0, "{said}");
    let (code, said) = hub.run(&["repair"]);
    assert!(
        code == 0 && said.contains("0 findings in the whole hub, at depth bytes."),
        "{said}"
    );
}
