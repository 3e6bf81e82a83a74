//! What a person reads off the screen.

/// Where one is in a list: the title of its pane, and which pane takes the keys. Nothing in it moves
/// by itself once the list is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub kind: String,
    /// Counted from 1.
    pub at: Option<u64>,
    pub of: Option<u64>,
    front: bool,
}

impl Seen {
    /// From a title as in `commits  1 of 30  alice/song`; nothing where no list is in front.
    pub fn of(screen: &vt100::Screen) -> Option<Self> {
        let title = row(screen, 1)?;
        let mut words = title.trim_start_matches(['╭', ' ']).split("  ");
        let (kind, place) = (words.next()?, words.next()?);
        let (at, of) = match place.split_once(" of ") {
            Some((at, of)) => (number(at), number(of)),
            None if place.starts_with("none") => (Some(0), Some(0)),
            None => return None,
        };
        Some(Self {
            kind: kind.to_owned(),
            at,
            of,
            front: screen.cell(1, 0)?.bold(),
        })
    }

    /// Whether the rows are there and counted.
    pub fn is_settled(&self) -> bool {
        self.at.is_some() && self.of.is_some()
    }
}

/// Whether the line of progress tells of an audit; it stands above the status and the keys.
pub fn auditing(screen: &vt100::Screen) -> bool {
    let above = usize::from(screen.size().0.get()).saturating_sub(3);
    row(screen, above).is_some_and(|line| line.starts_with("audit"))
}

/// The line of a pane that starts with a word.
pub fn line(screen: &vt100::Screen, word: &str) -> Option<String> {
    let inner = |line: String| line.trim_matches(['│', ' ']).to_owned();
    rows(screen).map(inner).find(|line| line.starts_with(word))
}

/// Which row of the list below its headings starts with a word, from 0.
pub fn place_of(screen: &vt100::Screen, word: &str) -> Option<usize> {
    rows(screen)
        .skip(3)
        .position(|line| line.trim_start_matches(['│', ' ']).starts_with(word))
}

fn rows(screen: &vt100::Screen) -> impl Iterator<Item = String> {
    screen.rows(0, screen.size().1.get())
}

fn row(screen: &vt100::Screen, at: usize) -> Option<String> {
    rows(screen).nth(at)
}

/// The number that a text starts with.
fn number(text: &str) -> Option<u64> {
    text.split(' ').next()?.replace(',', "").parse().ok()
}
