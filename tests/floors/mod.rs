//! What takes several floors at once: nothing here names what a room keeps to itself.

mod branches;
mod declared;
mod hub_writes;
mod hubs;
mod ledger;
