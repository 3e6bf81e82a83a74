//! Packs: what is read of them, and what is refused.

use super::identity::{BlobScheme, blob_id};
use super::pack::{
    self, Event, IndexReader, PackError, Reader, Record, RecordHasher, Whole, Writer,
};
use super::{Kind, ObjectId, frame};
use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

/// A record as it was read, with what it proves.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Read {
    record: Record,
    content: Vec<u8>,
    scheme: Option<BlobScheme>,
}

/// Reads a pack of `size` announced bytes that comes in chunks.
fn read_as(size: u64, bytes: &[u8], chunk: usize) -> Result<(Vec<Read>, Whole), PackError> {
    let mut reader = Reader::new(size)?;
    let mut out: Vec<Read> = Vec::new();
    let mut hasher = None;
    for part in bytes.chunks(chunk.max(1)) {
        reader.feed(part, |event| match event {
            Event::Record(record) => {
                hasher = Some(RecordHasher::new(record.length));
                out.push(Read {
                    record,
                    content: Vec::new(),
                    scheme: None,
                });
            }
            Event::Content(content) => {
                hasher.as_mut().expect("a record").update(content);
                out.last_mut()
                    .expect("a record")
                    .content
                    .extend_from_slice(content);
            }
            Event::End => {
                let last = out.last_mut().expect("a record");
                let hasher = hasher.take().expect("a record");
                last.scheme = hasher.finish(&last.record.id).scheme;
            }
        })?;
    }
    Ok((out, reader.finish()?))
}

fn read(bytes: &[u8], chunk: usize) -> Result<(Vec<Read>, Whole), PackError> {
    read_as(bytes.len() as u64, bytes, chunk)
}

/// Puts the right sha256 at the end again.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let body = bytes.len() - 32;
    let footer = Sha256::digest(&bytes[..body]);
    bytes[body..].copy_from_slice(&footer);
    bytes
}

/// A pack of three blobs: raw, with its header, and empty.
fn three() -> Writer {
    Writer::default()
        .with(&blob_id(b"la la"), b"la la")
        .with(
            &blob_id(b"do re mi"),
            &frame::encode(Kind::Blob, b"do re mi"),
        )
        .with(&blob_id(b""), b"")
}

/// An MPack of these sections: type and bytes.
fn mpack(sections: &[(u8, Vec<u8>)], big_endian: bool) -> Vec<u8> {
    let number = |n: u64| match big_endian {
        true => n.to_be_bytes(),
        false => n.to_le_bytes(),
    };
    let mut out = b"MUSE\x01".to_vec();
    out.push(sections.len() as u8);
    let mut at = 6 + 17 * sections.len() as u64;
    for (kind, bytes) in sections {
        out.push(*kind);
        out.extend(number(at));
        out.extend(number(bytes.len() as u64));
        at += bytes.len() as u64;
    }
    for (_, bytes) in sections {
        out.extend(bytes);
    }
    out.extend([0; 32]);
    sealed(out)
}

#[test]
fn a_local_pack_is_laid_out_as_clients_write_it() {
    let id = "sha256:f31f5bf8254ac193075271029d1de6a470884e47fa3a870c9e4733e03fd302cc";
    let mut bytes = b"MUSE\x01".to_vec();
    bytes.extend(1u64.to_le_bytes());
    bytes.extend(id.as_bytes());
    bytes.extend(6u64.to_le_bytes());
    bytes.extend(b"a\nb\nc\n");
    let footer = Sha256::digest(&bytes);
    bytes.extend(footer);
    let written = Writer::default().with(&ObjectId::new(id), b"a\nb\nc\n");
    assert_eq!(written.finish(), bytes);
    let (records, whole) = read(&bytes, 7).expect("a pack");
    assert_eq!(whole.id, ObjectId::typed(&Sha256::digest(&bytes).into()));
    assert_eq!(records[0].record.offset, 92);
    assert_eq!(records[0].content, b"a\nb\nc\n");
    assert_eq!(records[0].scheme, Some(BlobScheme::Typed));
}

