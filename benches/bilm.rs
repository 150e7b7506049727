//! How fast is the contextual model trained, and how well does it guess hidden words?
//!
//! ```text
//! cargo bench --bench bilm -- TEXT [--dim 256] [--hidden 128] [--epochs 1] [--threads 2] [--words N] [--keep FOLDER] …
//! cargo bench --bench bilm -- TEXT --serve [--dim 256] [--hidden 256] [--length 20] …
//! ```
//!
//! `TEXT` holds lower-cased words separated by blanks, one sentence a line. The word vectors are trained first, or taken from
//! `FOLDER` if an earlier call has kept them there. The last line on standard output is JSON; times are wall clock and, where the
//! system tells it, processor time of the whole process. With `--serve` the model is read with after its training (or one kept
//! in `FOLDER`): sentences of one length, one by one on one thread, and in batches on one thread and on all.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use sememe::bilm;
use sememe::error::{Error, Result};
use sememe::progress::{Go, Progress, Silent, Step};
use sememe::vectors::WordVectors;
use sememe::vocab::WordId;
use sememe::vocab::chunk::Chunk;
use sememe::vocab::corpus::{Corpus, CorpusEncoder, EncoderSettings, encode};
use sememe::word2vec;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Instant;

struct Bars(Instant, Mutex<(u64, f64, u64)>, Mutex<Steps>);

/// Words, wall clock and processor time at the first step's end and at the last one's: steps alone, without what is measured and
/// fitted before and after them.
#[derive(Default)]
struct Steps {
    first: Option<(u64, Instant, f64)>,
    last: Option<(u64, Instant, f64)>,
}

impl Steps {
    /// Words a second of wall clock and of processor time.
    fn rates(&self) -> (f64, f64) {
        let (Some(first), Some(last)) = (self.first, self.last) else { return (0.0, 0.0) };
        let words = (last.0 - first.0) as f64;
        (words / (last.1 - first.1).as_secs_f64(), words / (last.2 - first.2))
    }
}

