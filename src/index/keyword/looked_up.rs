//! Terms looked up once, to tell what they contribute to many documents: a look into the dictionary takes longer than one into a posting list.

use super::bm25::TermScorer;
use super::parts::Part;
use super::{KeywordIndex, KeywordOptions, WeightedTerm, failed};
use crate::error::Result;
use tantivy::Term;
use tantivy::postings::TermInfo;

/// A weighted term as one index has it.
#[derive(Debug)]
pub struct LookedUp {
    words: Vec<Word>,
    boost: f32,
}

#[derive(Debug)]
struct Word {
    term: Term,
    scorer: TermScorer,
    /// Where its occurrences stand, in each part of the index.
    places: Vec<Option<TermInfo>>,
}

impl KeywordIndex {
    /// Looks a term up.
    ///
    /// # Errors
    /// [`crate::error::Error::Library`] if the index cannot be read.
    pub fn look_up(&self, weighted: &WeightedTerm, options: &KeywordOptions<'_>) -> Result<LookedUp> {
        let word = |word: &String| {
            let Some(term) = self.weighted_term(weighted, word, options) else { return Ok(None) };
            let place = |part: &Part| part.place(&term).map_err(failed(&self.folder));
            let places = self.parts.iter().map(place).collect::<Result<Vec<_>>>()?;
            let holding = places.iter().flatten().map(|place| u64::from(place.doc_freq)).sum();
            let scorer = TermScorer::new(options.bm25, self.documents, holding, self.mean_length);
            Ok(Some(Word { term, scorer, places }))
        };
        let words = weighted.words.iter().filter_map(|of| word(of).transpose()).collect::<Result<_>>()?;
        Ok(LookedUp { words, boost: weighted.boost() })
    }

    /// What a term contributes to a document's score in [`KeywordIndex::search_weighted`], 0 where the document does not hold it.
    ///
    /// # Errors
    /// [`crate::error::Error::Library`] if the index cannot be read.
    pub fn contribution(&self, looked_up: &LookedUp, seq: u64) -> Result<f32> {
        let found =
            self.parts.iter().enumerate().find_map(|(at, part)| Some((at, part, part.document(seq)?)));
        let Some((at, part, doc)) = found else { return Ok(0.0) };
        let mut sum = 0.0;
        for Word { term, scorer, places } in &looked_up.words {
            let tf = match &places[at] {
                Some(place) => part.occurrences_at(term, place, doc).map_err(failed(&self.folder))?,
                None => 0,
            };
            if tf == 0 {
                return Ok(0.0);
            }
            sum += scorer.score(tf as f32, part.lengths[doc as usize]);
        }
        Ok(sum * looked_up.boost)
    }
}
