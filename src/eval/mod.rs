//! How good is it?

pub mod ann;
