//! A listing is whole and in order, or an error.

use super::S3;
use super::client::Timeouts;
use super::tests::{BUCKET, hasty, open, open_at, place};
use crate::access::Access;
use crate::backend::{Backend, Entry};
use futures_util::StreamExt;
use luthier_testing::s3::{Fault, Lacks, Op, Quirk, Server};
use std::collections::BTreeSet;

async fn listed(store: &S3, prefix: &str, after: Option<&str>) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    let mut list = store.list(prefix, after);
    while let Some(entry) = list.next().await {
        match entry {
            Ok(Entry { key, .. }) => out.push(key),
            Err(error) => {
                assert!(list.next().await.is_none(), "an error ends it");
                return Err(error.to_string());
            }
        }
    }
    Ok(out)
}

fn server_with<'a>(keys: impl IntoIterator<Item = &'a str>) -> Server {
    let server = Server::start(&[BUCKET]);
    for key in keys {
        server.plant(BUCKET, key, key.as_bytes());
    }
    server
}

#[tokio::test]
async fn a_listing_that_cannot_be_trusted_is_an_error() {
    for (quirk, says) in [
        (Quirk::Swap, "the server lists `a` after `b`"),
        (Quirk::Repeat, "the server lists `d` after `d`"),
        (Quirk::NoToken, "does not say how it goes on"),
        (Quirk::SameToken, "does not say how it goes on"),
        (Quirk::Empty, "empty pages without end"),
        (
            Quirk::Stranger,
            "the server lists `stranger` outside of what was asked for",
        ),
    ] {
        let server = server_with(["p/a", "p/b", "p/c", "p/d", "p/e", "p/f"]);
        let store = open(&server).await;
        assert_eq!(listed(&store, "p/", None).await.unwrap().len(), 6);
        server.set_quirk(quirk);
        let error = listed(&store, "p/", None)
            .await
            .unwrap_err()
            .replace("p/", "");
        assert!(error.contains(says), "{quirk:?}: {error}");
        assert!(error.contains("nothing is concluded from it"), "{error}");
    }
}

#[tokio::test]
async fn hostile_keys_are_listed_as_they_are() {
    let keys = [
        "\u{1}\u{1b}[31m",
        "%2F",
        "+ +",
        "../../etc/passwd",
        "/etc",
        "a//b",
        "a/./b",
        "back\\slash",
        "dir/",
        "new\nline",
        "nul\0",
        "<key>&amp;",
        "\u{202e}gnp",
    ];
    for quirk in [None, Some(Quirk::Folders)] {
        let server = server_with(keys);
        quirk.into_iter().for_each(|quirk| server.set_quirk(quirk));
        let store = open(&server).await;
        let sorted: BTreeSet<String> = keys.into_iter().map(str::to_owned).collect();
        let sorted: Vec<String> = sorted.into_iter().collect();
        assert_eq!(listed(&store, "", None).await.unwrap(), sorted, "{quirk:?}");
    }
}

#[tokio::test]
async fn a_server_that_ignores_the_encoding_is_understood() {
    let server = server_with(["a+b", "a%20b", "é"]);
    server.set_quirk(Quirk::Plain);
    let store = open(&server).await;
    assert_eq!(
        listed(&store, "", None).await.unwrap(),
        ["a%20b", "a+b", "é"]
    );
}

#[tokio::test]
async fn a_prefix_is_neither_listed_nor_left() {
    let server = server_with(["in", "in/", "in/a", "in/b/", "in/b/c", "in0", "inn/a"]);
    for quirk in [None, Some(Quirk::Folders)] {
        quirk.into_iter().for_each(|quirk| server.set_quirk(quirk));
        let mut place = place(&server);
        place.prefix = "in/".into();
        let store = open_at(&place, Access::Read, hasty()).await.unwrap();
        assert_eq!(listed(&store, "", None).await.unwrap(), ["a", "b/", "b/c"]);
        assert_eq!(listed(&store, "b", Some("b/")).await.unwrap(), ["b/c"]);
    }
}

#[tokio::test]
async fn a_listing_of_many_pages_is_whole() {
    let keys: Vec<String> = (0..2_500)
        .map(|n| format!("o/{:02}/{n:05}", n % 7))
        .collect();
    let server = server_with(keys.iter().map(String::as_str));
    let store = open_at(&place(&server), Access::Read, Timeouts::default())
        .await
        .unwrap();
    let before = server.count(Op::List);
    let list = listed(&store, "", None).await.unwrap();
    assert_eq!(
        list,
        keys.into_iter()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    );
    assert_eq!(
        server.count(Op::List) - before,
        4,
        "three pages and the order"
    );
}

