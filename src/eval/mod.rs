//! How good is it?

pub mod stats;
pub mod words;
