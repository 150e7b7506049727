//! `data.noun`, `data.verb`, `data.adj`, `data.adv`: one synset a line.
//!
//! ```text
//! 02084071 05 n 03 dog 0 domestic_dog 0 Canis_familiaris 0 023 @ 02083346 n 0000 … | a member of the genus …
//! offset  file ss n_words word lex_id …                    n_pointers symbol offset pos source/target … | gloss
//! ```
//! Verb frames, between the pointers and the gloss, are left out.

use super::{Source, SourcePointer, SourceSynset, SourceWord, each_line, read_text};
use crate::error::Result;
use crate::wordnet::{PartOfSpeech, Relation};
use std::collections::HashSet;
use std::path::Path;
use std::str::SplitAsciiWhitespace;

pub(super) fn read(path: &Path, pos: PartOfSpeech, source: &mut Source) -> Result<()> {
    let text = read_text(path, &mut source.warnings)?;
    if source.version.is_empty() {
        source.version = version_in_licence(&text);
    }
    let mut seen = HashSet::new();
    let mut synsets = Vec::new();
    each_line(path, &text, &mut source.warnings, |number, line| {
        let mut synset = parse(line, pos)?;
        if !seen.insert(synset.offset) {
            return Err(format!("expected each offset once, got {:08} again", synset.offset));
        }
        synset.line = number;
        synsets.push(synset);
        Ok(())
    })?;
    source.synsets[pos.index()] = synsets;
    Ok(())
}

/// The number after `WordNet` in the licence at the head of the file: `3.0`, `3.1`; empty where there is none.
fn version_in_licence(text: &str) -> String {
    text.lines()
        .take_while(|line| line.starts_with(' '))
        .find_map(|line| {
            let after = line.split("WordNet ").nth(1)?;
            let version: String = after.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
            version.contains('.').then_some(version)
        })
        .unwrap_or_default()
}

fn parse(line: &str, pos: PartOfSpeech) -> Result<SourceSynset, String> {
    let (columns, gloss) =
        line.split_once('|').ok_or("expected `|` before the gloss, got none: line cut off")?;
    let mut fields = columns.split_ascii_whitespace();
    let offset = parse_offset(next(&mut fields, "offset")?)?;
    let lexicographer_file = number(next(&mut fields, "lexicographer file")?, 10, "lexicographer file")?;
    let kind = next(&mut fields, "part of speech")?;
    if PartOfSpeech::from_letter(kind) != Some(pos) {
        return Err(format!("expected a synset of {}, got part of speech {kind:?}", pos.file_ending()));
    }
    let words = parse_words(&mut fields)?;
    let pointers = parse_pointers(&mut fields, pos, words.len())?;
    let kind = kind.as_bytes()[0];
    Ok(SourceSynset {
        offset,
        line: 0,
        kind,
        lexicographer_file,
        words,
        pointers,
        gloss: gloss.trim().to_owned(),
    })
}

fn parse_words(fields: &mut SplitAsciiWhitespace<'_>) -> Result<Vec<SourceWord>, String> {
    let count: u8 = number(next(fields, "number of words")?, 16, "number of words")?;
    if count == 0 {
        return Err("expected at least one word, got 0".into());
    }
    (0..count)
        .map(|_| {
            let word = next(fields, "word")?;
            let lexical_id = number(next(fields, "lexical id")?, 16, "lexical id")?;
            let (form, marker) = split_marker(word);
            if form.is_empty() {
                return Err(format!("expected a word, got {word:?}"));
            }
            Ok(SourceWord { form: form.replace('_', " "), lexical_id, marker })
        })
        .collect()
}

/// `galore(ip)` → `galore`, 3.
fn split_marker(word: &str) -> (&str, u8) {
    for (ending, marker) in [("(p)", 1), ("(a)", 2), ("(ip)", 3)] {
        if let Some(form) = word.strip_suffix(ending) {
            return (form, marker);
        }
    }
    (word, 0)
}

