//! The parts that screens are made of.

use super::hub::FakeHub;
use crate::filter::parse;
use crate::lines::inspected::{Inspected, compare};
use crate::lines::{GroupLine, HubId};
use crate::meter::{Meter, span};
use crate::widgets::diff::{self, At};
use crate::widgets::list::wrap;
use luthier_audit::evidence::{Encoded, WrongBytes};
use luthier_audit::{Code, Evidence, Finding, Grade, Subject};
use luthier_hub::progress::Figures;
use luthier_object::Kind;
use std::time::Duration;
use unicode_width::UnicodeWidthStr;

#[test]
fn a_filter_is_words_and_conditions() {
    let (filter, trouble) = parse("code:uri-missing kind:com is:crit repo:a/b id:3fa9 guest book");
    assert_eq!(trouble, None);
    assert_eq!(filter.codes, [Code::UriMissing]);
    assert_eq!(filter.kinds, [Subject::Commit]);
    assert_eq!(filter.grades, [Grade::Critical]);
    assert_eq!(
        (filter.repo.as_deref(), filter.id.as_deref()),
        (Some("a/b"), Some("3fa9"))
    );
    assert_eq!(filter.words, ["guest", "book"]);
}

#[test]
fn a_condition_may_be_cut_and_one_that_nothing_starts_with_is_named() {
    assert_eq!(parse("code:cache").0.codes.len(), 3);
    assert_eq!(parse("code:").1, None);
    assert_eq!(
        parse("is:awful").1.as_deref(),
        Some("no grade starts with `awful`")
    );
}

#[test]
fn findings_of_a_repository_and_the_worst_of_them_are_told_apart_in_any_room() {
    let words = |count, of_worst, width| {
        let name = HubId::new("alice/song");
        let worst = Grade::Critical;
        let line = GroupLine {
            name,
            count,
            worst,
            of_worst,
        };
        line.words(width)
    };
    assert_eq!(words(35, 20, 20), "35, 20 critical");
    assert_eq!(words(35, 20, 14), "35, 20 crit.");
    assert_eq!(words(20, 20, 14), "20 critical");
    assert_eq!(words(1_234, 567, 20), "1,234, 567 critical");
    assert_eq!(words(1_234, 567, 14), "1,234 findings");
    assert_eq!(words(1_234_567, 89, 10), "1,234,567");
}

#[test]
fn words_that_only_one_side_has_are_marked() {
    let (row, object) = compare("the book of today", "the book of yesterday");
    let changed = |parts: Vec<crate::lines::inspected::Part>| -> Vec<String> {
        parts
            .into_iter()
            .filter(|part| part.changed)
            .map(|part| part.text)
            .collect()
    };
    assert_eq!(
        (changed(row), changed(object)),
        (vec!["today".to_owned()], vec!["yesterday".to_owned()])
    );
}

#[test]
fn long_texts_are_not_compared_word_by_word() {
    let (row, _) = compare(&"a ".repeat(40_000), &"b ".repeat(40_000));
    assert_eq!(row.len(), 1);
}

#[test]
fn manifests_are_joined_by_path() {
    let seen = Inspected::from(&FakeHub::default().inspection(Kind::Snapshot));
    let manifest = seen
        .fields
        .iter()
        .find_map(|field| field.manifest.as_ref())
        .unwrap();
    assert_eq!(
        (
            manifest.added,
            manifest.removed,
            manifest.changed,
            manifest.same
        ),
        (1, 1, 1, 0)
    );
    let paths: Vec<&str> = manifest
        .entries
        .iter()
        .map(|entry| entry.path.as_str())
        .collect();
    assert_eq!(paths, ["a.txt", "b.txt", "c.txt"]);
}

