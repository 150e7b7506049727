//! Words on a plane: some words, those around them, and weighted sums of words, so that they can be drawn.

use super::Engine;
use super::answers::{MapPoint, MapPointKind, WeightedWord, WordMap};
use super::words::{check_words, spelling, spellings};
use crate::error::{Error, Result};
use crate::linalg::{add_scaled, dot, normalize};
use crate::search::TopK;
use crate::vectors::{Plane, Similar, WordVectors};
use crate::vocab::WordId;
use serde::Deserialize;
use std::collections::HashSet;

/// Points that a map may have.
const POINTS_MAX: usize = 2000;

/// Which words to draw.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MapRequest {
    /// The words in question, 1 to 50.
    pub words: Vec<String>,
    /// Neighbours of each of them; default 30, 0 for none.
    #[serde(default)]
    pub k: Option<usize>,
    /// Weighted sums of words, each a point of its own: `b - a + c` of an analogy, the substitutes that a context favours.
    #[serde(default)]
    pub sums: Vec<Vec<WeightedWord>>,
}

/// Points while they are gathered: what they are, and their vectors at length 1, row by row.
struct Cloud<'a> {
    vectors: &'a WordVectors,
    points: Vec<MapPoint>,
    rows: Vec<f32>,
    seen: HashSet<WordId>,
}

impl Engine {
    /// Words with their neighbours, on the plane that keeps most of how they differ (principal components).
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown word, with near spellings, or an unknown collection; [`Error::Invalid`] for more words or
    /// points than a map takes, or a sum without a direction; [`Error::NotReady`] without a model.
    pub fn map(&self, collection: &str, request: &MapRequest) -> Result<WordMap> {
        let k = request.k.unwrap_or(30);
        check(request, k)?;
        let generation = self.generation(collection)?;
        let vectors = generation.encoder()?.vectors();
        let words = spellings(vectors, &request.words)?;
        let mut cloud = Cloud { vectors, points: Vec::new(), rows: Vec::new(), seen: HashSet::default() };
        for (of, word) in words.iter().enumerate() {
            cloud.asked(of, word)?;
        }
        for (of, sum) in request.sums.iter().enumerate() {
            cloud.sum(of, sum)?;
        }
        for (of, word) in words.iter().enumerate().filter(|_| k > 0) {
            cloud.around(of, word, k)?;
        }
        Ok(cloud.flat(words))
    }
}

fn check(request: &MapRequest, k: usize) -> Result<()> {
    let (words, sums) = (request.words.len(), request.sums.len());
    if !(1..=50).contains(&words) || sums > 50 {
        let got = format!("{words} words and {sums} sums");
        return Err(Error::invalid("words", "1 to 50 words and at most 50 sums", got, "draw fewer at once"));
    }
    for sum in &request.sums {
        check_words(sum.len(), 1)?;
    }
    if k > 0 {
        TopK::new("k", k)?;
    }
    if words * k > POINTS_MAX {
        let got = format!("{words} words with {k} neighbours each");
        return Err(Error::invalid("k", format!("at most {POINTS_MAX} points"), got, "lower k"));
    }
    Ok(())
}

impl Cloud<'_> {
    fn asked(&mut self, of: usize, word: &str) -> Result<()> {
        let found = self.vectors.lookup(word)?;
        if found.id.is_some_and(|id| !self.seen.insert(id)) {
            return Ok(());
        }
        let count = found.id.map_or(0, |id| self.vectors.vocabulary().count(id));
        self.rows.extend_from_slice(&found.unit);
        self.point(MapPointKind::Word, of, word.to_owned(), count, 1.0);
        Ok(())
    }

    fn sum(&mut self, of: usize, sum: &[WeightedWord]) -> Result<()> {
        let vocabulary = self.vectors.vocabulary();
        let mut total = vec![0.0; self.vectors.dim()];
        for part in sum {
            let found = self.vectors.lookup(&spelling(vocabulary, &part.word)?)?;
            add_scaled(&mut total, part.weight, &found.unit);
        }
        let length = normalize(&mut total);
        if !(length > 0.0 && length.is_finite()) {
            let cure = "give weights that do not cancel out";
            return Err(Error::invalid("sums", "sums with a direction", "one without", cure));
        }
        let similarity = dot(&total, &self.rows[..total.len()]);
        self.rows.extend_from_slice(&total);
        self.point(MapPointKind::Sum, of, String::new(), 0, similarity);
        Ok(())
    }

    fn around(&mut self, of: usize, word: &str, k: usize) -> Result<()> {
        let vectors = self.vectors;
        let found = vectors.similar(word, &Similar { k, ..Similar::default() })?;
        for near in found.neighbours {
            if self.seen.insert(near.id) {
                self.rows.extend_from_slice(vectors.unit(near.id));
                let vocabulary = vectors.vocabulary();
                let (word, count) = (vocabulary.word(near.id).to_owned(), vocabulary.count(near.id));
                self.point(MapPointKind::Neighbour, of, word, count, near.score);
            }
        }
        Ok(())
    }

    fn point(&mut self, kind: MapPointKind, of: usize, word: String, count: u64, similarity: f32) {
        self.points.push(MapPoint { word, kind, of, similarity, count, x: 0.0, y: 0.0, kept: 0.0 });
    }

    fn flat(mut self, words: Vec<String>) -> WordMap {
        let plane = Plane::through(&self.rows, self.vectors.dim());
        for (point, at) in self.points.iter_mut().zip(&plane.points) {
            (point.x, point.y, point.kept) = (at.x, at.y, at.kept);
        }
        let from_subwords = super::words::outside(self.vectors, &words);
        WordMap { words, from_subwords, kept: plane.kept, points: self.points }
    }
}
