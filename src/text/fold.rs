//! Folding: NFKC, full Unicode case folding, straight apostrophes, no zero-width characters; with a map back to the
//! original bytes.
//!
//! Folding goes by legacy grapheme clusters (UAX #29), which is as far as composition reaches, so that each folded byte
//! knows the bytes it came from; extended ones would bind some signs to the next word's first letter. Stretches that folding cannot change in length are mapped in one piece.

use std::ops::Range;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Folded text and where each byte of it stood in the original.
#[derive(Debug, Default)]
pub struct Folded {
    text: String,
    segments: Vec<Segment>,
    source_len: usize,
}

/// A stretch of folded text: byte for byte the same length as its source (`linear`), or one cluster mapped as a whole.
#[derive(Debug, Clone, Copy)]
struct Segment {
    folded: usize,
    source: usize,
    linear: bool,
}

impl Folded {
    /// Folds a text.
    #[must_use]
    pub fn new(source: &str) -> Self {
        let mut folded = Self {
            text: String::with_capacity(source.len()),
            segments: Vec::new(),
            source_len: source.len(),
        };
        let mut rest = 0;
        while rest < source.len() {
            let plain = plain_len(&source[rest..]);
            folded.push_plain(&source[rest..rest + plain], rest);
            rest += plain;
            let odd = odd_len(&source[rest..]);
            for (at, cluster) in source[rest..rest + odd].grapheme_indices(false) {
                folded.push_cluster(cluster, rest + at);
            }
            rest += odd;
        }
        folded
    }

    /// The folded text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of the original that a non-empty range of folded bytes came from.
    #[must_use]
    pub fn source_range(&self, folded: Range<usize>) -> Range<usize> {
        let first = self.segment_at(folded.start);
        let last = self.segment_at(folded.end - 1);
        let start = match self.segments[first] {
            Segment { folded: at, source, linear: true } => source + folded.start - at,
            Segment { source, .. } => source,
        };
        let end = match self.segments[last] {
            Segment { folded: at, source, linear: true } => source + folded.end - at,
            _ => self.segments.get(last + 1).map_or(self.source_len, |next| next.source),
        };
        start..end
    }

    fn segment_at(&self, folded: usize) -> usize {
        self.segments.partition_point(|segment| segment.folded <= folded) - 1
    }

    fn push_plain(&mut self, plain: &str, source: usize) {
        if !plain.is_empty() {
            self.segments.push(Segment { folded: self.text.len(), source, linear: true });
            self.text.extend(plain.chars().map(|c| c.to_ascii_lowercase()));
        }
    }

    fn push_cluster(&mut self, cluster: &str, source: usize) {
        self.segments.push(Segment { folded: self.text.len(), source, linear: false });
        let composed: String = cluster.nfkc().filter(|c| !is_invisible(*c)).collect();
        let straight = composed.chars().map(|c| if is_apostrophe(c) { '\'' } else { c });
        let lower: String = straight.flat_map(caseless_char).collect();
        self.text.extend(lower.nfkc());
    }
}

fn caseless_char(c: char) -> impl Iterator<Item = char> {
    caseless::Caseless::default_case_fold(std::iter::once(c))
}

/// Characters that folding maps one to one and that compose with nothing that is itself plain.
fn is_plain(c: char) -> bool {
    c.is_ascii() || matches!(c, '\u{4E00}'..='\u{9FFF}' | '。' | '、' | '“' | '”' | '–' | '—')
}

/// Zero-width space, soft hyphen, word joiner, byte-order mark: they only split words that look whole.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}')
}

/// The right single quotation mark and the modifier letter, both written for an apostrophe.
fn is_apostrophe(c: char) -> bool {
    matches!(c, '\u{2019}' | '\u{2BC}')
}

/// Bytes of the longest plain prefix whose last character is not followed by one that might compose with it.
fn plain_len(text: &str) -> usize {
    let mut last = 0;
    for (at, c) in text.char_indices() {
        if !is_plain(c) {
            return last;
        }
        last = at;
    }
    text.len()
}

/// Bytes up to the first plain character that is followed by another plain one, or to the end.
fn odd_len(text: &str) -> usize {
    let mut before: Option<usize> = None;
    for (at, c) in text.char_indices() {
        match (is_plain(c), before) {
            (true, Some(start)) => return start,
            (true, None) => before = Some(at),
            (false, _) => before = None,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_width_and_ligatures_fold() {
        assert_eq!(Folded::new("Ｓｔａｒｂｕｃｋｓ ＡＢＣ１２３").text(), "starbucks abc123");
        assert_eq!(Folded::new("Straße ﬁne Ⅳ É").text(), "strasse fine iv é");
        assert_eq!(Folded::new("don’t co\u{AD}op").text(), "don't coop");
        assert_eq!(Folded::new("e\u{301}").text(), "é"); // composed across two characters
    }

    #[test]
    fn ranges_lead_back_to_the_original_bytes() {
        let source = "Ça ﬁt, Ｂank 银行!";
        let folded = Folded::new(source);
        for word in ["ça", "fit", "bank", "银行"] {
            let at = folded.text().find(word).unwrap();
            let range = folded.source_range(at..at + word.len());
            assert_eq!(Folded::new(&source[range]).text(), word);
        }
    }

    #[test]
    fn half_of_a_ligature_maps_to_the_whole() {
        // "ﬁ" folds to two bytes from one cluster of three: either byte leads to all of it.
        let folded = Folded::new("ﬁ");
        assert_eq!(folded.source_range(0..1), 0..3);
        assert_eq!(folded.source_range(1..2), 0..3);
    }
}
