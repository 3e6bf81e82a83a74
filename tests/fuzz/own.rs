//! What a person hands to Luthier: a configuration, a filter, a plan.

use super::targets::file;
use luthier::config::{self, Flags};
use luthier_hub::store::hub::{Database, ObjectStore};
use luthier_hub::store::{Environment, Hub, Policy};
use luthier_repair::{Plan, Refusal, Step};
use luthier_serve::Tokens;
use luthier_tui::filter::{self, OF_FINDINGS};
use luthier_tui::keymap::{Keymap, Overrides, TABLE};
use luthier_tui::{Themes, Written};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use tokio::runtime::Builder;

/// Configurations of hubs and of the console, and a file of tokens.
pub fn settings() -> Vec<Vec<u8>> {
    let texts = [
        "default = \"a\"\ntheme = \"light\"\nascii = true\n\n[profiles.a]\ndatabase = \"postgres://me:hunter2@db:5432/hub?sslmode=require\"\n\
         store = \"s3://bucket/prefix\"\nendpoint = \"https://s3.host\"\nregion = \"eu\"\naws_profile = \"ops\"\nca_file = \"ca.pem\"\n\
         environment = \"staging\"\npolicy = \"db-canonical\"\nread_only = false\n",
        "default = 'b'\n[profiles.b]\ndatabase = \"sqlite:///srv/hub.db\"\nstore = \"file:///srv/objects\"\n",
        "theme = \"night\"\n[themes.night]\nbase = \"dark\"\ncritical = \"bold #ff5f5f\"\nselected = \"light red on 17\"\n",
        "[keys.findings]\nplan = [\"x\", \"ctrl-p\"]\n[keys.common]\nquit = [\"q\"]\n",
        "[[token]]\nname = \"ci\"\nsha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"\n\
         repositories = [\"alice/*\", \"*\"]\naccess = \"write\"\n",
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

/// Only a profile that says so may be written.
pub fn configuration(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match config::resolve(&Flags::default(), &|_| None, Path::new("config.toml"), text) {
        Ok(Some(target)) => {
            assert!(target.authority.is_none() || text.contains("read_only"));
            let shown = (target.hub.describe_database(), target.hub.describe_store());
            assert!(!shown.0.contains("hunter2"), "{shown:?}");
            let _id = target.hub.fingerprint();
        }
        Ok(None) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    if let Ok(read) = toml::from_str::<Looks>(text) {
        let _themes = Themes::new(&read.themes).map_err(|error| error.to_string());
        let _keys = Keymap::new(TABLE, &read.keys).map_err(|error| error.to_string());
    }
    let _tokens = Tokens::read(&file(data)).map_err(|error| error.to_string());
}

/// The part of a configuration that names themes and keys.
#[derive(Deserialize)]
struct Looks {
    #[serde(default)]
    themes: Written,
    #[serde(default)]
    keys: Overrides,
}

/// Filters with each condition.
pub fn filters() -> Vec<Vec<u8>> {
    let texts = [
        "code:uri-missing repo:alice/song",
        "is:left fix:auto kind:commit take",
        "stops:alice/song id:sha256:00ff is:crit",
        "code:object fix: kind:x\u{2003}\u{202e}is:é",
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

/// A filter narrows the same however its words are spaced, and what is offered is understood.
pub fn filter(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let read = filter::parse(&text);
    let words: Vec<&str> = text.split_whitespace().collect();
    assert_eq!(filter::parse(&words.join(" ")), read);
    let conditions = words.iter().filter(|word| filter::has_condition(word));
    assert!(read.0.words.len() + conditions.count() >= words.len());
    let repos =
        BTreeMap::from(["alice/song", "bob/é", "c/\u{202e}"].map(|repo| (repo.to_owned(), ())));
    let start = filter::last_word(&text);
    for line in filter::completions(&text, OF_FINDINGS, &repos) {
        assert!(line.starts_with(&text[..start]));
        assert_eq!(filter::parse(&line[start..]).1, None, "{line}");
    }
}

/// A plan of an earlier version.
pub fn plans() -> Vec<Vec<u8>> {
    vec![include_bytes!("../vectors/plan_0.1.0.jsonl").to_vec()]
}

/// A plan that is read is written the same way, whatever a forger made of its steps.
pub fn plan(data: &[u8]) {
    let path = file(&with_sum(data));
    let Ok(read) = Plan::load(&path, &planned()) else {
        return;
    };
    let again = path.with_extension("again");
    let _none = std::fs::remove_file(&again);
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        read.save(&again, &planned()).await.expect("a new file");
        let back = Plan::load(&again, &planned()).expect("what was written");
        assert_eq!(lines(&back).await, lines(&read).await);
        assert_eq!(
            (back.totals(), back.alarms()),
            (read.totals(), read.alarms())
        );
    });
    let _gone = std::fs::remove_file(&again);
}

/// The hub that the plan of the seed is for.
fn planned() -> Hub {
    Hub {
        name: "hub".into(),
        environment: Environment::Demo,
        policy: Policy::S3Canonical,
        database: Database::Sqlite("/srv/demo/hub.db".into()),
        objects: ObjectStore::Folder("/srv/demo/objects".into()),
    }
}

async fn lines(plan: &Plan) -> (Vec<Step>, Vec<Refusal>) {
    let steps = plan.steps(0, 1000).await.expect("steps");
    (steps, plan.refused(0, 1000).await.expect("refusals"))
}

/// The lines with their sum made good again, as a forger does it: without it nothing else is tried.
fn with_sum(data: &[u8]) -> Vec<u8> {
    let end = data.strip_suffix(b"\n").unwrap_or(data);
    let at = end
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let Ok(mut last) = serde_json::from_slice::<serde_json::Value>(&end[at..]) else {
        return data.to_vec();
    };
    if let Some(sum) = last.pointer_mut("/end/sha256") {
        *sum = hex::encode(Sha256::digest(&data[..at])).into();
    }
    [&data[..at], last.to_string().as_bytes(), b"\n"].concat()
}
