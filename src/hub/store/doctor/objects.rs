//! The object store's side of the doctor.

use super::clocks::{Clock, measure};
use super::{Check, reached};
use crate::access::Access;
use crate::backend::{BackendError, BackendMut, Key};
use futures_util::StreamExt;
use std::sync::Arc;

pub(super) async fn examine(
    backend: Arc<dyn BackendMut>,
    access: Access,
    clocks: &mut Vec<Clock>,
) -> Vec<Check> {
    let mut checks = Vec::new();
    match measure(async || backend.now().await).await {
        Ok((millis, offset)) => {
            clocks.push(("the object store", offset));
            checks.push(reached("object store", backend.describe(), millis));
        }
        Err(error) => return vec![Check::unusable("object store", error)],
    }
    let first = backend.list("", None).next().await;
    match first {
        None => checks.push(Check::pass("listing", "allowed; the store is empty")),
        Some(Err(error)) => checks.push(Check::unusable("listing", error)),
        Some(Ok(entry)) => {
            checks.push(Check::pass("listing", "allowed"));
            checks.push(read_one(backend.as_ref(), &entry.key).await);
        }
    }
    match access {
        Access::Read => checks.push(Check::untried("writing", "not tried; --write tries it")),
        Access::Write => checks.extend(try_writing(backend.as_ref()).await),
    }
    checks
}

async fn read_one(backend: &dyn BackendMut, key: &str) -> Check {
    let Ok(key) = Key::new(key) else {
        return Check::warn(
            "reading",
            format!("not tried: the first key is not to be followed ({key})"),
            "`luthier audit` explains it",
        );
    };
    let read: Result<_, BackendError> = async {
        match backend.open(&key).await? {
            None => Ok(None),
            // One chunk shows that bytes come; the object may be large.
            Some(mut body) => Ok(Some(body.stream.next().await.transpose()?)),
        }
    }
    .await;
    match read {
        Ok(Some(_)) => Check::pass("reading", "allowed"),
        Ok(None) => Check::warn(
            "reading",
            format!("{key} is listed but does not exist"),
            "the hub may be writing; try again",
        ),
        Err(error) => Check::unusable("reading", error),
    }
}

async fn try_writing(backend: &dyn BackendMut) -> Vec<Check> {
    let conditions = match backend.conditions().await {
        Err(error) => return vec![Check::unusable("writing", error)],
        Ok(conditions) => conditions,
    };
    let mut checks = vec![Check::pass(
        "writing",
        "allowed; the test objects are in _luthier/",
    )];
    checks.push(match conditions.if_none_match {
        true => Check::pass("conditional put", "If-None-Match is honoured"),
        false => Check::warn(
            "conditional put",
            "the server ignores If-None-Match and overwrites",
            "Luthier checks before and reads back after each put instead; do not run two repairs at the same time",
        ),
    });
    checks.push(match conditions.checksum {
        true => Check::pass("checksums", "the store refuses bytes with a wrong checksum"),
        false => Check::warn(
            "checksums",
            "the store accepts bytes with a wrong checksum",
            "nothing to do: Luthier reads back every byte",
        ),
    });
    checks
}
