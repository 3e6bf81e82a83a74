//! `luthier keys`: the key table for people, and for the README.

use super::output::Output;
use super::{CliError, Exit};
use crate::tui::keymap::{Binding, Place, TABLE};
use serde_json::json;

/// The places in the order in which a person meets them.
const PLACES: [(Place, &str); 13] = [
    (Place::Common, "everywhere"),
    (Place::Hub, "hub"),
    (Place::Repos, "repositories"),
    (Place::Objects, "objects"),
    (Place::Inspect, "one object"),
    (Place::Findings, "findings"),
    (Place::Decide, "decide"),
    (Place::Plan, "plan"),
    (Place::Apply, "apply"),
    (Place::Pull, "pull"),
    (Place::Journal, "journal"),
    (Place::Run, "run"),
    (Place::Log, "log"),
];

pub fn run(out: &Output) -> Result<Exit, CliError> {
    if out.json {
        for (place, row) in rows() {
            out.object(&json!({
                "type": "key", "place": place, "keys": row.keys, "title": row.title, "help": row.help,
            }))?;
        }
    } else {
        out.raw(table().as_bytes())?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn rows() -> impl Iterator<Item = (&'static str, &'static Binding)> {
    PLACES.into_iter().flat_map(|(place, name)| {
        let here = TABLE.iter().filter(move |row| row.places.contains(&place));
        here.filter(move |row| place == Place::Common || !row.places.contains(&Place::Common))
            .map(move |row| (name, row))
    })
}

/// The table in Markdown.
pub fn table() -> String {
    let mut out = "| where | keys | does |\n|---|---|---|\n".to_owned();
    let mut last = "";
    for (place, row) in rows() {
        let keys: Vec<String> = row.keys.iter().map(|key| format!("`{key}`")).collect();
        let place = if place == std::mem::replace(&mut last, place) {
            ""
        } else {
            place
        };
        out += &format!("| {place} | {} | {} |\n", keys.join(" "), row.help);
    }
    out
}
