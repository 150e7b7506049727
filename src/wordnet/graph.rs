//! Synsets, senses and links as views into the mapped file; nothing is copied until a text is asked for.

use super::container::{Numbers, Texts};
use super::{PartOfSpeech, Relation, WordNet};
use std::cmp::Ordering;
use std::fmt;

/// A synset's number in one compiled WordNet, from 0: nouns first, then by offset. Not an offset, and not to be stored:
/// [`Synset::id`] is the name to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SynsetId(pub(super) u32);

impl SynsetId {
    /// As an index into tables with one row a synset.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A set of words with one meaning.
#[derive(Clone, Copy)]
pub struct Synset<'a> {
    pub(super) wordnet: &'a WordNet,
    pub(super) number: SynsetId,
}

/// One word in one synset.
#[derive(Clone, Copy)]
pub struct Sense<'a> {
    pub(super) wordnet: &'a WordNet,
    pub(super) number: u32,
}

/// A link from a synset, or from one of its words, to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link<'a> {
    /// What the target is to the source.
    pub relation: Relation,
    /// Where it leads.
    pub target: Synset<'a>,
    /// The word it starts from, where it holds between words only (antonyms, derivations …).
    pub source_sense: Option<Sense<'a>>,
    /// The word it leads to.
    pub target_sense: Option<Sense<'a>>,
}

impl<'a> Synset<'a> {
    /// The number in this compiled file.
    #[must_use]
    pub fn number(self) -> SynsetId {
        self.number
    }

    /// The name to keep: offset and part of speech, as in the Open Multilingual Wordnet: `02084071-n`. Satellites end in
    /// `a` as other adjectives do.
    #[must_use]
    pub fn id(self) -> String {
        format!("{:08}-{}", self.offset(), self.pos().letter())
    }

    /// The name to read: first word, part of speech (`s` for satellites) and its sense number: `dog.n.01`.
    #[must_use]
    pub fn name(self) -> String {
        let Some(first) = self.senses().next() else { return self.id() };
        let kind = char::from(self.wordnet.file.bytes(&self.wordnet.layout.synset_kind)[self.number.index()]);
        format!("{}.{kind}.{:02}", first.lemma().replace(' ', "_"), first.number())
    }

    /// Byte offset in the database file, which names the synset in one version of WordNet.
    #[must_use]
    pub fn offset(self) -> u32 {
        self.wordnet.numbers(&self.wordnet.layout.synset_offset).get(self.number.index())
    }

    /// Part of speech.
    #[must_use]
    pub fn pos(self) -> PartOfSpeech {
        self.wordnet.pos_of(self.number)
    }

    /// Whether this is an adjective grouped around a head that it is similar to.
    #[must_use]
    pub fn is_satellite(self) -> bool {
        self.wordnet.file.bytes(&self.wordnet.layout.synset_kind)[self.number.index()] == b's'
    }

