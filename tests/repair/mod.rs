//! Repairs: planning, applying, the journal.

mod applying;
mod breaking;
mod checks;
mod checks_of_pulls;
mod demo;
mod earlier;
mod empty;
mod holds;
mod interrupted;
mod journal;
mod march;
mod model;
mod occupied;
mod of_nothing;
mod once;
mod packs;
mod planning;
mod pulls;
mod remedies;
mod saved;
mod signoff;
mod support;
mod undo;
mod unended;
