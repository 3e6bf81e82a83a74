//! Whose temporary folders are swept away, and whose are not.

use super::{LOCK, MARK, PREFIX, abandoned, claim, empty_and_remove, folder, sweep_in};
use rustix::fs::{FlockOperation, flock};
use std::fs::{File, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// A folder as a killed process leaves it.
fn left_behind(place: &Path, name: &str) -> PathBuf {
    let left = place.join(format!("{PREFIX}{name}"));
    std::fs::create_dir_all(left.join("audit-1")).unwrap();
    std::fs::write(left.join("audit-1/audit.db"), [0; 4_096]).unwrap();
    std::fs::write(left.join(LOCK), MARK).unwrap();
    left
}

#[test]
fn what_a_killed_process_left_is_swept_away_and_nothing_else() {
    let place = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("precious"), "mine").unwrap();
    let at = |name: &str| place.path().join(name);
    let left = left_behind(place.path(), "dead");
    // A link in it is removed, and what it leads to stays.
    symlink(outside.path(), left.join("link")).unwrap();
    let living = left_behind(place.path(), "living");
    let lock = File::open(living.join(LOCK)).unwrap();
    flock(&lock, FlockOperation::NonBlockingLockExclusive).unwrap();
    // Of the right name, and not ours by what stands in them.
    let unmarked = at(&format!("{PREFIX}unmarked"));
    std::fs::create_dir(&unmarked).unwrap();
    let forged = left_behind(place.path(), "forged");
    std::fs::write(forged.join(LOCK), vec![b'x'; MARK.len()]).unwrap();
    let pipe = at(&format!("{PREFIX}pipe"));
    std::fs::create_dir(&pipe).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(pipe.join(LOCK))
        .status();
    assert!(made.unwrap().success());
    let linked_lock = at(&format!("{PREFIX}linked-lock"));
    std::fs::create_dir(&linked_lock).unwrap();
    std::fs::write(outside.path().join("marked"), MARK).unwrap();
    symlink(outside.path().join("marked"), linked_lock.join(LOCK)).unwrap();
    let link = at(&format!("{PREFIX}link"));
    symlink(outside.path(), &link).unwrap();
    let file = at(&format!("{PREFIX}file"));
    std::fs::write(&file, MARK).unwrap();
    let other = at("luthier-demo");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join(LOCK), MARK).unwrap();

    sweep_in(place.path());

    assert!(!left.exists(), "swept away");
    for kept in [
        &living,
        &unmarked,
        &forged,
        &pipe,
        &linked_lock,
        &link,
        &file,
        &other,
    ] {
        assert!(
            kept.symlink_metadata().is_ok(),
            "{} is gone",
            kept.display()
        );
    }
    assert!(living.join("audit-1/audit.db").exists());
    let precious = std::fs::read_to_string(outside.path().join("precious"));
    assert_eq!(precious.unwrap(), "mine");
    // Once its process has gone, it is swept away too.
    drop(lock);
    sweep_in(place.path());
    assert!(!living.exists());
}

#[test]
fn a_folder_is_private_held_while_it_lives_and_gone_after() {
    let folder = folder("test").unwrap();
    let (path, run) = (folder.path().to_owned(), folder.path().parent().unwrap());
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(run), mode(&path)), (0o700, 0o700));
    let name = run.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with(PREFIX), "{name}");
    assert!(abandoned(run).is_none(), "its process lives");
    std::fs::write(path.join("x"), "x").unwrap();
    drop(folder);
    assert!(!path.exists());
}

#[test]
fn a_removal_that_was_cut_off_is_ended_by_the_next_sweep() {
    let own = claim().unwrap();
    let path = own.path.clone();
    std::fs::create_dir(path.join("audit-1")).unwrap();
    // What cannot be removed keeps the lock, so that the folder is known for ours still.
    let stubborn = path.join("audit-1/stubborn");
    std::fs::create_dir(&stubborn).unwrap();
    let mut file = File::create(stubborn.join("x")).unwrap();
    file.write_all(b"x").unwrap();
    let root = rustix::process::geteuid().is_root();
    std::fs::set_permissions(&stubborn, Permissions::from_mode(0o500)).unwrap();
    drop(own);
    assert_eq!(path.join(LOCK).exists(), !root, "the lock goes last");
    if path.exists() {
        std::fs::set_permissions(&stubborn, Permissions::from_mode(0o700)).unwrap();
        drop(abandoned(&path).expect("known for ours"));
        empty_and_remove(&path);
    }
    assert!(!path.exists());
}
