//! sememe.

pub mod error;
pub mod eval;
pub mod files;
pub mod linalg;
pub mod progress;
pub mod vectors;
pub mod vocab;
