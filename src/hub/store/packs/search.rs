//! The search for one blob: in its row, at the ranges that are named for it, and in the pack itself.

use super::found::{
    FoundIn, Located, Look, Named, PackSearch, PackState, Range, RangeFault, Read, WrongRange,
    named,
};
use super::place::PackObject;
use super::walk::{READS, differ};
use super::{Packs, unasked};
use crate::backend::{BackendError, InPack, Meta};
use crate::index::{Index, PackedRow};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use luthier_object::ObjectId;
use luthier_object::pack::RecordHasher;
use std::collections::HashMap;

/// The largest content that is held while it is proved: 2 MiB. A larger one is read again where it is wanted.
const HELD: u64 = 2 << 20;

impl Packs {
    /// Looks for a blob. For its place alone, no byte of it and of no pack is read.
    ///
    /// # Errors
    /// The database or the store gave no answer.
    pub(in crate::store) async fn search(
        &self,
        place: &InPack,
        look: Look,
    ) -> Result<PackSearch, BackendError> {
        let read = look != Look::Places;
        let rows = self.rows_of(&place.object).await?;
        let mut out = PackSearch {
            pack: match self.pack(&place.pack).await? {
                None => PackState::Absent,
                Some(pack) => PackState::There(pack),
            },
            is_indexed: !rows.is_empty(),
            found: None,
            pack_key: None,
            length: 0,
            blob: None,
            wrong: Vec::new(),
            located: None,
        };
        if read && self.in_row(place, &mut out).await? {
            return Ok(out);
        }
        let proved = match (look, place.object.digest()) {
            (Look::Proof, Some(digest)) => self.memory.proved(&digest),
            _ => Vec::new(),
        };
        for named in named(place, rows) {
            if let Some(record) = proved.iter().find(|record| named.is_at(record)) {
                out.take_proved(named.from, record);
                return Ok(out);
            }
            if self.try_range(place, named, read, &mut out).await? {
                return Ok(out);
            }
        }
        let own = proved
            .iter()
            .find(|record| place.pack == hex::encode(record.pack));
        if let Some(record) = own {
            out.take_proved(FoundIn::Pack, record);
            return Ok(out);
        }
        if let PackState::There(pack) = out.pack.clone()
            && read
        {
            self.walk_for(place, &pack, &mut out).await?;
        }
        Ok(out)
    }

    /// Holds the index rows of these blobs, so that the search for each need not ask for them.
    ///
    /// # Errors
    /// The database gave no answer.
    pub(in crate::store) async fn expect(&self, ids: &[String]) -> Result<(), BackendError> {
        let hexes: Vec<String> = ids
            .iter()
            .filter_map(|id| ObjectId::new(id).hex().map(str::to_owned))
            .collect();
        if hexes.is_empty() || !self.index.capabilities().packs() {
            return Ok(());
        }
        let spellings: Vec<String> = hexes.iter().flat_map(|hex| spellings(hex)).collect();
        let cached = self.index.ids_cached(ids).await.map_err(unasked)?;
        let digits = |id: &String| ObjectId::new(id).hex().map(str::to_owned);
        let cached = cached.iter().filter_map(digits).collect();
        let found = self.index.packed_by_id(&spellings).await;
        let mut rows: HashMap<String, Vec<PackedRow>> =
            hexes.into_iter().map(|hex| (hex, Vec::new())).collect();
        for row in found.map_err(unasked)? {
            let hex = ObjectId::new(&row.object_id).hex().map(str::to_owned);
            if let Some(of) = hex.and_then(|hex| rows.get_mut(&hex)) {
                of.push(row);
            }
        }
        self.memory.hold_rows(rows, cached);
        Ok(())
    }

    async fn rows_of(&self, id: &ObjectId) -> Result<Vec<PackedRow>, BackendError> {
        let Some(hex) = id.hex().filter(|_| self.index.capabilities().packs()) else {
            return Ok(Vec::new());
        };
        if let Some(rows) = self.memory.rows(hex) {
            return Ok(rows);
        }
        let found = self.index.packed_by_id(&spellings(hex)).await;
        found.map_err(unasked)
    }

    /// Takes the bytes in the blob's own row, if it has some that prove.
    async fn in_row(&self, place: &InPack, out: &mut PackSearch) -> Result<bool, BackendError> {
        let asked = place
            .object
            .hex()
            .and_then(|hex| self.memory.is_cached(hex));
        if !self.index.capabilities().content_cache() || asked == Some(false) {
            return Ok(false);
        }
        let found = self.index.cached_content(place.object.as_str()).await;
        let Some(bytes) = found.map_err(unasked)? else {
            return Ok(false);
        };
        let bytes = Bytes::from(bytes);
        let mut hasher = RecordHasher::new(bytes.len() as u64);
        hasher.update(&bytes);
        let proof = hasher.finish(&place.object);
        let read = Read {
            located: Located::Held(nothing_said(), bytes.slice(proof.header as usize..)),
            proof,
        };
        if !read.is_proved() {
            out.wrong.push(WrongRange {
                from: FoundIn::Row,
                pack: String::new(),
                offset: 0,
                length: bytes.len() as i64,
                why: RangeFault::OtherBytes,
            });
            return Ok(false);
        }
        out.take(FoundIn::Row, None, bytes.len() as u64, read);
        Ok(true)
    }

