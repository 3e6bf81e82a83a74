//! A hub as the model knows it: what each object is, and what became of its row and of its bytes.

use bytes::Bytes;
use luthier_hub::backend::layout;
use luthier_hub::index::{BlobRow, CommitRow, NewRows, SnapshotRow};
use luthier_hub::testing::*;
use luthier_object::{Kind, ObjectId, identity};
use proptest::collection::vec;
use proptest::prelude::*;

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    Linked,
    Unlinked,
    /// It points at the object of another row.
    Elsewhere,
    /// It points at another store.
    Foreign,
    /// A cell differs: of a commit one that its id covers, of the others one that it does not.
    Altered,
    /// A snapshot without its cache.
    Uncached,
    /// A snapshot with the cache of an empty one.
    Miscached,
    /// A snapshot with its cache in msgpack.
    Msgpack,
    Absent,
}

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectState {
    Sound,
    Absent,
    Flipped,
    Cut,
    /// It has the bytes of another one.
    Other,
    /// It lies under a key that the hub used before.
    Misplaced,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    pub row: RowState,
    pub object: ObjectState,
}

/// A hub before it is built. Numbers are taken modulo what is there.
#[derive(Clone, Debug)]
pub struct Draft {
    pub blobs: Vec<State>,
    pub trees: Vec<(Vec<usize>, State)>,
    pub commits: Vec<(usize, Vec<usize>, State)>,
    pub heads: Vec<usize>,
}

/// A row as the hub wrote it, linked.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    Blob(BlobRow),
    Snapshot(SnapshotRow),
    Commit(CommitRow),
}

/// An object with its row, as the hub wrote both, and what became of them.
#[derive(Clone, Debug)]
pub struct Thing {
    pub kind: Kind,
    pub id: ObjectId,
    pub key: String,
    pub uri: String,
    pub bytes: Bytes,
    pub row: Row,
    pub state: State,
}

fn state() -> impl Strategy<Value = State> {
    use RowState as R;
    let row = prop_oneof![
        6 => Just(R::Linked),
        4 => Just(R::Unlinked),
        1 => Just(R::Elsewhere),
        1 => Just(R::Foreign),
        1 => Just(R::Altered),
        1 => Just(R::Uncached),
        1 => Just(R::Miscached),
        1 => Just(R::Msgpack),
        1 => Just(R::Absent),
    ];
    let object = prop_oneof![
        6 => Just(ObjectState::Sound),
        3 => Just(ObjectState::Absent),
        1 => Just(ObjectState::Flipped),
        1 => Just(ObjectState::Cut),
        1 => Just(ObjectState::Other),
        1 => Just(ObjectState::Misplaced),
    ];
    (row, object).prop_map(|(row, object)| State { row, object })
}

pub fn drafts() -> impl Strategy<Value = Draft> {
    let numbers = |most| vec(0..8_usize, 0..most);
    (
        vec(state(), 1..4),
        vec((numbers(4), state()), 1..4),
        vec((0..8_usize, numbers(3), state()), 1..5),
        vec(0..8_usize, 1..3),
    )
        .prop_map(|(blobs, trees, commits, heads)| Draft {
            blobs,
            trees,
            commits,
            heads,
        })
}

impl Thing {
    fn new(kind: Kind, id: &ObjectId, bytes: Vec<u8>, row: Row, state: State) -> Self {
        let key = layout::key_for(id).unwrap().as_str().to_owned();
        Self {
            kind,
            id: id.clone(),
            uri: format!("local://{key}"),
            key,
            bytes: bytes.into(),
            row,
            state,
        }
    }

    /// Whether the row alone gives the object.
    pub fn row_gives(&self) -> bool {
        use RowState as R;
        let lost = matches!(
            (self.kind, self.state.row),
            (Kind::Blob, _)
                | (_, R::Absent)
                | (Kind::Commit, R::Altered)
                | (Kind::Snapshot, R::Uncached | R::Miscached)
        );
        !lost
    }

    /// Whether the store has the object somewhere.
    pub fn is_kept(&self) -> bool {
        use ObjectState as O;
        matches!(self.state.object, O::Sound | O::Misplaced)
    }

    /// What is stored, and under which key; `other` is what another object has.
    pub fn stored(&self, other: &Bytes) -> Option<(String, Bytes)> {
        let mut bytes = self.bytes.to_vec();
        let mut key = self.key.clone();
        match self.state.object {
            ObjectState::Sound => {}
            ObjectState::Misplaced => {
                let keys = layout::keys_for(&self.id, None);
                key = keys[1].as_str().to_owned();
            }
            ObjectState::Absent => return None,
            ObjectState::Flipped => *bytes.last_mut().unwrap() ^= 1,
            ObjectState::Cut => bytes.truncate(bytes.len() / 2),
            ObjectState::Other => bytes = other.to_vec(),
        }
        Some((key, bytes.into()))
    }

