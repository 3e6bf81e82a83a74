//! What makes a cached manifest or delta unreadable, each by its own name.

use super::manifest::MAX_ENTRIES;
use super::manifest::msgpack::value;
use super::{Delta, Encoding, JsonError, Manifest, ManifestError, RecordError};
use rmp_serde::to_vec;
use serde_json::json;

fn refusal(bytes: &[u8]) -> ManifestError {
    Manifest::decode(bytes).expect_err("refused")
}

/// msgpack's spelling of a text shorter than 32 bytes.
fn short(text: &str) -> Vec<u8> {
    let mut out = vec![0xa0 | text.len() as u8];
    out.extend_from_slice(text.as_bytes());
    out
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

#[test]
fn a_path_that_stands_twice_is_refused_and_named() {
    let pair = join(&[&short("a"), &short("1")]);
    let bytes = join(&[&[0x82], &pair, &pair]);
    assert_eq!(refusal(&bytes), ManifestError::DuplicatePath("a".into()));
    let twice = JsonError::DuplicateKey { key: "a".into() };
    assert_eq!(refusal(br#"{"a":"1","a":"2"}"#), twice.clone().into());
    assert_eq!(value(&bytes), Err(twice.into()));
}

#[test]
fn bytes_behind_the_map_are_counted_and_refused() {
    assert_eq!(refusal(&[0x80, 0, 0]), ManifestError::TrailingBytes(2));
    assert_eq!(value(&[0x80, 0x80]), Err(ManifestError::TrailingBytes(1)));
    assert_eq!(
        Manifest::decode(&[0x80]),
        Ok((Manifest::new(), Encoding::Msgpack))
    );
}

#[test]
fn an_encoding_is_known_by_its_first_byte_or_refused() {
    assert_eq!(refusal(b""), ManifestError::UnknownEncoding(None));
    for first in [b'[', b' ', b'"', 0x90, 0xdc, 0xc0, 0x01, 0x28] {
        let bytes = [first, 0x80];
        assert_eq!(refusal(&bytes), ManifestError::UnknownEncoding(Some(first)));
    }
    assert_eq!(
        ManifestError::UnknownEncoding(Some(0x0a)).to_string(),
        "the first byte is 0x0a: neither JSON nor a msgpack map"
    );
    assert_eq!(
        ManifestError::UnknownEncoding(None).to_string(),
        "no bytes: neither JSON nor a msgpack map"
    );
}

#[test]
fn a_length_that_lies_allocates_nothing_and_is_refused() {
    for bytes in [
        &[0xdf, 0xff, 0xff, 0xff, 0xff][..], // a map of 4 G entries
        &[0x81, 0xdb, 0xff, 0xff, 0xff, 0xff, b'a'], // a path of 4 GiB
        &[0x81, 0xc6, 0xff, 0xff, 0xff, 0xff, b'a'], // the same as bytes
        &[0x81, 0xa1, b'a', 0xdb, 0xff, 0xff, 0xff, 0xff], // a blob id of 4 GiB
        &[0xde, 0xff, 0xff, 0xa1, b'a', 0xa1, b'1'], // a map of 65,535 entries
        &[0x81],                             // a map that ends
    ] {
        assert!(
            matches!(refusal(bytes), ManifestError::Msgpack(_)),
            "{bytes:x?}"
        );
    }
    let list = [0x81, 0xa1, b'a', 0xdd, 0xff, 0xff, 0xff, 0xff];
    assert!(matches!(value(&list), Err(ManifestError::Msgpack(_))));
}

#[test]
fn a_manifest_holds_texts_and_nothing_else() {
    for bytes in [
        &[0x81, 0xa1, b'a', 0x01][..],   // an integer for a blob id
        &[0x81, 0x01, 0xa1, b'1'],       // an integer for a path
        &[0x81, 0xa1, b'a', 0x80],       // a map for a blob id
        &[0x81, 0xa1, 0xff, 0xa1, b'1'], // a path that is not UTF-8
    ] {
        assert!(
            matches!(refusal(bytes), ManifestError::Msgpack(_)),
            "{bytes:x?}"
        );
    }
    assert!(matches!(
        refusal(br#"{"a":1}"#),
        ManifestError::Record(RecordError::Type { .. })
    ));
}

#[test]
fn nesting_is_read_to_128_and_refused_at_129() {
    let nested = |depth: usize| [vec![0x91; depth], vec![0xc0]].concat();
    assert!(value(&nested(128)).is_ok());
    for depth in [129, 1_000, 100_000] {
        assert!(
            matches!(value(&nested(depth)), Err(ManifestError::Msgpack(_))),
            "{depth}"
        );
    }
}

#[test]
fn a_million_entries_are_read_and_one_more_is_refused() {
    let (mut packed, mut json) = (vec![0xdf, 0, 0, 0, 0], b"{".to_vec());
    let mut fits = 0;
    for n in 0..=MAX_ENTRIES as u32 {
        fits = packed.len();
        packed.extend([0xa6, b'0' + (n / 100_000 % 16) as u8]);
        packed.extend_from_slice(format!("{:05}", n % 100_000).as_bytes());
        packed.push(0xa0);
        json.extend_from_slice(format!("\"{n}\":\"\",").as_bytes());
    }
    let mut read = |count: usize, end: usize| {
        packed[1..5].copy_from_slice(&(count as u32).to_be_bytes());
        Manifest::decode(&packed[..end]).map(|(tree, _)| tree.len())
    };
    let too_many = Err(ManifestError::TooManyEntries);
    assert_eq!(read(MAX_ENTRIES, fits), Ok(MAX_ENTRIES));
    assert_eq!(read(MAX_ENTRIES + 1, fits + 8), too_many);
    json.pop();
    json.push(b'}');
    assert_eq!(
        Manifest::decode(&json).map(|(tree, _)| tree.len()),
        too_many
    );
}

#[test]
fn a_value_of_too_many_parts_is_refused() {
    let count = super::json::MAX_VALUES as u32;
    let mut bytes = vec![0xdd];
    bytes.extend(count.to_be_bytes());
    bytes.resize(bytes.len() + count as usize, 0xc0);
    assert_eq!(value(&bytes), Err(JsonError::TooManyValues.into()));
}

#[test]
fn what_json_cannot_say_is_refused_in_msgpack_too() {
    let nan = [&[0x81, 0xa1, b'a', 0xcb][..], &f64::NAN.to_be_bytes()].concat();
    let refused = Err(JsonError::NotFinite("NaN".into()).into());
    assert_eq!(value(&nan), refused, "and not made null");
    for bytes in [
        &[0xc4, 0x01, 0x00][..],
        &[0xd4, 0x01, 0x00],
        &[0x81, 0x01, 0x01],
        &[0xc1],
    ] {
        assert!(
            matches!(value(bytes), Err(ManifestError::Msgpack(_))),
            "{bytes:x?}"
        );
    }
}

#[test]
fn a_delta_is_read_under_both_names_of_its_keys() {
    let long = json!({"delta_add": {"a": "1"}, "delta_remove": ["b", "b"], "other": [{"x": null}]});
    let brief = json!({"add": {"a": "1"}, "remove": ["b"]});
    let delta = Delta::decode(&to_vec(&long).expect("msgpack")).expect("a delta");
    assert_eq!(
        Delta::decode(&to_vec(&brief).expect("msgpack")),
        Ok(delta.clone())
    );
    let mut tree: Manifest = [("b".to_owned(), "2".into()), ("c".to_owned(), "3".into())]
        .into_iter()
        .collect();
    tree.apply(&delta);
    assert_eq!(tree.to_value(), json!({"a": "1", "c": "3"}));
}

#[test]
fn half_a_delta_is_a_delta_and_a_map_without_either_half_is_none() {
    let only = to_vec(&json!({"delta_remove": ["b"]})).expect("msgpack");
    assert_eq!(Delta::decode(&only).map(|delta| delta.add.len()), Ok(0));
    let missing = ManifestError::Record(RecordError::Missing("delta_add"));
    for none in [json!({}), json!({"a": "1"})] {
        let bytes = to_vec(&none).expect("msgpack");
        assert_eq!(Delta::decode(&bytes), Err(missing.clone()), "{none}");
    }
}

#[test]
fn what_is_no_delta_is_refused() {
    let refusal = |bytes: &[u8]| Delta::decode(bytes).expect_err("refused");
    assert_eq!(refusal(b""), ManifestError::UnknownEncoding(None));
    assert_eq!(refusal(b"{}"), ManifestError::UnknownEncoding(Some(b'{')));
    // serde would read a struct from a list, and from a map of indices.
    assert_eq!(
        refusal(&[0x92, 0x80, 0x90]),
        ManifestError::UnknownEncoding(Some(0x92))
    );
    assert!(matches!(
        refusal(&[0x81, 0x00, 0x80]),
        ManifestError::Msgpack(_)
    ));
    let add = join(&[&short("add"), &[0x80]]);
    let both = join(&[&[0x82], &add, &short("delta_add"), &[0x80]]);
    let twice = |key: &str| ManifestError::Json(JsonError::DuplicateKey { key: key.into() });
    assert_eq!(refusal(&both), twice("delta_add"));
    assert_eq!(refusal(&join(&[&[0x82], &add, &add])), twice("add"));
    let pair = join(&[&short("p"), &short("1")]);
    let path_twice = join(&[&[0x81], &short("add"), &[0x82], &pair, &pair]);
    assert_eq!(
        refusal(&path_twice),
        ManifestError::DuplicatePath("p".into())
    );
    assert_eq!(
        refusal(&join(&[&[0x81], &add, &[0]])),
        ManifestError::TrailingBytes(1)
    );
    let numbers = join(&[&[0x81], &short("remove"), &[0x91, 0x01]]);
    assert!(matches!(refusal(&numbers), ManifestError::Msgpack(_)));
}
