//! The console: what keys do, what stands on the screen, and what never happens.

mod anything;
mod applying;
mod connection;
mod decide;
mod elsewhere;
mod figures;
mod guides;
mod hub;
mod journal;
mod keymap;
mod keys;
mod known;
mod lanes;
mod listed;
mod lists;
mod own_themes;
mod palette;
mod parts;
mod pull;
mod screens;
mod second_panes;
mod sizes;
mod stage;
mod term_caps;
mod themes;
mod wanted;
