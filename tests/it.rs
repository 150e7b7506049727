//! Integration tests.

mod wordnet;
