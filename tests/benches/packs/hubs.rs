//! Two hubs with the same blobs: each an object of its own, and all in packs.

use aws_sdk_s3::config::{Credentials, Region};
use futures_util::{StreamExt, stream};
use luthier_hub::backend::s3::BucketLocation;
use luthier_hub::backend::{Key, layout};
use luthier_hub::index::{BlobRow, BranchRow, NewRows, RepoRow};
use luthier_hub::store::hub::{Database, Hub, ObjectStore};
use luthier_hub::store::{Authority, Environment, Making, Policy, Store};
use luthier_hub::testing::june::index;
use luthier_hub::testing::{LONG_AGO, REPO, commit, commit_row, member, snapshot, snapshot_row};
use luthier_object::pack::{self, Writer};
use luthier_object::{Kind, ObjectId, identity};
use luthier_testing::postgres;

/// Puts at the same time.
const TOGETHER: usize = 32;

/// Where blobs are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    Alone,
    Packed,
}

impl Kept {
    const fn name(self) -> &'static str {
        match self {
            Kept::Alone => "alone",
            Kept::Packed => "packed",
        }
    }
}

/// Both hubs, on the servers of the tests.
pub struct Hubs {
    pub endpoint: String,
    packs: u64,
    blobs: u64,
    largest: u64,
}

fn number(name: &str, otherwise: u64) -> u64 {
    let given = std::env::var(name).ok().map(|text| text.parse().unwrap());
    given.unwrap_or(otherwise)
}

impl Hubs {
    /// The hubs that the environment describes.
    pub async fn from_env() -> Self {
        let endpoint = std::env::var("LUTHIER_TEST_SEAWEEDFS");
        let hubs = Self {
            endpoint: endpoint.expect("no S3 server: eval \"$(tests/servers/up)\""),
            packs: number("LUTHIER_BENCH_PACKS", 200),
            blobs: number("LUTHIER_BENCH_BLOBS", 100_000),
            largest: number("LUTHIER_BENCH_LARGEST", 64),
        };
        if std::env::var_os("LUTHIER_BENCH_AGAIN").is_none() {
            hubs.build().await;
        }
        hubs
    }

    pub fn described(&self) -> String {
        let bytes: u64 = (0..self.packs).map(|n| self.size(n)).sum();
        format!(
            "{} packs of 1 to {} MiB with {} blobs: {} MiB",
            self.packs,
            self.largest,
            self.blobs,
            bytes >> 20
        )
    }

    /// Bytes of a pack.
    fn size(&self, n: u64) -> u64 {
        let place = n as f64 / (self.packs - 1).max(1) as f64;
        ((1 << 20) as f64 * (self.largest as f64).powf(place)) as u64
    }

    pub fn database(&self, kept: Kept) -> String {
        let server = postgres::server();
        let (start, _) = server.rsplit_once('/').unwrap();
        format!("{start}/luthier_bench_{}", kept.name())
    }

    pub fn bucket(&self, kept: Kept) -> String {
        format!("luthier-bench-{}", kept.name())
    }

    fn hub(&self, kept: Kept) -> Hub {
        Hub {
            name: "bench".into(),
            environment: Environment::Demo,
            policy: Policy::DbCanonical,
            database: Database::parse(&self.database(kept)).unwrap(),
            objects: ObjectStore::S3(BucketLocation {
                bucket: self.bucket(kept),
                endpoint: Some(self.endpoint.clone()),
                ..BucketLocation::default()
            }),
        }
    }

    async fn make(&self, kept: Kept) -> (Store, Making) {
        let name = format!("luthier_bench_{}", kept.name());
        let sql = format!("CREATE DATABASE {name} TEMPLATE template0");
        postgres::run(&postgres::server(), &sql).await;
        self.make_bucket(kept).await;
        let store = Store::create(&self.hub(kept), &Authority::granted()).await;
        let store = store.unwrap();
        let making = store.making(&Authority::granted()).unwrap();
        let repo = RepoRow {
            repo_id: REPO.into(),
            owner: "alice".into(),
            slug: "song".into(),
            name: "song".into(),
            default_branch: "main".into(),
            created_at: LONG_AGO.into(),
            ..RepoRow::default()
        };
        let rows = NewRows {
            repos: vec![repo],
            ..NewRows::default()
        };
        making.insert(&rows).await.unwrap();
        (store, making)
    }

    async fn make_bucket(&self, kept: Kept) {
        let variable = |name: &str| std::env::var(name).unwrap();
        let keys = Credentials::new(
            variable("AWS_ACCESS_KEY_ID"),
            variable("AWS_SECRET_ACCESS_KEY"),
            None,
            None,
            "bench",
        );
        let config = aws_sdk_s3::Config::builder()
            .behavior_version_latest()
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .credentials_provider(keys)
            .region(Region::new("us-east-1"))
            .endpoint_url(&self.endpoint)
            .force_path_style(true)
            .build();
        let client = aws_sdk_s3::Client::from_conf(config);
        let bucket = client.create_bucket().bucket(self.bucket(kept)).send();
        bucket.await.unwrap();
    }

