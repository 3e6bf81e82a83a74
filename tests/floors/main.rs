//! What takes several floors at once: nothing here names what a room keeps to itself.

#![allow(
    clippy::disallowed_methods,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "tests clear up after themselves and end where they cannot go on"
)]

mod branches;
mod circles;
mod declared;
mod drawing;
mod hostile;
mod house;
mod hub_writes;
mod hubs;
mod incidents;
mod ledger;
