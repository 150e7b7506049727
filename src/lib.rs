//! sememe.

pub mod error;
pub mod linalg;
pub mod progress;
pub mod store;
pub mod text;
pub mod vocab;
