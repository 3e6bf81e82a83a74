//! Parts that screens are made of. None of them is given more rows than it shows.

pub mod audit;
pub mod branches;
pub mod confirm;
pub mod diff;
pub mod export;
pub mod gauge;
pub mod help;
pub mod hex;
pub mod input;
pub mod lanes;
pub mod list;
pub mod log;
pub mod palette;
pub mod pane;
pub mod sides;
