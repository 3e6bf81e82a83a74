//! What the server of tests lists on a page, and what it does wrong there.

use super::Quirk;
use super::s3_memory::Object;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::{CommonPrefix, EncodingType, ListObjectsV2Input, ListObjectsV2Output};
use std::collections::BTreeMap;

/// Objects and folders behind what the last page or the request ends with.
pub(super) fn page_of(
    objects: &BTreeMap<String, Object>,
    input: &ListObjectsV2Input,
    most: usize,
    quirk: Option<Quirk>,
) -> ListObjectsV2Output {
    let prefix = input.prefix.clone().unwrap_or_default();
    let sent = match (&input.continuation_token, &input.start_after) {
        (Some(token), _) => String::from_utf8(hex::decode(token).unwrap()).unwrap(),
        (None, after) => after.clone().unwrap_or_default(),
    };
    let mut names = names_behind(objects, input, &sent, quirk);
    let is_short = quirk == Some(Quirk::Short) && names.len() > 20 && most > 1;
    let more = !is_short && (names.len() > most || quirk == Some(Quirk::Empty));
    names.truncate(if is_short {
        most.min(names.len() / 2)
    } else {
        most
    });
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

/// Keys, or names up to the next slash, in the server's order.
fn names_behind(
    objects: &BTreeMap<String, Object>,
    input: &ListObjectsV2Input,
    sent: &str,
    quirk: Option<Quirk>,
) -> Vec<String> {
    if quirk == Some(Quirk::Empty) {
        return Vec::new();
    }
    // Ordering by folders is ordering by bytes with the slash as the least of them.
    let rank = |key: &str| match quirk {
        Some(Quirk::Folders) => key.replace('/', "\0"),
        _ => key.to_owned(),
    };
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let skips = input.continuation_token.is_none();
    let mut names: Vec<String> = objects
        .keys()
        .filter(|key| key.starts_with(prefix))
        .map(|key| match key[prefix.len()..].find('/') {
            Some(at) if input.delimiter.is_some() => key[..=prefix.len() + at].to_owned(),
            _ => key.clone(),
        })
        .filter(|name| sent.is_empty() || rank(name) > rank(sent))
        .filter(|name| sent.is_empty() || !(skips && skipped(name, sent, quirk)))
        .collect();
    names.sort_by_key(|name| rank(name));
    names.dedup();
    names
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
