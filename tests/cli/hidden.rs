//! Rows that the database does not show: every command says so, and none takes the part for the whole.

use crate::server;
use crate::support::*;
use serde_json::Value;

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

/// A healthy demo in Postgres, and the URL of a role that may read and write every table of it but for what
/// `sql` takes away; READER in it is the role.
fn demo(place: &Sandbox, sql: &str) -> (Hub, String) {
    let url = wait(server::database());
    let hub = place.demo("hub", &["--healthy", "--database", &url]);
    let name = format!("reader_{:016x}", fastrand::u64(..));
    let role = format!(
        "CREATE ROLE {name} LOGIN PASSWORD 'pw'; GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}; {sql}"
    );
    wait(server::run(&url, &role.replace("READER", &name)));
    let mut reader = url::Url::parse(&url).unwrap();
    reader.set_username(&name).unwrap();
    reader.set_password(Some("pw")).unwrap();
    let hub = Hub {
        database: reader.to_string(),
        ..hub
    };
    (hub, url)
}

/// A policy that shows one repository of the hub and no other.
const ONE_REPOSITORY: &str = "DO $$ DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['repos', 'branches', 'commits', 'snapshots', \
     'objects', 'proposals', 'commit_refs', 'snapshot_refs', 'object_refs'] LOOP \
     EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', 'musehub_' || t); \
     EXECUTE format('CREATE POLICY p ON %I TO READER USING (repo_id = current_setting(''app.repo''))', 'musehub_' || t); \
     END LOOP; EXECUTE 'ALTER ROLE READER SET app.repo = ' || (SELECT quote_literal(min(repo_id)) FROM musehub_repos); END $$";

/// What the audit says at the end, and the codes that it found.
fn audit(place: &Sandbox, hub: &Hub) -> (i32, Value, Vec<String>) {
    let ran = place.on(
        hub,
        &["audit", "--grace", "0s", "--depth", "bytes", "--json"],
    );
    let mut lines = ran.lines();
    let summary = lines.pop().unwrap_or_else(|| panic!("{ran:?}"));
    let code = |line: &Value| line["code"].as_str().unwrap().to_owned();
    let mut codes: Vec<String> = lines.iter().map(code).collect();
    codes.dedup();
    (ran.code, summary, codes)
}

fn check<'r>(report: &'r Value, name: &str) -> &'r Value {
    let checks = report["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).unwrap()
}

#[test]
fn a_part_that_row_level_security_shows_is_no_pass() {
    let place = Sandbox::new();
    let (hub, _) = demo(&place, ONE_REPOSITORY);
    let (code, summary, codes) = audit(&place, &hub);
    assert_eq!(
        (code, &summary["complete"]),
        (3, &false.into()),
        "{codes:?} {summary:#}"
    );
    assert_eq!(
        summary["hidden"].as_array().unwrap().len(),
        9,
        "{summary:#}"
    );
    assert_eq!(summary["hidden"][0]["why"], "row-security");
    assert_eq!(codes, [""; 0]);
    let ran = place.on(&hub, &["signoff", "--grace", "0s", "--json"]);
    let report = ran.lines().pop().unwrap();
    assert_eq!(
        (ran.code, &report["verdict"]),
        (1, &"INCOMPLETE".into()),
        "{report:#}"
    );
    assert_eq!(check(&report, "nothing-hidden")["state"], "open");
    assert_eq!(check(&report, "all-answered")["state"], "held");
    let said = place.on(&hub, &["audit", "--grace", "0s"]);
    assert!(
        said.out.contains("INCOMPLETE: row level security filters"),
        "{said:?}"
    );
    let doctor = place.on(&hub, &["doctor"]);
    assert_eq!(doctor.code, 1, "{doctor:?}");
    assert!(doctor.out.contains("FAIL  rows shown"), "{doctor:?}");
}

