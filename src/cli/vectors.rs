//! Vector files of this and other tools.

use super::Output;
use super::bars::Bars;
use super::show::{self, Out};
use crate::engine::{Engine, starter_of, unpack_starter};
use crate::error::{Error, Result};
use crate::vectors::formats::{self, Export, Format, Info};
use clap::Subcommand;
use std::io;
use std::path::{Path, PathBuf};

/// Formats are word2vec (binary), text, glove, fasttext, floret, fifu and fifu-quantized; a file's own is told from its content, and that
/// of a file to be written from its name (.bin word2vec, .vec and .txt text, .glove, .floret, .fifu).
#[derive(Debug, Subcommand)]
pub(super) enum VectorsCommand {
    /// What a vector file holds, without reading its matrix.
    Info { file: PathBuf },
    /// Read one vector file and write another.
    Convert {
        from: PathBuf,
        to: PathBuf,
        /// Of the file that is read; told from its content.
        #[arg(long, value_name = "FORMAT")]
        from_format: Option<Format>,
        /// Of the file that is written; told from its name.
        #[arg(long, value_name = "FORMAT")]
        to_format: Option<Format>,
    },
    /// Let a file's vectors serve a collection, instead of trained ones.
    Import {
        collection: String,
        file: PathBuf,
        /// Told from the file's content.
        #[arg(long)]
        format: Option<Format>,
    },
    /// Write the most frequent words of a collection's models, or of those in a folder, to a starter file, small enough to travel.
    Starter {
        file: PathBuf,
        #[arg(long, required_unless_present = "model", conflicts_with = "model")]
        collection: Option<String>,
        /// A folder with vectors.fifu, vocab.bin and context.safetensors, as a generation of a collection is one
        #[arg(long, value_name = "FOLDER")]
        model: Option<PathBuf>,
        /// What it is called.
        #[arg(long)]
        name: String,
        /// Words kept.
        #[arg(long, default_value_t = 150_000)]
        words: usize,
    },
    /// Write the models of a starter file into a folder: vectors.fifu for `eval words`, the folder for `eval senses --model`.
    Unpack { file: PathBuf, folder: PathBuf },
    /// Write a collection's vectors to a file.
    Export {
        collection: String,
        file: PathBuf,
        /// Told from the file's name.
        #[arg(long)]
        format: Option<Format>,
    },
}

pub(super) fn run(data_dir: &Path, command: VectorsCommand, out: &Output) -> Result<()> {
    match command {
        VectorsCommand::Info { file } => out.answer(&formats::info(&file)?, show_info),
        VectorsCommand::Convert { from, to, from_format, to_format } => {
            let export = export_to(&to, to_format)?;
            let bars = Bars::new()?;
            formats::convert(&from, from_format, &to, &export, &bars)?;
            drop(bars);
            out.answer(&formats::info(&to)?, show_info)
        }
        VectorsCommand::Import { collection, file, format } => {
            let bars = Bars::new()?;
            let report = Engine::open(data_dir)?.import_vectors(&collection, &file, format, &bars)?;
            drop(bars);
            out.answer(&report, show::build)
        }
        VectorsCommand::Starter { file, collection, model, name, words } => {
            let starter = match model {
                Some(folder) => starter_of(&folder, &name, words)?,
                None => Engine::open(data_dir)?.starter(&collection.unwrap_or_default(), &name, words)?,
            };
            starter.save(&file)
        }
        VectorsCommand::Unpack { file, folder } => unpack_starter(&file, &folder),
        VectorsCommand::Export { collection, file, format } => {
            let export = export_to(&file, format)?;
            let generation = Engine::open(data_dir)?.generation(&collection)?;
            let bars = Bars::new()?;
            formats::export(generation.encoder()?.vectors(), &file, &export, &bars)?;
            drop(bars);
            out.answer(&formats::info(&file)?, show_info)
        }
    }
}

fn export_to(file: &Path, format: Option<Format>) -> Result<Export> {
    let format = format.or_else(|| Format::of_name(file)).ok_or_else(|| {
        let cure = "name the format with --format (convert: --to-format)";
        Error::invalid("format", "an ending like .bin, .vec, .txt, .glove or .fifu", file.display(), cure)
    })?;
    Ok(Export::from(format))
}

fn show_info(info: &Info, out: Out<'_>) -> io::Result<()> {
    let Info { format, bytes, words, dim, .. } = info;
    writeln!(out, "{}: {words} words, {dim} dimensions, {bytes} bytes", format.name())?;
    if let Some(subwords) = &info.subwords {
        let (min_n, max_n) = (subwords.min_n, subwords.max_n);
        writeln!(
            out,
            "n-grams of {min_n} to {max_n} characters ({}), {} rows",
            subwords.kind, subwords.rows
        )?;
    }
    if !info.parts.is_empty() {
        writeln!(out, "parts: {}", info.parts.join(", "))?;
    }
    info.metadata.iter().try_for_each(|metadata| writeln!(out, "{metadata}"))
}
