//! Checkpoints: what is written, what is trusted, and what is passed over.

use super::*;
use crate::backend::{Backend, BackendMut, Body, Entry, Key, Meta, UriRefusal, layout};
use crate::store::{Authority, Store, Writer};
use crate::testing::*;
use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use luthier_object::time::Micros;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

const NOW: &str = "2026-06-01T00:00:00+00:00";

fn branch(name: &str, head: &str) -> BranchRow {
    BranchRow {
        branch_id: format!("branch-{name}"),
        repo_id: REPO.into(),
        name: name.into(),
        head_commit_id: Some(head.into()),
    }
}

fn refs(heads: &[(&str, &str)]) -> Refs {
    Refs {
        repo: RepoRow {
            repo_id: REPO.into(),
            owner: "alice".into(),
            slug: "song".into(),
            ..RepoRow::default()
        },
        branches: heads
            .iter()
            .map(|(name, head)| branch(name, head))
            .collect(),
    }
}

fn writer(store: &Store) -> Writer {
    store.writer(&Authority::granted()).unwrap()
}

async fn hub() -> (TestHub, Store) {
    let hub = TestHub::empty().await;
    let store = hub.open().await;
    (hub, store)
}

async fn plant(hub: &TestHub, sequence: u64, bytes: Vec<u8>) -> Key {
    let key = layout::checkpoint_key(REPO, sequence).unwrap();
    hub.backend.put_if_absent(&key, bytes.into()).await.unwrap();
    key
}

/// Writes one checkpoint after the other, with these heads of main.
async fn chain(store: &Store, heads: &[&str]) {
    for head in heads {
        let saved = writer(store)
            .save_refs(&refs(&[("main", head)]), NOW)
            .await
            .unwrap();
        assert!(matches!(saved, Saved::Written(_)), "{saved:?}");
    }
}

/// The head of main that the store is trusted to say, and why others are not.
async fn trusted(store: &Store) -> (Option<String>, Vec<String>) {
    let newest = store.newest_checkpoint(REPO).await.unwrap();
    let head = newest
        .sound
        .and_then(|(_, found)| found.refs.branches[0].head_commit_id.clone());
    (
        head,
        newest.passed.into_iter().map(|passed| passed.why).collect(),
    )
}

#[tokio::test]
async fn each_checkpoint_has_a_key_of_its_own_and_names_the_one_before() {
    let (_hub, store) = hub().await;
    chain(&store, &["one", "two", "three"]).await;
    let newest = store.newest_checkpoint(REPO).await.unwrap();
    let (key, found) = newest.sound.unwrap();
    assert_eq!(key.as_str(), "refs/repo-1/000000000003.json");
    assert_eq!(found.sequence, 3);
    assert_eq!(found.refs, refs(&[("main", "three")]));
    let before = layout::checkpoint_key(REPO, 2).unwrap();
    let bytes = store.read_object(&before).await.unwrap().unwrap();
    use sha2::{Digest, Sha256};
    assert_eq!(found.previous, Some(hex::encode(Sha256::digest(&bytes))));
    assert_eq!(newest.passed, []);
}

#[tokio::test]
async fn what_the_store_says_already_is_not_written_again() {
    let (_hub, store) = hub().await;
    chain(&store, &["one"]).await;
    let again = writer(&store)
        .save_refs(&refs(&[("main", "one")]), "later")
        .await;
    let first = layout::checkpoint_key(REPO, 1).unwrap();
    assert_eq!(again.unwrap(), Saved::Covered(first));
}

#[tokio::test]
async fn a_torn_checkpoint_is_passed_over_and_the_next_one_is_sound() {
    let (hub, store) = hub().await;
    chain(&store, &["one", "two"]).await;
    let whole = Checkpoint {
        sequence: 3,
        refs: refs(&[("main", "three")]),
        ..Checkpoint::default()
    }
    .encode();
    plant(&hub, 3, whole[..whole.len() / 2].to_vec()).await;
    let (head, passed) = trusted(&store).await;
    assert_eq!(head.as_deref(), Some("two"));
    assert!(passed[0].starts_with("no JSON"), "{passed:?}");
    chain(&store, &["three"]).await;
    assert_eq!(trusted(&store).await, (Some("three".into()), vec![]));
    let newest = store.newest_checkpoint(REPO).await.unwrap();
    assert_eq!(newest.sound.unwrap().1.sequence, 4);
}

