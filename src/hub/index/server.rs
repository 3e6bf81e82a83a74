//! The server's state that stops a run, or makes it wait.

/// Beside version and rights: what the doctor looks at before a run does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerState {
    /// The reason why no transaction may change anything there, whatever the user's rights; `None` if it may.
    pub read_only: Option<String>,
    /// Set if a pooler is in front of the server; `None` if it could not be found out.
    pub pooler: Option<bool>,
    /// The number of further connections of this user, and their limit; `None` if there is none.
    pub connections: Option<Connections>,
    /// The applier of a repair on this hub now.
    pub applier: Option<String>,
    /// Tables that another program has locked against reading, each with who did.
    pub locked: Vec<String>,
}

/// The number of further connections of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connections {
    pub left: u64,
    /// The limit in words: `this role's limit of 2`.
    pub limit: String,
}
