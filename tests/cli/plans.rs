//! Plans that are saved, carried elsewhere, and applied later.

use crate::support::*;

#[test]
fn a_plan_is_saved_shown_and_applied_later() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let file = place.path("plan.json");
    let file = file.to_str().unwrap();
    let before = hub.objects();
    let made = place.on(&hub, &["repair", "--json", "--out", file]);
    assert_eq!(made.code, 1, "{made:?}");
    assert!(hub.objects() == before);
    place
        .on(&hub, &["repair", "--out", file])
        .fails(2, "plan.json exists already; name another");
    let shown = place.on(&hub, &["repair", "--json", "--plan", file]);
    assert_eq!(shown.code, 1);
    assert_eq!(shown.out, made.out, "what is read back is what was made");
    let apply = ["repair", "--plan", file, "--apply", "--yes", "--json"];
    place.on(&hub, &apply).fails(2, "--write");
    let mut apply = apply.to_vec();
    apply.push("--write");
    let ran = place.on(&hub, &apply);
    assert_eq!(ran.code, 1, "{ran:?}");
    let left = place.findings(&hub);
    assert!(left.iter().all(|(.., auto)| auto != "yes"), "{left:?}");
    let again = place.on(&hub, &apply).lines().pop().unwrap();
    let outcomes = again["outcomes"].as_object().unwrap();
    assert!(
        outcomes
            .keys()
            .all(|word| word == "already" || word == "superseded"),
        "{again}"
    );
    // People are told what is left, and what shows it.
    let told: Vec<&str> = apply
        .iter()
        .copied()
        .filter(|word| *word != "--json")
        .collect();
    let told = place.on(&hub, &told).out;
    let last = told.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("In the plan: ") && last.contains(" skipped. `luthier audit` lists "),
        "{told}"
    );
}

#[test]
fn a_plan_that_is_cut_changed_or_of_another_hub_ends_with_two_and_one_line() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let other = place.demo("other", &[]);
    let path = place.path("plan.json");
    let file = path.to_str().unwrap();
    place.on(&hub, &["repair", "--quiet", "--out", file]);
    let whole = std::fs::read_to_string(&path).unwrap();
    let apply = ["repair", "--plan", file, "--apply", "--write", "--yes"];
    let ran = place.on(&other, &apply);
    ran.fails(2, "made for another hub");
    assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
    for (text, says) in [
        (whole[..whole.len() / 2].to_owned(), "ends too early"),
        (whole.replacen("null", "none", 1), "changed"),
        (String::new(), "ends too early"),
        ("[]\n".to_owned(), "not a plan of Luthier"),
    ] {
        std::fs::write(&path, text).unwrap();
        let ran = place.on(&hub, &apply);
        ran.fails(2, says);
        assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
    }
    place
        .on(&hub, &["repair", "--plan", "/no/such/file"])
        .fails(2, "/no/such/file");
    let state = beside_logs(&place.path("state"));
    assert_eq!(state, [""; 0], "nothing was begun");
}
