//! `index.noun`, `index.verb`, `index.adj`, `index.adv`: a lemma's synsets, most frequent sense first.
//!
//! ```text
//! bank n 10 6 @ ~ #m %m %p + 10 5 09213565 08420278 …
//! lemma pos n_synsets n_symbols symbol … n_senses n_tagged offset …
//! ```

use super::data::parse_offset;
use super::{Source, each_line, lookup_form, read_text};
use crate::error::Result;
use crate::wordnet::PartOfSpeech;
use std::path::Path;

pub(super) fn read(path: &Path, pos: PartOfSpeech, source: &mut Source) -> Result<()> {
    let text = read_text(path, &mut source.warnings)?;
    let mut index = std::mem::take(&mut source.index[pos.index()]);
    each_line(path, &text, &mut source.warnings, |_, line| {
        let (lemma, offsets) = parse(line, pos)?;
        if index.insert(lemma, offsets).is_some() {
            return Err("expected each lemma once, got one again".into());
        }
        Ok(())
    })?;
    source.index[pos.index()] = index;
    Ok(())
}

fn parse(line: &str, pos: PartOfSpeech) -> Result<(String, Vec<u32>), String> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let count = |at: usize, what: &str| -> Result<usize, String> {
        let text = fields.get(at).ok_or_else(|| format!("expected {what}, got the end: line cut off"))?;
        text.parse().map_err(|_| format!("expected {what}, got {text:?}"))
    };
    if fields.get(1).copied().and_then(PartOfSpeech::from_letter) != Some(pos) {
        return Err(format!("expected a lemma and its part of speech {}, got something else", pos.letter()));
    }
    let synsets = count(2, "number of synsets")?;
    let offsets_at = count(3, "number of symbols")?.saturating_add(6);
    let offsets = fields.get(offsets_at..).unwrap_or_default();
    if synsets == 0 || offsets.len() != synsets {
        return Err(format!("expected {synsets} offsets, got {}", offsets.len()));
    }
    let offsets = offsets.iter().map(|text| parse_offset(text)).collect::<Result<_, _>>()?;
    Ok((lookup_form(fields[0]), offsets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_gives_offsets_in_order() {
        let line = "new_york n 2 3 @ ~ #p 2 0 00000002 00000001  ";
        assert_eq!(parse(line, PartOfSpeech::Noun).unwrap(), ("new york".into(), vec![2, 1]));
        assert!(parse("new_york n 3 3 @ ~ #p 2 0 00000002 00000001", PartOfSpeech::Noun).is_err());
        assert!(parse("new_york v 2 3 @ ~ #p 2 0 00000002 00000001", PartOfSpeech::Noun).is_err());
        assert!(parse("new_york n 1 18446744073709551615 1", PartOfSpeech::Noun).is_err());
        assert!(parse("new_york", PartOfSpeech::Noun).is_err());
    }
}
