//! How alike two synsets are, by the measures of the literature.
//!
//! | measure | formula | source |
//! |---|---|---|
//! | path | 1 / (d + 1) | Rada et al. 1989 |
//! | Wu-Palmer | 2·depth(s) / (depth(a) + depth(b)) | Wu and Palmer 1994 |
//! | Leacock-Chodorow | −ln((d + 1) / 2D) | Leacock and Chodorow 1998 |
//! | Resnik | IC(s) | Resnik 1995 |
//! | Lin | 2·IC(s) / (IC(a) + IC(b)) | Lin 1998 |
//! | Jiang-Conrath | 1 / (IC(a) + IC(b) − 2·IC(s)) | Jiang and Conrath 1997 |
//! | Lesk | overlap of glosses | Banerjee and Pedersen 2003 |
//!
//! d is the number of links between a and b, s their least common subsumer, D the depth of the taxonomy. Choices the papers
//! leave open (which s, how deep it counts) are NLTK's, whose values golden tests compare.

use super::taxonomy::{Ancestors, deepest, needs_root};
use super::{InformationContent, Synset};
use crate::error::{Error, Result};
use serde::Serialize;

/// A measure of similarity between synsets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// From the shortest path, 0 to 1.
    Path,
    /// From the depths of both and their subsumer, 0 to 1.
    WuPalmer,
    /// From the shortest path against the depth of the taxonomy; same part of speech only.
    LeacockChodorow,
    /// Information content of the subsumer, from 0; same part of speech only.
    Resnik,
    /// The share of information in common, 0 to 1; same part of speech only.
    Lin,
    /// From the information not in common, infinite for the same synset; same part of speech only.
    JiangConrath,
    /// Words and phrases that the glosses around both have in common, from 0; any parts of speech.
    Lesk,
}

impl Measure {
    /// All measures.
    pub const ALL: [Self; 7] = [
        Self::Path,
        Self::WuPalmer,
        Self::LeacockChodorow,
        Self::Resnik,
        Self::Lin,
        Self::JiangConrath,
        Self::Lesk,
    ];

    /// `path`, `wu-palmer`, `leacock-chodorow`, `resnik`, `lin`, `jiang-conrath`, `lesk`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::WuPalmer => "wu-palmer",
            Self::LeacockChodorow => "leacock-chodorow",
            Self::Resnik => "resnik",
            Self::Lin => "lin",
            Self::JiangConrath => "jiang-conrath",
            Self::Lesk => "lesk",
        }
    }

    /// From its name or the short one of the literature (`wup`, `lch`, `res`, `jcn`).
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let lower = text.to_lowercase();
        let long = match lower.as_str() {
            "wup" => "wu-palmer",
            "lch" => "leacock-chodorow",
            "res" => "resnik",
            "jcn" => "jiang-conrath",
            other => other,
        };
        Self::ALL.into_iter().find(|measure| measure.name() == long).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Error::invalid("measure", names, text, "choose one of these")
        })
    }

    /// Whether it needs an [`InformationContent`].
    #[must_use]
    pub fn needs_information(self) -> bool {
        matches!(self, Self::Resnik | Self::Lin | Self::JiangConrath)
    }
}

impl<'a> Synset<'a> {
    /// Similarity to `other`; `None` where the measure is not defined for the two. `information` is used by
    /// [`Measure::Resnik`], [`Measure::Lin`] and [`Measure::JiangConrath`] only.
    #[must_use]
    pub fn similarity(self, other: Self, measure: Measure, information: &InformationContent) -> Option<f64> {
        match measure {
            Measure::Path => self.path_similarity(other),
            Measure::WuPalmer => self.wu_palmer(other),
            Measure::LeacockChodorow => self.leacock_chodorow(other),
            Measure::Lesk => Some(self.gloss_overlap(other) as f64),
            _ if self.pos() != other.pos() => None,
            Measure::Resnik => Some(self.shared_information(other, information)),
            Measure::Lin => self.lin(other, information),
            Measure::JiangConrath => Some(self.jiang_conrath(other, information)),
        }
    }

    fn path_similarity(self, other: Self) -> Option<f64> {
        let root = needs_root(self.pos()) || needs_root(other.pos());
        Some(1.0 / (f64::from(self.distance(other, root)?) + 1.0))
    }

    fn leacock_chodorow(self, other: Self) -> Option<f64> {
        if self.pos() != other.pos() {
            return None;
        }
        let root = needs_root(self.pos());
        let depth = self.wordnet.depth_max(self.pos()) + u32::from(root);
        let distance = self.distance(other, root)?;
        (depth > 0).then(|| -((f64::from(distance) + 1.0) / (2.0 * f64::from(depth))).ln())
    }

    /// The subsumer is the one with the longest shortest way to a root, its depth that of its longest way (NLTK).
    fn wu_palmer(self, other: Self) -> Option<f64> {
        let root = needs_root(self.pos()) || needs_root(other.pos());
        let candidates = deepest(self.common_subsumers(other), Self::depth_min);
        let own = candidates.iter().find(|synset| **synset == self).copied();
        let at_root = root && candidates.first().is_none_or(|synset| synset.depth_min() == 0);
        let (depth, from_own, from_other) = match own
            .or_else(|| candidates.first().copied().filter(|_| !at_root))
        {
            Some(subsumer) => {
                (subsumer.depth_max() + 1, self.distance(subsumer, root)?, other.distance(subsumer, root)?)
            }
            None if root => {
                (1, Ancestors::of(self).distance_to_root(), Ancestors::of(other).distance_to_root())
            }
            None => return None,
        };
        Some(2.0 * f64::from(depth) / f64::from(from_own + from_other + 2 * depth))
    }

    fn shared_information(self, other: Self, information: &InformationContent) -> f64 {
        information.most_informative_subsumer(self, other).map_or(0.0, |(_, content)| content)
    }

    fn lin(self, other: Self, information: &InformationContent) -> Option<f64> {
        let sum = information.of(self) + information.of(other);
        (sum > 0.0)
            .then(|| 2.0 * self.shared_information(other, information) / sum)
            .filter(|lin| !lin.is_nan())
    }

    fn jiang_conrath(self, other: Self, information: &InformationContent) -> f64 {
        if self == other {
            return f64::INFINITY;
        }
        let (own, others) = (information.of(self), information.of(other));
        if own == 0.0 || others == 0.0 {
            return 0.0;
        }
        let apart = own + others - 2.0 * self.shared_information(other, information);
        if apart.is_nan() { 0.0 } else { 1.0 / apart }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_read_by_both_names() {
        for measure in Measure::ALL {
            assert_eq!(Measure::parse(measure.name()).ok(), Some(measure));
        }
        assert_eq!(Measure::parse("JCN").ok(), Some(Measure::JiangConrath));
        assert!(Measure::parse("cosine").unwrap_err().to_string().contains("wu-palmer"));
    }
}
