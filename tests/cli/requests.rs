//! What an audit at depth presence asks the store for.

use crate::remote::{BUCKET, Remote};
use crate::s3::{Op, Server};
use crate::support::{Hub, Sandbox, files};

const ASKED: [Op; 3] = [Op::List, Op::Head, Op::Get];

/// A healthy hub that is not small. It is built in a folder and laid into the server from there: thousands of puts take
/// a minute.
fn healthy() -> Remote {
    let place = Sandbox::new();
    let Hub { dir, database, .. } = place.demo("hub", &["--healthy", "--commits", "400"]);
    let server = Server::start(&[BUCKET]);
    let objects = dir.join("objects");
    for (path, bytes) in files(&objects) {
        let key = path.strip_prefix(&objects).unwrap().display();
        server.plant(BUCKET, &format!("hub/{key}"), &bytes);
    }
    let hub = Remote {
        place,
        server,
        database,
        dir,
    };
    for table in ["commits", "snapshots", "objects"] {
        hub.sql(&format!(
            "UPDATE musehub_{table} SET storage_uri = replace(storage_uri, 'local://', 's3://muse/hub/')"
        ));
    }
    hub
}

#[test]
fn a_healthy_hub_takes_a_request_a_thousand_keys_and_a_few_hundred_more() {
    let hub = healthy();
    let before = ASKED.map(|op| hub.server.count(op));
    let audit = hub.audit("presence");
    let after = ASKED.map(|op| hub.server.count(op));
    let [lists, heads, gets] = [0, 1, 2].map(|n| (after[n] - before[n]) as u64);
    let keys = audit.summary["checked"]["listed"].as_u64().unwrap();
    let asked = format!("{lists} LIST, {heads} HEAD, {gets} GET for {keys} keys");
    assert_eq!(audit.summary["complete"], true, "{}", audit.summary);
    assert!(audit.findings.is_empty(), "{:?}", audit.findings);
    assert!(keys > 1_100, "{asked}");
    assert!(lists + heads + gets <= keys / 1_000 + 300, "{asked}");
    // The listing is not trusted alone.
    assert!(heads >= 100, "{asked}");
}
