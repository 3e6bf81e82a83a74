//! Figures that stand in two places are the same, or the line says what the difference is.

use crate::support::*;

/// Returns the number before `after` in the first line that has both.
fn number(told: &str, before: &str, after: &str) -> u64 {
    let found = told.lines().find_map(|line| {
        let (_, rest) = line.split_once(before)?;
        let (number, _) = rest.split_once(after)?;
        number.trim().replace(',', "").parse().ok()
    });
    found.unwrap_or_else(|| panic!("no number between `{before}` and `{after}`: {told}"))
}

#[test]
fn a_backfill_skips_as_many_rows_at_its_end_as_at_its_beginning() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    for repo in [None, Some("alice/song"), Some("erin/archive")] {
        let mut arguments = vec!["backfill"];
        arguments.extend(repo.iter().flat_map(|repo| ["--repo", repo]));
        let told = place.on(&hub, &arguments).out;
        let last = told.lines().find(|line| line.contains(" to write "));
        let last = last.unwrap();
        let skips = match told.contains(" and skips ") {
            true => number(&told, " and skips ", ":"),
            false => 0,
        };
        let (listed, others) = match last.split_once(" skipped, and ") {
            Some((listed, others)) => (
                number(listed, "; ", " finding"),
                number(&format!("@{others}"), "@", " row"),
            ),
            None => (number(last, "; ", " finding"), 0),
        };
        assert_eq!(skips, listed + others, "{told}");
    }
}

#[test]
fn a_plan_names_only_the_flags_that_are_missing() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let file = place.path("plan.json").display().to_string();
    let told = place
        .on(&hub, &["repair", "--code", "cache-msgpack", "--out", &file])
        .out;
    assert!(told.contains("Add --apply --write to carry"), "{told}");
    for arguments in [
        ["repair", "--plan", &file, "--write"],
        ["backfill", "--repo", "alice/song", "--write"],
    ] {
        let told = place.on(&hub, &arguments).out;
        assert!(told.contains("Add --apply to carry"), "{told}");
    }
}

#[test]
fn what_is_too_young_is_rows_and_objects() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    // Every row and every object without a row is younger than fifty years.
    let grace = ["audit", "--depth", "presence", "--grace", "20000d"];
    let ran = place.on(&hub, &grace);
    let too_young = number(
        &format!("@{}", ran.out.replace('\n', "\n@")),
        "@",
        " rows, or objects without a row,",
    );
    let counts = place.on(&hub, &["audit", "--depth", "rows", "--json"]);
    let checked = counts.lines().pop().unwrap()["checked"].clone();
    let rows: u64 = ["commits", "snapshots", "blobs"]
        .iter()
        .map(|kind| checked[*kind].as_u64().unwrap())
        .sum();
    assert!(too_young > rows, "{too_young} of {rows} rows: {ran:?}");
}

#[test]
fn the_parts_of_a_sign_off_add_up_and_its_page_names_the_checksum_of_the_json() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let folder = place.path("reports");
    let told = place
        .on(&hub, &["signoff", "--out", folder.to_str().unwrap()])
        .out;
    let line = told
        .lines()
        .find(|line| line.starts_with("findings "))
        .unwrap();
    let (total, parts) = line.split_once(" findings prevent PASS: ").unwrap();
    let total: u64 = total.split_whitespace().last().unwrap().parse().unwrap();
    let first = |part: &str| {
        part.split_whitespace()
            .next()
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    assert_eq!(parts.split(", ").map(first).sum::<u64>(), total, "{line}");
    let read = told
        .lines()
        .find(|line| line.contains("every-object-read"))
        .unwrap();
    assert!(read.starts_with("not checked"), "{read}");
    let (rows, parts) = read.split_once(" Not read: ").unwrap();
    let (unread, parts) = parts.split_once(" rows (").unwrap();
    let counts = rows.split_once("The objects of ").unwrap().1;
    let (objects, counts) = counts.split_once(" of ").unwrap();
    let all: u64 = first(counts);
    let unread: u64 = unread.parse().unwrap();
    assert_eq!(first(objects) + unread, all, "{read}");
    assert_eq!(parts.split(", ").map(first).sum::<u64>(), unread, "{read}");

    let report = |extension: &str| {
        let mut files = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let path = files.find(|path| path.extension().is_some_and(|found| found == extension));
        std::fs::read_to_string(path.unwrap()).unwrap()
    };
    let json: serde_json::Value = serde_json::from_str(&report("json")).unwrap();
    let page = report("md");
    let row = format!(
        "| checksum of the JSON report beside this page | `{}` |",
        json["sha256"].as_str().unwrap()
    );
    assert!(page.contains(&row), "{page}");
    assert!(
        page.contains(&line.split_once("  ").unwrap().1.trim().to_owned()),
        "{page}"
    );
}

#[test]
fn what_a_database_lacks_and_needs_is_told_from_what_it_does_not_need() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let told = place.on(&hub, &["schema"]).out;
    assert!(
        told.contains("has every column and index that Luthier needs"),
        "{told}"
    );
    for line in told
        .lines()
        .filter(|line| line.starts_with("  ") && line.contains(" no"))
    {
        assert!(line.ends_with(" no (not needed)"), "{line}");
    }
    assert!(told.contains("disk_path      no (not needed)"), "{told}");
}

#[test]
fn what_repositories_share_is_told_where_they_are_counted() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let checked = |ran: &Ran| {
        ran.lines().pop().unwrap()["checked"]["commits"]
            .as_u64()
            .unwrap()
    };
    let whole = checked(&place.on(&hub, &["audit", "--depth", "rows", "--json"]));
    let repos = [
        "alice/song",
        "bela/score-tools",
        "carol/field-recordings",
        "dmitri/old-site",
        "erin/archive",
        "frank/song",
        "gwen/duet",
        "hugo/sketches",
        "iris/setlist",
        "joan/loops",
    ];
    let (mut sum, mut shared) = (0, 0);
    for repo in repos {
        let ran = place.on(&hub, &["audit", repo, "--depth", "rows", "--json"]);
        let summary = ran.lines().pop().unwrap();
        sum += checked(&ran);
        shared += summary["shared"]["commit"].as_u64().unwrap_or(0);
    }
    assert!(sum > whole, "no commit is shared: {sum}");
    // Each is held by two repositories at least.
    assert!(
        (sum - whole) * 2 <= shared && shared > 0,
        "{sum} of {whole}, {shared} shared"
    );

    let audit = place
        .on(&hub, &["audit", "frank/song", "--depth", "rows"])
        .out;
    assert!(
        audit.contains(" of them also in other repositories)"),
        "{audit}"
    );
    let own = number(&audit, " in ", " commits");
    let pulled = place.on(
        &hub,
        &[
            "pull",
            "frank/song",
            "--into",
            place.path("song").to_str().unwrap(),
        ],
    );
    let fetched = number(&format!("@{}", pulled.out), "@", " commits, ");
    let foreign = pulled
        .out
        .lines()
        .find(|line| line.contains(" of the commits belong to other repositories"));
    let foreign = number(&format!("@{}", foreign.unwrap()), "@", " of the commits");
    assert_eq!(fetched, own + foreign, "{audit}{}", pulled.out);
}
