//! Weights of mode `hybrid`, fitted to a collection's own judged queries.
//!
//! They stand in `hybrid.json` in the collection's folder, beside its generations: a new generation keeps them, and so does a snapshot.

use super::Engine;
use super::retrieval::JudgedRequest;
use crate::error::{Error, Result};
use crate::eval::retrieval::JudgedQuery;
use crate::files::write_whole;
use crate::progress::{Progress, Silent};
use crate::search::{HybridSettings, Mode};
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub(super) const HYBRID_FILE: &str = "hybrid.json";
/// Fewer judged queries would be learned by heart.
const QUERIES_MIN: usize = 10;
/// What is tried, one setting after another.
const STATIC_WEIGHTS: [f32; 7] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7];
const RISES: [f32; 3] = [0.0, 0.3, 0.7];
const FEEDBACKS: [f32; 4] = [0.0, 0.25, 0.5, 0.75];
const TERM_WEIGHTS: [f32; 3] = [0.2, 0.4, 0.55];

/// Judged queries to fit the weights of mode hybrid to.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TuneRequest {
    /// At least ten that a document answers.
    pub queries: Vec<JudgedQuery>,
}

/// What fitting found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TuneReport {
    /// Queries fitted to.
    pub queries: usize,
    /// nDCG@10 of the default weights.
    pub default_ndcg_at_10: f64,
    /// nDCG@10 of the weights chosen, on the queries that they were chosen on.
    pub tuned_ndcg_at_10: f64,
    /// nDCG@10 where each fifth of the queries is asked with the weights chosen on the others: what new queries can expect.
    pub held_out_ndcg_at_10: f64,
    /// Whether the weights were kept: only where held-out queries gain by them.
    pub kept: bool,
    /// The weights that answer from now on.
    pub settings: HybridSettings,
}

impl Engine {
    /// Fits the weights of mode `hybrid` to judged queries, and keeps them for the collection if queries held out gain by them.
    ///
    /// # Errors
    /// [`Error::Invalid`] for fewer than ten queries that any document answers; as [`Engine::search`].
    pub fn tune(&self, collection: &str, request: TuneRequest) -> Result<TuneReport> {
        self.tune_with(collection, request, &Silent)
    }

    /// As [`Engine::tune`], with progress.
    ///
    /// # Errors
    /// As [`Engine::tune`]; [`Error::Cancelled`].
    pub fn tune_with(
        &self,
        collection: &str,
        request: TuneRequest,
        progress: &dyn Progress,
    ) -> Result<TuneReport> {
        let queries = request.queries.into_iter().filter(JudgedQuery::is_answerable);
        let queries: Vec<JudgedQuery> = queries.collect();
        if queries.len() < QUERIES_MIN {
            let expected = format!("at least {QUERIES_MIN} judged queries");
            return Err(Error::invalid("queries", expected, queries.len(), "judge more queries"));
        }
        let mut tried: Vec<(HybridSettings, Vec<f64>)> = Vec::new();
        let steps = grid();
        for (settings, done) in steps.iter().zip(1..) {
            let request = JudgedRequest {
                queries: queries.clone(),
                modes: Some(vec![Mode::Hybrid]),
                hybrid: Some(*settings),
                wordnet: None,
            };
            tried.push((*settings, self.ndcg_of_each(collection, &request)?));
            progress.step("tuning", done, steps.len() as u64, "settings")?;
        }
        let all = |_: usize| true;
        let best = best_of(&tried, all);
        let held_out = (0..5).flat_map(|fold| {
            let chosen = best_of(&tried, move |query| query % 5 != fold);
            let tried = &tried;
            (0..queries.len()).filter(move |query| query % 5 == fold).map(move |query| tried[chosen].1[query])
        });
        let held_out_ndcg_at_10 = held_out.sum::<f64>() / queries.len() as f64;
        let (default, tuned) = (mean(&tried[0].1, all), mean(&tried[best].1, all));
        let kept = best != 0 && held_out_ndcg_at_10 > default;
        let settings = if kept { tried[best].0 } else { HybridSettings::default() };
        if kept {
            self.keep_hybrid_settings(collection, &settings)?;
        }
        Ok(TuneReport {
            queries: queries.len(),
            default_ndcg_at_10: default,
            tuned_ndcg_at_10: tuned,
            held_out_ndcg_at_10,
            kept,
            settings,
        })
    }

    /// The weights asked for, or else those tuned for the collection; none for the defaults.
    pub(super) fn hybrid_settings(
        &self,
        collection: &str,
        asked: Option<HybridSettings>,
    ) -> Result<Option<HybridSettings>> {
        if let Some(asked) = asked {
            asked.check()?;
            return Ok(Some(asked));
        }
        Stored::read(&self.hybrid_file(collection))
    }

