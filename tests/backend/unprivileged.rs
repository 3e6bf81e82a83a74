//! Tests of permissions, which mean nothing to the superuser.

use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Marks the process that has no privileges.
const MARK: &str = "LUTHIER_TEST_UNPRIVILEGED";

/// True where permissions bind this process. For the superuser, who no permission stops, the test with
/// this path runs again in a process of the user `nobody`, which has to succeed; then it is false.
pub fn unprivileged(test: &str) -> bool {
    let made = tempfile::NamedTempFile::new().unwrap();
    if made.as_file().metadata().unwrap().uid() != 0 {
        return true;
    }
    assert!(std::env::var_os(MARK).is_none(), "still the superuser");
    let (_crate, test) = test.split_once("::").unwrap();
    // Not by the path of the program: `nobody` may have no right to reach it.
    let out = Command::new("/proc/self/exe")
        .args([test, "--exact", "--nocapture"])
        .env(MARK, "1")
        .env_remove("TMPDIR")
        .current_dir("/")
        .uid(65_534)
        .gid(65_534)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&out.stdout);
    let failed = String::from_utf8_lossy(&out.stderr);
    assert!(
        out.status.success() && told.contains("1 passed"),
        "as nobody: {told}{failed}"
    );
    false
}
