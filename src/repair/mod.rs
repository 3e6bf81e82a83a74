//! From findings to plans, from plans to changes.
