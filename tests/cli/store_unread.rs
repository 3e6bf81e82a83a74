//! What could not be read: nothing follows from it, and it holds nobody up.

use crate::remote::Remote;
use crate::s3::{Fault, Op};
use std::collections::BTreeSet;

#[test]
fn what_cannot_be_read_adds_no_finding_at_any_depth() {
    let hub = Remote::new(&[]);
    let depths = ["rows", "presence", "bytes"];
    let before = depths.map(|depth| hub.audit(depth).findings);
    for op in [Op::Get, Op::Head] {
        hub.server
            .fail(op, "", Fault::Code("AccessDenied"), usize::MAX);
    }
    for (depth, before) in depths.into_iter().zip(before) {
        let now = hub.audit(depth);
        // Rows whose deltas come behind their bases need nothing of the store.
        if depth == "rows" && now.unknown() == 0 {
            assert_eq!(now.findings, before);
            continue;
        }
        assert!(now.unknown() > 0, "{depth}: {}", now.summary);
        let extra: Vec<_> = now.findings.difference(&before).collect();
        assert!(extra.is_empty(), "{depth}: {extra:?}");
        let not_judged = now.summary["not_judged"].to_string();
        assert!(
            not_judged.contains("blob-unreferenced"),
            "{depth}: {not_judged}"
        );
    }
}

#[test]
fn objects_that_fail_for_good_do_not_hold_an_audit_up() {
    let hub = Remote::new(&["--healthy"]);
    for op in [Op::Get, Op::Head] {
        hub.server
            .fail(op, "sha256/1", Fault::Code("InternalError"), usize::MAX);
    }
    let begun = std::time::Instant::now();
    let ran = hub.run(&["audit", "--depth", "bytes", "--json", "--retry-for", "2s"]);
    let summary = ran.lines().pop().unwrap();
    assert_eq!(summary["complete"], false);
    // Some 35 of 584 objects. With waits that no budget counts it took minutes.
    let took = begun.elapsed().as_secs();
    assert!(took < 60, "{took} s");
}

#[test]
fn a_cache_that_proves_nothing_names_no_missing_row() {
    let hub = Remote::new(&["--healthy"]);
    hub.sql(&format!(
        "UPDATE musehub_snapshots SET manifest_blob = CAST('{{\"a\":\"sha256:{}\"}}' AS BLOB)
         WHERE snapshot_id = (SELECT min(snapshot_id) FROM musehub_snapshots WHERE storage_uri IS NOT NULL)",
        "ab".repeat(32)
    ));
    for depth in ["rows", "presence", "bytes"] {
        let codes: BTreeSet<_> = hub.audit(depth).findings.into_iter().map(|f| f.0).collect();
        assert!(!codes.contains("row-missing"), "{depth}: {codes:?}");
        assert!(!codes.contains("tree-collapsed"), "{depth}: {codes:?}");
    }
}
