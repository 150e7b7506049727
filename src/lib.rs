//! sememe.

pub mod error;
pub mod index;
pub mod linalg;
pub mod progress;
pub mod vocab;
