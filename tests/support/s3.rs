//! An S3 server in the test process, which keeps its objects in memory and fails as it is told.
//!
//! Protocol and signatures are those of `s3s`; what lies where is this file's. It names nothing of the
//! program, so a test of the whole program can take it in too.

#![allow(
    dead_code,
    unused_imports,
    reason = "each kind of test uses a part of it"
)]

mod s3_memory;
pub use s3_memory::gzipped;
mod s3_pages;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3_memory::{Memory, Object, Rule};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::SystemTime;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The one pair of credentials that is accepted.
pub const ACCESS_KEY: &str = "AKLUTHIERTEST";
pub const SECRET_KEY: &str = "sEcReT/that+never/appears+anywhere";

/// What a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Get,
    Head,
    Put,
    List,
    Bucket,
}

/// How a request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An answer with this code, as `SlowDown` or `AccessDenied`.
    Code(&'static str),
    /// A redirect to another region.
    Region(&'static str),
    /// Half of the body, then the connection breaks.
    Truncate,
    /// The first bit of the body is another.
    Flip,
    /// The last bit of the byte behind this text is another, where the body holds the text.
    FlipBehind(&'static str),
    /// 404 with a page that is not S3's, as of a proxy.
    Page,
    /// The body without its length.
    Chunked,
    /// Half of the body as if it were the whole.
    Short,
    /// Nothing as if it were the whole.
    Hollow,
    /// Compressed on the way, without a length.
    Gzip,
    /// No answer.
    Stall,
    /// A byte of the body every tenth of a second.
    Trickle,
    /// The object is stored, and the answer is 500.
    StoreThenFail,
}

/// What a listing does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quirk {
    /// Folder by folder, and `start-after` by that order: as SeaweedFS.
    Folders,
    /// Two keys of a page are swapped.
    Swap,
    /// A key comes twice.
    Repeat,
    /// A page that is not the last has no token.
    NoToken,
    /// The token is always the same.
    SameToken,
    /// Pages without keys and without end.
    Empty,
    /// A key that was not asked for.
    Stranger,
    /// `encoding-type` is ignored.
    Plain,
    /// Half of the keys, and the word that these are all.
    Short,
}

/// What the server is not able to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lacks {
    /// `If-None-Match` is ignored.
    pub conditions: bool,
    /// `x-amz-checksum-sha256` is ignored.
    pub checksums: bool,
    /// Asked for more than 1,000 names, it sends so many and says that these are all.
    pub wide_pages: bool,
}

/// A server that runs until it is dropped.
pub struct Server {
    memory: Memory,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    /// Starts a server with these buckets on a free port.
    pub fn start(buckets: &[&str]) -> Self {
        let memory = Memory::default();
        for bucket in buckets {
            memory
                .lock()
                .buckets
                .insert((*bucket).to_owned(), BTreeMap::new());
        }
        let mut service = S3ServiceBuilder::new(memory.clone());
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let service = service.build();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    () = serve(listener, service) => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            memory,
            address,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// `http://127.0.0.1:port`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lays an object down, whatever lies there.
    pub fn plant(&self, bucket: &str, key: &str, bytes: &[u8]) {
        self.plant_encoded(bucket, key, bytes, None);
    }

    /// The same with a `Content-Encoding`.
    pub fn plant_encoded(&self, bucket: &str, key: &str, bytes: &[u8], encoding: Option<&str>) {
        let object = Object {
            bytes: bytes.to_vec(),
            modified: SystemTime::now(),
            encoding: encoding.map(str::to_owned),
        };
        let mut state = self.memory.lock();
        state.bucket(bucket).unwrap().insert(key.to_owned(), object);
    }

    /// What lies under a key.
    pub fn object(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        let mut state = self.memory.lock();
        let object = state.bucket(bucket).unwrap().get(key);
        object.map(|object| object.bytes.clone())
    }

    /// Everything in a bucket.
    pub fn objects(&self, bucket: &str) -> BTreeMap<String, Vec<u8>> {
        let mut state = self.memory.lock();
        let objects = state.bucket(bucket).unwrap().iter();
        objects
            .map(|(key, object)| (key.clone(), object.bytes.clone()))
            .collect()
    }

    /// Makes a bucket hold this and nothing else.
    pub fn refill(&self, bucket: &str, objects: &BTreeMap<String, Vec<u8>>) {
        self.memory.lock().bucket(bucket).unwrap().clear();
        for (key, bytes) in objects {
            self.plant(bucket, key, bytes);
        }
    }

    /// Takes an object away.
    pub fn lose(&self, bucket: &str, key: &str) {
        self.memory.lock().bucket(bucket).unwrap().remove(key);
    }

    /// Takes a bucket away.
    pub fn lose_bucket(&self, bucket: &str) {
        self.memory.lock().buckets.remove(bucket);
    }

    /// Lets the next `times` requests fail whose key contains `key`.
    pub fn fail(&self, op: Op, key: &str, fault: Fault, times: usize) {
        self.memory.lock().rules.push(Rule {
            op,
            key: key.to_owned(),
            fault,
            times,
            each: None,
        });
    }

    /// Lets the first request for each key fail whose text contains `key`.
    pub fn fail_each(&self, op: Op, key: &str, fault: Fault) {
        self.memory.lock().rules.push(Rule {
            op,
            key: key.to_owned(),
            fault,
            times: usize::MAX,
            each: Some(BTreeSet::new()),
        });
    }

    /// Ends all faults.
    pub fn heal(&self) {
        let mut state = self.memory.lock();
        state.rules.clear();
        state.quirk = None;
    }

    pub fn set_quirk(&self, quirk: Quirk) {
        self.memory.lock().quirk = Some(quirk);
    }

    pub fn set_lacks(&self, lacks: Lacks) {
        self.memory.lock().lacks = lacks;
    }

    /// Lists no more keys at once.
    pub fn set_page(&self, most: usize) {
        self.memory.lock().page = Some(most);
    }

    /// How many requests of a kind there were.
    pub fn count(&self, op: Op) -> usize {
        let state = self.memory.lock();
        state.log.iter().filter(|(seen, _)| *seen == op).count()
    }
}

impl Server {
    /// The keys that requests of a kind named, in their order.
    pub fn asked(&self, op: Op) -> Vec<String> {
        let state = self.memory.lock();
        let log = state.log.iter().filter(|(seen, _)| *seen == op);
        log.map(|(_, key)| key.clone()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // Its thread may have ended by itself.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // A panic there has been told already.
            let _ = thread.join();
        }
    }
}

async fn serve(listener: TcpListener, service: S3Service) {
    let builder = Builder::new(TokioExecutor::new());
    while let Ok((stream, _)) = listener.accept().await {
        let (builder, service) = (builder.clone(), service.clone());
        tokio::spawn(async move {
            // A connection that breaks is the client's to notice.
            let _ = builder
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}
