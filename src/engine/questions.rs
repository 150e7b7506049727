//! Questions about texts: each takes one generation, and keeps it to its end.

use super::answers::{Analyzed, AnalyzedToken, Hit, SearchAnswer};
use super::requests::{HighlightRequest, KeywordRequest, Page, SearchRequest, Syntax};
use super::senses::{Chooser, named_induced};
use super::texts::{ReadText, ReadTexts};
use super::{Engine, ExpansionRequest, Generation, highlight};
use crate::error::{Error, Result};
use crate::index::keyword::{
    Bm25, Expression, Facet, FilterRequest, KeywordIndex, KeywordOptions, Selection, SortBy, Weights,
    check_facets, sort_by,
};
use crate::search::{
    ContextualRetriever, ContextualSettings, Explained, HybridRetriever, HybridSettings, KeywordRetriever,
    MatchPart, Mode, NeighboursRetriever, Ranked, Retriever, StaticRetriever, WordNetRetriever,
};
use crate::text::Analyzer;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

/// Longest query or text to analyse, in bytes.
pub const QUERY_BYTES_MAX: usize = 64 << 10;

/// Senses of which documents hold one.
const SENSES_MAX: usize = 20;

/// Hits of a mode that ranks all documents, from which those that are sorted by a field are taken.
const SORTED_MAX: usize = 1000;

impl Engine {
    /// Documents that answer a query.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty or overlong query or a limit out of range; [`Error::NotFound`]; [`Error::NotReady`] if the
    /// mode needs a model that has not been trained.
    pub fn search(&self, collection: &str, request: &SearchRequest) -> Result<SearchAnswer> {
        let page = Page::new(request.limit, request.offset)?;
        check_query(&request.query)?;
        request.highlight.iter().try_for_each(HighlightRequest::check)?;
        let facets = request.facets.as_deref().unwrap_or_default();
        check_facets(facets)?;
        let sort = sort_by(request.sort.as_deref().unwrap_or_default())?;
        let generation = self.generation(collection)?;
        let keyword = request.keyword.clone().unwrap_or_default();
        let hard = Hard::new(&generation, &request.query, &keyword, request.filter.as_ref())?;
        let hard = self.in_sense(&generation, hard, request.sense.as_deref(), request.sense_first)?;
        let expansion = request.wordnet.clone().unwrap_or_default();
        let highlight = request.highlight.as_ref();
        let question = Question {
            query: &request.query,
            hard: &hard,
            how: Reading {
                expansion: &expansion,
                hybrid: self.hybrid_settings(collection, request.hybrid)?,
                contextual: checked(request.contextual)?,
                recall: checked_recall(request.recall)?,
            },
            page,
            facets,
            sort: &sort,
            highlight,
        };
        self.answer(&generation, &question, request.mode)
    }

    /// A text as every part sees it.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an overlong text; [`Error::NotFound`] for an unknown collection.
    pub fn analyze(&self, collection: &str, text: &str) -> Result<Analyzed> {
        check_length("text", text)?;
        let generation = self.generation(collection)?;
        let vocabulary = generation.encoder().ok().map(|encoder| encoder.vectors().vocabulary());
        let analysis = Analyzer.analyze(text);
        let tokens = analysis.tokens().map(|token| {
            let id = vocabulary.and_then(|vocabulary| vocabulary.id(token.text));
            Ok(AnalyzedToken {
                text: token.text.to_owned(),
                start: token.range.start,
                end: token.range.end,
                sentence: token.sentence,
                documents: generation.keyword().document_count(token.text)?,
                count: vocabulary.zip(id).map(|(vocabulary, id)| vocabulary.count(id)),
            })
        });
        Ok(Analyzed { tokens: tokens.collect::<Result<_>>()? })
    }

