//! Looks at everything, changes nothing.

pub mod fault;
pub mod finding;

pub use fault::{Auto, Code, Cost, Grade, Remedy};
pub use finding::{Blocks, Finding, Subject};