    fn keep_hybrid_settings(&self, collection: &str, settings: &HybridSettings) -> Result<()> {
        let path = self.hybrid_file(collection);
        let stored = Stored { crc32: checksum(settings), settings: *settings };
        write_whole(&path, |to| {
            serde_json::to_writer_pretty(to, &stored)
                .map_err(|error| Error::io("write", &path)(std::io::Error::other(error)))
        })
    }

    fn hybrid_file(&self, collection: &str) -> PathBuf {
        self.folder(collection).join(HYBRID_FILE)
    }
}

/// The weights as they are stored: with a checksum, so that no changed digit answers in their name.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    crc32: String,
    settings: HybridSettings,
}

impl Stored {
    /// The weights of a file, if it is there.
    fn read(path: &Path) -> Result<Option<HybridSettings>> {
        let bytes = match std::fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.map_err(Error::io("read", path))?,
        };
        let damaged = |expected: &str, got: String| {
            Error::damaged(path, expected, got, "remove it, or run `sememe tune` again")
        };
        let stored: Self = serde_json::from_slice(&bytes)
            .map_err(|error| damaged("weights of mode hybrid", error.to_string()))?;
        let found = checksum(&stored.settings);
        if found != stored.crc32 {
            return Err(damaged(&format!("checksum {}", stored.crc32), found));
        }
        stored.settings.check()?;
        Ok(Some(stored.settings))
    }
}

/// Reads kept weights, to see whether they are as they were written.
pub(super) fn check(path: &Path) -> Result<()> {
    Stored::read(path).map(drop)
}

/// CRC-32 of the weights as compact JSON, in hexadecimal.
fn checksum(settings: &HybridSettings) -> String {
    let text = serde_json::to_vec(settings).unwrap_or_default();
    format!("{:08x}", crc32fast::hash(&text))
}

/// The defaults first, then every combination.
fn grid() -> Vec<HybridSettings> {
    let mut grid = vec![HybridSettings::default()];
    for static_weight in STATIC_WEIGHTS {
        for static_rise in RISES {
            grid.extend(FEEDBACKS.iter().flat_map(|feedback| {
                let weights = if *feedback == 0.0 { &TERM_WEIGHTS[..1] } else { &TERM_WEIGHTS[..] };
                weights.iter().map(move |feedback_term_weight| HybridSettings {
                    static_weight,
                    static_rise,
                    feedback: *feedback,
                    feedback_term_weight: *feedback_term_weight,
                    ..HybridSettings::default()
                })
            }));
        }
    }
    grid
}

fn mean(values: &[f64], wanted: impl Fn(usize) -> bool) -> f64 {
    let chosen: Vec<f64> = values.iter().enumerate().filter(|(i, _)| wanted(*i)).map(|(_, v)| *v).collect();
    chosen.iter().sum::<f64>() / chosen.len().max(1) as f64
}

/// The setting of the highest mean over some queries; of equal ones the first.
fn best_of(tried: &[(HybridSettings, Vec<f64>)], wanted: impl Fn(usize) -> bool) -> usize {
    let mut best = (0, f64::MIN);
    for (place, (_, values)) in tried.iter().enumerate() {
        let mean = mean(values, &wanted);
        if mean > best.1 + 1e-12 {
            best = (place, mean);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_over_the_wanted_queries_is_chosen() {
        let tried: Vec<(HybridSettings, Vec<f64>)> = [[0.5, 0.5, 0.0], [0.5, 0.9, 0.0], [0.0, 0.0, 1.0]]
            .map(|values| (HybridSettings::default(), values.to_vec()))
            .to_vec();
        assert_eq!(best_of(&tried, |_| true), 1);
        assert_eq!(best_of(&tried, |query| query == 0), 0);
        assert_eq!(best_of(&tried, |query| query == 2), 2);
    }

    #[test]
    fn every_flipped_bit_of_kept_weights_is_told_or_says_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(HYBRID_FILE);
        for settings in [HybridSettings::default(), grid()[77]] {
            let stored = Stored { crc32: checksum(&settings), settings };
            let sound = serde_json::to_vec_pretty(&stored).unwrap();
            std::fs::write(&path, &sound).unwrap();
            assert_eq!(Stored::read(&path).unwrap(), Some(settings));
            for bit in 0..8 * sound.len() {
                let mut changed = sound.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                std::fs::write(&path, &changed).unwrap();
                if let Ok(found) = Stored::read(&path) {
                    assert_eq!(found, Some(settings), "bit {bit}");
                }
                std::fs::write(&path, &sound[..bit / 8]).unwrap();
                assert!(Stored::read(&path).is_err(), "cut at {}", bit / 8);
            }
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(Stored::read(&path).unwrap(), None);
    }

    #[test]
    fn the_defaults_are_tried_first_and_all_are_in_range() {
        let grid = grid();
        assert_eq!(grid[0], HybridSettings::default());
        assert_eq!(grid.len(), 1 + 7 * 3 * 10);
        assert!(grid.iter().all(|settings| settings.check().is_ok()));
    }
}
