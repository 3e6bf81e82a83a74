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
