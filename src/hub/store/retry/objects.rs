//! Reads of objects that are tried again: a question that was not answered is asked once more, a body that broke
//! off goes on where it broke, and so does a listing.
//!
//! A store that answers nobody is waited for as long as the job may wait. Where others are answered meanwhile, it
//! is the one object that fails: that is tried a few times, and no more in this job.

mod health;

use crate::backend::{Backend, BackendError, Body, Entry, Key, Meta, UriRefusal};
use crate::progress::Progress;
use crate::waiting::{Retries, single_try};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use health::{HURRIED, Health};
use luthier_object::time::Micros;
use std::sync::Arc;
use std::time::Duration;

/// The most times that a body is continued after a break.
const BREAKS: u32 = 4;

/// A request that takes longer is shown in the progress line.
const SLOW: Duration = Duration::from_secs(5);

/// A store whose reads are tried again within the budget of a job.
#[derive(Clone)]
pub(in crate::store) struct Patient {
    inner: Arc<dyn Backend>,
    progress: Progress,
    pub(in crate::store) health: Arc<Health>,
}

/// One question and its tries.
struct Question<'a> {
    patient: &'a Patient,
    subject: &'a str,
    retries: Retries,
    tries: u32,
    /// Answers of the job before this question failed first.
    before: u64,
}

impl Question<'_> {
    /// Waits for the next try of what failed with `error`; gives the error back where there is none.
    async fn again(&mut self, error: BackendError) -> Result<(), BackendError> {
        let health = &self.patient.health;
        let Some(reason) = error.transient() else {
            health.answered();
            return Err(error);
        };
        self.tries += 1;
        let most = match error {
            BackendError::TimedOut { .. } => health.count_time_out(),
            _ => health.tries(),
        };
        let others = health.answers() > self.before;
        if others && self.tries >= most {
            health.give_up(self.subject);
            return Err(error.given_up(&self.retries.told()));
        }
        if health.is_down() {
            return Err(error);
        }
        if self.retries.wait(reason).await {
            return Ok(());
        }
        if health.answers() == self.before {
            health.go_down();
        }
        Err(error.given_up(&self.retries.told()))
    }
}

impl Patient {
    pub(in crate::store) fn new(
        inner: Arc<dyn Backend>,
        progress: &Progress,
        health: Arc<Health>,
    ) -> Self {
        Self {
            inner,
            progress: progress.clone(),
            health,
        }
    }

    fn question<'a>(&'a self, subject: &'a str) -> Question<'a> {
        Question {
            patient: self,
            subject,
            retries: self.progress.retries(),
            tries: 0,
            before: self.health.answers(),
        }
    }

    /// Asks until there is an answer or no time left.
    async fn ask<T, F>(
        &self,
        subject: &str,
        request: impl Fn() -> F + Send + Sync,
    ) -> Result<T, BackendError>
    where
        F: Future<Output = Result<T, BackendError>> + Send,
        T: Send,
    {
        if self.health.has_given_up(subject) {
            return Err(BackendError::Failing {
                what: subject.to_owned(),
                why: "the store failed on it earlier in this run, so it is not requested again"
                    .into(),
            });
        }
        let mut question = self.question(subject);
        loop {
            match self.watched(subject, request()).await {
                Ok(answer) => {
                    self.health.answered();
                    if question.tries > 0 {
                        self.health.recover();
                    }
                    return Ok(answer);
                }
                Err(error) => question.again(error).await?,
            }
        }
    }

    /// Opens an object, or a part of it.
    async fn open_part(
        &self,
        key: &Key,
        range: Option<(u64, u64)>,
    ) -> Result<Option<Body>, BackendError> {
        match range {
            None => self.inner.open(key).await,
            Some((offset, length)) => self.inner.open_range(key, offset, length).await,
        }
    }

    /// Shows in the progress line that a request is slow, and ends it where the job is told to stop.
    async fn watched<T>(
        &self,
        subject: &str,
        request: impl Future<Output = Result<T, BackendError>> + Send,
    ) -> Result<T, BackendError> {
        let what = || match subject {
            "" => self.inner.describe(),
            key => key.to_owned(),
        };
        // Every try is one request, so that each wait is counted and shown here. Requests are large, and part of what
        // waits for them at every floor above.
        let mut request = std::pin::pin!(single_try(Box::pin(request)));
        tokio::select! {
            biased;
            answer = &mut request => return answer,
            () = tokio::time::sleep(SLOW) => {}
        }
        self.progress
            .begin_wait("waiting for an answer of the store");
        let limit = async {
            match self.health.is_hurried() || self.health.is_down() {
                true => tokio::time::sleep(HURRIED.saturating_sub(SLOW)).await,
                false => std::future::pending().await,
            }
        };
        let answer = tokio::select! {
            answer = &mut request => answer,
            () = limit => Err(BackendError::TimedOut { what: what() }),
            () = self.progress.cancelled() => Err(BackendError::Remote {
                what: what(),
                why: "the run was told to stop".into(),
            }),
        };
        self.progress.end_wait();
        answer
    }

    /// Returns the body of an object, which goes on where it broke off while the object is still the same.
    fn going_on(&self, key: &Key, range: Option<(u64, u64)>, body: Body) -> Body {
        let meta = body.meta.clone();
        let reading = Reading {
            patient: self.clone(),
            key: key.clone(),
            range,
            meta: body.meta,
            stream: body.stream,
            done: 0,
            breaks: 0,
        };
        let stream = stream::unfold(Some(reading), |reading| async move {
            let mut reading = reading?;
            let next = reading.next().await?;
            let rest = next.is_ok().then_some(reading);
            Some((next, rest))
        });
        Body {
            meta,
            stream: stream.boxed(),
        }
    }
}

