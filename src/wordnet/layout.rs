//! Which sections a compiled WordNet has, and the checks that make reading them safe.
//!
//! The checksum says that a file is as it was written; these checks say that it was written well: every number that
//! points somewhere points inside, so that no query needs to ask again.

use super::container::{Container, Numbers, Texts};
use crate::error::Result;
use std::ops::Range;

macro_rules! layout {
    ($($field:ident $name:literal,)*) => {
        /// Where each section stands in the file.
        pub(super) struct Layout { $(pub $field: Range<usize>,)* }

        impl Layout {
            fn find(file: &Container) -> Result<Self> {
                Ok(Self { $($field: file.range($name)?,)* })
            }
        }
    };
}

layout! {
    version "version",
    synset_offset "synset.offset",
    synset_kind "synset.kind",
    synset_file "synset.file",
    synset_depth_min "synset.depth_min",
    synset_depth_max "synset.depth_max",
    synset_sense "synset.sense",
    synset_link "synset.link",
    gloss_bound "gloss.bound",
    gloss_text "gloss.text",
    sense_synset "sense.synset",
    sense_lemma "sense.lemma",
    sense_form "sense.form",
    sense_count "sense.count",
    sense_number "sense.number",
    sense_lexical_id "sense.lexical_id",
    sense_marker "sense.marker",
    link_target "link.target",
    link_relation "link.relation",
    link_words "link.words",
    lemma_bound "lemma.bound",
    lemma_text "lemma.text",
    lemma_sense "lemma.sense",
    ordered_sense "ordered.sense",
    form_bound "form.bound",
    form_text "form.text",
    exception_bound "exception.bound",
    exception_text "exception.text",
    base_bound "base.bound",
    base_text "base.text",
    near_bound "near.bound",
    near_target "near.target",
    mention_bound "mention.bound",
    mention_target "mention.target",
}

impl Layout {
    /// Finds all sections and checks them against each other.
    pub fn checked(file: &Container) -> Result<Self> {
        let layout = Self::find(file)?;
        Checker { file, layout: &layout }.check()?;
        Ok(layout)
    }
}

struct Checker<'a> {
    file: &'a Container,
    layout: &'a Layout,
}

