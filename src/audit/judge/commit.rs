//! Commits.

use super::{Beside, Judge, ObjectQuery, Verdict, judge_object, judge_unlinked, names};
use crate::Depth;
use crate::compare;
use crate::evidence::{
    Ambiguous, Evidence, Malformed, NotStored, Parents, Reason, Scheme, Spelling, Treeless,
    Unlinked,
};
use crate::fault::Code;
use crate::finding::{Finding, Subject};
use crate::probe::{Named, ObjectState};
use luthier_hub::backend::Key;
use luthier_hub::index::CommitRow;
use luthier_hub::index::audit_scratch::StoredCopy;
use luthier_hub::store::reconstruct::{self, RowError};
use luthier_object::identity::{self, CommitScheme, Recovered, Stated};
use luthier_object::{CommitRecord, Kind, ObjectId, Record, Signature, time};

/// Returns the evidence on a commit whose id no formula reproduces from its row.
fn unverifiable(record: &Result<(), RowError>) -> Evidence {
    let why = match record {
        Ok(()) => "no formula reproduces the id".to_owned(),
        Err(error) => error.to_string(),
    };
    Evidence::IdentityUnverifiable(Reason { why })
}

impl Judge {
    /// Judges one commit row; `copies` are the listed keys of its digest.
    pub async fn commit(&self, row: &CommitRow, copies: &[StoredCopy]) -> Verdict {
        match self.plain_proof(row) {
            Some(scheme) => {
                let mut verdict = Verdict::default();
                verdict.proved_by(Kind::Commit, scheme.name());
                verdict
            }
            None => self.whole_commit(row, copies).await,
        }
    }

    /// Judges one commit row by the record that it states.
    async fn whole_commit(&self, row: &CommitRow, copies: &[StoredCopy]) -> Verdict {
        let mut verdict = Verdict::default();
        let id = ObjectId::new(&row.commit_id);
        let about = |evidence| Finding::new(evidence, Subject::Commit, id.as_str());
        if reconstruct::non_empty(row.snapshot_id.as_deref()).is_none() {
            let parents = parents(row);
            verdict.report(about(Evidence::CommitTreeless(Treeless { parents })));
        }
        if id.hex().is_none() {
            verdict.report(about(Evidence::IdMalformed(Malformed::default())));
            return verdict;
        }
        let record = reconstruct::commit_record(row);
        let ambiguous = record.as_ref().ok().and_then(identity::ambiguous_commit);
        if let Some(field) = ambiguous {
            let (field, path) = (Some(field.to_owned()), None);
            verdict.report(about(Evidence::IdentityAmbiguous(Ambiguous {
                field,
                path,
            })));
            return verdict;
        }
        let proof = record.as_ref().ok().and_then(identity::recover_commit);
        // A message may weigh megabytes: the row has it still.
        let record = record.map(|_| ());
        let ask = ObjectQuery {
            row: Named::of_commit(row, &id, copies),
            doubtful: proof.is_none(),
        };
        let looked = self.probe(ask).await;
        let compare = |object: &Record| beside(row, object);
        let (looked, beside) = self.read_twice(Kind::Commit, &id, looked, compare).await;
        if let Some(proof) = &proof {
            verdict.proved_by(Kind::Commit, proof.scheme.name());
            verdict.signature = self.signature(&proof.record);
        }
        let proof = proof.as_ref();
        let unproved = || about(unverifiable(&record));
        match &looked {
            None => self.unasked(&mut verdict, row, proof, unproved),
            Some(ObjectState::Unlinked { found, others }) => {
                self.not_pointed_at(&mut verdict, &id, (found, others), proof, unproved);
            }
            Some(looked) => {
                judge_object(&mut verdict, Kind::Commit, &id, looked);
                self.stored(&mut verdict, &id, (looked, beside), proof, unproved);
            }
        }
        verdict
    }

    /// Returns what the signature of a proved commit says, where this depth asks.
    fn signature(&self, record: &CommitRecord) -> Option<Signature> {
        match self.depth {
            Depth::Bytes => Signature::of(record),
            Depth::Rows | Depth::Presence => None,
        }
    }

    /// Returns the scheme under which a row gives its id as it stands, where that is all that this depth asks: nearly
    /// always, and no record is made for it.
    fn plain_proof(&self, row: &CommitRow) -> Option<CommitScheme> {
        if self.depth != Depth::Rows || row.oversized {
            return None;
        }
        let stated = Stated {
            parent_ids: &row.parent_ids,
            snapshot_id: reconstruct::non_empty(row.snapshot_id.as_deref())?,
            message: &row.message,
            at: time::parse(&row.timestamp)?,
            author: &row.author,
            commit_meta: &row.commit_meta,
        };
        let digest = ObjectId::new(&row.commit_id).digest()?;
        stated.verify(&digest).map(|(scheme, ..)| scheme)
    }

