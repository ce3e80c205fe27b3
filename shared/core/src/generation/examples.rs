//! Verified queries that are shown with a question: those whose questions are most like it.

use alloc::{string::String, vec::Vec};

use super::words::{Word, words};
use crate::schema::tokens;

/// Examples of one prompt. More of them bring little (they are the most alike first) and cost the room of the schema.
pub const MAX_EXAMPLES: usize = 4;

/// Least likeness: below it a question has but a word or two in common with another.
const LEAST: f64 = 0.2;

/// From here on two words are taken for one.
const SAME: f64 = 0.7;

/// A question with its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    pub id: String,
    pub question: String,
    pub sql: String,
}

/// The examples to show with a question, the most alike first; among equals in the order of the list. Together they have at most
/// `max_tokens` tokens.
#[must_use]
pub fn pick<'a>(question: &str, examples: &'a [Example], max_tokens: usize) -> Vec<&'a Example> {
    let asked = telling(question);
    let mut alike: Vec<(f64, &Example)> =
        examples.iter().map(|example| (likeness(&asked, &telling(&example.question)), example)).collect();
    alike.retain(|(likeness, _)| *likeness >= LEAST);
    alike.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut left = max_tokens;
    let mut picked: Vec<&Example> = Vec::new();
    for (_, example) in alike {
        let cost = tokens(&example.question) + tokens(&example.sql);
        if picked.len() < MAX_EXAMPLES && cost <= left && picked.iter().all(|known| known.sql != example.sql) {
            left -= cost;
            picked.push(example);
        }
    }
    picked
}

/// The words that tell what a question is about, each once.
pub(super) fn telling(question: &str) -> Vec<Word> {
    let mut words: Vec<Word> = words(question).into_iter().filter(|word| !word.is_asking()).collect();
    words.sort();
    words.dedup_by(|a, b| a.stem == b.stem);
    words
}

/// Words that two questions share, of all that they have (Dice's coefficient): 0 to 1.
fn likeness(a: &[Word], b: &[Word]) -> f64 {
    let nearest = |word: &Word| b.iter().map(|other| word.nearness(other)).fold(0.0, f64::max);
    let shared: f64 = a.iter().map(nearest).filter(|nearness| *nearness >= SAME).sum();
    let all = a.len() + b.len();
    #[expect(clippy::cast_precision_loss, reason = "a share of a few words")]
    let share = if all == 0 { 0.0 } else { 2.0 * shared / all as f64 };
    share.min(1.0)
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use proptest::prelude::*;

    use super::*;

    fn example(id: &str, question: &str, sql: &str) -> Example {
        Example { id: id.into(), question: question.into(), sql: sql.into() }
    }

    #[test]
    fn questions_about_the_same_are_picked() {
        let examples = [
            example("a", "How many documents are there?", "SELECT 1"),
            example("b", "Which vessels fly the flag of Spain?", "SELECT 2"),
            example("c", "List the vessels flagged to Panama", "SELECT 3"),
            example("d", "List the vessels flagged to Panama", "SELECT 3"),
        ];
        let ids: Vec<&str> =
            pick("Which vessel is flagged to Panama?", &examples, 500).iter().map(|e| e.id.as_str()).collect();
        assert_eq!(ids, ["c", "b"]);
        assert!(pick("Which vessel is flagged to Panama?", &examples, 5).is_empty());
        assert!(pick("", &examples, 500).is_empty());
    }

    proptest! {
        #[test]
        fn picks_are_few_small_and_always_the_same(
            questions in proptest::collection::vec("[a-d ]{0,12}", 0..12), asked in "[a-d ]{0,12}", most in 0usize..40,
        ) {
            let examples: Vec<Example> =
                questions.iter().enumerate().map(|(i, q)| example(&format!("{i}"), q, &format!("SELECT {i}"))).collect();
            let picked = pick(&asked, &examples, most);
            prop_assert!(picked.len() <= MAX_EXAMPLES);
            prop_assert!(picked.iter().map(|e| tokens(&e.question) + tokens(&e.sql)).sum::<usize>() <= most);
            prop_assert_eq!(&picked, &pick(&asked, &examples, most));
        }
    }
}
