//! Themes of a person's own: a theme of the program, with other styles for some of its roles.

use super::{Choice, ROLES, Theme};
use crate::degrade::Colors;
use ratatui::style::{Color, Modifier, Style};
use std::collections::BTreeMap;

/// The tables `[themes.NAME]` of a configuration file: `base`, and a style for each role that is named.
pub type Written = BTreeMap<String, BTreeMap<String, String>>;

/// A theme as a person wants it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    base: Choice,
    /// Styles in the place of the base's, by the position of the role in [`ROLES`].
    own: Vec<(usize, Style)>,
}

/// The reason why a theme cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThemeError {
    #[error("{from} `{name}`: there is no such theme; there are {known}")]
    NoTheme {
        /// The flag or the key that names it.
        from: &'static str,
        name: String,
        known: String,
    },
    #[error("themes.{name}: a theme of the program has this name; choose another")]
    Taken { name: String },
    #[error("themes.{name}.base = `{value}`: there is no such base; there are {known}")]
    NoBase {
        name: String,
        value: String,
        known: String,
    },
    #[error("{key}: there is no such role; there are {known}")]
    NoRole { key: String, known: String },
    #[error(
        "{key} = `{value}`: `{part}` is not a colour; write #rrggbb, a number from 0 to 255, or black, red, green, \
         yellow, blue, magenta, cyan, gray, darkgray, lightred … lightcyan, white, or reset for the terminal's own"
    )]
    NoColor {
        key: String,
        value: String,
        part: String,
    },
    #[error(
        "{key} = `{value}`: names no colour and no modifier; write `[bold|dim|italic|underlined|reversed] COLOUR [on \
         COLOUR]`"
    )]
    Nothing { key: String, value: String },
    #[error("{key} = `{value}`: this role needs a background too; write `COLOUR on COLOUR`")]
    NoPaper { key: String, value: String },
}

/// Every theme of a configuration file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Themes(BTreeMap<String, Look>);

impl Themes {
    /// Reads the tables.
    ///
    /// # Errors
    /// Names the key, its value, and what is allowed there.
    pub fn new(written: &Written) -> Result<Self, ThemeError> {
        let read = |(name, roles): (&String, _)| Ok((name.clone(), Look::read(name, roles)?));
        written.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Returns the theme of this name, the program's or an own one; `from` is the flag or the key that names it.
    ///
    /// # Errors
    /// There is none; the error lists those that there are.
    pub fn find(&self, name: &str, from: &'static str) -> Result<Look, ThemeError> {
        if let Some(base) = Choice::from_name(name) {
            return Ok(base.into());
        }
        let found = self.0.get(name).cloned();
        found.ok_or_else(|| ThemeError::NoTheme {
            from,
            name: name.to_owned(),
            known: names(self.0.keys().map(String::as_str)),
        })
    }

    /// Returns the own themes, each with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Look)> {
        self.0.iter().map(|(name, look)| (name.as_str(), look))
    }
}

/// Lists the themes of the program, then `own`.
fn names<'a>(own: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<&str> = Choice::ALL
        .iter()
        .map(|(_, name)| *name)
        .chain(own)
        .collect();
    all.join(", ")
}

impl From<Choice> for Look {
    fn from(base: Choice) -> Self {
        Self {
            base,
            own: Vec::new(),
        }
    }
}

impl Look {
    fn read(name: &str, written: &BTreeMap<String, String>) -> Result<Self, ThemeError> {
        if Choice::from_name(name).is_some() {
            let name = name.to_owned();
            return Err(ThemeError::Taken { name });
        }
        let mut look = Self::default();
        for (role, value) in written {
            if role == "base" {
                look.base = Choice::from_name(value).ok_or_else(|| ThemeError::NoBase {
                    name: name.to_owned(),
                    value: value.clone(),
                    known: names(std::iter::empty()),
                })?;
                continue;
            }
            let key = format!("themes.{name}.{role}");
            let Some(at) = ROLES.iter().position(|known| known.name == role) else {
                let known: Vec<&str> = ROLES.iter().map(|role| role.name).collect();
                let known = format!("base, {}", known.join(", "));
                return Err(ThemeError::NoRole { key, known });
            };
            let style = style(&key, value)?;
            if Theme::dark().styles()[at].bg.is_some() && !has_paper(style) {
                let value = value.clone();
                return Err(ThemeError::NoPaper { key, value });
            }
            look.own.push((at, style));
        }
        Ok(look)
    }

