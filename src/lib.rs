//! Semantic search that learns meaning from its user's own text, on a CPU, and puts several ways of reading a word side by
//! side: **hard tokens**, which match or do not, and **soft tokens**, which match by what they mean.
//!
//! Text becomes answers in this order; each step is a module, and uses only those before it:
//!
//! 1. [`text`] reads documents (plain text, JSON lines, CSV; English, Chinese, or both in one sentence) and cuts them into
//!    sentences of tokens that know their bytes in the original.
//! 2. [`vocab`] numbers the words and writes the corpus down as numbers, once.
//! 3. [`word2vec`] learns a vector for each word from the words around it: skip-gram or CBOW with negative sampling.
//! 4. [`vectors`] answers what words can be asked: neighbours, analogies, the odd one out; [`wordnet`], beside them, what a
//!    hand-made network knows: synsets, relations, paths.
//! 5. [`encoder`] makes one vector of a whole text.
//! 6. [`index`] finds what is near: [`index::keyword`] by terms (BM25), [`index::flat`] and [`index::hnsw`] by vectors.
//! 7. [`store`] keeps the documents themselves; every index is a view of it that can be rebuilt.
//! 8. [`search`] asks the indexes, explains through which words a document answers, and contrasts the answers.
//! 9. [`engine`] is all of this behind one type, [`Engine`].
//! 10. [`server`] and [`cli`] translate it to HTTP and to the command line.
//!
//! Beside this way stand [`wordnet`], a network of meanings made by hand, whose links [`search`] can follow too, and [`eval`], which
//! measures how good the answers are.
//!
//! # Example
//!
//! ```
//! use sememe::Engine;
//! use sememe::engine::{ContrastRequest, Ingestion, TrainSettings};
//! use sememe::progress::Silent;
//! use sememe::text::{Documents, ReadOptions};
//!
//! # fn main() -> sememe::Result<()> {
//! # let folder = tempfile::tempdir().unwrap();
//! # let (data_dir, notes) = (folder.path().join("indexes"), folder.path().join("notes.txt"));
//! # let text = "The bank raised the interest on its loans.\n\nThe river bank was under water.\n\n\
//! #             A loan from the bank costs interest.\n\nThe water of the river was cold.";
//! # std::fs::write(&notes, text).unwrap();
//! let engine = Engine::open(&data_dir)?;
//!
//! // Paragraphs of notes.txt become documents; then learn word vectors from them and build the indexes.
//! let documents = Documents::open(&notes, ReadOptions::default())?;
//! engine.ingest("notes", documents, Ingestion::default(), &Silent)?;
//! engine.train("notes", &TrainSettings::default(), &Silent)?;
//!
//! // The same query, read every way.
//! let request = ContrastRequest { query: "river water".to_owned(), k: Some(3), ..Default::default() };
//! let contrast = engine.contrast("notes", &request)?;
//! for answer in &contrast.answers {
//!     for hit in &answer.hits {
//!         println!("{} {} {:.3} {:?}", answer.mode.name(), hit.id, hit.score, hit.matches);
//!     }
//! }
//! assert_eq!(contrast.answers[0].hits.len(), 2); // both paragraphs with both words, by keyword
//! # Ok(())
//! # }
//! ```
//!
//! # Beyond this crate
//!
//! Nothing is downloaded at run time, and no model is hosted elsewhere. With one thread, the same corpus, settings and seed give the
//! same bytes.

pub mod bilm;
pub mod cli;
pub mod config;
pub mod encoder;
pub mod engine;
pub mod error;
pub mod eval;
mod failpoint;
pub mod files;
pub mod index;
pub mod linalg;
pub mod ngram;
pub mod progress;
pub mod search;
pub mod sense;
pub mod server;
pub mod starter;
pub mod store;
pub mod text;
pub mod vectors;
pub mod vocab;
pub mod word2vec;
pub mod wordnet;

pub use engine::Engine;
pub use error::{Error, Result};
