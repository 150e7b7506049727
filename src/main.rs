//! The `sememe` program: see [`sememe::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    sememe::cli::run()
}