#[test]
fn no_finding_rests_on_rows_that_are_hidden() {
    for table in [
        "objects",
        "snapshots",
        "commits",
        "branches",
        "repos",
        "commit_refs",
        "object_refs",
    ] {
        let place = Sandbox::new();
        let (hub, _) = demo(
            &place,
            &format!(
                "ALTER TABLE musehub_{table} ENABLE ROW LEVEL SECURITY; \
                 CREATE POLICY p ON musehub_{table} TO READER USING (false)"
            ),
        );
        let (_, summary, codes) = audit(&place, &hub);
        assert_eq!(
            summary["hidden"][0]["why"], "row-security",
            "{table}: {summary:#}"
        );
        assert_eq!(codes, [""; 0], "{table}");
    }
}

#[test]
fn a_view_and_a_table_without_rights_are_said() {
    let place = Sandbox::new();
    let (hub, _) = demo(
        &place,
        "REVOKE ALL ON musehub_commit_refs, musehub_proposals FROM READER; \
         ALTER TABLE musehub_objects RENAME TO o; \
         CREATE VIEW musehub_objects AS SELECT * FROM o WHERE object_id < 'sha256:8'; \
         GRANT SELECT ON musehub_objects TO READER",
    );
    let (code, summary, codes) = audit(&place, &hub);
    let hidden: Vec<(&str, &str)> = (summary["hidden"].as_array().unwrap().iter())
        .map(|hidden| {
            (
                hidden["table"].as_str().unwrap(),
                hidden["why"].as_str().unwrap(),
            )
        })
        .collect();
    let all = [
        ("musehub_commit_refs", "no-right"),
        ("musehub_objects", "view"),
        ("musehub_proposals", "no-right"),
    ];
    assert_eq!(
        (code, hidden.as_slice()),
        (3, &all[..]),
        "{codes:?} {summary:#}"
    );
    assert_eq!(codes, [""; 0]);
    let doctor = place.on(&hub, &["doctor"]);
    assert!(
        doctor.out.contains("may not read musehub_commit_refs"),
        "{doctor:?}"
    );
    assert!(doctor.out.contains("GRANT SELECT ON"), "{doctor:?}");
}

