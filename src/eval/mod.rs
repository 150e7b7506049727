//! How good is it?

pub mod ann;
pub mod hidden;
pub mod next;
pub mod retrieval;
pub mod senses;
pub mod stats;
pub mod words;
