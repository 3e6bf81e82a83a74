//! A statement being put together: its text and its parameters.

/// A statement's text, and its parameters as a database takes them. Binding is each database's own.
#[derive(Default)]
pub(super) struct Statement<Args> {
    pub(super) sql: String,
    pub(super) args: Args,
    count: usize,
}

impl<Args: Default> Statement<Args> {
    pub(super) fn new(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            ..Self::default()
        }
    }

    /// Appends to the statement's text.
    pub(super) fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Counts a parameter that was added, and returns its number.
    pub(super) fn count(&mut self) -> usize {
        self.count += 1;
        self.count
    }
}
