//! The house stands as CONTRIBUTING.md draws it.

use crate::drawing::Drawing;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// Each room with the rooms that it imports.
pub type Imports = BTreeMap<String, BTreeSet<String>>;

/// The crates that are drawn as one room; those of `hub` are drawn one by one.
const CRATES: [&str; 7] = [
    "object", "audit", "client", "demo", "repair", "serve", "tui",
];

/// Every crate but the program itself, with `hub`.
const LIBRARIES: [&str; 8] = [
    "object", "hub", "audit", "client", "demo", "repair", "serve", "tui",
];

pub fn read(path: impl AsRef<Path>) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Every source of the program in `src/PLACE`, without comments and without the tests at its end.
pub fn sources(place: &str) -> Vec<(PathBuf, String)> {
    let mut out = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open = vec![root.join("src").join(place)];
    while let Some(at) = open.pop() {
        let is_example = at
            .components()
            .any(|part| part == Component::Normal("examples".as_ref()));
        if at.is_dir() {
            let entries = std::fs::read_dir(&at).unwrap();
            open.extend(entries.map(|entry| entry.unwrap().path()));
        } else if at.extension().is_some_and(|e| e == "rs") && !is_example {
            let text = read(&at);
            let code = text.split("\n#[cfg(test)]\nmod ").next().unwrap();
            let lines = code.lines().filter(|line| !line.trim().starts_with("//"));
            out.push((at, lines.collect::<Vec<_>>().join("\n")));
        }
    }
    assert!(!out.is_empty(), "no sources in {place}");
    out
}

pub fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The first names below `prefix`: `a` and `c`, where `prefix::a::b` or `prefix::{a, c::d}` is written.
fn named(code: &str, prefix: &str) -> BTreeSet<String> {
    let word = |text: &str| text.trim().split(|c| !is_word(c)).next().map(str::to_owned);
    let named = code
        .split(prefix)
        .skip(1)
        .flat_map(|rest| match rest.strip_prefix('{') {
            Some(group) => group.split('}').next().unwrap().split(',').collect(),
            None => vec![rest],
        });
    named.filter_map(word).collect()
}

/// The modules of the crate `hub`, but for its support of tests.
fn modules_of_hub() -> BTreeSet<String> {
    let lib = read("src/hub/lib.rs");
    let names = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    names.map(str::to_owned).collect()
}

/// What each room imports by its sources. The modules of hub that the drawing lists as shared are one room.
fn real_imports(shared: &BTreeSet<String>) -> Imports {
    let modules = modules_of_hub();
    let room_of = |module: &str| match shared.contains(module) {
        true => "shared".to_owned(),
        false => module.to_owned(),
    };
    let mut imports = Imports::new();
    let mut add = |room: String, place: &str, hub: &str| {
        for (_, code) in sources(place) {
            let used = |krate: &&&str| code.contains(&format!("luthier_{krate}::"));
            let crates = CRATES.iter().filter(used).map(|krate| (*krate).to_owned());
            let in_hub = named(&code, hub)
                .into_iter()
                .filter(|name| modules.contains(name));
            let others = crates
                .chain(in_hub.map(|name| room_of(&name)))
                .filter(|other| *other != room);
            let others: Vec<String> = others.collect();
            imports.entry(room.clone()).or_default().extend(others);
        }
    };
    for room in CRATES {
        add(room.to_owned(), room, "luthier_hub::");
    }
    for module in &modules {
        let file = format!("hub/{module}.rs");
        let is_file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("src")
            .join(&file)
            .exists();
        let place = if is_file {
            file
        } else {
            format!("hub/{module}")
        };
        add(room_of(module), &place, "crate::");
    }
    for part in ["main.rs", "lib.rs", "config.rs", "cli"] {
        add("luthier".to_owned(), part, "luthier_hub::");
    }
    imports
}

/// All that a room imports, and what that imports, and so on.
fn reached(imports: &Imports, room: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&String> = imports[room].iter().collect();
    while let Some(at) = open.pop() {
        if seen.insert(at.clone()) {
            open.extend(&imports[at]);
        }
    }
    seen
}

/// The imports without those that come with another import: what a drawing has lines for.
fn without_shortcuts(imports: &Imports) -> Imports {
    let direct = |(room, others): (&String, &BTreeSet<String>)| {
        let through: BTreeSet<String> = others.iter().flat_map(|on| reached(imports, on)).collect();
        (room.clone(), others.difference(&through).cloned().collect())
    };
    imports.iter().map(direct).collect()
}

#[test]
fn the_drawing_has_every_room_and_a_line_for_every_import() {
    let drawing = Drawing::read(&read("CONTRIBUTING.md"));
    let shared = drawing.listed_beside("shared");
    assert!(shared.is_subset(&modules_of_hub()), "{shared:?}");
    let real = real_imports(&shared);
    for room in real.keys() {
        assert!(
            !reached(&real, room).contains(room),
            "{room} imports itself through others"
        );
    }
    assert_eq!(
        drawing.imports(),
        without_shortcuts(&real),
        "left: drawn, right: imported"
    );
}

#[test]
fn a_crate_depends_on_no_crate_that_it_does_not_use() {
    for krate in LIBRARIES {
        let manifest = read(format!("src/{krate}/Cargo.toml"));
        let (_, rest) = manifest.split_once("[dependencies]\n").unwrap();
        let normal = rest.split("\n[").next().unwrap();
        let lines = normal
            .lines()
            .filter_map(|line| line.strip_prefix("luthier-"));
        let declared: BTreeSet<&str> = lines
            .map(|line| line.split([' ', '.']).next().unwrap())
            .collect();
        let all: Vec<String> = sources(krate).into_iter().map(|(_, code)| code).collect();
        let used = |other: &&str| {
            all.iter()
                .any(|code| code.contains(&format!("luthier_{other}")))
        };
        let used: BTreeSet<&str> = LIBRARIES
            .into_iter()
            .filter(used)
            .filter(|other| *other != krate)
            .collect();
        assert_eq!(declared, used, "{krate}");
    }
}

#[test]
fn only_the_configuration_and_the_demo_make_an_authority() {
    for place in LIBRARIES.into_iter().chain(["main.rs", "lib.rs", "cli"]) {
        for (path, code) in sources(place) {
            let may =
                path.ends_with("src/demo/lib.rs") || path.ends_with("src/hub/store/authority.rs");
            assert!(
                may || !code.contains("Authority::granted"),
                "{}",
                path.display()
            );
        }
    }
}

/// What calls a method that deletes, clippy refuses (clippy.toml); this is for what a database is told.
#[test]
fn no_row_of_a_hub_is_deleted() {
    for krate in LIBRARIES.into_iter().chain(["cli"]) {
        for (path, code) in sources(krate) {
            // An audit's scratch file is its own.
            let is_scratch = path
                .components()
                .any(|part| part == Component::Normal("audit_scratch".as_ref()));
            for word in ["DELETE FROM", "DROP TABLE musehub"] {
                assert!(
                    is_scratch || !code.contains(word),
                    "{} says {word}",
                    path.display()
                );
            }
        }
    }
}
