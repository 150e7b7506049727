//! Here are sentences, give me static vectors: skip-gram and CBOW with negative sampling
//! (Mikolov et al. 2013, *Distributed Representations of Words and Phrases and their Compositionality*).
//!
//! [`train()`] reads an encoded [`Corpus`](crate::vocab::corpus::Corpus) piece by piece, in as many passes as
//! asked for, on all processors. What makes it fast: negatives are shared by a block of places, all
//! arithmetic is done on tiles of 4 × 4 rows in registers, and rows are fetched before they are needed.
//!
//! Not here: cutting text into words (`text`), storing and asking vectors (`vectors`).

mod block;
mod checkpoint;
mod kernel;
mod settings;
mod shared;
mod subwords;
mod train;

pub use checkpoint::Checkpoint;
pub use settings::{Algorithm, Settings};
pub use subwords::Subwords;
pub use train::{Init, Trained, Training, train};
