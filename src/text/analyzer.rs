//! Sentences and tokens: UAX #29 boundaries, and dictionary words where the text is Chinese.
//!
//! Not a stemmer and not a stop-word filter: what comes out are the words as written, folded. The keyword index and
//! the vectors both stand on these tokens, so that a hard match and a soft match speak of the same words.

use super::fold::Folded;
use jieba_rs::Jieba;
use std::ops::Range;
use std::sync::LazyLock;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

/// The dictionary (5 MB) is unpacked once, at the first Chinese character.
static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Unpacks the dictionary now, so that the first Chinese query need not wait for it.
pub fn warm_up() {
    LazyLock::force(&JIEBA);
}

/// Longest token in folded bytes; longer ones (base64, keys) carry no meaning and would bloat every index.
const TOKEN_BYTES_MAX: usize = 256;

/// Cuts text into sentences and tokens. Stateless and cheap to copy.
#[derive(Debug, Clone, Copy, Default)]
pub struct Analyzer;

/// The tokens of one text.
#[derive(Debug, Default)]
pub struct Analysis {
    folded: Folded,
    spans: Vec<Span>,
}

#[derive(Debug)]
struct Span {
    folded: Range<usize>,
    source: Range<usize>,
    sentence: u32,
}

/// One token: its folded form, and where it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token<'a> {
    /// Folded form, as it stands in the vocabulary and the keyword index.
    pub text: &'a str,
    /// Byte range in the original text; words that one sign stands for (㍿, ㎏) share it.
    pub range: Range<usize>,
    /// Number of the sentence, from 0.
    pub sentence: usize,
}

impl Analyzer {
    /// Sentences and tokens of a text.
    #[must_use]
    pub fn analyze(self, source: &str) -> Analysis {
        let folded = Folded::new(source);
        let mut spans = Vec::with_capacity(source.len() / 5);
        let mut sentences = Sentences::new(source);
        words(folded.text(), &mut |range| {
            let source = folded.source_range(range.clone());
            let sentence = sentences.at(source.start);
            spans.push(Span { folded: range, source, sentence });
        });
        Analysis { folded, spans }
    }

    /// The folded tokens of a query or a single word, in order.
    #[must_use]
    pub fn words(self, source: &str) -> Vec<String> {
        self.analyze(source).tokens().map(|token| token.text.to_owned()).collect()
    }
}

impl Analysis {
    /// All tokens in order.
    pub fn tokens(&self) -> impl ExactSizeIterator<Item = Token<'_>> + Clone {
        self.spans.iter().map(|span| self.token(span))
    }

    /// Tokens grouped by sentence; sentences without tokens are left out.
    pub fn sentences(&self) -> impl Iterator<Item = impl ExactSizeIterator<Item = Token<'_>>> {
        self.spans
            .chunk_by(|a, b| a.sentence == b.sentence)
            .map(|spans| spans.iter().map(|span| self.token(span)))
    }

    /// The text of all tokens in order, each with whether it follows the one before without a gap.
    pub(crate) fn adjoining(&self) -> impl Iterator<Item = (&str, bool)> {
        let mut end = None;
        self.tokens().map(move |token| {
            let follows = end.replace(token.range.end) == Some(token.range.start);
            (token.text, follows)
        })
    }

    /// Number of tokens.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no token.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    fn token(&self, span: &Span) -> Token<'_> {
        Token {
            text: &self.folded.text()[span.folded.clone()],
            range: span.source.clone(),
            sentence: span.sentence as usize,
        }
    }
}

/// Calls `found` with the byte range of each word of folded text, in order.
fn words(folded: &str, found: &mut impl FnMut(Range<usize>)) {
    let mut rest = 0;
    while rest < folded.len() {
        let han = run_len(&folded[rest..], is_han);
        if han > 0 {
            han_words(&folded[rest..rest + han], rest, found);
        } else {
            let other = run_len(&folded[rest..], |c| !is_han(c));
            other_words(&folded[rest..rest + other], rest, found);
            rest += other;
        }
        rest += han;
    }
}

fn run_len(text: &str, inside: impl Fn(char) -> bool) -> usize {
    text.char_indices().find(|(_, c)| !inside(*c)).map_or(text.len(), |(at, _)| at)
}

fn han_words(run: &str, offset: usize, found: &mut impl FnMut(Range<usize>)) {
    let mut at = offset;
    for word in JIEBA.cut(run, true) {
        for part in parts(word.word) {
            emit(at..at + part.len(), found);
            at += part.len();
        }
    }
}

/// A compound of four or more characters as the words it is made of: 银行利息 is found by 银行 then, and both learn from it. Names
/// and idioms stay whole, and so does what is not made of words.
fn parts(word: &str) -> Vec<&str> {
    if word.len() < 4 * '银'.len_utf8() || !is_common(word) {
        return vec![word];
    }
    words_of_compound(word).unwrap_or_else(|| vec![word])
}

/// Not a name (person, place, organisation, other) and not an idiom, by the dictionary's tags.
fn is_common(word: &str) -> bool {
    let tags = JIEBA.tag(word, false);
    tags.iter().all(|part| !matches!(part.tag, "nr" | "nrfg" | "nrt" | "ns" | "nt" | "nz" | "i"))
}

