//! A server dies at any moment of a push: no row points at nothing, the next server saves the branches that this one
//! did not, and the same push succeeds later.
//!
//! `LUTHIER_CUT_ROUNDS=200` cuts more often; `LUTHIER_CUT_SEED` gives the same choices again.

use crate::serving::Server;
use crate::support::*;
use luthier_object::identity::{CommitScheme, SnapshotScheme};
use luthier_object::{CommitRecord, Manifest, ObjectId, SnapshotRecord, commit};
use serde::Serialize;
use serde_bytes::ByteBuf;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Instant;

/// Blobs of a push, and the bytes of each: more than 3 MB together, in two requests.
const BLOBS: usize = 16;
const BYTES: usize = 200 << 10;

/// A hub is used for so many rounds, so that an audit of it stays quick.
const ROUNDS_OF_A_HUB: u64 = 10;

#[derive(Serialize)]
pub struct Objects {
    pub objects: Vec<BTreeMap<&'static str, Sent>>,
}

#[derive(Serialize)]
#[serde(untagged)]
pub enum Sent {
    Text(String),
    Bytes(ByteBuf),
}

/// The requests of one push, in their order, and the head that it brings.
struct Push {
    requests: Vec<(&'static str, Vec<u8>)>,
    head: ObjectId,
}

/// A snapshot as clients of March send it.
pub fn tree(manifest: Manifest) -> SnapshotRecord {
    let nothing = BTreeSet::new();
    SnapshotRecord {
        snapshot_id: SnapshotScheme::V01.id_of(&manifest, &nothing),
        manifest: Arc::new(manifest),
        directories: nothing,
        created_at: "2026-03-24T12:00:00+00:00".into(),
        rest: SnapshotRecord::fresh_rest(),
    }
}

/// A commit of it behind `parent`.
pub fn take(tree: &SnapshotRecord, parent: &ObjectId, message: &str) -> CommitRecord {
    let mut record = CommitRecord {
        commit_id: ObjectId::new(""),
        repo_id: "of the client".into(),
        branch: "main".into(),
        snapshot_id: Some(tree.snapshot_id.clone()),
        message: message.into(),
        committed_at: "2026-03-24T12:00:00+00:00".into(),
        parent_commit_id: Some(parent.clone()),
        parent2_commit_id: None,
        author: "zoe".into(),
        rest: commit::default_rest(),
    };
    record.commit_id = CommitScheme::V01.id_of(&record);
    record
}

fn push(parent: &ObjectId, chance: &mut fastrand::Rng) -> Push {
    let mut manifest = Manifest::new();
    let mut objects = Vec::new();
    for n in 0..BLOBS {
        let bytes: Vec<u8> = (0..BYTES).map(|_| chance.u8(..)).collect();
        let id = ObjectId::plain(&Sha256::digest(&bytes).into());
        manifest.insert(format!("takes/{n}.bin"), id.clone());
        objects.push(BTreeMap::from([
            ("object_id", Sent::Text(id.as_str().to_owned())),
            ("content", Sent::Bytes(ByteBuf::from(bytes))),
        ]));
    }
    let tree = tree(manifest);
    let record = take(&tree, parent, "takes");
    let second = objects.split_off(BLOBS / 2);
    let bundle = json!({"commits": [record.to_map()], "snapshots": [tree.to_map()], "objects": []});
    let last = json!({"bundle": bundle, "branch": "main", "force": false});
    let body = |objects| rmp_serde::to_vec_named(&Objects { objects }).unwrap();
    Push {
        requests: vec![
            ("push/objects", body(objects)),
            ("push/objects", body(second)),
            ("push", rmp_serde::to_vec_named(&last).unwrap()),
        ],
        head: record.commit_id,
    }
}

impl Push {
    /// Sends every request; `None` where the server went away.
    fn send(&self, address: &str) -> Option<Vec<Value>> {
        let sent = self.requests.iter();
        sent.map(|(call, body)| post(address, call, body)).collect()
    }
}

pub fn post(address: &str, call: &str, body: &[u8]) -> Option<Value> {
    let mut stream = TcpStream::connect(address).ok()?;
    let head = format!(
        "POST /zoe/cut/{call} HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\n\
         Content-Type: application/x-msgpack\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    serde_json::from_str(body).ok()
}

/// A hub with an empty repository, and that repository's head.
pub fn hub(place: &Sandbox, round: u64) -> (Hub, ObjectId) {
    let hub = place.demo(&format!("hub-{round}"), &["--healthy"]);
    let init = ["init", "zoe/cut", "--ids", "v01", "--write", "--json"];
    let made = place.on(&hub, &init).lines().remove(0);
    let head = ObjectId::new(made["head"].as_str().unwrap());
    (hub, head)
}

/// Objects that no row names: all that a death leaves, once the next server has begun.
const LEFT: [&str; 2] = ["object-orphan", "uri-unlinked"];

/// Until then, the store may not know where the branch points.
const LEFT_AT_ONCE: [&str; 3] = ["object-orphan", "uri-unlinked", "refs-unsaved"];

/// Asserts that an audit finds these codes at most, and counts what it finds.
fn finds_at_most(place: &Sandbox, hub: &Hub, codes: &[&str], found: &mut BTreeMap<String, u64>) {
    let audit = ["audit", "--depth", "bytes", "--grace", "0s", "--json"];
    let ran = place.on(hub, &audit);
    assert!(ran.code <= 1, "{ran:?}");
    let lines = ran.lines();
    assert_eq!(lines.last().unwrap()["complete"], true);
    for line in lines.iter().filter(|line| line["type"] == "finding") {
        let code = line["code"].as_str().unwrap();
        assert!(codes.contains(&code), "{line}");
        *found.entry(code.to_owned()).or_default() += 1;
    }
    let verified = place.on(hub, &["journal", "verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");
}

/// Asserts that the journal says of every write what became of it.
fn every_write_has_its_end(place: &Sandbox, hub: &Hub) {
    for run in place.on(hub, &["journal", "--json"]).lines() {
        assert_eq!(run["ended"], true, "{run}");
    }
}

#[test]
fn a_server_that_dies_during_a_push_leaves_no_row_that_points_at_nothing() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let rounds: u64 = number("LUTHIER_CUT_ROUNDS").unwrap_or(12);
    let seed = number("LUTHIER_CUT_SEED").unwrap_or_else(|| fastrand::u64(..));
    eprintln!("LUTHIER_CUT_SEED={seed}");
    let mut chance = fastrand::Rng::with_seed(seed);
    let place = Sandbox::new();
    let (mut found, mut found_later, mut cut_off, mut round) =
        (BTreeMap::new(), BTreeMap::new(), 0, 0);
    let (mut at, mut open) = (hub(&place, 0), None::<Push>);
    // A server that dies behind its last answer has cut nothing.
    while cut_off < rounds {
        assert!(round < 4 * rounds, "{cut_off} pushes of {round} were cut");
        if round > 0 && round % ROUNDS_OF_A_HUB == 0 {
            at = hub(&place, round);
            open = None;
        }
        let (hub, head) = &mut at;
        let mut server = Server::start(&place, hub, &["--write"]);
        if open.is_some() {
            finds_at_most(&place, hub, &LEFT, &mut found_later);
            every_write_has_its_end(&place, hub);
        }
        // The push that was cut succeeds as if it had not been, and says how long one takes.
        let whole = open.take().unwrap_or_else(|| push(head, &mut chance));
        let begun = Instant::now();
        let answers = whole.send(&server.address).unwrap();
        let took = begun.elapsed();
        assert_eq!(answers[2]["ok"], true, "{answers:?}");
        assert_eq!(answers[2]["remote_head"], whole.head.as_str());
        *head = whole.head;
        let cut = push(head, &mut chance);
        let moment = took.mul_f64(chance.f64());
        let address = server.address.clone();
        let sent = std::thread::scope(|scope| {
            let sending = scope.spawn(|| cut.send(&address));
            std::thread::sleep(moment);
            server.kill();
            sending.join().unwrap()
        });
        cut_off += u64::from(sent.is_none());
        finds_at_most(&place, hub, &LEFT_AT_ONCE, &mut found);
        open = Some(cut);
        round += 1;
    }
    eprintln!(
        "{cut_off} pushes of {round} were cut; findings at once: {found:?}, behind the next start: {found_later:?}"
    );
}
