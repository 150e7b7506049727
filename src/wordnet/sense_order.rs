//! Lemmas, senses and their order: joins the words of `data.*` with the sense order of `index.*` and the tag counts.

use super::PartOfSpeech;
use super::compile::{Numbered, Sections, data_file};
use super::container::{Rows, number_bytes, text_sections};
use super::read::{Source, SourceSynset, SourceWord, Warnings, lookup_form};
use crate::wordnet::Relation;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

/// A word of a synset on its way into the file.
struct Entry<'a> {
    synset: u32,
    pos: PartOfSpeech,
    word: &'a SourceWord,
    lemma: u32,
    form: u32,
    count: u32,
    number: u16,
}

pub(super) fn sections(
    source: &Source,
    numbered: &Numbered<'_>,
    folder: &Path,
    warnings: &mut Warnings,
) -> Sections {
    let forms: BTreeSet<&str> = words(numbered).map(|(_, _, word)| word.form.as_str()).collect();
    let lemmas: BTreeSet<String> = forms.iter().map(|form| lookup_form(form)).collect();
    let lemmas: Vec<&str> = lemmas.iter().map(String::as_str).collect();
    let forms: Vec<&str> = forms.into_iter().collect();
    let mut entries = entries(source, numbered, &lemmas, &forms);
    let order = order(source, numbered, &lemmas, &mut entries, folder, warnings);
    let mut sections = sense_sections(numbered, &entries);
    sections.extend([
        ("lemma.sense".into(), number_bytes(&order.bounds)),
        ("ordered.sense".into(), number_bytes(&order.items)),
    ]);
    sections.extend(text_sections("lemma", lemmas));
    sections.extend(text_sections("form", forms));
    sections
}

fn words<'a>(numbered: &Numbered<'a>) -> impl Iterator<Item = (u32, PartOfSpeech, &'a SourceWord)> {
    let synsets = numbered.synsets.iter().enumerate();
    synsets
        .flat_map(|(number, (pos, synset))| synset.words.iter().map(move |word| (number as u32, *pos, word)))
}

fn entries<'a>(source: &Source, numbered: &Numbered<'a>, lemmas: &[&str], forms: &[&str]) -> Vec<Entry<'a>> {
    let position = |table: &[&str], text: &str| table.binary_search(&text).unwrap_or_default() as u32;
    words(numbered)
        .map(|(synset, pos, word)| Entry {
            synset,
            pos,
            word,
            lemma: position(lemmas, &lookup_form(&word.form)),
            form: position(forms, &word.form),
            count: tag_count(source, numbered, synset, word),
            number: 0,
        })
        .collect()
}

fn tag_count(source: &Source, numbered: &Numbered<'_>, synset: u32, word: &SourceWord) -> u32 {
    if source.tag_counts.is_empty() {
        return 0;
    }
    let (pos, synset) = numbered.synsets[synset as usize];
    source.tag_counts.get(&sense_key(numbered, pos, synset, word)).copied().unwrap_or(0)
}

/// `senseidx(5WN)`: `lemma%ss_type:lex_filenum:lex_id:head_word:head_id`.
fn sense_key(numbered: &Numbered<'_>, pos: PartOfSpeech, synset: &SourceSynset, word: &SourceWord) -> String {
    let kind = if synset.kind == b's' { 5 } else { pos.index() + 1 };
    let lemma = word.form.replace(' ', "_").to_lowercase();
    let key = format!("{lemma}%{kind}:{:02}:{:02}:", synset.lexicographer_file, word.lexical_id);
    let similar = synset.pointers.iter().find(|pointer| pointer.relation == Relation::SimilarTo);
    let head = similar.filter(|_| kind == 5).and_then(|pointer| numbered.find(pointer.pos, pointer.offset));
    match head.and_then(|head| numbered.synsets[head as usize].1.words.first()) {
        Some(head) => format!("{key}{}:{:02}", head.form.replace(' ', "_").to_lowercase(), head.lexical_id),
        None => format!("{key}:"),
    }
}

/// For each lemma and part of speech its senses, most frequent first, and the number of each.
fn order(
    source: &Source,
    numbered: &Numbered<'_>,
    lemmas: &[&str],
    entries: &mut [Entry<'_>],
    folder: &Path,
    warnings: &mut Warnings,
) -> Rows<u32> {
    let mut members: HashMap<(u32, PartOfSpeech), BTreeMap<u32, Vec<u32>>> = HashMap::new();
    for (number, entry) in entries.iter().enumerate() {
        let senses = members.entry((entry.lemma, entry.pos)).or_default();
        senses.entry(entry.synset).or_default().push(number as u32);
    }
    let mut rows = Rows::new();
    for (lemma, text) in lemmas.iter().enumerate() {
        for pos in PartOfSpeech::ALL {
            let mut senses = members.remove(&(lemma as u32, pos)).unwrap_or_default();
            let offsets = source.index[pos.index()].get(*text).map(Vec::as_slice).unwrap_or_default();
            let known = offsets.iter().filter_map(|offset| numbered.find(pos, *offset));
            let mut ordered: Vec<Vec<u32>> = known.filter_map(|synset| senses.remove(&synset)).collect();
            if ordered.len() != offsets.len() {
                let reason = format!("expected {} synsets of {text:?}, got {}", offsets.len(), ordered.len());
                warnings.add(&folder.join(format!("index.{}", pos.file_ending())), 0, reason);
            }
            if let Some((synset, _)) = senses.first_key_value() {
                let (pos, synset) = numbered.synsets[*synset as usize];
                let reason = format!("{text:?} is not in the index for this synset; put last");
                warnings.add(&data_file(folder, pos), synset.line, reason);
            }
            ordered.extend(senses.into_values());
            for (rank, same) in ordered.iter().enumerate() {
                for &sense in same {
                    entries[sense as usize].number = u16::try_from(rank + 1).unwrap_or(u16::MAX);
                }
            }
            rows.push(ordered.into_iter().filter_map(|same| same.first().copied()));
        }
    }
    rows
}

fn sense_sections(numbered: &Numbered<'_>, entries: &[Entry<'_>]) -> Sections {
    let column = |of: fn(&Entry<'_>) -> u32| number_bytes(&entries.iter().map(of).collect::<Vec<_>>());
    let mut synsets = Rows::new();
    for (_, synset) in &numbered.synsets {
        synsets.push(&synset.words);
    }
    vec![
        ("synset.sense".into(), number_bytes(&synsets.bounds)),
        ("sense.synset".into(), column(|entry| entry.synset)),
        ("sense.lemma".into(), column(|entry| entry.lemma)),
        ("sense.form".into(), column(|entry| entry.form)),
        ("sense.count".into(), column(|entry| entry.count)),
        ("sense.number".into(), entries.iter().flat_map(|entry| entry.number.to_le_bytes()).collect()),
        ("sense.lexical_id".into(), entries.iter().map(|entry| entry.word.lexical_id).collect()),
        ("sense.marker".into(), entries.iter().map(|entry| entry.word.marker).collect()),
    ]
}
