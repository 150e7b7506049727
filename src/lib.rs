//! sememe.

pub mod error;
pub mod eval;
pub mod index;
pub mod linalg;
pub mod progress;
pub mod vocab;