/// Three folders of more names than the usual page has, on a server that orders by folders; names on its pages.
fn three_large_folders(page: usize) -> (Server, Vec<String>) {
    let keys: BTreeSet<String> = (0..3_600).map(|n| format!("o/{}/{n:05}", n % 3)).collect();
    let server = server_with(keys.iter().map(String::as_str));
    server.set_quirk(Quirk::Folders);
    server.set_page(page);
    (server, keys.into_iter().collect())
}

#[tokio::test]
async fn a_large_folder_is_one_page_where_the_server_allows_it() {
    for (page, refuses, requests) in [
        (10_000, None, 7),
        // None of its pages is larger: two a folder.
        (1_000, None, 10),
        // The refused request is one more, and from there on it is two a folder.
        (10_000, Some("o/1/"), 10),
    ] {
        let (server, keys) = three_large_folders(page);
        let store = open_at(&place(&server), Access::Read, Timeouts::default())
            .await
            .unwrap();
        if let Some(folder) = refuses {
            server.fail(Op::List, folder, Fault::Code("InvalidArgument"), 1);
        }
        let before = server.count(Op::List);
        assert_eq!(listed(&store, "", None).await.unwrap(), keys);
        assert_eq!(
            server.count(Op::List) - before,
            requests,
            "{page} {refuses:?}"
        );
    }
}

#[tokio::test]
async fn a_folder_of_just_the_usual_number_is_asked_for_again_and_the_next_one_is_one_page() {
    let of = |folder: u8, count: u16| (0..count).map(move |n| format!("o/{folder}/{n:05}"));
    let keys: Vec<String> = of(0, 1_000).chain(of(1, 1_200)).collect();
    let server = server_with(keys.iter().map(String::as_str));
    server.set_quirk(Quirk::Folders);
    server.set_page(10_000);
    let store = open_at(&place(&server), Access::Read, Timeouts::default())
        .await
        .unwrap();
    let before = server.count(Op::List);
    assert_eq!(listed(&store, "", None).await.unwrap(), keys);
    assert_eq!(server.count(Op::List) - before, 7);
}

#[tokio::test]
async fn a_wide_page_that_may_be_cut_is_not_the_end() {
    let (server, keys) = three_large_folders(1_000);
    server.set_lacks(Lacks {
        wide_pages: true,
        ..Lacks::default()
    });
    let store = open_at(&place(&server), Access::Read, Timeouts::default())
        .await
        .unwrap();
    assert_eq!(listed(&store, "", None).await.unwrap(), keys);
}

#[tokio::test]
async fn what_was_not_asked_for_stays_out_when_the_order_turns_out_late() {
    let server = server_with(["0", "1", "2", "3", "4", "5/x", "5!"]);
    server.set_quirk(Quirk::Folders);
    let store = open(&server).await;
    let list = listed(&store, "", Some("4a")).await.unwrap();
    assert_eq!(list, ["5!", "5/x"]);
}

/// Any keys, any prefix, any start, any page: what is listed is what a sorted set holds.
#[tokio::test]
async fn any_listing_is_that_of_a_sorted_set() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut word = |most: usize| -> String {
        let alphabet = ['a', 'b', '-', '.', '/', '!', '0', '+', 'é'];
        let count = random.usize(0..=most);
        (0..count)
            .map(|_| alphabet[random.usize(..alphabet.len())])
            .collect()
    };
    for round in 0..40 {
        let mut keys: BTreeSet<String> = (0..round).map(|_| word(6)).collect();
        keys.remove("");
        let server = server_with(keys.iter().map(String::as_str));
        if round % 2 == 0 {
            server.set_quirk(Quirk::Folders);
        }
        let timeouts = Timeouts {
            page: 1 + round % 5,
            folder_page: 1 + round % 7,
            ..hasty()
        };
        let store = open_at(&place(&server), Access::Read, timeouts)
            .await
            .unwrap();
        for ask in 0..8 {
            let (prefix, after) = (word(2), Some(word(4)).filter(|_| ask % 2 == 1));
            let wanted: Vec<&String> = keys
                .iter()
                .filter(|key| key.starts_with(&prefix))
                .filter(|key| after.as_ref().is_none_or(|after| *key > after))
                .collect();
            let list = listed(&store, &prefix, after.as_deref()).await.unwrap();
            assert!(
                list.iter().eq(wanted.iter().copied()),
                "round {round}, below {prefix:?}, behind {after:?}: {list:?}, not {wanted:?}"
            );
        }
    }
}
