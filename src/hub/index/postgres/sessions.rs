//! Connections to the server: few, shared, and nothing of ours outlives a transaction on them.
//!
//! Behind a pooler a connection's server process serves other programs between two transactions, the hub itself
//! among them. So nothing is ever set for a session, no statement is prepared by name and no lock is held by a
//! session: whatever a statement needs is said at the start of its transaction and ends with it.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection, Executor};
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The longest time for opening a connection, or starting a transaction.
pub(super) const CONNECT: Duration = Duration::from_secs(10);

/// Reads at the same time.
const READERS: usize = 4;

/// Reads beside them for lists that a person waits for, however busy an audit keeps the others.
const LISTERS: usize = 2;

/// Writes at the same time.
const WRITERS: usize = 2;

/// Connections that Luthier takes at most: for reading, and more of them for writing, the applier's lock included.
pub(super) const MOST: (usize, usize) = (READERS + LISTERS, WRITERS + 1);

/// The longest wait for the server to notice that a connection has ended.
const NOTICED: Duration = Duration::from_millis(100);

/// The time after which an unused connection is closed.
const IDLE: Duration = Duration::from_secs(300);

/// The longest wait for a row, or for the end of a statement, before the connection counts as lost: the server's own
/// `statement_timeout` comes first, unless the server or the network is gone.
pub(super) const SILENCE: Duration = Duration::from_secs(150);

/// The settings of every transaction: nothing waits for ever, and nothing of ours blocks the hub. Text and times come
/// in one form, whatever the role, the database or a pooler says.
const LIMITS: &str = "SET LOCAL statement_timeout = '120s'; SET LOCAL lock_timeout = '5s'; \
     SET LOCAL idle_in_transaction_session_timeout = '60s'; SET LOCAL TIME ZONE 'UTC'; \
     SET LOCAL datestyle = 'ISO, MDY'; SET LOCAL client_encoding = 'UTF8'";

/// The first version whose server ends transactions by their age.
const TRANSACTION_TIMEOUT: u32 = 170_000;

/// The purpose of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Read,
    /// A read that a person waits for.
    List,
    Write,
}

impl Purpose {
    /// Rows as they are now, without locks on what was read; a reader's transaction refuses to write. A writer does
    /// not ask for `READ WRITE`: where the database's own setting forbids it, it is meant.
    const fn begin(self) -> &'static str {
        match self {
            Self::Read | Self::List => "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY",
            Self::Write => "BEGIN ISOLATION LEVEL READ COMMITTED",
        }
    }
}

/// The connections of one hub.
#[derive(Clone)]
pub(super) struct Sessions {
    shared: Arc<Shared>,
}

struct Shared {
    options: PgConnectOptions,
    /// One for each [`Purpose`].
    seats: [Arc<Semaphore>; 3],
    idle: Mutex<Vec<(Live, Instant)>>,
    count: Arc<Count>,
    closed: AtomicBool,
}

/// The number of our open connections, and a signal for whoever waits for one.
#[derive(Default)]
struct Count {
    open: AtomicUsize,
    freed: Notify,
}

/// An open connection; it is closed when it is dropped, and the server undoes what was not committed.
struct Live {
    connection: PgConnection,
    count: Arc<Count>,
}

impl Live {
    fn new(connection: PgConnection, count: &Arc<Count>) -> Self {
        count.open.fetch_add(1, Ordering::SeqCst);
        Self {
            connection,
            count: count.clone(),
        }
    }

    async fn start(&mut self, purpose: Purpose) -> Result<(), sqlx::Error> {
        start(&mut self.connection, purpose).await
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.count.open.fetch_sub(1, Ordering::SeqCst);
        self.count.freed.notify_waiters();
    }
}

impl Sessions {
    /// Takes over a connection that is open already: where few are allowed, it may be the only one.
    pub(super) fn new(options: PgConnectOptions, first: PgConnection) -> Self {
        let count = Arc::default();
        let first = Live::new(first, &count);
        let shared = Arc::new(Shared {
            options,
            seats: [READERS, LISTERS, WRITERS].map(|most| Arc::new(Semaphore::new(most))),
            idle: Mutex::new(vec![(first, Instant::now())]),
            count,
            closed: AtomicBool::new(false),
        });
        tokio::spawn(close_unused(Arc::downgrade(&shared)));
        Self { shared }
    }

