//! Here is a word in a sentence, give me ranked senses.
//!
//! Two inventories answer. WordNet's senses, as a dictionary tells them apart:
//!
//! ```text
//! passage ─find_lemmas─▶ mentions with their candidates ─┬─ prior: how often each sense was tagged
//!                                                        ├─ page rank from the other words of the passage
//!                                                        ├─ glosses: cosine of the sentence with what WordNet says
//!                                                        ├─ related: what else could stand there, of the words linked to the sense
//!                                                        └─ examples: tagged occurrences in like sentences
//! ```
//!
//! And the senses that a corpus itself distinguishes, in any language: see [`induction`]. Each answer shows the parts of its score,
//! and a probability that was held against the truth (`eval::senses`).
//!
//! Not here: which documents use a sense (`search`); how good all this is (`eval`).

pub mod context;
pub mod disambiguation;
mod examples;
mod frame;
mod glosses;
pub mod induction;
mod passage;
mod predominant;
mod predominant_file;
mod related;
pub mod tagged;
mod tagged_file;

pub use context::{ContextEncoder, Views};
pub use disambiguation::{Disambiguator, Parts, Ranking, Scored, Weights};
pub use examples::Examples;
pub use glosses::Glosses;
pub use passage::{Candidate, Mention, Passage};
pub use predominant::Predominant;
