//! The demo hub, built for real in temporary folders.

mod building;
mod declared;
mod healthy;
mod support;
