//! Blobs in packs.

use super::{Judge, Verdict, names};
use crate::evidence::{Absent, Evidence, Misplaced, Sizes, Unindexed, WrongBytes, WrongRange};
use crate::fault::{Code, Remedy};
use crate::finding::{Finding, Subject};
use crate::probe::PackedState;
use luthier_hub::index::BlobRow;
use luthier_hub::store::packs::{self, FoundIn, PackState, RangeFault};
use luthier_object::{Kind, ObjectId};

impl Judge {
    /// Reports what was found of a blob whose row names a pack.
    pub(super) fn judge_packed(
        &self,
        verdict: &mut Verdict,
        row: &BlobRow,
        id: &ObjectId,
        packed: &PackedState,
    ) {
        let search = &packed.search;
        let pack = packed.pack();
        let record = search
            .wrong
            .iter()
            .find(|wrong| wrong.from == FoundIn::Pack);
        for wrong in &search.wrong {
            // An index row that leads to a bad record is right.
            let is_same = record.is_some_and(|record| {
                wrong.from != FoundIn::Pack
                    && (&wrong.pack, wrong.offset, wrong.length)
                        == (&record.pack, record.offset, record.length)
            });
            if !is_same {
                verdict.findings.extend(wrong_range(id, packed, wrong));
            }
        }
        if let Some(blob) = &search.blob {
            verdict.read = Some((blob.size, blob.sha256));
            verdict.proved_by(Kind::Blob, blob.scheme.name());
            if blob.size as i64 != row.size_bytes {
                let evidence = Evidence::SizeWrong(Sizes {
                    listed: blob.size,
                    path: row.path.clone(),
                    size_bytes: row.size_bytes,
                });
                verdict.report(Finding::new(evidence, Subject::Blob, id.as_str()));
            }
        }
        if packed.is_lost {
            verdict.lost_pack = packed.key.in_pack().map(|place| place.pack.clone());
            if record.is_none() {
                verdict.report(lost(row, id, packed));
            }
            return;
        }
        let PackState::There(object) = &search.pack else {
            return;
        };
        let can_say = self.store.index().capabilities().packs();
        if can_say && !search.is_indexed && search.found != Some(FoundIn::Uri) {
            let evidence = Evidence::PackUnindexed(Unindexed {
                key: object.key.as_str().to_owned(),
                pack,
            });
            verdict.report(Finding::new(evidence, Subject::Blob, id.as_str()));
        }
    }
}

/// Returns the finding of a blob that neither its pack nor an index row leads to.
fn lost(row: &BlobRow, id: &ObjectId, packed: &PackedState) -> Finding {
    let key = packed.key.as_str().to_owned();
    let about = |evidence| Finding::new(evidence, Subject::Blob, id.as_str());
    if !packed.found.is_empty() {
        let found = names(&packed.found);
        return about(Evidence::ObjectMisplaced(Misplaced { key, found }));
    }
    let finding = about(Evidence::ObjectMissing(Absent {
        key,
        path: Some(row.path.clone()),
        found: Some(Vec::new()),
        ..Absent::default()
    }));
    match packed.search.pack {
        PackState::Absent => Finding {
            caused_by: Some(format!("{} {}", Code::PackMissing, packed.pack())),
            ..finding
        },
        PackState::There(_) => finding,
    }
}

/// Returns the finding of a range that does not hold the blob. A pack that is not there is told once, for all blobs.
fn wrong_range(id: &ObjectId, packed: &PackedState, wrong: &packs::WrongRange) -> Option<Finding> {
    let about = |evidence| Finding::new(evidence, Subject::Blob, id.as_str());
    let corrupt = |key: &str| {
        about(Evidence::ObjectCorrupt(WrongBytes {
            key: key.to_owned(),
            size: u64::try_from(wrong.length).ok(),
            why: wrong.why.to_string(),
            copies: names(&packed.found),
            ..WrongBytes::default()
        }))
    };
    let from = match wrong.from {
        _ if wrong.why == RangeFault::NoPack => return None,
        FoundIn::Row => {
            let why = "Luthier changes no content_cache; let the hub fill it again";
            return Some(corrupt("content_cache").without_remedy(why));
        }
        FoundIn::Pack => {
            return Some(Finding {
                // A pack is never written, so the blob gets an object of its own.
                remedy: Remedy::Restore,
                ..corrupt(packed.key.as_str())
            });
        }
        FoundIn::Uri => "uri",
        FoundIn::Index => "index",
    };
    let finding = about(Evidence::IndexWrong(WrongRange {
        from: from.to_owned(),
        length: wrong.length,
        offset: wrong.offset,
        pack: format!("sha256:{}", wrong.pack),
        why: wrong.why.to_string(),
    }));
    Some(match wrong.from {
        FoundIn::Uri => finding.without_remedy("the range is in the row's own storage_uri"),
        _ => finding,
    })
}
