//! Lists: sorted, filtered, marked; and the cursor stays on what it stood on.

use super::hub::FakeHub;
use super::stage::{Stage, hub_info};
use crate::effect::Ticket;
use crate::keymap::KeyContext;
use crate::screens::Screen;
use crate::screens::findings::{Findings, Marks};
use crate::state::Slot;
use luthier_hub::store::Environment;

fn findings(stage: &Stage) -> &Findings {
    match stage.state.stack.last() {
        Some(Screen::Findings(screen)) => screen,
        other => panic!("{other:?}"),
    }
}

fn marked(stage: &Stage) -> Vec<u64> {
    match &findings(stage).marked.marks {
        Marks::Some(marks) => marks.iter().copied().collect(),
        Marks::All(filter) => panic!("{filter:?}"),
    }
}

#[test]
fn a_range_is_marked_from_where_it_began_to_the_cursor() {
    let mut stage = Stage::new(100, 30);
    stage.keys("f down v down down");
    assert!(
        stage.text().contains("a range of 3 rows"),
        "{}",
        stage.text()
    );
    assert!(marked(&stage).is_empty(), "not before it was ended");
    stage.keys("v");
    assert_eq!(marked(&stage), [1, 2, 3]);
    // Upwards too, and space ends it as well.
    stage.keys("G v up space");
    assert_eq!(marked(&stage), [1, 2, 3, 298, 299]);
    stage.keys("v down esc");
    assert_eq!(stage.state.context(), KeyContext::Findings);
    assert_eq!(marked(&stage).len(), 5, "esc drops a range, not the marks");
}

#[test]
fn x_plans_the_range_and_what_was_marked_before_and_the_footer_says_both() {
    let mut stage = Stage::new(100, 30);
    stage.keys("f space down v down down");
    let text = stage.text();
    assert!(
        text.contains("1 marked, and a range of 3 rows: x plans"),
        "{text}"
    );
    stage.keys("x");
    assert_eq!(stage.state.context(), KeyContext::Plan);
    let plan = stage
        .effects
        .iter()
        .rfind(|effect| effect.starts_with("Plan"));
    assert!(plan.unwrap().contains("Ordinals([0, 2, 3, 4])"), "{plan:?}");
    // Faster than anything is read, and upwards.
    let mut stage = Stage::new(100, 30);
    stage.keys("f down down down v");
    stage.burst("up up x");
    stage.answer_all();
    let plan = stage
        .effects
        .iter()
        .rfind(|effect| effect.starts_with("Plan"));
    assert!(plan.unwrap().contains("Ordinals([1, 2, 3])"), "{plan:?}");
    stage.keys("esc");
    assert_eq!(marked(&stage), [1, 2, 3], "they stay marked");
}

#[test]
fn a_range_reaches_over_rows_that_were_never_read() {
    let hub = FakeHub {
        findings: 150_000,
        ..FakeHub::default()
    };
    let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), 100, 30);
    stage.keys("f v G v");
    assert_eq!(marked(&stage).len(), 150_000);
    stage.keys("u");
    stage.hub.findings = 250_000;
    stage.keys("R g v G v");
    assert!(
        stage.notice().contains("can be marked one by one"),
        "{}",
        stage.notice()
    );
}

#[test]
fn a_group_is_marked_whole_and_unmarked_whole() {
    let mut stage = Stage::new(100, 30);
    stage.keys("f c space");
    let some = marked(&stage).len();
    assert!(some > 1, "{some}");
    stage.keys("up space");
    assert!(marked(&stage).is_empty());
    stage.keys("space c c c");
    assert!(stage.text().contains("marked"), "{}", stage.text());
    stage.keys("x");
    assert_ne!(stage.state.context(), KeyContext::Findings);
}

#[test]
fn marks_survive_a_refresh_a_size_a_filter_and_the_next_audit() {
    let mut stage = Stage::new(100, 30);
    stage.keys("f down space space space");
    assert_eq!(marked(&stage), [1, 2, 3]);
    stage.keys("R");
    stage.resize(60, 15);
    stage.resize(200, 60);
    stage.keys("/").types("code:uri-missing").keys("enter");
    assert_eq!(marked(&stage), [1, 2, 3]);
    // The fake hub has repaired its first finding: every other one stands a place earlier.
    stage.keys("/ ctrl-u enter A enter");
    assert_eq!(marked(&stage), [0, 1, 2]);
    assert_eq!(findings(&stage).cursor.at, 3, "the cursor was on the fifth");
}

