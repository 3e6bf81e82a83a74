//! An S3 server in the test process, which keeps its objects in memory and fails as it is told.
//!
//! Protocol and signatures are those of `s3s`; what lies where is this file's. It names nothing of the
//! program, so a test of the whole program can take it in too.

#![allow(dead_code, reason = "each kind of test uses a part of it")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::auth::SimpleAuth;
use s3s::dto::*;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
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
    /// No answer.
    Stall,
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
}

/// What the server is not able to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lacks {
    /// `If-None-Match` is ignored.
    pub conditions: bool,
    /// `x-amz-checksum-sha256` is ignored.
    pub checksums: bool,
}

#[derive(Clone)]
struct Object {
    bytes: Vec<u8>,
    modified: SystemTime,
}

struct Rule {
    op: Op,
    /// Part of the key.
    key: String,
    fault: Fault,
    /// How often it still strikes.
    times: usize,
}

#[derive(Default)]
struct State {
    buckets: BTreeMap<String, BTreeMap<String, Object>>,
    rules: Vec<Rule>,
    quirk: Option<Quirk>,
    lacks: Lacks,
    page: Option<usize>,
    log: Vec<(Op, String)>,
}

impl State {
    fn bucket(&mut self, name: &str) -> S3Result<&mut BTreeMap<String, Object>> {
        let bucket = self.buckets.get_mut(name);
        bucket.ok_or_else(|| s3_error!(NoSuchBucket))
    }
}

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<State>>);

impl Memory {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Notes a request; the fault that strikes it.
    async fn meet(&self, op: Op, key: &str) -> S3Result<Option<Fault>> {
        let fault = {
            let mut state = self.lock();
            state.log.push((op, key.to_owned()));
            let rule = state
                .rules
                .iter_mut()
                .find(|rule| rule.op == op && rule.times > 0 && key.contains(&rule.key));
            rule.map(|rule| {
                rule.times -= 1;
                rule.fault
            })
        };
        match fault {
            Some(Fault::Code(code)) => Err(coded(code)),
            Some(Fault::Region(region)) => {
                let mut error = coded("PermanentRedirect");
                let mut headers = S3Response::new(()).headers;
                headers.insert("x-amz-bucket-region", region.parse().unwrap());
                error.set_headers(headers);
                Err(error)
            }
            Some(Fault::Stall) => std::future::pending().await,
            other => Ok(other),
        }
    }
}

fn coded(code: &'static str) -> S3Error {
    let mut error = S3Error::new(S3ErrorCode::from_bytes(code.as_bytes()).unwrap());
    if matches!(error.code(), S3ErrorCode::Custom(_)) {
        error.set_status_code("403".parse().unwrap());
    }
    // The message repeats what was sent, as servers do; nobody may show it.
    error.set_message(format!("the secret was {SECRET_KEY}"));
    error
}

fn etag(object: &Object) -> ETag {
    ETag::Strong(hex::encode(&Sha256::digest(&object.bytes)[..16]))
}

#[async_trait::async_trait]
impl S3 for Memory {
    async fn head_bucket(
        &self,
        req: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        self.meet(Op::Bucket, "").await?;
        self.lock().bucket(&req.input.bucket)?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn head_object(
        &self,
        req: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = req.input;
        self.meet(Op::Head, &input.key).await?;
        let mut state = self.lock();
        let found = state.bucket(&input.bucket)?.get(&input.key).cloned();
        let object = found.ok_or_else(|| s3_error!(NoSuchKey))?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: Some(object.bytes.len() as i64),
            e_tag: Some(etag(&object)),
            last_modified: Some(object.modified.into()),
            ..HeadObjectOutput::default()
        }))
    }

    async fn get_object(
        &self,
        req: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let input = req.input;
        let fault = self.meet(Op::Get, &input.key).await?;
        let mut state = self.lock();
        let found = state.bucket(&input.bucket)?.get(&input.key).cloned();
        let object = found.ok_or_else(|| s3_error!(NoSuchKey))?;
        let mut bytes = object.bytes.clone();
        let length = bytes.len() as i64;
        let mut end: Option<io::Result<Bytes>> = None;
        match fault {
            Some(Fault::Truncate) => {
                bytes.truncate(bytes.len() / 2);
                end = Some(Err(io::Error::other("cut")));
            }
            Some(Fault::Flip) => bytes[0] ^= 1,
            _ => {}
        }
        let body = stream::iter([Ok(Bytes::from(bytes))]).chain(
            stream::once(async {
                // What came so far is on its way before the connection breaks.
                tokio::task::yield_now().await;
                end
            })
            .filter_map(|end| async { end }),
        );
        Ok(S3Response::new(GetObjectOutput {
            body: Some(StreamingBlob::wrap(body)),
            content_length: Some(length),
            e_tag: Some(etag(&object)),
            last_modified: Some(object.modified.into()),
            ..GetObjectOutput::default()
        }))
    }

    async fn put_object(
        &self,
        req: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let mut input = req.input;
        let fault = self.meet(Op::Put, &input.key).await?;
        let mut bytes = Vec::new();
        while let Some(body) = &mut input.body {
            match body.next().await {
                Some(chunk) => {
                    bytes.extend_from_slice(&chunk.map_err(|_| s3_error!(IncompleteBody))?)
                }
                None => break,
            }
        }
        let mut state = self.lock();
        let lacks = state.lacks;
        let right = STANDARD.encode(Sha256::digest(&bytes));
        if !lacks.checksums && input.checksum_sha256.is_some_and(|sent| sent != right) {
            return Err(s3_error!(BadDigest));
        }
        let bucket = state.bucket(&input.bucket)?;
        let conditional = input.if_none_match.is_some() && !lacks.conditions;
        if conditional && bucket.contains_key(&input.key) {
            return Err(s3_error!(PreconditionFailed));
        }
        let object = Object {
            bytes,
            modified: SystemTime::now(),
        };
        let e_tag = Some(etag(&object));
        bucket.insert(input.key, object);
        if fault == Some(Fault::StoreThenFail) {
            return Err(s3_error!(InternalError));
        }
        Ok(S3Response::new(PutObjectOutput {
            e_tag,
            ..PutObjectOutput::default()
        }))
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = req.input;
        let prefix = input.prefix.clone().unwrap_or_default();
        self.meet(Op::List, &prefix).await?;
        let mut state = self.lock();
        let quirk = state.quirk;
        let most = state.page.unwrap_or(1_000);
        let most = most.min(input.max_keys.map_or(1_000, |max| max as usize));
        Ok(S3Response::new(page_of(
            state.bucket(&input.bucket)?,
            &input,
            most,
            quirk,
        )))
    }
}