/// Words of two or three characters each, the longest first.
fn words_of_compound(word: &str) -> Option<Vec<&str>> {
    let bounds: Vec<usize> = word.char_indices().map(|(at, _)| at).chain([word.len()]).collect();
    let chars = bounds.len() - 1;
    if chars <= 3 {
        return (chars > 1 && JIEBA.has_word(word)).then(|| vec![word]);
    }
    (2..=3).rev().find_map(|cut| {
        let (first, rest) = word.split_at(bounds[cut]);
        let rest = JIEBA.has_word(first).then(|| words_of_compound(rest))??;
        Some([vec![first], rest].concat())
    })
}

fn other_words(run: &str, offset: usize, found: &mut impl FnMut(Range<usize>)) {
    for (at, word) in run.unicode_word_indices() {
        // A mark belongs to what stands before it, a blank or a Chinese character too (UAX #29, WB4).
        let whole = word.len();
        let word = word.trim_start_matches(|c: char| c.is_whitespace() || is_combining_mark(c));
        let start = at + whole - word.len();
        let word = word.strip_suffix("'s").unwrap_or(word);
        emit(offset + start..offset + start + word.len(), found);
    }
}

fn emit(range: Range<usize>, found: &mut impl FnMut(Range<usize>)) {
    if !range.is_empty() && range.len() <= TOKEN_BYTES_MAX {
        found(range);
    }
}

/// Script=Han, after NFKC.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '々' | '〇' | '\u{20000}'..='\u{323AF}')
}

/// Sentence boundaries of the original text, walked forward: UAX #29 needs the case that folding removes.
struct Sentences<'a> {
    bounds: unicode_segmentation::USentenceBoundIndices<'a>,
    end: usize,
    number: u32,
}

impl<'a> Sentences<'a> {
    fn new(source: &'a str) -> Self {
        let mut bounds = source.split_sentence_bound_indices();
        let end = bounds.next().map_or(0, |(at, sentence)| at + sentence.len());
        Self { bounds, end, number: 0 }
    }

    /// The number of the sentence that holds this byte; calls must not go backwards.
    fn at(&mut self, source: usize) -> u32 {
        while source >= self.end {
            let Some((at, sentence)) = self.bounds.next() else { break };
            self.end = at + sentence.len();
            self.number += 1;
        }
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(text: &str) -> Vec<String> {
        Analyzer.words(text)
    }

    #[test]
    fn english_words_are_cut_as_uax29_says() {
        assert_eq!(words_of("The bank's U.S. rate: 3.75%!"), ["the", "bank", "u.s", "rate", "3.75"]);
        assert_eq!(words_of("part KX-4417 isn’t here"), ["part", "kx", "4417", "isn't", "here"]);
    }

    #[test]
    fn no_word_holds_a_blank_or_begins_with_a_mark() {
        // U+FE70 is a vowel mark on a blank of its own; of what stands on a Chinese character the same is true.
        assert_eq!(words_of("'t\u{FE70} a \u{64B}b"), ["t", "a", "b"]);
        assert_eq!(words_of("又\u{5B6}了e\u{301}"), ["又", "了", "é"]);
    }

    #[test]
    fn chinese_words_come_from_the_dictionary() {
        let words = words_of("我早上去了星巴克");
        let expected = [vec!["我", "早上", "去", "了", "星巴克"], vec!["我", "早上", "去了", "星巴克"]];
        assert!(expected.iter().any(|e| *e == words), "{words:?}");
    }

    #[test]
    fn compounds_are_cut_into_the_words_they_are_made_of() {
        assert_eq!(words_of("银行利息"), ["银行", "利息"]);
        assert_eq!(words_of("电脑病毒"), ["电脑", "病毒"]);
        assert_eq!(words_of("乌兰巴托"), ["乌兰巴托"]);
    }

    #[test]
    fn both_scripts_in_one_sentence() {
        let words = words_of("我早上去了Starbucks，花了３５元。");
        assert!(words.contains(&"starbucks".to_owned()) && words.contains(&"35".to_owned()), "{words:?}");
    }

    #[test]
    fn offsets_lead_to_the_original() {
        let source = "Über die Ｂank: 我去了银行。";
        for token in Analyzer.analyze(source).tokens() {
            assert_eq!(Folded::new(&source[token.range]).text(), token.text);
        }
    }

    #[test]
    fn ranges_do_not_overlap_where_a_sign_leans_on_the_next_word() {
        // U+0604 makes one extended cluster with what follows it, and ends the word before.
        let text = "\u{627}\u{644}\u{604}\u{E17}\u{E22}";
        let analysis = Analyzer.analyze(text);
        let ranges: Vec<Range<usize>> = analysis.tokens().map(|token| token.range).collect();
        assert!(ranges.len() > 1 && ranges.windows(2).all(|two| two[0].end <= two[1].start), "{ranges:?}");
    }

    #[test]
    fn sentences_end_where_people_end_them() {
        let analysis = Analyzer.analyze("He left the bank. She stayed, e.g. by the river! 我来了。你走了？");
        let lengths: Vec<usize> = analysis.sentences().map(|sentence| sentence.len()).collect();
        assert_eq!(lengths.len(), 4, "{lengths:?}");
        assert_eq!(lengths[..2], [4, 6]);
    }

    #[test]
    fn nothing_and_noise() {
        assert!(Analyzer.analyze("").is_empty());
        assert!(Analyzer.analyze(" … ！\u{0} ").is_empty());
        assert!(Analyzer.analyze(&"x".repeat(300)).is_empty());
    }
}
