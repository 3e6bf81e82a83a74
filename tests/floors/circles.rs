//! No module imports one that imports it, directly or by others.
//!
//! Compared are the modules beside each other, each with all that lies below it. What a module and those below it
//! import of each other does not count: they are one.

use crate::house::{is_word, sources};
use std::collections::{BTreeMap, BTreeSet};

/// Each place with sources, and the module that its folder is.
const PLACES: [(&str, &str); 8] = [
    ("object", ""),
    ("hub", ""),
    ("audit", ""),
    ("client", ""),
    ("demo", ""),
    ("repair", ""),
    ("tui", ""),
    ("cli", "cli"),
];

/// A circle that stays for now: its place, the module in which it is, the modules of it, and why.
struct Exception {
    place: &'static str,
    inside: &'static str,
    modules: &'static [&'static str],
    why: &'static str,
}

const EXCEPTIONS: [Exception; 4] = [
    Exception {
        place: "audit",
        inside: "",
        modules: &[
            "again",
            "cycles",
            "graph",
            "jobs",
            "on_commits",
            "one",
            "packs",
            "references",
            "refs",
            "scan",
            "standing",
            "unnamed_packs",
            "unreferenced",
        ],
        why: "the rules over many rows are steps of the scan and write into it",
    },
    Exception {
        place: "tui",
        inside: "",
        modules: &[
            "action", "effect", "event", "guide", "keymap", "keyset", "lines", "meter", "overlay",
            "pages", "palette", "screens", "state", "update", "view", "widgets",
        ],
        why: "the state holds the screens, and each screen changes what is shared in the state",
    },
    Exception {
        place: "tui",
        inside: "screens",
        modules: &["decide", "findings", "inspect"],
        why: "each of these screens opens the others",
    },
    Exception {
        place: "tui",
        inside: "screens",
        modules: &["journal", "run"],
        why: "each of these screens opens the other",
    },
];

/// A path of names: of a module, or of what is imported.
type Path = Vec<String>;

/// By module, the modules that each of those in it imports of the others in it.
type Imports = BTreeMap<Path, BTreeMap<String, BTreeSet<String>>>;

