//! What stops a run: signals, a reader or a terminal that has gone.

use crate::support::{Ran, Sandbox};
use rustix::process::{Pid, Signal, kill_process};
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Waits for what a person would wait for.
fn until(what: &str, is: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_secs(60), "never {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Whether a process has a handler for SIGHUP, the first signal.
fn listens(child: &Child) -> bool {
    mask(child, "SigCgt:") & 1 == 1
}

fn mask(child: &Child, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()));
    let status = status.unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix(name));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

fn start(place: &Sandbox, arguments: &[&str]) -> Child {
    place
        .command(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

fn left_over(place: &Sandbox) -> usize {
    std::fs::read_dir(place.path("tmp")).unwrap().count()
}

#[cfg(target_os = "linux")]
#[test]
fn every_command_ends_with_four_on_every_signal_while_a_side_does_not_answer() {
    let place = Sandbox::new();
    // Takes connections and never says a word.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let database = format!(
        "postgres://me@127.0.0.1:{}/musehub",
        mute.local_addr().unwrap().port()
    );
    let store = format!("file://{}", place.path("").display());
    let into = place.path("into");
    let into = into.to_str().unwrap();
    let commands: [&[&str]; 11] = [
        &["audit"],
        &["audit", "alice/song", "--depth", "bytes"],
        &["repair"],
        &["backfill"],
        &["signoff", "--json"],
        &["doctor"],
        &["show", "abcd"],
        &["diff", "abcd"],
        &["schema"],
        &["checkpoint"],
        &["pull", "alice/song", "--into", into],
    ];
    for command in commands {
        for signal in [Signal::HUP, Signal::TERM, Signal::INT] {
            let mut all = command.to_vec();
            all.extend(["--database", &database, "--store", &store]);
            let child = start(&place, &all);
            until("listening", || listens(&child));
            send(&child, signal);
            let ran = Ran::from(child.wait_with_output().unwrap());
            ran.fails(4, "stopped before the end");
            assert_eq!(ran.out, "", "{command:?}");
            assert_eq!(left_over(&place), 0, "{command:?} {signal:?}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_hangup_in_the_middle_leaves_nothing_in_the_temporary_folder() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--commits", "3000"]);
    for command in [&["audit", "--depth", "bytes"][..], &["signoff", "--json"]] {
        for times in 1..=2 {
            let child = start(&place, &hub.with(command));
            until("at work", || left_over(&place) > 0);
            for _ in 0..times {
                send(&child, Signal::HUP);
            }
            let ran = Ran::from(child.wait_with_output().unwrap());
            ran.fails(4, "stopped before the end");
            assert_eq!(left_over(&place), 0, "{command:?}, {times}");
        }
    }
    let into = place.path("other");
    let child = start(
        &place,
        &[
            "demo",
            "--build-only",
            into.to_str().unwrap(),
            "--commits",
            "100000",
        ],
    );
    until("building", || into.join("hub.db").exists());
    send(&child, Signal::HUP);
    Ran::from(child.wait_with_output().unwrap()).fails(4, "stopped before the end");
    assert_eq!(left_over(&place), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_that_was_started_to_outlive_its_terminal_does() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy", "--commits", "500"]);
    let own = place.command(&hub.with(&["audit", "--grace", "0s"]));
    let mut command = std::process::Command::new("nohup");
    command.env_clear().stdin(Stdio::null());
    command.arg(own.get_program()).args(own.get_args());
    for (name, value) in own.get_envs() {
        command.env(name, value.unwrap());
    }
    command.env("PATH", std::env::var_os("PATH").unwrap());
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Of SIGINT, since SIGHUP stays ignored.
    until("listening", || mask(&child, "SigCgt:") & 0b10 != 0);
    send(&child, Signal::HUP);
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert!(matches!(ran.code, 0 | 1), "{ran:?}");
    assert!(ran.out.contains("finding"), "{ran:?}");
}

#[test]
fn a_reader_that_goes_away_leaves_nothing_behind() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    for command in [
        &["audit"][..],
        &["audit", "--json"],
        &["repair"],
        &["doctor"],
        &["journal"],
        &["keys"],
        &["schema"],
        &["signoff", "--json"],
    ] {
        let mut child = start(&place, &hub.with(command));
        drop(child.stdout.take());
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert_eq!((ran.code, ran.err.as_str()), (4, ""), "{command:?}");
        assert_eq!(left_over(&place), 0, "{command:?}");
    }
}

#[test]
fn a_terminal_that_has_gone_is_no_crash() {
    let place = Sandbox::new();
    for arguments in [&["audit"][..], &["show", "abcd"], &["--nonsense"]] {
        let mut child = start(&place, arguments);
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(child.wait().unwrap().code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn the_console_without_a_terminal_refuses_before_it_does_anything() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    place.run(&hub.with(&[])).fails(
        2,
        "the console needs a terminal, but standard input and output are not terminals",
    );
    place
        .run(&["demo"])
        .fails(2, "the console needs a terminal");
    assert_eq!(left_over(&place), 0);
    // How to give a hub is for whoever reads it, in a pipe too.
    let none = place.run(&[]);
    assert!(
        none.code == 0 && none.out.contains("No hub is configured yet"),
        "{none:?}"
    );
}
