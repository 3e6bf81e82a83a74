//! A local folder as object store.
