//! What the README says is what the program knows. `UPDATE=1 cargo test --lib docs` rewrites it.

use crate::audit::fault::FAULTS;
use crate::tui::keymap::{Keymap, Overrides, TABLE};
use std::path::PathBuf;

fn readme() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

/// Compares what stands between `<!-- name…` and `<!-- /name -->` with `made`.
fn compare(name: &str, made: &str) {
    let text = std::fs::read_to_string(readme()).unwrap();
    let (head, rest) = text.split_once(&format!("<!-- {name}:")).unwrap();
    let (comment, rest) = rest.split_once("-->\n").unwrap();
    let (stands, tail) = rest.split_once(&format!("<!-- /{name} -->")).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        let text = format!("{head}<!-- {name}:{comment}-->\n{made}<!-- /{name} -->{tail}");
        std::fs::write(readme(), text).unwrap();
    } else {
        assert_eq!(stands, made, "stale: run UPDATE=1 cargo test --lib docs");
    }
}

fn faults() -> String {
    let mut out = "| code | grade | auto | remedy | means |\n|---|---|---|---|---|\n".to_owned();
    for fault in FAULTS {
        out += &format!(
            "| `{}` | {} | {} | {} | {} |\n",
            fault.name, fault.grade, fault.auto, fault.remedy, fault.is
        );
    }
    out
}

#[test]
fn the_readme_lists_every_fault_and_every_key_as_the_program_knows_them() {
    compare("faults", &faults());
    let keymap = Keymap::new(TABLE, &Overrides::new()).unwrap();
    compare("keys", &super::keys::table(&keymap));
}

#[test]
fn every_code_is_spelt_once_and_found_by_its_name() {
    for (n, fault) in FAULTS.iter().enumerate() {
        assert_eq!(fault.code as usize, n, "{}", fault.name);
        assert_eq!(crate::audit::Code::from_name(fault.name), Some(fault.code));
        assert_eq!(serde_json::to_value(fault.code).unwrap(), fault.name);
    }
}