impl Progress for Bars {
    fn report(&self, step: &Step<'_>) -> Go {
        let mut state = self.1.lock().unwrap();
        let mut steps = self.2.lock().unwrap();
        let now = (step.done, Instant::now(), processor_seconds());
        steps.first.get_or_insert(now);
        steps.last = Some(now);
        state.1 += step.loss.unwrap_or(0.0);
        state.2 += 1;
        if step.done >= state.0 + 1_000_000 {
            let seconds = self.0.elapsed().as_secs_f64();
            eprintln!(
                "{} {} of {}: {:.0}/s, loss {:.4}",
                step.phase,
                step.done,
                step.total,
                step.done as f64 / seconds,
                state.1 / state.2 as f64
            );
            *state = (step.done, 0.0, 0);
        }
        Go::On
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let Some(text) = arguments.first().filter(|first| !first.starts_with("--")) else {
        eprintln!("give a file of sentences, one a line");
        return Ok(());
    };
    let folder = tempfile::tempdir().map_err(Error::io("create", "a temporary folder"))?;
    let folder = value::<PathBuf>(&arguments, "--keep")?.unwrap_or_else(|| folder.path().to_owned());
    let (corpus, vectors, output) = word_vectors(Path::new(text), &folder, &arguments)?;
    eprintln!("{} words, {} sentences, V {}", corpus.words(), corpus.sentences(), vectors.len());
    let settings = settings(&arguments)?;
    let serve = arguments.iter().any(|argument| argument == "--serve");
    if serve && folder.join(bilm::CONTEXT_FILE).exists() {
        return serving(&bilm::Model::open(&folder, Arc::new(vectors))?, &corpus, &arguments);
    }
    let (begun, cpu) = (Instant::now(), processor_seconds());
    let training = bilm::Training {
        corpus: &corpus,
        vectors: Arc::new(vectors),
        output,
        settings: &settings,
        checkpoint: None,
        start: None,
    };
    let bars = Bars(Instant::now(), Mutex::default(), Mutex::default());
    let model = bilm::train(training, &bars)?;
    let (seconds, cpu) = (begun.elapsed().as_secs_f64(), processor_seconds() - cpu);
    model.save(&folder)?;
    if serve {
        return serving(&model, &corpus, &arguments);
    }
    let history = model.history().ok_or_else(|| Error::invalid("history", "one", "none", "train again"))?;
    let vectors = model.vectors();
    let (steps, steps_cpu) = bars.2.lock().unwrap().rates();
    println!(
        "{{\"words\": {}, \"vocabulary\": {}, \"dim\": {}, \"train_s\": {seconds:.2}, \"cpu_s\": {cpu:.2}, \
         \"words_per_s\": {:.0}, \"words_per_cpu_s\": {:.0}, \"steps\": {{\"words_per_s\": {steps:.0}, \
         \"words_per_cpu_s\": {steps_cpu:.0}}}, \"history\": {}}}",
        history.words_trained,
        vectors.len(),
        vectors.dim(),
        history.words_trained as f64 / seconds,
        history.words_trained as f64 / cpu,
        serde_json::to_string(&history).unwrap_or_default(),
    );
    Ok(())
}

/// Seconds of the fastest of some rounds.
fn fastest(rounds: usize, mut work: impl FnMut()) -> f64 {
    let round = |_| {
        let begun = Instant::now();
        work();
        begun.elapsed().as_secs_f64()
    };
    (0..rounds).map(round).fold(f64::INFINITY, f64::min)
}

/// Median seconds of calls, one each.
fn median(calls: impl Iterator<Item = impl FnOnce()>) -> f64 {
    let mut seconds: Vec<f64> = calls.map(seconds_of).collect();
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or_default()
}

fn seconds_of(call: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    call();
    begun.elapsed().as_secs_f64()
}

/// Reads sentences one by one and in batches.
fn serving(model: &bilm::Model, corpus: &Corpus, arguments: &[String]) -> Result<()> {
    let length = value(arguments, "--length")?.unwrap_or(20);
    let vocabulary = corpus.vocabulary();
    let mut words: Vec<&str> = Vec::new();
    let mut entries = Vec::new();
    corpus.read(0, 2_000_000, &mut entries)?;
    words.extend(
        entries.iter().filter(|id| (**id as usize) < vocabulary.len()).map(|id| vocabulary.word(WordId(*id))),
    );
    let sentences: Vec<&[&str]> = words.chunks_exact(length).take(5000).collect();
    let single =
        median(sentences.iter().take(2000).map(|sentence| move || drop(black_box(model.sentence(sentence)))));
    let batches = |threads: usize| -> Result<f64> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| Error::Library { library: "rayon", message: error.to_string() })?;
        let seconds = fastest(5, || pool.install(|| drop(black_box(model.sentences(&sentences)))));
        Ok((sentences.len() * length) as f64 / seconds)
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (alone, one, all) = (length as f64 / single, batches(1)?, batches(threads)?);
    println!(
        "{{\"dim\": {}, \"hidden\": {}, \"sentence_words\": {length}, \"sentence_ms\": {:.3}, \
         \"words_per_s\": {{\"alone\": {alone:.0}, \"batches_1\": {one:.0}, \"batches_{threads}\": {all:.0}}}, \
         \"batches_times_alone\": {{\"1\": {:.2}, \"{threads}\": {:.2}}}}}",
        model.dim(),
        model.hidden(),
        single * 1e3,
        one / alone,
        all / alone,
    );
    Ok(())
}

