//! The column that a list is sorted by.

/// A column by its number, and whether its order is turned round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sorting {
    pub column: usize,
    pub flipped: bool,
}

impl Sorting {
    /// Goes to the next column on the right or on the left, around the end.
    pub fn step(&mut self, forwards: bool, columns: usize) {
        let by = if forwards {
            1
        } else {
            columns.saturating_sub(1)
        };
        self.column = (self.column + by) % columns.max(1);
        self.flipped = false;
    }

    /// Turns the order round.
    pub fn flip(&mut self) {
        self.flipped = !self.flipped;
    }

    /// Sorts by a column, or turns its order round where it is the one already.
    pub fn choose(&mut self, column: usize) {
        if self.column == column {
            self.flip();
        } else {
            *self = Self {
                column,
                flipped: false,
            };
        }
    }

    /// Returns a column's heading, with an arrow where the list is sorted by it.
    #[must_use]
    pub fn heading(self, column: usize, name: &str) -> String {
        match (self.column == column, self.flipped) {
            (false, _) => name.to_owned(),
            (true, false) => format!("{name} ▾"),
            (true, true) => format!("{name} ▴"),
        }
    }
}

/// Returns the column whose heading takes the cell `x`; each heading has a column, if the list can be sorted by it, and
/// its cells, the gap before it among them.
#[must_use]
pub fn column_at(headings: &[(Option<usize>, usize)], x: u16) -> Option<usize> {
    let mut end = 0;
    let hit = headings.iter().find(|(_, cells)| {
        end += cells;
        usize::from(x) < end
    });
    hit.and_then(|(column, _)| *column)
}
