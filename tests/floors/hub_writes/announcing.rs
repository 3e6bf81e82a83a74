//! Every write site announces what it is about to write, and writes nothing where it cannot.

use super::pushing::row_of;
use super::*;
use async_trait::async_trait;
use luthier_hub::cause::Cause;
use std::sync::Mutex;

sites! {
    nothing_is_written_that_cannot_be_announced,
    each_write_is_announced_before_it_is_made,
}

/// A journal on a full disk.
struct Full;

#[async_trait]
impl HubLedger for Full {
    async fn announce(&self, _: &HubWrite) -> Result<String, Cause> {
        Err("no space left".into())
    }

    async fn end(&self, _: &str, _: &HubWrite, _: &WriteEnd) -> Result<(), Cause> {
        panic!("what was not announced does not end")
    }
}

async fn nothing_is_written_that_cannot_be_announced(pair: Pair) {
    let (pair, first) = pair.with_repo().await;
    pair.fork("dev", &first).await;
    let (writer, by) = (pair.writer(), said("dev"));
    let files = puts(&[("n", "dev")]);
    let dev = ("dev", "b-dev");
    let added = writer.commit_files("r1", dev, Some(&first), files, &by);
    added.await.unwrap();
    pair.propose("p1", "dev", "main").await;
    let repo = pair.store.index().repo_by_id("r1").await.unwrap().unwrap();
    let before = pair.state().await;
    let writer = pair.store.writer(&Authority::granted()).unwrap();
    let writer = writer.hub_writer(Arc::new(Full));
    let blob = arrived("song", "la la la");
    let blobs = Arrivals {
        blobs: vec![blob.clone()],
        ..Arrivals::default()
    };
    let other = NewRepo {
        repo_id: "r2".into(),
        slug: "other".into(),
        branch_id: "b-other".into(),
        ..song()
    };
    let files = puts(&[("n", "main")]);
    let main = ("main", "b-main");
    for refused in [
        writer.init_repo(&other, &said("init")).await.map(drop),
        writer
            .commit_files("r1", main, Some(&first), files, &said("more"))
            .await
            .map(drop),
        writer.receive_push("r1", row_of(2, &first)).await.map(drop),
        writer.sync("r1", blobs).await.map(drop),
        writer.stage(&repo, vec![blob]).await.map(drop),
        writer.merge_proposal("p1", &said("merge")).await.map(drop),
        writer.mark_deleted("r1").await,
    ] {
        let error = refused.unwrap_err().to_string();
        assert!(error.contains("no space left"), "{error}");
    }
    assert_eq!(pair.state().await, before);
    assert_eq!(head(&pair, "main").await.as_deref(), Some(first.as_str()));
}

/// Keeps what was announced, with the objects that were there at that time, and its end.
struct Kept {
    store: Store,
    lines: Mutex<Vec<(Site, usize, Option<WriteEnd>)>>,
}

#[async_trait]
impl HubLedger for Kept {
    async fn announce(&self, write: &HubWrite) -> Result<String, Cause> {
        use futures_util::TryStreamExt;
        let keys: Vec<_> = self
            .store
            .backend()
            .list("", None)
            .try_collect()
            .await
            .unwrap();
        let mut lines = self.lines.lock().unwrap();
        lines.push((write.site, keys.len(), None));
        Ok((lines.len() - 1).to_string())
    }

    async fn end(&self, name: &str, _: &HubWrite, end: &WriteEnd) -> Result<(), Cause> {
        let at: usize = name.parse().unwrap();
        self.lines.lock().unwrap()[at].2 = Some(end.clone());
        Ok(())
    }
}

async fn each_write_is_announced_before_it_is_made(pair: Pair) {
    let kept = Arc::new(Kept {
        store: pair.store.clone(),
        lines: Mutex::default(),
    });
    let writer = pair.store.writer(&Authority::granted()).unwrap();
    let writer = writer.hub_writer(kept.clone());
    let made = writer.init_repo(&song(), &said("init")).await.unwrap();
    let first = made.head.unwrap();
    let push = || row_of(2, &first);
    writer.receive_push("r1", push()).await.unwrap();
    // A head that somebody else has moved is refused before anything is announced.
    let stale = Push {
        head: first.clone(),
        commits: vec![],
        snapshots: vec![],
        blobs: vec![],
        ..push()
    };
    writer.receive_push("r1", stale).await.unwrap_err();
    writer.mark_deleted("r1").await.unwrap();
    writer.mark_deleted("r1").await.unwrap_err();
    let lines = kept.lines.lock().unwrap();
    let sites: Vec<Site> = lines.iter().map(|line| line.0).collect();
    assert_eq!(sites, [Site::Init, Site::Push, Site::Delete]);
    assert_eq!(lines[0].1, 0, "nothing was stored yet");
    let stored = |at: usize| match &lines[at].2 {
        Some(WriteEnd::Written { stored }) => *stored,
        other => panic!("{other:?}"),
    };
    assert!(
        stored(0) == 2 && stored(1) >= 4 && stored(2) == 0,
        "{lines:?}"
    );
    assert!(lines[1].1 >= 2 && lines[2].1 > lines[1].1, "{lines:?}");
}