fn settings(arguments: &[String]) -> Result<bilm::Settings> {
    let default = bilm::Settings::default();
    Ok(bilm::Settings {
        hidden: value(arguments, "--hidden")?,
        layers: value(arguments, "--layers")?.unwrap_or(default.layers),
        shared_negatives: value(arguments, "--shared-negatives")?.unwrap_or(default.shared_negatives),
        subsample: value(arguments, "--subsample")?.unwrap_or(default.subsample),
        word_dropout: value(arguments, "--word-dropout")?,
        epochs: value(arguments, "--epochs")?,
        learning_rate: value(arguments, "--rate")?.unwrap_or(default.learning_rate),
        output_learning_rate: value(arguments, "--output-rate")?.unwrap_or(default.output_learning_rate),
        clip: value(arguments, "--clip")?.unwrap_or(default.clip),
        batch_words: value(arguments, "--batch-words")?,
        batch_parts: value(arguments, "--batch-parts")?.unwrap_or(default.batch_parts),
        seed: value(arguments, "--seed")?.unwrap_or(default.seed),
        threads: value(arguments, "--threads")?,
        backend: match value::<String>(arguments, "--backend")?.as_deref() {
            Some("gemm") => bilm::Backend::Gemm,
            Some("matrixmultiply") => bilm::Backend::MatrixMultiply,
            _ => bilm::Backend::Fastest,
        },
        ..default
    })
}

fn value<T: FromStr>(arguments: &[String], name: &str) -> Result<Option<T>> {
    let Some(at) = arguments.iter().position(|argument| argument == name) else { return Ok(None) };
    let text = arguments.get(at + 1).map_or("", String::as_str);
    let parsed = text.parse().map_err(|_| Error::invalid(name, "a value", text, "give one"));
    parsed.map(Some)
}

/// Processor time of this process so far, in seconds; 0 where the system does not tell.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn word_vectors(text: &Path, folder: &Path, arguments: &[String]) -> Result<(Corpus, WordVectors, Vec<f32>)> {
    let (path, kept) = (folder.join("corpus"), folder.join("output"));
    if kept.exists() {
        let bytes = std::fs::read(&kept).map_err(Error::io("read", &kept))?;
        let output = bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        return Ok((Corpus::open(&path)?, WordVectors::open(folder)?, output));
    }
    std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let words = value(arguments, "--words")?.unwrap_or(u64::MAX);
    let corpus = encode_file(text, &path, words)?;
    let dim = value(arguments, "--dim")?.unwrap_or(256);
    let epochs = value(arguments, "--word2vec-epochs")?;
    let settings = word2vec::Settings { dim, epochs, ..Default::default() };
    let training = word2vec::Training { corpus: &corpus, settings: &settings, init: None, checkpoint: None };
    let begun = Instant::now();
    let trained = word2vec::train(training, &Silent)?;
    eprintln!("word2vec: {:.1} s", begun.elapsed().as_secs_f64());
    let vectors = WordVectors::new(Arc::new(corpus.vocabulary().clone()), trained.input, trained.dim)?;
    vectors.save(folder)?;
    let bytes: Vec<u8> = trained.output.iter().flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(&kept, bytes).map_err(Error::io("write", &kept))?;
    Ok((corpus, vectors, trained.output))
}

fn encode_file(text: &Path, path: &Path, most_words: u64) -> Result<Corpus> {
    let mut lines = BufReader::new(File::open(text).map_err(Error::io("read", text))?);
    let mut words = 0;
    let batches = std::iter::from_fn(|| {
        let mut batch = String::new();
        while batch.len() < 1 << 20 && words < most_words {
            let before = batch.len();
            match lines.read_line(&mut batch) {
                Ok(0) => break,
                Ok(_) => words += batch[before..].split_whitespace().count() as u64,
                Err(error) => return Some(Err(Error::io("read", text)(error))),
            }
        }
        (!batch.is_empty()).then_some(Ok(batch))
    });
    let encode_batch = |batch: String, chunk: &mut Chunk| {
        for line in batch.lines() {
            line.split_whitespace().for_each(|word| chunk.word(word));
            chunk.end_sentence();
        }
        chunk.end_document();
        Ok(())
    };
    let encoder = CorpusEncoder::create(path, EncoderSettings::default())?;
    Ok(encode(batches, encode_batch, encoder, &Silent)?.0)
}
