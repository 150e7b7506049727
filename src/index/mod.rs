//! Here is a vector or a term, give me the nearest; what is on disk?

pub mod keyword;
