//! `audit`, `show` and `diff`.

use crate::support::*;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

#[test]
fn findings_come_as_json_lines_and_the_summary_last() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let ran = place.on(&hub, &["audit", "--depth", "bytes", "--json"]);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.err, "", "no progress where nobody watches");
    let lines = ran.lines();
    let (summary, findings) = lines.split_last().unwrap();
    assert_eq!(summary["type"], "summary");
    assert!(findings.iter().all(|line| line["type"] == "finding"));
    let counted: u64 = summary["findings"]
        .as_object()
        .unwrap()
        .values()
        .map(|count| count.as_u64().unwrap())
        .sum();
    assert_eq!(counted, findings.len() as u64);
    let again = place.on(&hub, &["audit", "--depth", "bytes", "--json"]);
    assert_eq!(again.out, ran.out, "the same hub, the same findings");
}

#[test]
fn a_list_is_narrowed_written_in_three_forms_and_fails_from_a_grade_on() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let audit = |more: &[&str]| {
        let arguments = [&["audit", "--depth", "bytes"][..], more].concat();
        place.on(&hub, &arguments)
    };
    let all = audit(&["--json"]);
    let json = audit(&["--format", "json"]);
    assert_eq!(all.out, json.out);
    let count = all.lines().len() - 1;
    let csv = audit(&["--format", "csv"]).out;
    assert!(csv.starts_with("grade,code,fix,kind,id,repo,"), "{csv}");
    assert_eq!(csv.lines().count(), count + 1);
    for fix in [",auto,", ",decide,", ",copy,", ",none,"] {
        assert!(csv.contains(fix), "{fix}");
    }
    let critical = audit(&["--format", "markdown", "--grade", "critical"]);
    assert_eq!(critical.code, 1);
    let rows: Vec<&str> = critical.out.lines().skip(2).collect();
    assert!(!rows.is_empty() && rows.iter().all(|row| row.starts_with("| critical | ")));
    let pipes = |row: &str| row.matches('|').count();
    assert!(
        critical.out.lines().all(|row| pipes(row) == 7),
        "{}",
        critical.out
    );
    let code = ["--code", "commit-unreachable", "--json"];
    let unreachable = audit(&code);
    let (_, found) = unreachable
        .lines()
        .split_last()
        .map(|(last, rest)| (last.clone(), rest.to_vec()))
        .unwrap();
    assert!(
        !found.is_empty()
            && found
                .iter()
                .all(|line| line["code"] == "commit-unreachable")
    );
    assert_eq!(unreachable.code, 1);
    let mild = audit(&["--code", "commit-unreachable", "--fail-on", "warning"]);
    assert_eq!(mild.code, 0, "nothing that is listed is as bad");
    assert!(mild.out.contains("Listed: "), "{}", mild.out);
    let (repo, what) = (
        audit(&["--repo", "alice/song", "--json"]),
        audit(&["alice/song", "--json"]),
    );
    assert_eq!(repo.out, what.out);
    assert_eq!(audit(&["--json", "--format", "csv"]).code, 2);
}

#[test]
fn a_healthy_hub_ends_with_zero() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    assert_eq!(place.on(&hub, &["audit", "--depth", "bytes"]).code, 0);
    let repair = ["repair", "--apply", "--write", "--yes"];
    assert_eq!(place.on(&hub, &repair).code, 0);
}

#[test]
fn words_for_people_hold_no_control_characters() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    for arguments in [&["audit", "--depth", "bytes"][..], &["repair"]] {
        let ran = place.on(&hub, arguments);
        let bad: Vec<char> = ran
            .out
            .chars()
            .filter(|c| c.is_control() && *c != '\n')
            .collect();
        assert!(bad.is_empty(), "{arguments:?}");
    }
    let coloured = place.on(&hub, &["audit", "--color", "always"]);
    assert!(coloured.out.contains('\u{1b}'));
}

#[test]
fn a_reader_that_goes_away_is_no_crash() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let mut child = place
        .command(&hub.with(&["audit", "--depth", "bytes"]))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    let out = child.stdout.take().unwrap();
    BufReader::with_capacity(16, out)
        .read_line(&mut first)
        .unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert!(!ran.err.contains("panicked"), "{ran:?}");
    assert_ne!(ran.code, 101);
}

#[test]
fn the_bytes_of_an_object_come_out_as_they_are_stored() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let (path, bytes) = hub
        .objects()
        .into_iter()
        .find(|(_, bytes)| bytes.starts_with(b"commit "))
        .unwrap();
    let rest = path.file_name().unwrap().to_str().unwrap();
    let two = path.parent().unwrap().file_name().unwrap();
    let id = format!("{}{}", two.to_str().unwrap(), &rest[..14]);
    let served = place
        .command(&hub.with(&["show", &id, "--as", "bytes"]))
        .output()
        .unwrap();
    assert_eq!(served.stdout, bytes);
    let shown = place.on(&hub, &["show", &id, "--json"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    assert_eq!(shown.lines()[0]["kind"], "commit");
    assert_eq!(place.on(&hub, &["diff", &id]).code, 0);
}

#[test]
fn ids_that_are_none_or_many_end_with_two() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let none = "f".repeat(64);
    place.on(&hub, &["show", &none]).fails(2, &none);
    place.on(&hub, &["diff", &none]).fails(2, &none);
    place
        .on(&hub, &["audit", "no/such"])
        .fails(2, "no repository `no/such`");
}

#[test]
fn a_blob_whose_only_place_is_refused_is_not_called_missing() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let is_blob = |bytes: &[u8]| !bytes.starts_with(b"commit ") && !bytes.starts_with(b"snapshot ");
    let folder = hub.dir.join("objects/objects/sha256");
    let mut blobs = files(&folder).into_iter();
    let (path, _) = blobs
        .find(|(_, bytes)| !bytes.is_empty() && is_blob(bytes))
        .unwrap();
    std::fs::remove_file(&path).unwrap();
    let hex = path.strip_prefix(&folder).unwrap().to_str().unwrap();
    let id = format!("sha256:{}", hex.replace('/', ""));
    crate::identity::sql(
        &hub,
        &[
            "ALTER TABLE musehub_objects ADD COLUMN disk_path VARCHAR(2048)",
            &format!(
                "UPDATE musehub_objects SET storage_uri = NULL, disk_path = '../outside/song.mid' WHERE object_id = '{id}'"
            ),
        ],
    );
    for depth in ["presence", "bytes"] {
        let ran = place.on(&hub, &["audit", "--depth", depth, "--json"]);
        let own = ran
            .lines()
            .into_iter()
            .filter(|line| line["id"] == id.as_str());
        let own: Vec<_> = own.collect();
        assert_eq!(own.len(), 1, "{own:#?}");
        assert_eq!(own[0]["code"], "uri-refused", "{own:#?}");
        let evidence = &own[0]["evidence"];
        assert_eq!(evidence["disk_path"], "../outside/song.mid", "{evidence}");
        assert_eq!(evidence["asked"], serde_json::Value::Null, "{evidence}");
        assert!(!evidence["why"].as_str().unwrap().is_empty(), "{evidence}");
        let said = place.on(&hub, &["audit", "--depth", depth]);
        assert!(said.out.contains("it is never followed"), "{said:?}");
        assert!(!said.out.contains("object-missing"), "{said:?}");
    }
}
