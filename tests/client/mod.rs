//! Fetch, pull and verify, on small hubs and on the demo hub.

mod demo;
mod fetching;
mod folders;
mod packed;
mod packs;
mod pulling;
mod refusing;
mod support;
mod verifying;
