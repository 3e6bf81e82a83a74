//! Many clients clone the same repository at once.

use crate::cut_pushes::{Objects, Sent, hub, post, take, tree};
use crate::serving::Server;
use crate::support::*;
use luthier_object::ObjectId;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_bytes::ByteBuf;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant};

const CLIENTS: usize = 64;
const COMMITS: usize = 1_000;

/// Blobs, and the bytes of each: the answers of all clients are more than the server may have of memory.
const BLOBS: usize = 50;
const BYTES: usize = 120_000;

/// Files of a commit.
const FILES: usize = 20;

/// 300 MB.
const MEMORY: u64 = 300_000_000;

#[derive(Deserialize)]
struct Fetched {
    commits: Vec<IgnoredAny>,
    snapshots: Vec<IgnoredAny>,
    objects: Vec<IgnoredAny>,
}

/// Pushes a long history to a new repository, and returns its head.
fn push(address: &str, first: &ObjectId) -> ObjectId {
    let mut chance = fastrand::Rng::with_seed(7);
    let (mut ids, mut objects) = (Vec::new(), Vec::new());
    for _ in 0..BLOBS {
        let bytes: Vec<u8> = (0..BYTES).map(|_| chance.u8(..)).collect();
        let id = ObjectId::plain(&Sha256::digest(&bytes).into());
        objects.push(BTreeMap::from([
            ("object_id", Sent::Text(id.as_str().to_owned())),
            ("content", Sent::Bytes(ByteBuf::from(bytes))),
        ]));
        ids.push(id);
    }
    let objects = rmp_serde::to_vec_named(&Objects { objects }).unwrap();
    assert_eq!(
        post(address, "push/objects", &objects).unwrap()["stored"],
        BLOBS
    );
    let (mut commits, mut snapshots, mut parent) = (Vec::new(), Vec::new(), first.clone());
    for n in 0..COMMITS {
        let path = |at: usize| format!("takes/{}.bin", n + at);
        let files = (0..FILES).map(|at| (path(at), ids[(n * 7 + at) % BLOBS].clone()));
        let tree = tree(files.collect());
        let record = take(&tree, &parent, &format!("take {n}"));
        parent = record.commit_id.clone();
        commits.push(record.to_map());
        snapshots.push(tree.to_map());
    }
    commits.reverse();
    let bundle = json!({"commits": commits, "snapshots": snapshots, "objects": []});
    let last = json!({"bundle": bundle, "branch": "main", "force": false});
    let pushed = post(address, "push", &rmp_serde::to_vec_named(&last).unwrap()).unwrap();
    assert_eq!(pushed["ok"], true, "{pushed}");
    parent
}

/// How long one more clone takes, and the same bytes from a server that has them in memory and knows nothing.
fn beside_a_copy(address: &str, head: &ObjectId, body: &[u8]) -> (Duration, Duration) {
    let start = Instant::now();
    clone(address, head);
    let cloned = start.elapsed();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let bare = listener.local_addr().unwrap().to_string();
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let copied = std::thread::scope(|scope| {
        scope.spawn(|| {
            let (mut client, _) = listener.accept().unwrap();
            client.write_all(answer.as_bytes()).unwrap();
            client.write_all(body).unwrap();
            client.shutdown(Shutdown::Write).unwrap();
            // What is left unread of a request would end the answer.
            client.read_to_end(&mut Vec::new()).unwrap();
        });
        let start = Instant::now();
        clone(&bare, head);
        start.elapsed()
    });
    (cloned, copied)
}

/// Fetches everything; the body of the answer, which has the length that it announced.
fn clone(address: &str, head: &ObjectId) -> Vec<u8> {
    let none: [&str; 0] = [];
    let body = rmp_serde::to_vec_named(&json!({"want": [head.as_str()], "have": none})).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "POST /zoe/cut/fetch HTTP/1.1\r\nHost: {address}\r\nAccept: application/x-msgpack, application/json\r\n\
         Content-Type: application/x-msgpack\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream.write_all(&body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let body = answer.split_off(end.unwrap() + 4);
    let head = String::from_utf8(answer).unwrap().to_lowercase();
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    let length = format!("content-length: {}\r\n", body.len());
    assert!(head.contains(&length), "{head}");
    body
}

#[test]
fn many_clients_clone_a_long_history_at_once_from_bounded_memory() {
    let place = Sandbox::new();
    let (hub, first) = hub(&place, 0);
    let server = Server::start(&place, &hub, &["--write"]);
    let head = push(&server.address, &first);
    let bodies: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let clients = (0..CLIENTS).map(|_| scope.spawn(|| clone(&server.address, &head)));
        let clients: Vec<_> = clients.collect();
        clients.into_iter().map(|c| c.join().unwrap()).collect()
    });
    let fetched: Fetched = rmp_serde::from_slice(&bodies[0]).unwrap();
    let counts = (
        fetched.commits.len(),
        fetched.snapshots.len(),
        fetched.objects.len(),
    );
    assert_eq!(counts, (COMMITS + 1, COMMITS + 1, BLOBS));
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    let sent: usize = bodies.iter().map(Vec::len).sum();
    assert!(sent as u64 > MEMORY, "{sent} bytes are too few to tell");
    let memory = server.memory();
    assert!(memory < MEMORY, "{memory} bytes");
    let (cloned, copied) = beside_a_copy(&server.address, &head, &bodies[0]);
    println!(
        "one clone of {} bytes: {cloned:?}; the same bytes, bare: {copied:?}",
        bodies[0].len()
    );
}
