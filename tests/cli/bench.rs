//! A faulty hub that can be had again and again, and what can be seen of it without the program.

use crate::s3::{ACCESS_KEY, SECRET_KEY, Server};
use crate::server;
use crate::support::*;
use sqlx::{Connection, PgConnection, SqliteConnection};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

const BUCKET: &str = "muse";

/// The tables whose rows name objects, and their keys.
const POINTERS: &str = "SELECT 'b' || object_id, storage_uri FROM musehub_objects UNION ALL \
                        SELECT 's' || snapshot_id, storage_uri FROM musehub_snapshots UNION ALL \
                        SELECT 'c' || commit_id, storage_uri FROM musehub_commits";

pub type Objects = BTreeMap<String, Vec<u8>>;
/// The `storage_uri` of each row.
pub type Pointers = BTreeMap<String, Option<String>>;

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

/// The demo hub as it was built: its rows in a file or in Postgres, its objects in a folder or behind S3.
pub struct Bench {
    pub place: Sandbox,
    pristine: PathBuf,
    /// Postgres and S3: the database that is copied, the server, and what its bucket held.
    remote: Option<(String, Server, Objects)>,
    copies: usize,
}

/// One copy of the hub.
pub struct Copied {
    pub database: String,
    pub store: String,
    folder: PathBuf,
}

impl Bench {
    /// SQLite and a folder.
    pub fn local() -> Self {
        let place = Sandbox::new();
        let pristine = place.demo("pristine", &[]).dir;
        Self {
            place,
            pristine,
            remote: None,
            copies: 0,
        }
    }

    /// Postgres and S3.
    pub fn remote() -> Self {
        let place = Sandbox::new();
        let database = wait(server::database());
        let server = Server::start(&[BUCKET]);
        let mut bench = Self {
            pristine: place.path("pristine"),
            place,
            remote: Some((database.clone(), server, Objects::new())),
            copies: 0,
        };
        let store = format!("s3://{BUCKET}/hub");
        let dir = bench.pristine.to_str().unwrap().to_owned();
        let build = [
            "demo",
            "--json",
            "--build-only",
            &dir,
            "--database",
            &database,
        ];
        let built = Ran::of(&mut bench.command(&[&build[..], &["--store", &store]].concat()));
        assert_eq!(built.code, 0, "{built:?}");
        if let Some((_, server, held)) = &mut bench.remote {
            *held = server.objects(BUCKET);
        }
        bench
    }

    /// A fresh copy; of a remote hub, the only one, as its rows name the bucket.
    pub fn copy(&mut self) -> Copied {
        self.copies += 1;
        let folder = self.place.path(&format!("copy-{}", self.copies));
        match &self.remote {
            None => {
                for (path, bytes) in files(&self.pristine) {
                    let to = folder.join(path.strip_prefix(&self.pristine).unwrap());
                    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
                    std::fs::write(to, bytes).unwrap();
                }
                Copied {
                    database: format!("sqlite://{}/hub.db", folder.display()),
                    store: format!("file://{}/objects", folder.display()),
                    folder,
                }
            }
            Some((template, server, held)) => {
                server.refill(BUCKET, held);
                let (start, from) = template.rsplit_once('/').unwrap();
                let to = format!("{from}_{}", self.copies);
                let sql = format!("CREATE DATABASE {to} TEMPLATE {from}");
                wait(server::run(&server::server(), &sql));
                Copied {
                    database: format!("{start}/{to}"),
                    store: format!("s3://{BUCKET}/hub"),
                    folder,
                }
            }
        }
    }

    /// A command with everything that reaches the store.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.place.command(arguments);
        if let Some((_, server, _)) = &self.remote {
            command
                .env("AWS_ENDPOINT_URL", server.endpoint())
                .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
                .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
                .env("AWS_REGION", "us-east-1")
                .env("AWS_EC2_METADATA_DISABLED", "true");
        }
        command
    }

    /// A command on a copy.
    pub fn on(&self, hub: &Copied, arguments: &[&str]) -> Command {
        let with = ["--database", &hub.database, "--store", &hub.store];
        self.command(&[arguments, &with].concat())
    }

    /// What lies in the store, by key.
    pub fn objects(&self, hub: &Copied) -> Objects {
        if let Some((_, server, _)) = &self.remote {
            let held = server.objects(BUCKET).into_iter();
            let below = |(key, bytes): (String, Vec<u8>)| {
                Some((key.strip_prefix("hub/")?.to_owned(), bytes))
            };
            return held.filter_map(below).collect();
        }
        let root = hub.folder.join("objects");
        let key = |path: PathBuf| {
            path.strip_prefix(&root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        };
        let found = files(&root).into_iter();
        found.map(|(path, bytes)| (key(path), bytes)).collect()
    }

    /// What the rows say, asked without the program.
    pub fn pointers(&self, hub: &Copied) -> Pointers {
        let rows: Vec<(String, Option<String>)> = wait(async {
            if self.remote.is_some() {
                let mut own = PgConnection::connect(&hub.database).await.unwrap();
                let rows = sqlx::query_as(POINTERS).fetch_all(&mut own).await.unwrap();
                own.close().await.unwrap();
                rows
            } else {
                let url = hub.database.replacen("sqlite://", "sqlite:", 1);
                let mut own = SqliteConnection::connect(&url).await.unwrap();
                let rows = sqlx::query_as(POINTERS).fetch_all(&mut own).await.unwrap();
                own.close().await.unwrap();
                rows
            }
        });
        rows.into_iter().collect()
    }

    /// The key that a `storage_uri` names.
    pub fn key<'a>(&self, uri: &'a str) -> Option<&'a str> {
        match &self.remote {
            None => uri.strip_prefix("local://"),
            Some(_) => uri
                .strip_prefix("s3://")?
                .strip_prefix(BUCKET)?
                .strip_prefix("/hub/"),
        }
    }

    /// Bytes of all journals.
    pub fn journaled(&self) -> u64 {
        let journals = self.place.path("state/luthier/journal");
        let entries = std::fs::read_dir(journals).into_iter().flatten().flatten();
        let journals = entries.filter(|e| e.path().extension().is_some_and(|e| e == "jsonl"));
        journals.map(|e| e.metadata().map_or(0, |m| m.len())).sum()
    }
}
