//! `sememe tokens`: documents as the trainer sees them, for other programs.

use super::arguments::SplitArgument;
use crate::error::{Error, Result};
use crate::text::{Analyzer, Document, Documents, ReadOptions};
use clap::Args;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct TokensArguments {
    /// File or folder of documents, as for ingest; - for standard input.
    pub path: PathBuf,
    /// What one document is in plain text.
    #[arg(long, value_enum, default_value_t = SplitArgument::Paragraph)]
    pub split: SplitArgument,
    /// JSON key or CSV column of the text.
    #[arg(long, default_value = "text")]
    pub text_field: String,
}

/// Prints one document a line, its tokens separated by blanks; bad lines are told and left out.
pub(super) fn run(arguments: &TokensArguments) -> Result<()> {
    let options = ReadOptions {
        split: arguments.split.into(),
        text_field: arguments.text_field.clone(),
        ..ReadOptions::default()
    };
    let mut out = BufWriter::new(io::stdout().lock());
    for document in Documents::open(&arguments.path, options)? {
        match document {
            Ok(document) => line(&document, &mut out).map_err(Error::io("write to", "standard output"))?,
            Err(error @ Error::BadInput { .. }) => tracing::warn!("left out {error}"),
            Err(error) => return Err(error),
        }
    }
    out.flush().map_err(Error::io("write to", "standard output"))
}

fn line(document: &Document, out: &mut impl Write) -> io::Result<()> {
    let analysis = Analyzer.analyze(&document.full_text());
    for (place, token) in analysis.tokens().enumerate() {
        let before = if place == 0 { "" } else { " " };
        write!(out, "{before}{}", token.text)?;
    }
    writeln!(out)
}
