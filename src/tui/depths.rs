//! The depth at which a hub is opened, as a person chose it last.

use luthier_audit::Depth;
use luthier_hub::destination;
use luthier_hub::store::{Environment, Hub};
use luthier_repair::journal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// The values remembered of a hub.
#[derive(Serialize, Deserialize)]
struct Remembered {
    depth: String,
}

/// Returns the depth that was chosen last; none where none was, or where it cannot be read.
#[must_use]
pub fn remembered(hub: &Hub) -> Option<Depth> {
    let text = std::fs::read(place(hub)?).ok()?;
    let found: Remembered = serde_json::from_slice(&text).ok()?;
    let depths = [Depth::Rows, Depth::Presence, Depth::Bytes];
    depths.into_iter().find(|depth| depth.word() == found.depth)
}

/// Remembers a depth. Where that fails, the next session opens as it did before.
pub fn remember(hub: &Hub, depth: Depth) {
    if let Some(path) = place(hub) {
        // A choice that is lost costs one more key; it is no reason to disturb who made it.
        let depth = depth.word().to_owned();
        if let Ok(text) = serde_json::to_vec(&Remembered { depth }) {
            let _ = destination::replace(&path, &text);
        }
    }
}

/// Returns the file of a profile; a hub without profile is known by its database. A demo's hub has none: it is new each
/// time.
fn place(hub: &Hub) -> Option<PathBuf> {
    if hub.environment == Environment::Demo {
        return None;
    }
    let name = match hub.name == hub.database.name() {
        true => format!("database\0{}", hub.describe_database()),
        false => format!("profile\0{}", hub.name),
    };
    let name = hex::encode(&Sha256::digest(name)[..8]);
    Some(
        journal::state_folder()?
            .join("console")
            .join(format!("{name}.json")),
    )
}