    /// The lexicographer file: a coarse field of meaning such as `noun.animal`.
    #[must_use]
    pub fn lexicographer_file(self) -> &'static str {
        let number = self.wordnet.file.bytes(&self.wordnet.layout.synset_file)[self.number.index()];
        LEXICOGRAPHER_FILES.get(usize::from(number)).copied().unwrap_or("unknown")
    }

    /// Definition and examples as they stand in the database.
    #[must_use]
    pub fn gloss(self) -> &'a str {
        let layout = &self.wordnet.layout;
        self.wordnet.texts(&layout.gloss_bound, &layout.gloss_text).get(self.number.index())
    }

    /// The gloss without its quoted examples.
    #[must_use]
    pub fn definition(self) -> String {
        let mut definition = String::new();
        let mut rest = self.gloss();
        while let Some((before, after)) = rest.split_once('"') {
            let Some((_, behind)) = after.split_once('"') else { break };
            definition.push_str(before);
            rest = behind;
        }
        definition.push_str(rest);
        definition.trim().trim_matches([';', ' ']).to_owned()
    }

    /// The quoted examples of the gloss.
    #[must_use]
    pub fn examples(self) -> Vec<&'a str> {
        let pieces: Vec<&str> = self.gloss().split('"').collect();
        let closed = pieces.len().saturating_sub(1);
        pieces[..closed].iter().skip(1).step_by(2).copied().collect()
    }

    /// Its words, in the order of the database.
    pub fn senses(self) -> impl ExactSizeIterator<Item = Sense<'a>> {
        let wordnet = self.wordnet;
        let row = wordnet.numbers(&wordnet.layout.synset_sense).row(self.number.index());
        row.map(move |number| Sense { wordnet, number: number as u32 })
    }

    /// Its words as spelled in the database, with spaces.
    pub fn words(self) -> impl ExactSizeIterator<Item = &'a str> {
        self.senses().map(Sense::word)
    }

    /// Everything it is linked to, in the order of the database.
    pub fn links(self) -> impl ExactSizeIterator<Item = Link<'a>> {
        let wordnet = self.wordnet;
        let row = wordnet.numbers(&wordnet.layout.synset_link).row(self.number.index());
        row.map(move |at| self.link(at))
    }

    fn link(self, at: usize) -> Link<'a> {
        let wordnet = self.wordnet;
        let code = wordnet.file.bytes(&wordnet.layout.link_relation)[at];
        let words = &wordnet.file.bytes(&wordnet.layout.link_words)[at * 2..at * 2 + 2];
        let target = wordnet.at(SynsetId(wordnet.numbers(&wordnet.layout.link_target).get(at)));
        Link {
            relation: Relation::from_code(code).unwrap_or(Relation::Also),
            target,
            source_sense: self.word_numbered(words[1]),
            target_sense: target.word_numbered(words[0]),
        }
    }

    /// The word with this number from 1; `None` for 0, which is the whole synset.
    fn word_numbered(self, number: u8) -> Option<Sense<'a>> {
        usize::from(number).checked_sub(1).and_then(|at| self.senses().nth(at))
    }

    /// What is linked by one relation.
    pub fn related(self, relation: Relation) -> impl Iterator<Item = Synset<'a>> {
        self.links().filter(move |link| link.relation == relation).map(|link| link.target)
    }

    /// Hypernyms and instance hypernyms.
    pub fn parents(self) -> impl Iterator<Item = Synset<'a>> {
        self.links().filter(|link| link.relation.is_upward()).map(|link| link.target)
    }

    /// Hyponyms and instance hyponyms.
    pub fn children(self) -> impl Iterator<Item = Synset<'a>> {
        self.links().filter(|link| link.relation.is_downward()).map(|link| link.target)
    }

    /// Links to a root of the taxonomy along the shortest hypernym path; 0 for a root.
    #[must_use]
    pub fn depth_min(self) -> u32 {
        self.depth(&self.wordnet.layout.synset_depth_min)
    }

    /// Links to a root of the taxonomy along the longest hypernym path; 0 for a root.
    #[must_use]
    pub fn depth_max(self) -> u32 {
        self.depth(&self.wordnet.layout.synset_depth_max)
    }

    fn depth(self, section: &std::ops::Range<usize>) -> u32 {
        let at = self.number.index() * 2;
        let bytes = &self.wordnet.file.bytes(section)[at..at + 2];
        u32::from(u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    /// How often its words were tagged with this meaning, in all.
    #[must_use]
    pub fn tag_count(self) -> u64 {
        self.senses().map(|sense| u64::from(sense.tag_count())).sum()
    }
}

impl<'a> Sense<'a> {
    /// The synset.
    #[must_use]
    pub fn synset(self) -> Synset<'a> {
        self.wordnet.at(SynsetId(self.field(&self.wordnet.layout.sense_synset)))
    }

    /// The word as spelled in the database, with spaces: `New York`.
    #[must_use]
    pub fn word(self) -> &'a str {
        let layout = &self.wordnet.layout;
        let form = self.field(&layout.sense_form) as usize;
        self.wordnet.texts(&layout.form_bound, &layout.form_text).get(form)
    }

    /// The word as looked up: in lower case.
    #[must_use]
    pub fn lemma(self) -> &'a str {
        self.wordnet.lemmas().get(self.field(&self.wordnet.layout.sense_lemma) as usize)
    }

    /// Rank among the senses of this word and part of speech, from 1 for the most frequent.
    #[must_use]
    pub fn number(self) -> u32 {
        let at = self.number as usize * 2;
        let bytes = &self.wordnet.file.bytes(&self.wordnet.layout.sense_number)[at..at + 2];
        u32::from(u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    /// How often this sense was tagged in the semantic concordances.
    #[must_use]
    pub fn tag_count(self) -> u32 {
        self.field(&self.wordnet.layout.sense_count)
    }

    /// Where an adjective may stand: `predicate`, `prenominal` or `postnominal`, if restricted.
    #[must_use]
    pub fn syntactic_marker(self) -> Option<&'static str> {
        match self.wordnet.file.bytes(&self.wordnet.layout.sense_marker)[self.number as usize] {
            1 => Some("predicate"),
            2 => Some("prenominal"),
            3 => Some("postnominal"),
            _ => None,
        }
    }

    /// The sense key, which names the sense across versions: `bank%1:17:01::` (`senseidx(5WN)`).
    #[must_use]
    pub fn key(self) -> String {
        let synset = self.synset();
        let kind = if synset.is_satellite() { 5 } else { synset.pos().index() + 1 };
        let file = self.wordnet.file.bytes(&self.wordnet.layout.synset_file)[synset.number.index()];
        let key = format!("{}%{kind}:{file:02}:{:02}:", self.lemma().replace(' ', "_"), self.lexical_id());
        let head = synset.related(Relation::SimilarTo).next().filter(|_| synset.is_satellite());
        match head.and_then(|head| head.senses().next()) {
            Some(head) => format!("{key}{}:{:02}", head.lemma().replace(' ', "_"), head.lexical_id()),
            None => format!("{key}:"),
        }
    }

    fn lexical_id(self) -> u8 {
        self.wordnet.file.bytes(&self.wordnet.layout.sense_lexical_id)[self.number as usize]
    }

    fn field(self, section: &std::ops::Range<usize>) -> u32 {
        self.wordnet.numbers(section).get(self.number as usize)
    }
}