#[tokio::test]
async fn a_checkpoint_of_another_repository_or_number_is_passed_over() {
    let (hub, store) = hub().await;
    chain(&store, &["one"]).await;
    let first = layout::checkpoint_key(REPO, 1).unwrap();
    let bytes = store.read_object(&first).await.unwrap().unwrap();
    plant(&hub, 7, bytes.to_vec()).await;
    let mut foreign = refs(&[("main", "evil")]);
    foreign.repo.repo_id = "repo-2".into();
    plant(
        &hub,
        8,
        Checkpoint {
            sequence: 8,
            refs: foreign,
            ..Checkpoint::default()
        }
        .encode(),
    )
    .await;
    let (head, passed) = trusted(&store).await;
    assert_eq!(head.as_deref(), Some("one"));
    assert_eq!(
        passed,
        [
            "it belongs to another repository",
            "it says that it is number 1"
        ]
    );
}

#[tokio::test]
async fn a_checkpoint_that_is_not_joined_to_the_one_before_is_passed_over() {
    let (hub, store) = hub().await;
    chain(&store, &["one", "two"]).await;
    for (sequence, previous) in [(3, None), (4, Some("ab".repeat(32)))] {
        let evil = Checkpoint {
            sequence,
            previous,
            refs: refs(&[("main", "evil")]),
            ..Checkpoint::default()
        };
        plant(&hub, sequence, evil.encode()).await;
    }
    let (head, passed) = trusted(&store).await;
    assert_eq!(head.as_deref(), Some("two"));
    assert_eq!(passed.len(), 2, "{passed:?}");
    chain(&store, &["five"]).await;
    assert_eq!(trusted(&store).await.0.as_deref(), Some("five"));
}

#[tokio::test]
async fn a_first_checkpoint_that_names_one_before_it_is_not_trusted() {
    let (hub, store) = hub().await;
    let lone = Checkpoint {
        sequence: 2,
        previous: Some("ab".repeat(32)),
        refs: refs(&[("main", "x")]),
        ..Checkpoint::default()
    };
    plant(&hub, 2, lone.encode()).await;
    let (head, passed) = trusted(&store).await;
    assert_eq!((head, passed.len()), (None, 1));
}

#[tokio::test]
async fn the_loser_of_two_writers_takes_the_next_number() {
    let (hub, store) = hub().await;
    let one = refs(&[("main", "one")]);
    let Next::Write { key, bytes, .. } = store.next_checkpoint(&one, NOW).await.unwrap() else {
        panic!("nothing lies there yet");
    };
    // Somebody else is faster.
    chain(&store, &["two"]).await;
    assert_eq!(
        writer(&store).put_checkpoint(&key, &bytes).await.unwrap(),
        None
    );
    let saved = writer(&store).save_refs(&one, NOW).await.unwrap();
    assert_eq!(
        saved,
        Saved::Written(layout::checkpoint_key(REPO, 2).unwrap())
    );
    assert_eq!(trusted(&store).await, (Some("one".into()), vec![]));
    let _ = hub;
}

#[tokio::test]
async fn many_writers_at_once_leave_one_unbroken_chain() {
    let (hub, store) = hub().await;
    let saving = (0..8).map(|n| {
        let store = store.clone();
        tokio::spawn(async move {
            writer(&store)
                .save_refs(&refs(&[("main", &format!("head-{n}"))]), NOW)
                .await
                .unwrap()
        })
    });
    for saved in saving.collect::<Vec<_>>() {
        saved.await.unwrap();
    }
    let mut listing = hub.backend.list("refs/", None);
    let mut count = 0;
    while let Some(entry) = futures_util::StreamExt::next(&mut listing).await {
        entry.unwrap();
        count += 1;
    }
    assert_eq!(count, 8);
    assert_eq!(trusted(&store).await.1, Vec::<String>::new());
}

