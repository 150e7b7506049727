//! Chinese read by pairs of characters instead of words: where a dictionary cuts query and document apart (窄轨 beside 窄|轨), or one holds a part of the
//! other's word (伤亡者, 伤亡), pairs still meet.
//!
//! Pairs alone serve Chinese search about as well as words, and both together better: Nie, Gao, Zhang & Zhou 2000, "On the use of words and
//! n-grams for Chinese information retrieval".

use super::analyzer::is_han;

/// Calls `found` with each two Chinese characters that stand side by side in these words, be it in two of them, and with the place of the word that the first
/// stands in; a character without such a neighbour comes alone. Beside a word: whether it follows the one before without a gap.
pub(crate) fn han_pairs<'w>(
    words: impl IntoIterator<Item = (&'w str, bool)>,
    mut found: impl FnMut(&str, usize),
) {
    // The last character, the place of its word, and whether it has been part of a pair.
    let mut last: Option<(char, usize, bool)> = None;
    let mut pair = String::with_capacity(8);
    let mut tell = |first: char, second: Option<char>, at: usize| {
        pair.clear();
        pair.push(first);
        pair.extend(second);
        found(&pair, at);
    };
    for (at, (word, follows)) in words.into_iter().enumerate() {
        if (!follows || !word.starts_with(is_han))
            && let Some((alone, at, false)) = last.take()
        {
            tell(alone, None, at);
        }
        for character in word.chars().filter(|character| is_han(*character)) {
            if let Some((before, at, _)) = last {
                tell(before, Some(character), at);
            }
            last = Some((character, at, last.is_some()));
        }
    }
    if let Some((alone, at, false)) = last {
        tell(alone, None, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(words: &[(&str, bool)]) -> Vec<(String, usize)> {
        let mut pairs = Vec::new();
        han_pairs(words.iter().copied(), |pair, at| pairs.push((pair.to_owned(), at)));
        pairs
    }

    #[test]
    fn pairs_reach_across_words_and_not_across_gaps() {
        let found = pairs(&[("条窄", false), ("轨", true), ("bank", true), ("轨", true), ("银行", false)]);
        let expected = [("条窄", 0), ("窄轨", 0), ("轨", 3), ("银行", 4)];
        assert_eq!(found, expected.map(|(pair, at)| (pair.to_owned(), at)));
    }

    #[test]
    fn other_scripts_have_none() {
        assert!(pairs(&[("river", false), ("bank", false), ("", true)]).is_empty());
        assert_eq!(pairs(&[("水", false)]), [("水".to_owned(), 0)]);
    }
}
