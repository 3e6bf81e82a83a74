//! How the console feels: the real program in a real pseudo-terminal, keys pressed one by one while it
//! audits, and how long each waits for the frame that answers it; then what the program costs when
//! nothing happens.
//!
//! `cargo bench --bench feel`, with
//! - `LUTHIER_BENCH_HUB`: the folder of a demo hub with `--commits`; without, one is built,
//! - `LUTHIER_BENCH_COMMITS`: how many commits that hub has (20000; its rows are three times as many),
//! - `LUTHIER_BENCH_DEPTH`: `presence`, or `bytes` (without), which keeps every core busy,
//! - `LUTHIER_BENCH_KEYS`: how many keys are pressed (4000).

#[path = "feel/console.rs"]
mod console;
#[path = "feel/figures.rs"]
mod figures;
#[path = "feel/hub.rs"]
mod hub;
#[path = "feel/keys.rs"]
mod keys;
#[path = "feel/machine.rs"]
mod machine;
#[path = "feel/seen.rs"]
mod seen;

use console::{Console, TIMEOUT};
use figures::{Spread, verdict};
use seen::Seen;
use std::time::{Duration, Instant};

/// A frame of a screen that is drawn 60 times a second.
const SLOWEST: Duration = Duration::from_millis(16);

/// How long the program is left alone.
const ALONE: Duration = Duration::from_secs(10);

/// A key that has changed nothing for so long was lost.
const LOST: Duration = Duration::from_secs(2);

/// The same keys with the same pauses each time.
const SEED: u64 = 7;

const CTRL_C: &str = "\u{3}";

/// What the keys showed.
#[derive(Default)]
struct Pressed {
    /// From the key to the first byte of its frame.
    first: Spread,
    /// From the key to the end of its frame.
    whole: Spread,
    /// From the key to the rows, where they had to be read first.
    rows: Spread,
    bytes: usize,
    lost: usize,
    /// Pressed while no audit ran, so not counted.
    idle: usize,
    audits: usize,
    took: Duration,
    used: machine::Used,
}

fn main() {
    // Only `cargo bench` says so; a run of all test targets has no minutes to spare.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let wanted = number("LUTHIER_BENCH_KEYS", 4_000);
    let hub = hub::BenchHub::from_env();
    let depth = hub::depth();
    println!("hub       {}", hub.dir().display());
    let mut console = Console::start(&hub.arguments(&depth), 120, 40);
    console.wait("the rows counted", |screen| {
        seen::line(screen, "rows").is_some_and(|line| line.contains("blobs"))
    });
    let rows = seen::line(console.screen(), "rows").unwrap_or_default();
    println!("{rows}");
    println!("audit     depth {depth}, on {} cores", cores());
    to_the_commits(&mut console);
    let pressed = press_keys(&mut console, wanted);
    let answered = tell_keys(&pressed);
    let alone = tell_idle(&mut console);
    console.leave();
    println!("\n{}", if answered && alone { "PASS" } else { "FAIL" });
}

fn number(name: &str, without: u64) -> u64 {
    std::env::var(name).map_or(without, |text| text.parse().expect(name))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(0, usize::from)
}

/// From the first screen to the commits of the longest history.
fn to_the_commits(console: &mut Console) {
    console.send("b");
    console.wait("the repositories", |screen| {
        seen::place_of(screen, hub::LONGEST).is_some()
    });
    let down = seen::place_of(console.screen(), hub::LONGEST).unwrap_or(0);
    for _ in 0..down {
        let pressed = console.press(keys::DOWN, TIMEOUT);
        pressed.expect("the cursor moves");
    }
    console.send("\r");
    console.wait("the commits", |screen| {
        Seen::of(screen).is_some_and(|seen| seen.kind == "commits" && seen.is_settled())
    });
}

/// Presses keys, one in flight at a time, and keeps an audit running meanwhile.
fn press_keys(console: &mut Console, wanted: u64) -> Pressed {
    let mut out = Pressed::default();
    let mut random = fastrand::Rng::with_seed(SEED);
    let (start, used) = (Instant::now(), console.used());
    out.audits = usize::from(seen::auditing(console.screen()));
    while (out.first.len() as u64) < wanted {
        // A person's fingers, or a key that is held down.
        console.rest(Duration::from_micros(random.u64(1_000..40_000)));
        if !seen::auditing(console.screen()) {
            console.send("A");
            console.wait("an audit", seen::auditing);
            out.audits += 1;
        }
        let Some(before) = Seen::of(console.screen()) else {
            panic!("no list on the screen:\n{}", console.screen().contents());
        };
        let Some(answer) = console.press(keys::choose(&mut random, &before), LOST) else {
            out.lost += 1;
            continue;
        };
        if seen::auditing(console.screen()) {
            out.first.add(answer.first);
            out.whole.add(answer.whole);
            out.bytes += answer.bytes;
        } else {
            out.idle += 1;
        }
        if !Seen::of(console.screen()).is_some_and(|seen| seen.is_settled()) {
            console.wait("the rows", |screen| {
                Seen::of(screen).is_some_and(|seen| seen.is_settled())
            });
            out.rows.add(answer.pressed.elapsed());
        }
    }
    (out.took, out.used) = (start.elapsed(), console.used().since(used));
    out
}

/// Prints what the keys showed; whether they were quick enough.
fn tell_keys(pressed: &Pressed) -> bool {
    let Pressed { first, whole, .. } = pressed;
    let keys = first.len();
    println!(
        "keys      {keys} answered while an audit ran, {} as none ran, {} lost, in {:.0} s; {} begun",
        pressed.idle,
        pressed.lost,
        pressed.took.as_secs_f64(),
        figures::plural(pressed.audits, "audit"),
    );
    let all = pressed.took.as_secs_f64() * cores() as f64 / 100.0;
    println!(
        "cores     {:.0} % the program, {:.0} % others than it and this benchmark",
        pressed.used.program.as_secs_f64() / all,
        pressed.used.others.as_secs_f64() / all,
    );
    println!(
        "bytes     {} a frame that answers",
        pressed.bytes / keys.max(1)
    );
    println!("\nfrom a key to the first byte of its frame\n{first}");
    println!("\nfrom a key to the end of its frame\n{whole}");
    println!(
        "\nfrom a key that leads to rows not held, to these rows\n{}",
        pressed.rows
    );
    println!();
    let p99 = whole.percentile(99.0);
    let quick = verdict(
        p99 <= SLOWEST,
        &format!("p99 to the end of the frame {p99:.2?}, at most {SLOWEST:?}"),
    );
    verdict(
        pressed.lost == 0,
        &format!("{} lost", figures::plural(pressed.lost, "key")),
    ) && quick
}

/// Prints what the program does while nobody does anything; whether that is nothing.
fn tell_idle(console: &mut Console) -> bool {
    let running = seen::auditing(console.screen());
    if running {
        console.send(CTRL_C);
        console.wait("the end of the audit", |screen| !seen::auditing(screen));
    }
    // Whatever key: it takes the notice of the audit's end down.
    console.send("k");
    console.quiet(Duration::from_secs(2));
    let before = console.used();
    let bytes = console.rest(ALONE);
    let used = console.used().since(before);
    let share = used.program.as_secs_f64() / ALONE.as_secs_f64() * 100.0;
    println!(
        "\nidle      for {ALONE:?}, the audit was {}",
        if running { "stopped" } else { "at its end" }
    );
    let silent = verdict(
        bytes == 0,
        &format!("{} written", figures::plural(bytes, "byte")),
    );
    verdict(share < 1.0, &format!("{share:.1} % of a core, below 1 %")) && silent
}
