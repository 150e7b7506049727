//! Hard and soft tokens together: keyword and static ranking fused, then asked a second time with what the first answers say.
//!
//! The score is linear in its parts, so that it can be taken apart again: for each reading of the query (as it came, and with
//! feedback) a factor times BM25 plus a factor times the cosine. The factors follow the query, see [`super::fusion`].

use super::explained::{Carried, Explained};
use super::fusion::{
    Evidence, Fusion, HybridSettings, Knowledge, feedback_share, flatness, static_weight, weakness,
};
use super::phrases::Phrases;
use super::{KeywordRetriever, MatchPart, Mode, Ranked, Retriever, StaticRetriever, distinct, feedback};
use crate::error::Result;
use crate::index::keyword::{KeywordIndex, KeywordOptions, LookedUp, Scores, WeightedTerm};
use crate::linalg;
use crate::text::{Analysis, han_pairs, is_stop_word};
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// Documents that each ranking gives to the fusion, at least.
const POOL: usize = 200;
/// What pairs of Chinese characters count for beside words.
const PAIRS: f32 = 0.5;
/// First answers by keywords that are looked through for a phrase of the query.
const PHRASE_DOCUMENTS: usize = 5;
/// Longer queries have words enough to be sure of.
const GUARDED_WORDS_MAX: usize = 64;

/// Fetches documents by row and analyses them; those that are gone are left out.
pub type Texts<'a> = dyn Fn(&[i64]) -> Result<Vec<(i64, Rc<Analysis>)>> + 'a;

/// Keyword and static ranking fused, with feedback.
pub struct HybridRetriever<'a> {
    index: &'a KeywordIndex,
    soft: Option<(StaticRetriever<'a>, Knowledge)>,
    texts: &'a Texts<'a>,
    settings: HybridSettings,
    options: KeywordOptions<'a>,
    /// The last query, how it was read, and what was found: each of its hits is explained by the same readings.
    last: RefCell<Option<Rc<Answer>>>,
}

struct Answer {
    words: Vec<String>,
    limit: usize,
    readings: Vec<Reading>,
    /// For reciprocal ranks: the places of each document in the two rankings, from 1.
    places: HashMap<i64, [Option<usize>; 2]>,
    ranked: Vec<Ranked>,
}

/// A way to ask: terms for the keywords, a vector for the static ranking, and what their scores count for in the end.
#[derive(Default)]
struct Reading {
    terms: Vec<WeightedTerm>,
    /// How many of the terms, the first, are the query's own.
    own_terms: usize,
    /// What these count for beside their weight in the query as it came.
    of_own_terms: f32,
    /// Length 1: `of_query` · the query's vector + `of_feedback`.
    vector: Option<Vec<f32>>,
    of_query: f32,
    of_feedback: Option<Vec<f32>>,
    keyword_factor: f32,
    static_factor: f32,
    /// The terms, each with the form in which it is looked for, once a hit is explained.
    looked_up: OnceCell<Vec<(String, LookedUp)>>,
}

/// Documents with both scores, BM25 and cosine, the latter at least 0.
struct Candidates {
    scores: FxHashMap<i64, (f32, f32)>,
    /// Highest of each.
    most: (f32, f32),
    scored: Scores,
    /// The two rankings, best first.
    keyword: Vec<Ranked>,
    statics: Vec<Ranked>,
}

impl Candidates {
    /// The factors of the two scores: the highest weighed sum is 1.
    fn factors(&self, weight: f32) -> (f32, f32) {
        let part = |weight: f32, most: f32| if most > 0.0 { weight / most } else { 0.0 };
        let factors = (part(1.0 - weight, self.most.0), part(weight, self.most.1));
        let most = self.scores.values().map(|scores| weighed(factors, *scores)).fold(0.0, f32::max);
        if most > 0.0 { (factors.0 / most, factors.1 / most) } else { factors }
    }
}

fn weighed(factors: (f32, f32), scores: (f32, f32)) -> f32 {
    factors.0 * scores.0 + factors.1 * scores.1
}

/// By falling score, then rising row; what scores nothing is left out.
fn ranked(scores: impl Iterator<Item = (i64, f32)>) -> Vec<Ranked> {
    let mut ranked: Vec<Ranked> =
        scores.filter(|(_, score)| *score > 0.0).map(|(seq, score)| Ranked { seq, score }).collect();
    ranked.sort_unstable_by(best_first);
    ranked
}

