//! Pull and verify.
