//! Questions about words in their sentence, and their answers for people.

use super::Output;
use super::show::{Out, padded};
use crate::bilm::Known;
use crate::engine::{
    ContextNeighbours, ContextNeighboursRequest, EncodeAnswer, EncodeRequest, Engine, NextAnswer,
    NextRequest, NextWord, WordChange,
};
use crate::error::Result;
use clap::Subcommand;
use std::io;

#[derive(Debug, Subcommand)]
pub(super) enum ContextCommand {
    /// A text's words in their sentence: how far and towards what each moves, and what could stand in its place.
    Encode {
        collection: String,
        #[arg(required = true)]
        text: Vec<String>,
        /// Explain only this word.
        #[arg(long)]
        word: Option<String>,
        /// How many substitutes, and words moved towards and away from.
        #[arg(short, long, default_value_t = 5)]
        k: usize,
        /// With --json: the vectors too.
        #[arg(long)]
        vectors: bool,
    },
    /// What is near to a word as its sentence adjusts it: words, and places where words stand.
    ContextNeighbours {
        collection: String,
        #[arg(required = true)]
        text: Vec<String>,
        /// The word.
        #[arg(long)]
        word: String,
        /// How many of each.
        #[arg(short, long, default_value_t = 10)]
        k: usize,
    },
    /// What could come next after a text: by counted n-grams, and by the left half of the contextual model.
    Next {
        collection: String,
        /// The text so far; nothing for the beginning of a sentence.
        text: Vec<String>,
        /// How many of each.
        #[arg(short, long, default_value_t = 10)]
        k: usize,
    },
}

pub(super) fn ask(engine: &Engine, question: ContextCommand, out: &Output) -> Result<()> {
    match question {
        ContextCommand::Encode { collection, text, word, k, vectors } => {
            let request =
                EncodeRequest { text: text.join(" "), word, k: Some(k), vectors, ..EncodeRequest::default() };
            out.answer(&engine.encode(&collection, &request)?, show_encoded)
        }
        ContextCommand::ContextNeighbours { collection, text, word, k } => {
            let (text, word) = (text.join(" "), Some(word));
            let request = ContextNeighboursRequest { text, word, offset: None, k: Some(k) };
            out.answer(&engine.context_neighbours(&collection, &request)?, show_neighbours)
        }
        ContextCommand::Next { collection, text, k } => {
            let request = NextRequest { text: text.join(" "), k: Some(k) };
            out.answer(&engine.next(&collection, &request)?, show_next)
        }
    }
}

fn show_encoded(answer: &EncodeAnswer, out: Out<'_>) -> io::Result<()> {
    for token in &answer.tokens {
        let Some(adjustment) = &token.adjustment else { continue };
        let known = match token.known {
            Known::Word => "",
            Known::Subwords => "  (not in the vocabulary: made from its n-grams)",
            Known::Characters => "  (not in the vocabulary: made from its characters)",
            Known::Unknown => "  (not in the vocabulary: this is what its sentence alone says)",
        };
        writeln!(out, "{}  moves {:.3}{known}", padded(&token.text, 16), adjustment.shift)?;
        writeln!(out, "    towards  {}", changes(&adjustment.towards))?;
        writeln!(out, "    away     {}", changes(&adjustment.away))?;
        let substitutes: Vec<String> = adjustment
            .substitutes
            .iter()
            .map(|substitute| format!("{} {:.1} %", substitute.word, 100.0 * substitute.probability))
            .collect();
        writeln!(out, "    instead  {}", substitutes.join(", "))?;
    }
    Ok(())
}

fn changes(changes: &[WordChange]) -> String {
    let one = |change: &WordChange| format!("{} {:+.3}", change.word, change.change);
    changes.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn show_neighbours(answer: &ContextNeighbours, out: Out<'_>) -> io::Result<()> {
    let names = |words: &[crate::engine::answers::SimilarWord]| {
        words
            .iter()
            .map(|word| format!("{} {:.3}", word.word, word.similarity))
            .collect::<Vec<_>>()
            .join(", ")
    };
    writeln!(out, "by itself    {}", names(&answer.without_context))?;
    writeln!(out, "in the text  {}", names(&answer.words))?;
    for found in &answer.occurrences {
        let (before, rest) = found.sentence.split_at(found.start);
        let (word, after) = rest.split_at(found.end - found.start);
        writeln!(out, "{:.3}  {before}[{word}]{after}  ({})", found.similarity, found.document)?;
    }
    Ok(())
}

fn show_next(answer: &NextAnswer, out: Out<'_>) -> io::Result<()> {
    let read: Vec<String> = answer
        .tokens
        .iter()
        .map(|token| if token.known { token.text.clone() } else { format!("{} (unknown)", token.text) })
        .collect();
    writeln!(out, "<s> {}", read.join(" "))?;
    let (ngram, lstm) = (&answer.ngram, answer.lstm.as_ref());
    writeln!(
        out,
        "\n{}  {}",
        padded(&format!("{}-grams", ngram.order_used), 24),
        lstm.map_or("", |_| "LSTM")
    )?;
    let theirs: &[NextWord] = lstm.map_or(&[], |lstm| &lstm.next);
    let cell = |word: Option<&NextWord>| {
        let told = |word: &NextWord| format!("{} {:.4}", padded(&word.word, 16), word.probability);
        padded(&word.map_or_else(String::new, told), 24)
    };
    for at in 0..ngram.next.len().max(theirs.len()) {
        writeln!(out, "{}  {}", cell(ngram.next.get(at)), cell(theirs.get(at)).trim_end())?;
    }
    answer.lstm_missing.as_ref().map_or(Ok(()), |why| writeln!(out, "\nno LSTM: {why}"))
}
