//! A hub of March 2026 behind the calls of the wire, without a network.

use crate::access::Tokens;
use crate::router::{Options, Writing, router};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use bytes::Bytes;
use luthier_hub::index::{NewRows, RepoRow};
use luthier_hub::store::hub::{Database, Hub, ObjectStore};
use luthier_hub::store::hub_writes::NoHubLedger;
use luthier_hub::store::{Authority, Environment, Policy, Store};
use luthier_object::{CommitRecord, ObjectId, SnapshotRecord};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt;

pub const TOKEN: &str = "of-alice";

/// A writable server with a token for everything of alice, and one without rights.
pub struct Served {
    pub folder: TempDir,
    pub store: Store,
    pub router: Router,
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub bytes: Bytes,
}

impl Answer {
    /// The body, whichever of the two encodings it has.
    pub fn value(&self) -> Value {
        match serde_json::from_slice(&self.bytes) {
            Ok(value) => value,
            Err(_) => decode(&self.bytes),
        }
    }

    pub fn detail(&self) -> String {
        self.value()["detail"].as_str().unwrap().to_owned()
    }
}

/// Reads msgpack; raw bytes become a text of hexadecimal digits.
pub fn decode(bytes: &[u8]) -> Value {
    let value: Msgpack = rmp_serde::from_slice(bytes).unwrap();
    value.0
}

struct Msgpack(Value);

impl<'de> serde::Deserialize<'de> for Msgpack {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Visitor).map(Msgpack)
    }
}

struct Visitor;

impl<'de> serde::de::Visitor<'de> for Visitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("msgpack")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Value, E> {
        Ok(hex::encode(value).into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut out = Vec::new();
        while let Some(Msgpack(value)) = seq.next_element()? {
            out.push(value);
        }
        Ok(out.into())
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut out = serde_json::Map::new();
        while let Some((key, Msgpack(value))) = map.next_entry::<String, Msgpack>()? {
            out.insert(key, value);
        }
        Ok(out.into())
    }
}

/// A hub with these repositories, all of alice; those named `secret…` are private.
pub async fn served(slugs: &[&str]) -> Served {
    served_as(slugs, Some(Authority::granted()), true).await
}

pub async fn served_as(slugs: &[&str], authority: Option<Authority>, tokens: bool) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let objects = folder.path().join("objects");
    std::fs::create_dir(&objects).unwrap();
    let hub = Hub {
        name: "wire".into(),
        environment: Environment::Demo,
        policy: Policy::S3Canonical,
        database: Database::Sqlite(folder.path().join("hub.db")),
        objects: ObjectStore::Folder(objects),
    };
    let store = Store::create(&hub, &Authority::granted()).await.unwrap();
    let row = |slug: &&str| RepoRow {
        repo_id: format!("id-of-{slug}"),
        owner: "alice".into(),
        slug: (*slug).into(),
        name: (*slug).into(),
        visibility: if slug.starts_with("secret") {
            "private"
        } else {
            "public"
        }
        .into(),
        owner_user_id: "u1".into(),
        description: String::new(),
        default_branch: "main".into(),
        pushed_at: None,
        created_at: "2026-03-24T12:00:00+00:00".into(),
        deleted_at: None,
    };
    let rows = NewRows {
        repos: slugs.iter().map(row).collect(),
        ..NewRows::default()
    };
    let making = store.making(&Authority::granted()).unwrap();
    making.insert(&rows).await.unwrap();
    let options = Options {
        writing: authority.map(|authority| Writing {
            authority,
            ledger: Arc::new(NoHubLedger),
        }),
        tokens: tokens.then(|| self::tokens(&folder)),
        fetches: 2,
    };
    Served {
        router: router(store.clone(), options),
        folder,

        store,
    }
}

fn tokens(folder: &TempDir) -> Tokens {
    use sha2::{Digest, Sha256};
    let line = |token: &str, repositories: &str| {
        format!(
            "[[token]]\nname = \"{token}\"\nsha256 = \"{}\"\nrepositories = [\"{repositories}\"]\naccess = \"write\"\n",
            hex::encode(Sha256::digest(token))
        )
    };
    let path = folder.path().join("tokens.toml");
    std::fs::write(&path, line(TOKEN, "alice/*") + &line("of-bob", "bob/*")).unwrap();
    Tokens::read(&path).unwrap()
}

/// What a request says besides its body.
#[derive(Clone, Copy)]
pub enum As<'t> {
    Nobody,
    Token(&'t str),
    /// A person with a browser: no msgpack.
    Json,
}

impl Served {
    pub async fn send(&self, method: &str, path: &str, by: As<'_>, body: Vec<u8>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        let accepts = match by {
            As::Json => "application/json",
            _ => "application/x-msgpack, application/json",
        };
        request = request.header(header::ACCEPT, accepts);
        if let As::Token(token) = by {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if method == "POST" {
            request = request.header(header::CONTENT_LENGTH, body.len());
        }
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/x-msgpack");
        }
        let request = request.body(Body::from(body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status: StatusCode = response.status();
        let said = response.headers().get(header::CONTENT_LENGTH).cloned();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        if let Some(said) = said {
            assert_eq!(
                said.to_str().unwrap(),
                bytes.len().to_string(),
                "Content-Length"
            );
        }
        Answer {
            status: status.as_u16(),
            bytes,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, As::Nobody, Vec::new()).await
    }

    pub async fn post<T: Serialize>(&self, path: &str, by: As<'_>, value: &T) -> Answer {
        let body = rmp_serde::to_vec_named(value).unwrap();
        self.send("POST", path, by, body).await
    }

    /// Sends blobs as a client does before its push.
    pub async fn blobs(&self, slug: &str, blobs: &[(&ObjectId, &[u8])]) -> Answer {
        let objects: Vec<BTreeMap<&str, Sent<'_>>> = blobs
            .iter()
            .map(|(id, bytes)| {
                BTreeMap::from([
                    ("object_id", Sent::Text(id.as_str())),
                    ("content", Sent::Bytes(serde_bytes::Bytes::new(bytes))),
                ])
            })
            .collect();
        let body = BTreeMap::from([("objects", objects)]);
        self.post(
            &format!("/alice/{slug}/push/objects"),
            As::Token(TOKEN),
            &body,
        )
        .await
    }

    pub async fn push(
        &self,
        slug: &str,
        branch: &str,
        commits: &[&CommitRecord],
        snapshots: &[&SnapshotRecord],
        force: bool,
    ) -> Answer {
        let commits: Vec<Value> = commits
            .iter()
            .map(|record| record.to_map().into())
            .collect();
        let snapshots: Vec<Value> = snapshots
            .iter()
            .map(|record| record.to_map().into())
            .collect();
        let bundle = json!({"commits": commits, "snapshots": snapshots, "objects": []});
        let body = json!({"bundle": bundle, "branch": branch, "force": force});
        self.post(&format!("/alice/{slug}/push"), As::Token(TOKEN), &body)
            .await
    }

    pub async fn fetch(&self, slug: &str, want: &[&ObjectId], have: &[&ObjectId]) -> Answer {
        let texts = |ids: &[&ObjectId]| {
            ids.iter()
                .map(|id| id.as_str().to_owned())
                .collect::<Vec<_>>()
        };
        let body = json!({"want": texts(want), "have": texts(have)});
        self.post(&format!("/alice/{slug}/fetch"), As::Nobody, &body)
            .await
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Sent<'a> {
    Text(&'a str),
    Bytes(&'a serde_bytes::Bytes),
}