impl Checker<'_> {
    fn check(&self) -> Result<()> {
        let layout = self.layout;
        let synsets = layout.synset_offset.len() / 4;
        let senses = layout.sense_synset.len() / 4;
        let lemmas = (layout.lemma_bound.len() / 4).saturating_sub(1);
        let links = layout.link_target.len() / 4;
        self.lengths(synsets, senses, links)?;
        self.rows(&layout.synset_sense, synsets, senses, "synset.sense")?;
        self.rows(&layout.synset_link, synsets, links, "synset.link")?;
        self.rows(&layout.lemma_sense, lemmas * 4, layout.ordered_sense.len() / 4, "lemma.sense")?;
        self.rows(&layout.near_bound, synsets, layout.near_target.len() / 4, "near.bound")?;
        self.rows(&layout.mention_bound, synsets, layout.mention_target.len() / 4, "mention.bound")?;
        self.texts(&layout.gloss_bound, &layout.gloss_text, Some(synsets), "gloss")?;
        self.texts(&layout.lemma_bound, &layout.lemma_text, Some(lemmas), "lemma")?;
        let forms = self.texts(&layout.form_bound, &layout.form_text, None, "form")?;
        let exceptions = self.texts(&layout.exception_bound, &layout.exception_text, None, "exception")?;
        self.texts(&layout.base_bound, &layout.base_text, Some(exceptions), "base")?;
        for (range, limit, name) in [
            (&layout.sense_synset, synsets, "sense.synset"),
            (&layout.sense_lemma, lemmas, "sense.lemma"),
            (&layout.sense_form, forms, "sense.form"),
            (&layout.link_target, synsets, "link.target"),
            (&layout.ordered_sense, senses, "ordered.sense"),
            (&layout.near_target, synsets, "near.target"),
            (&layout.mention_target, synsets, "mention.target"),
        ] {
            self.ids(range, limit, name)?;
        }
        self.kinds()
    }

    fn lengths(&self, synsets: usize, senses: usize, links: usize) -> Result<()> {
        let layout = self.layout;
        for (range, expected, name) in [
            (&layout.synset_kind, synsets, "synset.kind"),
            (&layout.synset_file, synsets, "synset.file"),
            (&layout.synset_depth_min, synsets * 2, "synset.depth_min"),
            (&layout.synset_depth_max, synsets * 2, "synset.depth_max"),
            (&layout.sense_lemma, senses * 4, "sense.lemma"),
            (&layout.sense_form, senses * 4, "sense.form"),
            (&layout.sense_count, senses * 4, "sense.count"),
            (&layout.sense_number, senses * 2, "sense.number"),
            (&layout.sense_lexical_id, senses, "sense.lexical_id"),
            (&layout.sense_marker, senses, "sense.marker"),
            (&layout.link_relation, links, "link.relation"),
            (&layout.link_words, links * 2, "link.words"),
        ] {
            if range.len() != expected {
                return Err(self.file.damaged(format!("{expected} bytes in {name}"), range.len()));
            }
        }
        Ok(())
    }

    fn rows(&self, bounds: &Range<usize>, rows: usize, items: usize, name: &str) -> Result<()> {
        check_rows(self.file, Numbers(self.file.bytes(bounds)), rows, items, name)
    }

    fn ids(&self, range: &Range<usize>, limit: usize, name: &str) -> Result<()> {
        check_ids(self.file, Numbers(self.file.bytes(range)), limit, name)
    }

    fn texts(
        &self,
        bounds: &Range<usize>,
        text: &Range<usize>,
        rows: Option<usize>,
        name: &str,
    ) -> Result<usize> {
        let texts = Texts { bounds: Numbers(self.file.bytes(bounds)), text: self.file.bytes(text) };
        check_texts(self.file, texts, rows, name)
    }

    /// Parts of speech, which stand in order, and relation codes.
    fn kinds(&self) -> Result<()> {
        let kinds = self.file.bytes(&self.layout.synset_kind);
        let rank = |kind: &u8| b"nvasr".iter().position(|known| known == kind).map(|at| at - at / 3);
        if let Some(kind) = kinds.iter().find(|kind| rank(kind).is_none()) {
            return Err(self.file.damaged("parts of speech n, v, a, s, r", kind));
        }
        if !kinds.is_sorted_by_key(rank) {
            return Err(self.file.damaged("synsets in order of their part of speech", "another order"));
        }
        let relations = self.file.bytes(&self.layout.link_relation);
        match relations.iter().find(|code| super::Relation::from_code(**code).is_none()) {
            Some(code) => Err(self.file.damaged("known relations", code)),
            None => Ok(()),
        }
    }
}

/// `rows + 1` bounds that rise from 0 to `items`.
pub(super) fn check_rows(
    file: &Container,
    bounds: Numbers<'_>,
    rows: usize,
    items: usize,
    name: &str,
) -> Result<()> {
    let right = bounds.0.len() == (rows + 1) * 4
        && bounds.get(0) == 0
        && bounds.get(rows) as usize == items
        && bounds.iter().is_sorted();
    if right {
        Ok(())
    } else {
        Err(file.damaged(format!("{rows} rows of {items} items in {name}"), "others"))
    }
}

/// Ids below `limit`.
pub(super) fn check_ids(file: &Container, ids: Numbers<'_>, limit: usize, name: &str) -> Result<()> {
    match ids.iter().max() {
        Some(id) if id as usize >= limit => Err(file.damaged(format!("ids below {limit} in {name}"), id)),
        _ => Ok(()),
    }
}

/// Texts with sound bounds, in UTF-8; `rows` of them if given. Returns how many.
pub(super) fn check_texts(
    file: &Container,
    texts: Texts<'_>,
    rows: Option<usize>,
    name: &str,
) -> Result<usize> {
    let rows = rows.unwrap_or(texts.len());
    check_rows(file, texts.bounds, rows, texts.text.len(), name)?;
    match std::str::from_utf8(texts.text) {
        Ok(_) => Ok(rows),
        Err(error) => Err(file.damaged(format!("UTF-8 in {name}"), error)),
    }
}