    /// A document by its id.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub fn document(&self, collection: &str, id: &str) -> Result<crate::text::Document> {
        let row = self.row(collection)?;
        Ok(self.store.document(row.key, id)?.document)
    }

    /// One mode's answer.
    pub(super) fn answer(
        &self,
        generation: &Generation,
        question: &Question<'_>,
        mode: Mode,
    ) -> Result<SearchAnswer> {
        let start = Instant::now();
        let Question { query, hard, page, .. } = question;
        let texts = ReadTexts::new(&self.store);
        let found = match &hard.others {
            None => self.found(generation, question, mode, &texts)?,
            Some(others) => self.found_in_turn(generation, question, others, mode, &texts)?,
        };
        let passing = hard.passing();
        let nothing = passing.is_some_and(Selection::is_empty);
        let empty_because = found.hits.is_empty().then(|| match nothing {
            true => "no document passes the filter".to_owned(),
            false if found.total_hits > 0 && page.offset > 0 => "there are no hits so far down".to_owned(),
            false => empty_because(generation, mode, &hard.words, &found.unknown_words),
        });
        Ok(SearchAnswer {
            mode,
            query: (*query).to_owned(),
            words: hard.words.clone(),
            offset: page.offset,
            limit: page.limit,
            total_hits: found.total_hits,
            filtered_documents: passing.map(|selection| selection.len() as u64),
            hits: found.hits,
            facets: found.facets,
            unknown_words: found.unknown_words,
            empty_because,
            processing_time_ms: start.elapsed().as_secs_f64() * 1e3,
        })
    }

    fn found(
        &self,
        generation: &Generation,
        question: &Question<'_>,
        mode: Mode,
        texts: &ReadTexts<'_>,
    ) -> Result<Found> {
        self.read(generation, &question.how, Some(question.hard), mode, texts, |retriever| {
            found(generation, question, retriever, texts)
        })
    }

    /// The documents of the selection, then the others, each in their order.
    fn found_in_turn(
        &self,
        generation: &Generation,
        question: &Question<'_>,
        others: &Others,
        mode: Mode,
        texts: &ReadTexts<'_>,
    ) -> Result<Found> {
        let ask = |selection: Option<&Selection>, page: Page, facets| {
            let hard = Hard { selection: selection.cloned(), others: None, ..question.hard.clone() };
            self.found(generation, &Question { hard: &hard, page, facets, ..*question }, mode, texts)
        };
        let page = question.page;
        let mut found = ask(question.hard.selection.as_ref(), page, &[])?;
        let passed = usize::try_from(found.total_hits).unwrap_or(usize::MAX);
        let left = page.limit - found.hits.len();
        let rest = Page { offset: page.offset.saturating_sub(passed), limit: left.max(1) };
        let then = ask(Some(&others.rest), rest, &[])?;
        for hit in then.hits.into_iter().take(left) {
            found.hits.push(Hit { rank: page.offset + found.hits.len() + 1, ..hit });
        }
        found.total_hits += then.total_hits;
        if !question.facets.is_empty() {
            let first = Page { offset: 0, limit: 1 };
            found.facets = ask(others.filter.as_ref(), first, question.facets)?.facets;
        }
        Ok(found)
    }

    /// Asks one mode's retriever about plain words; the default, nothing found, where no document can be found that way.
    pub(super) fn read_as<T: Default>(
        &self,
        generation: &Generation,
        how: &Reading<'_>,
        mode: Mode,
        question: impl FnOnce(&dyn Retriever) -> Result<T>,
    ) -> Result<T> {
        self.read(generation, how, None, mode, &ReadTexts::new(&self.store), question)
    }

    /// The same query, of documents that hold a word in one of these senses; with `first`, of the others after them.
    pub(super) fn in_sense(
        &self,
        generation: &Generation,
        hard: Hard,
        senses: Option<&[String]>,
        first: bool,
    ) -> Result<Hard> {
        let Some(senses) = senses.filter(|senses| !senses.is_empty()) else {
            if first {
                let cure = "name senses in sense, or leave sense_first out";
                return Err(Error::invalid("sense_first", "senses that come first", "none", cure));
            }
            return Ok(hard);
        };
        if senses.len() > SENSES_MAX {
            let expected = format!("at most {SENSES_MAX} senses");
            return Err(Error::invalid("sense", expected, senses.len(), "ask for fewer"));
        }
        let selection = self.holding_senses(generation, senses, hard.selection.as_ref())?;
        let others = || -> Result<Others> {
            let rest = generation.keyword().select_others(&selection, hard.selection.as_ref())?;
            Ok(Others { rest, filter: hard.selection.clone() })
        };
        let others = first.then(others).transpose()?;
        Ok(Hard { selection: Some(selection), others, ..hard })
    }

    fn read<T: Default>(
        &self,
        generation: &Generation,
        how: &Reading<'_>,
        hard: Option<&Hard>,
        mode: Mode,
        texts: &ReadTexts<'_>,
        question: impl FnOnce(&dyn Retriever) -> Result<T>,
    ) -> Result<T> {
        let options = hard.map(Hard::options).unwrap_or_default();
        let texts = |seqs: &[i64]| {
            let read = texts.read(seqs)?.into_iter();
            Ok(read.map(|text| (text.stored.seq, text.analysis)).collect())
        };
        match mode {
            Mode::Keyword => {
                let retriever = KeywordRetriever::new(generation.keyword()).with_options(options);
                question(&retriever.with_expression(hard.and_then(|hard| hard.expression.as_ref())))
            }
            Mode::Wordnet => {
                let wordnet = self.wordnet()?;
                let chooser = match how.expansion.disambiguate {
                    Some(true) => Some(self.chooser(Some(generation), Arc::clone(&wordnet))?),
                    _ => None,
                };
                let disambiguator = chooser.as_ref().map(Chooser::disambiguator);
                let mut senses = how.expansion.senses(&wordnet, disambiguator)?;
                senses.induced = named_induced(generation, how.expansion.named.iter().flatten())?;
                let expansion = how.expansion.expansion(&wordnet)?;
                let retriever = WordNetRetriever::new(generation.keyword(), &wordnet, expansion);
                question(&retriever.with_options(options).with_senses(senses))
            }
            Mode::Neighbours => {
                let retriever = NeighboursRetriever::new(generation.keyword(), generation.encoder()?);
                question(&retriever.with_options(options))
            }
            Mode::Static => match generation.documents()? {
                Some((index, seqs)) => {
                    let rows = options.selection.map(|selection| selection.rows_of(seqs));
                    let retriever = StaticRetriever::new(generation.encoder()?, index, seqs);
                    question(&retriever.with_filter(rows).with_recall(how.recall))
                }
                None => Ok(T::default()),
            },
            Mode::Contextual => match generation.contextual_documents()? {
                Some(documents) => {
                    let rows = options.selection.map(|selection| selection.rows_of(documents.seqs));
                    let (encoder, settings) = (generation.context()?, how.contextual.unwrap_or_default());
                    let retriever = ContextualRetriever::new(encoder, documents, &texts, settings);
                    question(&retriever.with_filter(rows).with_recall(how.recall))
                }
                None => Ok(T::default()),
            },
            Mode::Hybrid => {
                let (keyword, soft) = (generation.keyword(), generation.soft(options.selection)?);
                let soft = soft.map(|(soft, known)| (soft.with_recall(how.recall), known));
                let settings = how.hybrid.unwrap_or_default();
                question(&HybridRetriever::new(keyword, soft, &texts, settings).with_options(options))
            }
        }
    }
}

