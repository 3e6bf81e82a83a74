//! The program on one hub: its time, its memory, and what it read.

use super::hubs::{Hubs, Kept};
use serde_json::Value;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The pause between two looks at the program's memory.
const PAUSE: Duration = Duration::from_millis(50);

pub struct Measured {
    pub took: Duration,
    /// The most that it had, in bytes.
    pub memory: u64,
    pub blobs: u64,
    /// Objects whose bytes were read and proved.
    pub read: u64,
}

/// Audits a hub to a depth.
pub fn audit(hubs: &Hubs, kept: Kept, depth: &str) -> Measured {
    let home = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let program = std::env::var_os("LUTHIER_BENCH_PROGRAM");
    let program = program.unwrap_or_else(|| env!("CARGO_BIN_EXE_luthier").into());
    let mut child = Command::new(program)
        .args(["audit", "--depth", depth, "--json", "--grace", "0s"])
        .args(["--database", &hubs.database(kept)])
        .args(["--store", &format!("s3://{}", hubs.bucket(kept))])
        .env("AWS_ENDPOINT_URL", &hubs.endpoint)
        .env("HOME", home.path())
        .env("XDG_STATE_HOME", home.path().join("state"))
        .env("XDG_CONFIG_HOME", home.path().join("config"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = child.stdout.take().unwrap();
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        said.read_to_string(&mut text).unwrap();
        text
    });
    let mut memory = 0;
    let status = loop {
        memory = memory.max(peak(child.id()));
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None => std::thread::sleep(PAUSE),
        }
    };
    let took = begun.elapsed();
    let text = reading.join().unwrap();
    assert!(status.code() <= Some(1), "{text}");
    let summary: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(summary["complete"], true, "{summary}");
    println!("          findings: {}", summary["findings"]);
    Measured {
        took,
        memory,
        blobs: summary["checked"]["blobs"].as_u64().unwrap(),
        read: summary["checked"]["read"].as_u64().unwrap(),
    }
}

/// The most memory that a process had so far, in bytes; 0 once it has ended.
fn peak(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
