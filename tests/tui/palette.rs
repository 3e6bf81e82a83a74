//! The palette: every action by a few letters, and the ways to another screen. Completion of filters.

use super::stage::{Stage, keymap};
use crate::filter::{OF_FINDINGS, completions};
use crate::keymap::{KeyContext, modal};
use crate::palette::{Recent, Target, entries};
use std::collections::BTreeMap;

#[test]
fn every_action_of_every_place_is_in_it_and_those_of_here_stand_first() {
    let keymap = keymap();
    let all = entries(&keymap, KeyContext::Findings, "", &Recent::default());
    for row in keymap.rows().iter().filter(|row| !modal(row.context)) {
        use crate::action::Action;
        let title = row.binding.title;
        let hidden = matches!(row.binding.action, Action::Palette | Action::Move(_));
        let listed = all.iter().any(|entry| entry.title == title);
        assert!(hidden || listed, "{title}");
    }
    let elsewhere = |entry: &&crate::palette::Entry| matches!(entry.target, Target::Elsewhere(_));
    let first = all.iter().position(|entry| elsewhere(&entry)).unwrap();
    assert!(all[first..].iter().all(|entry| elsewhere(&entry)));
}

#[test]
fn letters_in_their_order_find_it_and_the_title_counts_most() {
    let best = |typed: &str| {
        let found = entries(&keymap(), KeyContext::Findings, typed, &Recent::default());
        found.first().map(|entry| entry.title.clone())
    };
    assert_eq!(best("exp").as_deref(), Some("export"));
    assert_eq!(best("grp").as_deref(), Some("group"));
    assert_eq!(best("jrnl").as_deref(), Some("journal"));
    assert_eq!(best("qqqqzzzz"), None);
}

#[test]
fn it_does_what_a_key_would_do_and_refuses_as_a_key_would() {
    let mut stage = Stage::new(100, 30);
    stage.keys("f :").types("group").keys("enter");
    assert!(stage.text().contains("by code"), "{}", stage.text());
    stage.keys(": x esc");
    assert_eq!(
        stage.state.context(),
        KeyContext::Findings,
        "{}",
        stage.text()
    );
    stage.keys("H :").types("undo").keys("enter");
    assert_eq!(
        stage.notice(),
        "undo works only on the screens journal, run"
    );
}

#[test]
fn what_was_used_last_stands_first_among_equals() {
    let mut stage = Stage::new(100, 30);
    stage.keys("f :").types("zoom").keys("enter");
    stage.keys(":");
    assert!(stage.text().contains("zoom"), "{}", stage.text());
    let titles = entries(
        &stage.state.keymap,
        KeyContext::Findings,
        "",
        &stage.state.recent,
    );
    assert_eq!(titles[0].title, "zoom");
}

#[test]
fn a_filter_a_path_and_an_id_lead_there() {
    let mut stage = Stage::new(100, 30);
    stage.keys(":").types("code:uri-missing").keys("enter");
    assert_eq!(stage.state.context(), KeyContext::Findings);
    assert!(
        stage.text().contains("code:uri-missing"),
        "{}",
        stage.text()
    );
    stage.keys("H :").types("alice/song").keys("enter");
    assert_eq!(stage.state.context(), KeyContext::Objects);
    stage.keys("H :").types("alice/sing").keys("enter");
    assert_eq!(stage.notice(), "there is no repository alice/sing");
    stage.keys(":").types("id 3fa9").keys("enter");
    assert_eq!(stage.state.context(), KeyContext::Inspect);
    // The way back is the way that one came.
    stage.keys("esc");
    assert_eq!(stage.state.context(), KeyContext::Hub);
}

#[test]
fn a_filter_is_completed_by_what_there_is() {
    let repos = BTreeMap::from([("alice/song".to_owned(), ()), ("alice/tape".to_owned(), ())]);
    let ways = |text: &str| completions(text, OF_FINDINGS, &repos);
    assert_eq!(ways("co"), ["code:"]);
    assert_eq!(ways("is:err"), ["is:error"]);
    assert_eq!(ways("words repo:alice/s"), ["words repo:alice/song"]);
    assert_eq!(ways("code:cache-m"), ["code:cache-msgpack"]);
    assert!(ways("code:nothing").is_empty());
    // Spaces of other scripts are wider than a byte.
    assert_eq!(ways("la\u{3000}co"), ["la\u{3000}code:"]);

    let mut stage = Stage::new(120, 30);
    stage.keys("f /").types("la\u{a0}is:");
    assert!(stage.line(28).contains("is:error"), "{}", stage.line(28));
    stage.keys("esc f /").types("code:cache-");
    assert!(
        stage.line(28).contains("tab code:cache-msgpack"),
        "{}",
        stage.line(28)
    );
    stage.keys("tab");
    assert!(
        stage.line(28).starts_with("/code:cache-msgpack"),
        "{}",
        stage.line(28)
    );
    stage.keys("tab");
    assert!(
        stage.line(28).starts_with("/code:cache-delta"),
        "{}",
        stage.line(28)
    );
    stage.keys("esc");
    assert_eq!(stage.state.context(), KeyContext::Findings);
}
