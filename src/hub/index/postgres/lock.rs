//! The lock of whoever applies a repair: held by a transaction that stays open.
//!
//! A lock of the session would stay on a server process that a pooler gives to others next. A transaction keeps its
//! server process in every mode that a pooler has, and whatever ends it ends the lock.

use super::errors::query_error;
use super::sessions::{CONNECT, Purpose, SILENCE, endless, start, within};
use super::{PgUrl, Postgres};
use crate::cause::Cause;
use crate::index::IndexError;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection, Executor};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The advisory lock of appliers: `Luthier` in ASCII. One for each database, as such locks are.
const LOCK: i64 = 0x4c75_7468_6965_7200;

const WHAT: &str = "locking the hub";

/// The longest wait for another applier: long enough for the server to notice one that died.
const OTHERS: &str = "3s";

/// The interval at which the transaction sends something, so that no server and no pooler ends it as idle.
const BEAT: Duration = Duration::from_secs(15);

/// The tries, and their distance, for taking a lost lock again.
const RETAKE: (u32, Duration) = (60, Duration::from_secs(2));

/// The state of this applier's lock; nothing is written without it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Applier {
    /// Held, or never asked for.
    #[default]
    Held,
    /// Its connection ended; it is being taken again.
    Retaking(String),
    /// Somebody else has it, or the server did not come back.
    Lost(String),
}

/// The state of this hub's applier, shared with the task that keeps the lock.
pub(super) type ApplierState = Arc<Mutex<Applier>>;

fn set(state: &ApplierState, applier: Applier) {
    *state.lock().unwrap_or_else(PoisonError::into_inner) = applier;
}

impl Postgres {
    /// Refuses to write while the lock of this applier does not hold: another may be at work.
    pub(super) fn lock_holds(&self) -> Result<(), IndexError> {
        let applier = self.applier.lock().unwrap_or_else(PoisonError::into_inner);
        match &*applier {
            Applier::Held => Ok(()),
            Applier::Retaking(why) => Err(IndexError::Unreachable {
                what: self.url.to_string(),
                why: format!("{why}; this repair is taking its lock again").into(),
            }),
            Applier::Lost(why) => Err(IndexError::Locked(why.clone())),
        }
    }

    /// Takes the hub's advisory lock in a transaction of its own; the lock goes with the guard.
    pub(super) async fn lock_applier(&self) -> Result<Box<dyn Send + Sync>, IndexError> {
        self.may_write()?;
        let failed = |e| self.failed(WHAT, e);
        let options = self.url.options().map_err(failed)?;
        let own = self
            .sessions
            .connect_apart(&options)
            .await
            .map_err(failed)?;
        let own = match take(own).await.map_err(failed)? {
            Taken::Lock(own) => own,
            Taken::Nothing(mut own) => {
                return Err(IndexError::Locked(holder(&mut own, &self.url).await?));
            }
        };
        let own = self.writable(own).await?;
        self.second_connection().await?;
        let stop = CancellationToken::new();
        set(&self.applier, Applier::Held);
        let keeper = keep(own, options, self.applier.clone(), stop.clone());
        tokio::spawn(keeper);
        Ok(Box::new(Guard {
            state: self.applier.clone(),
            _stop: stop.drop_guard(),
        }))
    }

    /// Refuses before anything is stored where the database would refuse the row.
    async fn writable(&self, mut own: PgConnection) -> Result<PgConnection, IndexError> {
        let read_only: bool = sqlx::query_scalar(
            "SELECT current_setting('transaction_read_only')::bool OR pg_is_in_recovery()",
        )
        .persistent(false)
        .fetch_one(&mut own)
        .await
        .map_err(|e| self.failed(WHAT, e))?;
        match read_only {
            false => Ok(own),
            true => Err(IndexError::Open {
                what: format!("{} to write", self.url),
                why: "it takes no changes now: it is a standby, or default_transaction_read_only is on; `luthier doctor --write` shows which"
                    .into(),
            }),
        }
    }

    /// The lock keeps one connection as long as the repair runs; another has to be there to write.
    async fn second_connection(&self) -> Result<(), IndexError> {
        match self.sessions.begin(Purpose::Write).await {
            Ok(session) => {
                session.end();
                Ok(())
            }
            Err(error) => Err(IndexError::Unreachable {
                what: self.url.to_string(),
                why: Cause::told(
                    format!(
                        "{error}; a repair needs two connections at once, one of them for its lock: raise the limit of \
                     the role or of the pooler (default_pool_size)"
                    ),
                    error,
                ),
            }),
        }
    }
}

