//! The shared store layer: reads for everyone, writes for whoever holds a `Writer`.
