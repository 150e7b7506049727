//! `noun.exc`, `verb.exc`, `adj.exc`, `adv.exc`: an inflected form and its base forms, a line each.

use super::{Source, each_line, lookup_form, read_text};
use crate::error::Result;
use crate::wordnet::PartOfSpeech;
use std::collections::BTreeMap;
use std::path::Path;

pub(super) fn read(path: &Path, pos: PartOfSpeech, source: &mut Source) -> Result<()> {
    let text = read_text(path, &mut source.warnings)?;
    let mut forms: BTreeMap<String, Vec<String>> = BTreeMap::new();
    each_line(path, &text, &mut source.warnings, |_, line| {
        let mut fields = line.split_ascii_whitespace().map(lookup_form);
        let form = fields.next().ok_or("expected an inflected form, got nothing")?;
        let bases: Vec<String> = fields.collect();
        if bases.is_empty() {
            return Err(format!("expected base forms of {form:?}, got none: line cut off"));
        }
        // A form listed twice (adv.exc has "best" for "well" alone, others repeat): the last line counts.
        forms.insert(form, bases);
        Ok(())
    })?;
    source.exceptions[pos.index()] = forms.into_iter().collect();
    Ok(())
}
