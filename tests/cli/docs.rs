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

#[test]
fn every_file_that_a_page_links_to_is_there_and_every_picture_is_shown() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut linked = Vec::new();
    for page in ["README.md", "CONTRIBUTING.md", "assets/tour.md"] {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        let folder = root.join(page).parent().unwrap().to_owned();
        for target in text.split("](").skip(1) {
            let target = target.split([')', '#']).next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let file = folder.join(target);
            assert!(file.exists(), "{page} links to {target}");
            linked.push(file);
        }
    }
    for picture in std::fs::read_dir(root.join("screenshots")).unwrap() {
        let picture = picture.unwrap().path();
        let shown = ["png", "gif"].map(Some);
        if shown.contains(&picture.extension().and_then(|e| e.to_str())) {
            assert!(
                linked.contains(&picture),
                "no page shows {}",
                picture.display()
            );
        }
    }
}