#[test]
fn records_are_proved_with_their_header_and_without() {
    let (records, whole) = read(&three().finish(), 5).expect("a pack");
    assert_eq!(whole.records, 3);
    let schemes: Vec<_> = records.iter().map(|read| read.scheme).collect();
    assert_eq!(schemes, [Some(BlobScheme::Typed); 3]);
    let raw = ObjectId::typed(&Sha256::digest(b"la la").into());
    let old = Writer::default().with(&raw, b"la la").finish();
    let (records, _) = read(&old, 100).expect("a pack");
    assert_eq!(records[0].scheme, Some(BlobScheme::Raw));
}

/// A file may look like a blob with its header: its id says which of both it is.
#[test]
fn a_file_that_begins_like_a_header_keeps_its_bytes() {
    let file = b"blob 2\0la".to_vec();
    let (records, _) =
        read(&Writer::default().with(&blob_id(&file), &file).finish(), 3).expect("a pack");
    assert_eq!(records[0].scheme, Some(BlobScheme::Typed));
    let tried: Vec<Bytes> = pack::contents(&file.clone().into()).collect();
    assert_eq!(tried, [Bytes::from_static(b"la"), Bytes::from(file)]);
    let plain: Vec<Bytes> = pack::contents(&Bytes::from_static(b"blob 3\0la")).collect();
    assert_eq!(plain, [Bytes::from_static(b"blob 3\0la")]);
}

#[test]
fn records_of_an_mpack_are_told_with_their_place_in_the_whole() {
    for big_endian in [false, true] {
        let sections = [
            (3, b"snapshots".to_vec()),
            (1, three().finish()),
            (4, Vec::new()),
            (9, b"of a later version".to_vec()),
        ];
        let bytes = mpack(&sections, big_endian);
        let (records, whole) = read(&bytes, 11).expect("an MPack");
        assert_eq!((records.len(), whole.records), (3, 3));
        assert_eq!(whole.id, pack::id_of(&bytes));
        for read in records {
            let at = read.record.offset as usize;
            assert_eq!(bytes[at..at + read.record.length as usize], read.content);
            assert!(read.scheme.is_some());
        }
    }
}

#[test]
fn the_writer_s_mpack_is_read() {
    let bytes = three().finish_mpack();
    assert_eq!(bytes, mpack(&[(1, three().finish())], false));
}

#[test]
fn a_pack_without_records_is_one_of_both_shapes() {
    let (records, whole) = read(&Writer::default().finish(), 1).expect("a local pack");
    assert_eq!((records.len(), whole.records), (0, 0));
    let (records, _) = read(&mpack(&[], false), 1).expect("an MPack");
    assert!(records.is_empty());
}

/// Its count has a byte that could be the number of sections of a table.
#[test]
fn a_local_pack_of_many_records_is_taken_for_no_mpack() {
    for count in [1, 2, 255, 256, 259, 770] {
        let mut writer = Writer::default();
        for n in 0..count as u32 {
            let blob = n.to_le_bytes();
            writer = writer.with(&blob_id(&blob), &blob);
        }
        let (records, _) = read(&writer.finish(), 4096).expect("a local pack");
        assert_eq!(records.len(), count);
        assert!(records.iter().all(|read| read.scheme.is_some()));
    }
}

#[test]
fn each_way_to_be_no_pack_has_its_name() {
    let whole = three().finish();
    let patched = |at: usize, bytes: &[u8]| {
        let mut out = whole.clone();
        out[at..at + bytes.len()].copy_from_slice(bytes);
        read(&sealed(out), 64).expect_err("a refusal")
    };
    assert_eq!(patched(0, b"MUST"), PackError::NoMagic);
    assert_eq!(patched(4, &[2]), PackError::OtherVersion(2));
    assert_eq!(patched(13, b"sha512:"), PackError::BadId(0));
    assert_eq!(patched(13 + 7, b"AB"), PackError::BadId(0));
    let left = whole.len() as u64 - 45;
    assert_eq!(
        patched(5, &u64::MAX.to_le_bytes()),
        PackError::TooManyRecords {
            count: u64::MAX,
            left
        }
    );
    // The other two records and the footer need their bytes.
    let free = left - 3 * 79;
    assert_eq!(
        patched(84, &(free + 1).to_le_bytes()),
        PackError::TooLong {
            record: 0,
            length: free + 1,
            left: free
        }
    );
    assert_eq!(patched(5, &2u64.to_le_bytes()), PackError::Trailing(79));
    let mut flipped = whole.clone();
    flipped[93] ^= 1;
    assert_eq!(read(&flipped, 64), Err(PackError::BadFooter));
    assert_eq!(Reader::new(37).err(), Some(PackError::TooShort(37)));
    let large = (512 << 20) + 1;
    assert_eq!(Reader::new(large).err(), Some(PackError::TooLarge(large)));
    let size = whole.len() as u64;
    assert_eq!(
        read_as(size, &whole[..90], 64),
        Err(PackError::WrongLength {
            announced: size,
            came: 90
        })
    );
    assert_eq!(
        read_as(size - 1, &whole, whole.len()),
        Err(PackError::WrongLength {
            announced: size - 1,
            came: size
        })
    );
}

