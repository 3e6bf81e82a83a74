//! What old code left behind is found again, and a bomb is not unpacked.

use super::legacy::{Wrapping, unwrap_blob, unwrap_record};
use super::{Kind, MAX_PAYLOAD, frame};
use serde_json::{Map, Value, json};
use std::io::Write;

fn record() -> Map<String, Value> {
    let record = json!({"commit_id": "c", "message": "é", "n": [1, -2, 1.5, null, {"a": true}]});
    record.as_object().expect("an object").clone()
}

fn bare() -> Vec<u8> {
    serde_json::to_vec(&record()).expect("JSON")
}

fn framed() -> Vec<u8> {
    frame::encode(Kind::Commit, &bare())
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).expect("in memory");
    out.finish().expect("in memory")
}

fn two_byte(bytes: &[u8]) -> Vec<u8> {
    [&[1, 1], bytes].concat()
}

/// So many MiB of zeros and `end`; made of one block, because to compress them all takes long.
fn zlib_bomb(mib: usize, end: &[u8]) -> Vec<u8> {
    let mut one = flate2::Compress::new(flate2::Compression::best(), false);
    let mut block = Vec::with_capacity(1 << 16);
    one.compress_vec(&vec![0; 1 << 20], &mut block, flate2::FlushCompress::Full)
        .expect("in memory");
    let mut last = Vec::with_capacity(1 << 10);
    flate2::Compress::new(flate2::Compression::best(), false)
        .compress_vec(end, &mut last, flate2::FlushCompress::Finish)
        .expect("in memory");
    // Adler-32, to which a zero adds nothing but the sum so far.
    let low = 1 + end.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    let high = (mib << 20) as u32 % 65_521 + low * end.len() as u32;
    let sum = ((high % 65_521) << 16 | low).to_be_bytes();
    [&[0x78, 0xda], &block.repeat(mib)[..], &last, &sum].concat()
}

/// The header of one block: its length, its kind (0 raw, 1 a repeated byte), whether it is the last.
fn zstd_block(length: usize, kind: u32, last: bool) -> [u8; 3] {
    let header = ((length as u32) << 3) | (kind << 1) | u32::from(last);
    let [a, b, c, _] = header.to_le_bytes();
    [a, b, c]
}

/// A frame by hand: a window of 1 KiB times two to the `window`, and raw blocks.
fn zstd(bytes: &[u8], window: u8) -> Vec<u8> {
    let mut out = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, window << 3];
    for part in bytes.chunks(1 << 17) {
        out.extend(zstd_block(part.len(), 0, false));
        out.extend_from_slice(part);
    }
    out.extend(zstd_block(0, 0, true));
    out
}

/// A few bytes for each 128 KiB of zeros.
fn zstd_bomb(blocks: usize, window: u8) -> Vec<u8> {
    let mut out = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, window << 3];
    for n in 1..=blocks {
        out.extend(zstd_block(1 << 17, 1, n == blocks));
        out.push(0);
    }
    out
}

fn layers(bytes: &[u8]) -> Option<Vec<Wrapping>> {
    let found = unwrap_record(bytes, Kind::Commit)?;
    assert_eq!(found.content, record());
    Some(found.layers)
}

#[test]
fn a_record_is_found_in_each_wrapping() {
    use Wrapping::{BareJson, Msgpack, TwoByteHeader, Zlib, Zstd};
    let packed = rmp_serde::to_vec(&record()).expect("msgpack");
    for (bytes, expected) in [
        (bare(), vec![BareJson]),
        ([b" \n", &bare()[..]].concat(), vec![BareJson]),
        (packed.clone(), vec![Msgpack]),
        (zlib(&framed()), vec![Zlib]),
        (zlib(&bare()), vec![Zlib, BareJson]),
        (zlib(&packed), vec![Zlib, Msgpack]),
        (zstd(&framed(), 10), vec![Zstd]),
        (zstd(&packed, 10), vec![Zstd, Msgpack]),
        (two_byte(&bare()), vec![TwoByteHeader, BareJson]),
        (two_byte(&packed), vec![TwoByteHeader, Msgpack]),
        (
            two_byte(&zlib(&bare())),
            vec![TwoByteHeader, Zlib, BareJson],
        ),
        (
            zstd(&two_byte(&zlib(&framed())), 0),
            vec![Zstd, TwoByteHeader, Zlib],
        ),
    ] {
        assert_eq!(layers(&bytes), Some(expected));
    }
}

