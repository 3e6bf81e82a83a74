//! What a database server says of itself that stops a run, or makes it wait.

/// Beside version and rights: what the doctor looks at before a run does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerState {
    /// Why no transaction may change anything there, whatever the user's rights; `None` where it may.
    pub read_only: Option<String>,
    /// Whether a pooler stands between; `None` where it could not be found out.
    pub pooler: Option<bool>,
    /// How many more connections this user may open, and what limits it; `None` where nothing does.
    pub connections: Option<Connections>,
    /// Who applies a repair to this hub now.
    pub applier: Option<String>,
    /// Tables that another program has locked against reading, each with who did.
    pub locked: Vec<String>,
}

/// How many more connections a user may open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connections {
    pub left: u64,
    /// What limits them, in words: `this role's limit of 2`.
    pub limit: String,
}
