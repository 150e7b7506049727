//! The relations between synsets and between words, by name and by the symbol that the database files use.
//!
//! Source: the manual page `wninput(5WN)`, "Pointers". Some symbols mean different things by part of speech: `\` is the
//! pertainym of an adjective and the adjective an adverb is derived from.

use super::PartOfSpeech;
use serde::Serialize;

macro_rules! relations {
    ($($name:ident $code:literal $symbol:literal $label:literal $inverse:ident $doc:literal,)*) => {
        /// A named relation. *Y is a hypernym of X* reads: the link from X to Y is [`Relation::Hypernym`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Relation { $(#[doc = $doc] $name = $code,)* }

        impl Relation {
            /// All relations.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name as answers show it: `member_holonym`, `similar_to` …
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }

            /// The symbol in the database files.
            #[must_use]
            pub fn symbol(self) -> &'static str {
                match self { $(Self::$name => $symbol,)* }
            }

            /// The same link read from its other end. One-way relations (entailment, cause, also, pertainym,
            /// participle) have no name of their own for that and return themselves.
            #[must_use]
            pub fn inverse(self) -> Self {
                match self { $(Self::$name => Self::$inverse,)* }
            }

            pub(crate) fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$name),)* _ => None }
            }
        }
    };
}

relations! {
    Antonym 0 "!" "antonym" Antonym "The opposite: *good*, *bad*. Between words.",
    Hypernym 1 "@" "hypernym" Hyponym "The more general: *dog* → *canine*.",
    InstanceHypernym 2 "@i" "instance_hypernym" InstanceHyponym "What a named thing is: *Paris* → *national capital*.",
    Hyponym 3 "~" "hyponym" Hypernym "The more special: *canine* → *dog*.",
    InstanceHyponym 4 "~i" "instance_hyponym" InstanceHypernym "A named thing of this kind.",
    MemberHolonym 5 "#m" "member_holonym" MemberMeronym "The group this belongs to: *wolf* → *pack*.",
    SubstanceHolonym 6 "#s" "substance_holonym" SubstanceMeronym "What this is an ingredient of.",
    PartHolonym 7 "#p" "part_holonym" PartMeronym "The whole: *wheel* → *wheeled vehicle*.",
    MemberMeronym 8 "%m" "member_meronym" MemberHolonym "A member.",
    SubstanceMeronym 9 "%s" "substance_meronym" SubstanceHolonym "An ingredient.",
    PartMeronym 10 "%p" "part_meronym" PartHolonym "A part.",
    Attribute 11 "=" "attribute" Attribute "The quality an adjective is a value of: *heavy* → *weight*, and back.",
    Derivation 12 "+" "derivation" Derivation "A word of the same stem and a related meaning: *destroy*, *destruction*.",
    DomainTopic 13 ";c" "domain_topic" MemberOfTopic "The topic this belongs to: *serve* → *tennis*.",
    MemberOfTopic 14 "-c" "member_of_topic" DomainTopic "A term of this topic.",
    DomainRegion 15 ";r" "domain_region" MemberOfRegion "The region where this is said.",
    MemberOfRegion 16 "-r" "member_of_region" DomainRegion "A term of this region.",
    DomainUsage 17 ";u" "domain_usage" MemberOfUsage "How this is used: *slang*, *archaism* …",
    MemberOfUsage 18 "-u" "member_of_usage" DomainUsage "A term used in this way.",
    Entailment 19 "*" "entailment" Entailment "What doing this implies: *snore* → *sleep*.",
    Cause 20 ">" "cause" Cause "What doing this brings about: *kill* → *die*.",
    Also 21 "^" "also" Also "See also.",
    VerbGroup 22 "$" "verb_group" VerbGroup "A verb sense that belongs together with this one.",
    SimilarTo 23 "&" "similar_to" SimilarTo "Between the head of an adjective cluster and its satellites.",
    Participle 24 "<" "participle" Participle "The verb an adjective is a participle of.",
    Pertainym 25 "\\" "pertainym" Pertainym "What an adjective pertains to: *dental* → *tooth*.",
    DerivedFrom 26 "\\" "derived_from" DerivedFrom "The adjective an adverb is derived from: *boldly* → *bold*.",
}

impl Relation {
    /// From the symbol in a line of the file of `pos`.
    #[must_use]
    pub fn from_symbol(symbol: &str, pos: PartOfSpeech) -> Option<Self> {
        if symbol == "\\" && pos == PartOfSpeech::Adverb {
            return Some(Self::DerivedFrom);
        }
        Self::ALL.iter().copied().find(|relation| relation.symbol() == symbol)
    }

    /// Whether this leads up the taxonomy (hypernym, instance hypernym).
    #[must_use]
    pub fn is_upward(self) -> bool {
        matches!(self, Self::Hypernym | Self::InstanceHypernym)
    }

    /// Whether this leads down the taxonomy (hyponym, instance hyponym).
    #[must_use]
    pub fn is_downward(self) -> bool {
        matches!(self, Self::Hyponym | Self::InstanceHyponym)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_symbols_and_inverses_fit_together() {
        for &relation in Relation::ALL {
            assert_eq!(Relation::from_code(relation as u8), Some(relation));
            assert_eq!(relation.inverse().inverse(), relation);
            let pos =
                if relation == Relation::DerivedFrom { PartOfSpeech::Adverb } else { PartOfSpeech::Noun };
            assert_eq!(Relation::from_symbol(relation.symbol(), pos), Some(relation));
        }
        assert_eq!(Relation::from_code(200), None);
        assert_eq!(Relation::from_symbol("??", PartOfSpeech::Noun), None);
    }
}