#[test]
fn a_canonical_object_has_no_wrapping() {
    assert_eq!(layers(&framed()), None);
}

#[test]
fn what_holds_no_record_is_not_taken_for_one() {
    let snapshot = frame::encode(Kind::Snapshot, &bare());
    for bytes in [
        &b""[..],
        b" ",
        b"[1]",
        b"\x91\x01",
        b"\x01\x01",
        b"\x01\x01\x01",
        b"{\"a\":1",
        b"{\"a\":1,\"a\":1}",
        b"\x82\xa1a\x01\xa1a\x01",
        b"\x78\x9c",
        b"\x78\x9cnonsense",
        b"\x28\xb5\x2f\xfd",
        b"\x28\xb5\x2f\xfdnonsense",
        &snapshot,
        &zlib(&snapshot),
        &[&[2, 1], &bare()[..]].concat(),
    ] {
        assert_eq!(unwrap_record(bytes, Kind::Commit), None, "{bytes:x?}");
    }
}

#[test]
fn a_wrapping_that_is_cut_short_is_not_unpacked() {
    for whole in [zlib(&framed()), zstd(&framed(), 10)] {
        for end in 0..whole.len() - 3 {
            assert_eq!(layers(&whole[..end]), None, "{end} of {}", whole.len());
        }
    }
}

#[test]
fn four_wrappings_are_taken_off_and_no_more() {
    let mut bytes = framed();
    for depth in 1..=6 {
        bytes = zlib(&bytes);
        let expected = (depth <= 4).then(|| vec![Wrapping::Zlib; depth]);
        assert_eq!(layers(&bytes), expected, "{depth}");
    }
}

#[test]
fn a_zlib_bomb_is_given_up_at_256_mib() {
    assert_eq!(
        unwrap_blob(&zlib_bomb(2, b"x"))[0].content.len(),
        (2 << 20) + 1
    );
    let bomb = zlib_bomb(MAX_PAYLOAD >> 20, b"x");
    assert!(bomb.len() < 1 << 20);
    assert_eq!(unwrap_blob(&bomb), []);
}

#[test]
fn a_zstd_bomb_is_given_up_at_256_mib() {
    let blocks = MAX_PAYLOAD >> 17;
    assert_eq!(unwrap_blob(&zstd_bomb(blocks + 1, 10)), []);
    let whole = unwrap_blob(&zstd_bomb(blocks, 10));
    assert_eq!(whole[0].content.len(), MAX_PAYLOAD);
}

#[test]
fn a_zstd_frame_of_a_huge_window_is_refused_before_it_fills_the_memory() {
    assert_eq!(unwrap_blob(&zstd(b"small", 16))[0].content, b"small");
    for window in [18, 20, 31] {
        assert_eq!(unwrap_blob(&zstd(b"small", window)), []);
    }
    // 64 GiB of zeros that no window would let out before the end.
    assert_eq!(unwrap_blob(&zstd_bomb(1 << 19, 30)), []);
    // The window of a frame of one segment is its length: here 2^63 bytes.
    let header = [0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0x80];
    let single = [&header[..], &zstd_block(1, 0, true), b"x"].concat();
    assert_eq!(unwrap_blob(&single), []);
}

#[test]
fn every_possible_content_of_a_blob_is_given_outermost_first() {
    let inner = frame::encode(Kind::Blob, b"content");
    let found = unwrap_blob(&zlib(&[&[3, 1], &inner[..]].concat()));
    let names: Vec<Vec<_>> = found
        .iter()
        .map(|u| u.layers.iter().map(|w| w.name()).collect())
        .collect();
    let all = ["zlib", "two-byte header", "header"];
    assert_eq!(names, [&all[..1], &all[..2], &all[..3]]);
    assert_eq!(found[1].content, inner);
    assert_eq!(found[2].content, b"content");
    assert_eq!(unwrap_blob(b"plain"), []);
    assert_eq!(unwrap_blob(b""), []);
}
