//! Whether two names, or two columns, are the same thing under two names.
//!
//! [`compare`] looks at names, [`columns`] at names and values, [`Index`] finds the pairs worth comparing. Names are compared by
//! mechanisms, not word lists: word lists fit the names they were made for. Each name is taken apart into words ([`Name`]), words are
//! paired by their forms, and what no word answers to decides: nothing left over is a duplicate, words left over on both sides are
//! two things, and words on one side are judged by their place and kind.

mod fold;
mod index;
mod joint;
mod judge;
mod name;
mod pairing;
mod relation;
mod resolve;
mod values;
mod words;

use alloc::{format, string::String};

use serde::{Deserialize, Serialize};

pub(crate) use fold::push as fold_letter;
pub use index::{Found, Index};
pub use judge::{Options, compare, compare_with};
pub(crate) use name::stem;
pub use name::{Context, Name};
pub(crate) use relation::{abbreviates, is_inflected};
pub use resolve::{Match, resolve};
pub use values::{Column, Kind, Values, columns, columns_with};

/// Least score of a duplicate.
pub const DUPLICATE: f64 = 0.85;

/// Least score of a pair in doubt: one that names alone can't decide, and an embedding or the values might.
pub const IN_DOUBT: f64 = 0.5;

/// What a comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Duplicate,
    InDoubt,
    Different,
}

/// Least cosine of two names' embeddings that makes a duplicate of a pair in doubt.
///
/// Embeddings put `first name` as near to `last name` as to `given name`. Of the pairs in doubt of a hand-labelled set, half of those over
/// 0.85 were duplicates (all-MiniLM-L6-v2; `scripts/bench similarity` prints the figures), so this is high, and low ones only order what a
/// person looks at.
pub const COSINE: f64 = 0.92;

/// The result of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// How likely the two are one: 0 to 1, a duplicate from [`DUPLICATE`].
    pub score: f64,
    pub verdict: Verdict,
    /// Why, in words for a person.
    pub reason: String,
    /// Whether something speaks against it: words on both sides that answer to nothing, or the values. `hull width` is near to
    /// `total width` by all that they share, so an embedding says nothing of such a pair.
    #[serde(skip)]
    is_contradicted: bool,
    /// Whether nothing but a short form speaks for it, or one name says more than the other: the values then have to bear it out, where
    /// they are known.
    #[serde(skip)]
    is_weak: bool,
}

impl Comparison {
    pub(crate) fn new(score: f64, reason: impl Into<String>) -> Self {
        let score = score.clamp(0.0, 1.0);
        let verdict = match score {
            s if s >= DUPLICATE => Verdict::Duplicate,
            s if s >= IN_DOUBT => Verdict::InDoubt,
            _ => Verdict::Different,
        };
        Self { score, verdict, reason: reason.into(), is_contradicted: false, is_weak: false }
    }

    pub(crate) fn contradicted(score: f64, reason: impl Into<String>) -> Self {
        Self { is_contradicted: true, ..Self::new(score, reason) }
    }

    pub(crate) fn weak(self, is_weak: bool) -> Self {
        Self { is_weak, ..self }
    }

    /// Whether an embedding may decide it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.verdict == Verdict::InDoubt && !self.is_contradicted
    }
}

/// Lets the embeddings of two names weigh in on a pair that [is open](Comparison::is_open). `cosine` is their similarity, -1 to 1; `least` makes a duplicate, see
/// [`COSINE`]. Other pairs stay as they are: an embedding never overrules a reason.
#[must_use]
pub fn with_embedding(comparison: &Comparison, cosine: f64, least: f64) -> Comparison {
    if !comparison.is_open() || !cosine.is_finite() {
        return comparison.clone();
    }
    let reason = format!("{}; the meanings are alike by {cosine:.2} (embedding)", comparison.reason);
    let score = if cosine >= least {
        DUPLICATE
    } else {
        // Stays in doubt, ordered by the embedding.
        IN_DOUBT + (DUPLICATE - IN_DOUBT) * 0.99 * cosine.clamp(0.0, 1.0)
    };
    Comparison::new(score, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embeddings_decide_only_what_is_in_doubt() {
        let doubtful = Comparison::new(0.6, "one is qualified");
        assert_eq!(with_embedding(&doubtful, 0.95, COSINE).verdict, Verdict::Duplicate);
        assert_eq!(with_embedding(&doubtful, 0.1, COSINE).verdict, Verdict::InDoubt);
        assert_eq!(with_embedding(&doubtful, f64::NAN, COSINE), doubtful);
        let different = Comparison::new(0.3, "different units");
        assert_eq!(with_embedding(&different, 1.0, COSINE), different);
        let contradicted = compare(&Name::new("hull_width"), &Name::new("total_width"));
        assert_eq!((contradicted.verdict, contradicted.is_open()), (Verdict::InDoubt, false));
        assert_eq!(with_embedding(&contradicted, 1.0, COSINE), contradicted);
    }
}
