//! Progress on standard error while something runs, and the signals that stop it.

use super::CliError;
use super::output::Output;
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use luthier_hub::progress::Progress;
use std::fmt::Write;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Runs `work` while showing its `progress`; the first signal to stop ends it at the next safe
/// point.
pub async fn watch<T>(
    out: &Output,
    progress: &Progress,
    work: impl Future<Output = T>,
) -> Result<T, CliError> {
    let _watching = out.stop.watching();
    show(out, progress, work).await
}

/// Runs `work` while showing its `progress`; the first signal to stop ends the run at once. For what changes nothing and
/// has no safe point to come to, such as waiting for a side that does not answer.
pub async fn show<T>(
    out: &Output,
    progress: &Progress,
    work: impl Future<Output = T>,
) -> Result<T, CliError> {
    // Lines of the log would tear the bar.
    let shown = !out.quiet && !out.verbose && std::io::stderr().is_terminal();
    let bar = if shown {
        ProgressBar::new_spinner()
    } else {
        ProgressBar::hidden()
    };
    let begun = Instant::now();
    let mut beat = tokio::time::interval(Duration::from_millis(100));
    tokio::pin!(work);
    loop {
        tokio::select! {
            ended = &mut work => {
                bar.finish_and_clear();
                return Ok(ended);
            }
            () = out.stop.asked(), if !progress.is_cancelled() => {
                progress.cancel();
                bar.println("stopping after this step; press Ctrl-C again to stop at once");
            }
            _ = beat.tick(), if shown => draw(&bar, progress, begun.elapsed(), out.ascii),
        }
    }
}

/// An estimate is shown only after this time, and after one in a hundred.
const ESTIMATE_AFTER: Duration = Duration::from_secs(5);

fn draw(bar: &ProgressBar, progress: &Progress, elapsed: Duration, ascii: bool) {
    let figures = progress.figures();
    // An unknown total has no bar.
    let template = match figures.total {
        Some(total) => {
            bar.set_length(total);
            if elapsed >= ESTIMATE_AFTER && figures.done * 100 >= total {
                "{prefix:>10} {wide_bar} {human_pos}/{human_len} {rate} about {eta} {msg}"
            } else {
                "{prefix:>10} {wide_bar} {human_pos}/{human_len} {rate} {msg}"
            }
        }
        None => "{prefix:>10} {spinner} {human_pos} {rate} {msg}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        let style = style.with_key("rate", |state: &ProgressState, to: &mut dyn Write| {
            // A line on the screen; where it cannot be written, nothing is lost.
            let _ = to.write_str(&luthier_hub::text::rate(state.per_sec()));
        });
        bar.set_style(match ascii {
            true => style.tick_chars("|/-\\-").progress_chars("=>-"),
            false => style,
        });
    }
    bar.set_prefix(figures.phase);
    bar.set_position(figures.done);
    let outcomes: u64 = figures.outcomes.values().sum();
    // Why nothing moves is worth more than what was.
    bar.set_message(match figures.waiting {
        Some(why) => luthier_hub::text::safe(&why).into_owned(),
        None => format!("{outcomes} so far"),
    });
    bar.tick();
}