#[test]
fn both_footers_of_an_mpack_are_checked() {
    let mut inner = three().finish();
    let last = inner.len() - 1;
    inner[last] ^= 1;
    assert_eq!(
        read(&mpack(&[(1, inner)], false), 64),
        Err(PackError::BadFooter)
    );
    let mut outer = three().finish_mpack();
    let last = outer.len() - 1;
    outer[last] ^= 1;
    assert_eq!(read(&outer, 64), Err(PackError::BadFooter));
}

/// A section that lies over another, over the table, or beyond the end makes no table.
#[test]
fn a_table_that_does_not_fit_is_no_table() {
    for (offset, length) in [(0u64, 10u64), (23, u64::MAX), (u64::MAX, 2), (23, 10_000)] {
        let mut bytes = mpack(&[(1, three().finish())], false);
        bytes[7..15].copy_from_slice(&offset.to_le_bytes());
        bytes[15..23].copy_from_slice(&length.to_le_bytes());
        assert!(read(&sealed(bytes), 64).is_err(), "{offset} {length}");
    }
}

fn blobs() -> impl Strategy<Value = Vec<(Vec<u8>, bool)>> {
    vec((vec(any::<u8>(), 0..200), any::<bool>()), 0..12)
}

fn packed(blobs: &[(Vec<u8>, bool)], as_mpack: bool) -> Vec<u8> {
    let writer = blobs
        .iter()
        .fold(Writer::default(), |writer, (blob, framed)| {
            let content = match framed {
                true => frame::encode(Kind::Blob, blob),
                false => blob.clone(),
            };
            writer.with(&blob_id(blob), &content)
        });
    match as_mpack {
        true => writer.finish_mpack(),
        false => writer.finish(),
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(blobs in blobs(), as_mpack: bool, chunk in 1usize..300) {
        let bytes = packed(&blobs, as_mpack);
        let (records, whole) = read(&bytes, chunk).expect("a pack");
        prop_assert_eq!(whole.id, pack::id_of(&bytes));
        prop_assert_eq!(records.len(), blobs.len());
        for (read, (blob, framed)) in records.iter().zip(&blobs) {
            prop_assert_eq!(&read.record.id, &blob_id(blob));
            prop_assert!(read.scheme.is_some());
            let first = pack::contents(&read.content.clone().into()).next();
            if *framed {
                prop_assert_eq!(first, Some(Bytes::from(blob.clone())));
            }
        }
    }

    /// However the bytes come, the answer is one.
    #[test]
    fn chunks_make_no_difference(blobs in blobs(), as_mpack: bool, at: prop::sample::Index, to: u8, chunk in 1usize..100) {
        let mut bytes = packed(&blobs, as_mpack);
        let at = at.index(bytes.len());
        bytes[at] = to;
        prop_assert_eq!(read(&bytes, chunk).ok(), read(&bytes, usize::MAX).ok());
    }

    /// A flipped bit is always found: in a footer, if nowhere else.
    #[test]
    fn a_flipped_bit_is_refused(blobs in blobs(), as_mpack: bool, at: prop::sample::Index, bit in 0u8..8) {
        let mut bytes = packed(&blobs, as_mpack);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(read(&bytes, 64).is_err());
    }

    #[test]
    fn a_cut_is_refused(blobs in blobs(), as_mpack: bool, at: prop::sample::Index) {
        let bytes = packed(&blobs, as_mpack);
        prop_assert!(read(&bytes[..at.index(bytes.len())], 64).is_err());
    }

    /// What is handed on lies in the input, whatever the lengths in it say.
    #[test]
    fn nothing_is_handed_on_that_did_not_come(
        blobs in blobs(), as_mpack: bool,
        patches in vec((any::<prop::sample::Index>(), vec(any::<u8>(), 1..9)), 0..6),
        chunk in 1usize..100,
    ) {
        let mut bytes = packed(&blobs, as_mpack);
        for (at, patch) in patches {
            let at = at.index(bytes.len());
            let end = bytes.len().min(at + patch.len());
            bytes[at..end].copy_from_slice(&patch[..end - at]);
        }
        let bytes = sealed(bytes);
        if let Ok((records, _)) = read(&bytes, chunk) {
            for read in records {
                let at = read.record.offset as usize;
                prop_assert_eq!(&bytes[at..at + read.content.len()], &read.content[..]);
                prop_assert_eq!(read.record.length, read.content.len() as u64);
            }
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in vec(any::<u8>(), 0..400), chunk in 1usize..50) {
        let _ = read(&bytes, chunk);
        let mut led = b"MUSE\x01".to_vec();
        led.extend(&bytes);
        let _ = read(&led, chunk);
    }
}

fn read_index(bytes: &[u8], chunk: usize) -> Result<Vec<Record>, PackError> {
    let mut reader = IndexReader::new(bytes.len() as u64)?;
    let mut out = Vec::new();
    for part in bytes.chunks(chunk) {
        reader.feed(part, |entry| out.push(entry))?;
    }
    reader.finish()?;
    Ok(out)
}

#[test]
fn an_index_is_laid_out_as_clients_write_it() {
    let ids = ["1".repeat(64), "f".repeat(64)].map(|hex| format!("sha256:{hex}"));
    let mut bytes = b"MUSI\x01".to_vec();
    bytes.extend(2u64.to_le_bytes());
    for (id, offset) in ids.iter().zip([92u64, 300]) {
        bytes.extend(id.as_bytes());
        bytes.extend(offset.to_le_bytes());
        bytes.extend(6u64.to_le_bytes());
    }
    let footer = Sha256::digest(&bytes);
    bytes.extend(footer);
    let entry = |id: &String, offset| Record {
        id: ObjectId::new(id),
        offset,
        length: 6,
    };
    let expected = vec![entry(&ids[0], 92), entry(&ids[1], 300)];
    assert_eq!(read_index(&bytes, 10), Ok(expected));
}

#[test]
fn an_index_says_where_the_records_of_its_pack_lie() {
    for chunk in [1, 7, 1000] {
        let entries = read_index(&three().finish_index(), chunk).expect("an index");
        let (records, _) = read(&three().finish(), 5).expect("a pack");
        let mut records: Vec<Record> = records.into_iter().map(|read| read.record).collect();
        records.sort_by_key(|record| record.id.to_string());
        assert_eq!(entries, records);
    }
}

#[test]
fn what_is_no_index_is_refused_by_name() {
    let whole = three().finish_index();
    let changed = |change: fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        read_index(&sealed(bytes), 9).expect_err("no index")
    };
    assert_eq!(changed(|bytes| bytes.truncate(44)), PackError::TooShort(44));
    assert_eq!(changed(|bytes| bytes[0] = b'm'), PackError::NoIndex);
    assert_eq!(changed(|bytes| bytes[4] = 2), PackError::OtherVersion(2));
    assert_eq!(changed(|bytes| bytes[5] = 2), PackError::Trailing(87));
    let count = u64::from_le_bytes([3, 0, 0, 0, 0, 0, 0, 1]);
    let left = 3 * 87;
    let many = PackError::TooManyRecords { count, left };
    assert_eq!(changed(|bytes| bytes[12] = 1), many);
    assert_eq!(changed(|bytes| bytes[13] = b'S'), PackError::BadId(0));
    let swapped = changed(|bytes| bytes[13..13 + 2 * 87].rotate_left(87));
    assert_eq!(swapped, PackError::Unsorted(1));
    let mut torn = whole.clone();
    *torn.last_mut().expect("a footer") ^= 1;
    assert_eq!(read_index(&torn, 9), Err(PackError::BadFooter));
    let mut reader = IndexReader::new(whole.len() as u64).expect("its size");
    let cut = &whole[..whole.len() - 1];
    reader.feed(cut, |_| {}).expect("no more than half");
    let (announced, came) = (whole.len() as u64, cut.len() as u64);
    let short = PackError::WrongLength { announced, came };
    assert_eq!(reader.finish(), Err(short));
}