/// The lock as long as it is wanted.
struct Guard {
    state: ApplierState,
    _stop: DropGuard,
}

impl Drop for Guard {
    fn drop(&mut self) {
        set(&self.state, Applier::Held);
    }
}

/// The result of asking for the lock; the connection is in a transaction either way.
enum Taken {
    Lock(PgConnection),
    Nothing(PgConnection),
}

async fn take(mut own: PgConnection) -> Result<Taken, sqlx::Error> {
    let endless = endless(&own);
    let begin = format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '{OTHERS}'; \
         SET LOCAL statement_timeout = '10s'; SET LOCAL idle_in_transaction_session_timeout = 0{endless}"
    );
    within(CONNECT, own.execute(sqlx::raw_sql(AssertSqlSafe(begin)))).await?;
    let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .persistent(false)
        .bind(LOCK);
    match within(SILENCE, lock.execute(&mut own)).await {
        Ok(_) => Ok(Taken::Lock(own)),
        Err(error) if is_lock_timeout(&error) => {
            within(CONNECT, own.execute("ROLLBACK")).await?;
            start(&mut own, Purpose::Read).await?;
            Ok(Taken::Nothing(own))
        }
        Err(error) => Err(error),
    }
}

/// Keeps the transaction open until it is told to stop; takes the lock again where the connection ended.
async fn keep(
    mut own: PgConnection,
    options: PgConnectOptions,
    state: ApplierState,
    stop: CancellationToken,
) {
    loop {
        let beat = tokio::time::timeout(BEAT, stop.cancelled()).await;
        if beat.is_ok() {
            let _ = within(CONNECT, own.execute("ROLLBACK")).await;
            let _ = own.close().await;
            return;
        }
        let Err(error) = within(CONNECT, own.execute("SELECT 1")).await else {
            continue;
        };
        set(&state, Applier::Retaking(error.to_string()));
        let retaken = tokio::select! {
            retaken = retake(&options) => retaken,
            () = stop.cancelled() => return,
        };
        match retaken {
            Ok(again) => {
                own = again;
                if !stop.is_cancelled() {
                    set(&state, Applier::Held);
                }
            }
            Err(why) => {
                let lost = format!("the connection that held it ended ({error}), and {why}");
                set(&state, Applier::Lost(lost));
                return;
            }
        }
    }
}

async fn retake(options: &PgConnectOptions) -> Result<PgConnection, NotRetaken> {
    let (tries, distance) = RETAKE;
    let mut last = None;
    for _ in 0..tries {
        let taken = async {
            let own = within(CONNECT, PgConnection::connect_with(options)).await?;
            take(own).await
        };
        match taken.await {
            Ok(Taken::Lock(own)) => return Ok(own),
            Ok(Taken::Nothing(_)) => return Err(NotRetaken::Taken),
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(distance).await;
    }
    Err(match last {
        Some(error) => NotRetaken::Failed(error),
        None => NotRetaken::Taken,
    })
}

/// Why a lock whose connection ended is not held again.
#[derive(Debug, thiserror::Error)]
enum NotRetaken {
    #[error("another repair has it now")]
    Taken,
    #[error("it could not be taken again: {0}")]
    Failed(#[source] sqlx::Error),
}

fn is_lock_timeout(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|e| e.code());
    code.as_deref() == Some("55P03")
}

/// Describes who holds the lock, as far as the server tells.
async fn holder(own: &mut PgConnection, url: &PgUrl) -> Result<String, IndexError> {
    let found = held_by(own).await;
    let found = found.map_err(|e| query_error("asking who holds the lock", url, e))?;
    Ok(found.unwrap_or_else(|| "it has just ended; try again".to_owned()))
}

/// Returns who holds the lock; `None` if nobody does.
pub(super) async fn held_by(connection: &mut PgConnection) -> Result<Option<String>, sqlx::Error> {
    let found: Option<(i32, String, String)> = sqlx::query_as(
        "SELECT l.pid, coalesce(nullif(a.application_name, ''), 'a program'), \
                coalesce(host(a.client_addr), 'this machine') \
         FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid \
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
           AND (l.classid::bigint << 32 | l.objid::bigint) = $1 \
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .persistent(false)
    .bind(LOCK)
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|(pid, name, host)| format!("{name} on {host}, server process {pid}")))
}
