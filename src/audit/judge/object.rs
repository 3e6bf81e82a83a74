//! The objects of rows: what was found under their keys.

use super::Verdict;
use crate::diagnose;
use crate::evidence::{Absent, Evidence, Misplaced, RefusedUri, WrongBytes};
use crate::fault::Code;
use crate::finding::Finding;
use crate::probe::{ObjectState, WrongObject};
use luthier_hub::backend::Key;
use luthier_object::{Kind, ObjectId};

/// Reports the codes of an object that a row names, and notes what was read of it.
pub(super) fn judge_object(verdict: &mut Verdict, kind: Kind, id: &ObjectId, looked: &ObjectState) {
    let about = |evidence| Finding::new(evidence, kind.into(), id.as_str());
    match looked {
        // A blob in a pack is judged by itself.
        ObjectState::Unlinked { .. } | ObjectState::There { .. } | ObjectState::Packed(_) => {}
        ObjectState::Proved { size, sha256, .. } => verdict.read = Some((*size, *sha256)),
        ObjectState::Refused { uri, why, found } => {
            let finding = about(Evidence::UriRefused(RefusedUri {
                uri: Some(uri.clone()),
                why: why.to_string(),
                found: Some(names(found)),
                ..RefusedUri::default()
            }));
            verdict.report(if found.is_empty() {
                finding.without_remedy("the store has no bytes that match the id")
            } else {
                finding
            });
        }
        ObjectState::Absent { key, found } => {
            let (key, found) = (key.as_str().to_owned(), names(found));
            verdict.report(about(match found.is_empty() {
                true => Evidence::ObjectMissing(Absent {
                    key,
                    found: Some(found),
                    ..Absent::default()
                }),
                false => Evidence::ObjectMisplaced(Misplaced { key, found }),
            }));
        }
        ObjectState::Wrong(wrong) => judge_wrong(verdict, kind, id, wrong),
        ObjectState::Unknown { key, why } => {
            verdict.unknown.push(format!("{kind} {id}: {key}: {why}"))
        }
    }
}

/// Reports bytes that do not prove the id, by what they are.
fn judge_wrong(verdict: &mut Verdict, kind: Kind, id: &ObjectId, wrong: &WrongObject) {
    let (key, encoding) = (&wrong.key, &wrong.encoding);
    let seen = WrongBytes {
        content_encoding: encoding.clone(),
        copies: names(&wrong.copies),
        key: key.as_str().to_owned(),
        size: Some(wrong.size),
        why: wrong.why.clone(),
    };
    let evidence = match &wrong.wrapped {
        Some(layers) => diagnose::encoded(layers, seen),
        None => diagnose::classify(kind, id, &wrong.bytes, seen),
    };
    let is_corrupt = evidence.code() == Code::ObjectCorrupt;
    if let Some(name) = diagnose::unpackable(encoding.as_deref()).filter(|_| is_corrupt) {
        verdict.unknown.push(format!(
            "{kind} {id}: {key}: it is stored with Content-Encoding {name}, which Luthier cannot decode"
        ));
        return;
    }
    verdict.read = Some((wrong.size, wrong.sha256));
    verdict.report(Finding::new(evidence, kind.into(), id.as_str()));
}

/// Reports bytes under the key that a row without URI would get, which are not its object.
pub(super) fn judge_others(verdict: &mut Verdict, kind: Kind, id: &ObjectId, others: &[Key]) {
    for key in others {
        let why = "the bytes do not match the id, and no row points to them";
        let evidence = Evidence::ObjectCorrupt(WrongBytes {
            key: key.as_str().to_owned(),
            why: why.to_owned(),
            ..WrongBytes::default()
        });
        verdict.report(Finding::new(evidence, kind.into(), id.as_str()));
    }
}

/// Reports a record whose row names no object, by `finding`; `found` are keys whose bytes prove the id, `others` keys
/// whose do not.
pub(super) fn judge_unlinked(
    verdict: &mut Verdict,
    kind: Kind,
    id: &ObjectId,
    (found, others): (&[Key], &[Key]),
    finding: Finding,
) {
    if !found.is_empty() {
        return verdict.report(finding);
    }
    judge_others(verdict, kind, id, others);
    verdict.report(if others.is_empty() {
        finding
    } else {
        finding.without_remedy("its key already has other bytes")
    });
}

/// Returns the names of keys.
pub(super) fn names(keys: &[Key]) -> Vec<String> {
    keys.iter().map(|key| key.as_str().to_owned()).collect()
}
