//! Integration tests.

mod corpus;
mod word2vec;
