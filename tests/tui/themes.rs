//! Themes: to be read on every usual background, with as many colours as there are.

use super::hub::FakeHub;
use super::stage::{Stage, hub_info};
use crate::background::theme;
use crate::degrade::{Colors, TermCaps, indexed, nearest};
use crate::theme::{Choice, Theme};
use luthier_hub::store::Environment;
use ratatui::style::{Color, Modifier};

type Rgb = (u8, u8, u8);

/// Black, VS Code, One Half, Solarized, Gruvbox.
const DARK: [Rgb; 5] = [
    (0, 0, 0),
    (30, 30, 30),
    (40, 44, 52),
    (0, 43, 54),
    (40, 40, 40),
];

/// White, One Half, Solarized, a grey one.
const LIGHT: [Rgb; 4] = [
    (255, 255, 255),
    (250, 250, 250),
    (253, 246, 227),
    (240, 240, 240),
];

/// What is looked at and not read.
const LINES: [&str; 3] = ["border", "track", "gauge"];

/// The relative luminance of WCAG 2.
fn luminance((r, g, b): Rgb) -> f64 {
    let part = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
}

fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn rgb(color: Option<Color>) -> Option<Rgb> {
    match color? {
        Color::Rgb(r, g, b) => Some((r, g, b)),
        Color::Indexed(index) => Some(indexed(index)),
        Color::Reset => None,
        other => panic!("{other:?} is another colour in every terminal"),
    }
}

/// Every role of `theme` is to be read on each of `papers`, as 24 bits and as one of 256 colours.
fn is_legible(theme: &Theme, papers: &[Rgb], text: Rgb) {
    for (role, style) in theme.all() {
        let least = if LINES.contains(&role) { 3.0 } else { 4.5 };
        for down in [(|color| color) as fn(Color) -> Color, nearest] {
            let ink = rgb(style.fg.map(down)).unwrap_or(text);
            for paper in papers {
                let paper = rgb(style.bg.map(down)).unwrap_or(*paper);
                let has = contrast(ink, paper);
                assert!(has >= least, "{role}: {has:.2} of {ink:?} on {paper:?}");
            }
        }
        assert!(
            !style.add_modifier.contains(Modifier::DIM),
            "{role}: dimmed once more"
        );
    }
}

#[test]
fn every_role_is_to_be_read_on_dark_and_on_light_backgrounds() {
    is_legible(&Theme::dark(), &DARK, (220, 223, 228));
    is_legible(&Theme::light(), &LIGHT, (36, 41, 47));
}

/// The sixteen colours as the usual terminals show them: VGA, xterm, Tango, Solarized.
const SIXTEEN: [[Rgb; 8]; 4] = [
    [
        (0, 0, 0),
        (170, 0, 0),
        (0, 170, 0),
        (170, 85, 0),
        (0, 0, 170),
        (170, 0, 170),
        (0, 170, 170),
        (170, 170, 170),
    ],
    [
        (0, 0, 0),
        (205, 0, 0),
        (0, 205, 0),
        (205, 205, 0),
        (0, 0, 238),
        (205, 0, 205),
        (0, 205, 205),
        (229, 229, 229),
    ],
    [
        (0, 0, 0),
        (204, 0, 0),
        (78, 154, 6),
        (196, 160, 0),
        (52, 101, 164),
        (117, 80, 123),
        (6, 152, 154),
        (211, 215, 207),
    ],
    [
        (7, 54, 66),
        (220, 50, 47),
        (133, 153, 0),
        (181, 137, 0),
        (38, 139, 210),
        (211, 54, 130),
        (42, 161, 152),
        (238, 232, 213),
    ],
];

fn of_sixteen(color: Option<Color>, palette: &[Rgb; 8]) -> Option<Rgb> {
    const NAMES: [Color; 8] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::White,
    ];
    let at = NAMES.iter().position(|name| Some(*name) == color)?;
    Some(palette[at])
}

#[test]
fn the_row_under_the_cursor_is_to_be_read_in_every_theme_and_on_every_palette() {
    for theme in [Theme::dark(), Theme::light()] {
        let row = theme.row();
        for down in [(|color| color) as fn(Color) -> Color, nearest] {
            let [ink, paper] = [row.fg, row.bg].map(|color| rgb(color.map(down)).unwrap());
            assert!(contrast(ink, paper) >= 4.5, "{ink:?} on {paper:?}");
        }
    }
    let ansi = Theme::ansi();
    for palette in &SIXTEEN {
        for (role, style) in ansi
            .all()
            .into_iter()
            .filter(|(_, style)| style.bg.is_some())
        {
            let [ink, paper] =
                [style.fg, style.bg].map(|color| of_sixteen(color, palette).unwrap());
            // Badges are bold, and short.
            let bold = style.add_modifier.contains(Modifier::BOLD);
            let least = if bold { 3.0 } else { 4.0 };
            let has = contrast(ink, paper);
            assert!(has >= least, "{role}: {has:.2} of {ink:?} on {paper:?}");
        }
    }
    assert!(ansi.row().sub_modifier.contains(Modifier::DIM));
}