    /// Returns the theme of the program that it rests on.
    #[must_use]
    pub const fn base(&self) -> Choice {
        self.base
    }

    /// Returns the names of the roles with a style of their own.
    #[must_use]
    pub fn roles(&self) -> Vec<&'static str> {
        self.own.iter().map(|(at, _)| ROLES[*at].name).collect()
    }

    /// Returns the names of the roles whose text has the colour of its background.
    #[must_use]
    pub fn unreadable(&self) -> Vec<&'static str> {
        let same = |style: &Style| has_paper(*style) && style.fg == style.bg;
        let found = self.own.iter().filter(|(_, style)| same(style));
        found.map(|(at, _)| ROLES[*at].name).collect()
    }

    /// Puts the own styles into `theme`, which is the base. On a terminal of sixteen colours, those alone that use no others.
    #[must_use]
    pub fn paint(&self, mut theme: Theme, colors: Colors) -> Theme {
        let styles = &mut theme.styles();
        for (at, style) in &self.own {
            if colors > Colors::Sixteen || [style.fg, style.bg].into_iter().all(is_named) {
                *styles[*at] = *style;
            }
        }
        theme
    }
}

/// Returns whether a style differs from the text around it by more than its ink.
fn has_paper(style: Style) -> bool {
    let paper = style.bg.unwrap_or(Color::Reset);
    paper != Color::Reset || style.add_modifier.contains(Modifier::REVERSED)
}

/// Returns whether a terminal of sixteen colours has this one.
const fn is_named(color: Option<Color>) -> bool {
    !matches!(color, Some(Color::Rgb(..) | Color::Indexed(_)))
}

/// Reads `[MODIFIERS] COLOUR [on COLOUR]`.
fn style(key: &str, value: &str) -> Result<Style, ThemeError> {
    let mut words = value.split_whitespace().peekable();
    let mut style = Style::new();
    while let Some(modifier) = words.peek().and_then(|word| modifier(word)) {
        style = style.add_modifier(modifier);
        words.next();
    }
    let words: Vec<&str> = words.collect();
    let mut sides = words.split(|word| *word == "on");
    let color = |words: &[&str]| {
        let part = words.join(" ");
        if part.is_empty() {
            return Err(nothing(key, value));
        }
        part.parse::<Color>().map_err(|_| ThemeError::NoColor {
            key: key.to_owned(),
            value: value.to_owned(),
            part,
        })
    };
    match (sides.next().unwrap_or_default(), sides.next(), sides.next()) {
        ([], None, _) => {}
        (ink, None, _) => style = style.fg(color(ink)?),
        (ink, Some(paper), None) => style = style.fg(color(ink)?).bg(color(paper)?),
        // No colour has `on` in its name.
        (.., Some(_)) => style = style.fg(color(&words)?),
    }
    match style == Style::new() {
        true => Err(nothing(key, value)),
        false => Ok(style),
    }
}

fn nothing(key: &str, value: &str) -> ThemeError {
    let (key, value) = (key.to_owned(), value.to_owned());
    ThemeError::Nothing { key, value }
}

fn modifier(word: &str) -> Option<Modifier> {
    Some(match word {
        "bold" => Modifier::BOLD,
        "dim" => Modifier::DIM,
        "italic" => Modifier::ITALIC,
        "underlined" => Modifier::UNDERLINED,
        "reversed" => Modifier::REVERSED,
        _ => return None,
    })
}