#[test]
fn the_cursor_stays_on_a_finding_that_a_filter_lets_through_and_goes_back_to_one_that_it_did_not() {
    let mut stage = Stage::new(100, 30);
    stage
        .keys("f down down down /")
        .types("code:uri-missing")
        .keys("enter");
    assert_eq!(
        findings(&stage).cursor.at,
        1,
        "the fourth of all is the second of these"
    );
    stage.keys("/ ctrl-u enter");
    assert_eq!(findings(&stage).cursor.at, 3);
    stage.keys("down /").types("code:uri-missing").keys("enter");
    assert_eq!(findings(&stage).cursor.at, 0, "the fifth is not of these");
    stage.keys("/ ctrl-u enter");
    assert_eq!(findings(&stage).cursor.at, 4);
}

#[test]
fn marks_that_are_gone_after_an_audit_are_told() {
    let mut stage = Stage::new(100, 30);
    stage.keys("f space space A enter");
    assert_eq!(marked(&stage), [0]);
    let told = stage.state.shared.notices.all();
    let words = "1 mark of 2 left: what was repaired has none";
    assert!(told.iter().any(|notice| notice.text == words), "{told:?}");
}

#[test]
fn a_list_is_sorted_by_its_columns_and_turned_round() {
    let mut stage = Stage::new(120, 30);
    stage.keys("f");
    assert!(stage.text().contains("cause ▾"), "{}", stage.text());
    stage.keys("o");
    assert!(stage.text().contains("cause ▴"), "{}", stage.text());
    assert_eq!(findings(&stage).current().map(|row| row.ordinal), Some(299));
    stage.keys("> > ");
    assert!(stage.text().contains("code ▾"), "{}", stage.text());
    stage.keys("<");
    assert!(stage.text().contains("grade ▾"), "{}", stage.text());
    stage.keys("H b");
    assert!(stage.text().contains("pulls fail ▾"), "{}", stage.text());
    stage.keys("> >");
    assert!(stage.text().contains("commits ▾"), "{}", stage.text());
}

#[test]
fn in_a_list_that_is_sorted_anew_the_cursor_stays_on_its_repository() {
    let mut stage = Stage::new(120, 30);
    stage.keys("b down");
    let path = |stage: &Stage| match stage.state.stack.last() {
        Some(Screen::Repos(screen)) => screen.current().map(|row| row.path.shown().to_owned()),
        _ => None,
    };
    assert_eq!(path(&stage).as_deref(), Some("bela/song"));
    stage.keys("o");
    assert_eq!(path(&stage).as_deref(), Some("bela/song"));
    stage.keys("R A enter");
    assert_eq!(path(&stage).as_deref(), Some("bela/song"));
}

#[test]
fn repositories_are_narrowed_by_words_as_they_are_typed() {
    let mut stage = Stage::new(120, 30);
    stage.keys("b /").types("bela");
    assert!(stage.text().contains("1 of 1  /bela"), "{}", stage.text());
    stage.keys("enter");
    assert!(stage.text().contains("bela/song") && !stage.text().contains("alice/song"));
    stage.keys("/ x");
    assert!(
        stage.text().contains("no repository has this name"),
        "{}",
        stage.text()
    );
    stage.keys("esc");
    assert!(stage.text().contains("bela/song"), "{}", stage.text());
}

#[test]
fn esc_shows_all_repositories_before_it_goes_back() {
    let mut stage = Stage::new(120, 30);
    stage.keys("b /").types("bela").keys("enter");
    assert!(stage.text().contains("esc shows all"), "{}", stage.text());
    stage.keys("esc");
    assert!(stage.text().contains("alice/song"), "{}", stage.text());
    stage.keys("esc");
    assert!(!stage.text().contains("alice/song"), "{}", stage.text());
}

