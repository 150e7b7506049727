//! How a document lies in the keyword index: the fields of tantivy's schema, and a document's terms and values in them.
//!
//! The same for a bulk build and for documents added one by one: a [`Layout`] makes [`KeywordDocument`]s on any thread, and
//! whoever holds the writer puts them in.
//!
//! | field | what |
//! |---|---|
//! | `seq` | the document's row, as a term (to find and delete it) and as a column |
//! | `length` | number of words, a column |
//! | `words` | words as written, with their places: title, a gap of one place, text, a gap, further searched fields |
//! | `stems_LANGUAGE` | their stems, without places, where there is stemming |
//! | `pairs` | Chinese characters two by two, without places; absent in indexes of earlier versions |
//! | `length:F`, `words:F`, `stems_LANGUAGE:F` | the same for a searched field F other than the text: `title` … |
//! | `values` | typed values of all fields, a column each: `k:F` keywords, `n:F` numbers, `m:F` numbers and `d:F` dates that strings read as, `b:F` truth values |
//! | `names` | the names of these columns, a column of keywords |

use super::joined::{self, Joined};
use super::settings::{IndexSettings, TEXT, TITLE};
use super::stems::Stemming;
use super::values::{Typed, typed_values};
use crate::error::{Error, Result};
use crate::text::{Analysis, Analyzer, Document, Token, han_pairs};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use tantivy::TantivyDocument;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, JsonObjectOptions, OwnedValue, Schema, SchemaBuilder,
    TextFieldIndexing, TextOptions, Value as _,
};

const STEMS: &str = "stems_";
const WORDS: &str = "words";
const PAIRS: &str = "pairs";
const CURE: &str = "rebuild it with `sememe index COLLECTION`";

/// The fields of an index, and by which rules its stems are made. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Layout {
    pub(super) schema: Schema,
    /// The document's row.
    pub(super) seq: Field,
    /// All that is searched.
    pub(super) all: Searched,
    /// Searched fields besides the text, the title first.
    pub(super) special: Vec<Searched>,
    /// Pairs of Chinese characters, in an index that has them.
    pub(super) pairs: Option<Field>,
    values: Field,
    names: Field,
    pub(super) stemming: Stemming,
    settings: IndexSettings,
}

/// What is searched: words, stems if there are any, and the number of words.
#[derive(Debug, Clone)]
pub(super) struct Searched {
    pub name: String,
    pub words: Field,
    pub stems: Option<Field>,
    pub length: Field,
}

/// A document made ready for the keyword index.
#[derive(Debug)]
pub struct KeywordDocument(pub(super) TantivyDocument);

impl KeywordDocument {
    /// About how much memory its words take.
    pub(super) fn bytes(&self) -> usize {
        self.0.field_values().filter_map(|(_, value)| value.as_str()).map(str::len).sum()
    }
}

fn terms(option: IndexRecordOption) -> TextOptions {
    // Lengths are kept exactly, in a column of their own; tantivy would round them.
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(joined::NAME)
        .set_index_option(option)
        .set_fieldnorms(false);
    TextOptions::default().set_indexing_options(indexing)
}

impl Searched {
    /// The column with the number of words of what is searched under this name; empty for all of it.
    pub fn length_name(name: &str) -> String {
        if name.is_empty() { "length".to_owned() } else { format!("length:{name}") }
    }

    fn add(schema: &mut SchemaBuilder, name: &str, stemming: Stemming) -> Self {
        let after = if name.is_empty() { String::new() } else { format!(":{name}") };
        let length = schema.add_u64_field(&Self::length_name(name), FAST);
        let words = schema
            .add_text_field(&format!("{WORDS}{after}"), terms(IndexRecordOption::WithFreqsAndPositions));
        let stems = (stemming != Stemming::None).then(|| {
            let name = format!("{STEMS}{}{after}", stemming.name());
            schema.add_text_field(&name, terms(IndexRecordOption::WithFreqs))
        });
        Self { name: name.to_owned(), words, stems, length }
    }
}

