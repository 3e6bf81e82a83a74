//! Themes of a person's own, and a configuration that is read again.

use super::stage::{Stage, keymap};
use crate::degrade::{Colors, TermCaps};
use crate::event::Event;
use crate::event::Reloaded;
use crate::keymap::{Keymap, Overrides, TABLE};
use crate::theme::{Choice, Look, ROLES, Theme, ThemeError, Themes, Written};
use ratatui::style::{Color, Modifier, Style};

/// A file with one theme, `mine`.
fn written(roles: &[(&str, &str)]) -> Written {
    let roles = roles
        .iter()
        .map(|(role, value)| ((*role).to_owned(), (*value).to_owned()));
    Written::from([("mine".to_owned(), roles.collect())])
}

fn mine(roles: &[(&str, &str)]) -> Result<Look, ThemeError> {
    Themes::new(&written(roles))?.find("mine", "theme")
}

/// The style of `critical` in a theme that says this of it.
fn critical(value: &str) -> Result<Style, ThemeError> {
    let look = mine(&[("critical", value)])?;
    Ok(look.paint(Theme::dark(), Colors::True).critical)
}

#[test]
fn a_style_is_modifiers_then_a_colour_then_its_background() {
    let ink = |color| Style::new().fg(color);
    let bold = Modifier::BOLD;
    let rgb = Color::Rgb(0xff, 0x5f, 0x5f);
    for (value, style) in [
        ("#ff5f5f", ink(rgb)),
        ("bold #ff5f5f", ink(rgb).add_modifier(bold)),
        ("bold", Style::new().add_modifier(bold)),
        ("  red   on  12 ", ink(Color::Red).bg(Color::Indexed(12))),
        ("light red on reset", ink(Color::LightRed).bg(Color::Reset)),
        (
            "italic underlined dark-gray",
            ink(Color::DarkGray).add_modifier(Modifier::ITALIC | Modifier::UNDERLINED),
        ),
    ] {
        assert_eq!(critical(value).unwrap(), style, "{value}");
    }
}

#[test]
fn what_a_theme_does_not_say_is_its_bases() {
    let look = mine(&[("base", "light"), ("critical", "blue")]).unwrap();
    assert_eq!(
        (look.base(), look.roles()),
        (Choice::Light, vec!["critical"])
    );
    let theme = look.paint(Theme::light(), Colors::True);
    let base = Theme::light().all();
    for ((role, style), (_, base)) in theme.all().into_iter().zip(base) {
        match role {
            "critical" => assert_eq!(style.fg, Some(Color::Blue)),
            _ => assert_eq!(style, base, "{role}"),
        }
    }
    assert_eq!(mine(&[]).unwrap(), Choice::Auto.into());
}

#[test]
fn every_role_can_be_said_and_each_has_words_of_its_own() {
    for (at, role) in ROLES.iter().enumerate() {
        let look = mine(&[(role.name, "#010203 on #040506")]).unwrap();
        let theme = look.paint(Theme::dark(), Colors::True).all();
        assert_eq!(theme[at].0, role.name);
        assert_eq!(theme[at].1.fg, Some(Color::Rgb(1, 2, 3)), "{}", role.name);
        let same = ROLES.iter().filter(|other| other.paints == role.paints);
        assert_eq!(same.count(), 1, "{}", role.paints);
    }
}

#[test]
fn what_cannot_be_meant_names_the_key_the_value_and_what_is_allowed() {
    for (role, value, says) in [
        (
            "critical",
            "reddish",
            "themes.mine.critical = `reddish`: `reddish` is not a colour; write #rrggbb",
        ),
        ("critical", "bold #ff5f5", "`#ff5f5` is not a colour"),
        ("critical", "256", "`256` is not a colour"),
        ("critical", "#ééé", "`#ééé` is not a colour"),
        ("critical", "red on blue on red", "is not a colour"),
        ("critical", "red bold", "`red bold` is not a colour"),
        (
            "critical",
            "",
            "themes.mine.critical = ``: names no colour and no modifier; write `[bold|dim",
        ),
        ("critical", "on red", "names no colour"),
        ("critical", "red on", "names no colour"),
        (
            "selected",
            "red",
            "themes.mine.selected = `red`: this role needs a background too",
        ),
        ("demo", "red on reset", "this role needs a background too"),
        (
            "base",
            "pink",
            "themes.mine.base = `pink`: there is no such base; there are auto, dark, light, ansi",
        ),
        (
            "criticl",
            "red",
            "themes.mine.criticl: there is no such role; there are base, text, title,",
        ),
    ] {
        let said = mine(&[(role, value)]).unwrap_err().to_string();
        assert!(said.contains(says), "{role} = {value}: {said}");
    }
    assert!(mine(&[("selected", "reversed")]).is_ok());
    let dark = Written::from([("dark".to_owned(), Default::default())]);
    let said = Themes::new(&dark).unwrap_err().to_string();
    assert!(
        said.starts_with("themes.dark: a theme of the program"),
        "{said}"
    );
    let themes = Themes::new(&written(&[])).unwrap();
    let said = themes.find("pink", "--theme").unwrap_err().to_string();
    assert_eq!(
        said,
        "--theme `pink`: there is no such theme; there are auto, dark, light, ansi, mine"
    );
}

