//! The segments of a keyword index, read: postings, lengths and rows. What is counted is counted over all of them.

use super::failed;
use super::layout::{Layout, Searched};
use crate::error::{Error, Result};
use std::ops::Range;
use std::path::Path;
use tantivy::postings::{BlockSegmentPostings, TermInfo};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, SegmentReader, TantivyError, Term};

/// One segment.
pub(super) struct Part {
    pub reader: SegmentReader,
    /// Row of each document.
    seqs: Vec<u64>,
    /// The documents that are not deleted by rising row, unless all stand so: looking a row up in tantivy's dictionary takes many times as long.
    by_seq: Option<Vec<DocId>>,
    /// Words of each document.
    pub lengths: Vec<f32>,
    /// Words of each document in each searched field besides the text.
    pub special_lengths: Vec<Vec<f32>>,
}

impl Part {
    pub fn open(reader: &SegmentReader, layout: &Layout, folder: &Path) -> Result<Self> {
        let column = |name: &str| reader.fast_fields().u64(name).map_err(failed(folder));
        let lengths = |name: &str| -> Result<Vec<f32>> {
            let lengths = column(&Searched::length_name(name))?;
            Ok((0..reader.max_doc()).map(|doc| lengths.first(doc).unwrap_or_default() as f32).collect())
        };
        let (rows, missing) = (column("seq")?, || {
            let cure = "rebuild it with `sememe index COLLECTION`";
            Error::damaged(folder, "a row for every document", "none", cure)
        });
        let seqs = (0..reader.max_doc()).map(|doc| rows.first(doc).ok_or_else(missing));
        let seqs = seqs.collect::<Result<Vec<u64>>>()?;
        let by_seq = (reader.has_deletes() || !seqs.is_sorted()).then(|| {
            let mut documents: Vec<DocId> = reader.doc_ids_alive().collect();
            documents.sort_unstable_by_key(|doc| seqs[*doc as usize]);
            documents
        });
        Ok(Self {
            reader: reader.clone(),
            seqs,
            by_seq,
            lengths: lengths("")?,
            special_lengths: layout
                .special
                .iter()
                .map(|field| lengths(&field.name))
                .collect::<Result<_>>()?,
        })
    }

    /// The places of a document's text among its words, behind those of its title and a gap.
    pub fn text_positions(&self, doc: DocId) -> Range<u32> {
        let special = |number: usize| self.special_lengths[number][doc as usize];
        let elsewhere: f32 = (0..self.special_lengths.len()).map(special).sum();
        let start = special(0) as u32 + 1;
        start..start + (self.lengths[doc as usize] - elsewhere) as u32
    }

    /// The row of a document.
    pub fn seq(&self, doc: DocId) -> u64 {
        self.seqs[doc as usize]
    }

    /// How many documents hold a term.
    pub fn holding(&self, term: &Term) -> Result<u64, TantivyError> {
        Ok(u64::from(self.reader.inverted_index(term.field())?.doc_freq(term)?))
    }

    /// The occurrences of a term, if there are any.
    pub fn postings(&self, term: &Term) -> Result<Option<BlockSegmentPostings>, TantivyError> {
        let inverted = self.reader.inverted_index(term.field())?;
        Ok(inverted.read_block_postings(term, IndexRecordOption::WithFreqs)?)
    }

    /// Where the occurrences of a term stand, if there are any.
    pub fn place(&self, term: &Term) -> Result<Option<TermInfo>, TantivyError> {
        Ok(self.reader.inverted_index(term.field())?.get_term_info(term)?)
    }

    /// Occurrences of a term in one document.
    pub fn occurrences(&self, term: &Term, doc: DocId) -> Result<u32, TantivyError> {
        self.place(term)?.map_or(Ok(0), |place| self.occurrences_at(term, &place, doc))
    }

    /// The same, of a term whose place is known.
    pub fn occurrences_at(&self, term: &Term, place: &TermInfo, doc: DocId) -> Result<u32, TantivyError> {
        let inverted = self.reader.inverted_index(term.field())?;
        let mut postings = inverted.read_block_postings_from_terminfo(place, IndexRecordOption::WithFreqs)?;
        let at = postings.seek(doc);
        let found = postings.docs().get(at) == Some(&doc);
        Ok(if found { postings.freqs()[at] } else { 0 })
    }

    /// The document of a row.
    pub fn document(&self, seq: u64) -> Option<DocId> {
        match &self.by_seq {
            None => {
                // Rows mostly follow each other without a gap.
                let guess = seq.checked_sub(*self.seqs.first()?)? as usize;
                let is_there = self.seqs.get(guess) == Some(&seq);
                let place = if is_there { Some(guess) } else { self.seqs.binary_search(&seq).ok() };
                place.map(|doc| doc as DocId)
            }
            Some(documents) => {
                let place = documents.binary_search_by_key(&seq, |doc| self.seqs[*doc as usize]);
                place.ok().map(|place| documents[place])
            }
        }
    }
}

/// Calls `found` with each document of a posting list and how often it holds the term.
#[inline]
pub(super) fn each(mut postings: BlockSegmentPostings, mut found: impl FnMut(DocId, u32)) {
    while !postings.docs().is_empty() {
        for (doc, tf) in postings.docs().iter().zip(postings.freqs()) {
            found(*doc, *tf);
        }
        postings.advance();
    }
}

/// A word as a term of a field.
pub(super) fn term(field: Field, word: &str) -> Term {
    Term::from_field_text(field, word)
}
