//! Blobs.

use super::{Judge, ObjectQuery, Verdict, judge_object, judge_others, names};
use crate::evidence::{Absent, Evidence, Malformed, NotStored, RefusedUri, Sizes, Unlinked};
use crate::finding::{Finding, Subject};
use crate::probe::{Named, ObjectState};
use luthier_hub::backend::Key;
use luthier_hub::index::BlobRow;
use luthier_hub::index::audit_scratch::StoredCopy;
use luthier_hub::store::reconstruct;
use luthier_object::{Kind, ObjectId};

impl Judge {
    /// Judges one blob row; `copies` are the listed keys of its digest.
    pub async fn blob(&self, row: &BlobRow, copies: &[StoredCopy]) -> Verdict {
        let mut verdict = Verdict::default();
        let id = ObjectId::new(&row.object_id);
        let about = |evidence| Finding::new(evidence, Subject::Blob, id.as_str());
        let path = Some(row.path.clone());
        if id.hex().is_none() {
            verdict.report(about(Evidence::IdMalformed(Malformed { path })));
            return verdict;
        }
        let disk_path = reconstruct::non_empty(row.disk_path.as_deref());
        let ask = ObjectQuery {
            row: Named {
                kind: Kind::Blob,
                id: &id,
                uri: row.storage_uri.as_deref(),
                disk_path,
                repo_id: row.repo_id.as_deref(),
                copies,
            },
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
            ObjectState::Unlinked {
                found: keys,
                others,
            } => {
                judge_others(&mut verdict, Kind::Blob, &id, others);
                let linkable = self.store.index().capabilities().storage_uri(Kind::Blob);
                match (keys.as_slice(), disk_path) {
                    ([_, ..], _) if linkable => {
                        let found = names(keys);
                        verdict.report(about(Evidence::UriUnlinked(Unlinked { found, path })));
                    }
                    ([_, ..], _) => {}
                    ([], Some(disk_path)) => match Key::new(disk_path) {
                        Ok(key) => verdict.report(about(Evidence::ObjectMissing(Absent {
                            asked: Some(self.witnesses()),
                            found: None,
                            key: key.as_str().to_owned(),
                            path,
                        }))),
                        // What is not followed was not looked at.
                        Err(why) => verdict.report(
                            about(Evidence::UriRefused(RefusedUri {
                                disk_path: Some(disk_path.to_owned()),
                                path,
                                why: why.to_string(),
                                ..RefusedUri::default()
                            }))
                            .without_remedy("no other key is known for the object"),
                        ),
                    },
                    ([], None) => verdict.report(
                        about(Evidence::UriMissing(NotStored { path, scheme: None }))
                            .without_remedy(
                                "a row contains no bytes; a copy that matches the id is needed",
                            ),
                    ),
                }
            }
            looked => judge_object(&mut verdict, Kind::Blob, &id, looked),
        }
        if let ObjectState::There { size, .. }
        | ObjectState::Proved { size, .. }
        | ObjectState::Wrong { size, .. } = &looked
            && *size as i64 != row.size_bytes
        {
            verdict.report(about(Evidence::SizeWrong(Sizes {
                listed: *size,
                path: row.path.clone(),
                size_bytes: row.size_bytes,
            })));
        }
        if let ObjectState::Proved { proof, .. } = looked {
            verdict.proved_by(Kind::Blob, proof.scheme());
        }
        verdict
    }

    /// The questions that a `disk_path` with nothing behind it was asked.
    fn witnesses(&self) -> Vec<String> {
        let first = if self.listed { "listing" } else { "head" };
        vec![first.to_owned(), "get".to_owned()]
    }
}
