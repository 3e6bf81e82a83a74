//! A database of its own for each test, on the server that `tests/run` starts.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection};
use std::str::FromStr;

/// The server's URL.
pub fn server() -> String {
    std::env::var("LUTHIER_TEST_POSTGRES").expect(
        "no Postgres to test on: use tests/run, or start the servers with: eval \"$(tests/servers/up)\"",
    )
}

/// Makes an empty database and gives its URL.
pub async fn database() -> String {
    let server = server();
    let name = format!("luthier_{:016x}", fastrand::u64(..));
    // Copying the template waits for nobody else's copy to end, but the server refuses while one runs.
    run(
        &server,
        &format!("CREATE DATABASE {name} TEMPLATE template0"),
    )
    .await;
    let (start, _) = server.rsplit_once('/').unwrap();
    format!("{start}/{name}")
}

/// Runs SQL on a database.
pub async fn run(url: &str, sql: &str) {
    let options = PgConnectOptions::from_str(url).unwrap();
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}