fn found(
    generation: &Generation,
    question: &Question<'_>,
    retriever: &dyn Retriever,
    texts: &ReadTexts<'_>,
) -> Result<Found> {
    let (index, words, page) = (generation.keyword(), &question.hard.words, question.page);
    let answering = retriever.answering(words)?;
    let ranked = match &answering {
        Some(all) if question.sort.is_empty() => all.top(index, page.end()),
        Some(all) => index.sorted(all, question.sort, 0, page.end())?,
        None => {
            let wanted = if question.sort.is_empty() { page.end() } else { SORTED_MAX.max(page.end()) };
            let ranked = retriever.retrieve(words, wanted)?;
            let ranked = ranked.into_iter().map(|found| (found.seq.cast_unsigned(), found.score));
            if question.sort.is_empty() {
                ranked.collect()
            } else {
                index.sorted(&index.found(ranked)?, question.sort, 0, page.end())?
            }
        }
    };
    let selection = question.hard.selection.as_ref();
    let total_hits = match (&answering, selection) {
        (Some(all), _) => all.total(),
        (None, Some(selection)) => selection.len() as u64,
        (None, None) => index.len(),
    };
    let mut facets = BTreeMap::new();
    if !question.facets.is_empty() {
        let all = answering.unwrap_or_else(|| index.unscored(selection));
        for (at, field) in question.facets.iter().enumerate() {
            facets.insert(field.clone(), index.facet(&all, field, &format!("facets/{at}"))?);
        }
    }
    let ranked: Vec<Ranked> = ranked
        .into_iter()
        .skip(page.offset)
        .map(|(seq, score)| Ranked { seq: seq.cast_signed(), score })
        .collect();
    Ok(Found {
        hits: hits((index, retriever), question, &ranked, texts)?,
        total_hits,
        facets,
        unknown_words: retriever.unknown(words)?,
    })
}

