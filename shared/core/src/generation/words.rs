//! Words of questions and names, and how near two of them are.

use alloc::{string::String, vec::Vec};

use crate::similarity::{abbreviates, fold_letter, is_inflected, stem};

/// Words of one text that are looked at. Descriptions may be long; what matters stands at their beginning.
const MAX_WORDS: usize = 128;

/// Letters of a word that are looked at.
const MAX_LETTERS: usize = 40;

/// Least share of two words, in tenths, that their common beginning has to be: `annotator`, `annotated`.
const SHARED_TENTHS: usize = 6;

/// Words of English questions that say how to answer, not of what (articles, pronouns, prepositions, auxiliaries, conjunctions, and verbs
/// of asking).
const ASKING: [&str; 84] = [
    "a", "about", "all", "also", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "could",
    "did", "do", "does", "each", "every", "find", "for", "from", "get", "give", "had", "has", "have", "how", "i", "if",
    "in", "into", "is", "it", "its", "let", "list", "many", "me", "much", "my", "not", "of", "on", "only", "or", "our",
    "out", "over", "per", "please", "return", "show", "so", "some", "such", "tell", "than", "that", "the", "their",
    "them", "then", "there", "these", "they", "this", "those", "to", "up", "us", "was", "we", "were", "what", "which",
    "who", "whose", "will", "with", "would", "you",
];

/// A word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Word {
    /// In lower case, without accents.
    pub(super) text: String,
    /// In the singular and in one spelling.
    pub(super) stem: String,
}

impl Word {
    fn new(letters: &str) -> Option<Self> {
        let mut text = String::new();
        letters.chars().take(MAX_LETTERS).for_each(|letter| fold_letter(letter, &mut text));
        let stem = stem(&text);
        (!text.is_empty()).then_some(Self { text, stem })
    }

    /// Whether it only says that something is asked.
    pub(super) fn is_asking(&self) -> bool {
        ASKING.binary_search(&self.text.as_str()).is_ok()
    }

    pub(super) fn is_number(&self) -> bool {
        self.text.bytes().all(|b| b.is_ascii_digit())
    }

    /// How near another word is: 1 for the same, 0 for one that has nothing to do with it.
    pub(super) fn nearness(&self, other: &Self) -> f64 {
        let (a, b) = (self.stem.as_str(), other.stem.as_str());
        if a == b || self.text == other.text {
            return 1.0;
        }
        // All that follows keeps the first letter.
        if a.chars().next() != b.chars().next() || self.is_number() || other.is_number() {
            return 0.0;
        }
        let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
        if short.len() >= 3 && (is_inflected(a, b) || is_inflected(&self.text, &other.text)) {
            return 0.9;
        }
        let shared = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
        if shared >= 4 && shared * 10 >= long.chars().count() * SHARED_TENTHS {
            return 0.7;
        }
        if short.len() >= 3 && abbreviates(short, long) { 0.5 } else { 0.0 }
    }
}

/// The words of a text, in its order: parted by what is no letter or digit, and where a capital follows a small letter.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut chunk = String::new();
    let mut before = ' ';
    for letter in text.chars() {
        let is_part = letter.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&letter);
        if !is_part || (before.is_lowercase() && letter.is_uppercase()) {
            words.extend(Word::new(&chunk));
            chunk.clear();
            if words.len() >= MAX_WORDS {
                return words;
            }
        }
        if is_part {
            chunk.push(letter);
        }
        before = letter;
    }
    words.extend(Word::new(&chunk));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: &str, b: &str) -> f64 {
        words(a)[0].nearness(&words(b)[0])
    }

    #[test]
    fn words_of_a_family_are_near() {
        for (a, b) in [
            ("vessels", "vessel"),
            ("annotator", "annotated"),
            ("flagged", "flag"),
            ("trawlers", "trawl"),
            ("expires", "expiry"),
            ("Licences", "license"),
            ("confident", "confidence"),
            ("quantity", "qty"),
        ] {
            assert!(near(a, b) >= 0.5 && near(b, a) >= 0.5, "{a} {b}");
        }
        for (a, b) in [("port", "ship"), ("2024", "2025"), ("name", "number"), ("owner", "order")] {
            assert!(near(a, b) < 0.5, "{a} {b}");
        }
    }

    #[test]
    fn names_and_sentences_are_taken_apart_alike() {
        let texts = |text: &str| words(text).into_iter().map(|word| word.text).collect::<Vec<_>>();
        assert_eq!(
            texts("vesselName of the ner-model-v2 Été"),
            ["vessel", "name", "of", "the", "ner", "model", "v2", "ete"]
        );
        assert!(texts("  -- ").is_empty());
        assert!(ASKING.is_sorted());
    }
}
