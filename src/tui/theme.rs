//! Roles to styles. Views name roles; what a role looks like is decided here.

use luthier_audit::Grade;
use luthier_hub::store::Environment;
use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

/// The theme that a person wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// Dark or light as the terminal answers; its own sixteen colours where it does not.
    #[default]
    Auto,
    Dark,
    Light,
    /// The terminal's own sixteen colours.
    Ansi,
}

macro_rules! roles {
    ($($role:ident: $ansi:expr, $dark:expr, $light:expr;)*) => {
        /// A style for each role.
        #[derive(Clone, Copy, Debug)]
        pub struct Theme { $(pub $role: Style,)* }

        /// The roles' names, in the order of the indexed colours that [`Theme::roles`] gives them.
        #[cfg(test)]
        pub const ROLES: &[&str] = &[$(stringify!($role),)*];

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
    text: PLAIN, PLAIN, PLAIN;
    title: BOLD, BOLD, BOLD;
    muted: DIM, ink(rgb(0x9d_a5_b4)), ink(rgb(0x59_63_6e));
    border: DIM, ink(rgb(0x7a_83_92)), ink(rgb(0x76_80_8c));
    focus: BOLD, bold(rgb(0x8a_c7_ff)), bold(rgb(0x05_50_ae));
    selected: paint(Color::Black, Color::Cyan), paint(WHITE, rgb(0x2b_53_7d)), paint(BLACK, rgb(0xbf_dd_ff));
    marked: bold(Color::Magenta), bold(rgb(0xe0_9c_f5)), bold(rgb(0x82_2a_b4));
    production: badge(Color::White, Color::Red), badge(WHITE, rgb(0xb3_1d_28)), badge(WHITE, rgb(0xb3_1d_28));
    staging: badge(Color::Black, Color::Yellow), badge(BLACK, rgb(0xe3_b3_41)), badge(BLACK, rgb(0xe3_b3_41));
    demo: badge(Color::Black, Color::Green), badge(BLACK, rgb(0x56_c2_71)), badge(BLACK, rgb(0x56_c2_71));
    writable: bold(Color::Red), bold(rgb(0xff_8f_88)), bold(rgb(0xb3_1d_28));
    readonly: BOLD, BOLD, BOLD;
    critical: bold(Color::Red), bold(rgb(0xff_8f_88)), bold(rgb(0xb3_1d_28));
    error: ink(Color::Red), ink(rgb(0xff_8f_88)), ink(rgb(0xb3_1d_28));
    warning: ink(Color::Magenta), ink(rgb(0xf0_b9_5b)), ink(rgb(0x85_4d_00));
    info: DIM, ink(rgb(0x9d_a5_b4)), ink(rgb(0x59_63_6e));
    grade_critical: badge(Color::White, Color::Red), bold(rgb(0xff_6b_6b)), bold(rgb(0xa3_00_1f));
    grade_error: ink(Color::Red), ink(rgb(0xff_b0_66)), ink(rgb(0x94_4a_00));
    grade_warning: ink(Color::Magenta), ink(rgb(0xe6_db_74)), ink(rgb(0x66_5c_00));
    grade_info: DIM, ink(rgb(0x9d_a5_b4)), ink(rgb(0x59_63_6e));
    good: ink(Color::Green), ink(rgb(0x7c_d6_92)), ink(rgb(0x14_69_2e));
    pending: DIM, ink(rgb(0x9d_a5_b4)), ink(rgb(0x59_63_6e));
    running: bold(Color::Green), bold(rgb(0x7c_d6_92)), bold(rgb(0x14_69_2e));
    gauge: ink(Color::Green), ink(rgb(0x56_c2_71)), ink(rgb(0x1a_7f_37));
    track: DIM, ink(rgb(0x7a_83_92)), ink(rgb(0x76_80_8c));
    added: ink(Color::Green), ink(rgb(0x7c_d6_92)), ink(rgb(0x14_69_2e));
    removed: ink(Color::Red), ink(rgb(0xff_8f_88)), ink(rgb(0xb3_1d_28));
    emphasis: BOLD.add_modifier(Modifier::UNDERLINED), BOLD.add_modifier(Modifier::UNDERLINED), BOLD.add_modifier(Modifier::UNDERLINED);
    header: ink(Color::Magenta), ink(rgb(0xe0_9c_f5)), ink(rgb(0x82_2a_b4));
    offending: badge(Color::White, Color::Red), badge(WHITE, rgb(0xb3_1d_28)), badge(WHITE, rgb(0xb3_1d_28));
    guide: BOLD, bold(rgb(0x8a_c7_ff)), bold(rgb(0x05_50_ae));
    key: BOLD, bold(rgb(0x8a_c7_ff)), bold(rgb(0x05_50_ae));
    refused: DIM, ink(rgb(0x9d_a5_b4)), ink(rgb(0x59_63_6e));
    notice: PLAIN, PLAIN, PLAIN;
    input: paint(Color::Black, Color::Cyan), paint(WHITE, rgb(0x2b_53_7d)), paint(BLACK, rgb(0xbf_dd_ff));
    lane: ink(Color::Blue), ink(rgb(0x8a_c7_ff)), ink(rgb(0x05_50_ae));
    lane_other: ink(Color::Magenta), ink(rgb(0xe0_9c_f5)), ink(rgb(0x82_2a_b4));
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