/// A body under way.
struct Reading {
    patient: Patient,
    key: Key,
    /// Offset and length of the part that is read; none where it is the whole object.
    range: Option<(u64, u64)>,
    meta: Meta,
    stream: BoxStream<'static, Result<Bytes, BackendError>>,
    done: u64,
    breaks: u32,
}

impl Reading {
    async fn next(&mut self) -> Option<Result<Bytes, BackendError>> {
        loop {
            let error = match self.stream.next().await? {
                Ok(chunk) => {
                    self.done += chunk.len() as u64;
                    return Some(Ok(chunk));
                }
                Err(error) => error,
            };
            let Some(reason) = error.transient() else {
                return Some(Err(error));
            };
            self.breaks += 1;
            let health = &self.patient.health;
            let most = match error {
                BackendError::TimedOut { .. } => health.count_time_out() - 1,
                _ => BREAKS,
            };
            if self.breaks > most {
                health.give_up(self.key.as_str());
                return Some(Err(error));
            }
            if !self.patient.progress.retries().wait(reason).await {
                return Some(Err(error));
            }
            if let Err(error) = self.reopen(error).await {
                return Some(Err(error));
            }
        }
    }

    /// Opens the object again and passes over what was handed on; returns `broken` where it is another by now.
    async fn reopen(&mut self, broken: BackendError) -> Result<(), BackendError> {
        let key = self.key.as_str();
        let patient = &self.patient;
        let opened = patient.ask(key, || patient.open_part(&self.key, self.range));
        let body = match opened.await? {
            Some(body) if body.meta == self.meta => body,
            _ => return Err(broken),
        };
        let mut passed = self.done;
        let rest = body.stream.filter_map(move |chunk| {
            let out = match chunk {
                Ok(chunk) if passed >= chunk.len() as u64 => {
                    passed -= chunk.len() as u64;
                    None
                }
                Ok(chunk) => {
                    let from = std::mem::take(&mut passed) as usize;
                    Some(Ok(chunk.slice(from..)))
                }
                Err(error) => Some(Err(error)),
            };
            std::future::ready(out)
        });
        self.stream = rest.boxed();
        Ok(())
    }
}

#[async_trait]
impl Backend for Patient {
    fn describe(&self) -> String {
        self.inner.describe()
    }

    fn uri_for(&self, key: &Key) -> String {
        self.inner.uri_for(key)
    }

    fn locate(&self, uri: &str) -> Result<Key, UriRefusal> {
        self.inner.locate(uri)
    }

    async fn open(&self, key: &Key) -> Result<Option<Body>, BackendError> {
        let body = self.ask(key.as_str(), || self.inner.open(key)).await?;
        Ok(body.map(|body| self.going_on(key, None, body)))
    }

    async fn open_range(
        &self,
        key: &Key,
        offset: u64,
        length: u64,
    ) -> Result<Option<Body>, BackendError> {
        let range = Some((offset, length));
        let body = self
            .ask(key.as_str(), || self.open_part(key, range))
            .await?;
        Ok(body.map(|body| self.going_on(key, range, body)))
    }

    async fn head(&self, key: &Key) -> Result<Option<Meta>, BackendError> {
        self.ask(key.as_str(), || self.inner.head(key)).await
    }

    fn list<'a>(
        &'a self,
        prefix: &str,
        start_after: Option<&str>,
    ) -> BoxStream<'a, Result<Entry, BackendError>> {
        let listing = Listing {
            patient: self,
            prefix: prefix.to_owned(),
            after: start_after.map(str::to_owned),
            stream: self.inner.list(prefix, start_after),
            question: None,
        };
        stream::unfold(Some(listing), |listing| async move {
            let mut listing = listing?;
            let next = listing.next().await?;
            let rest = next.is_ok().then_some(listing);
            Some((next, rest))
        })
        .boxed()
    }

    async fn now(&self) -> Result<Micros, BackendError> {
        self.ask("", || self.inner.now()).await
    }
}

/// A listing under way.
struct Listing<'a> {
    patient: &'a Patient,
    prefix: String,
    after: Option<String>,
    stream: BoxStream<'a, Result<Entry, BackendError>>,
    /// The tries at the place where it broke off.
    question: Option<Question<'a>>,
}

impl Listing<'_> {
    async fn next(&mut self) -> Option<Result<Entry, BackendError>> {
        loop {
            let error = match self.patient.watched("", next(&mut self.stream)).await {
                Ok(entry) => {
                    let entry = entry?;
                    self.patient.health.answered();
                    self.after = Some(entry.key.clone());
                    self.question = None;
                    return Some(Ok(entry));
                }
                Err(error) => error,
            };
            let patient = self.patient;
            let question = self.question.get_or_insert_with(|| patient.question(""));
            if let Err(error) = question.again(error).await {
                return Some(Err(error));
            }
            self.stream = patient.inner.list(&self.prefix, self.after.as_deref());
        }
    }
}

async fn next(
    stream: &mut BoxStream<'_, Result<Entry, BackendError>>,
) -> Result<Option<Entry>, BackendError> {
    stream.next().await.transpose()
}

#[cfg(test)]
#[path = "../../../../tests/store/patient.rs"]
mod tests;
