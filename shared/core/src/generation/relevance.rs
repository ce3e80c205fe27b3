//! How relevant relations, columns and values are to a question.

use alloc::{collections::BTreeMap, string::String, vec, vec::Vec};

use super::{
    model::{Column, KnownValue, Relation, SemanticModel},
    words::{Word, words},
};

/// How much it says that a word of the question stands in a name, in another name, and so on. A relation's name says what its rows are.
const RELATION: f64 = 1.5;
const NAME: f64 = 1.0;
const ALIAS: f64 = 0.9;
const MEANING: f64 = 0.7;
const DESCRIPTION: f64 = 0.5;
const EXAMPLE: f64 = 0.8;

/// A description of a value tells of many things; few of them are the value.
const VALUE_DESCRIPTION: f64 = 0.35;

/// From here on two words are taken for one.
const SAME: f64 = 0.7;

/// What a question about time is worth to columns that say when, as a share of the best score.
const TEMPORAL: f64 = 0.25;

/// Least strength of a match with a value, and as a share of the best one.
const LEAST: f64 = 0.2;
const LEAST_SHARE: f64 = 0.2;

/// A word that is made of the first letters of others: `GT` of `gross tonnage`.
const INITIALS: f64 = 0.9;

/// How much its best column says of a relation, beside all words that it answers to.
const BEST_COLUMN: f64 = 0.3;

/// Words of a value that are looked at. Longer ones are texts, which have a word of most questions.
const LONGEST_VALUE: usize = 8;

/// Words that an acronym is made of.
const ACRONYM: core::ops::RangeInclusive<usize> = 2..=5;

/// Words of questions about time (English). They say when, not what: they count half.
const TIMES: [&str; 42] = [
    "after",
    "age",
    "april",
    "august",
    "before",
    "beginning",
    "date",
    "day",
    "decade",
    "december",
    "during",
    "earliest",
    "end",
    "february",
    "first",
    "hour",
    "january",
    "july",
    "june",
    "last",
    "late",
    "latest",
    "long",
    "march",
    "may",
    "minute",
    "month",
    "newest",
    "november",
    "october",
    "oldest",
    "quarter",
    "recent",
    "recently",
    "september",
    "since",
    "start",
    "time",
    "until",
    "week",
    "when",
    "year",
];
const OF_TIME: f64 = 0.5;

/// The relevance of everything in a model, from 0 to 1. That of a value is 0 unless the question names it.
#[derive(Debug)]
pub(super) struct Relevance {
    pub(super) relations: Vec<f64>,
    /// By relation.
    pub(super) columns: Vec<Vec<f64>>,
    /// By relation and column.
    pub(super) values: Vec<Vec<Vec<f64>>>,
}

impl Relevance {
    pub(super) fn of(model: &SemanticModel, question: &str) -> Self {
        let mut matcher = Matcher::new(question);
        matcher.weigh(model);
        let mut relations: Vec<RelationScore> =
            model.relations.iter().map(|relation| matcher.relation(relation)).collect();
        matcher.reward_the_best(&mut relations);
        let best_relation = best(relations.iter().map(|relation| relation.score));
        let best_column = best(relations.iter().flat_map(|relation| relation.columns.iter().copied()));
        let asks_when = matcher.asks_when();
        let columns = relations.iter().zip(&model.relations).map(|(scores, relation)| {
            let scored = scores.columns.iter().zip(&relation.columns);
            scored
                .map(|(score, column)| {
                    let bonus = if asks_when && column.is_temporal() { TEMPORAL } else { 0.0 };
                    (score / best_column + bonus).min(1.0)
                })
                .collect()
        });
        let columns = columns.collect();
        let best_value = best(relations.iter().flat_map(|relation| relation.values.iter().flatten().copied()));
        let least = LEAST.max(best_value * LEAST_SHARE);
        let share = |strength: f64| if strength >= least { strength / best_value } else { 0.0 };
        let of_values = |columns: Vec<Vec<f64>>| -> Vec<Vec<f64>> {
            columns.into_iter().map(|values| values.into_iter().map(share).collect()).collect()
        };
        Self {
            columns,
            relations: relations.iter().map(|relation| relation.score / best_relation).collect(),
            values: relations.into_iter().map(|relation| of_values(relation.values)).collect(),
        }
    }
}

/// The greatest of scores, or 1 if there's none above 0: scores are divided by it.
fn best(scores: impl Iterator<Item = f64>) -> f64 {
    let best = scores.fold(0.0, f64::max);
    if best > 0.0 { best } else { 1.0 }
}

