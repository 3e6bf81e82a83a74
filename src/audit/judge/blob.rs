//! Blobs.

use super::{Judge, ObjectQuery, Verdict, judge_object, judge_others, names};
use crate::evidence::{Absent, Evidence, Malformed, NotStored, RefusedUri, Sizes, Unlinked};
use crate::finding::{Finding, Subject};
use crate::probe::{Named, ObjectState, WrongObject};
use luthier_hub::backend::Key;
use luthier_hub::index::audit_scratch::StoredCopy;
use luthier_hub::index::{BlobRow, IndexError};
use luthier_hub::store::reconstruct;
use luthier_object::{Kind, ObjectId};

/// Returns both sizes of a blob, where the row's is not the object's.
fn size_wrong(row: &BlobRow, state: &ObjectState) -> Option<Sizes> {
    // A blob in a pack is judged by itself.
    let (ObjectState::There { size, .. }
    | ObjectState::Proved { size, .. }
    | ObjectState::Wrong(WrongObject { size, .. })) = state
    else {
        return None;
    };
    let differs = *size as i64 != row.size_bytes;
    differs.then(|| Sizes {
        listed: *size,
        path: row.path.clone(),
        size_bytes: row.size_bytes,
    })
}

/// Why the size of a row is not changed while the bytes are wrong.
const BYTES_FIRST: &str =
    "its bytes have a finding of their own, which comes first: once that is repaired, audit again";

impl Judge {
    /// Judges one blob row; `copies` are the listed keys of its digest.
    pub async fn blob(&self, row: &BlobRow, copies: &[StoredCopy]) -> Verdict {
        let mut verdict = Verdict::default();
        let id = ObjectId::new(&row.object_id);
        let about = |evidence| Finding::new(evidence, Subject::Blob, id.as_str());
        if id.hex().is_none() {
            let path = Some(row.path.clone());
            verdict.report(about(Evidence::IdMalformed(Malformed { path })));
            return verdict;
        }
        let disk_path = reconstruct::non_empty(row.disk_path.as_deref());
        let ask = ObjectQuery {
            row: Named::of_blob(row, &id, copies),
            doubtful: false,
        };
        let Some(mut looked) = self.probe(ask).await else {
            return verdict;
        };
        if let ObjectState::There { key, size } = &looked
            && *size as i64 != row.size_bytes
        {
            // The size alone does not say which side is wrong.
            let listed = self.listed.then_some(*size);
            let key = key.clone();
            looked = self.new_probe().read(Kind::Blob, &id, &key, listed).await;
        }
        match &looked {
            ObjectState::Unlinked { found, others } => {
                judge_others(&mut verdict, Kind::Blob, &id, others);
                match self.is_cached(&id, found, disk_path).await {
                    Ok(cached) => {
                        let finding = self.unlinked_blob(row, &id, (found, cached), disk_path);
                        verdict.findings.extend(finding);
                    }
                    Err(error) => verdict.unknown.push(error.to_string()),
                }
            }
            ObjectState::Packed(packed) => self.judge_packed(&mut verdict, row, &id, packed),
            looked => judge_object(&mut verdict, Kind::Blob, &id, looked),
        }
        if let Some(sizes) = size_wrong(row, &looked) {
            let finding = about(Evidence::SizeWrong(sizes));
            verdict.report(match looked {
                ObjectState::Wrong(_) => finding.without_remedy(BYTES_FIRST),
                _ => finding,
            });
        }
        if let ObjectState::Proved { proof, .. } = looked {
            verdict.proved_by(Kind::Blob, proof.scheme());
        }
        verdict
    }

    /// Returns whether nothing but the row itself keeps the bytes of a blob.
    async fn is_cached(
        &self,
        id: &ObjectId,
        keys: &[Key],
        disk_path: Option<&str>,
    ) -> Result<bool, IndexError> {
        if !keys.is_empty() || disk_path.is_some() {
            return Ok(false);
        }
        let cached = self.store.cached_blob(id).await?;
        Ok(cached.is_some_and(|cached| cached.is_ok()))
    }

    /// Returns the finding for a row that names no object; `keys` are those under which its bytes were found.
    fn unlinked_blob(
        &self,
        row: &BlobRow,
        id: &ObjectId,
        (keys, cached): (&[Key], bool),
        disk_path: Option<&str>,
    ) -> Option<Finding> {
        let about = |evidence| Finding::new(evidence, Subject::Blob, id.as_str());
        let path = Some(row.path.clone());
        if !keys.is_empty() {
            let linkable = self.store.index().capabilities().storage_uri(Kind::Blob);
            let found = names(keys);
            return linkable.then(|| about(Evidence::UriUnlinked(Unlinked { found, path })));
        }
        let Some(disk_path) = disk_path else {
            let seen = NotStored {
                cached,
                path,
                ..NotStored::default()
            };
            let missing = about(Evidence::UriMissing(seen));
            let why = "the row keeps no bytes that match the id; a copy that does is needed";
            return Some(match cached {
                true => missing,
                false => missing.without_remedy(why),
            });
        };
        Some(match Key::new(disk_path) {
            Ok(key) => about(Evidence::ObjectMissing(Absent {
                asked: Some(self.witnesses()),
                found: None,
                key: key.as_str().to_owned(),
                path,
            })),
            // What is not followed was not looked at.
            Err(why) => about(Evidence::UriRefused(RefusedUri {
                disk_path: Some(disk_path.to_owned()),
                path,
                why: why.to_string(),
                ..RefusedUri::default()
            }))
            .without_remedy("no other key is known for the object"),
        })
    }

    /// The questions that a `disk_path` with nothing behind it was asked.
    fn witnesses(&self) -> Vec<String> {
        let first = if self.listed { "listing" } else { "head" };
        vec![first.to_owned(), "get".to_owned()]
    }
}
