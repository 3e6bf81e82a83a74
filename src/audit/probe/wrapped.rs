//! A large blob that does not prove, looked into without holding it: spooled to a temporary file, and unpacked from
//! there as it streams by.

use futures_util::StreamExt;
use luthier_hub::backend::{Backend, Key};
use luthier_hub::cause::Cause;
use luthier_hub::scratch;
use luthier_object::legacy::{self, Wrapping};
use luthier_object::{MAX_PAYLOAD, ObjectId};
use std::fs::File;
use std::io::Write;

/// Returns the wrappings around a content that proves the id, outermost first, in words; `None` where nothing does.
///
/// # Errors
/// The blob could not be read again.
pub(super) async fn layers(
    backend: &dyn Backend,
    id: &ObjectId,
    key: &Key,
) -> Result<Option<String>, Cause> {
    let Some(mut body) = backend
        .open(key)
        .await
        .map_err(|e| Cause::told(e.reason(key.as_str()), e))?
    else {
        return Err("it was read, but is gone now".into());
    };
    if body.meta.size > MAX_PAYLOAD as u64 + 64 {
        return Ok(None);
    }
    let spooling =
        |error: std::io::Error| Cause::told(format!("Luthier cannot decode it: {error}"), error);
    let folder = scratch::folder("blob").map_err(spooling)?;
    let path = folder.path().join("bytes");
    let mut file = File::create_new(&path).map_err(spooling)?;
    let mut begun = false;
    while let Some(chunk) = body.stream.next().await {
        let chunk = chunk.map_err(|e| Cause::told(e.reason(key.as_str()), e))?;
        if !begun && !legacy::may_be_wrapped(&chunk) {
            return Ok(None);
        }
        begun = true;
        file.write_all(&chunk).map_err(spooling)?;
    }
    let id = id.clone();
    let found = tokio::task::spawn_blocking(move || {
        // The folder goes with this.
        let folder = folder;
        legacy::layers_of_blob(&id, || File::open(folder.path().join("bytes")))
    });
    let found = found.await.map_err(Cause::of)?.map_err(spooling)?;
    let words = |layers: Vec<Wrapping>| {
        let names: Vec<&str> = layers.into_iter().map(Wrapping::name).collect();
        names.join(" > ")
    };
    Ok(found.map(words))
}