#[test]
fn the_four_grades_have_four_colours_and_four_marks_in_every_theme() {
    use crate::screens::grade_mark;
    use luthier_audit::Grade;
    let grades = [Grade::Critical, Grade::Error, Grade::Warning, Grade::Info];
    let differ = |looks: &[String]| {
        let all: std::collections::BTreeSet<&String> = looks.iter().collect();
        assert_eq!(all.len(), grades.len(), "{looks:?}");
    };
    for theme in [Theme::ansi(), Theme::dark(), Theme::light()] {
        for down in [(|color| color) as fn(Color) -> Color, nearest] {
            let looks = grades.map(|grade| {
                let style = theme.mark(grade);
                format!("{:?} on {:?}", style.fg.map(down), style.bg.map(down))
            });
            differ(&looks);
        }
        // Lines and words have no paper, and words differ too.
        assert!(grades.iter().all(|grade| theme.bar(*grade).bg.is_none()));
        let words = grades.map(|grade| theme.grade(grade));
        assert!(words.iter().all(|style| style.bg.is_none()));
        differ(&words.map(|style| format!("{style:?}")));
    }
    differ(&grades.map(|grade| grade_mark(grade).to_owned()));
    differ(&grades.map(|grade| crate::degrade::plain(grade_mark(grade))));
}

#[test]
fn of_the_sixteen_colours_yellow_and_cyan_are_paper_only_and_paper_has_its_own_ink() {
    for (role, style) in Theme::ansi().all() {
        let faint = [Color::Yellow, Color::Cyan, Color::White, Color::LightYellow];
        if style.bg.is_none() {
            assert!(!style.fg.is_some_and(|ink| faint.contains(&ink)), "{role}");
        }
        assert_eq!(
            style.bg.is_some(),
            style.bg.and(style.fg).is_some(),
            "{role}"
        );
    }
}

fn caps(variables: &[(&str, &str)]) -> TermCaps {
    let owned: Vec<(String, String)> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    TermCaps::new(&move |name| {
        let found = owned.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    })
}

#[test]
fn the_variables_say_how_many_colours_and_letters_there_are() {
    let xterm = ("TERM", "xterm-256color");
    for (variables, colors) in [
        (vec![], Colors::Sixteen),
        (vec![("TERM", "linux")], Colors::Sixteen),
        (vec![xterm], Colors::Indexed),
        (vec![xterm, ("COLORTERM", "truecolor")], Colors::True),
        (vec![xterm, ("COLORTERM", "24bit")], Colors::True),
        (
            vec![xterm, ("COLORTERM", "truecolor"), ("NO_COLOR", "1")],
            Colors::None,
        ),
        (vec![("TERM", "dumb")], Colors::None),
    ] {
        assert_eq!(caps(&variables).colors, colors, "{variables:?}");
    }
    assert!(caps(&[]).unicode, "nothing said is no ASCII");
    assert!(caps(&[("LANG", "de_DE.utf8")]).unicode);
    assert!(!caps(&[("LANG", "C")]).unicode);
    assert!(!caps(&[("LC_ALL", "POSIX"), ("LANG", "de_DE.UTF-8")]).unicode);
}

#[test]
fn sixteen_colours_get_the_terminals_own_whatever_is_chosen() {
    let none = |_: &str| None;
    for choice in [Choice::Dark, Choice::Light, Choice::Ansi] {
        let ansi = theme(choice, caps(&[("TERM", "xterm")]), &none).unwrap();
        assert_eq!(ansi.error.fg, Some(Color::Red), "{choice:?}");
    }
    let many = caps(&[("TERM", "xterm-256color")]);
    assert_eq!(
        theme(Choice::Light, many, &none).unwrap().error.fg,
        Theme::light().error.fg
    );
    // An answer from far away comes too late, and nothing passes through `screen`.
    let far = |name: &str| (name == "SSH_CONNECTION").then(|| "10.0.0.1".to_owned());
    let screen = |name: &str| (name == "TERM").then(|| "screen-256color".to_owned());
    for variables in [&far as &dyn Fn(&str) -> Option<String>, &screen] {
        let chosen = theme(Choice::Auto, many, variables).unwrap();
        assert_eq!(chosen.error.fg, Some(Color::Red));
    }
    assert!(theme(Choice::Auto, many, &none).is_none(), "it is asked");
}

#[test]
fn a_terminal_gets_no_colour_that_it_does_not_have() {
    let mut stage = Stage::new(120, 40);
    stage.keys("f");
    for (colors, fits) in [
        (
            Colors::Indexed,
            (|c| !matches!(c, Color::Rgb(..))) as fn(Color) -> bool,
        ),
        (Colors::None, |c| c == Color::Reset),
    ] {
        let caps = TermCaps {
            colors,
            unicode: true,
        };
        for cell in &stage.painted(&Theme::dark(), caps).content {
            assert!(fits(cell.fg) && fits(cell.bg), "{colors:?}: {cell:?}");
        }
    }
}

#[test]
fn the_row_under_the_cursor_has_one_ink_and_one_paper_in_every_theme() {
    let mut stage = Stage::new(80, 24);
    stage.keys("f");
    let caps = TermCaps {
        colors: Colors::True,
        unicode: true,
    };
    for theme in [Theme::ansi(), Theme::dark(), Theme::light()] {
        let buffer = stage.painted(&theme, caps);
        for x in 2..38 {
            let cell = &buffer[(x, 4)];
            assert_eq!(
                (Some(cell.fg), Some(cell.bg)),
                (theme.selected.fg, theme.selected.bg)
            );
            assert!(!cell.modifier.intersects(Modifier::REVERSED | Modifier::DIM));
        }
    }
}

#[test]
fn where_production_can_be_written_the_borders_are_red() {
    let red = Theme::dark().warned(true);
    assert_eq!(red.border.fg, Theme::dark().error.fg);
    let mut stage = Stage::with(
        FakeHub::default(),
        hub_info(Environment::Production, true),
        80,
        24,
    );
    let caps = TermCaps {
        colors: Colors::True,
        unicode: true,
    };
    let buffer = stage.painted(&red, caps);
    assert_eq!(
        Some(buffer[(0, 5)].fg),
        red.critical.fg,
        "{:?}",
        buffer[(0, 5)]
    );
}
