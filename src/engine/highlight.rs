//! Where in a document the words stand that answered, to the byte; and the passage that holds most of them.

use super::answers::{Highlight, Highlighted};
use super::requests::HighlightRequest;
use crate::search::{Match, Retriever};
use crate::text::{Analysis, Document, Token};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Longest snippet, in characters.
const SNIPPET_CHARS_MAX: usize = 240;

/// A passage of a text.
pub(super) struct Snippet {
    /// Without control characters, with `…` where the text goes on.
    pub text: String,
    /// Its bytes in the text.
    range: Range<usize>,
}

/// The sentence of the text whose words carry most of the score. `analysis` is that of the document's full text.
pub(super) fn snippet(document: &Document, analysis: &Analysis, matches: &[Match]) -> Snippet {
    let (text, before) = (&document.text, before_text(document));
    let best = best_sentence(analysis, before, matches);
    let is_first = |token: &Token<'_>| token.sentence == best && token.range.start >= before;
    let start = analysis.tokens().find(is_first).map_or(0, |token| token.range.start - before);
    let start = text.len() - text[start..].trim_start().len();
    let end = text[start..].char_indices().nth(SNIPPET_CHARS_MAX).map_or(text.len(), |(at, _)| start + at);
    let short: String = text[start..end].chars().map(printable).collect();
    let text = if end < text.len() { format!("{}…", short.trim_end()) } else { short };
    Snippet { text, range: start..end }
}

fn printable(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

/// Bytes of the full text that stand before the text itself: the title and the end of its line.
fn before_text(document: &Document) -> usize {
    document.title.as_ref().map_or(0, |title| title.len() + 1)
}

fn best_sentence(analysis: &Analysis, before: usize, matches: &[Match]) -> usize {
    let mut best = (0.0, 0);
    for sentence in analysis.sentences() {
        let mut number = 0;
        let mut share = 0.0;
        let mut seen = HashSet::new();
        for token in sentence.filter(|token| token.range.start >= before) {
            number = token.sentence;
            if seen.insert(token.text) {
                share += matches
                    .iter()
                    .filter(|m| m.document_word.split(' ').any(|word| word == token.text))
                    .map(|m| m.share)
                    .sum::<f32>();
            }
        }
        if share > best.0 {
            best = (share, number);
        }
    }
    best.1
}

/// Where the words of the matches stand in title and text, in order. `analysis` is that of the document's full text.
pub(super) fn highlights(
    document: &Document,
    analysis: &Analysis,
    matches: &[Match],
    retriever: &dyn Retriever,
) -> Vec<Highlight> {
    let tokens: Vec<Token<'_>> = analysis.tokens().collect();
    let mut found: Vec<Option<&Match>> = vec![None; tokens.len()];
    let mut singles: HashMap<&str, Option<&Match>> = HashMap::new();
    let (phrases, words): (Vec<&Match>, Vec<&Match>) =
        matches.iter().partition(|found| found.link.is_none() && found.document_word.contains(' '));
    for (at, token) in tokens.iter().enumerate() {
        found[at] = *singles.entry(token.text).or_insert_with(|| {
            let same = |found: &&&Match| {
                let mut parts = found.document_word.split(' ');
                parts.any(|part| retriever.is_same(token.text, part))
            };
            words.iter().find(same).copied()
        });
    }
    for phrase in phrases {
        let parts: Vec<&str> = phrase.document_word.split(' ').collect();
        let runs = tokens.windows(parts.len()).enumerate();
        for (at, _) in runs.filter(|(_, run)| run.iter().zip(&parts).all(|(token, part)| token.text == *part))
        {
            found[at..at + parts.len()].iter_mut().for_each(|place| *place = Some(phrase));
        }
    }
    let title_bytes = document.title.as_ref().map_or(0, String::len);
    let before_text = before_text(document);
    let told = |(token, found): (&Token<'_>, Option<&Match>)| {
        let found = found?;
        let in_title = token.range.start < title_bytes;
        let before = if in_title { 0 } else { before_text };
        Some(Highlight {
            field: if in_title { "title" } else { "text" }.to_owned(),
            start: token.range.start - before,
            end: token.range.end - before,
            query_word: found.query_word.clone(),
        })
    };
    tokens.iter().zip(found).filter_map(told).collect()
}

/// Title and snippet with tags around what is highlighted.
pub(super) fn highlighted(
    document: &Document,
    snippet: &Snippet,
    highlights: &[Highlight],
    tags: &HighlightRequest,
) -> Highlighted {
    let of = |field: &str| -> Vec<Range<usize>> {
        highlights.iter().filter(|found| found.field == field).map(|found| found.start..found.end).collect()
    };
    let title = document.title.as_ref().map(|title| tagged(title, 0..title.len(), &of("title"), tags));
    let mut text = tagged(&document.text, snippet.range.clone(), &of("text"), tags);
    if snippet.range.end < document.text.len() {
        text = format!("{}…", text.trim_end());
    }
    Highlighted { title, snippet: text }
}

fn tagged(text: &str, shown: Range<usize>, ranges: &[Range<usize>], tags: &HighlightRequest) -> String {
    let mut out = String::new();
    let mut open = false;
    let mut ranges = ranges.iter().filter(|range| range.end > shown.start).peekable();
    for (at, c) in text[shown.clone()].char_indices().map(|(at, c)| (shown.start + at, c)) {
        // Of a sign that stands for several words (㍿) each has its range.
        while ranges.next_if(|range| at >= range.end).is_some() {
            out.push_str(if open { &tags.post_tag } else { "" });
            open = false;
        }
        if !open && ranges.peek().is_some_and(|range| range.contains(&at)) {
            out.push_str(&tags.pre_tag);
            open = true;
        }
        out.push(printable(c));
    }
    if open {
        out.push_str(&tags.post_tag);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Analyzer;

    #[test]
    fn tags_stand_around_words_also_at_the_edges() {
        let tags = HighlightRequest { pre_tag: "[".into(), post_tag: "]".into() };
        let shown =
            |text: &str, shown: Range<usize>, ranges: &[Range<usize>]| tagged(text, shown, ranges, &tags);
        assert_eq!(shown("银行利息", 0..12, &[0..6, 6..12]), "[银行][利息]");
        let bank = 2..6;
        assert_eq!(shown("a bank here", 2..6, std::slice::from_ref(&bank)), "[bank]");
        assert_eq!(shown("a bank\there", 4..11, &[2..6, 7..11]), "[nk] [here]");
        assert_eq!(shown("abc", 0..3, &[]), "abc");
        assert_eq!(shown("㍿ bank", 0..8, &[0..3, 0..3, 4..8]), "[㍿] [bank]");
        assert_eq!(shown("2㎏ bank", 0..9, &[0..4, 1..4, 5..9]), "[2㎏] [bank]");
    }

    #[test]
    fn a_snippet_begins_where_the_best_sentence_does() {
        let text = "Nothing here. The bank lent money. Nothing there.";
        let found = Match {
            query_word: "bank".into(),
            document_word: "bank".into(),
            similarity: 1.0,
            share: 1.0,
            link: None,
            bm25: None,
            part: None,
        };
        for title in [None, Some("A bank".to_owned())] {
            let document = Document { title, text: text.to_owned(), ..Document::default() };
            let analysis = Analyzer.analyze(&document.full_text());
            let snippet = snippet(&document, &analysis, std::slice::from_ref(&found));
            assert_eq!(&text[snippet.range.clone()], "The bank lent money. Nothing there.");
            assert_eq!(snippet.text, text[snippet.range]);
        }
    }
}