#[test]
fn no_module_imports_one_that_imports_it() {
    let mut wrong = Vec::new();
    let mut met = [false; EXCEPTIONS.len()];
    for (place, prefix) in PLACES {
        for (inside, imports) in imports_of(place, prefix) {
            let inside = inside.join("::");
            for circle in circles(&imports) {
                let known = EXCEPTIONS.iter().position(|known| {
                    let modules = circle.iter().all(|name| known.modules.contains(&&**name));
                    (known.place, known.inside) == (place, &*inside) && modules
                });
                match known {
                    Some(known) => met[known] = true,
                    None => wrong.push(format!("{place}, {inside}: {circle:?}")),
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "these modules import each other in a circle:\n{}",
        wrong.join("\n")
    );
    for (known, met) in EXCEPTIONS.iter().zip(met) {
        let Exception {
            place,
            modules,
            why,
            ..
        } = known;
        assert!(
            met,
            "{place}: {modules:?} are no circle any more ({why}): take the exception away"
        );
    }
}

#[test]
fn circles_are_found_in_imports() {
    let imports = |pairs: &[(&str, &str)]| {
        let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in pairs {
            out.entry((*from).to_owned())
                .or_default()
                .insert((*to).to_owned());
        }
        circles(&out)
    };
    assert!(imports(&[("a", "b"), ("a", "c"), ("b", "c")]).is_empty());
    let two = imports(&[
        ("a", "b"),
        ("b", "c"),
        ("c", "a"),
        ("c", "d"),
        ("e", "f"),
        ("f", "e"),
    ]);
    assert_eq!(two.len(), 2);
    assert!(two[0].iter().eq(["a", "b", "c"]) && two[1].iter().eq(["e", "f"]));
    let code = "use crate::a::{b, c::{D, e as f}};\nuse super::g;\nlet x = super::super::h::i();";
    let found = paths(code);
    for path in [
        "crate::a::b",
        "crate::a::c::D",
        "crate::a::c::e as f",
        "super::g",
        "super::super::h::i",
    ] {
        assert!(found.iter().any(|found| found == path), "{path}: {found:?}");
    }
}

/// The modules of a place that import others beside them.
fn imports_of(place: &str, prefix: &str) -> Imports {
    let files: BTreeMap<Path, String> = sources(place)
        .into_iter()
        .map(|(path, code)| (module(place, prefix, &path), code))
        .collect();
    let mut out = Imports::new();
    for (from, code) in &files {
        for path in paths(code) {
            let Some(mut to) = absolute(from, &path) else {
                continue;
            };
            while !to.is_empty() && !files.contains_key(&to) {
                to.pop();
            }
            let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            if let (Some(one), Some(other)) = (from.get(shared), to.get(shared)) {
                let inside = out.entry(from[..shared].to_vec()).or_default();
                let imported = inside.entry(one.clone()).or_default();
                imported.insert(other.clone());
            }
        }
    }
    out
}

/// The module that a file holds.
fn module(place: &str, prefix: &str, path: &std::path::Path) -> Path {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let below = path.strip_prefix(root.join("src").join(place)).unwrap();
    let parts = below.with_extension("");
    let parts = parts.iter().map(|part| part.to_string_lossy().into_owned());
    let prefix = Some(prefix.to_owned()).filter(|prefix| !prefix.is_empty());
    let mut out: Path = prefix.into_iter().chain(parts).collect();
    if out
        .last()
        .is_some_and(|last| last == "mod" || last == "lib")
    {
        out.pop();
    }
    out
}

/// Every path of the crate that is imported or named.
fn paths(code: &str) -> Vec<String> {
    let mut out = Vec::new();
    for rest in code.split("use ").skip(1) {
        let text = rest.split(';').next().unwrap_or_default();
        out.extend(spread(
            &text.split_whitespace().collect::<Vec<_>>().join(" "),
        ));
    }
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            if !code[..at].ends_with(|c| is_word(c) || c == ':') {
                let end = code[at..].find(|c| !is_word(c) && c != ':');
                out.push(code[at..end.map_or(code.len(), |end| at + end)].to_owned());
            }
        }
    }
    out
}

/// `a::{b, c}` as `a::b` and `a::c`.
fn spread(path: &str) -> Vec<String> {
    let Some((start, group)) = path.split_once('{') else {
        return vec![path.trim().to_owned()];
    };
    let group = group.trim_end().strip_suffix('}').unwrap_or(group);
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in group.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        match (c, depth) {
            (',', 0) => parts.push(String::new()),
            _ => parts.last_mut().unwrap().push(c),
        }
    }
    let parts = parts.iter().filter(|part| !part.trim().is_empty());
    parts
        .flat_map(|part| spread(&format!("{}{}", start.trim(), part.trim())))
        .collect()
}

/// A path from the root of the crate; `None` for one of another crate.
fn absolute(from: &Path, path: &str) -> Option<Path> {
    let path = path.split(" as ").next().unwrap_or_default();
    let mut names = path.split("::").map(str::trim).peekable();
    let mut out = match *names.peek()? {
        "crate" => Path::new(),
        "super" | "self" => from.clone(),
        _ => return None,
    };
    for name in names {
        match name {
            "crate" | "self" => {}
            "super" => drop(out.pop()),
            name => out.push(name.to_owned()),
        }
    }
    Some(out)
}

/// Groups of modules of which each imports all others, if only by way of them.
fn circles(imports: &BTreeMap<String, BTreeSet<String>>) -> Vec<BTreeSet<String>> {
    let reached = |from: &String| {
        let (mut open, mut seen) = (vec![from.clone()], BTreeSet::new());
        while let Some(at) = open.pop() {
            for next in imports.get(&at).into_iter().flatten() {
                if seen.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        seen
    };
    let all: BTreeMap<&String, BTreeSet<String>> =
        imports.keys().map(|name| (name, reached(name))).collect();
    let mut out: Vec<BTreeSet<String>> = Vec::new();
    for (name, reached) in &all {
        let circle: BTreeSet<String> = reached
            .iter()
            .filter(|other| all.get(other).is_some_and(|back| back.contains(*name)))
            .cloned()
            .collect();
        if circle.len() > 1 && !out.contains(&circle) {
            out.push(circle);
        }
    }
    out
}
