//! How good is it?

pub mod ann;
pub mod retrieval;
pub mod stats;
pub mod words;