struct RelationScore {
    score: f64,
    columns: Vec<f64>,
    values: Vec<Vec<f64>>,
    /// By word of the question: how well anything of the relation answers to it.
    covered: Vec<f64>,
}

/// A question, and how much each of its words tells.
struct Matcher {
    question: Vec<Word>,
    weights: Vec<f64>,
    /// By what the first letters of consecutive words make: those words.
    initials: BTreeMap<String, Vec<usize>>,
    /// By word: the words of the question near it. Models have the same words over and over.
    near: BTreeMap<Word, Vec<(usize, f64)>>,
}

impl Matcher {
    fn new(question: &str) -> Self {
        let sequence = words(question);
        let mut question: Vec<Word> = sequence.iter().filter(|word| !word.is_asking()).cloned().collect();
        question.sort();
        question.dedup_by(|a, b| a.stem == b.stem);
        let weights = vec![1.0; question.len()];
        let initials = initials(&sequence, &question);
        Self { question, weights, initials, near: BTreeMap::new() }
    }

    fn asks_when(&self) -> bool {
        let is_year =
            |word: &Word| word.is_number() && matches!(word.text.get(..2), Some("19" | "20")) && word.text.len() == 4;
        self.question.iter().any(|word| is_year(word) || is_of_time(word))
    }

    /// A word that is everywhere tells little.
    fn weigh(&mut self, model: &SemanticModel) {
        let mut columns_with = vec![0usize; self.question.len()];
        for relation in &model.relations {
            for column in &relation.columns {
                let mut covered = vec![0.0; self.question.len()];
                for text in names_of(column).chain(column.description.as_deref()) {
                    self.cover(&words(text), 1.0, &mut covered);
                }
                for (count, near) in columns_with.iter_mut().zip(covered) {
                    *count += usize::from(near >= SAME);
                }
            }
        }
        for ((weight, count), word) in self.weights.iter_mut().zip(columns_with).zip(&self.question) {
            let worth = if is_of_time(word) { OF_TIME } else { 1.0 };
            *weight = worth / f64::from(1 + (1 + count).ilog2());
        }
    }

    fn near(&mut self, word: &Word) -> &[(usize, f64)] {
        let (question, initials) = (&self.question, &self.initials);
        self.near.entry(word.clone()).or_insert_with(|| {
            let made_of = initials.get(&word.text).map(Vec::as_slice).unwrap_or_default();
            let near = question.iter().enumerate().map(|(i, asked)| {
                let nearness = asked.nearness(word);
                (i, if made_of.contains(&i) { nearness.max(INITIALS) } else { nearness })
            });
            near.filter(|(_, nearness)| *nearness > 0.0).collect()
        })
    }

    /// Notes which words of the question these words answer to. Gives the share of these words that do.
    fn cover(&mut self, words: &[Word], worth: f64, covered: &mut [f64]) -> f64 {
        let (mut answering, mut all) = (0u32, 0u32);
        for word in words {
            // Names hold words such as `of`, too.
            if word.is_asking() {
                continue;
            }
            all += 1;
            let mut answers = false;
            for (i, nearness) in self.near(word) {
                answers |= *nearness >= SAME;
                if let Some(known) = covered.get_mut(*i) {
                    *known = known.max(worth * nearness);
                }
            }
            answering += u32::from(answers);
        }
        if all == 0 { 0.0 } else { f64::from(answering) / f64::from(all) }
    }

    fn total(&self, covered: &[f64]) -> f64 {
        covered.iter().zip(&self.weights).map(|(near, weight)| near * weight).sum()
    }

    fn relation(&mut self, relation: &Relation) -> RelationScore {
        let mut covered = vec![0.0; self.question.len()];
        let share = self.cover(&words(&relation.name), RELATION, &mut covered);
        self.cover(&words(relation.description.as_deref().unwrap_or_default()), DESCRIPTION, &mut covered);
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        for column in &relation.columns {
            let (score, strengths) = self.column(column, &mut covered);
            columns.push(score);
            values.push(strengths);
        }
        // What several columns answer to counts once: descriptions of things hold their names over and over.
        let score =
            self.total(&covered) * (1.0 + share / 2.0) + BEST_COLUMN * columns.iter().copied().fold(0.0, f64::max);
        RelationScore { score, columns, values, covered }
    }

