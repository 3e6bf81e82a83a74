//! What the server of tests keeps and answers.

use super::{Fault, Lacks, Op, Quirk, SECRET_KEY};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use s3s::dto::*;
use s3s::{S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

#[derive(Clone)]
pub(super) struct Object {
    pub(super) bytes: Vec<u8>,
    pub(super) modified: SystemTime,
    pub(super) encoding: Option<String>,
}

pub(super) struct Rule {
    pub(super) op: Op,
    /// Part of the key.
    pub(super) key: String,
    pub(super) fault: Fault,
    /// How often it still strikes.
    pub(super) times: usize,
    /// The keys that it struck, where it strikes each once.
    pub(super) each: Option<BTreeSet<String>>,
}

impl Rule {
    fn strikes(&mut self, op: Op, key: &str) -> bool {
        if self.op != op || self.times == 0 || !key.contains(&self.key) {
            return false;
        }
        match &mut self.each {
            Some(struck) => struck.insert(key.to_owned()),
            None => true,
        }
    }
}

#[derive(Default)]
pub(super) struct State {
    pub(super) buckets: BTreeMap<String, BTreeMap<String, Object>>,
    pub(super) rules: Vec<Rule>,
    pub(super) quirk: Option<Quirk>,
    pub(super) lacks: Lacks,
    pub(super) page: Option<usize>,
    pub(super) log: Vec<(Op, String)>,
}

impl State {
    pub(super) fn bucket(&mut self, name: &str) -> S3Result<&mut BTreeMap<String, Object>> {
        let bucket = self.buckets.get_mut(name);
        bucket.ok_or_else(|| s3_error!(NoSuchBucket))
    }
}

#[derive(Clone, Default)]
pub(super) struct Memory(Arc<Mutex<State>>);

impl Memory {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
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
                .find_map(|rule| rule.strikes(op, key).then_some(rule));
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
            Some(Fault::Page) => {
                let mut error = coded("NotFound");
                error.set_status_code("404".parse().unwrap());
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

pub fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
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
            content_encoding: object.encoding.clone(),
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
        let mut content_range = None;
        if let Some(range) = input.range {
            let all = bytes.len() as u64;
            let part = range.check(all)?;
            content_range = Some(format!("bytes {}-{}/{all}", part.start, part.end - 1));
            bytes = bytes[part.start as usize..part.end as usize].to_vec();
        }
        let mut length = Some(bytes.len() as i64);
        let mut encoding = object.encoding.clone();
        let mut end: Option<io::Result<Bytes>> = None;
        match fault {
            Some(Fault::Truncate) => {
                bytes.truncate(bytes.len() / 2);
                end = Some(Err(io::Error::other("cut")));
            }
            Some(Fault::Flip) => bytes.iter_mut().take(1).for_each(|byte| *byte ^= 1),
            Some(Fault::FlipBehind(text)) => {
                let at = bytes.windows(text.len()).position(|w| w == text.as_bytes());
                if let Some(at) = at {
                    bytes[at + text.len()] ^= 1;
                }
            }
            Some(Fault::Chunked) => length = None,
            Some(Fault::Short | Fault::Hollow) => {
                bytes.truncate(if fault == Some(Fault::Short) {
                    bytes.len() / 2
                } else {
                    0
                });
                length = Some(bytes.len() as i64);
            }
            Some(Fault::Gzip) => {
                bytes = gzipped(&bytes);
                length = None;
                encoding = Some("gzip".to_owned());
            }
            _ => {}
        }
        let size = bytes.len().max(1);
        let (slice, pause) = match fault {
            Some(Fault::Trickle) => (1, Duration::from_millis(100)),
            _ => (size, Duration::ZERO),
        };
        let slices: Vec<_> = bytes.chunks(slice).map(Bytes::copy_from_slice).collect();
        let slices = stream::iter(slices).then(move |slice| async move {
            tokio::time::sleep(pause).await;
            Ok(slice)
        });
        let body = slices.chain(
            stream::once(async {
                // What came so far is on its way before the connection breaks.
                tokio::task::yield_now().await;
                end
            })
            .filter_map(|end| async { end }),
        );
        Ok(S3Response::new(GetObjectOutput {
            body: Some(StreamingBlob::wrap(body)),
            content_length: length,
            content_encoding: encoding,
            content_range,
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
        if let Some(wanted) = input.if_match.filter(|_| !lacks.conditions) {
            let there = bucket.get(&input.key).map(etag);
            let there = there.ok_or_else(|| s3_error!(NoSuchKey))?;
            if wanted.as_etag() != Some(&there) {
                return Err(s3_error!(PreconditionFailed));
            }
        }
        let object = Object {
            bytes,
            modified: SystemTime::now(),
            encoding: None,
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
        let (quirk, lacks) = (state.quirk, state.lacks);
        let most = state.page.unwrap_or(1_000);
        let asked = input.max_keys.map_or(1_000, |max| max as usize);
        let objects = state.bucket(&input.bucket)?;
        let mut page = super::s3_pages::page_of(objects, &input, most.min(asked), quirk);
        if lacks.wide_pages && asked > 1_000 {
            (page.is_truncated, page.next_continuation_token) = (Some(false), None);
        }
        Ok(S3Response::new(page))
    }
}
