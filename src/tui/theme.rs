//! Roles to styles. Views name roles; what a role looks like is decided here, or by a person (`own`).

mod own;

pub use own::{Look, ThemeError, Themes, Written};

use luthier_audit::Grade;
use luthier_hub::store::Environment;
use ratatui::style::{Color, Modifier, Style};

/// A theme of the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// Dark or light as the terminal answers; its own sixteen colours where it does not.
    #[default]
    Auto,
    Dark,
    Light,
    /// The terminal's own sixteen colours.
    Ansi,
}

impl Choice {
    /// Every theme of the program, with its name.
    pub const ALL: [(Self, &str); 4] = [
        (Self::Auto, "auto"),
        (Self::Dark, "dark"),
        (Self::Light, "light"),
        (Self::Ansi, "ansi"),
    ];

    /// Returns the theme of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, known)| *known == name);
        found.map(|(choice, _)| *choice)
    }

    /// Returns its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(choice, _)| *choice == self);
        found.map_or("", |(_, name)| name)
    }
}

/// One role: the name that the configuration has for it, and what is drawn in it.
#[derive(Clone, Copy, Debug)]
pub struct Role {
    pub name: &'static str,
    pub paints: &'static str,
}

macro_rules! roles {
    ($($role:ident, $paints:literal: $ansi:expr, $dark:expr, $light:expr;)*) => {
        /// A style for each role.
        #[derive(Clone, Copy, Debug)]
        pub struct Theme { $(pub $role: Style,)* }

        /// The roles, in the order in which a theme holds their styles.
        pub const ROLES: &[Role] = &[$(Role { name: stringify!($role), paints: $paints },)*];

        impl Theme {
            /// Returns the terminal's own sixteen colours on its own background.
            #[must_use]
            pub fn ansi() -> Self {
                Self { $($role: $ansi,)* }
            }

            /// Returns the colours for dark backgrounds, in 24 bits.
            #[must_use]
            pub fn dark() -> Self {
                Self { $($role: $dark,)* }
            }

            /// Returns the colours for light backgrounds, in 24 bits.
            #[must_use]
            pub fn light() -> Self {
                Self { $($role: $light,)* }
            }

            /// Returns the style of each role, in the order of [`ROLES`].
            fn styles(&mut self) -> [&mut Style; ROLES.len()] {
                [$(&mut self.$role,)*]
            }

            /// Returns each role in an indexed colour of its own, so that a test can tell roles apart.
            #[cfg(test)]
            #[must_use]
            pub fn roles() -> Self {
                let mut next = FIRST_ROLE;
                let mut role = || {
                    let style = Style::new().fg(Color::Indexed(next));
                    next += 1;
                    style
                };
                Self { $($role: role(),)* }
            }

            /// Returns every role with its name.
            #[cfg(test)]
            #[must_use]
            pub fn all(&self) -> Vec<(&'static str, Style)> {
                vec![$((stringify!($role), self.$role),)*]
            }
        }
    };
}

/// The indexed colour of the first role in [`Theme::roles`].
#[cfg(test)]
pub const FIRST_ROLE: u8 = 100;

const PLAIN: Style = Style::new();
const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
const DIM: Style = Style::new().add_modifier(Modifier::DIM);

const fn ink(color: Color) -> Style {
    Style::new().fg(color)
}

const fn bold(color: Color) -> Style {
    ink(color).add_modifier(Modifier::BOLD)
}

const fn paint(ink: Color, background: Color) -> Style {
    Style::new().fg(ink).bg(background)
}

const fn badge(ink: Color, background: Color) -> Style {
    paint(ink, background).add_modifier(Modifier::BOLD)
}

