//! What takes several floors at once: nothing here names what a room keeps to itself.

mod branches;
mod declared;
mod hubs;
mod ledger;
mod site;
