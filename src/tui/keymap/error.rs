//! The errors of a table of keys, or of a person's own keys.

/// The reason why keys cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    #[error("{name}: there is no such place; there are {known}")]
    NoPlace { name: String, known: String },
    #[error("{name}: `{key}` is not a key; write `x`, `X`, `ctrl-x`, `space` or `pgup`")]
    NoKey { name: String, key: String },
    #[error("{name}: `{key}` is needed there to type text")]
    Typed { name: String, key: String },
    #[error("{name}: nothing here is called so; there are {known}")]
    NoAction { name: String, known: String },
    #[error("`{key}` is no key ({row})")]
    NoKeyInTable { key: String, row: String },
    #[error("`{key}` means both {one} and {other}")]
    Twice {
        key: String,
        one: String,
        other: String,
    },
}
