//! Every command of the README runs as it is printed, in its order, on the demo hub.

use crate::support::*;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// Returns the lines of the README's shell blocks, without comments.
fn lines() -> Vec<String> {
    let text = include_str!("../../README.md");
    let mut lines = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match line.trim_start() {
            "```sh" => inside = true,
            "```" => inside = false,
            command if inside => {
                assert!(!command.contains('…'), "cannot be copied: {command}");
                let code = command.split(" #").next().unwrap_or_default().trim();
                if !code.is_empty() && !code.starts_with('#') {
                    lines.push(code.to_owned());
                }
            }
            _ => {}
        }
    }
    lines
}

/// What a line may end with: findings are an answer too.
fn allowed(line: &str) -> &'static [i32] {
    match line {
        // The console needs a terminal, which a test of the tour gives it.
        "luthier" => &[2],
        line if line.contains("--apply --write") && !line.contains("--yes") => &[2],
        _ => &[0, 1],
    }
}

#[test]
fn every_block_of_the_readme_runs_as_printed() {
    let place = Sandbox::new();
    let luthier = env!("CARGO_BIN_EXE_luthier");
    let mut script = format!("luthier() {{ '{luthier}' \"$@\"; }}\ncargo() {{ :; }}\n");
    let lines = lines();
    assert!(lines.len() > 15, "{lines:?}");
    for (n, line) in lines.iter().enumerate() {
        script += &format!("{line}\necho \"@@ {n} $?\"\n");
    }
    let mut command = Command::new("bash");
    let environment = place.command(&[]);
    command
        .env_clear()
        .stdin(Stdio::null())
        .args(["-c", &script]);
    for (name, value) in environment.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.env("PATH", "/usr/bin:/bin");
    // What builds and tests the program is not run inside its own tests.
    let tests = place.folder.path().join("tests");
    std::fs::create_dir(&tests).unwrap();
    std::fs::write(tests.join("run"), "#!/bin/sh\n").unwrap();
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(tests.join("run"), executable).unwrap();
    command.current_dir(place.folder.path());
    let ran = Ran::of(&mut command);
    for (n, line) in lines.iter().enumerate() {
        let mark = format!("@@ {n} ");
        let found = ran.out.lines().find_map(|said| said.strip_prefix(&mark));
        let code: i32 = found
            .unwrap_or_else(|| panic!("{line} never ended: {ran:?}"))
            .parse()
            .unwrap();
        assert!(
            allowed(line).contains(&code),
            "{line} ended with {code}: {ran:?}"
        );
    }
    // What asks before it writes was asked, and nothing else went wrong.
    assert!(!ran.err.contains("unexpected argument"), "{ran:?}");
}
