//! How good is it?

pub mod ann;
pub mod stats;
pub mod words;