fn hits(
    with: (&KeywordIndex, &dyn Retriever),
    question: &Question<'_>,
    ranked: &[Ranked],
    texts: &ReadTexts<'_>,
) -> Result<Vec<Hit>> {
    let seqs: Vec<i64> = ranked.iter().map(|found| found.seq).collect();
    let read: HashMap<i64, ReadText> =
        texts.read(&seqs)?.into_iter().map(|text| (text.stored.seq, text)).collect();
    // A document deleted since the generation was built is no longer in the store.
    let present = ranked.iter().filter_map(|found| read.get(&found.seq).map(|text| (found, text)));
    present
        .enumerate()
        .map(|(place, (found, text))| {
            hit(with, question, question.page.offset + place + 1, found.score, text)
        })
        .collect()
}

/// What the modes are asked.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub query: &'a str,
    pub hard: &'a Hard,
    pub how: Reading<'a>,
    pub page: Page,
    pub facets: &'a [String],
    pub sort: &'a [SortBy],
    pub highlight: Option<&'a HighlightRequest>,
}

/// How the modes read a query.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub expansion: &'a ExpansionRequest,
    pub hybrid: Option<HybridSettings>,
    pub contextual: Option<ContextualSettings>,
    pub recall: Option<f32>,
}

/// A query as the keyword index reads it, and the documents that may answer in any mode.
#[derive(Clone)]
pub(super) struct Hard {
    pub words: Vec<String>,
    expression: Option<Expression>,
    bm25: Bm25,
    weights: Weights,
    as_written: bool,
    selection: Option<Selection>,
    others: Option<Others>,
}

/// Documents that follow those of a selection.
#[derive(Clone)]
struct Others {
    rest: Selection,
    /// What lets the selection and the rest through; `None` for everything.
    filter: Option<Selection>,
}

impl Hard {
    pub(super) fn new(
        generation: &Generation,
        query: &str,
        request: &KeywordRequest,
        filter: Option<&FilterRequest>,
    ) -> Result<Self> {
        let index = generation.keyword();
        let expression = match request.syntax {
            Syntax::Words => None,
            Syntax::Operators => Some(Expression::parse(query)?),
        };
        let words = expression.as_ref().map_or_else(|| Analyzer.words(query), Expression::words);
        let filter = filter.map(|filter| filter.parse("filter")).transpose()?;
        Ok(Self {
            words,
            expression,
            bm25: request.bm25()?,
            weights: request.weights(index, |field| generation.settings().weight(field))?,
            as_written: request.as_written,
            selection: filter.map(|filter| index.select(&filter)).transpose()?,
            others: None,
        })
    }

    /// The documents that may answer at all; `None` for all.
    fn passing(&self) -> Option<&Selection> {
        match &self.others {
            Some(others) => others.filter.as_ref(),
            None => self.selection.as_ref(),
        }
    }

    pub(super) fn options(&self) -> KeywordOptions<'_> {
        KeywordOptions {
            bm25: self.bm25,
            as_written: self.as_written,
            weights: Some(&self.weights),
            selection: self.selection.as_ref(),
        }
    }
}