    /// Adds the row as it has become.
    pub fn add_row(&self, rows: &mut NewRows) {
        use RowState as R;
        let uri = match self.state.row {
            R::Absent => return,
            R::Unlinked => None,
            R::Elsewhere => Some("local://objects/elsewhere".into()),
            R::Foreign => Some("s3://another/objects/x".into()),
            R::Linked | R::Altered | R::Uncached | R::Miscached | R::Msgpack => {
                Some(self.uri.clone())
            }
        };
        rows.memberships.push((self.kind, member(&self.id)));
        let altered = self.state.row == R::Altered;
        match self.row.clone() {
            Row::Blob(mut row) => {
                row.storage_uri = uri;
                row.size_bytes += i64::from(altered);
                rows.blobs.push(row);
            }
            Row::Snapshot(mut row) => {
                row.storage_uri = uri;
                row.entry_count = row.entry_count.map(|count| count + i64::from(altered));
                match self.state.row {
                    R::Uncached => row.manifest = None,
                    R::Miscached => {
                        row.manifest = Some(luthier_object::Manifest::default().encode())
                    }
                    R::Msgpack => row.manifest = row.manifest.map(|json| msgpack(&json)),
                    _ => {}
                }
                rows.snapshots.push(row);
            }
            Row::Commit(mut row) => {
                row.storage_uri = uri;
                if altered {
                    row.message.push('!');
                }
                rows.commits.push(row);
            }
        }
    }
}

fn msgpack(json: &[u8]) -> Vec<u8> {
    let manifest: serde_json::Value = serde_json::from_slice(json).unwrap();
    rmp_serde::to_vec(&manifest).unwrap()
}

impl Draft {
    /// Everything that the hub once held, blobs before trees before commits.
    pub fn things(&self) -> Vec<Thing> {
        let mut things: Vec<Thing> = self.blobs().collect();
        let blobs: Vec<ObjectId> = things.iter().map(|thing| thing.id.clone()).collect();
        let mut trees = Vec::new();
        for (at, (files, state)) in self.trees.iter().enumerate() {
            // A path of its own keeps two trees with the same files apart.
            let named = files
                .iter()
                .enumerate()
                .map(|(n, file)| (format!("take-{at}/{n}.txt"), &blobs[file % blobs.len()]));
            let named: Vec<(String, &ObjectId)> = match files.is_empty() {
                true => vec![(format!("take-{at}.txt"), &blobs[0])],
                false => named.collect(),
            };
            let files: Vec<(&str, &ObjectId)> = named
                .iter()
                .map(|(path, id)| (path.as_str(), *id))
                .collect();
            let record = snapshot(&files);
            let mut thing = Thing::new(
                Kind::Snapshot,
                &record.snapshot_id,
                record.encode(),
                Row::Snapshot(SnapshotRow::default()),
                *state,
            );
            thing.row = Row::Snapshot(SnapshotRow {
                storage_uri: Some(thing.uri.clone()),
                ..snapshot_row(&record)
            });
            trees.push(record.snapshot_id);
            things.push(thing);
        }
        let mut made: Vec<ObjectId> = Vec::new();
        for (at, (tree, parents, state)) in self.commits.iter().enumerate() {
            let mut named: Vec<&ObjectId> = Vec::new();
            for parent in parents.iter().filter(|_| at > 0) {
                let parent = &made[parent % at];
                if !named.contains(&parent) {
                    named.push(parent);
                }
            }
            let record = commit(&trees[tree % trees.len()], &named, &format!("take {at}"));
            let mut thing = Thing::new(
                Kind::Commit,
                &record.commit_id,
                record.encode(),
                Row::Commit(commit_row(&record)),
                *state,
            );
            thing.row = Row::Commit(CommitRow {
                storage_uri: Some(thing.uri.clone()),
                ..commit_row(&record)
            });
            made.push(record.commit_id);
            things.push(thing);
        }
        things
    }

    fn blobs(&self) -> impl Iterator<Item = Thing> {
        self.blobs.iter().enumerate().map(|(at, state)| {
            let bytes = format!("la la {at}").into_bytes();
            let id = identity::blob_id(&bytes);
            let row = BlobRow {
                object_id: id.as_str().into(),
                repo_id: Some(REPO.into()),
                path: format!("{at}.txt"),
                size_bytes: bytes.len() as i64,
                storage_uri: None,
                disk_path: None,
                created_at: LONG_AGO.into(),
            };
            let mut thing = Thing::new(Kind::Blob, &id, bytes, Row::Blob(row.clone()), *state);
            thing.row = Row::Blob(BlobRow {
                storage_uri: Some(thing.uri.clone()),
                ..row
            });
            thing
        })
    }
}
