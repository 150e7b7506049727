//! Questions about texts and how they are indexed: arguments of search and contrast, settings.

use super::bars::Bars;
use super::show::Out;
use crate::engine::{
    Engine, ExpansionRequest, HighlightRequest, KeywordRequest, SearchRequest, SettingsAnswer, Syntax,
};
use crate::error::{Error, Result};
use crate::index::keyword::{AnyOf, FieldType, FilterRequest, IndexSettings, Stemming};
use crate::search::{ContextualSettings, Mode};
use clap::{Args, ValueEnum};
use std::io;

/// How words are looked for.
#[derive(Debug, Args)]
pub(super) struct KeywordArguments {
    /// What the query's characters mean: words as written, or operators ("a phrase", prefix*, fuzzy~1, +must, -not, AND, OR, NOT,
    /// field:word).
    #[arg(long, value_enum, default_value_t = SyntaxArgument::Words)]
    pub syntax: SyntaxArgument,
    /// BM25's k1, how soon further occurrences stop counting; 1.2.
    #[arg(long)]
    pub k1: Option<f32>,
    /// BM25's b, how much long documents are held back; 0.75.
    #[arg(long)]
    pub b: Option<f32>,
    /// What an occurrence in a field counts for: title=3; may be repeated.
    #[arg(long, value_parser = weight)]
    pub weight: Vec<(String, f32)>,
    /// Look for words as they are written, even where the index joins their forms.
    #[arg(long)]
    pub as_written: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum SyntaxArgument {
    /// Every word counts, and no character does anything.
    Words,
    /// Phrases, prefixes, fuzzy words, boolean operators, fields.
    Operators,
}

/// What else can be asked of a search.
#[derive(Debug, Args)]
pub(super) struct SearchArguments {
    #[command(flatten)]
    pub keyword: KeywordArguments,
    /// Which documents may answer: 'topic = bank AND year > 1990'; all of several must hold.
    #[arg(long)]
    pub filter: Vec<String>,
    /// Only documents that hold a word in this sense: bank%1:17:01::, bank.n.01 or bank~1; may be repeated, one is enough.
    #[arg(long, value_name = "SENSE")]
    pub in_sense: Vec<String>,
    /// With --in-sense: all other documents follow, instead of being left out.
    #[arg(long, requires = "in_sense")]
    pub sense_first: bool,
    /// Count the values of a field over all documents that answer; may be repeated.
    #[arg(long, value_name = "FIELD")]
    pub facet: Vec<String>,
    /// Sort by a field instead of the score: year:desc; may be repeated.
    #[arg(long, value_name = "FIELD:ORDER")]
    pub sort: Vec<String>,
    /// Hits to pass over.
    #[arg(long, default_value_t = 0)]
    pub offset: usize,
    /// Mark the words that answer.
    #[arg(long)]
    pub highlight: bool,
    /// Part of the nearest vectors wanted, above 0 up to 1: for large collections, whose vectors are not all compared.
    #[arg(long)]
    pub recall: Option<f32>,
    /// Mode contextual: first documents that are read word by word, 0 to 200; 20.
    #[arg(long)]
    pub candidates: Option<usize>,
    /// Mode contextual: what their words' best matches count for, 0 to 1; 0.5.
    #[arg(long)]
    pub late: Option<f32>,
}

/// How a collection is indexed.
#[derive(Debug, Args)]
pub(super) struct SettingsArguments {
    /// Join the forms of a word by the rules of a language: auto, none, english, german …
    #[arg(long)]
    pub stemming: Option<Stemming>,
    /// The type of a field, otherwise inferred: year=number; keyword, number, date, bool or text. May be repeated.
    #[arg(long, value_name = "FIELD=TYPE", value_parser = field_type)]
    pub field_type: Vec<(String, FieldType)>,
    /// Search a field's words too, besides those of title and text. May be repeated.
    #[arg(long, value_name = "FIELD")]
    pub searchable: Vec<String>,
    /// What an occurrence in a searched field counts for, otherwise 1: title=3. May be repeated.
    #[arg(long, value_name = "FIELD=WEIGHT", value_parser = weight)]
    pub weight: Vec<(String, f32)>,
    /// Forget all settings before these.
    #[arg(long)]
    pub reset: bool,
}

impl KeywordArguments {
    pub(super) fn request(self) -> KeywordRequest {
        let syntax = match self.syntax {
            SyntaxArgument::Words => Syntax::Words,
            SyntaxArgument::Operators => Syntax::Operators,
        };
        let weights = self.weight.into_iter().collect();
        KeywordRequest { syntax, k1: self.k1, b: self.b, weights, as_written: self.as_written }
    }
}

impl SearchArguments {
    pub(super) fn search(
        self,
        query: String,
        mode: Mode,
        limit: usize,
        wordnet: Option<ExpansionRequest>,
    ) -> SearchRequest {
        let default = ContextualSettings::default();
        let contextual = ContextualSettings {
            candidates: self.candidates.unwrap_or(default.candidates),
            late: self.late.unwrap_or(default.late),
        };
        SearchRequest {
            query,
            mode,
            limit: Some(limit),
            offset: Some(self.offset),
            filter: filter(self.filter),
            sense: Some(self.in_sense),
            sense_first: self.sense_first,
            facets: Some(self.facet),
            sort: Some(self.sort),
            highlight: self.highlight.then(HighlightRequest::default),
            keyword: Some(self.keyword.request()),
            wordnet,
            hybrid: None,
            contextual: Some(contextual),
            recall: self.recall,
        }
    }
}

/// Several filters of which all must hold; one stays itself, so that errors name no place in a list.
pub(super) fn filter(mut filters: Vec<String>) -> Option<FilterRequest> {
    match filters.len() {
        0 => None,
        1 => filters.pop().map(FilterRequest::One),
        _ => Some(FilterRequest::All(filters.into_iter().map(AnyOf::One).collect())),
    }
}

impl SettingsArguments {
    pub(super) fn is_empty(&self) -> bool {
        let Self { stemming, field_type, searchable, weight, reset } = self;
        stemming.is_none() && field_type.is_empty() && searchable.is_empty() && weight.is_empty() && !reset
    }
}

/// Sets what is asked for, keeps the rest, and builds the indexes anew if there are documents.
pub(super) fn set(engine: &Engine, collection: &str, change: &SettingsArguments) -> Result<SettingsAnswer> {
    let mut settings = match engine.settings(collection) {
        Ok(SettingsAnswer { stemming, fields, .. }) if !change.reset => IndexSettings { stemming, fields },
        Ok(_) | Err(Error::NotFound { .. }) => IndexSettings::default(),
        Err(error) => return Err(error),
    };
    settings.stemming = change.stemming.unwrap_or(settings.stemming);
    for (field, kind) in &change.field_type {
        settings.fields.entry(field.clone()).or_default().kind = Some(*kind);
    }
    for field in &change.searchable {
        settings.fields.entry(field.clone()).or_default().searchable = true;
    }
    for (field, weight) in &change.weight {
        settings.fields.entry(field.clone()).or_default().weight = Some(*weight);
    }
    engine.set_settings(collection, &settings)?;
    if engine.collection(collection)?.documents > 0 {
        engine.index(collection, &Bars::new()?)?;
    }
    engine.settings(collection)
}

pub(super) fn show_settings(answer: &SettingsAnswer, out: Out<'_>) -> io::Result<()> {
    let SettingsAnswer { stemming, fields, in_effect, index_stemming, searched_fields, filterable_fields } =
        answer;
    write!(out, "stemming: {}", stemming.name())?;
    if let Some(index) = index_stemming.filter(|index| index != stemming) {
        write!(out, " ({} in the index)", index.name())?;
    }
    writeln!(out)?;
    for (name, field) in fields {
        let kind = field.kind.map_or("inferred", FieldType::name);
        let searched = if field.searchable { ", searched" } else { "" };
        let weight = field.weight.map(|weight| format!(", weight {weight}")).unwrap_or_default();
        writeln!(out, "  {name}: type {kind}{searched}{weight}")?;
    }
    if !in_effect {
        writeln!(out, "not in effect yet: sememe index")?;
    }
    writeln!(out, "searched: {}", searched_fields.join(", "))?;
    for field in filterable_fields {
        writeln!(out, "  {}: {}, in {} documents", field.name, field.kind.name(), field.documents)?;
    }
    Ok(())
}

fn weight(argument: &str) -> Result<(String, f32)> {
    let wrong = || Error::invalid("weight", "field=number", format!("{argument:?}"), "write title=3");
    let (field, weight) = argument.split_once('=').ok_or_else(wrong)?;
    Ok((field.to_owned(), weight.parse().map_err(|_| wrong())?))
}

fn field_type(argument: &str) -> Result<(String, FieldType)> {
    let cure = "write year=number; keyword, number, date, bool or text";
    let wrong = || Error::invalid("field type", "field=type", format!("{argument:?}"), cure);
    let (field, kind) = argument.split_once('=').ok_or_else(wrong)?;
    let kinds = [FieldType::Keyword, FieldType::Number, FieldType::Date, FieldType::Bool, FieldType::Text];
    let kind = kinds.into_iter().find(|known| known.name() == kind).ok_or_else(wrong)?;
    Ok((field.to_owned(), kind))
}
