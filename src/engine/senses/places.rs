//! Which words of a text a question is about.

use super::SensesRequest;
use crate::error::{Error, Result};
use crate::sense::{Candidate, Passage};
use crate::text::{Analysis, Analyzer};
use std::ops::Range;

/// The words asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// All that have senses.
    All,
    /// Those at these tokens.
    Places(Vec<Range<usize>>),
    /// A word that does not stand in the text as it was given; perhaps an inflection of it does.
    Inflected(String),
}

/// What a request asks about.
pub(super) fn asked(request: &SensesRequest, analysis: &Analysis) -> Result<Asked> {
    if let Some(offset) = request.offset {
        return at_offset(request, offset, analysis);
    }
    let Some(word) = &request.word else { return Ok(Asked::All) };
    let parts = Analyzer.words(word);
    if parts.is_empty() {
        return Err(Error::invalid("word", "a word", format!("{word:?}"), "write letters"));
    }
    let tokens: Vec<&str> = analysis.tokens().map(|token| token.text).collect();
    let stands = |at: &usize| {
        tokens.len() - at >= parts.len()
            && tokens[*at..].iter().zip(&parts).all(|(token, part)| token == part)
    };
    let places: Vec<Range<usize>> = (0..tokens.len()).filter(stands).map(|at| at..at + parts.len()).collect();
    Ok(if places.is_empty() { Asked::Inflected(word.clone()) } else { Asked::Places(places) })
}

fn at_offset(request: &SensesRequest, offset: usize, analysis: &Analysis) -> Result<Asked> {
    let text = &request.text;
    if offset >= text.len() || !text.is_char_boundary(offset) {
        let expected = format!("the first byte of a character, below {}", text.len());
        return Err(Error::invalid("offset", expected, offset, "count bytes of UTF-8, from 0"));
    }
    let at = analysis.tokens().position(|token| token.range.contains(&offset)).ok_or_else(|| {
        let got = text[offset..].chars().next().map(String::from).unwrap_or_default();
        Error::invalid("offset", "a byte of a word", format!("{offset} ({got:?})"), "point at a word")
    })?;
    let parts = request.word.as_deref().map_or(1, |word| Analyzer.words(word).len().max(1));
    let place = at..(at + parts).min(analysis.len());
    Ok(Asked::Places(vec![place]))
}

/// The places of a word that stands in the text in another form.
pub(super) fn inflected(passage: &Passage<'_>, word: &str) -> Vec<Range<usize>> {
    let wanted = word.to_lowercase().replace('_', " ");
    let of = |candidate: &Candidate<'_>| candidate.sense.is_some_and(|sense| sense.lemma() == wanted);
    let found = passage.mentions.iter().filter(|mention| mention.candidates.iter().any(of));
    found.map(|mention| mention.tokens.clone()).collect()
}

/// The word asked about does not stand in the text.
pub(super) fn unknown_place(request: &SensesRequest) -> Error {
    let word = request.word.as_deref().unwrap_or_default();
    Error::invalid("word", "a word of the text", format!("{word:?}"), "write it as it stands there")
}

/// The sentences of an analysis as tokens of their own.
pub(super) fn sentences(analysis: &Analysis) -> Vec<Vec<String>> {
    analysis.sentences().map(|sentence| sentence.map(|token| token.text.to_owned()).collect()).collect()
}
