//! A database that is short of connections, read-only, or goes away in the middle.

use crate::server;
use crate::support::*;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

fn demo(place: &Sandbox, more: &[&str]) -> Hub {
    let url = wait(server::database());
    let mut arguments = vec!["--database", &url];
    arguments.extend(more);
    let hub = place.demo("hub", &arguments);
    Hub {
        database: url,
        ..hub
    }
}

/// A role that may read the hub and write to it, with a limit of connections; the hub as it.
fn limited(hub: &Hub, limit: u32) -> Hub {
    let name = format!("limited_{:016x}", fastrand::u64(..));
    let sql = format!(
        "CREATE ROLE {name} LOGIN PASSWORD 'few' CONNECTION LIMIT {limit}; \
         GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {name}"
    );
    wait(server::run(&hub.database, &sql));
    let mut url = url::Url::parse(&hub.database).unwrap();
    url.set_username(&name).unwrap();
    url.set_password(Some("few")).unwrap();
    Hub {
        database: url.to_string(),
        dir: hub.dir.clone(),
        store: hub.store.clone(),
    }
}

/// Keeps an audit waiting in the middle of a read.
const HELD: &str = "BEGIN; LOCK TABLE musehub_commits IN ACCESS EXCLUSIVE MODE";

/// Waits until the audit waits for [`HELD`], runs `first`, then ends every connection that the audit has.
async fn end_the_waiting(own: &mut PgConnection, first: &str) {
    let waiting = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
                   AND application_name = 'luthier' AND wait_event_type = 'Lock'";
    let end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
               WHERE datname = current_database() AND application_name = 'luthier'";
    loop {
        let found = sqlx::query_scalar::<_, i32>(waiting).fetch_optional(&mut *own);
        if found.await.unwrap().is_some() {
            break;
        }
    }
    // Each by itself: what the first says has to hold before a connection ends.
    for sql in [first, end] {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&mut *own)
            .await
            .unwrap();
    }
}

fn start(place: &Sandbox, arguments: &[&str]) -> std::process::Child {
    let pipe = std::process::Stdio::piped;
    let mut command = place.command(arguments);
    command.stdout(pipe()).stderr(pipe()).spawn().unwrap()
}

#[test]
fn connections_that_are_ended_again_and_again_end_no_audit() {
    let place = Sandbox::new();
    let hub = demo(&place, &["--healthy"]);
    let child = wait(async {
        let mut holder = PgConnection::connect(&hub.database).await.unwrap();
        sqlx::raw_sql(HELD).execute(&mut holder).await.unwrap();
        let audit = hub.with(&["audit", "--depth", "bytes", "--grace", "0s", "--json"]);
        let child = start(&place, &audit);
        let mut own = PgConnection::connect(&hub.database).await.unwrap();
        for _ in 0..4 {
            end_the_waiting(&mut own, "SELECT 1").await;
        }
        holder.close().await.unwrap();
        child
    });
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.lines().pop().unwrap()["complete"], true);
}

#[test]
fn a_database_that_stays_away_ends_the_run_with_how_long_it_was_tried() {
    let place = Sandbox::new();
    let hub = demo(&place, &["--healthy"]);
    let role = limited(&hub, 20);
    let name = url::Url::parse(&role.database).unwrap();
    let away = format!("ALTER ROLE {} CONNECTION LIMIT 0", name.username());
    let child = wait(async {
        let mut holder = PgConnection::connect(&hub.database).await.unwrap();
        sqlx::raw_sql(HELD).execute(&mut holder).await.unwrap();
        let child = start(&place, &role.with(&["audit", "--retry-for", "1s"]));
        let mut own = PgConnection::connect(&hub.database).await.unwrap();
        end_the_waiting(&mut own, &away).await;
        holder.close().await.unwrap();
        child
    });
    let ran = Ran::from(child.wait_with_output().unwrap());
    ran.fails(3, "--retry-for sets the limit");
    assert!(ran.err.contains("too many connections for role"), "{ran:?}");
}

#[test]
fn a_role_with_few_connections_works_and_one_without_any_is_told_at_once() {
    let place = Sandbox::new();
    let hub = demo(&place, &[]);
    let expected = place.on(&hub, &["audit", "--json"]).out;
    let few = limited(&hub, 2);
    let (one_left, none_left) = wait(async {
        let mut taken = PgConnection::connect(&few.database).await.unwrap();
        let one_left = place.on(&few, &["audit", "--json"]);
        let doctor = place.on(&few, &["doctor", "--json"]);
        assert!(
            doctor
                .out
                .contains("more may be opened (this role's limit of 2)"),
            "{doctor:?}"
        );
        let mut second = PgConnection::connect(&few.database).await.unwrap();
        let none_left = place.on(&few, &["audit", "--json"]);
        taken.ping().await.unwrap();
        second.ping().await.unwrap();
        (one_left, none_left)
    });
    assert_eq!((one_left.code, one_left.out), (1, expected));
    none_left.fails(3, "too many connections for role");
    none_left.fails(3, "Luthier needs one connection and uses up to 6");
    let repaired = place.on(&few, &["repair", "--apply", "--write", "--yes"]);
    assert_eq!(repaired.code, 1, "{repaired:?}");
}

