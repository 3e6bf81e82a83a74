//! What every object store has to do, whatever it is made of.

use super::{
    Backend, BackendError, BackendMut, Entry, Key, Put, Replaced, Replacement, UriRefusal,
};
use bytes::Bytes;
use futures_util::StreamExt;
use std::sync::Arc;

/// A store of its own for each test.
pub trait Fixture: Send + Sync {
    type Store: BackendMut + 'static;
    /// An empty store.
    fn empty() -> impl Future<Output = Self> + Send;
    fn store(&self) -> Arc<Self::Store>;
}

/// Expands to one test a case for one kind of store.
macro_rules! backend_suite {
    ($name:ident, $fixture:ty) => {
        mod $name {
            $crate::backend::suite::backend_cases! { $fixture;
                a_put_is_read_back_byte_by_byte,
                a_put_never_overwrites,
                a_replacement_takes_the_place_of_what_was_seen_only,
                of_many_racing_puts_one_stores,
                what_was_never_put_is_absent,
                a_listing_is_in_the_order_of_whole_keys,
                a_listing_goes_on_behind_any_key,
                a_listing_keeps_to_its_prefix,
                an_object_below_a_key_is_not_the_key,
                odd_names_are_kept_as_they_are,
                a_uri_leads_back_to_its_key,
                hostile_uris_are_refused_by_name,
                reading_holds_no_more_than_the_limit,
                a_part_is_exactly_the_bytes_that_were_asked_for,
            }
        }
    };
}
macro_rules! backend_cases {
    ($fixture:ty; $($case:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                $crate::backend::suite::$case::<$fixture>().await;
            }
        )*
    };
}
pub(crate) use {backend_cases, backend_suite};

/// Keys whose order is easily got wrong: `-`, `.` and `!` sort before the slash, `0` behind it.
const NASTY: [&str; 14] = [
    "a!",
    "a-b",
    "a.b/c",
    "a/b",
    "a/b-c/d",
    "a/b0/x",
    "a0",
    "ab/c",
    "objects/5a5a",
    "objects/sha256/5a/5a",
    "objects/sha256:5a5a",
    "z",
    "é",
    "\u{1f600}",
];

pub fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

async fn put(store: &impl BackendMut, keys: &[&str]) {
    for name in keys {
        let bytes = Bytes::copy_from_slice(name.as_bytes());
        assert_eq!(
            store.put_if_absent(&key(name), bytes).await.unwrap(),
            Put::Stored
        );
    }
}

pub async fn listed(store: &impl Backend, prefix: &str, after: Option<&str>) -> Vec<Entry> {
    let list: Vec<Result<Entry, BackendError>> = store.list(prefix, after).collect().await;
    list.into_iter()
        .map(Result::unwrap)
        // What a store keeps for itself is no object.
        .filter(|entry| !entry.key.starts_with("_luthier/"))
        .collect()
}

fn keys(list: &[Entry]) -> Vec<&str> {
    list.iter().map(|entry| entry.key.as_str()).collect()
}

fn sorted(mut keys: Vec<&str>) -> Vec<&str> {
    keys.sort_unstable();
    keys
}

pub async fn a_put_is_read_back_byte_by_byte<F: Fixture>() {
    let fixture = F::empty().await;
    let store = fixture.store();
    let whole: Vec<u8> = (0..3_000_000_u32).map(|n| ((n * 31) >> 3) as u8).collect();
    for (name, bytes) in [("big", &whole[..]), ("empty", &[]), ("one", &[0])] {
        let key = key(name);
        let put = store.put_if_absent(&key, Bytes::copy_from_slice(bytes));
        assert_eq!(put.await.unwrap(), Put::Stored);
        let meta = store.head(&key).await.unwrap().unwrap();
        assert_eq!(meta.size, bytes.len() as u64);
        assert!(meta.modified.is_some());
        let body = store.open(&key).await.unwrap().unwrap();
        assert_eq!(body.meta, meta);
        assert_eq!(body.read_all(4 << 20).await.unwrap(), bytes);
    }
}

pub async fn a_put_never_overwrites<F: Fixture>() {
    let fixture = F::empty().await;
    let store = fixture.store();
    put(&*store, &["objects/x"]).await;
    let at = key("objects/x");
    let again = store.put_if_absent(&at, Bytes::from_static(b"other"));
    assert_eq!(again.await.unwrap(), Put::AlreadyThere);
    let body = store.open(&key("objects/x")).await.unwrap().unwrap();
    assert_eq!(body.read_all(100).await.unwrap(), "objects/x");
    assert_eq!(keys(&listed(&*store, "", None).await), ["objects/x"]);
}