#[tokio::test]
async fn heads_are_read_from_rows_with_duplicates_and_nulls() {
    let (hub, store) = hub().await;
    let mut rows = vec![
        branch("main", "one"),
        branch("empty", ""),
        branch("b", "two"),
    ];
    rows.push(BranchRow {
        branch_id: "twin".into(),
        ..branch("main", "other")
    });
    hub.insert(crate::index::NewRows {
        branches: rows,
        ..Default::default()
    })
    .await;
    let refs = store.refs_of(REPO).await.unwrap().unwrap();
    let names: Vec<_> = refs
        .branches
        .iter()
        .map(|row| (row.name.as_str(), row.head_commit_id.as_deref()))
        .collect();
    assert_eq!(
        names,
        [
            ("b", Some("two")),
            ("empty", None),
            ("main", Some("one")),
            ("main", Some("other"))
        ]
    );
    assert!(refs.hold(&branch("main", "one")) && refs.hold(&branch("empty", "")));
    assert!(!refs.hold(&branch("main", "moved")) && !refs.hold(&branch("new", "one")));
    assert_eq!(store.refs_of("no such").await.unwrap(), None);
}

#[test]
fn hostile_text_comes_back_as_it_was() {
    let mut odd = refs(&[("a\u{202e}\0\n\"", "x"), ("ä/../..", "")]);
    odd.repo.description = "\u{7f}\u{1b}[31m".into();
    let made = Checkpoint {
        sequence: 1,
        previous: None,
        made_at: NOW.into(),
        refs: odd,
    };
    assert_eq!(Checkpoint::decode(&made.encode()).unwrap(), made);
    let bytes = String::from_utf8(made.encode()).unwrap();
    assert!(bytes.is_ascii());
    let twice = bytes.replace("\"version\":1", "\"version\":1,\"version\":1");
    assert!(Checkpoint::decode(twice.as_bytes()).is_err());
    assert!(
        Checkpoint::decode(bytes.replace("\"version\":1", "\"version\":2").as_bytes()).is_err()
    );
    assert!(Checkpoint::decode(&vec![b'['; 100_000]).is_err());
}

/// A store whose first read of each key has one bit wrong, at this byte.
struct FlipsOnce {
    inner: Arc<dyn Backend>,
    at: usize,
    read: Mutex<HashSet<String>>,
}

#[async_trait]
impl Backend for FlipsOnce {
    fn describe(&self) -> String {
        self.inner.describe()
    }

    fn uri_for(&self, key: &Key) -> String {
        self.inner.uri_for(key)
    }

    fn locate(&self, uri: &str) -> Result<Key, UriRefusal> {
        self.inner.locate(uri)
    }

    async fn open(&self, key: &Key) -> Result<Option<Body>, BackendError> {
        let body = self.inner.open(key).await?;
        if !self.read.lock().unwrap().insert(key.to_string()) {
            return Ok(body);
        }
        let Some(body) = body else { return Ok(None) };
        let meta = body.meta.clone();
        let mut bytes = body.read_all(1 << 20).await?.to_vec();
        bytes
            .get_mut(self.at)
            .into_iter()
            .for_each(|byte| *byte ^= 1);
        let stream = futures_util::stream::iter([Ok(bytes.into())]).boxed();
        Ok(Some(Body { meta, stream }))
    }

    async fn open_range(
        &self,
        key: &Key,
        offset: u64,
        length: u64,
    ) -> Result<Option<Body>, BackendError> {
        self.inner.open_range(key, offset, length).await
    }

    async fn head(&self, key: &Key) -> Result<Option<Meta>, BackendError> {
        self.inner.head(key).await
    }

    fn list<'a>(
        &'a self,
        prefix: &str,
        start_after: Option<&str>,
    ) -> BoxStream<'a, Result<Entry, BackendError>> {
        self.inner.list(prefix, start_after)
    }

    async fn now(&self) -> Result<Micros, BackendError> {
        self.inner.now().await
    }
}

#[tokio::test]
async fn a_byte_that_one_read_has_wrong_is_never_believed() {
    let (hub, store) = hub().await;
    chain(&store, &["one", "two", "three"]).await;
    let newest_key = layout::checkpoint_key(REPO, 3).unwrap();
    let bytes = hub.backend.open(&newest_key).await.unwrap().unwrap();
    let bytes = bytes.read_all(1 << 20).await.unwrap();
    let prefix = layout::checkpoint_prefix(REPO);
    for at in 0..bytes.len() {
        let backend = FlipsOnce {
            inner: hub.backend.clone(),
            at,
            read: Mutex::default(),
        };
        let newest = super::newest(&backend, &prefix).await.unwrap();
        let (_, found) = newest.sound.unwrap();
        assert_eq!(found.encode(), bytes, "byte {at}");
        assert_eq!(newest.passed, [], "byte {at}");
    }
}
