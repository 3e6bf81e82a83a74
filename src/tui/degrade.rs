//! One pass over the finished frame: colours and glyphs down to what the terminal has. No view
//! branches on either.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// The number of colours of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Colors {
    None,
    /// The sixteen that have names.
    Sixteen,
    /// The 256 of xterm.
    Indexed,
    /// 24 bits.
    True,
}

/// The capabilities of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermCaps {
    pub colors: Colors,
    /// Without: ASCII only.
    pub unicode: bool,
}

impl TermCaps {
    /// Reads what the environment's variables promise: `NO_COLOR`, `COLORTERM`, `TERM`, and a locale that is set and
    /// not UTF-8. `variable` gives those that are set and not empty.
    #[must_use]
    pub fn new(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .find_map(variable);
        let unicode = locale.is_none_or(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        let term = variable("TERM").unwrap_or_default();
        let many = variable("COLORTERM").unwrap_or_default();
        let colors = if variable("NO_COLOR").is_some() || term == "dumb" {
            Colors::None
        } else if many.contains("truecolor") || many.contains("24bit") || term.ends_with("-direct")
        {
            Colors::True
        } else if term.contains("256color") {
            Colors::Indexed
        } else {
            Colors::Sixteen
        };
        Self { colors, unicode }
    }
}

/// Takes out of `buffer` what the terminal cannot show.
///
/// Without colours, background becomes reverse video: the row under the cursor and the badges stay visible.
pub fn degrade(buffer: &mut Buffer, caps: TermCaps) {
    if caps.colors == Colors::True && caps.unicode {
        return;
    }
    for cell in &mut buffer.content {
        match caps.colors {
            Colors::None => uncolor(cell),
            Colors::Indexed | Colors::Sixteen => {
                (cell.fg, cell.bg) = (nearest(cell.fg), nearest(cell.bg));
            }
            Colors::True => {}
        }
        if !caps.unicode && !cell.symbol().is_ascii() {
            let plain = ascii(cell.symbol());
            cell.set_char(plain);
        }
    }
}

fn uncolor(cell: &mut Cell) {
    if cell.bg != Color::Reset {
        cell.modifier.insert(Modifier::REVERSED);
    }
    (cell.fg, cell.bg) = (Color::Reset, Color::Reset);
    cell.underline_color = Color::Reset;
}

/// Returns the nearest of xterm's 256 colours; the sixteen that have names are left out, as every terminal shows them
/// in another way.
#[must_use]
pub fn nearest(color: Color) -> Color {
    let Color::Rgb(r, g, b) = color else {
        return color;
    };
    let best = (16..=255u8).min_by_key(|index| {
        let (x, y, z) = indexed(*index);
        let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
        square(r, x) + square(g, y) + square(b, z)
    });
    best.map_or(color, Color::Indexed)
}

/// Returns the colour that xterm shows for one of its 256 colours, from the 16th on: a cube, then greys.
#[must_use]
pub const fn indexed(index: u8) -> (u8, u8, u8) {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    if index >= 232 {
        let grey = 8 + (index - 232) * 10;
        return (grey, grey, grey);
    }
    let n = index.saturating_sub(16) as usize;
    (STEPS[n / 36 % 6], STEPS[n / 6 % 6], STEPS[n % 6])
}

/// Returns a text in ASCII alone.
#[must_use]
pub fn plain(text: &str) -> String {
    let glyph = |c: char| match c.is_ascii() {
        true => c,
        false => ascii(c.encode_utf8(&mut [0; 4])),
    };
    text.chars().map(glyph).collect()
}

/// Returns the ASCII letter for a glyph of ours; `?` for the hub's own.
fn ascii(symbol: &str) -> char {
    match symbol {
        "─" | "—" | "–" => '-',
        // Another letter than for the thin line, or a gauge becomes one grey line.
        "━" => '=',
        "│" => '|',
        "╭" | "╮" | "┬" | "┴" | "├" | "┤" | "┼" | "╰" | "╯" => '+',
        "✓" => 'v',
        "✗" => 'x',
        "≠" | "■" => '#',
        "…" => '~',
        "·" | "•" => '.',
        "●" => 'o',
        "›" | "▸" | "→" => '>',
        "‹" | "←" => '<',
        "↑" | "▴" => '^',
        "▾" | "↓" => 'v',
        // The steps of a trend: from the bottom of the cell to all of it.
        "▁" => '_',
        "▂" => '.',
        "▃" => ':',
        "▄" => '-',
        "▅" => '=',
        "▆" => '+',
        "▇" => '*',
        "█" => '#',
        "⏎" => '$',
        "⠋" | "⠙" | "⠹" | "⠸" | "⠼" | "⠴" | "⠦" | "⠧" | "⠇" | "⠏" => '*',
        _ => '?',
    }
}