pub async fn a_replacement_takes_the_place_of_what_was_seen_only<F: Fixture>() {
    let fixture = F::empty().await;
    let store = fixture.store();
    // Where a server does not honour the condition, only what is read before it stands guard.
    let unguarded = !BackendMut::conditions(&*store).await.unwrap().if_match;
    let key = key("objects/bad");
    let bytes = Bytes::from_static;
    let replace = |seen: &'static [u8], new: &'static [u8]| {
        let (store, key) = (store.clone(), key.clone());
        async move {
            let seen = bytes(seen);
            let wanted = Replacement {
                key: &key,
                seen: &seen,
                bytes: bytes(new),
                unguarded,
            };
            store.replace(wanted).await
        }
    };
    assert_eq!(replace(b"bad", b"good").await.unwrap(), Replaced::Changed);
    assert!(
        store.head(&key).await.unwrap().is_none(),
        "nothing came to be"
    );
    store.put_if_absent(&key, bytes(b"bad")).await.unwrap();
    for other in [&b"bed"[..], b"bad!", b""] {
        assert_eq!(replace(other, b"good").await.unwrap(), Replaced::Changed);
    }
    assert_eq!(replace(b"bad", b"good").await.unwrap(), Replaced::Stored);
    let there = store.open(&key).await.unwrap().unwrap();
    assert_eq!(&there.read_all(100).await.unwrap()[..], b"good");
    assert_eq!(replace(b"bad", b"worse").await.unwrap(), Replaced::Changed);
    let there = store.open(&key).await.unwrap().unwrap();
    assert_eq!(&there.read_all(100).await.unwrap()[..], b"good");
}

pub async fn of_many_racing_puts_one_stores<F: Fixture>() {
    let fixture = F::empty().await;
    let store = fixture.store();
    let puts: Vec<_> = (0..32_u8)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                let bytes = Bytes::from(vec![n; 10_000]);
                store.put_if_absent(&key("deep/down/x"), bytes).await
            })
        })
        .collect();
    let mut winner = None;
    for (n, put) in puts.into_iter().enumerate() {
        if put.await.unwrap().unwrap() == Put::Stored {
            assert_eq!(winner.replace(n), None, "two puts say that they stored");
        }
    }
    let body = store.open(&key("deep/down/x")).await.unwrap().unwrap();
    let bytes = body.read_all(20_000).await.unwrap();
    assert_eq!(bytes, vec![winner.unwrap() as u8; 10_000]);
    assert_eq!(keys(&listed(&*store, "", None).await), ["deep/down/x"]);
}

pub async fn what_was_never_put_is_absent<F: Fixture>() {
    let fixture = F::empty().await;
    let store = fixture.store();
    put(&*store, &["a/b"]).await;
    for name in [
        "x",
        "a",
        "a/c",
        "a/b/c",
        "a/b/c/d",
        "A/b",
        &"n".repeat(1_000),
    ] {
        assert!(store.head(&key(name)).await.unwrap().is_none(), "{name}");
        assert!(store.open(&key(name)).await.unwrap().is_none(), "{name}");
    }
}

pub async fn a_listing_is_in_the_order_of_whole_keys<F: Fixture>() {
    let fixture = F::empty().await;
    let store = fixture.store();
    assert!(listed(&*store, "", None).await.is_empty());
    put(&*store, &NASTY).await;
    let list = listed(&*store, "", None).await;
    assert_eq!(keys(&list), sorted(NASTY.to_vec()));
    for entry in list {
        assert_eq!(entry.size, entry.key.len() as u64);
        assert!(entry.modified.is_some());
    }
}

pub async fn a_listing_goes_on_behind_any_key<F: Fixture>() {
    let fixture = F::empty().await;
    let store = fixture.store();
    put(&*store, &NASTY).await;
    let starts = [
        "",
        "a",
        "a-",
        "a/",
        "a/b",
        "a/b/",
        "a/b0",
        "objects",
        "zz",
        "\u{10ffff}",
    ];
    for after in NASTY.into_iter().chain(starts) {
        let behind = NASTY.into_iter().filter(|k| *k > after).collect();
        let list = listed(&*store, "", Some(after)).await;
        assert_eq!(keys(&list), sorted(behind), "behind {after:?}");
    }
}

