//! What a folder has to do beyond what every store does.

use super::local::Local;
use super::suite::{self, key, listed};
use super::unprivileged::unprivileged;
use super::{Backend, BackendError, BackendMut, Entry, Put, UriRefusal};
use crate::access::Access;
use bytes::Bytes;
use futures_util::StreamExt;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

struct Folder {
    dir: TempDir,
    store: Arc<Local>,
}

impl suite::Fixture for Folder {
    type Store = Local;

    async fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Local::open(dir.path(), Access::Write).unwrap());
        Self { dir, store }
    }

    fn store(&self) -> Arc<Local> {
        self.store.clone()
    }
}

suite::backend_suite!(folder, crate::backend::local_tests::Folder);

async fn folder() -> Folder {
    <Folder as suite::Fixture>::empty().await
}

async fn put(store: &Local, name: &str) -> Result<Put, BackendError> {
    let bytes = Bytes::copy_from_slice(name.as_bytes());
    store.put_if_absent(&key(name), bytes).await
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_place_that_is_no_folder_is_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "x").unwrap();
    for (path, says) in [
        (dir.path().join("none"), "there is no such folder"),
        (file.clone(), "it is a file"),
        (file.join("below"), "below"),
    ] {
        let error = Local::open(&path, Access::Read).err().unwrap().to_string();
        assert!(error.contains(says), "{error}");
        assert!(error.contains(path.to_str().unwrap()), "{error}");
    }
}

#[test]
fn other_stores_uris_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let store = Local::open(dir.path(), Access::Read).unwrap();
    assert_eq!(
        store.locate("s3://bucket/x"),
        Err(UriRefusal::ForeignScheme("s3".into()))
    );
    assert_eq!(store.uri_for(&key("a/b")), "local://a/b");
}