    /// Judges a row that names no object, of which these keys have a proved one, and these other bytes.
    fn not_pointed_at(
        &self,
        verdict: &mut Verdict,
        id: &ObjectId,
        (found, others): (&[Key], &[Key]),
        proof: Option<&Recovered>,
        unproved: impl Fn() -> Finding,
    ) {
        let finding = self.unlinked(id, found, proof, unproved);
        judge_unlinked(verdict, Kind::Commit, id, (found, others), finding);
        // To link what is stored changes nothing about its id.
        if let Some(proof) = proof.filter(|_| !found.is_empty()) {
            stale(verdict, id, proof);
        }
    }

    /// Returns the finding on a row that names no object, of which these keys have a proved one.
    fn unlinked(
        &self,
        id: &ObjectId,
        found: &[Key],
        proof: Option<&Recovered>,
        unproved: impl Fn() -> Finding,
    ) -> Finding {
        match proof {
            _ if !found.is_empty() => {
                let (found, path) = (names(found), None);
                let evidence = Evidence::UriUnlinked(Unlinked { found, path });
                Finding::new(evidence, Subject::Commit, id.as_str())
            }
            None => unproved(),
            Some(proof) => self.graded(not_stored(id, proof)),
        }
    }

    /// Without a look at the store: what the row alone says.
    fn unasked(
        &self,
        verdict: &mut Verdict,
        row: &CommitRow,
        proof: Option<&Recovered>,
        unproved: impl Fn() -> Finding,
    ) {
        let id = ObjectId::new(&row.commit_id);
        match proof {
            // Its object may still prove it; this depth does not read it.
            None if row.storage_uri.is_some() => {}
            None => verdict.report(unproved()),
            Some(proof) if row.storage_uri.is_none() => {
                let finding = not_stored(&id, proof);
                if finding.code != Code::UriMissing {
                    verdict.report(self.graded(finding));
                }
            }
            Some(proof) => stale(verdict, &id, proof),
        }
    }

    /// Returns a row that names an object.
    fn stored(
        &self,
        verdict: &mut Verdict,
        id: &ObjectId,
        (looked, beside): (&ObjectState, Beside),
        proof: Option<&Recovered>,
        unproved: impl Fn() -> Finding,
    ) {
        if let ObjectState::Proved { proof, .. } = looked {
            verdict.proved_by(Kind::Commit, proof.scheme());
            if let Some(finding) = beside.finding(Kind::Commit, id) {
                verdict.report(finding);
            }
        } else if proof.is_none() && !matches!(looked, ObjectState::Unknown { .. }) {
            verdict.report(unproved());
        }
        if let Some(proof) = proof {
            stale(verdict, id, proof);
        }
    }
}

/// The parents as a list, as the row spells them; what is no list of ids stays the text that it is.
fn parents(row: &CommitRow) -> Parents {
    match reconstruct::parent_ids(&row.parent_ids) {
        Ok(ids) => Parents::Ids(ids.iter().map(|id| id.as_str().to_owned()).collect()),
        Err(_) => Parents::Text(row.parent_ids.clone()),
    }
}

/// What the object says beside its row.
fn beside(row: &CommitRow, record: &Record) -> Beside {
    let Record::Commit(object, _) = record else {
        return Beside::default();
    };
    let fields = compare::commit(row, object);
    let differing = compare::differences(&fields);
    let differs = !differing.is_empty() || fields.is_empty();
    Beside {
        row_lacks: differs && !compare::commit_edits(row, object).is_empty(),
        differing: differs.then_some(differing),
        says_more: record.says_more(),
    }
}

/// Returns the finding for a row that proves and has no object.
fn not_stored(id: &ObjectId, proof: &Recovered) -> Finding {
    let scheme = proof.scheme.name().to_owned();
    let evidence = if !proof.scheme.accepted_by_clients() {
        Evidence::IdentityStale(Scheme { scheme })
    } else if proof.offset.is_none() && !proof.author_emptied {
        Evidence::UriMissing(NotStored {
            scheme: Some(scheme),
            ..NotStored::default()
        })
    } else {
        Evidence::SpellingLost(Spelling {
            author: proof.record.author.clone(),
            committed_at: proof.record.committed_at.clone(),
            scheme,
        })
    };
    Finding::new(evidence, Subject::Commit, id.as_str())
}

/// A stored commit whose id clients refuse stays a finding: there is nothing left to write.
fn stale(verdict: &mut Verdict, id: &ObjectId, proof: &Recovered) {
    if proof.scheme == CommitScheme::Pipe {
        let evidence = Evidence::IdentityStale(Scheme {
            scheme: proof.scheme.name().to_owned(),
        });
        verdict.report(
            Finding::new(evidence, Subject::Commit, id.as_str())
                .without_remedy("it is stored already; clients still refuse its id"),
        );
    }
}