    /// Takes the bytes of a range that is named for the blob, if they prove, or where nothing is to be read, if it
    /// lies in its pack.
    async fn try_range(
        &self,
        place: &InPack,
        named: Named,
        read: bool,
        out: &mut PackSearch,
    ) -> Result<bool, BackendError> {
        let wrong = |why| WrongRange {
            from: named.from,
            pack: named.pack.clone(),
            offset: named.offset.unwrap_or(-1),
            length: named.length.unwrap_or(-1),
            why,
        };
        let Some(pack) = self.pack(&named.pack).await? else {
            out.wrong.push(wrong(RangeFault::NoPack));
            return Ok(false);
        };
        let number = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok());
        let (Some(offset), Some(length)) = (number(named.offset), number(named.length)) else {
            out.wrong.push(wrong(RangeFault::NoRange));
            return Ok(false);
        };
        if offset.checked_add(length).is_none_or(|end| end > pack.size) {
            out.wrong.push(wrong(RangeFault::LeavesPack));
            return Ok(false);
        }
        let range = Range {
            key: pack.key.clone(),
            offset,
            length,
        };
        if !read {
            (out.found, out.length) = (Some(named.from), length);
            return Ok(true);
        }
        let found = self.read_again(&place.object, &pack, &range).await?;
        if found.is_proved() {
            out.take(named.from, Some(&pack.key), length, found);
            return Ok(true);
        }
        out.wrong.push(wrong(RangeFault::OtherBytes));
        out.located.get_or_insert(found.located);
        Ok(false)
    }

    /// Looks for the blob in the pack itself.
    async fn walk_for(
        &self,
        place: &InPack,
        pack: &PackObject,
        out: &mut PackSearch,
    ) -> Result<(), BackendError> {
        let contents = self.contents(&place.pack, pack).await?;
        let Some(spot) = contents.get(&place.object) else {
            return Ok(());
        };
        let range = Range {
            key: pack.key.clone(),
            offset: spot.offset,
            length: spot.length,
        };
        let found = self.read_again(&place.object, pack, &range).await?;
        match (found.is_proved(), spot.is_proved) {
            (true, _) => out.take(FoundIn::Pack, Some(&pack.key), spot.length, found),
            (false, true) => return Err(differ(pack)),
            (false, false) => {
                out.wrong.push(WrongRange {
                    from: FoundIn::Pack,
                    pack: place.pack.clone(),
                    offset: spot.offset as i64,
                    length: spot.length as i64,
                    why: RangeFault::OtherBytes,
                });
                out.located.get_or_insert(found.located);
            }
        }
        Ok(())
    }

    /// Reads a range, and again where its bytes do not prove, until two reads are equal.
    async fn read_again(
        &self,
        id: &ObjectId,
        pack: &PackObject,
        range: &Range,
    ) -> Result<Read, BackendError> {
        let mut found = self.read(id, range).await?;
        for _ in 1..READS {
            if found.is_proved() {
                return Ok(found);
            }
            let again = self.read(id, range).await?;
            if again.proof.sha256 == found.proof.sha256 {
                return Ok(again);
            }
            found = again;
        }
        match found.is_proved() {
            true => Ok(found),
            false => Err(differ(pack)),
        }
    }

    async fn read(&self, id: &ObjectId, range: &Range) -> Result<Read, BackendError> {
        let mut hasher = RecordHasher::new(range.length);
        let (mut bytes, mut meta) = (BytesMut::new(), nothing_said());
        if range.length > 0 {
            let gone = || BackendError::Remote {
                what: range.key.to_string(),
                why: "a HEAD finds it, and a GET does not".into(),
            };
            let asked = self
                .inner
                .open_range(&range.key, range.offset, range.length);
            let mut body = asked.await?.ok_or_else(gone)?;
            let mut came = 0;
            while let Some(chunk) = body.stream.next().await {
                let chunk = chunk?;
                came += chunk.len() as u64;
                hasher.update(&chunk);
                if range.length <= HELD {
                    bytes.extend_from_slice(&chunk);
                }
            }
            meta = body.meta;
            if came != range.length {
                return Err(BackendError::WrongLength {
                    announced: range.length,
                });
            }
        }
        let proof = hasher.finish(id);
        let header = proof.header;
        Ok(Read {
            proof,
            located: match range.length <= HELD {
                true => Located::Held(meta, bytes.freeze().slice(header as usize..)),
                false => Located::At(Range {
                    key: range.key.clone(),
                    offset: range.offset + header,
                    length: range.length - header,
                }),
            },
        })
    }
}

/// Returns the ways in which the index may spell an id.
fn spellings(hex: &str) -> [String; 2] {
    [format!("sha256:{hex}"), hex.to_owned()]
}

/// Returns what is known of bytes that no object of the store holds alone.
const fn nothing_said() -> Meta {
    Meta {
        size: 0,
        etag: None,
        modified: None,
        encoding: None,
    }
}