    /// Builds both hubs, pack by pack: each is a commit of its own.
    async fn build(&self) {
        let (alone, packed) = (self.make(Kept::Alone).await, self.make(Kept::Packed).await);
        let mut chance = fastrand::Rng::with_seed(7);
        let (mut before, mut made) = (None::<ObjectId>, 0);
        for n in 0..self.packs {
            let count = self.blobs * (n + 1) / self.packs - made;
            let blobs = blobs(&mut chance, count, self.size(n) / count.max(1));
            made += count;
            let mut rows = self.commit(n, &blobs, before.as_ref());
            before = rows
                .commits
                .first()
                .map(|row| ObjectId::new(&row.commit_id));
            if n + 1 == self.packs {
                rows.branches.push(BranchRow {
                    branch_id: "branch-main".into(),
                    repo_id: REPO.into(),
                    name: "main".into(),
                    head_commit_id: before.as_ref().map(|id| id.as_str().into()),
                });
            }
            keep_alone(&alone, &blobs, rows.clone()).await;
            keep_packed(&packed.1, &blobs, rows).await;
            if (n + 1) % 20 == 0 {
                println!("built     {} of {} packs", n + 1, self.packs);
            }
        }
        for (store, making) in [alone, packed] {
            let refs = store.refs_of(REPO).await.unwrap().unwrap();
            making.writer().save_refs(&refs, LONG_AGO).await.unwrap();
            store.close().await;
        }
    }

    /// The rows that both hubs have.
    fn commit(&self, n: u64, blobs: &[(ObjectId, Vec<u8>)], before: Option<&ObjectId>) -> NewRows {
        let names: Vec<String> = (0..blobs.len())
            .map(|at| format!("takes/{n}/{at}"))
            .collect();
        let files: Vec<(&str, &ObjectId)> = names
            .iter()
            .zip(blobs)
            .map(|(name, (id, _))| (name.as_str(), id))
            .collect();
        let tree = snapshot(&files);
        let parents: Vec<&ObjectId> = before.into_iter().collect();
        let commit = commit(&tree.snapshot_id, &parents, &format!("take {n}"));
        let row = |((id, bytes), path): (&(ObjectId, Vec<u8>), &String)| BlobRow {
            object_id: id.as_str().into(),
            repo_id: Some(REPO.into()),
            path: path.clone(),
            size_bytes: bytes.len() as i64,
            storage_uri: None,
            disk_path: None,
            created_at: LONG_AGO.into(),
        };
        let mut memberships = vec![
            (Kind::Commit, member(&commit.commit_id)),
            (Kind::Snapshot, member(&tree.snapshot_id)),
        ];
        memberships.extend(blobs.iter().map(|(id, _)| (Kind::Blob, member(id))));
        NewRows {
            blobs: blobs.iter().zip(&names).map(row).collect(),
            snapshots: vec![snapshot_row(&tree)],
            commits: vec![commit_row(&commit)],
            memberships,
            ..NewRows::default()
        }
    }
}

/// So many blobs, of half to one and a half times this size.
fn blobs(chance: &mut fastrand::Rng, count: u64, size: u64) -> Vec<(ObjectId, Vec<u8>)> {
    let blob = |_| {
        let size = chance.u64(size / 2..=size + size / 2);
        let mut bytes = vec![0; size as usize];
        chance.fill(&mut bytes);
        (identity::blob_id(&bytes), bytes)
    };
    (0..count).map(blob).collect()
}

async fn keep_alone(
    (store, making): &(Store, Making),
    blobs: &[(ObjectId, Vec<u8>)],
    mut rows: NewRows,
) {
    let puts = blobs.iter().map(|(id, bytes)| async move {
        let key = layout::key_for(id).unwrap();
        making.plant(&key, bytes.clone().into()).await.unwrap();
        store.backend().uri_for(&key)
    });
    let uris: Vec<String> = stream::iter(puts.collect::<Vec<_>>())
        .buffered(TOGETHER)
        .collect()
        .await;
    for (row, uri) in rows.blobs.iter_mut().zip(uris) {
        row.storage_uri = Some(uri);
    }
    making.insert(&rows).await.unwrap();
}

async fn keep_packed(making: &Making, blobs: &[(ObjectId, Vec<u8>)], mut rows: NewRows) {
    let with = |writer: Writer, (id, bytes): &(ObjectId, Vec<u8>)| writer.with(id, bytes);
    let bytes = blobs.iter().fold(Writer::default(), with).finish_mpack();
    let pack = pack::id_of(&bytes);
    rows.packed = index(&bytes, &pack);
    for row in &mut rows.blobs {
        row.storage_uri = Some(format!("mpack://{pack}/{}", row.object_id));
    }
    let key = Key::new(format!("packs/{}.mpack", pack.bare())).unwrap();
    making.plant(&key, bytes.into()).await.unwrap();
    making.insert(&rows).await.unwrap();
}
