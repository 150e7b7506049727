//! sememe.
fn main() {}
