//! What an audit of packs asks of the store.

use crate::remote::{BUCKET, Remote};
use crate::s3::Op;
use std::collections::{BTreeMap, BTreeSet};

/// A healthy hub of June, all of whose blobs are in packs.
fn june() -> (Remote, Vec<String>) {
    let remote = Remote::new(&["--healthy", "--era", "june"]);
    let is_pack = |(_, bytes): &(&String, &Vec<u8>)| bytes.starts_with(b"MUSE");
    let held = remote.server.objects(BUCKET);
    let packs: Vec<String> = held
        .iter()
        .filter(is_pack)
        .map(|(key, _)| key.clone())
        .collect();
    assert!(packs.len() > 3, "{packs:?}");
    (remote, packs)
}

/// What any hub of June has: commits and snapshots in rows alone.
const OF_JUNE: [&str; 2] = ["refs-unsaved", "uri-missing"];

/// How often each pack is read while an audit runs, and what it finds beside what any hub of June has.
fn reads(
    remote: &Remote,
    packs: &[String],
    depth: &str,
) -> (BTreeMap<String, usize>, BTreeSet<String>) {
    let before = remote.server.asked(Op::Get).len();
    let audit = remote.audit(depth);
    assert_eq!(audit.summary["complete"], true);
    let codes = audit.findings.into_iter().map(|(code, _)| code);
    let found = codes.filter(|code| !OF_JUNE.contains(&code.as_str()));
    let mut reads = BTreeMap::new();
    for key in remote.server.asked(Op::Get).drain(before..) {
        if packs.contains(&key) {
            *reads.entry(key).or_default() += 1;
        }
    }
    (reads, found.collect())
}

fn once(packs: &[String]) -> BTreeMap<String, usize> {
    packs.iter().map(|key| (key.clone(), 1)).collect()
}

#[test]
fn an_audit_at_depth_presence_reads_no_pack() {
    let (remote, packs) = june();
    let (reads, found) = reads(&remote, &packs, "presence");
    assert_eq!((reads, found), Default::default());
}

#[test]
fn an_audit_at_depth_bytes_reads_every_pack_once_and_no_blob_again() {
    let (remote, packs) = june();
    let (reads, found) = reads(&remote, &packs, "bytes");
    assert_eq!((reads, found), (once(&packs), BTreeSet::new()));
}

#[test]
fn packs_that_only_rows_name_are_read_once_too() {
    let (remote, packs) = june();
    remote.sql("DELETE FROM musehub_mpack_index");
    let (reads, found) = reads(&remote, &packs, "bytes");
    assert_eq!(reads, once(&packs));
    assert!(found.contains("pack-unindexed"), "{found:?}");
}
