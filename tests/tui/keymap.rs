//! One table of keys: clashes, a person's own keys, and keys that mean nothing where they are pressed.

use super::stage::{Stage, keymap};
use crate::action::Action;
use crate::filter::{LEFT, OF_FINDINGS, OF_OBJECTS};
use crate::keymap::{Binding, KEY_CONTEXTS, KeyContext, Keymap, Overrides, TABLE};
use crate::notices::Level;
use std::collections::{BTreeMap, BTreeSet};

fn over(context: &str, slug: &str, keys: &[&str]) -> Overrides {
    let keys = keys.iter().map(ToString::to_string).collect();
    BTreeMap::from([(context.into(), BTreeMap::from([(slug.into(), keys)]))])
}

fn refused(context: &str, slug: &str, keys: &[&str]) -> String {
    Keymap::new(TABLE, &over(context, slug, keys))
        .unwrap_err()
        .to_string()
}

#[test]
fn no_two_rows_of_the_table_claim_one_key() {
    assert!(Keymap::new(TABLE, &Overrides::new()).is_ok());
}

#[test]
fn a_clash_names_both_rows() {
    const fn row(contexts: &'static [KeyContext], title: &'static str) -> Binding {
        Binding {
            action: Action::Leave,
            contexts,
            keys: &["q"],
            title,
            help: "",
            rank: 0,
        }
    }
    static BAD: &[Binding] = &[
        row(&[KeyContext::Common], "leave"),
        row(&[KeyContext::Findings], "mark"),
    ];
    let clash = Keymap::new(BAD, &Overrides::new()).unwrap_err().to_string();
    assert_eq!(
        clash,
        "`q` means both everywhere › leave and findings › mark"
    );
}

#[test]
fn the_help_of_a_filter_names_every_condition_that_it_takes() {
    for (context, fields) in [
        (KeyContext::Findings, OF_FINDINGS),
        (KeyContext::Objects, OF_OBJECTS),
    ] {
        let keymap = keymap();
        let row = keymap
            .at(context)
            .find(|row| row.binding.action == Action::Filter);
        let help = row.unwrap().binding.help;
        for field in fields {
            assert!(help.contains(&format!("{field}:")), "{help}");
        }
        assert!(context != KeyContext::Findings || help.contains(&format!("is:{LEFT}")));
    }
}

#[test]
fn every_row_has_a_place_and_a_name_of_its_own_there() {
    let mut names = BTreeSet::new();
    for row in keymap().rows() {
        let context = row.context.name();
        assert!(KEY_CONTEXTS.iter().any(|(_, known)| *known == context));
        assert!(!row.binding.help.is_empty(), "{}", row.binding.title);
        assert!(
            names.insert((context, row.slug())),
            "{context} has two `{}`",
            row.slug()
        );
    }
}

#[test]
fn a_persons_own_keys_take_the_place_of_the_tables() {
    let mut stage = Stage::new(80, 24);
    stage.state.keymap = Keymap::new(TABLE, &over("findings", "plan", &["X", "ctrl-x"])).unwrap();
    stage.keys("f");
    assert!(stage.line(23).contains(" X plan "), "{}", stage.line(23));
    stage.keys("x");
    assert_eq!(
        stage.state.context(),
        KeyContext::Findings,
        "{}",
        stage.notice()
    );
    stage.keys("X");
    assert_eq!(stage.state.context(), KeyContext::Plan);
}

#[test]
fn an_override_that_clashes_or_means_nothing_is_named() {
    assert_eq!(
        refused("findings", "plan", &["q"]),
        "`q` means both findings › plan and everywhere › leave"
    );
    assert!(refused("findigs", "plan", &["x"]).contains("keys.findigs.plan: there is no such"));
    assert!(
        refused("findings", "paln", &["x"])
            .contains("keys.findings.paln: nothing here is called so")
    );
    assert!(refused("findings", "plan", &["ctrl+x"]).contains("`ctrl+x` is not a key"));
    // A letter there would be a letter that no filter can hold.
    assert!(refused("line", "keep", &["k"]).contains("is needed there to type text"));
}

#[test]
fn a_key_that_is_heard_elsewhere_says_where() {
    let mut stage = Stage::new(80, 24);
    stage.keys("space");
    assert_eq!(
        stage.notice(),
        "space (mark) works only on the screen findings"
    );
    stage.keys("K");
    assert_eq!(
        stage.notice(),
        "this key does nothing here; ? lists the keys that work"
    );
    assert_eq!(stage.state.shared.notices.all()[0].level, Level::Info);
}
