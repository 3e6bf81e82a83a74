//! `luthier keys`: the key table for people, and for the README.

use super::output::Output;
use super::{CliError, Exit};
use crate::tui::keymap::{Keymap, PLACES, Place, Row};
use serde_json::json;

pub fn run(out: &Output) -> Result<Exit, CliError> {
    let keymap = super::keymap()?;
    if out.json {
        for row in rows(&keymap) {
            out.object(&json!({
                "type": "key", "place": row.place.name(), "name": row.slug(), "keys": row.keys,
                "title": row.binding.title, "help": row.binding.help,
            }))?;
        }
    } else {
        out.raw(table(&keymap).as_bytes())?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// Place by place; what lists over a screen share with every screen is said once.
fn rows(keymap: &Keymap) -> impl Iterator<Item = &Row> {
    PLACES.into_iter().flat_map(|(place, _)| {
        keymap.rows().iter().filter(move |row| {
            let common = row.binding.places.contains(&Place::Common);
            row.place == place && (place == Place::Common || !common)
        })
    })
}

/// The table in Markdown.
pub fn table(keymap: &Keymap) -> String {
    let mut out = "| where | keys | name | does |\n|---|---|---|---|\n".to_owned();
    let mut last = "";
    for row in rows(keymap) {
        let keys: Vec<String> = row.keys.iter().map(|key| format!("`{key}`")).collect();
        let name = row.place.name();
        let place = if name == std::mem::replace(&mut last, name) {
            ""
        } else {
            name
        };
        out += &format!(
            "| {place} | {} | {} | {} |\n",
            keys.join(" "),
            row.slug(),
            row.binding.help
        );
    }
    out
}