#[tokio::test]
async fn a_link_on_the_way_is_an_error_and_not_followed() {
    let folder = folder().await;
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    let root = folder.dir.path();
    symlink(outside.path(), root.join("out")).unwrap();
    symlink(outside.path().join("secret"), root.join("file")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    symlink("nowhere", root.join("dangling")).unwrap();
    for name in [
        "out/secret",
        "out/new",
        "file",
        "loop",
        "loop/x",
        "dangling",
    ] {
        let at = key(name);
        for answer in [
            folder.store.open(&at).await.map(|body| body.is_some()),
            folder.store.head(&at).await.map(|meta| meta.is_some()),
            put(&folder.store, name).await.map(|_| true),
        ] {
            let error = answer.unwrap_err().to_string();
            assert!(error.contains("link"), "{name}: {error}");
        }
    }
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    assert!(!root.join("nowhere").exists());
    assert!(listed(&*folder.store, "", None).await.is_empty());
}

#[tokio::test]
async fn what_a_put_left_behind_when_it_was_killed_disturbs_nobody() {
    let folder = folder().await;
    let objects = folder.dir.path().join("objects");
    fs::create_dir(&objects).unwrap();
    fs::write(objects.join(".luthier-dead01.tmp"), "half").unwrap();
    assert!(listed(&*folder.store, "", None).await.is_empty());
    assert_eq!(put(&folder.store, "objects/x").await.unwrap(), Put::Stored);
    let list = listed(&*folder.store, "", None).await;
    assert_eq!(list.len(), 1);
    assert_eq!(
        fs::read_dir(&objects).unwrap().count(),
        2,
        "no temporary file"
    );
}

#[tokio::test]
async fn names_that_are_no_utf8_are_listed_and_never_opened() {
    let folder = folder().await;
    let root = folder.dir.path();
    let dir = root.join(OsStr::from_bytes(b"d\xff"));
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("in"), "123").unwrap();
    fs::write(root.join(OsStr::from_bytes(b"f\xc3")), "12").unwrap();
    let list = listed(&*folder.store, "", None).await;
    let seen: Vec<(&str, u64)> = list.iter().map(|e| (e.key.as_str(), e.size)).collect();
    assert_eq!(seen, [("d\u{fffd}/in", 3), ("f\u{fffd}", 2)]);
    for entry in list {
        assert!(folder.store.open(&key(&entry.key)).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn pipes_and_sockets_are_no_objects() {
    let folder = folder().await;
    let path = folder.dir.path().join("socket");
    let _socket = std::os::unix::net::UnixListener::bind(path).unwrap();
    assert!(listed(&*folder.store, "", None).await.is_empty());
    assert!(folder.store.open(&key("socket")).await.unwrap().is_none());
    assert!(put(&folder.store, "socket").await.is_err());
}

#[tokio::test]
async fn a_folder_that_vanishes_is_no_empty_store() {
    let folder = folder().await;
    fs::remove_dir(folder.dir.path()).unwrap();
    let list: Vec<Result<Entry, BackendError>> = folder.store.list("", None).collect().await;
    assert!(matches!(list.as_slice(), [Err(_)]), "{list:?}");
}

#[tokio::test]
async fn a_listing_of_many_batches_is_whole() {
    let folder = folder().await;
    for n in 0..2_500 {
        fs::write(folder.dir.path().join(format!("{n:05}")), "").unwrap();
    }
    let list = listed(&*folder.store, "", None).await;
    let names: Vec<String> = (0..2_500).map(|n| format!("{n:05}")).collect();
    assert!(list.iter().map(|e| &e.key).eq(&names));
}

#[tokio::test]
async fn an_object_is_dated_back_to_the_microsecond() {
    let folder = folder().await;
    put(&folder.store, "x").await.unwrap();
    let at = 1_774_000_000_123_456;
    folder.store.backdate(&key("x"), at).unwrap();
    let meta = folder.store.head(&key("x")).await.unwrap().unwrap();
    assert_eq!(meta.modified, Some(at));
    assert!(folder.store.backdate(&key("y"), at).is_err());
}

/// The test has to see permissions bind, so the superuser runs it as another user.
macro_rules! unprivileged_test {
    ($name:ident) => {
        if !unprivileged(concat!(module_path!(), "::", stringify!($name))) {
            return;
        }
    };
}

#[tokio::test]
async fn permission_denied_is_not_absence() {
    unprivileged_test!(permission_denied_is_not_absence);
    let folder = folder().await;
    put(&folder.store, "shut/x").await.unwrap();
    put(&folder.store, "open/y").await.unwrap();
    let (shut, file) = (
        folder.dir.path().join("shut"),
        folder.dir.path().join("open/y"),
    );
    chmod(&shut, 0);
    chmod(&file, 0);
    let denied = |error: BackendError| matches!(error, BackendError::Denied { .. });
    assert!(denied(folder.store.head(&key("shut/x")).await.unwrap_err()));
    for name in ["shut/x", "shut/none", "open/y"] {
        assert!(
            folder.store.open(&key(name)).await.is_err_and(denied),
            "{name}"
        );
    }
    assert!(denied(put(&folder.store, "shut/new").await.unwrap_err()));
    chmod(&shut, 0o700);
}

#[tokio::test]
async fn an_unreadable_folder_ends_a_listing_with_an_error() {
    unprivileged_test!(an_unreadable_folder_ends_a_listing_with_an_error);
    let folder = folder().await;
    for name in ["a", "b/x", "c"] {
        put(&folder.store, name).await.unwrap();
    }
    let shut = folder.dir.path().join("b");
    chmod(&shut, 0);
    let list: Vec<Result<Entry, BackendError>> = folder.store.list("", None).collect().await;
    chmod(&shut, 0o700);
    assert!(
        matches!(list.as_slice(), [Ok(a), Err(BackendError::Denied { .. })] if a.key == "a"),
        "{list:?}"
    );
}

#[tokio::test]
async fn a_put_that_fails_leaves_nothing_behind() {
    unprivileged_test!(a_put_that_fails_leaves_nothing_behind);
    let folder = folder().await;
    put(&folder.store, "dir/x").await.unwrap();
    let dir = folder.dir.path().join("dir");
    chmod(&dir, 0o500);
    let refused = put(&folder.store, "dir/new").await;
    assert!(
        matches!(refused, Err(BackendError::Denied { .. })),
        "{refused:?}"
    );
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
    assert!(folder.store.head(&key("dir/new")).await.unwrap().is_none());
    chmod(&dir, 0o700);
}
