//! sememe.

pub mod cli;
pub mod encoder;
pub mod engine;
pub mod error;
pub mod files;
pub mod index;
pub mod linalg;
pub mod progress;
pub mod search;
pub mod server;
pub mod store;
pub mod text;
pub mod vectors;
pub mod vocab;
pub mod word2vec;
