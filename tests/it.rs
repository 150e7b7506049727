//! Integration tests.

mod api;
mod command_line;
mod corpus;
mod eval_words;
mod formats;
mod index_files;
mod index_suite;
mod pipeline;
mod program;
mod properties;
mod real_text;
mod word2vec;
mod word_vectors;
mod wordnet;
