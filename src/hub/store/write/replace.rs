//! Bad bytes put aside, good bytes put in their place.

use super::{Change, Done, Ledger, WriteError, Writer};
use crate::backend::{Key, Replaced, Replacement, layout};
use crate::store::StoreError;
use bytes::Bytes;
use luthier_object::{Kind, ObjectId, Proof};

impl Writer {
    /// Announces, copies the bad bytes into quarantine, replaces them by compare-and-set, reads back
    /// whole, and points the row at the key. A crash between any two steps leaves the bad bytes or the good
    /// ones under the key, and never less than before.
    pub(super) async fn replace(
        &self,
        change: &Change,
        ledger: &mut dyn Ledger,
    ) -> Result<Done, WriteError> {
        let Change::Replace {
            object,
            seen_uri,
            key,
            bad,
        } = change
        else {
            return Ok(Done::Refused("no replacement".to_owned()));
        };
        if let Some(why) = kept(object.kind(), object.id(), key, bad) {
            return Ok(Done::Refused(why));
        }
        let Some(aside) = layout::quarantine_key(ledger.run(), key) else {
            return Ok(Done::Refused(format!("{key} has no place in quarantine")));
        };
        ledger.intend(change).map_err(WriteError::Ledger)?;
        self.keep_aside(&aside, bad).await?;
        let replaced = self.side.backend.replace(Replacement {
            key,
            seen: bad,
            bytes: object.bytes().clone(),
            unguarded: self.unguarded,
        });
        match replaced.await.map_err(StoreError::from)? {
            Replaced::Changed => return Ok(Done::Superseded),
            Replaced::Stored => {}
        }
        match self.store.read_object(key).await? {
            Some(back) if back == *object.bytes() => {}
            _ => return Err(WriteError::ReadBackDiffers { key: key.clone() }),
        }
        if seen_uri.as_deref() == Some(self.store.backend().uri_for(key).as_str()) {
            return Ok(Done::Changed {
                key: Some(key.clone()),
                stored: true,
            });
        }
        let (kind, id, put) = (object.kind(), object.id(), (key.clone(), true));
        self.point(kind, id, seen_uri.clone(), put).await
    }

    /// Stores a copy of bad bytes and reads it back. A copy of an earlier try of the same run is as good.
    pub(super) async fn keep_aside(&self, aside: &Key, bad: &Bytes) -> Result<(), WriteError> {
        self.side.backend.put_if_absent(aside, bad.clone()).await?;
        match self.store.read_object(aside).await? {
            Some(back) if back == *bad => Ok(()),
            _ => Err(WriteError::ReadBackDiffers { key: aside.clone() }),
        }
    }
}

/// Returns why bytes are not replaced; `None` where they prove nothing.
fn kept(kind: Kind, id: &ObjectId, key: &Key, bad: &[u8]) -> Option<String> {
    if Proof::read(kind, id, bad).is_ok() {
        return Some("the stored bytes match the id; they are not replaced".to_owned());
    }
    if Proof::of_another_kind(kind, id, bad) {
        let why = "the stored bytes are another object of the same digest; they are not replaced";
        return Some(why.to_owned());
    }
    is_anothers(key, id, bad).then(|| {
        format!("the bytes under {key} are the object that the key is named after; they are not replaced")
    })
}

/// Returns whether bytes are the object whose digest their key has, and that is another than this one.
fn is_anothers(key: &Key, id: &ObjectId, bytes: &[u8]) -> bool {
    let Some((_, digest)) = layout::recognise(key.as_str()) else {
        return false;
    };
    let named = [
        ObjectId::new(&digest),
        ObjectId::new(format!("sha256:{digest}")),
    ];
    layout::is_of_another(key, id)
        && Kind::ALL
            .iter()
            .any(|kind| named.iter().any(|id| Proof::read(*kind, id, bytes).is_ok()))
}
