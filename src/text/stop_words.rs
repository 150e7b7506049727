//! Function words of English and Chinese: left out of explanations and of queries that hold other words.

/// Whether a folded token is a function word that carries no topic.
#[must_use]
pub fn is_stop_word(word: &str) -> bool {
    if word.is_ascii() { ENGLISH.contains(&word) } else { CHINESE.contains(&word) }
}

const ENGLISH: &[&str] = &[
    "a", "about", "above", "after", "again", "all", "am", "an", "and", "any", "are", "as", "at", "be",
    "because", "been", "before", "being", "below", "between", "both", "but", "by", "can", "could", "did",
    "do", "does", "doing", "down", "during", "each", "few", "for", "from", "further", "had", "has", "have",
    "having", "he", "her", "here", "hers", "him", "his", "how", "i", "if", "in", "into", "is", "isn't", "it",
    "its", "just", "may", "me", "might", "more", "most", "must", "my", "no", "nor", "not", "of", "off", "on",
    "once", "only", "or", "other", "our", "out", "over", "own", "same", "shall", "she", "should", "so",
    "some", "such", "than", "that", "the", "their", "theirs", "them", "then", "there", "these", "they",
    "this", "those", "through", "to", "too", "under", "until", "up", "upon", "us", "very", "was", "we",
    "were", "what", "when", "where", "which", "while", "who", "whom", "why", "will", "with", "would", "you",
    "your", "yours",
];

const CHINESE: &[&str] = &[
    "的", "了", "在", "是", "和", "与", "及", "或", "也", "都", "就", "而", "着", "过", "得", "地", "之",
    "于", "以", "为", "把", "被", "从", "到", "对", "向", "让", "给", "用", "由", "我", "你", "他", "她",
    "它", "我们", "你们", "他们", "她们", "它们", "这", "那", "这个", "那个", "这些", "那些", "这样", "那样",
    "什么", "怎么", "哪", "哪里", "谁", "吗", "呢", "吧", "啊", "个", "很", "不", "没", "没有", "有", "会",
    "能", "要", "可以", "一个", "一种", "去了", "但", "但是", "如果", "因为", "所以", "并", "等", "其", "中",
    "上", "下", "里", "还", "又", "再", "才", "只",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn function_words_are_known_and_content_words_are_not() {
        assert!(is_stop_word("the") && is_stop_word("的"));
        assert!(!is_stop_word("bank") && !is_stop_word("银行"));
    }
}
