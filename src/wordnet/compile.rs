//! Compiles a WordNet database folder into the one file that [`WordNet::open`] maps.
//!
//! Lemmas are sorted, words and pointers become numbers, depths and the graph that PageRank walks are worked out once.
//! Whatever points nowhere is left out and counted, so that a slightly damaged database still gives a usable graph.

use super::container::{Rows, number_bytes, text_sections, write};
use super::read::{Source, SourceSynset, Warnings, read_folder};
use super::{PartOfSpeech, Relation, WordNet, depths, mentions, sense_order};
use crate::error::Result;
use crate::progress::Progress;
use std::collections::HashMap;
use std::path::Path;

/// What was compiled, and what had to be left out.
#[derive(Debug, Clone, PartialEq)]
pub struct CompileReport {
    /// `3.0`, `3.1`; empty if the database does not say.
    pub version: String,
    /// Number of synsets.
    pub synsets: usize,
    /// Number of senses: words in synsets.
    pub senses: usize,
    /// Number of distinct words, in lower case.
    pub lemmas: usize,
    /// Number of links between synsets or their words.
    pub links: usize,
    /// Number of links from a synset to the meanings its gloss mentions.
    pub mentions: usize,
    /// Length of the compiled file.
    pub bytes: u64,
    /// What was left out or doubtful.
    pub warnings: Warnings,
}

pub(super) type Sections = Vec<(String, Vec<u8>)>;

/// Reads the database in `folder` and writes the compiled file to `destination`, whole or not at all.
///
/// # Errors
/// [`crate::error::Error::Io`] or [`crate::error::Error::BadInput`] for a missing or foreign database,
/// [`crate::error::Error::Cancelled`].
pub fn compile(folder: &Path, destination: &Path, progress: &dyn Progress) -> Result<CompileReport> {
    const STEPS: u64 = 4;
    progress.step("reading WordNet", 0, STEPS, "steps")?;
    let mut source = read_folder(folder)?;
    progress.step("compiling WordNet", 1, STEPS, "steps")?;
    let mut warnings = std::mem::take(&mut source.warnings);
    let mut sections = base_sections(&source, folder, &mut warnings);
    let none = vec![Vec::new(); source.synsets.iter().map(Vec::len).sum()];
    drop(source);
    sections.extend(graph_sections("mention", &none));
    progress.step("linking glosses", 2, STEPS, "steps")?;
    let unlinked = WordNet::build(destination, &sections)?;
    let links = mentions::find(&unlinked);
    drop(unlinked);
    sections.truncate(sections.len() - 2);
    sections.extend(graph_sections("mention", &symmetric(&links)));
    progress.step("writing WordNet", 3, STEPS, "steps")?;
    let wordnet = WordNet::build(destination, &sections)?;
    let bytes = write(destination, &sections)?;
    Ok(CompileReport {
        version: wordnet.version().to_owned(),
        synsets: wordnet.len(),
        senses: wordnet.layout.sense_synset.len() / 4,
        lemmas: wordnet.lemmas().len(),
        links: wordnet.layout.link_relation.len(),
        mentions: links.iter().map(Vec::len).sum(),
        bytes,
        warnings,
    })
}

/// Synsets in the order of their numbers, and the way back from offsets.
pub(super) struct Numbered<'a> {
    pub synsets: Vec<(PartOfSpeech, &'a SourceSynset)>,
    by_offset: HashMap<(PartOfSpeech, u32), u32>,
}

impl<'a> Numbered<'a> {
    fn new(source: &'a Source) -> Self {
        let mut synsets = Vec::new();
        for pos in PartOfSpeech::ALL {
            let from = synsets.len();
            synsets.extend(source.synsets[pos.index()].iter().map(|synset| (pos, synset)));
            synsets[from..].sort_by_key(|(_, synset)| synset.offset);
        }
        let numbers = synsets.iter().enumerate();
        let by_offset =
            numbers.map(|(number, (pos, synset))| ((*pos, synset.offset), number as u32)).collect();
        Self { synsets, by_offset }
    }

    pub fn find(&self, pos: PartOfSpeech, offset: u32) -> Option<u32> {
        self.by_offset.get(&(pos, offset)).copied()
    }
}

fn base_sections(source: &Source, folder: &Path, warnings: &mut Warnings) -> Sections {
    let numbered = Numbered::new(source);
    let mut sections = vec![("version".to_owned(), source.version.clone().into_bytes())];
    sections.extend(synset_sections(&numbered));
    sections.extend(sense_order::sections(source, &numbered, folder, warnings));
    let links = resolve_links(&numbered, folder, warnings);
    sections.extend(depths::sections(&links, |number| {
        let (pos, synset) = numbered.synsets[number];
        warnings.add(&data_file(folder, pos), synset.line, "hypernyms run in a circle here; cut for depths");
    }));
    sections.extend(link_sections(&links));
    sections.extend(exception_sections(source));
    sections
}