fn object(stage: &Stage) -> Option<String> {
    match stage.state.stack.last() {
        Some(Screen::Objects(screen)) => screen.list.current().map(|row| row.at_exact.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn objects_are_narrowed_as_they_are_typed_and_the_cursor_goes_back_to_its_row() {
    let mut stage = Stage::new(120, 30);
    stage.keys("b enter pgdn pgdn");
    let here = object(&stage);
    let at = stage.text();
    stage.keys("/").types("77");
    assert_eq!(object(&stage).as_deref(), Some("77"), "{at}");
    assert!(
        stage.text().contains("1 of 22  alice/song"),
        "{}",
        stage.text()
    );
    stage.keys("esc");
    assert_eq!(object(&stage), here, "what was typed was taken back");
    stage.keys("/").types("77").keys("enter G");
    assert_eq!(object(&stage).as_deref(), Some("1277"));
    assert!(stage.text().contains("/77"), "{}", stage.text());
    stage.keys("/ ctrl-u enter");
    assert_eq!(object(&stage).as_deref(), Some("1277"), "without a filter");
    assert!(!stage.text().contains("/77"), "{}", stage.text());
    stage.keys("/").types("nobody");
    assert!(
        stage.text().contains("no row matches this filter"),
        "{}",
        stage.text()
    );
    stage.keys("esc /").types("kind:blob");
    assert!(
        stage.text().contains("this list has one kind"),
        "{}",
        stage.text()
    );
    stage.keys("enter E");
    assert!(
        stage.notice().contains("not understood"),
        "{}",
        stage.notice()
    );
}

#[test]
fn objects_read_anew_or_turned_round_keep_the_cursor_on_its_row() {
    let mut stage = Stage::new(120, 30);
    stage.keys("b enter pgdn pgdn pgdn down");
    let here = object(&stage);
    let place = |stage: &Stage| {
        let text = stage.text();
        let start = text.find("commits  ").unwrap() + 9;
        text[start..start + 12].trim().to_owned()
    };
    let before = place(&stage);
    stage.keys("R");
    assert_eq!(
        (object(&stage), place(&stage)),
        (here.clone(), before.clone())
    );
    stage.keys("o");
    assert_eq!(object(&stage), here);
    assert!(stage.text().contains("oldest first"), "{}", stage.text());
    stage.keys("g");
    assert_eq!(object(&stage).as_deref(), Some("1324"));
    stage.keys("G");
    assert_eq!(object(&stage).as_deref(), Some("0"));
    stage.keys("o");
    assert!(place(&stage).starts_with("1 of 1,325"), "{}", stage.text());
}

#[test]
fn the_next_finding_is_one_key_away() {
    let mut stage = Stage::new(120, 30);
    stage.keys("f n n");
    assert_eq!(findings(&stage).cursor.at, 2);
    stage.keys("N enter n");
    let shown = stage.text();
    stage.keys("esc");
    assert_eq!(findings(&stage).cursor.at, 2, "{shown}");
}

#[test]
fn a_branch_is_chosen_and_its_pull_tried_from_the_list_of_repositories() {
    let mut stage = Stage::new(100, 30);
    stage.keys("b b down enter");
    assert_eq!(stage.state.context(), KeyContext::Pull);
    assert!(stage.text().contains("alice/song@dev"), "{}", stage.text());
}

#[test]
fn what_the_verdict_says_of_a_finding_is_not_said_again_below_it() {
    let is = luthier_audit::Code::CommitTreeless.fault().is;
    let hub = FakeHub {
        verdict: format!("A client cannot pull this commit. {is}"),
        ..FakeHub::default()
    };
    let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), 200, 50);
    stage.keys("f enter");
    let text = stage.text();
    assert!(text.contains("commit-treeless"), "{text}");
    assert_eq!(text.matches(is).count(), 1, "{text}");
}

#[test]
fn a_key_keeps_the_cursor_on_the_finding_that_it_was_pressed_on() {
    for (key, place) in [("", 2), ("e", 0), ("space", 1)] {
        let hub = FakeHub {
            first_fixable: 2,
            ..FakeHub::default()
        };
        let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), 100, 30);
        let later = Slot::Pending(Ticket(u64::MAX));
        let known = std::mem::replace(&mut stage.state.shared.audits.fixes, later);
        stage.keys("f").keys(key);
        stage.state.shared.audits.fixes = known;
        stage.resize(100, 31);
        assert_eq!(findings(&stage).cursor.at, place, "after `{key}`");
    }
}

#[test]
fn what_can_be_repaired_is_counted_on_the_hub_and_one_key_lists_each_part() {
    let mut stage = Stage::new(80, 24);
    let text = stage.text();
    for figure in [
        "150 fixable now [1]",
        "100 need a decision [2]",
        "5 a copy [3]",
        "2 no fix [4]",
    ] {
        assert!(text.contains(figure), "{text}");
    }
    for (key, filter) in [("1", "fix:auto"), ("2", "fix:decide"), ("4", "fix:none")] {
        stage.keys(key);
        assert_eq!(findings(&stage).text, filter);
        assert!(!findings(&stage).filter.fixes.is_empty());
        assert!(stage.text().contains("auto"), "{}", stage.text());
        stage.keys("esc");
    }
    stage.keys("f c c c c");
    assert!(
        stage.text().contains("by what can be done"),
        "{}",
        stage.text()
    );
    stage.keys("enter");
    assert_eq!(findings(&stage).text, "fix:auto");
    let many = crate::lines::FixLine {
        counts: [
            (luthier_audit::Fix::Auto, 1_000_000),
            (luthier_audit::Fix::Decide, 1),
        ]
        .into(),
        tried: false,
    };
    assert_eq!(many.words()[0], "up to 1,000,000 fixable now");
    assert_eq!(many.words()[1], "1 needs a decision");
}

