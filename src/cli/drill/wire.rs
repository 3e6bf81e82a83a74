//! A client of the wire, as small as it can be: one request a connection.

use bytes::Bytes;
use luthier_hub::cause::Cause;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The time for a request and its answer, as clients have it.
const LONGEST: Duration = Duration::from_secs(60);

/// The largest answer, in bytes, as clients have it, with its head.
const LARGEST: u64 = (64 << 20) + (64 << 10);

const MSGPACK: &str = "application/x-msgpack";

/// One repository behind a server.
pub struct Wire {
    pub address: SocketAddr,
    /// `owner/slug`.
    pub repo: String,
    pub token: String,
}

#[derive(Debug, Deserialize)]
pub struct Refs {
    pub repo_id: String,
    pub branch_heads: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub struct Fetched {
    pub commits: Vec<Map<String, Value>>,
    pub snapshots: Vec<Map<String, Value>>,
    pub objects: Vec<Blob>,
}

#[derive(Debug, Deserialize, Serialize)]
pub struct Blob {
    pub object_id: String,
    pub content: ByteBuf,
}

#[derive(Serialize)]
pub struct Want {
    pub want: Vec<String>,
    pub have: Vec<String>,
}

#[derive(Serialize)]
pub struct Blobs {
    pub objects: Vec<Blob>,
}

#[derive(Debug, Deserialize)]
pub struct Stored {
    pub stored: u64,
}

#[derive(Serialize)]
pub struct Push {
    pub bundle: Bundle,
    pub branch: String,
    pub force: bool,
}

#[derive(Serialize)]
pub struct Bundle {
    pub commits: Vec<Map<String, Value>>,
    pub snapshots: Vec<Map<String, Value>>,
    pub objects: Vec<Blob>,
}

#[derive(Debug, Deserialize)]
pub struct Pushed {
    pub ok: bool,
    pub message: String,
    pub remote_head: Option<String>,
}

impl Wire {
    /// Asks where the branches point.
    pub async fn refs(&self) -> Result<Refs, Cause> {
        self.call::<(), _>("GET", "refs", None).await
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// No answer, one that is cut, or another status than 200.
    pub async fn call<T: Serialize, A: DeserializeOwned>(
        &self,
        method: &str,
        call: &str,
        body: Option<&T>,
    ) -> Result<A, Cause> {
        let body = body.map(rmp_serde::to_vec_named).transpose();
        let body = body.map_err(Cause::of)?;
        let (status, answer) = self.send(method, call, body.as_deref()).await?;
        match status {
            200 => rmp_serde::from_slice(&answer).map_err(Cause::of),
            _ => {
                let said = String::from_utf8_lossy(&answer).into_owned();
                Err(format!("{call}: HTTP {status}: {said}").into())
            }
        }
    }

    /// Sends a request and returns the status and the body of its answer.
    ///
    /// # Errors
    /// No answer, or one that is cut.
    pub async fn send(
        &self,
        method: &str,
        call: &str,
        body: Option<&[u8]>,
    ) -> Result<(u16, Bytes), Cause> {
        let exchange = tokio::time::timeout(LONGEST, self.exchange(method, call, body)).await;
        let answer = exchange.map_err(|_| Cause::from(format!("{call}: no answer in 60 s")))??;
        answer_of(&answer).ok_or_else(|| format!("{call}: the answer is cut").into())
    }

    async fn exchange(
        &self,
        method: &str,
        call: &str,
        body: Option<&[u8]>,
    ) -> Result<Vec<u8>, Cause> {
        let mut head = format!(
            "{method} /{}/{call} HTTP/1.1\r\nHost: {}\r\nAccept: {MSGPACK}\r\n\
             Authorization: Bearer {}\r\nConnection: close\r\n",
            self.repo, self.address, self.token
        );
        if let Some(body) = body {
            head += &format!(
                "Content-Type: {MSGPACK}\r\nContent-Length: {}\r\n",
                body.len()
            );
        }
        head += "\r\n";
        let mut stream = TcpStream::connect(self.address).await.map_err(Cause::of)?;
        stream.write_all(head.as_bytes()).await.map_err(Cause::of)?;
        stream
            .write_all(body.unwrap_or_default())
            .await
            .map_err(Cause::of)?;
        let mut answer = Vec::new();
        let read = stream.take(LARGEST).read_to_end(&mut answer).await;
        read.map_err(Cause::of)?;
        Ok(answer)
    }
}

/// Splits an answer; `None` if it does not have the length that it announces.
fn answer_of(answer: &[u8]) -> Option<(u16, Bytes)> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    })?;
    let body = &answer[end + 4..];
    (body.len() == length).then(|| (status, Bytes::copy_from_slice(body)))
}
