//! How fast are words encoded and trained, and what comes out?
//!
//! ```text
//! cargo bench --bench word2vec -- [TEXT] [--epochs 1] [--dim 200] [--threads 2] [--cbow] [--save VECTORS] …
//! ```
//!
//! `TEXT` holds lower-cased words separated by blanks, one document a line; without it a corpus of 2 million
//! words is made up. The last line on standard output is JSON. `--save` writes the vectors in word2vec's
//! binary format. benches/peers/word2vec.py runs this beside gensim.

#![allow(clippy::print_stdout)]

use sememe::error::{Error, Result};
use sememe::progress::Silent;
use sememe::vocab::chunk::Chunk;
use sememe::vocab::corpus::{Corpus, CorpusEncoder, EncoderSettings, encode};
use sememe::word2vec::{Algorithm, Settings, Subwords, Trained, Training, train};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::str::FromStr;
use std::time::Instant;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let folder = tempfile::tempdir().map_err(Error::io("create", "a temporary folder"))?;
    let path = folder.path().join("corpus");
    let begun = Instant::now();
    let corpus = match arguments.first().filter(|first| !first.starts_with("--")) {
        Some(text) => encode_file(Path::new(text), &path)?,
        None => encode_made_up(&path)?,
    };
    let encode_s = begun.elapsed().as_secs_f64();
    let settings = settings(&arguments)?;
    let begun = Instant::now();
    let trained =
        train(Training { corpus: &corpus, settings: &settings, init: None, checkpoint: None }, &Silent)?;
    let train_s = begun.elapsed().as_secs_f64();
    if let Some(path) = value::<String>(&arguments, "--save")? {
        save(&corpus, &trained, Path::new(&path))?;
    }
    let epochs = trained.settings.epochs.unwrap_or(1);
    println!(
        "{{\"words\": {}, \"vocabulary\": {}, \"epochs\": {epochs}, \"encode_s\": {encode_s:.3}, \"train_s\": {train_s:.3}, \
         \"epoch_s\": {:.3}, \"words_per_s\": {:.0}, \"loss\": {:.4}}}",
        corpus.words(),
        corpus.vocabulary().len(),
        train_s / epochs as f64,
        trained.words_trained as f64 / train_s,
        trained.loss,
    );
    Ok(())
}

fn settings(arguments: &[String]) -> Result<Settings> {
    let default = Settings::default();
    let algorithm =
        if arguments.iter().any(|a| a == "--cbow") { Algorithm::Cbow } else { Algorithm::SkipGram };
    let buckets = value(arguments, "--subword-buckets")?;
    Ok(Settings {
        algorithm,
        dim: value(arguments, "--dim")?.unwrap_or(default.dim),
        window: value(arguments, "--window")?,
        negative_samples: value(arguments, "--negative")?.unwrap_or(default.negative_samples),
        shared_negatives: value(arguments, "--shared-negatives")?,
        subsample: value(arguments, "--subsample")?.unwrap_or(default.subsample),
        epochs: value(arguments, "--epochs")?,
        learning_rate: value(arguments, "--learning-rate")?,
        seed: value(arguments, "--seed")?.unwrap_or(default.seed),
        threads: value(arguments, "--threads")?,
        subwords: buckets.map(|buckets| Subwords { buckets, ..Subwords::default() }),
        ..default
    })
}

fn value<T: FromStr>(arguments: &[String], name: &str) -> Result<Option<T>> {
    let Some(at) = arguments.iter().position(|argument| argument == name) else { return Ok(None) };
    let given = arguments.get(at + 1).map_or("", String::as_str);
    let value = given.parse().map_err(|_| Error::invalid(name, "a value", given, "give one"))?;
    Ok(Some(value))
}

/// Cuts the file at line ends into pieces of about a megabyte.
fn encode_file(text: &Path, path: &Path) -> Result<Corpus> {
    let mut reader = BufReader::with_capacity(1 << 20, File::open(text).map_err(Error::io("read", text))?);
    let pieces = std::iter::from_fn(move || {
        let mut piece = Vec::with_capacity(1 << 20);
        while piece.len() < 1 << 20 {
            match reader.read_until(b'\n', &mut piece).map_err(Error::io("read", text)) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
        }
        (!piece.is_empty()).then_some(Ok(piece))
    });
    encode_pieces(pieces, path)
}

fn encode_pieces(pieces: impl Iterator<Item = Result<Vec<u8>>>, path: &Path) -> Result<Corpus> {
    let fill = |piece: Vec<u8>, chunk: &mut Chunk| {
        for line in String::from_utf8_lossy(&piece).lines() {
            line.split_whitespace().for_each(|word| chunk.word(word));
            chunk.end_document();
        }
        Ok(())
    };
    let settings = EncoderSettings { min_count: Some(5), ..EncoderSettings::default() };
    Ok(encode(pieces, fill, CorpusEncoder::create(path, settings)?, &Silent)?.0)
}

/// Words whose counts fall as one over their rank (Zipf), in documents of 50.
fn encode_made_up(path: &Path) -> Result<Corpus> {
    let mut state = 1u64;
    let mut word = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = (state >> 40) as f64 / (1u64 << 24) as f64;
        (30_000f64.powf(share)) as u32
    };
    let mut piece = || {
        let document = |_| (0..50).map(|_| format!("w{} ", word())).collect::<String>() + "\n";
        Ok((0..2000).map(document).collect::<String>().into_bytes())
    };
    encode_pieces((0..20).map(|_| piece()), path)
}

fn save(corpus: &Corpus, trained: &Trained, path: &Path) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        writeln!(file, "{} {}", corpus.vocabulary().len(), trained.dim)?;
        for ((_, word, _), row) in corpus.vocabulary().iter().zip(trained.input.chunks_exact(trained.dim)) {
            write!(file, "{word} ")?;
            row.iter().try_for_each(|value| file.write_all(&value.to_le_bytes()))?;
            file.write_all(b"\n")?;
        }
        file.flush()
    };
    write().map_err(Error::io("write", path))
}
