//! Questions about words, and their answers for people.

use super::Output;
use super::show::{Out, padded};
use crate::engine::answers::{
    Collocates, OddOneOut, SimilarWord, Similarity, WeightedWord, WordInfo, WordMap,
};
use crate::engine::{
    AnalogyRequest, CollocatesRequest, Engine, MapRequest, NearestRequest, SimilarRequest,
    WordContrastAnswer, WordContrastRequest, WordsRequest,
};
use crate::error::{Error, Result};
use crate::vectors::{AnalogyMethod, Script};
use crate::vocab::collocates::Association;
use clap::{Args, Subcommand, ValueEnum};
use std::io;

#[derive(Debug, Subcommand)]
pub(super) enum WordsCommand {
    /// What a collection knows of a word.
    Word { collection: String, word: String },
    /// The words nearest to a word.
    Similar {
        collection: String,
        word: String,
        #[command(flatten)]
        which: WhichArguments,
    },
    /// A is to B as C is to what? (man king woman)
    Analogy {
        collection: String,
        a: String,
        b: String,
        c: String,
        /// How many.
        #[arg(short, long, default_value_t = 10)]
        k: usize,
        /// How three cosines become one score.
        #[arg(long, value_enum, default_value_t = MethodArgument::Add)]
        method: MethodArgument,
    },
    /// How like words are to each other: two, or all pairs of a list.
    Similarity {
        collection: String,
        #[arg(required = true)]
        words: Vec<String>,
    },
    /// The word that fits least among others.
    OddOneOut {
        collection: String,
        #[arg(required = true)]
        words: Vec<String>,
    },
    /// The words nearest to a weighted sum of words: good bank=0.5 river=-0.25.
    Nearest {
        collection: String,
        /// A word, or word=weight; without a weight 1.
        #[arg(required = true, value_parser = weighted)]
        words: Vec<WeightedWord>,
        #[command(flatten)]
        which: WhichArguments,
    },
    /// Words and their neighbours on the plane that keeps most of how they differ.
    Map {
        collection: String,
        #[arg(required = true)]
        words: Vec<String>,
        /// Neighbours of each word.
        #[arg(short, long, default_value_t = 30)]
        k: usize,
    },
    /// The words that stand near a word more often than by chance.
    Collocates {
        collection: String,
        word: String,
        /// How many.
        #[arg(short, long, default_value_t = 10)]
        k: usize,
        /// Tokens to each side, within the sentence.
        #[arg(long, default_value_t = 5)]
        window: usize,
        /// By what they are sorted.
        #[arg(long, value_enum, default_value_t = AssociationArgument::LogLikelihood)]
        by: AssociationArgument,
        /// Times that one must stand near the word.
        #[arg(long, default_value_t = 3)]
        min_together: u64,
    },
    /// A word as collocates, WordNet and vectors see it, side by side.
    ContrastWord {
        collection: String,
        word: String,
        /// How many of each.
        #[arg(short, long, default_value_t = 10)]
        k: usize,
        /// A text with the word in it: its neighbours as it stands there, too.
        #[arg(long, value_name = "TEXT")]
        sentence: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(super) struct WhichArguments {
    /// How many.
    #[arg(short, long, default_value_t = 10)]
    pub k: usize,
    /// Only words that occur at least so often.
    #[arg(long)]
    pub min_count: Option<u64>,
    /// Only words that begin like this.
    #[arg(long)]
    pub prefix: Option<String>,
    /// Only words of this script: han, latin, cyrillic, greek, kana or hangul.
    #[arg(long)]
    pub script: Option<Script>,
    /// Part of the exact answer wanted, up to 1: for large vocabularies, which are not compared whole.
    #[arg(long)]
    pub recall: Option<f32>,
}

impl From<WhichArguments> for SimilarRequest {
    fn from(which: WhichArguments) -> Self {
        let WhichArguments { k, min_count, prefix, script, recall } = which;
        Self { k: Some(k), min_count, prefix, script, recall }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum MethodArgument {
    /// 3CosAdd: the cosine with b - a + c.
    Add,
    /// 3CosMul: the cosines with b and c, divided by that with a.
    Mul,
}

impl From<MethodArgument> for AnalogyMethod {
    fn from(method: MethodArgument) -> Self {
        match method {
            MethodArgument::Add => Self::Add,
            MethodArgument::Mul => Self::Mul,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum AssociationArgument {
    /// How surely more often than by chance; favours frequent words.
    LogLikelihood,
    /// How many times more often than by chance; favours rare words.
    Pmi,
}

impl From<AssociationArgument> for Association {
    fn from(by: AssociationArgument) -> Self {
        match by {
            AssociationArgument::LogLikelihood => Self::LogLikelihood,
            AssociationArgument::Pmi => Self::Pmi,
        }
    }
}

fn weighted(argument: &str) -> Result<WeightedWord> {
    let Some((word, weight)) = argument.rsplit_once('=') else {
        return Ok(WeightedWord { word: argument.to_owned(), weight: 1.0 });
    };
    let weight = weight.parse().map_err(|_| {
        Error::invalid("weight", "a number behind =", argument, "write word=0.5, or the word alone")
    })?;
    Ok(WeightedWord { word: word.to_owned(), weight })
}

pub(super) fn ask(engine: &Engine, question: WordsCommand, out: &Output) -> Result<()> {
    match question {
        WordsCommand::Word { collection, word } => out.answer(&engine.word(&collection, &word)?, show_word),
        WordsCommand::Similar { collection, word, which } => {
            let answer = engine.similar(&collection, &word, &which.into())?;
            out.answer(&answer, |found, out| show_words(&found.similar, out))
        }
        WordsCommand::Analogy { collection, a, b, c, k, method } => {
            let request = AnalogyRequest { a, b, c, method: method.into(), k: Some(k) };
            out.answer(&engine.analogy(&collection, &request)?, |found, out| show_words(&found.answers, out))
        }
        WordsCommand::Similarity { collection, words } => {
            out.answer(&engine.similarity(&collection, &WordsRequest { words })?, show_similarity)
        }
        WordsCommand::OddOneOut { collection, words } => {
            out.answer(&engine.odd_one_out(&collection, &WordsRequest { words })?, show_odd)
        }
        WordsCommand::Nearest { collection, words, which } => {
            let SimilarRequest { k, min_count, prefix, script, recall } = which.into();
            let request = NearestRequest { words, k, min_count, prefix, script, recall };
            out.answer(&engine.nearest(&collection, &request)?, |found, out| show_words(&found.similar, out))
        }
        WordsCommand::Map { collection, words, k } => {
            let request = MapRequest { words, k: Some(k), sums: Vec::new(), places: Vec::new() };
            out.answer(&engine.map(&collection, &request)?, show_map)
        }
        WordsCommand::Collocates { collection, word, k, window, by, min_together } => {
            let request = CollocatesRequest {
                k: Some(k),
                window: Some(window),
                by: Some(by.into()),
                min_together: Some(min_together),
            };
            out.answer(&engine.collocates(&collection, &word, &request)?, show_collocates)
        }
        WordsCommand::ContrastWord { collection, word, k, sentence } => {
            let request = WordContrastRequest { k: Some(k), sentence };
            out.answer(&engine.contrast_word(&collection, &word, &request)?, show_word_contrast)
        }
    }
}

fn show_word(info: &WordInfo, out: Out<'_>) -> io::Result<()> {
    let WordInfo { word, id, count, documents, .. } = info;
    writeln!(out, "{word}: {count} times in {documents} documents, word number {id}")?;
    show_words(&info.similar, out)
}

fn show_words(words: &[SimilarWord], out: Out<'_>) -> io::Result<()> {
    for word in words {
        writeln!(out, "{:.4}  {}  ({} times)", word.similarity, word.word, word.count)?;
    }
    Ok(())
}

fn show_similarity(answer: &Similarity, out: Out<'_>) -> io::Result<()> {
    if let Some(similarity) = answer.similarity {
        return writeln!(out, "{similarity:.4}");
    }
    for (word, row) in answer.words.iter().zip(&answer.matrix) {
        let row: Vec<String> = row.iter().map(|cosine| format!("{cosine:>7.4}")).collect();
        writeln!(out, "{}  {}", padded(word, 16), row.join(" "))?;
    }
    Ok(())
}

fn show_odd(answer: &OddOneOut, out: Out<'_>) -> io::Result<()> {
    writeln!(out, "{}\n", answer.odd)?;
    for word in &answer.words {
        writeln!(out, "{:>7.4}  {}", word.similarity, word.word)?;
    }
    Ok(())
}

fn show_word_contrast(answer: &WordContrastAnswer, out: Out<'_>) -> io::Result<()> {
    let collocates = answer.collocates.iter().map(|found| found.word.clone());
    let linked = answer.wordnet.iter().map(|found| format!("{} ({})", found.word, found.link.relation));
    let similar = answer.similar.iter().map(|found| found.word.clone());
    let in_sentence: Vec<String> = answer.in_sentence.iter().map(|found| found.word.clone()).collect();
    let title = if in_sentence.is_empty() { "" } else { "IN THIS SENTENCE" };
    let columns: [Vec<String>; 4] = [collocates.collect(), linked.collect(), similar.collect(), in_sentence];
    let mut line = |cells: [&str; 4]| {
        let [a, b, c, d] = cells;
        let line = format!("{}{}{}{d}", padded(a, 28), padded(b, 36), padded(c, 24));
        writeln!(out, "{}", line.trim_end())
    };
    line(["COLLOCATES", "WORDNET", "SIMILAR", title])?;
    for row in 0..columns.iter().map(Vec::len).max().unwrap_or(0) {
        let cell = |column: usize| columns[column].get(row).map_or("", String::as_str);
        line([0, 1, 2, 3].map(cell))?;
    }
    if !answer.shared.is_empty() {
        writeln!(out, "found by more than one: {}", answer.shared.join(", "))?;
    }
    answer.silent.iter().try_for_each(|reason| writeln!(out, "{reason}"))
}

fn show_map(answer: &WordMap, out: Out<'_>) -> io::Result<()> {
    let [across, up] = answer.kept;
    writeln!(out, "the plane keeps {:.0} % of the variance\n", (across + up) * 100.0)?;
    for point in &answer.points {
        let word = padded(&point.word, 16);
        writeln!(out, "{word}  {:>7.3} {:>7.3}  cosine {:.4}", point.x, point.y, point.similarity)?;
    }
    Ok(())
}

fn show_collocates(answer: &Collocates, out: Out<'_>) -> io::Result<()> {
    for found in &answer.collocates {
        writeln!(
            out,
            "{}  {} times, {:.1} by chance; log-likelihood {:.1}, PMI {:.2}",
            padded(&found.word, 16),
            found.together,
            found.expected,
            found.log_likelihood,
            found.pmi
        )?;
    }
    Ok(())
}