fn parse_pointers(
    fields: &mut SplitAsciiWhitespace<'_>,
    pos: PartOfSpeech,
    words: usize,
) -> Result<Vec<SourcePointer>, String> {
    let count: u16 = number(next(fields, "number of pointers")?, 10, "number of pointers")?;
    (0..count)
        .map(|_| {
            let symbol = next(fields, "pointer symbol")?;
            let relation = Relation::from_symbol(symbol, pos)
                .ok_or_else(|| format!("expected a pointer symbol, got {symbol:?}"))?;
            let offset = parse_offset(next(fields, "pointer offset")?)?;
            let letter = next(fields, "pointer part of speech")?;
            let target = PartOfSpeech::from_letter(letter)
                .ok_or_else(|| format!("expected n, v, a, s or r, got {letter:?}"))?;
            let ends: u16 = number(next(fields, "pointer words")?, 16, "pointer words")?;
            let (source_word, target_word) = ((ends >> 8) as u8, (ends & 0xff) as u8);
            if usize::from(source_word) > words {
                return Err(format!("expected a pointer from one of {words} words, got word {source_word}"));
            }
            Ok(SourcePointer { relation, offset, pos: target, source_word, target_word })
        })
        .collect()
}

pub(super) fn parse_offset(text: &str) -> Result<u32, String> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| digits)
        .ok_or_else(|| format!("expected an offset of 8 digits, got {text:?}"))
}

fn next<'a>(fields: &mut SplitAsciiWhitespace<'a>, what: &str) -> Result<&'a str, String> {
    fields.next().ok_or_else(|| format!("expected {what}, got the end: line cut off"))
}

fn number<N: TryFrom<u32>>(text: &str, radix: u32, what: &str) -> Result<N, String> {
    u32::from_str_radix(text, radix)
        .ok()
        .and_then(|value| N::try_from(value).ok())
        .ok_or_else(|| format!("expected {what}, got {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOG: &str = "02084071 05 n 03 dog 0 domestic_dog 0 Canis_familiaris 0 002 @ 02083346 n 0000 + 01234567 v 0102 | a member; \"the dog barked\"  ";

    #[test]
    fn a_line_becomes_a_synset() {
        let dog = parse(DOG, PartOfSpeech::Noun).unwrap();
        assert_eq!((dog.offset, dog.kind, dog.lexicographer_file), (2_084_071, b'n', 5));
        assert_eq!(dog.words[1].form, "domestic dog");
        assert_eq!(dog.pointers[0].relation, Relation::Hypernym);
        assert_eq!((dog.pointers[1].source_word, dog.pointers[1].target_word), (1, 2));
        assert_eq!(dog.gloss, "a member; \"the dog barked\"");
    }

    #[test]
    fn damaged_lines_say_what_is_wrong() {
        for (line, expected) in [
            (&DOG[..60], "`|`"),
            ("0208407 05 n 01 dog 0 000 | x", "8 digits"),
            ("02084071 05 v 01 dog 0 000 | x", "synset of noun"),
            ("02084071 05 n 02 dog 0 000 | x", "lexical id"),
            ("02084071 05 n 01 dog 0 001 @ 1 | x", "8 digits"),
            ("02084071 05 n 01 dog 0 001 ? 00000001 n 0000 | x", "symbol"),
            ("02084071 05 n 01 dog 0 001 @ 00000001 n 0901 | x", "1 words"),
            ("02084071 05 n 00 000 | x", "at least one word"),
        ] {
            let reason = parse(line, PartOfSpeech::Noun).unwrap_err();
            assert!(reason.contains(expected), "{line}: {reason}");
        }
    }

    #[test]
    fn markers_and_versions_are_split_off() {
        assert_eq!(split_marker("galore(ip)"), ("galore", 3));
        assert_eq!(split_marker("good"), ("good", 0));
        assert_eq!(version_in_licence("  1 software\n  2 WordNet 3.1 Copyright 2011\n"), "3.1");
        assert_eq!(version_in_licence("no header WordNet 3.1"), "");
    }
}