#[test]
fn an_object_that_is_only_wrapped_is_not_called_corrupt() {
    let mut seen = FakeHub::default().inspection(Kind::Snapshot);
    let corrupt = Inspected::from(&seen).object;
    assert!(corrupt.headline.contains("corrupt at byte 0x1f"));
    assert!(!corrupt.wrapped);
    let evidence = Evidence::ObjectEncoded(Encoded {
        bytes: WrongBytes::default(),
        wrapping: "gzip > msgpack".into(),
    });
    let finding = Finding::new(evidence, Subject::Snapshot, seen.id.clone());
    seen.findings.push(finding);
    let wrapped = Inspected::from(&seen).object;
    assert_eq!(
        wrapped.headline,
        "✗ wrapped in gzip > msgpack, 300 bytes: only what is inside matches the id"
    );
    assert!(wrapped.wrapped && wrapped.problem.is_none());
}

#[test]
fn every_line_of_the_differences_stands_for_one_thing() {
    let seen = Inspected::from(&FakeHub::default().inspection(Kind::Snapshot));
    let lines = |unfolded| -> Vec<At> {
        (0..diff::len(&seen, unfolded))
            .filter_map(|line| diff::at(&seen, line))
            .collect()
    };
    let differing = [
        At::Field(0),
        At::Field(1),
        At::Entry(1, 0),
        At::Entry(1, 1),
        At::Entry(1, 2),
        At::Fold,
    ];
    assert_eq!(lines(false), differing);
    assert_eq!(lines(true)[6..], [At::Field(2), At::Field(3)]);
}

#[test]
fn wrapped_lines_fit_and_lose_no_letter() {
    let text = "a word 日本語の文字 sha256:0123456789abcdef0123456789abcdef end";
    for width in 1..40 {
        let lines = wrap(text, width);
        assert!(
            lines.iter().all(|line| line.width() <= width.max(2)),
            "{width}: {lines:?}"
        );
        let letters = |text: &str| {
            text.chars()
                .filter(|c| !c.is_whitespace())
                .collect::<String>()
        };
        assert_eq!(letters(&lines.concat()), letters(text), "{width}");
    }
}

#[test]
fn an_estimate_comes_late_and_a_stall_is_said() {
    let figures = |done| Figures {
        phase: "rows".into(),
        done,
        total: Some(1_000),
        ..Figures::default()
    };
    let at = Duration::from_secs;
    let mut meter = Meter::new(at(0));
    meter.take(figures(0), false, at(0));
    meter.take(figures(100), false, at(1));
    assert_eq!(
        (meter.rate(), meter.remaining()),
        (Some(100), None),
        "too early to tell"
    );
    meter.take(figures(600), false, at(6));
    assert_eq!(meter.remaining(), Some(4));
    assert_eq!(
        (meter.stalled(at(8)), meter.stalled(at(12))),
        (None, Some(6))
    );
    meter.take(figures(1_000), false, at(13));
    assert!(
        meter.share().unwrap() < 1.0,
        "done is what the job says, not what was counted"
    );
}

#[test]
fn spans_have_at_most_two_units() {
    assert_eq!(
        [6, 130, 11_100, 100_000].map(span),
        ["6s", "2m 10s", "3h 5m", "1d 3h"]
    );
}

#[test]
fn a_list_is_asked_for_the_rows_that_are_shown_and_for_no_other() {
    use crate::theme::Theme;
    use crate::widgets::list::{Cursor, draw};
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use std::cell::Cell;

    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    let asked = Cell::new(0);
    let cursor = Cursor {
        at: 5_000_000,
        top: 4_999_990,
    };
    terminal
        .draw(|frame| {
            draw(
                frame,
                frame.area(),
                &Theme::ansi(),
                (cursor, 10_000_000),
                |at| {
                    asked.set(asked.get() + 1);
                    at.to_string().into()
                },
            );
        })
        .unwrap();
    assert_eq!(asked.get(), 24);
}

#[test]
fn a_flag_a_url_and_a_comma_are_never_cut_off() {
    let text = "restore it (`luthier repair --copies DIR`), from s3://muse-objects/a, or decide";
    for width in 24..80 {
        let lines = wrap(text, width);
        assert_eq!(lines.join(" "), text, "{width}: only spaces are lost");
    }
    assert_eq!(wrap("  a step of it", 10), ["  a step", "of it"]);
    let id = format!("sha256:{}", "a".repeat(64));
    assert_eq!(wrap(&id, 40).concat(), id);
    assert!(wrap(&id, 40).iter().all(|line| line.len() <= 40));
}
