//! The console: what keys do, what stands on the screen, and what never happens.

mod anything;
mod connection;
mod hub;
mod keys;
mod looks;
mod parts;
mod pull;
mod screens;
mod stage;