impl Layout {
    /// For a new index. [`Stemming::Auto`] counts as none here: resolve it first.
    #[must_use]
    pub fn new(settings: &IndexSettings) -> Self {
        Self::with(settings, true)
    }

    fn with(settings: &IndexSettings, has_pairs: bool) -> Self {
        let mut settings = settings.clone();
        if settings.stemming == Stemming::Auto {
            settings.stemming = Stemming::None;
        }
        let stemming = settings.stemming;
        let mut schema = Schema::builder();
        let seq = schema.add_u64_field("seq", FAST | INDEXED);
        let all = Searched::add(&mut schema, "", stemming);
        let special = settings.searched();
        let special = special.into_iter().map(|name| Searched::add(&mut schema, name, stemming)).collect();
        let pairs = has_pairs.then(|| schema.add_text_field(PAIRS, terms(IndexRecordOption::WithFreqs)));
        let values = schema.add_json_field("values", JsonObjectOptions::default().set_fast("raw"));
        let names = schema.add_text_field("names", TextOptions::default().set_fast("raw"));
        Self { schema: schema.build(), seq, all, special, pairs, values, names, stemming, settings }
    }

    /// As it is in an index on disk.
    pub(super) fn of(schema: &Schema, folder: &Path) -> Result<Self> {
        let names: Vec<&str> = schema.fields().map(|(_, entry)| entry.name()).collect();
        let stemming = names.iter().find_map(|name| name.strip_prefix(STEMS));
        let stemming = stemming.map(|name| name.split(':').next().unwrap_or_default());
        let mut settings = IndexSettings {
            stemming: stemming.map_or(Ok(Stemming::None), str::parse).unwrap_or(Stemming::None),
            ..IndexSettings::default()
        };
        for name in names.iter().filter_map(|name| name.strip_prefix(WORDS)?.strip_prefix(':')) {
            settings.fields.entry(name.to_owned()).or_default().searchable = true;
        }
        let layout = Self::with(&settings, names.contains(&PAIRS));
        if layout.schema == *schema {
            return Ok(layout);
        }
        Err(Error::damaged(folder, "the fields of a keyword index of this version", "others", CURE))
    }

    /// With the types that are set for fields, which an index on disk does not say.
    pub(super) fn with_types(mut self, settings: &IndexSettings) -> Self {
        for (name, field) in &settings.fields {
            self.settings.fields.entry(name.clone()).or_default().kind = field.kind;
        }
        self
    }

    /// By which rules words are joined; never [`Stemming::Auto`].
    #[must_use]
    pub fn stemming(&self) -> Stemming {
        self.stemming
    }

    /// A text's terms, without title and fields; `seq` is its row.
    #[must_use]
    pub fn document(&self, seq: u64, analysis: &Analysis) -> KeywordDocument {
        let mut document = TantivyDocument::new();
        document.add_u64(self.seq, seq);
        self.add_tokens(&mut document, &self.all, &mut analysis.tokens().map(|token| (token, 1)));
        self.add_pairs(&mut document, &[analysis]);
        KeywordDocument(document)
    }

    /// A document's terms and values; `analysis` is that of its [full text](Document::full_text).
    #[must_use]
    pub fn document_with_fields(
        &self,
        seq: u64,
        document: &Document,
        analysis: &Analysis,
    ) -> KeywordDocument {
        let title_bytes = document.title.as_ref().map_or(0, String::len);
        let title_words = analysis.tokens().take_while(|token| token.range.start < title_bytes).count();
        let further: Vec<Analysis> = self.special[1..]
            .iter()
            .map(|field| Analyzer.analyze(&text_of(&document.fields, &field.name)))
            .collect();
        let mut ready = TantivyDocument::new();
        ready.add_u64(self.seq, seq);
        self.add_tokens(
            &mut ready,
            &self.special[0],
            &mut analysis.tokens().take(title_words).map(|token| (token, 0)),
        );
        for (field, analysis) in self.special[1..].iter().zip(&further) {
            self.add_tokens(&mut ready, field, &mut analysis.tokens().map(|token| (token, 0)));
        }
        let of_text =
            analysis.tokens().enumerate().map(|(at, token)| (token, usize::from(at >= title_words)));
        let of_fields = further
            .iter()
            .enumerate()
            .flat_map(|(at, analysis)| analysis.tokens().map(move |token| (token, at + 2)));
        self.add_tokens(&mut ready, &self.all, &mut of_text.chain(of_fields));
        let texts: Vec<&Analysis> = std::iter::once(analysis).chain(&further).collect();
        self.add_pairs(&mut ready, &texts);
        self.add_values(&mut ready, document);
        KeywordDocument(ready)
    }

