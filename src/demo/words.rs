//! Believable contents and ids, drawn from a seed.

use super::script::Words;
use fastrand::Rng;

const LICENCE: &str = "Creative Commons Attribution 4.0 International\n\n\
    Share and adapt, and say whose work it was.\n";

const BASE64URL: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Returns a file's bytes, by what its name says it is.
pub(super) fn content(path: &str, words: &Words, rng: &mut Rng) -> Vec<u8> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match (name, extension) {
        ("LICENSE", _) => LICENCE.as_bytes().to_vec(),
        (".keep", _) => Vec::new(),
        (_, "mid") => midi(rng),
        (_, "wav") => wave(rng),
        (_, "py") => program(words, rng).into_bytes(),
        (_, "toml" | "css") => settings(extension, words, rng).into_bytes(),
        (_, "html" | "svg") => markup(extension, words, rng).into_bytes(),
        (_, "json") => catalogue(words, rng).into_bytes(),
        (_, "md") => notes(name, words, rng).into_bytes(),
        _ => lines(words, rng).into_bytes(),
    }
}

/// Picks one of the words; returns an empty text if there is none.
pub(super) fn pick<'w>(list: &'w [String], rng: &mut Rng) -> &'w str {
    match list.len() {
        0 => "",
        len => &list[rng.usize(..len)],
    }
}

/// Returns a random UUID's text.
pub(super) fn uuid(rng: &mut Rng) -> String {
    let (high, low) = (rng.u64(..), rng.u64(..));
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

/// Returns 64 hex digits that are the digest of nothing.
pub(super) fn digest(rng: &mut Rng) -> String {
    (0..4).map(|_| format!("{:016x}", rng.u64(..))).collect()
}

/// Returns `length` characters of the alphabet of keys and signatures.
pub(super) fn base64url(length: usize, rng: &mut Rng) -> String {
    (0..length)
        .map(|_| char::from(BASE64URL[rng.usize(..BASE64URL.len())]))
        .collect()
}

/// Returns a one-track MIDI file of some notes.
fn midi(rng: &mut Rng) -> Vec<u8> {
    let mut track = vec![0, 0xc0, rng.u8(..128)];
    for _ in 0..rng.usize(16..96) {
        let (pitch, loud, wait) = (rng.u8(36..96), rng.u8(40..120), rng.u8(1..128));
        track.extend_from_slice(&[0, 0x90, pitch, loud, wait, 0x80, pitch, 0]);
    }
    track.extend_from_slice(&[0, 0xff, 0x2f, 0]);
    let mut out = b"MThd\0\0\0\x06\0\x01\0\x01\x01\xe0MTrk".to_vec();
    out.extend_from_slice(&(track.len() as u32).to_be_bytes());
    out.extend_from_slice(&track);
    out
}

/// Returns a short mono WAVE file: a plucked tone that dies away.
fn wave(rng: &mut Rng) -> Vec<u8> {
    let samples = rng.usize(400..1600);
    let mut data = Vec::with_capacity(samples * 2);
    let mut string: Vec<i32> = (0..rng.usize(20..90))
        .map(|_| rng.i32(-20_000..20_000))
        .collect();
    for n in 0..samples {
        let (here, next) = (n % string.len(), (n + 1) % string.len());
        data.extend_from_slice(&(string[here] as i16).to_le_bytes());
        string[here] = (string[here] + string[next]) / 2;
    }
    let mut out = b"RIFF".to_vec();
    out.extend_from_slice(&(36 + data.len() as u32).to_le_bytes());
    out.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    out.extend_from_slice(&22_050u32.to_le_bytes());
    out.extend_from_slice(&44_100u32.to_le_bytes());
    out.extend_from_slice(b"\x02\0\x10\0data");
    out.extend_from_slice(&(data.len() as u32).to_le_bytes());
    out.extend_from_slice(&data);
    out
}

fn lines(words: &Words, rng: &mut Rng) -> String {
    (0..rng.usize(4..14))
        .map(|_| format!("{}\n", pick(&words.verses, rng)))
        .collect()
}

fn notes(name: &str, words: &Words, rng: &mut Rng) -> String {
    let body: String = (0..rng.usize(3..8))
        .map(|_| format!("- bar {}: {}\n", rng.u32(1..220), pick(&words.verses, rng)))
        .collect();
    format!("# {}\n\n{body}", name.trim_end_matches(".md"))
}

fn program(words: &Words, rng: &mut Rng) -> String {
    let function = |rng: &mut Rng| {
        let (name, other) = (pick(&words.names, rng), pick(&words.names, rng));
        let (by, at) = (rng.u32(1..48), rng.u32(0..960));
        format!("def {name}_{at}({other}):\n    return {other} * {by} + {at}\n")
    };
    (0..rng.usize(2..7))
        .map(|_| function(rng))
        .collect::<Vec<_>>()
        .join("\n\n")
}

fn settings(extension: &str, words: &Words, rng: &mut Rng) -> String {
    let css = extension == "css";
    let mut out = format!("{}\n", if css { "body {" } else { "[mix]" });
    for n in 0..rng.usize(4..10) {
        let name = pick(&words.names, rng);
        let value = rng.u32(..1000);
        out.push_str(&match css {
            true => format!("  --{name}-{n}: {value}px;\n"),
            false => format!("{name}_{n} = {value}\n"),
        });
    }
    out.push_str(if css { "}\n" } else { "" });
    out
}

fn markup(extension: &str, words: &Words, rng: &mut Rng) -> String {
    if extension == "svg" {
        let (x, y) = (rng.u32(..500), rng.u32(..500));
        return format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\"><path d=\"M0 0 L{x} {y}\"/></svg>\n"
        );
    }
    let body: String = (0..rng.usize(3..9))
        .map(|_| format!("<p>{}</p>\n", pick(&words.verses, rng)))
        .collect();
    format!(
        "<!doctype html>\n<title>{}</title>\n{body}",
        pick(&words.names, rng)
    )
}

fn catalogue(words: &Words, rng: &mut Rng) -> String {
    let entries: Vec<String> = (0..rng.usize(3..9))
        .map(|n| {
            format!(
                "  \"{}-{n}\": {}",
                pick(&words.names, rng),
                rng.u32(1600..1930)
            )
        })
        .collect();
    format!("{{\n{}\n}}\n", entries.join(",\n"))
}