#[test]
fn a_repair_that_has_one_connection_only_is_refused_before_anything_is_stored() {
    let place = Sandbox::new();
    let hub = demo(&place, &[]);
    let (one, before) = (limited(&hub, 1), hub.objects());
    let ran = place.on(&one, &["repair", "--apply", "--write", "--yes"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("too many connections"), "{ran:?}");
    assert_eq!(before, hub.objects());
}

#[test]
fn a_database_that_takes_no_changes_is_found_by_the_doctor_and_refused_before_anything_is_stored() {
    let place = Sandbox::new();
    let hub = demo(&place, &[]);
    let (name, before) = (hub.database.rsplit_once('/').unwrap().1, hub.objects());
    let sql = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    wait(server::run(&hub.database, &sql));
    let doctor = place.on(&hub, &["doctor", "--write", "--json"]);
    let lines = doctor.lines();
    let of = |name: &str| lines.iter().find(|line| line["name"] == name).unwrap();
    assert_eq!(of("read-only")["health"], "fail", "{doctor:?}");
    assert!(
        of("read-only")["found"]
            .as_str()
            .unwrap()
            .contains("for this database")
    );
    assert_eq!(of("database rights")["health"], "warn");
    let reading = place.on(&hub, &["doctor", "--json"]);
    assert_eq!(reading.code, 0, "{reading:?}");
    let ran = place.on(&hub, &["repair", "--apply", "--write", "--yes"]);
    ran.fails(3, "default_transaction_read_only is on");
    let stored = hub.objects();
    let beside = |at: &std::path::Path| at.to_string_lossy().contains("_luthier/");
    assert!(
        stored
            .iter()
            .all(|(at, bytes)| beside(at) || before.get(at) == Some(bytes))
    );
    assert_eq!(place.on(&hub, &["audit"]).code, 1);
}

#[test]
fn what_a_role_sets_for_its_sessions_makes_no_difference() {
    let place = Sandbox::new();
    let hub = demo(&place, &[]);
    let expected = place.on(&hub, &["audit", "--json"]).out;
    let role = limited(&hub, 20);
    let name = url::Url::parse(&role.database)
        .unwrap()
        .username()
        .to_owned();
    let sql = format!(
        "ALTER ROLE {name} SET statement_timeout = '300ms'; ALTER ROLE {name} SET lock_timeout = '1ms'; \
         ALTER ROLE {name} SET idle_in_transaction_session_timeout = '1ms'; ALTER ROLE {name} SET TimeZone = 'Asia/Tokyo'; \
         ALTER ROLE {name} SET default_transaction_isolation = 'serializable'; ALTER ROLE {name} SET datestyle = 'German'; \
         ALTER ROLE {name} SET idle_session_timeout = '2s'; ALTER ROLE {name} SET bytea_output = 'escape'"
    );
    wait(server::run(&hub.database, &sql));
    let ran = place.on(&role, &["audit", "--json"]);
    assert_eq!((ran.code, ran.out), (1, expected));
}

#[test]
fn a_server_without_tls_is_not_taken_for_one_whose_ca_is_missing() {
    let place = Sandbox::new();
    let hub = demo(&place, &["--healthy"]);
    let database = format!("{}?sslmode=require", hub.database);
    let ran = place.run(&["audit", "--database", &database, "--store", &hub.store]);
    ran.fails(3, "server does not support TLS");
    assert!(!ran.err.contains("CA"), "{ran:?}");
}

#[test]
fn a_table_that_another_program_rewrites_is_found_by_the_doctor() {
    let place = Sandbox::new();
    let hub = demo(&place, &["--healthy"]);
    let doctor = wait(async {
        let mut other = PgConnection::connect(&hub.database).await.unwrap();
        sqlx::raw_sql("BEGIN; LOCK TABLE musehub_proposals IN ACCESS EXCLUSIVE MODE")
            .execute(&mut other)
            .await
            .unwrap();
        let doctor = place.on(&hub, &["doctor", "--json"]);
        other.close().await.unwrap();
        doctor
    });
    assert!(
        doctor.out.contains("nobody can read musehub_proposals"),
        "{doctor:?}"
    );
}
