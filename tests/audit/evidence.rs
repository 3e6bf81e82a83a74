//! Findings as JSON: what was written before is read, and is written the same again.

use super::*;
use crate::evidence::Sides;
use crate::fault::FAULTS;
use serde_json::json;

/// One finding of nearly every code, as version 0.1.0 wrote it.
const BEFORE: &str = include_str!("../vectors/findings_0.1.0.jsonl");

/// One finding of every code that came with packs.
const PACKS: &str = include_str!("../vectors/findings_packs.jsonl");

#[test]
fn findings_of_an_earlier_version_are_read_and_written_the_same() {
    let mut codes = std::collections::BTreeSet::new();
    for line in BEFORE.lines().chain(PACKS.lines()) {
        let finding: Finding = serde_json::from_str(line).unwrap();
        assert_eq!(finding.evidence.code(), finding.code);
        assert_eq!(finding.to_json().to_string(), line);
        codes.insert(finding.code);
    }
    let missing = FAULTS.iter().filter(|fault| !codes.contains(&fault.code));
    let missing: Vec<&str> = missing.map(|fault| fault.name).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn a_finding_survives_the_spool() {
    for line in BEFORE.lines() {
        let finding: Finding = serde_json::from_str(line).unwrap();
        let text = serde_json::to_string(&finding).unwrap();
        assert_eq!(serde_json::from_str::<Finding>(&text).unwrap(), finding);
    }
}

#[test]
fn evidence_of_another_type_than_the_code_has_is_refused() {
    let finding = |evidence: Value| {
        json!({
            "code": "row-elsewhere", "grade": "error", "kind": "blob", "id": "x", "repo": "",
            "evidence": evidence, "remedy": "reref", "auto": "ask",
        })
    };
    let read = |evidence| serde_json::from_value::<Finding>(finding(evidence));
    assert!(read(json!({ "held_by": ["a/b"], "named_by": "y" })).is_ok());
    assert!(read(json!({ "held_by": "a/b", "named_by": "y" })).is_err());
}

#[test]
fn a_field_called_refused_on_two_sides_is_no_reason() {
    let sides = Sides {
        row: Some("x".to_owned()),
        ..Sides::default()
    };
    let differences = [("refused".to_owned(), sides)].into();
    let finding = Finding::new(Evidence::ObjectDiverges(differences), Subject::Commit, "id");
    let text = serde_json::to_string(&finding).unwrap();
    assert_eq!(serde_json::from_str::<Finding>(&text).unwrap(), finding);
}