const fn rgb(hex: u32) -> Color {
    Color::Rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

const WHITE: Color = rgb(0xff_ff_ff);
const BLACK: Color = rgb(0x00_00_00);

// Yellow and cyan text is not to be read on the usual light palettes, blue text not on the dark ones: of the sixteen,
// they serve as background only.
roles! {
    text, "plain text": PLAIN, PLAIN, PLAIN;
    title, "titles and headings": BOLD, BOLD, BOLD;
    muted, "ages, hints, what matters less": DIM, ink(rgb(0x9d_a5_b4)), ink(rgb(0x59_63_6e));
    border, "borders of panes": DIM, ink(rgb(0x7a_83_92)), ink(rgb(0x76_80_8c));
    focus, "border of the pane that has the cursor keys": BOLD, bold(rgb(0x8a_c7_ff)), bold(rgb(0x05_50_ae));
    selected, "the row under the cursor": paint(Color::Black, Color::Cyan), paint(WHITE, rgb(0x2b_53_7d)), paint(BLACK, rgb(0xbf_dd_ff));
    marked, "marked findings, and their count": bold(Color::Magenta), bold(rgb(0xe0_9c_f5)), bold(rgb(0x82_2a_b4));
    production, "badge of a production hub, or one of unknown environment": badge(Color::White, Color::Red), badge(WHITE, rgb(0xb3_1d_28)), badge(WHITE, rgb(0xb3_1d_28));
    staging, "badge of a staging hub": badge(Color::Black, Color::Yellow), badge(BLACK, rgb(0xe3_b3_41)), badge(BLACK, rgb(0xe3_b3_41));
    demo, "badge of a demo hub": badge(Color::Black, Color::Green), badge(BLACK, rgb(0x56_c2_71)), badge(BLACK, rgb(0x56_c2_71));
    writable, "`WRITE` in the first line": bold(Color::Red), bold(rgb(0xff_8f_88)), bold(rgb(0xb3_1d_28));
    readonly, "`READ-ONLY` in the first line": BOLD, BOLD, BOLD;
    critical, "the worst of what is said; borders where production can be written": bold(Color::Red), bold(rgb(0xff_8f_88)), bold(rgb(0xb3_1d_28));
    error, "what failed or differs": ink(Color::Red), ink(rgb(0xff_8f_88)), ink(rgb(0xb3_1d_28));
    warning, "what needs a look": ink(Color::Magenta), ink(rgb(0xf0_b9_5b)), ink(rgb(0x85_4d_00));
    grade_critical, "grade critical, its mark and bar": bold(Color::LightRed), bold(rgb(0xff_6b_6b)), bold(rgb(0xa3_00_1f));
    grade_error, "grade error": ink(Color::Red), ink(rgb(0xff_b0_66)), ink(rgb(0x94_4a_00));
    grade_warning, "grade warning": ink(Color::Magenta), ink(rgb(0xe6_db_74)), ink(rgb(0x66_5c_00));
    grade_info, "grade info": DIM, ink(rgb(0x9d_a5_b4)), ink(rgb(0x59_63_6e));
    good, "what holds": ink(Color::Green), ink(rgb(0x7c_d6_92)), ink(rgb(0x14_69_2e));
    pending, "what is not known yet, or not checked": DIM, ink(rgb(0x9d_a5_b4)), ink(rgb(0x59_63_6e));
    running, "the job that runs": bold(Color::Green), bold(rgb(0x7c_d6_92)), bold(rgb(0x14_69_2e));
    gauge, "the done part of a progress line": ink(Color::Green), ink(rgb(0x56_c2_71)), ink(rgb(0x1a_7f_37));
    track, "the rest of it": DIM, ink(rgb(0x7a_83_92)), ink(rgb(0x76_80_8c));
    added, "lines that a side has more": ink(Color::Green), ink(rgb(0x7c_d6_92)), ink(rgb(0x14_69_2e));
    removed, "lines that a side lacks": ink(Color::Red), ink(rgb(0xff_8f_88)), ink(rgb(0xb3_1d_28));
    emphasis, "the changed part of a line": BOLD.add_modifier(Modifier::UNDERLINED), BOLD.add_modifier(Modifier::UNDERLINED), BOLD.add_modifier(Modifier::UNDERLINED);
    header, "the header of an object in bytes": ink(Color::Magenta), ink(rgb(0xe0_9c_f5)), ink(rgb(0x82_2a_b4));
    offending, "the byte at which reading fails": badge(Color::White, Color::Red), badge(WHITE, rgb(0xb3_1d_28)), badge(WHITE, rgb(0xb3_1d_28));
    guide, "the name of a guide": BOLD, bold(rgb(0x8a_c7_ff)), bold(rgb(0x05_50_ae));
    key, "keys": BOLD, bold(rgb(0x8a_c7_ff)), bold(rgb(0x05_50_ae));
    refused, "keys that cannot work now": DIM, ink(rgb(0x9d_a5_b4)), ink(rgb(0x59_63_6e));
    notice, "notices in the status line": PLAIN, PLAIN, PLAIN;
    input, "a line of text that is typed": paint(Color::Black, Color::Cyan), paint(WHITE, rgb(0x2b_53_7d)), paint(BLACK, rgb(0xbf_dd_ff));
    lane, "the first line of the commit graph": ink(Color::Blue), ink(rgb(0x8a_c7_ff)), ink(rgb(0x05_50_ae));
    lane_other, "its other lines": ink(Color::Magenta), ink(rgb(0xe0_9c_f5)), ink(rgb(0x82_2a_b4));
}

impl Theme {
    /// Returns the style of a grade's mark. Each has a colour of its own; with sixteen colours the worst is white on red.
    #[must_use]
    pub fn mark(&self, grade: Grade) -> Style {
        match grade {
            Grade::Critical => self.grade_critical,
            Grade::Error => self.grade_error,
            Grade::Warning => self.grade_warning,
            Grade::Info => self.grade_info,
        }
    }

    /// Returns the style of words in the colour of a grade; never on a paper, which is the cursor's without colours.
    #[must_use]
    pub fn grade(&self, grade: Grade) -> Style {
        let style = self.mark(grade);
        match style.bg {
            Some(_) => BOLD,
            None => style,
        }
    }

    /// Returns the style of a line that is drawn in the colour of a grade.
    #[must_use]
    pub fn bar(&self, grade: Grade) -> Style {
        let style = self.mark(grade);
        match style.bg {
            Some(paper) => ink(paper),
            None => style,
        }
    }

    /// Returns the style of the row under the cursor: what was faint in it is not faint on the other paper.
    #[must_use]
    pub const fn row(&self) -> Style {
        self.selected.remove_modifier(Modifier::DIM)
    }

    /// Returns the background of an environment's badge.
    #[must_use]
    pub fn environment(&self, environment: Environment) -> Style {
        match environment {
            Environment::Production | Environment::Unknown => self.production,
            Environment::Staging => self.staging,
            Environment::Demo => self.demo,
        }
    }

    /// Returns the style of borders. If production can be written they are red too: after an hour nobody reads the
    /// first line any more.
    #[must_use]
    pub fn warned(mut self, warned: bool) -> Self {
        if warned {
            (self.border, self.focus) = (self.error, self.critical);
        }
        self
    }
}
