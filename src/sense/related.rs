//! The words that WordNet relates to a synset, as a contextual model favours them in the place of a word: where *bank* is a slope, *shore* could
//! stand, and where it is a house, *lender*. Source of the idea: McCarthy and Navigli 2007, lexical substitution.

use super::context::{ContextEncoder, Views};
use crate::linalg::dot;
use crate::wordnet::Synset;

/// Links whose words are taken.
const LINKS_MAX: usize = 40;

/// `max c·u_w` over the synset's own words and those of its neighbours, of one token each: the logarithm of how much the context favours the most
/// favoured of them, but for a constant. Tokens of `word` itself are left out; `None` where no other has an output vector.
pub(super) fn favoured(
    contexts: &ContextEncoder,
    synset: Synset<'_>,
    word: &[String],
    views: &Views,
) -> Option<f32> {
    let (model, expected) = (contexts.model()?, views.expected.as_ref()?);
    let vocabulary = model.vectors().vocabulary();
    let neighbours = synset.links().take(LINKS_MAX).flat_map(|link| link.target.words());
    let known = synset.words().chain(neighbours).filter_map(|related| {
        let related = related.to_lowercase();
        if word.contains(&related) { None } else { vocabulary.id(&related) }
    });
    known.map(|id| dot(model.output(id), expected)).max_by(f32::total_cmp)
}
