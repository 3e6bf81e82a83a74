//! Colours of one's own, and a configuration that is read again, in a real pseudo-terminal.

use crate::screen::{LUTHIER, Terminal};
use std::path::Path;

const CTRL_R: &str = "\u{12}";

/// Writes the configuration file of a terminal.
fn configure(home: &Path, text: &str) {
    let folder = home.join("config/luthier");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), text).unwrap();
}

/// Waits until the badge in the first line stands on this colour.
fn badge_is(terminal: &Terminal, (r, g, b): (u8, u8, u8)) {
    terminal.wait("the badge's colour", |screen| {
        let cell = screen.cell(0, 1).unwrap();
        cell.bgcolor() == vt100::Color::Rgb(r, g, b)
    });
}

const MINE: &str =
    "theme = \"mine\"\n[themes.mine]\nbase = \"dark\"\ndemo = \"bold #000000 on #010203\"\n";

#[test]
fn a_configuration_is_read_again_by_key_and_signal_and_a_wrong_one_changes_nothing() {
    let variables = [("COLORTERM", "truecolor")];
    let mut terminal = Terminal::with(LUTHIER, &["demo"], &variables, 120, 40);
    terminal.see("findings in the whole hub");
    let home = terminal.home();
    configure(home.path(), MINE);
    terminal.send(CTRL_R);
    terminal.see("configuration read again, changed: theme");
    badge_is(&terminal, (1, 2, 3));

    configure(home.path(), &MINE.replace("bold #000000", "blackish"));
    terminal.send(CTRL_R);
    terminal.see("the old one stays");
    let home_shown = home.path().join("config/luthier/config.toml");
    terminal.see(&home_shown.display().to_string()[..20]);
    badge_is(&terminal, (1, 2, 3));

    let keys = "[keys.hub]\nfindings = [\"F\"]\n";
    configure(
        home.path(),
        &format!("{}{keys}", MINE.replace("#010203", "#040506")),
    );
    terminal.signal("USR1");
    terminal.see("configuration read again, changed: theme, keys");
    badge_is(&terminal, (4, 5, 6));
    terminal.send("F");
    terminal.list();
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn a_reload_neither_raises_the_right_to_write_nor_changes_the_hub() {
    let place = tempfile::tempdir().unwrap();
    let hub = place.path().join("hub");
    let built = std::process::Command::new(LUTHIER)
        .args(["demo", "--healthy", "--build-only"])
        .arg(&hub)
        .env("XDG_STATE_HOME", place.path())
        .output()
        .unwrap();
    assert!(built.status.success(), "{built:?}");
    let profile = |name: &str, read_only: bool| {
        format!(
            "default = \"{name}\"\n[profiles.{name}]\ndatabase = \"sqlite://{0}/hub.db\"\nstore = \"file://{0}/objects\"\n\
             environment = \"staging\"\nread_only = {read_only}\n",
            hub.display()
        )
    };
    let config = place.path().join("config");
    configure(place.path(), &profile("one", true));
    let variables = [("XDG_CONFIG_HOME", config.to_str().unwrap())];
    let mut terminal = Terminal::with(LUTHIER, &[], &variables, 120, 40);
    terminal.see("findings in the whole hub");
    let first = |terminal: &Terminal| {
        terminal
            .screen()
            .contents()
            .lines()
            .next()
            .unwrap()
            .to_owned()
    };
    let before = first(&terminal);
    assert!(before.contains("READ-ONLY"), "{before}");
    let stays = "the hub and the right to write stay as they are until you start again";
    for (n, other) in [profile("one", false), profile("two", true)]
        .iter()
        .enumerate()
    {
        configure(place.path(), other);
        terminal.send(CTRL_R);
        terminal.wait("both notices", |screen| screen.contents().contains(stays));
        assert_eq!(first(&terminal), before, "{n}");
        // The notice goes, so that the next one is seen to come.
        terminal.send("k");
        terminal.wait("no notice", |screen| !screen.contents().contains(stays));
    }
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
}
