//! What the rows of blobs say of packs.

use super::Scan;
use crate::evidence::{Absent, Evidence};
use crate::judge::Verdict;
use crate::{AuditError, Depth};
use luthier_hub::backend::Key;
use luthier_hub::index::BlobRow;
use luthier_object::{Kind, ObjectId};
use std::collections::BTreeSet;

impl Scan<'_> {
    /// Returns the packs that rows name and the index does not, by their digits. A hub without packs is not asked.
    pub(crate) async fn packs_of_rows(&mut self) -> Result<BTreeSet<String>, AuditError> {
        let model = self.store.model();
        let has_packs = self.store.index().capabilities().packs()
            || model.is_some_and(|model| model.blobs().1 > 0);
        let mut found = BTreeSet::new();
        if !has_packs {
            return Ok(found);
        }
        let mut pages = self.pages::<BlobRow>();
        loop {
            let page = self.next_page(&mut pages).await?;
            let named = page
                .rows
                .iter()
                .filter_map(|row| pack_of(Kind::Blob, &row.object_id, row.storage_uri.as_deref()));
            found.extend(named.filter(|pack| !self.packs.contains_key(pack)));
            self.progress.checkpoint().await?;
            if page.end {
                return Ok(found);
            }
        }
    }

    /// Reads where the blobs of a page lie in packs, all at once, and what whole packs proved of them.
    pub(super) async fn expect_packed(&self, packed: Vec<String>) -> Result<(), AuditError> {
        if packed.is_empty() || self.options.depth == Depth::Rows {
            return Ok(());
        }
        if let Err(error) = self.store.expect_packed(&packed).await {
            // Each blob is then looked up by itself.
            tracing::debug!(%error, "the index of packs was not read ahead");
        }
        let digests = packed.iter().filter_map(|id| ObjectId::new(id).digest());
        let proved = self.scratch.packed(digests.collect()).await?;
        self.store.expect_proved(proved);
        Ok(())
    }

    /// Says of each blob that is missing which packs have proved that they hold it: nobody else may name them for it,
    /// and a repair takes it from there. Only depth bytes reads packs.
    pub(super) async fn name_packs<'v>(
        &self,
        verdicts: impl Iterator<Item = &'v mut Verdict>,
    ) -> Result<(), AuditError> {
        if self.options.depth != Depth::Bytes {
            return Ok(());
        }
        let mut missing: Vec<(ObjectId, &mut Absent)> = Vec::new();
        for finding in verdicts.flat_map(|verdict| &mut verdict.findings) {
            let id = ObjectId::new(&finding.id);
            if let Evidence::ObjectMissing(absent) = &mut finding.evidence
                && absent.found.as_ref().is_none_or(Vec::is_empty)
            {
                missing.push((id, absent));
            }
        }
        let digests = missing.iter().filter_map(|(id, _)| id.digest());
        let proved = self.scratch.packed(digests.collect()).await?;
        for (id, absent) in missing {
            let records = id.digest().and_then(|digest| proved.get(&digest));
            let keys = records.into_iter().flatten().filter_map(|record| {
                let pack = format!("mpack://{}", hex::encode(record.pack));
                let key = Key::in_pack_at(&pack, &id).ok()?;
                Some(key.as_str().to_owned())
            });
            let keys: BTreeSet<String> = keys.collect();
            if !keys.is_empty() {
                absent.found = Some(keys.into_iter().collect());
            }
        }
        Ok(())
    }
}

/// Returns the digits of the pack that a blob's row names.
pub(super) fn pack_of(kind: Kind, id: &str, uri: Option<&str>) -> Option<String> {
    let uri = uri.filter(|_| kind == Kind::Blob)?;
    let key = Key::in_pack_at(uri, &ObjectId::new(id)).ok()?;
    key.in_pack().map(|place| place.pack.clone())
}
