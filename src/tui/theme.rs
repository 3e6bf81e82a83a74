//! Roles to styles. Views name roles; what a role looks like is decided here.

use ratatui::style::{Color, Modifier, Style};

macro_rules! roles {
    ($($role:ident $ansi:expr;)*) => {
        /// A style for each role.
        #[derive(Clone, Copy, Debug)]
        pub struct Theme { $(pub $role: Style,)* }

        /// The roles' names, in the order of the indexed colours that [`Theme::roles`] gives them.
        #[cfg(test)]
        pub const ROLES: &[&str] = &[$(stringify!($role),)*];

        impl Theme {
            /// The terminal's own sixteen colours on its own background.
            #[must_use]
            pub fn ansi() -> Self {
                Self { $($role: $ansi,)* }
            }

            /// Each role in an indexed colour of its own, so that a test can tell roles apart.
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

const fn paint(ink: Color, paper: Color) -> Style {
    Style::new().fg(ink).bg(paper)
}

// Yellow and cyan text is not to be read on the usual light palettes: they serve as paper only.
roles! {
    text PLAIN;
    title BOLD;
    muted DIM;
    border DIM;
    focus BOLD;
    selected paint(Color::Black, Color::Cyan);
    marked ink(Color::Magenta).add_modifier(Modifier::BOLD);
    production paint(Color::White, Color::Red).add_modifier(Modifier::BOLD);
    staging paint(Color::Black, Color::Yellow).add_modifier(Modifier::BOLD);
    demo paint(Color::Black, Color::Green).add_modifier(Modifier::BOLD);
    writable ink(Color::Red).add_modifier(Modifier::BOLD);
    readonly BOLD;
    critical ink(Color::Red).add_modifier(Modifier::BOLD);
    error ink(Color::Red);
    warning ink(Color::Magenta);
    info DIM;
    good ink(Color::Green);
    pending DIM;
    running ink(Color::Green).add_modifier(Modifier::BOLD);
    gauge ink(Color::Green);
    track DIM;
    added ink(Color::Green);
    removed ink(Color::Red);
    emphasis BOLD.add_modifier(Modifier::UNDERLINED);
    header ink(Color::Magenta);
    offending paint(Color::White, Color::Red).add_modifier(Modifier::BOLD);
    guide ink(Color::Blue).add_modifier(Modifier::BOLD);
    key BOLD;
    refused DIM;
    notice PLAIN;
    input paint(Color::Black, Color::Cyan);
}

impl Theme {
    /// The style of a grade.
    #[must_use]
    pub fn grade(&self, grade: crate::audit::Grade) -> Style {
        use crate::audit::Grade;
        match grade {
            Grade::Critical => self.critical,
            Grade::Error => self.error,
            Grade::Warning => self.warning,
            Grade::Info => self.info,
        }
    }

    /// The paper of an environment's badge.
    #[must_use]
    pub fn environment(&self, environment: crate::store::Environment) -> Style {
        use crate::store::Environment;
        match environment {
            Environment::Production | Environment::Unknown => self.production,
            Environment::Staging => self.staging,
            Environment::Demo => self.demo,
        }
    }
}
