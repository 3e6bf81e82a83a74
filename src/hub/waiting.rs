//! Trying again: how long a run waits for a side that does not answer, and what it says meanwhile.

use crate::progress::Progress;
pub use crate::progress::WaitBudget;
use crate::text;
use std::time::Duration;
use tokio::time::Instant;
use tracing::warn;

tokio::task_local! {
    static SINGLE_TRY: ();
}

/// Runs a request that its caller repeats where it fails, so that nothing below waits and tries again by itself: those
/// waits would be shown nowhere and count in no budget.
pub fn single_try<F: Future>(request: F) -> impl Future<Output = F::Output> {
    SINGLE_TRY.scope((), request)
}

/// Returns whether the caller repeats what fails here.
#[must_use]
pub fn is_single_try() -> bool {
    SINGLE_TRY.try_with(|()| ()).is_ok()
}

/// The wait before the second try; it doubles with each, up to [`LONGEST`].
const FIRST: Duration = Duration::from_millis(250);

/// No wait between two tries is longer.
const LONGEST: Duration = Duration::from_secs(15);

impl Progress {
    /// Returns the tries of one operation of this job.
    #[must_use]
    pub fn retries(&self) -> Retries {
        Retries::new(self)
    }
}

/// The tries of one operation, from its first failure on.
///
/// ```ignore
/// let mut retries = progress.retries();
/// loop {
///     match read().await {
///         Err(error) if is_transient(&error) && retries.wait(&reason(&error)).await => {}
///         Err(error) => return Err(gave_up(error, retries.told())),
///         Ok(found) => return Ok(found),
///     }
/// }
/// ```
pub struct Retries {
    progress: Progress,
    failed: u32,
    since: Option<Instant>,
}

impl Retries {
    /// Returns the tries of an operation of this run.
    #[must_use]
    pub fn new(progress: &Progress) -> Self {
        Self {
            progress: progress.clone(),
            failed: 0,
            since: None,
        }
    }

    /// Waits before the next try and tells why in the progress line. `false` where the operation or the run has no
    /// time left, or the run was told to stop: then the failure is final.
    pub async fn wait(&mut self, why: &str) -> bool {
        let budget = self.progress.budget().clone();
        let since = *self.since.get_or_insert_with(Instant::now);
        let left = budget
            .each()
            .saturating_sub(since.elapsed())
            .min(budget.left());
        if left.is_zero() || self.progress.is_cancelled() {
            warn!(tries = self.failed + 1, "given up: {why}");
            return false;
        }
        let wait = backoff(self.failed).min(left);
        self.failed += 1;
        let counted = budget.begin();
        warn!(tries = self.failed, ?wait, gives_up_in = ?left, "waiting: {why}");
        self.progress.begin_wait(&format!(
            "waiting {} s: {why} (gives up in {} s)",
            wait.as_secs_f64().ceil(),
            left.as_secs()
        ));
        let cancelled = tokio::select! {
            () = tokio::time::sleep(wait) => false,
            () = self.progress.cancelled() => true,
        };
        drop(counted);
        self.progress.end_wait();
        !cancelled
    }

    /// Says how long the operation was tried and how far the run came; empty if it was tried once only.
    #[must_use]
    pub fn told(&self) -> String {
        let Some(since) = self.since.filter(|_| self.failed > 0) else {
            return String::new();
        };
        let figures = self.progress.figures();
        let done = match (figures.phase.as_str(), figures.total) {
            ("", _) => String::new(),
            (phase, Some(total)) => format!(
                "; the run had reached {phase}, {} of {}",
                text::grouped(figures.done),
                text::grouped(total)
            ),
            (phase, None) => format!(
                "; the run had reached {phase}, {}",
                text::grouped(figures.done)
            ),
        };
        format!(
            "tried {} in {} s{done}; --retry-for sets the limit",
            text::plural(u64::from(self.failed) + 1, "time"),
            since.elapsed().as_secs()
        )
    }
}

/// Anything from half of the doubled wait on, so that operations that failed together do not come back together.
fn backoff(failed: u32) -> Duration {
    let wait = FIRST.saturating_mul(1 << failed.min(16)).min(LONGEST) / 2;
    wait + wait.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::WaitBudget;
    use crate::progress::Progress;
    use std::time::Duration;
    use tracing::level_filters::LevelFilter;

    #[tokio::test(start_paused = true)]
    async fn an_operation_is_tried_for_as_long_as_it_may_and_then_its_failure_stands() {
        let progress = Progress::new().with_budget(WaitBudget::new(Duration::from_secs(20)));
        progress.phase("commits", Some(50_000));
        progress.update(|f| f.done = 12_500);
        let mut retries = progress.retries();
        assert_eq!(retries.told(), "");
        let begun = tokio::time::Instant::now();
        let (_guard, log) = crate::diagnostics::tests::record(LevelFilter::WARN);
        while retries.wait("conflict with recovery").await {}
        assert_eq!(begun.elapsed().as_secs(), 20);
        let log = log.text();
        assert!(
            log.contains("waiting: conflict with recovery tries=1 wait="),
            "{log}"
        );
        assert!(log.contains("given up: conflict with recovery"), "{log}");
        let told = retries.told();
        assert!(
            told.contains("in 20 s; the run had reached commits, 12,500 of 50,000;"),
            "{told}"
        );
        assert_eq!(progress.figures().waiting, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_that_waits_again_and_again_has_an_end_and_waits_at_once_count_once() {
        let progress = Progress::new().with_budget(WaitBudget::new(Duration::from_secs(10)));
        let begun = tokio::time::Instant::now();
        let operation = async || {
            let mut retries = progress.retries();
            while retries.wait("SlowDown").await {}
        };
        for _ in 0..20 {
            futures_util::future::join_all((0..8).map(|_| operation())).await;
        }
        assert_eq!(begun.elapsed().as_secs(), 50);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_is_told_and_ends_when_the_run_is_told_to_stop() {
        let progress = Progress::new();
        let mut retries = progress.retries();
        let waiting = retries.wait("deadlock");
        let watched = async {
            tokio::task::yield_now().await;
            let told = progress.figures().waiting.unwrap_or_default();
            progress.cancel();
            told
        };
        let (went_on, told) = futures_util::join!(waiting, watched);
        assert!(!went_on);
        assert_eq!(told, "waiting 1 s: deadlock (gives up in 120 s)");
    }
}
