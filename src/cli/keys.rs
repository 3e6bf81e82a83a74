//! `luthier keys`: the key table for people, and for the README.

use super::output::Output;
use super::{CliError, Exit};
use luthier_tui::keymap::{KEY_CONTEXTS, KeyContext, Keymap, Row};
use serde_json::json;

pub fn run(out: &Output) -> Result<Exit, CliError> {
    let keymap = super::keymap(&crate::config::console(None)?)?;
    if out.json {
        for row in rows(&keymap) {
            out.object(&json!({
                "type": "key", "place": row.context.name(), "name": row.slug(), "keys": row.keys,
                "title": row.binding.title, "help": row.binding.help,
            }))?;
        }
    } else {
        out.raw(table(&keymap).as_bytes())?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// Lists the keys screen by screen; keys of every screen are listed once.
fn rows(keymap: &Keymap) -> impl Iterator<Item = &Row> {
    KEY_CONTEXTS.into_iter().flat_map(|(context, _)| {
        keymap.rows().iter().filter(move |row| {
            let common = row.binding.contexts.contains(&KeyContext::Common);
            row.context == context && (context == KeyContext::Common || !common)
        })
    })
}

/// Returns the table in Markdown.
pub fn table(keymap: &Keymap) -> String {
    let mut out = "| where | keys | name | does |\n|---|---|---|---|\n".to_owned();
    let mut last = "";
    for row in rows(keymap) {
        let keys: Vec<String> = row.keys.iter().map(|key| format!("`{key}`")).collect();
        let name = row.context.name();
        let context = if name == std::mem::replace(&mut last, name) {
            ""
        } else {
            name
        };
        out += &format!(
            "| {context} | {} | {} | {} |\n",
            keys.join(" "),
            row.slug(),
            row.binding.help
        );
    }
    out
}
