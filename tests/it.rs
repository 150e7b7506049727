//! Integration tests.

mod index_files;
mod index_suite;
