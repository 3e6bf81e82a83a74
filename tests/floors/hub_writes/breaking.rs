//! A store that dies between any two steps of a write site leaves no row that points at nothing.

use super::pushing::row_of;
use super::*;
use luthier_hub::testing::dying::dying;

sites! {
    a_store_that_dies_at_any_step_leaves_no_row_that_points_at_nothing,
}

async fn a_store_that_dies_at_any_step_leaves_no_row_that_points_at_nothing(pair: Pair) {
    let (pair, first) = pair.with_repo().await;
    pair.fork("dev", &first).await;
    let mut dev = first.clone();
    let mut main = first;
    let mut died = 0;
    for steps in 0..40 {
        let writer = dying(&pair.store, steps);
        let text = steps.to_string();
        // Each site in turn; where it dies, what was there before must still be all there is.
        let files = writer
            .commit_files(
                "r1",
                ("dev", "b-dev"),
                Some(&dev),
                puts(&[("n", &text)]),
                &said(&text),
            )
            .await;
        match files {
            Ok(done) => dev = done.head.unwrap(),
            Err(_) => died += 1,
        }
        let push = row_of(2, &main);
        match dying(&pair.store, steps).receive_push("r1", push).await {
            Ok(done) => main = done.head.unwrap(),
            Err(_) => died += 1,
        }
        let id = format!("p{steps}");
        pair.propose(&id, "dev", "main").await;
        match dying(&pair.store, steps)
            .merge_proposal(&id, &said(&id))
            .await
        {
            Ok(merge) => main = merge.commit,
            Err(_) => died += 1,
        }
        let repo = NewRepo {
            repo_id: format!("r-{steps}"),
            slug: format!("s-{steps}"),
            branch_id: format!("b-{steps}"),
            ..song()
        };
        died += usize::from(
            dying(&pair.store, steps)
                .init_repo(&repo, &said("init"))
                .await
                .is_err(),
        );
        assert_eq!(head(&pair, "main").await.as_deref(), Some(main.as_str()));
        assert_eq!(head(&pair, "dev").await.as_deref(), Some(dev.as_str()));
        if steps % 8 == 7 {
            let codes: BTreeSet<&str> = pair.codes().await.into_iter().collect();
            let harmless = BTreeSet::from(["object-orphan", "refs-unsaved"]);
            assert!(codes.is_subset(&harmless), "{steps}: {codes:?}");
        }
    }
    assert!(died > 20, "{died} deaths");
    pair.serves_canonical_bytes().await;
}
