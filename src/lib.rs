//! sememe.

pub mod error;
pub mod linalg;
pub mod progress;
pub mod text;
pub mod vocab;
