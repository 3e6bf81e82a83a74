//! One pass over the finished frame: colours and glyphs down to what the terminal has. No view
//! branches on either.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub color: bool,
    /// Without: ASCII only.
    pub unicode: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            color: true,
            unicode: true,
        }
    }
}

impl Look {
    /// What the environment's variables promise: `NO_COLOR`, `TERM=dumb`, and a locale that is set
    /// and not UTF-8.
    #[must_use]
    pub fn from_env(ascii: bool) -> Self {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let utf8 = locale.is_none_or(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        Self {
            color: set("NO_COLOR").is_none() && set("TERM").as_deref() != Some("dumb"),
            unicode: utf8 && !ascii,
        }
    }
}

/// Takes out of `buffer` what the terminal cannot show.
///
/// Without colours, paper becomes reverse video: the row under the cursor and the badges stay visible.
pub fn degrade(buffer: &mut Buffer, look: Look) {
    if look.color && look.unicode {
        return;
    }
    for cell in &mut buffer.content {
        if !look.color {
            if cell.bg != Color::Reset {
                cell.modifier.insert(Modifier::REVERSED);
            }
            (cell.fg, cell.bg) = (Color::Reset, Color::Reset);
            cell.underline_color = Color::Reset;
        }
        if !look.unicode && !cell.symbol().is_ascii() {
            let plain = ascii(cell.symbol());
            cell.set_char(plain);
        }
    }
}

/// The ASCII letter for a glyph of ours; `?` for the hub's own.
fn ascii(symbol: &str) -> char {
    match symbol {
        "─" | "—" | "–" => '-',
        // Another letter than for the thin line, or a gauge becomes one grey line.
        "━" => '=',
        "│" => '|',
        "╭" | "╮" | "╰" | "╯" | "┬" | "┴" | "├" | "┤" | "┼" => '+',
        "✓" => 'v',
        "✗" => 'x',
        "≠" => '#',
        "…" => '~',
        "·" | "•" => '.',
        "›" | "▸" | "→" => '>',
        "‹" | "←" => '<',
        "↑" => '^',
        "▾" | "↓" => 'v',
        "█" | "▇" | "▆" | "▅" | "▄" | "▃" | "▂" | "▁" => '#',
        "⏎" => '$',
        "⠋" | "⠙" | "⠹" | "⠸" | "⠼" | "⠴" | "⠦" | "⠧" | "⠇" | "⠏" => '*',
        _ => '?',
    }
}
