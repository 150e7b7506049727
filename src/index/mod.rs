//! Here is a vector or a term, give me the nearest; what is on disk?

mod codes;
mod cost;
pub mod flat;
pub mod hnsw;
pub mod keyword;
pub mod live;
pub(crate) mod mapped;
pub mod matrix;
pub mod rows;
pub mod vector;

pub use flat::Flat;
pub use hnsw::{BuildReport, BuildSettings, Builder, Hnsw};
pub use live::Live;
pub use matrix::Matrix;
pub use rows::RowSet;
pub use vector::{Neighbor, SearchOptions, Strategy, VectorIndex};
