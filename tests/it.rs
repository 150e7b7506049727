//! Integration tests.

mod eval_words;
mod formats;
