//! Here is a document, give me sentences of tokens with their byte offsets.
//!
//! - [`source`]: files, folders and standard input, compressed or not, as a stream of [`Document`]s.
//! - [`fold`]: NFKC, case folding and full-width forms, with a map back to the original bytes.
//! - [`Analyzer`]: sentences and tokens (UAX #29 words; dictionary words for Chinese), the same ones for the keyword
//!   index and for the vectors.

pub mod analyzer;
pub mod fold;
mod pairs;
pub mod source;
mod stop_words;

pub(crate) use analyzer::is_han;
pub use analyzer::{Analysis, Analyzer, Token};
pub(crate) use pairs::han_pairs;
pub use source::{Arriving, BodyLimits, Document, Documents, Packing, ReadOptions, Shape, Split};
pub use stop_words::is_stop_word;
