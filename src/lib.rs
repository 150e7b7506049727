//! sememe.

pub mod error;
pub mod linalg;
pub mod progress;
pub mod vocab;
pub mod wordnet;
