//! Where a pack lies: under whichever key ends in its digits.

use super::Packs;
use crate::backend::{BackendError, Key, layout};
use futures_util::{StreamExt, stream};
use std::collections::HashMap;
use std::sync::Arc;

/// Keys of packs that are remembered of a listing.
const REMEMBERED: usize = 500_000;

/// A pack in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackObject {
    pub key: Key,
    /// Bytes.
    pub size: u64,
}

/// The keys of a listing that end in the digits of a pack.
pub(super) struct Seen(HashMap<[u8; 32], PackObject>);

impl Packs {
    /// Returns the object of a pack, by its 64 digits; `None` where neither a HEAD under the usual keys nor a listing
    /// of the whole store finds it.
    ///
    /// # Errors
    /// The store gave no answer.
    pub(super) async fn pack(&self, hex: &str) -> Result<Option<PackObject>, BackendError> {
        let known = self.memory.pack(hex);
        let found = known.get_or_try_init(|| self.look_for(hex)).await?;
        Ok(found.clone())
    }

    async fn look_for(&self, hex: &str) -> Result<Option<PackObject>, BackendError> {
        let asks = stream::iter(layout::keys_for_pack(hex))
            .map(|key| async move { (self.inner.head(&key).await, key) });
        let mut asks = asks.buffered(4);
        while let Some((found, key)) = asks.next().await {
            if let Some(meta) = found? {
                let size = meta.size;
                return Ok(Some(PackObject { key, size }));
            }
        }
        drop(asks);
        let mut digest = [0; 32];
        if hex::decode_to_slice(hex, &mut digest).is_err() {
            return Ok(None);
        }
        let seen = self.memory.seen();
        let seen = seen.get_or_try_init(|| self.list_packs()).await?;
        Ok(seen.0.get(&digest).cloned())
    }

    /// Lists the whole store, once in a run, for packs under keys that nobody knows before.
    async fn list_packs(&self) -> Result<Arc<Seen>, BackendError> {
        let mut seen = HashMap::new();
        let mut entries = self.inner.list("", None);
        while let Some(entry) = entries.next().await {
            let entry = entry?;
            let Some(digest) = layout::recognise_pack(&entry.key) else {
                continue;
            };
            if seen.len() >= REMEMBERED {
                return Err(BackendError::Unusable {
                    what: self.inner.describe(),
                    why: format!("more than {REMEMBERED} keys may be packs").into(),
                });
            }
            if let Ok(key) = Key::new(entry.key) {
                let size = entry.size;
                seen.entry(digest).or_insert(PackObject { key, size });
            }
        }
        Ok(Arc::new(Seen(seen)))
    }
}