    /// Tokens, each with the number of gaps before it in the whole.
    fn add_tokens(
        &self,
        document: &mut TantivyDocument,
        to: &Searched,
        tokens: &mut dyn Iterator<Item = (Token<'_>, usize)>,
    ) {
        let (mut words, mut stems) = (Joined::default(), Joined::default());
        for (token, gaps) in tokens {
            words.push(token.text, gaps);
            if to.stems.is_some() {
                stems.push(&self.stemming.stem(token.text), gaps);
            }
        }
        document.add_u64(to.length, words.words() as u64);
        if let Some(field) = to.stems {
            document.add_text(field, stems.into_text());
        }
        document.add_text(to.words, words.into_text());
    }

    fn add_pairs(&self, document: &mut TantivyDocument, texts: &[&Analysis]) {
        let Some(field) = self.pairs else { return };
        let mut pairs = Joined::default();
        for analysis in texts {
            han_pairs(analysis.adjoining(), |pair, _| pairs.push(pair, 0));
        }
        if pairs.words() > 0 {
            document.add_text(field, pairs.into_text());
        }
    }

    fn add_values(&self, ready: &mut TantivyDocument, document: &Document) {
        let mut columns: BTreeMap<String, Vec<OwnedValue>> = BTreeMap::new();
        columns.insert("k:id".to_owned(), vec![OwnedValue::Str(document.id.clone())]);
        for (name, kind, value) in typed_values(&document.fields, |name| self.settings.kind(name)) {
            let value = match value {
                Typed::Text(text) => OwnedValue::Str(text),
                Typed::Number(number) => OwnedValue::F64(number),
            };
            columns.entry(format!("{}:{name}", kind.letter())).or_default().push(value);
        }
        for name in columns.keys() {
            ready.add_text(self.names, name);
        }
        ready.add_object(
            self.values,
            columns.into_iter().map(|(name, values)| (name, OwnedValue::Array(values))).collect(),
        );
    }

    /// Where a field's words are, by its name; none for the text, which has no list of its own.
    pub(super) fn special(&self, name: &str) -> Option<usize> {
        self.special.iter().position(|field| field.name == name)
    }

    /// The fields that can be searched by name.
    #[must_use]
    pub fn searched(&self) -> Vec<&str> {
        std::iter::once(TEXT).chain(self.special.iter().map(|field| field.name.as_str())).collect()
    }
}

/// The text of a field: a string, or the strings of an array, or nothing.
fn text_of(fields: &serde_json::Map<String, Value>, name: &str) -> String {
    debug_assert!(name != TITLE);
    match fields.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_of_an_earlier_version_is_read_without_pairs() {
        let settings = IndexSettings { stemming: Stemming::English, ..IndexSettings::default() };
        let folder = Path::new("k");
        let earlier = Layout::with(&settings, false);
        let read = Layout::of(&earlier.schema, folder).unwrap();
        assert_eq!((read.pairs, read.stemming), (None, Stemming::English));
        assert_eq!(read.document(1, &Analyzer.analyze("银行")).0.field_values().count(), 4);
        let now = Layout::new(&settings);
        assert_eq!(Layout::of(&now.schema, folder).unwrap().pairs, now.pairs);
        assert_eq!(now.document(1, &Analyzer.analyze("银行")).0.field_values().count(), 5);
    }
}
