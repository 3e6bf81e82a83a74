//! Lists for others: nothing that a hub says ends a row, acts as Markdown, or is a formula.

use super::*;
use crate::evidence::Evidence;
use crate::fault::Fix;
use crate::finding::{Blocks, Finding, Subject};
use proptest::prelude::*;

fn numbered(id: &str, repo: &str) -> Numbered {
    let fields = serde_json::json!({ "found": ["a"], "named_by": "main" });
    let fields = fields.as_object().unwrap().clone();
    let evidence = Evidence::read(crate::Code::RowMissing, fields).unwrap();
    let mut finding = Finding::new(evidence, Subject::Commit, id);
    finding.repo = repo.to_owned();
    finding.blocks = Some(Blocks {
        commits: Some(2),
        branches: Some(1),
        repos: Some(1),
    });
    Numbered {
        ordinal: 0,
        finding,
        fix: Some(Fix::Copy),
    }
}

#[test]
fn a_list_for_a_chat_is_short_and_one_for_a_spreadsheet_whole() {
    let id = format!("sha256:{}", "a1".repeat(32));
    let found = numbered(&id, "alice/song");
    assert_eq!(
        Format::Markdown.head(columns(Format::Markdown)) + &row(Format::Markdown, &found),
        "| grade | code | fix | what | repository | blocks |\n|---|---|---|---|---|---|\n\
         | critical | row-missing | copy needed | commit a1a1a1a1a1a1 | `alice/song` | 2 commits, 1 branch |\n"
    );
    assert_eq!(
        row(Format::Csv, &found),
        format!("critical,row-missing,copy,commit,{id},alice/song,restore,2,1,\r\n")
            .replace("restore", found.finding.remedy.word())
    );
    let whole = whole(&found);
    assert!(whole.contains(&format!("| commit | `{id}` |")), "{whole}");
    assert!(whole.contains("| `named_by` | main |"), "{whole}");
}

#[test]
fn a_formula_is_text_and_a_link_is_no_link() {
    for hostile in [
        "=HYPERLINK(\"http://x\")",
        "+1",
        "-2+3",
        "@SUM(A1)",
        " =1",
        "\t=1",
        "＝1",
    ] {
        let line = Format::Csv.row(&Value::Null, &[hostile.to_owned(), "b".to_owned()]);
        let cell = line.trim_start_matches('"');
        assert!(cell.starts_with('\''), "{line}");
    }
    let cell = Format::Markdown.row(&Value::Null, &["[x](javascript:1) <b> @all `".to_owned()]);
    assert_eq!(cell, "| `` [x](javascript:1) <b> @all ` `` |\n");
}

/// The cells of a line of CSV, read by the rules.
fn read_csv(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.trim_end_matches("\r\n").chars().peekable();
    while let Some(c) = letters.next() {
        match (c, quoted) {
            ('"', true) if letters.peek() == Some(&'"') => cell.extend(letters.next()),
            ('"', _) => quoted = !quoted,
            (',', false) => cells.push(std::mem::take(&mut cell)),
            (c, _) => cell.push(c),
        }
    }
    cells.push(cell);
    cells
}

proptest! {
    #[test]
    fn whatever_a_hub_says_stays_in_its_cell(texts in prop::collection::vec("\\PC*|[\\x00-\\x7f]*", 3)) {
        let line = Format::Csv.row(&Value::Null, &texts);
        prop_assert_eq!(line.matches('\n').count(), 1);
        let cells = read_csv(&line);
        prop_assert_eq!(cells.len(), texts.len());
        for (cell, text) in cells.iter().zip(&texts) {
            let bare = |text: &str| text.trim_start_matches('\'').to_owned();
            prop_assert_eq!(bare(cell), bare(&text::safe(text)));
        }
        let line = Format::Markdown.row(&Value::Null, &texts);
        prop_assert_eq!(line.matches('\n').count(), 1);
        prop_assert_eq!(line.matches('|').count(), texts.len() + 1);
    }
}
