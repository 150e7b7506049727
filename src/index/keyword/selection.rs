//! The documents that a filter lets through, the same ones for every way of searching.

use super::columns::Values;
use super::filter::{Condition, Filter, Literal, Order, Test};
use super::parts::Part;
use super::values::{FieldType, Kind, date, number, truth};
use super::{KeywordIndex, failed};
use crate::error::Result;
use crate::index::RowSet;
use std::collections::HashSet;
use tantivy::DocId;

/// The documents that a filter lets through.
#[derive(Debug, Clone)]
pub struct Selection {
    /// For each part of the index.
    pub(super) parts: Vec<RowSet>,
    /// Their rows in the store, rising.
    seqs: Vec<u64>,
}

impl Selection {
    /// How many documents there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.seqs.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seqs.is_empty()
    }

    /// Whether it lets a document through, by its row in the store.
    #[must_use]
    pub fn contains(&self, seq: i64) -> bool {
        self.seqs.binary_search(&seq.cast_unsigned()).is_ok()
    }

    /// The places in `seqs` of documents that it lets through: the filter of a vector index whose rows are these documents.
    #[must_use]
    pub fn rows_of(&self, seqs: &[i64]) -> RowSet {
        let rows = seqs.iter().enumerate().filter(|(_, seq)| self.contains(**seq));
        RowSet::from_rows(seqs.len(), rows.map(|(row, _)| row as u32))
    }
}

impl KeywordIndex {
    /// The documents that a filter lets through.
    ///
    /// # Errors
    /// [`crate::error::Error::Syntax`] where a field is unknown, or a value not of its field's type.
    pub fn select(&self, filter: &Filter) -> Result<Selection> {
        self.check(filter)?;
        let mut seqs = Vec::new();
        let mut parts = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            let mut rows = self.rows(part, filter)?;
            if part.reader.has_deletes() {
                let deleted: Vec<DocId> = rows.iter().filter(|doc| part.reader.is_deleted(*doc)).collect();
                deleted.into_iter().for_each(|doc| {
                    rows.remove(doc);
                });
            }
            for doc in rows.iter() {
                seqs.push(part.seq(doc));
            }
            parts.push(rows);
        }
        seqs.sort_unstable();
        Ok(Selection { parts, seqs })
    }

    /// These documents, by their rows in the store; those that the index does not have are left out.
    pub fn select_documents(&self, seqs: impl IntoIterator<Item = u64>) -> Selection {
        let mut parts: Vec<RowSet> = self.parts.iter().map(|part| RowSet::new(part.lengths.len())).collect();
        let mut found = Vec::new();
        for seq in seqs {
            for (part, rows) in self.parts.iter().zip(&mut parts) {
                if let Some(doc) = part.document(seq).filter(|doc| !part.reader.is_deleted(*doc)) {
                    rows.insert(doc);
                    found.push(seq);
                }
            }
        }
        found.sort_unstable();
        Selection { parts, seqs: found }
    }

    /// The other documents, of those in `within`.
    ///
    /// # Errors
    /// None that an open index gives.
    pub fn select_others(&self, selection: &Selection, within: Option<&Selection>) -> Result<Selection> {
        let all =
            within.map_or_else(|| self.select(&Filter::All(Vec::new())), |within| Ok(within.clone()))?;
        Ok(self.select_documents(all.seqs.into_iter().filter(|seq| !selection.contains(seq.cast_signed()))))
    }

    /// Fields are known and values fit, whether a document is looked at or not.
    fn check(&self, filter: &Filter) -> Result<()> {
        match filter {
            Filter::All(filters) | Filter::Any(filters) => {
                filters.iter().try_for_each(|filter| self.check(filter))
            }
            Filter::Not(filter) => self.check(filter),
            Filter::Is(condition) => {
                let kind = self
                    .catalogue
                    .check(&condition.field, "filter")
                    .map_err(|error| condition.unknown(error))?;
                check_condition(condition, kind)
            }
        }
    }

    fn rows(&self, part: &Part, filter: &Filter) -> Result<RowSet> {
        let all = part.lengths.len();
        match filter {
            Filter::All(filters) => {
                let mut rows = RowSet::all(all);
                for filter in filters {
                    rows = rows.intersection(&self.rows(part, filter)?);
                }
                Ok(rows)
            }
            Filter::Any(filters) => {
                let mut rows = RowSet::new(all);
                for filter in filters {
                    self.rows(part, filter)?.iter().for_each(|row| {
                        rows.insert(row);
                    });
                }
                Ok(rows)
            }
            Filter::Not(filter) => {
                let mut rows = RowSet::all(all);
                self.rows(part, filter)?.iter().for_each(|row| {
                    rows.remove(row);
                });
                Ok(rows)
            }
            Filter::Is(condition) => self.rows_where(part, condition),
        }
    }

    fn rows_where(&self, part: &Part, condition: &Condition) -> Result<RowSet> {
        let all = part.lengths.len();
        let mut rows = RowSet::new(all);
        for kind in self.catalogue.kinds(&condition.field) {
            let values = Values::open(part, *kind, &condition.field).map_err(failed(&self.folder))?;
            let Some(values) = values else { continue };
            let all = all as DocId;
            let found = |doc: DocId| {
                rows.insert(doc);
            };
            match &condition.test {
                Test::Exists => values.select_present(all, found),
                Test::In(literals) if *kind == Kind::Keyword => {
                    let mut found = found;
                    for literal in literals {
                        values
                            .select_keyword(all, &literal.text, &mut found)
                            .map_err(failed(&self.folder))?;
                    }
                }
                Test::In(literals) => {
                    let wanted: HashSet<u64> =
                        literals.iter().filter_map(|literal| typed(*kind, literal)).map(bits).collect();
                    values.select_numbers(all, |value| wanted.contains(&bits(value)), found);
                }
                Test::Compared(order, literal) => {
                    if let Some(limit) = typed(*kind, literal) {
                        values.select_numbers(all, |value| holds(*order, value, limit), found);
                    }
                }
                Test::Between(from, to) => {
                    if let (Some(from), Some(to)) = (typed(*kind, from), typed(*kind, to)) {
                        values.select_numbers(all, |value| from <= value && value <= to, found);
                    }
                }
            }
        }
        Ok(rows)
    }
}

