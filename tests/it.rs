//! Integration tests.

#![allow(clippy::print_stderr)] // a test that skips says so

mod api;
mod command_line;
mod config;
mod context;
mod contextual_search;
mod corpora;
mod corpus;
mod damage;
mod docs;
mod eval_retrieval;
mod eval_words;
mod formats;
mod fuzz;
mod in_sentences;
mod index_files;
mod index_suite;
mod kill;
mod next;
mod pipeline;
mod program;
mod properties;
mod query_language;
mod real_text;
mod retrievers;
mod senses;
mod starters;
mod tidy;
mod walkthrough;
mod word2vec;
mod word_vectors;
mod wordnet;