    fn column(&mut self, column: &Column, of_relation: &mut [f64]) -> (f64, Vec<f64>) {
        let mut covered = vec![0.0; self.question.len()];
        let mut share = self.cover(&words(&column.name), NAME, &mut covered);
        for alias in &column.aliases {
            share = share.max(ALIAS * self.cover(&words(alias), ALIAS, &mut covered));
        }
        self.cover(&words(column.meaning.as_deref().unwrap_or_default()), MEANING, &mut covered);
        self.cover(&words(column.description.as_deref().unwrap_or_default()), DESCRIPTION, &mut covered);
        let named = self.total(&covered) * (1.0 + share / 2.0);
        let mut strengths = Vec::new();
        for value in &column.values {
            let (strength, by_value) = self.value(value);
            if strength >= LEAST {
                merge(of_relation, &by_value);
            }
            strengths.push(strength);
        }
        merge(of_relation, &covered);
        (named + strengths.iter().copied().fold(0.0, f64::max), strengths)
    }

    fn value(&mut self, value: &KnownValue) -> (f64, Vec<f64>) {
        let names = core::iter::once((value.text.as_str(), NAME))
            .chain(value.aliases.iter().map(|alias| (alias.as_str(), ALIAS)))
            .chain(value.examples.iter().map(|example| (example.as_str(), EXAMPLE)));
        let mut all = vec![0.0; self.question.len()];
        let mut strength: f64 = 0.0;
        for (text, worth) in names {
            let words = words(text);
            if words.len() > LONGEST_VALUE {
                continue;
            }
            let mut covered = vec![0.0; self.question.len()];
            let share = self.cover(&words, worth, &mut covered);
            // A year is a part of many dates.
            let names = covered.iter().zip(&self.question).any(|(near, word)| *near > 0.0 && !word.is_number());
            if share >= 1.0 || names {
                strength = strength.max(self.total(&covered) * share);
                merge(&mut all, &covered);
            }
        }
        if let Some(description) = &value.description {
            let mut covered = vec![0.0; self.question.len()];
            self.cover(&words(description), VALUE_DESCRIPTION, &mut covered);
            strength = strength.max(self.total(&covered));
            merge(&mut all, &covered);
        }
        (strength, all)
    }

    /// Of each word of the question, the relations that answer best to it gain: a question about two things needs both.
    fn reward_the_best(&self, relations: &mut [RelationScore]) {
        for (i, weight) in self.weights.iter().enumerate() {
            let of = |relation: &RelationScore| relation.covered.get(i).copied().unwrap_or_default();
            let best = relations.iter().map(of).fold(0.0, f64::max);
            if best >= VALUE_DESCRIPTION {
                for relation in relations.iter_mut().filter(|relation| of(relation) >= best) {
                    relation.score += weight * best / 2.0;
                }
            }
        }
    }
}

fn is_of_time(word: &Word) -> bool {
    [&word.text, &word.stem].iter().any(|text| TIMES.binary_search(&text.as_str()).is_ok())
}

/// What the first letters of consecutive words of a sequence make, with the places of these in `question`.
fn initials(sequence: &[Word], question: &[Word]) -> BTreeMap<String, Vec<usize>> {
    let mut initials = BTreeMap::new();
    for length in ACRONYM {
        for run in sequence.windows(length) {
            let letters: String = run.iter().filter_map(|word| word.text.chars().next()).collect();
            // Two letters with a vowel are a word more often than an acronym: `in`, `no`, `id`.
            if length == 2 && letters.contains(['a', 'e', 'i', 'o', 'u', 'y']) {
                continue;
            }
            let places =
                run.iter().filter_map(|word| question.iter().position(|asked| asked.stem == word.stem)).collect();
            initials.entry(letters).or_insert(places);
        }
    }
    initials
}

fn names_of(column: &Column) -> impl Iterator<Item = &str> {
    core::iter::once(column.name.as_str()).chain(column.aliases.iter().map(String::as_str))
}

fn merge(all: &mut [f64], these: &[f64]) {
    for (known, near) in all.iter_mut().zip(these) {
        *known = known.max(*near);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acronyms_answer_to_their_words() {
        let values = vec![KnownValue::new("HW"), KnownValue::new("LW")];
        let column = Column { name: "kind".into(), values, ..Column::default() };
        let relation = Relation { name: "tides".into(), columns: vec![column], ..Relation::default() };
        let model = SemanticModel { title: String::new(), relations: vec![relation] };
        let relevance = Relevance::of(&model, "How high is the average high water?");
        assert_eq!(relevance.values, [[[1.0, 0.0]]]);
    }

    #[test]
    fn the_words_of_time_are_sorted() {
        assert!(TIMES.is_sorted());
    }
}