impl WordNet {
    /// The synset with this number.
    ///
    /// # Panics
    /// If the number is of another compiled file and too large for this one.
    #[must_use]
    pub fn at(&self, number: SynsetId) -> Synset<'_> {
        assert!(number.index() < self.len(), "synset {} of {}", number.0, self.len());
        Synset { wordnet: self, number }
    }

    /// All synsets of a part of speech, by offset.
    pub fn all(&self, pos: PartOfSpeech) -> impl ExactSizeIterator<Item = Synset<'_>> {
        let range = self.pos_range(pos);
        range.map(|number| Synset { wordnet: self, number: SynsetId(number) })
    }

    pub(super) fn pos_range(&self, pos: PartOfSpeech) -> std::ops::Range<u32> {
        self.pos_bounds[pos.index()]..self.pos_bounds[pos.index() + 1]
    }

    pub(super) fn pos_of(&self, number: SynsetId) -> PartOfSpeech {
        let at = self.pos_bounds[1..4].iter().filter(|bound| **bound <= number.0).count();
        PartOfSpeech::ALL[at]
    }

    pub(super) fn numbers(&self, section: &std::ops::Range<usize>) -> Numbers<'_> {
        Numbers(self.file.bytes(section))
    }

    pub(super) fn texts(&self, bounds: &std::ops::Range<usize>, text: &std::ops::Range<usize>) -> Texts<'_> {
        Texts { bounds: self.numbers(bounds), text: self.file.bytes(text) }
    }

    pub(super) fn lemmas(&self) -> Texts<'_> {
        self.texts(&self.layout.lemma_bound, &self.layout.lemma_text)
    }
}

impl PartialEq for Synset<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Synset<'_> {}

impl std::hash::Hash for Synset<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

impl PartialOrd for Synset<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Synset<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.number.cmp(&other.number)
    }
}

impl fmt::Debug for Synset<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Synset({})", self.name())
    }
}

impl PartialEq for Sense<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Sense<'_> {}

impl fmt::Debug for Sense<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sense({})", self.key())
    }
}

/// Names of the lexicographer files by number (`lexnames(5WN)`).
const LEXICOGRAPHER_FILES: [&str; 45] = [
    "adj.all",
    "adj.pert",
    "adv.all",
    "noun.Tops",
    "noun.act",
    "noun.animal",
    "noun.artifact",
    "noun.attribute",
    "noun.body",
    "noun.cognition",
    "noun.communication",
    "noun.event",
    "noun.feeling",
    "noun.food",
    "noun.group",
    "noun.location",
    "noun.motive",
    "noun.object",
    "noun.person",
    "noun.phenomenon",
    "noun.plant",
    "noun.possession",
    "noun.process",
    "noun.quantity",
    "noun.relation",
    "noun.shape",
    "noun.state",
    "noun.substance",
    "noun.time",
    "verb.body",
    "verb.change",
    "verb.cognition",
    "verb.communication",
    "verb.competition",
    "verb.consumption",
    "verb.contact",
    "verb.creation",
    "verb.emotion",
    "verb.motion",
    "verb.perception",
    "verb.possession",
    "verb.social",
    "verb.stative",
    "verb.weather",
    "adj.ppl",
];