#[test]
fn nothing_is_written_for_rows_that_may_be_there() {
    let place = Sandbox::new();
    let (hub, url) = demo(
        &place,
        "ALTER TABLE musehub_branches ENABLE ROW LEVEL SECURITY; \
         CREATE POLICY p ON musehub_branches TO READER USING (name = 'main')",
    );
    let before = hub.objects();
    // Each repository gets a branch, so that its checkpoint is no longer the newest.
    wait(server::run(
        &url,
        "INSERT INTO musehub_branches SELECT 'more' || repo_id, repo_id, 'more', head_commit_id FROM musehub_branches WHERE name = 'main'",
    ));
    let ran = place.on(&hub, &["checkpoint", "--write"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.out.contains("a checkpoint would leave branches out"),
        "{ran:?}"
    );
    assert_eq!(hub.objects(), before);
    // A plan made from a part of the hub is applied by the hub's name alone.
    wait(server::run(
        &url,
        "UPDATE musehub_commits SET storage_uri = NULL WHERE commit_id = (SELECT min(commit_id) FROM musehub_commits)",
    ));
    let backfill = ["backfill", "--apply", "--write", "--yes", "--grace", "0s"];
    let ran = place.on(&hub, &backfill);
    assert_ne!(ran.code, 0, "{ran:?}");
    let told = format!("{}{}", ran.out, ran.err);
    assert!(told.contains("row level security filters"), "{told}");
    let into = place.path("pulled");
    let owner = wait(first_repo(&url));
    let ran = place.on(&hub, &["pull", &owner, "--into", into.to_str().unwrap()]);
    assert!(
        ran.out.contains("the hub may contain more than was pulled"),
        "{ran:?}"
    );
}

/// A repository's path.
async fn first_repo(url: &str) -> String {
    use sqlx::Connection;
    let mut own = sqlx::PgConnection::connect(url).await.unwrap();
    sqlx::query_scalar(
        "SELECT owner || '/' || slug FROM musehub_repos AS r WHERE deleted_at IS NULL AND EXISTS \
         (SELECT FROM musehub_branches AS b WHERE b.repo_id = r.repo_id AND b.head_commit_id IS NOT NULL) LIMIT 1",
    )
    .fetch_one(&mut own)
    .await
    .unwrap()
}

#[test]
fn hubs_are_not_equal_where_one_hides_rows() {
    let place = Sandbox::new();
    let (hub, url) = demo(
        &place,
        "ALTER TABLE musehub_proposals ENABLE ROW LEVEL SECURITY",
    );
    let ran = place.on(&hub, &["diff-hub", "--with", &url, "--json"]);
    let summary = ran.lines().pop().unwrap();
    assert_eq!((ran.code, &summary["equal"]), (3, &false.into()), "{ran:?}");
    let ran = place.on(&hub, &["diff-hub", "--with", &url]);
    assert!(
        ran.out
            .contains("INCOMPLETE: this database: row level security"),
        "{ran:?}"
    );
}

#[test]
fn a_file_whose_table_is_a_view_is_no_pass() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let path = hub.database.strip_prefix("sqlite://").unwrap();
    let sql = "ALTER TABLE musehub_proposals RENAME TO p; CREATE VIEW musehub_proposals AS SELECT * FROM p WHERE 0; \
               ALTER TABLE musehub_commits RENAME TO c; \
               CREATE VIEW musehub_commits AS SELECT * FROM c WHERE commit_id > 'sha256:8'";
    wait(async {
        use sqlx::Connection;
        let mut own = sqlx::SqliteConnection::connect(path).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut own).await.unwrap();
        own.close().await.unwrap();
    });
    let (_, summary, codes) = audit(&place, &hub);
    assert_eq!(summary["complete"], false);
    assert_eq!(
        summary["hidden"].as_array().unwrap().len(),
        2,
        "{summary:#}"
    );
    assert!(
        codes
            .iter()
            .all(|code| !code.contains("missing") && code != "head-dangling"),
        "{codes:?}"
    );
    let ran = place.on(&hub, &["signoff", "--grace", "0s", "--json"]);
    let report = ran.lines().pop().unwrap();
    assert_eq!(
        check(&report, "nothing-hidden")["state"],
        "open",
        "{report:#}"
    );
    // Its pulls fail for want of the rows that the view leaves out: that is not known to be wrong.
    assert_eq!(report["verdict"], "INCOMPLETE", "{report:#}");
    assert_ne!(report["pulls"]["failed_total"], 0);
}

#[test]
fn an_older_report_is_still_read() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let out = place.path("reports");
    let ran = place.on(
        &hub,
        &["signoff", "--grace", "0s", "--out", out.to_str().unwrap()],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    let file = files(&out)
        .into_keys()
        .find(|path| path.extension().is_some_and(|e| e == "json"));
    let file = file.unwrap();
    let mut report: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    // What a report said before there was this check: it has neither the check nor the field.
    assert!(report.get("hidden").is_none(), "{report:#}");
    let checks = report["checks"].as_array_mut().unwrap();
    checks.retain(|check| check["name"] != "nothing-hidden");
    report.as_object_mut().unwrap().remove("sha256");
    let own = luthier_object::json::canonical(&report);
    use sha2::{Digest, Sha256};
    report["sha256"] = hex::encode(Sha256::digest(own)).into();
    let older: luthier_repair::signoff::Signoff = serde_json::from_value(report).unwrap();
    std::fs::write(&file, serde_json::to_string_pretty(&older).unwrap() + "\n").unwrap();
    let ran = place.on(
        &hub,
        &[
            "signoff",
            "--grace",
            "0s",
            "--check",
            file.to_str().unwrap(),
        ],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
}