fn best_first(a: &Ranked, b: &Ranked) -> Ordering {
    b.score.total_cmp(&a.score).then(a.seq.cmp(&b.seq))
}

impl<'a> HybridRetriever<'a> {
    /// Fuses the keyword index with the static ranking, if there is one. `texts` reads the first answers.
    #[must_use]
    pub fn new(
        index: &'a KeywordIndex,
        soft: Option<(StaticRetriever<'a>, Knowledge)>,
        texts: &'a Texts<'a>,
        settings: HybridSettings,
    ) -> Self {
        let options = KeywordOptions::default();
        Self { index, soft, texts, settings, options, last: RefCell::default() }
    }

    /// Looks for keywords by these options; what they select holds for the static ranking only if it was told too.
    #[must_use]
    pub fn with_options(self, options: KeywordOptions<'a>) -> Self {
        Self { options, ..self }
    }

    fn answer(&self, words: &[String], limit: usize) -> Result<Rc<Answer>> {
        let known = self.last.borrow().clone();
        if let Some(known) = known.filter(|known| known.words == words && known.limit >= limit) {
            return Ok(known);
        }
        let answer = Rc::new(match self.settings.fusion {
            Fusion::Convex => self.convex(words, limit)?,
            Fusion::Rrf => self.reciprocal_ranks(words, limit)?,
        });
        *self.last.borrow_mut() = Some(Rc::clone(&answer));
        Ok(answer)
    }

    fn convex(&self, words: &[String], limit: usize) -> Result<Answer> {
        let pool = limit.max(POOL);
        let mut first = self.with_pairs(self.as_it_came(words), words);
        let candidates = self.candidates(&first, pool, None)?;
        let evidence = self.evidence(words, &first, &candidates.keyword)?;
        let weight = match &self.soft {
            Some((_, known)) if first.vector.is_some() => static_weight(&self.settings, &evidence, *known),
            _ => 0.0,
        };
        let factors = candidates.factors(weight);
        (first.keyword_factor, first.static_factor) = factors;
        let own = |scores: &(f32, f32)| weighed(factors, *scores);
        let mut found = ranked(candidates.scores.iter().map(|(seq, scores)| (*seq, own(scores))));
        let known = self.known();
        let share = feedback_share(&self.settings, &evidence, known);
        let mut readings = vec![first];
        if share > 0.0
            && let Some(second) = self.with_feedback(&readings[0], &found)?
        {
            readings.push(second);
            found = self.asked_again(&mut readings, candidates, (weight, share, pool))?;
        }
        found.truncate(limit);
        Ok(Answer { words: words.to_vec(), limit, readings, places: HashMap::new(), ranked: found })
    }

    /// Both readings together: each document of either has both scores of both.
    fn asked_again(
        &self,
        readings: &mut [Reading],
        mut first: Candidates,
        (weight, share, pool): (f32, f32, usize),
    ) -> Result<Vec<Ranked>> {
        let mut again = self.candidates(&readings[1], pool, Some(&first.scored))?;
        let factors = again.factors(weight);
        (readings[1].keyword_factor, readings[1].static_factor) = (share * factors.0, share * factors.1);
        readings[0].keyword_factor *= 1.0 - share;
        readings[0].static_factor *= 1.0 - share;
        let theirs: Vec<i64> = again.scores.keys().copied().collect();
        let ours: Vec<i64> = first.scores.keys().copied().collect();
        self.extend(&mut first, &readings[0], &theirs)?;
        self.extend(&mut again, &readings[1], &ours)?;
        let factors = |reading: &Reading| (reading.keyword_factor, reading.static_factor);
        let (own, added) = (factors(&readings[0]), factors(&readings[1]));
        Ok(ranked(first.scores.iter().map(|(seq, scores)| {
            let second = again.scores.get(seq).copied().unwrap_or_default();
            (*seq, weighed(own, *scores) + weighed(added, second))
        })))
    }

    /// The query's distinct words, each for the same, and its vector.
    fn as_it_came(&self, words: &[String]) -> Reading {
        let all_function_words = words.iter().all(|word| is_stop_word(word));
        let mut forms = Vec::new();
        let mut terms: Vec<WeightedTerm> = Vec::new();
        for word in words.iter().filter(|word| all_function_words || !is_stop_word(word)) {
            let form = self.index.form(word, &self.options);
            if !forms.contains(&form) {
                forms.push(form);
                terms.push(WeightedTerm::of_words(vec![word.clone()], 1.0));
            }
        }
        let each = 1.0 / terms.len().max(1) as f32;
        terms.iter_mut().for_each(|term| term.weight = each);
        let soft = self.soft.as_ref();
        let vector = soft.and_then(|(soft, _)| soft.encoder().text(words.iter().map(String::as_str)));
        Reading {
            own_terms: terms.len(),
            of_own_terms: 1.0,
            terms,
            vector,
            of_query: 1.0,
            ..Reading::default()
        }
    }

    /// Chinese by pairs of characters too: half of what its keywords count for.
    fn with_pairs(&self, reading: Reading, words: &[String]) -> Reading {
        let mut pairs: Vec<String> = Vec::new();
        if self.index.has_pairs() {
            han_pairs(words.iter().map(|word| (word.as_str(), true)), |pair, _| {
                if !pairs.iter().any(|known| known == pair) {
                    pairs.push(pair.to_owned());
                }
            });
        }
        if pairs.is_empty() {
            return reading;
        }
        let each = PAIRS / pairs.len() as f32;
        let words = reading
            .terms
            .into_iter()
            .map(|term| WeightedTerm { weight: (1.0 - PAIRS) * term.weight, ..term });
        let terms: Vec<WeightedTerm> =
            words.chain(pairs.into_iter().map(|pair| WeightedTerm::of_pair(pair, each))).collect();
        Reading { own_terms: terms.len(), terms, ..reading }
    }

    /// Both scores of all documents that either ranking puts among its first `pool`. `own` are the scores by the query's own terms, of which
    /// `reading` has the share `of_own_terms`.
    fn candidates(&self, reading: &Reading, pool: usize, own: Option<&Scores>) -> Result<Candidates> {
        let terms: Vec<&WeightedTerm> = reading.terms.iter().collect();
        let scored = match own {
            Some(own) => {
                let begun = own.times(reading.of_own_terms);
                self.index.scores_with(begun, &terms[reading.own_terms..], &self.options)?
            }
            None => self.index.scores_weighted(&terms, &self.options)?,
        };
        let keyword = scored.top(self.index, pool).into_iter();
        let keyword: Vec<Ranked> =
            keyword.map(|(seq, score)| Ranked { seq: seq.cast_signed(), score }).collect();
        let statics = match (&self.soft, &reading.vector) {
            (Some((soft, _)), Some(vector)) => soft.nearest(vector, pool)?,
            _ => Vec::new(),
        };
        let scores = FxHashMap::with_capacity_and_hasher(keyword.len() + statics.len(), FxBuildHasher);
        let mut candidates = Candidates { scores, most: (0.0, 0.0), scored, keyword, statics };
        let seqs = candidates.keyword.iter().chain(&candidates.statics).map(|found| found.seq);
        let seqs: Vec<i64> = seqs.collect();
        self.extend(&mut candidates, reading, &seqs)?;
        let all = candidates.scores.values();
        candidates.most = all.fold((0.0, 0.0), |most, of| (most.0.max(of.0), most.1.max(of.1)));
        Ok(candidates)
    }

    /// Adds documents with both their scores.
    fn extend(&self, candidates: &mut Candidates, reading: &Reading, seqs: &[i64]) -> Result<()> {
        let mut missing: Vec<i64> =
            seqs.iter().copied().filter(|seq| !candidates.scores.contains_key(seq)).collect();
        missing.sort_unstable();
        missing.dedup();
        let cosines: FxHashMap<i64, f32> = match (&self.soft, &reading.vector) {
            (Some((soft, _)), Some(vector)) => soft.cosines(vector, &missing)?.into_iter().collect(),
            _ => FxHashMap::default(),
        };
        for seq in missing {
            let score = candidates.scored.score(self.index, seq.cast_unsigned());
            let cosine = cosines.get(&seq).copied().unwrap_or(0.0).max(0.0);
            candidates.scores.insert(seq, (score, cosine));
        }
        Ok(())
    }

    fn known(&self) -> Knowledge {
        self.soft.as_ref().map_or(Knowledge::NONE, |(_, known)| *known)
    }

    fn evidence(&self, query: &[String], reading: &Reading, keyword: &[Ranked]) -> Result<Evidence> {
        let flatness = flatness(keyword.iter().map(|found| found.score));
        let words = reading.terms.iter().filter(|term| !term.is_pair);
        let words: Vec<String> = words.flat_map(|term| term.words.clone()).collect();
        let has_pairs = words.len() < reading.terms.len();
        let best = keyword.first().map_or(0.0, |found| found.score);
        let second = keyword.get(1).map_or(0.0, |found| found.score);
        let lead = if best > 0.0 { 1.0 - second / best } else { 0.0 };
        let sure = Evidence {
            strength: 1.0,
            words: words.len() + usize::from(has_pairs),
            commonness: 0.0,
            lead,
            flatness,
            has_phrase: false,
        };
        if words.is_empty() || words.len() > GUARDED_WORDS_MAX {
            return Ok(sure);
        }
        let mut most = 0.0;
        for term in &reading.terms {
            most += self.index.most(term, &self.options)?;
        }
        let strength = (best / most.max(f32::MIN_POSITIVE)).min(1.0);
        let evidence = Evidence { strength, commonness: self.known().commonness(&words), ..sure };
        let has_phrase = weakness(&evidence) > 0.0 && self.holds_phrases(query, keyword)?;
        Ok(Evidence { has_phrase, ..evidence })
    }

    /// Whether one of the first answers holds most of the query in phrases of the query.
    fn holds_phrases(&self, query: &[String], keyword: &[Ranked]) -> Result<bool> {
        let Some(phrases) = Phrases::of(query, |word| self.index.form(word, &self.options)) else {
            return Ok(false);
        };
        let first: Vec<i64> = keyword.iter().take(PHRASE_DOCUMENTS).map(|found| found.seq).collect();
        let texts = (self.texts)(&first)?;
        let form = |word| self.index.form(word, &self.options);
        Ok(texts.iter().any(|(_, text)| phrases.are_mostly_in(text, form)))
    }

    /// The query with the words of its first answers (RM3), and with their mean vector (Rocchio 1971).
    fn with_feedback(&self, first: &Reading, ranked: &[Ranked]) -> Result<Option<Reading>> {
        let best = &ranked[..ranked.len().min(self.settings.feedback_documents)];
        let seqs: Vec<i64> = best.iter().map(|found| found.seq).collect();
        let texts = (self.texts)(&seqs)?;
        let weighed: Vec<(f32, &Analysis)> = best
            .iter()
            .filter_map(|found| {
                let text = texts.iter().find(|(seq, _)| *seq == found.seq);
                text.map(|(_, analysis)| (found.score, analysis.as_ref()))
            })
            .collect();
        if weighed.is_empty() {
            return Ok(None);
        }
        let count = self.settings.feedback_terms;
        let found = feedback::terms(&weighed, |word| self.index.form(word, &self.options), count);
        let of_terms = if found.is_empty() { 0.0 } else { self.settings.feedback_term_weight };
        let of_own_terms = 1.0 - of_terms;
        let own = first
            .terms
            .iter()
            .map(|term| WeightedTerm { weight: of_own_terms * term.weight, ..term.clone() });
        let added =
            found.iter().map(|(word, p)| WeightedTerm::of_words(vec![(*word).to_owned()], of_terms * p));
        let (own_terms, terms) = (first.terms.len(), own.chain(added).collect());
        let reading = Reading { own_terms, of_own_terms, terms, ..Reading::default() };
        Ok(Some(self.with_mean_vector(reading, first, &weighed)))
    }

    fn with_mean_vector(&self, reading: Reading, first: &Reading, documents: &[(f32, &Analysis)]) -> Reading {
        let (Some((soft, _)), Some(query)) = (&self.soft, &first.vector) else { return reading };
        let total: f32 = documents.iter().map(|(weight, _)| weight).sum();
        let mut mean = vec![0.0; query.len()];
        for (weight, document) in documents {
            if let Some(vector) = soft.encoder().text(document.tokens().map(|token| token.text)) {
                linalg::add_scaled(&mut mean, weight / total.max(f32::MIN_POSITIVE), &vector);
            }
        }
        mean.iter_mut().for_each(|value| *value *= self.settings.feedback_vector_weight);
        let mut vector = query.clone();
        linalg::add_scaled(&mut vector, 1.0, &mean);
        let length = linalg::normalize(&mut vector);
        if length <= 0.0 {
            return reading;
        }
        mean.iter_mut().for_each(|value| *value /= length);
        Reading { vector: Some(vector), of_query: 1.0 / length, of_feedback: Some(mean), ..reading }
    }

    fn reciprocal_ranks(&self, words: &[String], limit: usize) -> Result<Answer> {
        let first = self.as_it_came(words);
        let candidates = self.candidates(&first, limit.max(POOL), None)?;
        let mut places: HashMap<i64, [Option<usize>; 2]> = HashMap::new();
        for (which, list) in [&candidates.keyword, &candidates.statics].into_iter().enumerate() {
            for (found, place) in list.iter().zip(1..) {
                places.entry(found.seq).or_default()[which] = Some(place);
            }
        }
        let score =
            |places: &[Option<usize>; 2]| places.iter().map(|place| self.reciprocal(*place)).sum::<f32>();
        let mut ranked = ranked(places.iter().map(|(seq, places)| (*seq, score(places))));
        ranked.truncate(limit);
        Ok(Answer { words: words.to_vec(), limit, readings: vec![first], places, ranked })
    }

    fn reciprocal(&self, place: Option<usize>) -> f32 {
        place.map_or(0.0, |place| 1.0 / (self.settings.rrf_k + place as f32))
    }

    /// Everything that carries a hit's score, in the score's own units.
    fn carried<'w>(&self, answer: &'w Answer, seq: i64, document: &'w Analysis) -> Result<Vec<Carried<'w>>> {
        if self.settings.fusion == Fusion::Rrf {
            return self.carried_by_rank(answer, seq, document);
        }
        let mut carried = self.carried_by_words(answer, seq, document)?;
        if let Some((soft, _)) = &self.soft {
            carried.extend(carried_by_vectors(soft, answer, document));
        }
        Ok(carried)
    }

    /// A term of both readings counts once, for both.
    fn carried_by_words<'w>(
        &self,
        answer: &'w Answer,
        seq: i64,
        document: &'w Analysis,
    ) -> Result<Vec<Carried<'w>>> {
        let mut carried: Vec<Carried<'w>> = Vec::new();
        let written: HashSet<&str> = document.tokens().map(|token| token.text).collect();
        let mut held: HashMap<Cow<'_, str>, &str> = HashMap::new();
        for token in document.tokens() {
            held.entry(self.index.form(token.text, &self.options)).or_insert(token.text);
        }
        let has_pairs = answer.readings.iter().any(|reading| reading.terms.iter().any(|term| term.is_pair));
        let (asked_pairs, held_pairs) = if has_pairs {
            (
                words_of_pairs(answer.words.iter().map(|word| (word.as_str(), true))),
                words_of_pairs(document.adjoining()),
            )
        } else {
            Default::default()
        };
        for reading in &answer.readings {
            let looked_up = self.looked_up(reading)?;
            for (at, (term, (form, looked_up))) in reading.terms.iter().zip(looked_up).enumerate() {
                let held = if term.is_pair { held_pairs.get(form) } else { held.get(form.as_str()) };
                let Some(first) = held else { continue };
                let part = self.index.contribution(looked_up, seq.cast_unsigned())?;
                if part <= 0.0 {
                    continue;
                }
                let (word, is_own) = (term.words[0].as_str(), at < reading.own_terms);
                let word = if term.is_pair { asked_pairs.get(word).copied().unwrap_or(word) } else { word };
                let (query_word, of) =
                    if is_own { (word, MatchPart::Keyword) } else { ("", MatchPart::Feedback) };
                let document_word = if written.contains(word) { word } else { *first };
                let share = reading.keyword_factor * part;
                let is_same = |known: &&mut Carried<'w>| {
                    known.query_word == query_word && known.document_word == document_word
                };
                match carried.iter_mut().find(is_same) {
                    Some(known) => known.share += share,
                    None => carried
                        .push(Carried { part: Some(of), ..Carried::new(query_word, document_word, share) }),
                }
            }
        }
        Ok(carried)
    }

    fn looked_up<'r>(&self, reading: &'r Reading) -> Result<&'r [(String, LookedUp)]> {
        if reading.looked_up.get().is_none() {
            let look_up = |term: &WeightedTerm| {
                let form = self.index.form(&term.words[0], &self.options).into_owned();
                Ok((form, self.index.look_up(term, &self.options)?))
            };
            let found = reading.terms.iter().map(look_up).collect::<Result<Vec<_>>>()?;
            return Ok(reading.looked_up.get_or_init(|| found));
        }
        Ok(reading.looked_up.get().map_or(&[], Vec::as_slice))
    }

    fn carried_by_rank<'w>(
        &self,
        answer: &'w Answer,
        seq: i64,
        document: &'w Analysis,
    ) -> Result<Vec<Carried<'w>>> {
        let places = answer.places.get(&seq).copied().unwrap_or_default();
        let keyword = KeywordRetriever::new(self.index).with_options(self.options);
        let mut carried = Vec::new();
        let mut add = |part: MatchPart, score: f32, found: Vec<Carried<'w>>| {
            let total: f32 = found.iter().map(|found| found.share).sum();
            carried.extend(found.into_iter().map(|found| Carried {
                share: score * found.share / total.max(f32::MIN_POSITIVE),
                part: Some(part),
                ..found
            }));
        };
        let score = self.reciprocal(places[0]);
        if score > 0.0 {
            add(MatchPart::Keyword, score, keyword.carried(&answer.words, seq, document)?);
        }
        if let (Some((soft, _)), score) = (&self.soft, self.reciprocal(places[1]))
            && score > 0.0
        {
            add(MatchPart::Static, score, soft.carried(&answer.words, document));
        }
        Ok(carried)
    }
}