fn synset_sections(numbered: &Numbered<'_>) -> Sections {
    let column =
        |of: fn(&SourceSynset) -> u8| numbered.synsets.iter().map(|(_, synset)| of(synset)).collect();
    let offsets: Vec<u32> = numbered.synsets.iter().map(|(_, synset)| synset.offset).collect();
    let mut sections: Sections = vec![
        ("synset.offset".into(), number_bytes(&offsets)),
        ("synset.kind".into(), column(|synset| synset.kind)),
        ("synset.file".into(), column(|synset| synset.lexicographer_file)),
    ];
    sections.extend(text_sections("gloss", numbered.synsets.iter().map(|(_, synset)| synset.gloss.as_str())));
    sections
}

/// A pointer whose target was found.
pub(super) struct ResolvedLink {
    pub relation: Relation,
    pub target: u32,
    words: [u8; 2],
}

fn resolve_links(numbered: &Numbered<'_>, folder: &Path, warnings: &mut Warnings) -> Vec<Vec<ResolvedLink>> {
    let mut resolve = |pos: PartOfSpeech, synset: &SourceSynset| -> Vec<ResolvedLink> {
        let mut links = Vec::with_capacity(synset.pointers.len());
        for pointer in &synset.pointers {
            let target = numbered.find(pointer.pos, pointer.offset);
            let words = target.map_or(0, |target| numbered.synsets[target as usize].1.words.len());
            match target {
                Some(target) if usize::from(pointer.target_word) <= words => links.push(ResolvedLink {
                    relation: pointer.relation,
                    target,
                    words: [pointer.target_word, pointer.source_word],
                }),
                _ => {
                    let (name, offset) = (pointer.relation.name(), pointer.offset);
                    let got =
                        format!("expected a word of a synset behind {name} {offset:08}, got none; left out");
                    warnings.add(&data_file(folder, pos), synset.line, got);
                }
            }
        }
        links
    };
    numbered.synsets.iter().map(|(pos, synset)| resolve(*pos, synset)).collect()
}

pub(super) fn data_file(folder: &Path, pos: PartOfSpeech) -> std::path::PathBuf {
    folder.join(format!("data.{}", pos.file_ending()))
}

fn link_sections(links: &[Vec<ResolvedLink>]) -> Sections {
    let mut rows = Rows::new();
    for row in links {
        rows.push(row);
    }
    let targets: Vec<u32> = rows.items.iter().map(|link| link.target).collect();
    let mut sections = vec![
        ("synset.link".into(), number_bytes(&rows.bounds)),
        ("link.target".into(), number_bytes(&targets)),
        ("link.relation".into(), rows.items.iter().map(|link| link.relation as u8).collect()),
        ("link.words".into(), rows.items.iter().flat_map(|link| link.words).collect()),
    ];
    let targets: Vec<Vec<u32>> =
        links.iter().map(|row| row.iter().map(|link| link.target).collect()).collect();
    sections.extend(graph_sections("near", &symmetric(&targets)));
    sections
}

/// Each link in both directions, once, without loops.
fn symmetric(links: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let mut both: Vec<Vec<u32>> = vec![Vec::new(); links.len()];
    for (from, targets) in links.iter().enumerate() {
        for &to in targets.iter().filter(|to| **to as usize != from) {
            both[from].push(to);
            both[to as usize].push(from as u32);
        }
    }
    for row in &mut both {
        row.sort_unstable();
        row.dedup();
    }
    both
}

/// Neighbour lists as `NAME.bound` and `NAME.target`.
fn graph_sections(name: &str, neighbours: &[Vec<u32>]) -> Sections {
    let mut rows = Rows::new();
    for row in neighbours {
        rows.push(row.iter().copied());
    }
    vec![
        (format!("{name}.bound"), number_bytes(&rows.bounds)),
        (format!("{name}.target"), number_bytes(&rows.items)),
    ]
}

/// Inflected forms, sorted, as `n wolves`, each with its base forms a line each.
fn exception_sections(source: &Source) -> Sections {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for pos in PartOfSpeech::ALL {
        let exceptions = &source.exceptions[pos.index()];
        pairs.extend(
            exceptions.iter().map(|(form, bases)| (format!("{} {form}", pos.letter()), bases.join("\n"))),
        );
    }
    pairs.sort_unstable();
    let mut sections =
        Sections::from(text_sections("exception", pairs.iter().map(|(form, _)| form.as_str())));
    sections.extend(text_sections("base", pairs.iter().map(|(_, bases)| bases.as_str())));
    sections
}