/// What a page lists: objects and folders in the server's order.
fn page_of(
    objects: &BTreeMap<String, Object>,
    input: &ListObjectsV2Input,
    most: usize,
    quirk: Option<Quirk>,
) -> ListObjectsV2Output {
    let prefix = input.prefix.clone().unwrap_or_default();
    // Ordering by folders is ordering by bytes with the slash as the least of them.
    let rank = |key: &str| match quirk {
        Some(Quirk::Folders) => key.replace('/', "\0"),
        _ => key.to_owned(),
    };
    let (sent, is_token) = match (&input.continuation_token, &input.start_after) {
        (Some(token), _) => (hex::decode(token).unwrap(), true),
        (None, after) => (after.clone().unwrap_or_default().into_bytes(), false),
    };
    let sent = String::from_utf8(sent).unwrap();
    let mut names: Vec<String> = objects
        .keys()
        .filter(|key| key.starts_with(&prefix))
        .map(|key| match key[prefix.len()..].find('/') {
            Some(at) if input.delimiter.is_some() => key[..=prefix.len() + at].to_owned(),
            _ => key.clone(),
        })
        .filter(|name| {
            sent.is_empty()
                || (rank(name) > rank(&sent) && (is_token || !skipped(name, &sent, quirk)))
        })
        .collect();
    names.sort_by_key(|name| rank(name));
    names.dedup();
    if quirk == Some(Quirk::Empty) {
        names.clear();
    }
    let more = names.len() > most || quirk == Some(Quirk::Empty);
    names.truncate(most);
    let token = match (quirk, names.last()) {
        (Some(Quirk::Empty), _) => hex::encode(format!("{sent}.")),
        (Some(Quirk::SameToken), _) => hex::encode("a"),
        (_, last) => hex::encode(last.cloned().unwrap_or_default()),
    };
    match quirk {
        Some(Quirk::Swap) if names.len() > 1 => names.swap(0, 1),
        Some(Quirk::Repeat) if !names.is_empty() => names.push(names[names.len() - 1].clone()),
        Some(Quirk::Stranger) => names.push("stranger".to_owned()),
        _ => {}
    }
    let encoded = input.encoding_type.is_some() && quirk != Some(Quirk::Plain);
    let text = |name: &str| {
        if encoded {
            url_encoded(name)
        } else {
            name.to_owned()
        }
    };
    let (folders, keys): (Vec<_>, Vec<_>) = names.iter().partition(|name| {
        input.delimiter.is_some() && name.ends_with('/') && name.len() > prefix.len()
    });
    let object = |name: &String| {
        let object = objects.get(name);
        s3s::dto::Object {
            key: Some(text(name)),
            size: Some(object.map_or(0, |object| object.bytes.len() as i64)),
            last_modified: object.map(|object| object.modified.into()),
            ..s3s::dto::Object::default()
        }
    };
    let folder = |name: &String| CommonPrefix {
        prefix: Some(text(name)),
    };
    ListObjectsV2Output {
        contents: Some(keys.into_iter().map(object).collect()),
        common_prefixes: Some(folders.into_iter().map(folder).collect()),
        is_truncated: Some(more),
        next_continuation_token: (more && quirk != Some(Quirk::NoToken)).then_some(token),
        encoding_type: encoded.then(|| EncodingType::from_static(EncodingType::URL)),
        ..ListObjectsV2Output::default()
    }
}

/// What SeaweedFS leaves out behind a `start-after` besides: everything below it.
fn skipped(name: &str, after: &str, quirk: Option<Quirk>) -> bool {
    let below = name.strip_prefix(after);
    quirk == Some(Quirk::Folders) && below.is_some_and(|rest| rest.starts_with('/'))
}

/// As AWS: a space becomes a plus.
fn url_encoded(text: &str) -> String {
    const SET: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'/')
        .remove(b'*')
        .remove(b' ');
    utf8_percent_encode(text, SET).to_string().replace(' ', "+")
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
        let object = Object {
            bytes: bytes.to_vec(),
            modified: SystemTime::now(),
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
