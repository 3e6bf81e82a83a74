//! What makes bytes no canonical object, each by its own name.

use super::frame::{decode, decode_json, encode, header};
use super::{FrameError, JsonError, Kind, RecordError};

fn refusal(bytes: &[u8]) -> FrameError {
    decode(bytes).expect_err("malformed")
}

fn payload_refusal(payload: &[u8]) -> FrameError {
    decode_json(&encode(Kind::Commit, payload), Kind::Commit).expect_err("malformed")
}

#[test]
fn a_header_states_kind_and_size() {
    assert_eq!(header(Kind::Snapshot, 0), b"snapshot 0\0");
    let bytes = encode(Kind::Blob, b"a\0b");
    assert_eq!(bytes, b"blob 3\0a\0b");
    let frame = decode(&bytes).expect("a frame");
    assert_eq!((frame.kind, frame.payload), (Kind::Blob, &b"a\0b"[..]));
    assert_eq!(frame.header_len, 7);
}

#[test]
fn bytes_without_a_nul_in_the_first_32_have_no_header() {
    assert_eq!(refusal(b""), FrameError::NoHeader);
    assert_eq!(refusal(b"blob 3"), FrameError::NoHeader);
    let mut late = vec![b'x'; 32];
    late.push(0);
    assert_eq!(refusal(&late), FrameError::NoHeader);
    late.remove(0);
    assert!(
        matches!(refusal(&late), FrameError::UnknownKind(_)),
        "the 32nd byte counts"
    );
}

#[test]
fn an_unknown_kind_is_named() {
    for word in ["", "tree", "Commit", "commits", "commit\t1"] {
        let bytes = format!("{word} 0\0");
        let named = word.split(' ').next().unwrap_or_default();
        assert_eq!(
            refusal(bytes.as_bytes()),
            FrameError::UnknownKind(named.into())
        );
    }
    assert_eq!(refusal(b"\0"), FrameError::UnknownKind(String::new()));
    assert!(matches!(
        refusal(b"\xff\xfe 0\0"),
        FrameError::UnknownKind(_)
    ));
}

#[test]
fn another_kind_than_asked_for_is_refused() {
    assert_eq!(
        decode_json(b"snapshot 2\0{}", Kind::Commit),
        Err(FrameError::OtherKind {
            expected: Kind::Commit,
            found: Kind::Snapshot
        })
    );
}

#[test]
fn a_malformed_size_is_refused() {
    for size in [
        "",
        "+2",
        "-2",
        "02",
        "00",
        "2 ",
        " 2",
        "2x",
        "0x2",
        "٢",
        "18446744073709551616",
        "99999999999999999999999",
    ] {
        let bytes = format!("blob {size}\0{{}}");
        assert_eq!(refusal(bytes.as_bytes()), FrameError::BadSize(size.into()));
    }
    assert_eq!(refusal(b"blob\0"), FrameError::BadSize(String::new()));
}

#[test]
fn a_size_that_is_not_the_payloads_is_refused() {
    for (announced, payload) in [(0, "x"), (3, "ab"), (1, "ab"), (u64::MAX, "")] {
        let bytes = format!("blob {announced}\0{payload}");
        let found = payload.len() as u64;
        assert_eq!(
            refusal(bytes.as_bytes()),
            FrameError::WrongSize { announced, found }
        );
    }
}

#[test]
fn a_payload_over_256_mib_is_refused() {
    let size = super::MAX_PAYLOAD as u64 + 1;
    let mut bytes = header(Kind::Blob, size);
    bytes.resize(bytes.len() + size as usize, 0);
    assert_eq!(refusal(&bytes), FrameError::TooLarge(size));
}

#[test]
fn a_payload_that_is_not_one_json_object_is_refused() {
    for (payload, found) in [
        ("[]", "a list"),
        ("null", "null"),
        ("1", "a number"),
        ("\"{}\"", "a string"),
        ("true", "a boolean"),
    ] {
        let error = payload_refusal(payload.as_bytes());
        assert_eq!(error, FrameError::NotAnObject(found));
    }
    for payload in ["", "{", "{}{}", "{} x"] {
        let error = payload_refusal(payload.as_bytes());
        assert!(
            matches!(error, FrameError::Json(JsonError::Syntax(_))),
            "{payload}"
        );
    }
}

#[test]
fn what_json_refuses_keeps_its_name_in_a_frame() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(128), "]".repeat(128));
    assert_eq!(
        payload_refusal(b"{\"\xff\":1}"),
        JsonError::NotUtf8 { at: 2 }.into()
    );
    assert_eq!(
        payload_refusal(deep.as_bytes()),
        JsonError::TooDeep { at: 132 }.into()
    );
    let twice = JsonError::DuplicateKey { key: "a".into() };
    assert_eq!(payload_refusal(b"{\"a\":1,\"a\":1}"), twice.into());
}

#[test]
fn a_frame_whose_json_is_no_record_says_which_key_is_missing() {
    let error = super::CommitRecord::decode(&encode(Kind::Commit, b"{}"));
    let missing = RecordError::Missing("commit_id");
    assert_eq!(error, Err(FrameError::Record(missing)));
    let error = super::SnapshotRecord::decode(&encode(Kind::Snapshot, b"{}"));
    let missing = RecordError::Missing("snapshot_id");
    assert_eq!(error, Err(FrameError::Record(missing)));
}