/// For each pair of Chinese characters the word that it begins in, the first one.
fn words_of_pairs<'w>(words: impl Iterator<Item = (&'w str, bool)>) -> HashMap<String, &'w str> {
    let words: Vec<(&str, bool)> = words.collect();
    let mut found: HashMap<String, &str> = HashMap::new();
    han_pairs(words.iter().copied(), |pair, at| {
        if !found.contains_key(pair) {
            found.insert(pair.to_owned(), words[at].0);
        }
    });
    found
}

/// The cosines taken apart: pairs of query word and document word, and what the first answers' vector adds to a document word. What two
/// readings say of a pair is one piece.
fn carried_by_vectors<'w>(
    soft: &StaticRetriever<'_>,
    answer: &'w Answer,
    document: &'w Analysis,
) -> Vec<Carried<'w>> {
    let query = soft.parts(answer.words.iter().map(String::as_str));
    let parts = soft.parts(document.tokens().map(|token| token.text));
    let (of_query, of_document) = (soft.sum(&query), soft.sum(&parts));
    let (query_length, document_length) = (linalg::norm(&of_query), linalg::norm(&of_document));
    if query_length <= 0.0 || document_length <= 0.0 {
        return Vec::new();
    }
    // A cosine below 0 counts as 0 in the score.
    let counts = |reading: &&Reading| {
        reading.vector.as_ref().is_some_and(|vector| linalg::dot(vector, &of_document) > 0.0)
    };
    let readings: Vec<&Reading> = answer.readings.iter().filter(counts).collect();
    let own: f32 = readings.iter().map(|reading| reading.static_factor * reading.of_query).sum();
    let vectors: Vec<Vec<f32>> = query.iter().map(|part| soft.sum(std::slice::from_ref(part))).collect();
    let scale = own / (query_length * document_length);
    let mut carried = Vec::with_capacity(parts.len() * (query.len() + 1));
    for part in &parts {
        for (of, vector) in query.iter().zip(&vectors) {
            let found = Carried::new(of.word, part.word, scale * soft.dot(vector, part));
            carried.push(Carried { part: Some(MatchPart::Static), ..found });
        }
        for reading in &readings {
            if let Some(mean) = &reading.of_feedback {
                let share = reading.static_factor * soft.dot(mean, part) / document_length;
                let found = Carried::new("", part.word, share);
                carried.push(Carried { similarity: 0.0, part: Some(MatchPart::Feedback), ..found });
            }
        }
    }
    carried
}

impl Retriever for HybridRetriever<'_> {
    fn mode(&self) -> Mode {
        Mode::Hybrid
    }

    fn retrieve(&self, words: &[String], limit: usize) -> Result<Vec<Ranked>> {
        let answer = self.answer(words, limit)?;
        Ok(answer.ranked[..answer.ranked.len().min(limit)].to_vec())
    }

    fn explain(&self, words: &[String], seq: i64, document: &Analysis) -> Result<Explained> {
        let answer = self.answer(words, 1)?;
        let carried = self.carried(&answer, seq, document)?;
        let explained =
            Explained::of(&carried, &[MatchPart::Keyword, MatchPart::Static, MatchPart::Feedback]);
        Ok(match &self.soft {
            Some((soft, _)) => soft.compared(explained),
            None => explained,
        })
    }

    /// Words that neither ranking knows.
    fn unknown(&self, words: &[String]) -> Result<Vec<String>> {
        let mut unknown = Vec::new();
        for word in distinct(words) {
            let has_vector = self.soft.as_ref().is_some_and(|(soft, _)| soft.encoder().word(word).is_some());
            if !has_vector && self.index.matching_count(word, &self.options)? == 0 {
                unknown.push(word.clone());
            }
        }
        Ok(unknown)
    }
}