#[test]
fn the_cursor_begins_on_a_finding_that_can_be_repaired_and_stays_where_somebody_put_it() {
    let hub = FakeHub {
        first_fixable: 5,
        ..FakeHub::default()
    };
    let mut stage = Stage::with(hub, hub_info(Environment::Demo, true), 80, 24);
    stage.keys("f");
    assert_eq!(findings(&stage).cursor.at, 5);
    stage.keys("k k R");
    assert_eq!(findings(&stage).cursor.at, 3);
    stage.keys("> <");
    assert_eq!(findings(&stage).cursor.at, 0, "sorted anew, the first row");
}

#[test]
fn the_form_of_a_written_list_is_asked_once_and_another_on_demand() {
    let mut stage = Stage::new(80, 24);
    stage.keys("f E");
    assert_eq!(stage.state.context(), KeyContext::Export);
    assert!(
        stage.text().contains("for spreadsheets"),
        "{}",
        stage.text()
    );
    let written = |stage: &Stage| {
        let exports = stage
            .effects
            .iter()
            .filter(|effect| effect.starts_with("Export"));
        let formats = ["Jsonl", "Markdown", "Csv"];
        exports
            .map(|effect| {
                formats
                    .into_iter()
                    .find(|form| effect.contains(form))
                    .unwrap()
            })
            .collect::<Vec<_>>()
    };
    stage.keys("esc");
    assert!(written(&stage).is_empty());
    stage.keys("E 3 E ctrl-e 2 E");
    assert_eq!(written(&stage), ["Csv", "Csv", "Markdown", "Markdown"]);
    assert!(
        stage
            .effects
            .iter()
            .any(|effect| effect == "RememberFormat(Csv)")
    );
}

#[test]
fn the_list_the_marked_and_the_finding_in_full_are_copied_as_a_table() {
    let mut stage = Stage::new(80, 24);
    stage.keys("f Y space space Y u tab Y");
    let asked: Vec<&String> = stage
        .effects
        .iter()
        .filter(|effect| effect.contains("Table("))
        .collect();
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(asked[0].contains("List("), "{asked:?}");
    assert!(asked[1].contains("Places([0, 1])"), "{asked:?}");
    assert!(asked[2].contains("Whole(2)"), "{asked:?}");
    assert_eq!(stage.copied, ["| a table |\n"; 3]);
}

#[test]
fn a_repository_in_full_is_read_by_pages_to_its_end() {
    let mut stage = Stage::new(80, 24);
    stage.resize(110, 16);
    stage.keys("b tab");
    assert!(stage.text().contains(" ▾ "), "{}", stage.text());
    stage.keys("G");
    let end = stage.text();
    assert!(!end.contains(" ▾ "), "{end}");
    stage.keys("down");
    assert_eq!(stage.text(), end, "it ends there");
    stage.keys("up g");
    assert!(stage.text().contains(" ▾ "), "{}", stage.text());
}

#[test]
fn what_x_plans_is_said_before_it_is_pressed() {
    let mut stage = Stage::new(80, 24);
    stage.keys("f");
    let one = "x plans the one under the cursor; space marks more, a all";
    assert!(stage.line(1).contains(one), "{}", stage.text());
    stage.keys("space");
    let marked = "x plans what is marked; u unmarks it";
    assert!(stage.line(1).contains(marked), "{}", stage.text());
    stage.keys("u c");
    let group = "x plans this group; space marks it, enter lists it";
    assert!(stage.line(1).contains(group), "{}", stage.text());
}

#[test]
fn marks_end_with_the_run_that_they_were_planned_for() {
    for marks in ["a", "space space space"] {
        let mut stage = Stage::new(100, 30);
        stage.keys("f").keys(marks).keys("x esc");
        assert!(
            !findings(&stage).marked.is_empty(),
            "a plan alone ends none"
        );
        stage.keys("x enter y esc");
        assert_eq!(stage.writes, 1, "{}", stage.text());
        assert!(findings(&stage).marked.is_empty(), "{}", stage.text());
        assert!(!stage.text().contains('*'), "{}", stage.text());
    }
}
