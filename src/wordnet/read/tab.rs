//! Tab files of the Open Multilingual Wordnet: lemmas, definitions and examples of another language on WordNet offsets.
//!
//! ```text
//! # Chinese Open Wordnet<TAB>cmn<TAB>http://…<TAB>wordnet
//! 02084071-n<TAB>cmn:lemma<TAB>狗
//! 02084071-n<TAB>cmn:def<TAB>0<TAB>…
//! 02084071-n<TAB>cmn:exe<TAB>0<TAB>…
//! ```
//! Source: <https://omwn.org/omw1.html>, "Tab files".

use super::{Warnings, each_line, read_text};
use crate::error::Result;
use crate::wordnet::PartOfSpeech;
use std::path::Path;

/// One line that was understood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TabEntry {
    pub line: u64,
    pub offset: u32,
    pub pos: PartOfSpeech,
    pub field: TabField,
    pub text: String,
}

/// What a line gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TabField {
    Lemma,
    Definition,
    Example,
}

/// Reads the entries for `language`; those of other languages and kinds are passed over.
pub(crate) fn read(path: &Path, language: &str, warnings: &mut Warnings) -> Result<Vec<TabEntry>> {
    let text = read_text(path, warnings)?;
    let mut entries = Vec::new();
    each_line(path, &text, warnings, |number, line| {
        if let Some(mut entry) = parse(line, language)? {
            entry.line = number;
            entries.push(entry);
        }
        Ok(())
    })?;
    Ok(entries)
}

fn parse(line: &str, language: &str) -> Result<Option<TabEntry>, String> {
    let mut columns = line.split('\t');
    let id = columns.next().unwrap_or_default();
    let (offset, pos) =
        parse_id(id).ok_or_else(|| format!("expected an offset like 02084071-n, got {id:?}"))?;
    let label = columns.next().ok_or("expected `language:lemma`, got the end: line cut off")?;
    let (of, kind) = label.split_once(':').unwrap_or((language, label));
    let field = match kind {
        "lemma" => TabField::Lemma,
        "def" => TabField::Definition,
        "exe" => TabField::Example,
        _ => return Ok(None),
    };
    if of != language {
        return Ok(None);
    }
    let text =
        columns.next_back().ok_or("expected a text in the last column, got the end: line cut off")?.trim();
    if text.is_empty() {
        return Err("expected a text in the last column, got nothing".into());
    }
    let text = if field == TabField::Lemma { text.replace('_', " ") } else { text.to_owned() };
    Ok(Some(TabEntry { line: 0, offset, pos, field, text }))
}

/// `02084071-n` → offset and part of speech.
pub(crate) fn parse_id(id: &str) -> Option<(u32, PartOfSpeech)> {
    let (offset, letter) = id.split_once('-')?;
    let digits = !offset.is_empty() && offset.len() <= 8 && offset.bytes().all(|byte| byte.is_ascii_digit());
    Some((offset.parse().ok().filter(|_| digits)?, PartOfSpeech::from_letter(letter)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lemmas_definitions_and_examples_are_read() {
        let dog = parse("02084071-n\tcmn:lemma\t家_犬", "cmn").unwrap().unwrap();
        assert_eq!((dog.offset, dog.pos, dog.text.as_str()), (2_084_071, PartOfSpeech::Noun, "家 犬"));
        let text = parse("02084071-s\tcmn:def\t0\t一种", "cmn").unwrap().unwrap();
        assert_eq!(
            (text.field, text.pos, text.text.as_str()),
            (TabField::Definition, PartOfSpeech::Adjective, "一种")
        );
        assert_eq!(parse("02084071-n\tjpn:lemma\t犬", "cmn").unwrap(), None);
        assert!(parse("02084071-n\tcmn:lemma", "cmn").is_err());
        assert!(parse("dog\tcmn:lemma\t犬", "cmn").is_err());
    }
}