    /// Starts a transaction on a free connection, or on a new one. Where the server has no more of them, one of ours
    /// is waited for.
    pub(super) async fn begin(&self, purpose: Purpose) -> Result<Session, sqlx::Error> {
        let shared = &self.shared;
        let seat = shared.seats[purpose as usize].clone().acquire_owned().await;
        let seat = seat.map_err(|_| sqlx::Error::PoolClosed)?;
        let deadline = tokio::time::Instant::now() + CONNECT;
        loop {
            let freed = shared.count.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            if shared.closed.load(Ordering::SeqCst) {
                return Err(sqlx::Error::PoolClosed);
            }
            let (mut live, used) = match shared.unused() {
                Some(live) => (live, true),
                None => match shared.connect().await {
                    Ok(live) => (live, false),
                    // Others of ours are at work: what they have suffices, only slower.
                    Err(error) if is_full(&error) && shared.has_some() => {
                        match tokio::time::timeout_at(deadline, freed).await {
                            Ok(()) => continue,
                            Err(_) => return Err(error),
                        }
                    }
                    Err(error) => return Err(error),
                },
            };
            match live.start(purpose).await {
                Ok(()) => return Ok(Session::new(live, shared.clone(), seat)),
                // The server has ended what lay unused, most likely its neighbours too: a new one is made.
                Err(error) if used && is_ended(&error) => shared.forget_unused(),
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns a connection beside the shared ones. Where the server has no more of them, what is unused is closed
    /// for it.
    pub(super) async fn connect_apart(
        &self,
        options: &PgConnectOptions,
    ) -> Result<PgConnection, sqlx::Error> {
        let deadline = tokio::time::Instant::now() + CONNECT;
        let had_some = self.shared.has_some();
        loop {
            match within(CONNECT, PgConnection::connect_with(options)).await {
                Err(error) if is_full(&error) && had_some => {
                    // The server takes a moment to notice that a connection has ended.
                    self.shared.forget_unused();
                    let again = tokio::time::Instant::now() + NOTICED;
                    if again > deadline {
                        return Err(error);
                    }
                    tokio::time::sleep_until(again).await;
                }
                connected => return connected,
            }
        }
    }

    /// Ends every connection that is not at work, and gives out no more.
    pub(super) async fn close(&self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        let idle = std::mem::take(&mut *self.shared.idle());
        for (live, _) in idle {
            drop(live);
        }
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<(Live, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unused(&self) -> Option<Live> {
        self.idle().pop().map(|(live, _)| live)
    }

    fn forget_unused(&self) {
        self.idle().clear();
    }

    /// Returns whether a connection of ours is open, so that waiting for one has an end.
    fn has_some(&self) -> bool {
        self.count.open.load(Ordering::SeqCst) > 0
    }

    async fn connect(&self) -> Result<Live, sqlx::Error> {
        let connection = within(CONNECT, PgConnection::connect_with(&self.options)).await?;
        Ok(Live::new(connection, &self.count))
    }

    fn give_back(&self, live: Live) {
        if !self.closed.load(Ordering::SeqCst) {
            self.idle().push((live, Instant::now()));
            self.count.freed.notify_waiters();
        }
    }
}

/// Closes what is unused for long, for as long as the hub is open.
async fn close_unused(shared: Weak<Shared>) {
    loop {
        tokio::time::sleep(IDLE / 5).await;
        let Some(shared) = shared.upgrade() else {
            return;
        };
        shared.idle().retain(|(_, since)| since.elapsed() < IDLE);
    }
}

/// A transaction under way. Dropped without an end, its connection is closed and the server undoes it.
pub(super) struct Session {
    live: Live,
    shared: Arc<Shared>,
    seat: OwnedSemaphorePermit,
}

impl Session {
    fn new(live: Live, shared: Arc<Shared>, seat: OwnedSemaphorePermit) -> Self {
        Self { live, shared, seat }
    }

    /// Makes what was written last.
    pub(super) async fn commit(mut self) -> Result<(), sqlx::Error> {
        within(SILENCE, self.live.connection.execute("COMMIT")).await?;
        self.shared.give_back(self.live);
        Ok(())
    }

    /// Ends a transaction that wrote nothing, beside whatever comes next.
    pub(super) fn end(mut self) {
        tokio::spawn(async move {
            let ended = within(CONNECT, self.live.connection.execute("ROLLBACK")).await;
            if ended.is_ok() {
                self.shared.give_back(self.live);
            }
            drop(self.seat);
        });
    }
}

impl Deref for Session {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.live.connection
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.live.connection
    }
}

/// Starts a transaction on a connection.
pub(super) async fn start(
    connection: &mut PgConnection,
    purpose: Purpose,
) -> Result<(), sqlx::Error> {
    let endless = endless(connection);
    let sql = format!("{}; {LIMITS}{endless}", purpose.begin());
    let begun = connection.execute(sqlx::raw_sql(AssertSqlSafe(sql)));
    within(CONNECT, begun).await.map(drop)
}

/// Returns the statement that keeps a newer server from ending a transaction by its age alone.
pub(super) fn endless(connection: &PgConnection) -> &'static str {
    match connection.server_version_num() {
        Some(TRANSACTION_TIMEOUT..) => "; SET LOCAL transaction_timeout = 0",
        _ => "",
    }
}

/// Waits for the server, and no longer than this.
pub(super) async fn within<T>(
    most: Duration,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    match tokio::time::timeout(most, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(silent(most)),
    }
}

fn silent(most: Duration) -> sqlx::Error {
    let told = format!("no answer within {} s", most.as_secs());
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, told))
}

fn code(error: &sqlx::Error) -> Option<String> {
    let code = error.as_database_error()?.code()?;
    Some(code.into_owned())
}

/// Returns whether the server, the database, the role or a pooler has no connection left for us.
pub(super) fn is_full(error: &sqlx::Error) -> bool {
    match code(error).as_deref() {
        Some("53300") => true,
        // A pooler has one code for all of its complaints.
        Some("08P01") => error.to_string().contains("no more connections allowed"),
        _ => false,
    }
}

/// Returns whether the server ends the connection or takes none now: it stops, restarts, fails over or ends idle ones.
pub(super) fn is_ended(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => true,
        _ => code(error).is_some_and(|code| {
            code.starts_with("08")
                || matches!(
                    code.as_str(),
                    "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25P04"
                )
        }),
    }
}

/// Returns whether a server that was reached ended the session, or takes none yet. What nobody answers at, and what a
/// pooler complains of, may be a mistake in the URL.
pub(super) fn is_cut_short(error: &sqlx::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    match error {
        sqlx::Error::Io(e) => matches!(
            e.kind(),
            BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof
        ),
        _ => is_ended(error) && code(error).as_deref() != Some("08P01"),
    }
}
