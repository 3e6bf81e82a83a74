//! Where a stream of pages goes on, and where it ends.

use super::*;
use futures_util::TryStreamExt;
use std::sync::{Arc, Mutex};

type Answer = Result<Page<u32>, IndexError>;

/// The pages that these answers make, and what was asked for each.
async fn streamed(answers: Vec<Answer>) -> (Vec<Vec<u32>>, Option<IndexError>, Vec<Option<u32>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (answers, noted) = (Mutex::new(answers.into_iter()), asked.clone());
    let mut stream = pages(u32::clone, move |after| {
        noted.lock().unwrap().push(after);
        let answer = answers.lock().unwrap().next().unwrap();
        Box::pin(async move { answer })
    });
    let mut out = Vec::new();
    let error = loop {
        match stream.try_next().await {
            Ok(Some(rows)) => out.push(rows),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    drop(stream);
    (
        out,
        error,
        Arc::into_inner(asked).unwrap().into_inner().unwrap(),
    )
}

fn page(rows: &[u32], end: bool) -> Answer {
    let rows = rows.to_vec();
    Ok(Page { rows, end })
}

#[tokio::test]
async fn each_page_is_asked_for_behind_the_last_row() {
    let answers = vec![page(&[1, 2], false), page(&[3], false), page(&[4], true)];
    let (pages, error, asked) = streamed(answers).await;
    assert_eq!(pages, [vec![1, 2], vec![3], vec![4]]);
    assert!(error.is_none());
    assert_eq!(asked, [None, Some(2), Some(3)]);
}

#[tokio::test]
async fn an_empty_page_is_not_the_end_unless_it_says_so() {
    let answers = vec![page(&[1], false), page(&[], false), page(&[2], true)];
    let (pages, _, asked) = streamed(answers).await;
    assert_eq!(pages.concat(), [1, 2]);
    assert_eq!(asked, [None, Some(1), Some(1)]);
    let (pages, _, asked) = streamed(vec![page(&[], true)]).await;
    assert_eq!((pages.concat(), asked.len()), (vec![], 1));
}

#[tokio::test]
async fn an_error_ends_it_after_what_came() {
    let broken = IndexError::ReadOnly;
    let (pages, error, _) = streamed(vec![page(&[1], false), Err(broken)]).await;
    assert_eq!(pages, [vec![1]]);
    assert!(error.is_some());
}