/// One pattern for 0 and -0, which are equal.
pub(super) fn bits(value: f64) -> u64 {
    (value + 0.0).to_bits()
}

fn holds(order: Order, value: f64, limit: f64) -> bool {
    match order {
        Order::Less => value < limit,
        Order::LessOrEqual => value <= limit,
        Order::Greater => value > limit,
        Order::GreaterOrEqual => value >= limit,
    }
}

/// A literal as a value of a column of numbers; none if it is not one.
fn typed(kind: Kind, literal: &Literal) -> Option<f64> {
    match kind {
        Kind::Keyword => None,
        Kind::Number | Kind::NumberInString => number(&literal.text),
        Kind::Date => date(&literal.text),
        Kind::Bool => truth(&literal.text),
    }
}

fn check_condition(condition: &Condition, kind: FieldType) -> Result<()> {
    let literals: &[Literal] = match &condition.test {
        Test::Exists => return Ok(()),
        Test::In(literals) => literals,
        Test::Compared(_, limit) => std::slice::from_ref(limit),
        Test::Between(from, to) => &[from.clone(), to.clone()],
    };
    let ordered = !matches!(condition.test, Test::In(_));
    if ordered && matches!(kind, FieldType::Keyword | FieldType::Bool | FieldType::Text) {
        let got = format!("{} of type {}", condition.field, kind.name());
        return Err(condition.unfit("a field of numbers or dates", &got));
    }
    for literal in literals {
        let text = literal.text.as_str();
        let (fits, expected) = match kind {
            FieldType::Number => (number(text).is_some(), "a number"),
            FieldType::Date => (date(text).is_some(), "a date: 2024-05-01 or 2024-05-01T12:30:00Z"),
            FieldType::Bool => (truth(text).is_some(), "true or false"),
            FieldType::Mixed if ordered => (number(text).is_some(), "a number"),
            _ => (true, ""),
        };
        if !fits {
            return Err(condition.wrong(literal, expected));
        }
    }
    Ok(())
}