/// What one mode found.
#[derive(Default)]
struct Found {
    hits: Vec<Hit>,
    total_hits: u64,
    facets: BTreeMap<String, Facet>,
    unknown_words: Vec<String>,
}

fn hit(
    (index, retriever): (&KeywordIndex, &dyn Retriever),
    question: &Question<'_>,
    rank: usize,
    score: f32,
    ReadText { stored, analysis }: &ReadText,
) -> Result<Hit> {
    let document = &stored.document;
    let explained = retriever.explain(&question.hard.words, stored.seq, analysis)?;
    let Explained { mut matches, rest, parts } = explained.shares(score);
    for found in &mut matches {
        let is_hard = match found.part {
            None => matches!(retriever.mode(), Mode::Keyword | Mode::Wordnet | Mode::Neighbours),
            Some(part) => part == MatchPart::Keyword,
        };
        if is_hard && !found.document_word.contains(' ') {
            let seq = stored.seq.cast_unsigned();
            found.bm25 = index.term_parts(&found.document_word, seq, &question.hard.options())?;
        }
    }
    let snippet = highlight::snippet(document, analysis, &matches);
    let (highlights, highlighted) = match question.highlight {
        Some(tags) => {
            let found = highlight::highlights(document, analysis, &matches, retriever);
            let shown = highlight::highlighted(document, &snippet, &found, tags);
            (Some(found), Some(shown))
        }
        None => (None, None),
    };
    Ok(Hit {
        rank,
        id: document.id.clone(),
        title: document.title.clone(),
        score,
        snippet: snippet.text,
        highlighted,
        highlights,
        matches,
        rest,
        parts,
        fields: document.fields.clone(),
    })
}

fn empty_because(generation: &Generation, mode: Mode, words: &[String], unknown: &[String]) -> String {
    if words.is_empty() {
        return "the query holds no word".to_owned();
    }
    if unknown.len() < words.iter().collect::<HashSet<_>>().len() {
        return "the collection holds no document with a word".to_owned();
    }
    let mut reason = match mode {
        Mode::Keyword => "no query word is in any document",
        Mode::Neighbours => "no query word, and no neighbour that the query confirms, is in any document",
        Mode::Wordnet => "no query word, and none that WordNet joins to one, is in any document",
        Mode::Static | Mode::Contextual => "no query word is in the vocabulary",
        Mode::Hybrid => "no query word is in any document or in the vocabulary",
    }
    .to_owned();
    let nearest: Vec<String> = match generation.encoder() {
        Ok(encoder) => {
            let vocabulary = encoder.vectors().vocabulary();
            unknown.iter().take(5).flat_map(|word| vocabulary.nearest_spellings(word, 2)).collect()
        }
        Err(_) => Vec::new(),
    };
    if !nearest.is_empty() {
        reason = format!("{reason}; nearest: {}", nearest.join(", "));
    }
    reason
}

/// Settings within their ranges.
pub(super) fn checked(settings: Option<ContextualSettings>) -> Result<Option<ContextualSettings>> {
    settings.iter().try_for_each(ContextualSettings::check)?;
    Ok(settings)
}

fn checked_recall(recall: Option<f32>) -> Result<Option<f32>> {
    match recall.filter(|recall| !(*recall > 0.0 && *recall <= 1.0)) {
        Some(recall) => Err(Error::invalid(
            "recall",
            "above 0 up to 1",
            recall,
            "0.95 and 0.99 are usual; 1 compares all",
        )),
        None => Ok(recall),
    }
}

pub(super) fn check_query(query: &str) -> Result<()> {
    if query.trim().is_empty() {
        return Err(Error::invalid("query", "at least one word", "nothing", "write what you look for"));
    }
    check_length("query", query)
}

pub(super) fn check_length(what: &str, text: &str) -> Result<()> {
    if text.len() <= QUERY_BYTES_MAX {
        return Ok(());
    }
    let got = format!("{} bytes", text.len());
    Err(Error::invalid(what, format!("at most {QUERY_BYTES_MAX} bytes"), got, "shorten it"))
}