#[test]
fn text_in_the_colour_of_its_background_is_told() {
    let look = mine(&[
        ("critical", "red on red"),
        ("error", "red"),
        ("title", "reset on reset"),
    ]);
    assert_eq!(look.unwrap().unreadable(), ["critical"]);
}

#[test]
fn a_terminal_of_sixteen_colours_gets_the_own_styles_that_it_can_show() {
    let look = mine(&[
        ("critical", "green"),
        ("error", "#ff5f5f"),
        ("selected", "16 on 17"),
    ])
    .unwrap();
    let theme = look.paint(Theme::ansi(), Colors::Sixteen);
    assert_eq!(theme.critical.fg, Some(Color::Green));
    assert_eq!(theme.error, Theme::ansi().error);
    assert_eq!(theme.selected, Theme::ansi().selected);
    let mut stage = Stage::new(80, 24);
    let caps = TermCaps {
        colors: Colors::Sixteen,
        unicode: true,
    };
    let painted = stage.painted(&theme, caps);
    let fits = |color: Color| !matches!(color, Color::Rgb(..) | Color::Indexed(_));
    assert!(
        painted
            .content
            .iter()
            .all(|cell| fits(cell.fg) && fits(cell.bg))
    );
}

/// The table with another key for the findings of the hub's screen.
fn other_keys() -> Keymap {
    let keys = [("findings".to_owned(), vec!["F".to_owned()])].into();
    Keymap::new(TABLE, &Overrides::from([("hub".to_owned(), keys)])).unwrap()
}

fn reloaded(keymap: Option<Keymap>, mouse: Option<bool>) -> Event {
    Event::Reloaded(Box::new(Reloaded { keymap, mouse }))
}

#[test]
fn keys_that_were_read_again_work_at_once_and_are_shown() {
    let mut stage = Stage::new(120, 40);
    assert!(stage.text().contains("f findings"));
    stage.press("ctrl-r");
    assert_eq!(stage.effects.last().unwrap(), "Reload");
    stage.send(reloaded(Some(other_keys()), Some(true)));
    assert!(stage.state.mouse);
    assert_eq!(stage.effects.last().unwrap(), "Mouse(true)");
    stage.answer_all();
    assert!(stage.text().contains("F findings"), "{}", stage.text());
    stage.keys("f");
    assert_eq!(stage.state.stack.len(), 1, "the old key is gone");
    stage.keys("F");
    assert_eq!(stage.state.stack.len(), 2);
    // What did not change stays as the session has it.
    stage.keys("%");
    stage.send(reloaded(None, None));
    assert!(!stage.state.mouse);
    stage.send(reloaded(Some(keymap()), None));
    stage.keys("esc f");
    assert_eq!(stage.state.stack.len(), 2);
}

#[test]
fn nothing_is_read_again_while_a_question_is_open() {
    let mut stage = Stage::new(120, 40);
    stage
        .keys("f")
        .keys("/")
        .types("code:cache-msgpack")
        .keys("enter x enter");
    assert!(stage.text().contains("y yes"), "{}", stage.text());
    let before = stage.effects.len();
    stage.send(Event::Reload);
    assert!(!stage.effects[before..].contains(&"Reload".to_owned()));
    assert!(
        stage.notice().contains("while a question is open"),
        "{}",
        stage.notice()
    );
    stage.keys("n");
    stage.send(Event::Reload);
    assert_eq!(stage.effects.last().unwrap(), "Reload");
}
