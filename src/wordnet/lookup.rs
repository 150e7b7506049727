//! From a word, an id, a name or a sense key to synsets.

use super::languages::ENGLISH;
use super::morphy::normalised;
use super::read::tab::parse_id;
use super::{PartOfSpeech, Sense, Synset, SynsetId, WordNet};
use crate::error::{Error, Result};

impl WordNet {
    /// The senses of an English word, inflected or not, most frequent first; by part of speech where none is given.
    /// Empty for an unknown word.
    ///
    /// Where the word as written is no lemma, other spellings of a compound are tried (`hot-dog`, `attorneys general`).
    #[must_use]
    pub fn senses(&self, word: &str, pos: Option<PartOfSpeech>) -> Vec<Sense<'_>> {
        let form = normalised(word);
        let found = self.senses_of_form(&form, pos);
        if !found.is_empty() {
            return found;
        }
        let compounds = self.other_spellings(&form);
        compounds
            .iter()
            .map(|form| self.senses_of_form(form, pos))
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }

    fn senses_of_form(&self, form: &str, pos: Option<PartOfSpeech>) -> Vec<Sense<'_>> {
        let all = &PartOfSpeech::ALL[..];
        let wanted = pos.as_ref().map_or(all, std::slice::from_ref);
        let mut senses = Vec::new();
        for &pos in wanted {
            for lemma in self.base_lemmas(form, pos) {
                senses.extend(self.senses_of_lemma(lemma, pos));
            }
        }
        senses
    }

    pub(super) fn senses_of_lemma(&self, lemma: usize, pos: PartOfSpeech) -> impl Iterator<Item = Sense<'_>> {
        let ordered = self.numbers(&self.layout.ordered_sense);
        let row = ordered.slice(self.sense_row(lemma, pos));
        row.iter().map(|number| Sense { wordnet: self, number })
    }

    /// A compound written otherwise: hyphens and spaces exchanged or left out, dots left out, each part as its base form.
    fn other_spellings(&self, form: &str) -> Vec<String> {
        let mut spellings = Vec::new();
        if form.contains(['-', ' ', '.']) {
            spellings.extend([form.replace('-', " "), form.replace(' ', "-"), form.replace(['-', ' '], "")]);
            spellings.push(form.replace('.', ""));
            let parts: Vec<&str> = form.split([' ', '-']).filter(|part| !part.is_empty()).collect();
            spellings.extend(self.compound_of(&parts).map(str::to_owned));
        }
        spellings
    }

    /// The synsets of a word in a language, each once, most frequent first.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a language that was not added.
    pub fn synsets(&self, word: &str, pos: Option<PartOfSpeech>, language: &str) -> Result<Vec<Synset<'_>>> {
        let Some(language) = self.language(language)? else {
            let mut synsets: Vec<Synset<'_>> = Vec::new();
            for sense in self.senses(word, pos) {
                if !synsets.contains(&sense.synset()) {
                    synsets.push(sense.synset());
                }
            }
            return Ok(synsets);
        };
        let form = normalised(word);
        let numbers = language.synsets(self, &form);
        let synsets = numbers.map(|number| self.at(SynsetId(number)));
        Ok(synsets.filter(|synset| pos.is_none_or(|pos| synset.pos() == pos)).collect())
    }

    /// The synsets of a word that must be known.
    ///
    /// # Errors
    /// [`Error::NotFound`] with near spellings for an unknown word, and for a language that was not added.
    pub fn known_synsets(
        &self,
        word: &str,
        pos: Option<PartOfSpeech>,
        language: &str,
    ) -> Result<Vec<Synset<'_>>> {
        let synsets = self.synsets(word, pos, language)?;
        if !synsets.is_empty() {
            return Ok(synsets);
        }
        let nearest = self.near_spellings(word, language, 5)?;
        Err(Error::NotFound { kind: "word", name: word.chars().take(80).collect(), nearest })
    }

    /// A synset by its id (`02084071-n`), its name (`dog.n.01`) or a sense key (`dog%1:05:00::`).
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none.
    pub fn synset(&self, name: &str) -> Result<Synset<'_>> {
        let found = parse_id(name)
            .and_then(|(offset, pos)| self.by_offset(pos, offset))
            .or_else(|| self.by_name(name))
            .or_else(|| self.sense_by_key(name).map(Sense::synset));
        found.ok_or_else(|| {
            let word = name.split(['.', '%']).next().unwrap_or_default();
            let nearest = self.synsets(word, None, ENGLISH).unwrap_or_default();
            let nearest = nearest.into_iter().take(5).map(Synset::name).collect();
            Error::NotFound { kind: "synset", name: name.chars().take(80).collect(), nearest }
        })
    }

    /// The synset that stands at a byte offset of the database file of `pos`.
    #[must_use]
    pub fn by_offset(&self, pos: PartOfSpeech, offset: u32) -> Option<Synset<'_>> {
        let range = self.pos_range(pos);
        let offsets = self.numbers(&self.layout.synset_offset);
        let at = offsets.lower_bound(range.start as usize..range.end as usize, offset);
        (at < range.end as usize && offsets.get(at) == offset).then(|| self.at(SynsetId(at as u32)))
    }

    /// `dog.n.01`: lemma, part of speech, sense number.
    fn by_name(&self, name: &str) -> Option<Synset<'_>> {
        let mut parts = name.rsplitn(3, '.');
        let (number, letter, lemma) = (parts.next()?, parts.next()?, parts.next()?);
        let (pos, number) = (PartOfSpeech::from_letter(letter)?, number.parse::<u32>().ok()?);
        let lemma = self.lemmas().find(&normalised(lemma))?;
        self.senses_of_lemma(lemma, pos).find(|sense| sense.number() == number).map(Sense::synset)
    }

    /// The sense with this key (`senseidx(5WN)`): `bank%1:17:01::`.
    #[must_use]
    pub fn sense_by_key(&self, key: &str) -> Option<Sense<'_>> {
        let (lemma, rest) = key.split_once('%')?;
        let kind: usize = rest.split(':').next()?.parse().ok()?;
        let pos =
            if kind == 5 { PartOfSpeech::Adjective } else { *PartOfSpeech::ALL.get(kind.checked_sub(1)?)? };
        let lemma = self.lemmas().find(&normalised(lemma))?;
        let key = key.to_lowercase();
        self.senses_of_lemma(lemma, pos).find(|sense| sense.key() == key)
    }
}
