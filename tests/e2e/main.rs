//! The program in a real pseudo-terminal, as a person sees it.

mod console;
mod screen;
