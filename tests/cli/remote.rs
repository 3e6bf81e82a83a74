//! A demo hub whose objects lie in the server of tests, and what is read of it.

use crate::s3::{ACCESS_KEY, SECRET_KEY, Server};
use crate::support::*;
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;

pub const BUCKET: &str = "muse";
pub const STORE: &str = "s3://muse/hub";

/// A demo hub whose objects lie in the server of tests.
pub struct Remote {
    pub place: Sandbox,
    pub server: Server,
    pub database: String,
    pub dir: std::path::PathBuf,
}

impl Remote {
    pub fn new(more: &[&str]) -> Self {
        let place = Sandbox::new();
        let dir = place.path("hub");
        let remote = Self {
            database: format!("sqlite://{}/hub.db", dir.display()),
            server: Server::start(&[BUCKET]),
            place,
            dir,
        };
        let build = [
            "demo",
            "--quiet",
            "--build-only",
            remote.dir.to_str().unwrap(),
        ];
        let ran = remote.run(&[&build[..], more].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        remote
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.place.command(arguments);
        self.to_server(&mut command)
            .args(["--database", &self.database, "--store", STORE]);
        command
    }

    /// Leads a command to the server of tests.
    pub fn to_server<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("AWS_ENDPOINT_URL", self.server.endpoint())
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    pub fn audit(&self, depth: &str) -> Audit {
        let ran = self.run(&["audit", "--grace", "0s", "--depth", depth, "--json"]);
        let mut lines = ran.lines();
        let summary = lines.pop().unwrap_or_else(|| panic!("{ran:?}"));
        let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
        Audit {
            findings: lines
                .iter()
                .map(|l| (text(l, "code"), text(l, "id")))
                .collect(),
            summary,
        }
    }

    /// What the rows of a table say.
    pub fn rows(&self, database: &str, table: &str) -> BTreeSet<String> {
        use sqlx::{Connection, Row, SqliteConnection};
        let url = database.replacen("sqlite://", "sqlite:", 1);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            let mut own = SqliteConnection::connect(&url).await.unwrap();
            let columns: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info(?1)")
                .bind(table)
                .fetch_all(&mut own)
                .await
                .unwrap();
            let quoted: Vec<String> = columns.iter().map(|c| format!("quote({c})")).collect();
            let sql = format!("SELECT {} FROM {table}", quoted.join(" || '|' || "));
            let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
                .fetch_all(&mut own)
                .await
                .unwrap();
            own.close().await.unwrap();
            rows.iter().map(|row| row.get(0)).collect()
        })
    }

    /// A key of the store that a blob lies under, without the prefix of the hub.
    pub fn some_blob(&self) -> String {
        let held = self.server.objects(BUCKET);
        let is_blob = |bytes: &[u8]| {
            !bytes.is_empty() && !bytes.starts_with(b"commit ") && !bytes.starts_with(b"snapshot ")
        };
        let found = held
            .iter()
            .find(|(key, bytes)| key.starts_with("hub/objects/sha256/") && is_blob(bytes));
        found.unwrap().0.clone()
    }
}

pub struct Audit {
    pub findings: BTreeSet<(String, String)>,
    pub summary: Value,
}

impl Audit {
    pub fn unknown(&self) -> u64 {
        self.summary["unknown"].as_u64().unwrap()
    }
}

pub fn id_of(key: &str) -> String {
    let hex: String = key
        .trim_start_matches("hub/objects/sha256/")
        .replace('/', "");
    format!("sha256:{hex}")
}
