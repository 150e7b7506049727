//! Integration tests.

mod corpora;
mod index_files;
mod index_suite;
mod tidy;