pub async fn a_listing_keeps_to_its_prefix<F: Fixture>() {
    let fixture = F::empty().await;
    let store = fixture.store();
    put(&*store, &NASTY).await;
    for prefix in [
        "a",
        "a/",
        "a/b",
        "objects/sha256",
        "objects/sha256:",
        "é",
        "none/",
        "../",
    ] {
        let within: Vec<&str> = NASTY
            .into_iter()
            .filter(|k| k.starts_with(prefix))
            .collect();
        let list = listed(&*store, prefix, None).await;
        assert_eq!(keys(&list), sorted(within.clone()), "below {prefix:?}");
        let behind = within.into_iter().filter(|k| *k > "a/b").collect();
        let list = listed(&*store, prefix, Some("a/b")).await;
        assert_eq!(keys(&list), sorted(behind), "below {prefix:?} behind a/b");
    }
}

pub async fn an_object_below_a_key_is_not_the_key<F: Fixture>() {
    let fixture = F::empty().await;
    let store = fixture.store();
    put(&*store, &["a/b"]).await;
    // A folder cannot hold both, a bucket can; neither may say that `a` lies there already.
    let taken = store
        .put_if_absent(&key("a"), Bytes::from_static(b"a"))
        .await;
    assert!(!matches!(taken, Ok(Put::AlreadyThere)), "{taken:?}");
    let body = store.open(&key("a/b")).await.unwrap().unwrap();
    assert_eq!(body.read_all(10).await.unwrap(), "a/b");
}

pub async fn odd_names_are_kept_as_they_are<F: Fixture>() {
    let fixture = F::empty().await;
    let store = fixture.store();
    let odd = [
        " lead",
        "trail ",
        "%2e%2e",
        "~",
        "-rf",
        "*?[x]",
        "a b+c&d;e",
        "\u{202e}x",
        "con",
        "'\"`$",
        "e\u{301}",
        ".hidden",
        "...",
        ".luthier-x",
    ];
    put(&*store, &odd).await;
    assert_eq!(keys(&listed(&*store, "", None).await), sorted(odd.to_vec()));
    for name in odd {
        let body = store.open(&key(name)).await.unwrap().unwrap();
        assert_eq!(body.read_all(100).await.unwrap(), name.as_bytes());
    }
}

pub async fn a_uri_leads_back_to_its_key<F: Fixture>() {
    let fixture = F::empty().await;
    let store = fixture.store();
    for name in NASTY {
        let uri = store.uri_for(&key(name));
        assert_eq!(store.locate(&uri), Ok(key(name)), "{uri}");
    }
}

pub async fn hostile_uris_are_refused_by_name<F: Fixture>() {
    let fixture = F::empty().await;
    let store = fixture.store();
    assert_eq!(store.locate("mpack://x/y"), Err(UriRefusal::Pack));
    assert_eq!(store.locate("objects/x"), Err(UriRefusal::NoScheme));
    assert_eq!(
        store.locate("https://x/y"),
        Err(UriRefusal::ForeignScheme("https".into()))
    );
    let own = store.uri_for(&key("k"));
    let base = own.strip_suffix('k').unwrap();
    for rest in [
        "",
        "../x",
        "a/../../x",
        "a//b",
        "/etc/passwd",
        "a\0b",
        "a\\b",
        "./a",
        "a/.",
    ] {
        let refused = store.locate(&format!("{base}{rest}"));
        assert!(refused.is_err(), "{rest:?} became {refused:?}");
    }
}

pub async fn a_part_is_exactly_the_bytes_that_were_asked_for<F: Fixture>() {
    let fixture = F::empty().await;
    let store = fixture.store();
    let bytes: Vec<u8> = (0..=255).cycle().take(700_000).collect();
    let put = store.put_if_absent(&key("k"), bytes.clone().into()).await;
    assert_eq!(put.unwrap(), Put::Stored);
    for (offset, length) in [(0, 1), (699_999, 1), (0, 700_000), (300_001, 333_333)] {
        let part = store.open_range(&key("k"), offset, length).await.unwrap();
        let part = part.unwrap();
        assert_eq!(part.meta.size, length);
        let read = part.read_all(1 << 20).await.unwrap();
        assert_eq!(read, bytes[offset as usize..(offset + length) as usize]);
    }
    for (offset, length) in [(0, 700_001), (700_000, 1), (u64::MAX, 2)] {
        assert!(store.open_range(&key("k"), offset, length).await.is_err());
    }
    assert!(
        store
            .open_range(&key("none"), 0, 1)
            .await
            .unwrap()
            .is_none()
    );
}

pub async fn reading_holds_no_more_than_the_limit<F: Fixture>() {
    let fixture = F::empty().await;
    let store = fixture.store();
    put(&*store, &["four"]).await;
    let body = store.open(&key("four")).await.unwrap().unwrap();
    let refused = body.read_all(3).await;
    assert!(
        matches!(refused, Err(BackendError::TooLarge { size: 4, limit: 3 })),
        "{refused:?}"
    );
    assert!(store.now().await.unwrap() > 1_500_000_000_000_000);
}
