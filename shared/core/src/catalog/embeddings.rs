//! What embeddings said of names, kept so that a commit is folded in the same way whenever it's folded in again.
//!
//! Whether a service answers is chance, and a fold must not depend on chance. So the fold of a commit never asks it. Before the fold,
//! what is known of the commit's pairs in doubt is recorded under the commit's number, once ([`record`]); the fold reads the record
//! ([`recorded`]). A pair that is not in the record is judged without embeddings, then and in every replay.
//!
//! Vectors stay in the warehouse, by model and name ([`keep`]): a name is asked for once, and one of 1,536 numbers would fill a third of
//! an answer.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::String,
    vec::Vec,
};

use serde::Deserialize;

use crate::{
    landing::load::WAREHOUSE_NOW,
    sql::{Literal, Statement},
};

/// Longest name that is asked for, in characters: what is longer is a sentence.
pub const MAX_NAME: usize = 100;

/// Pairs of one commit that embeddings may weigh in on, the most doubtful left out. Their record is one answer of the warehouse, which
/// has 50,000 characters ([limits](https://motherduck.com/docs/sql-reference/mcp/)): 150 times two names and 40 characters are 36,000.
pub const MAX_PAIRS: usize = 150;

/// Vectors of one statement: 32 of 4,096 numbers of 12 characters each are 1.5 MiB.
pub const MAX_VECTORS: usize = 32;

/// Two names, the lesser first.
pub type Pair = (String, String);

/// What is known of pairs of names: the cosine of their vectors, -1 to 1.
pub type Cosines = BTreeMap<Pair, f64>;

/// A pair as it's recorded; `None` if a name says nothing or too much.
#[must_use]
pub fn pair(a: String, b: String) -> Option<Pair> {
    let is_name = |name: &str| !name.is_empty() && name.chars().count() <= MAX_NAME;
    (is_name(&a) && is_name(&b) && a != b).then(|| if a < b { (a, b) } else { (b, a) })
}

/// The record of a commit: one row for [`read`], or none.
#[must_use]
pub fn recorded(commit_seq: i64) -> Statement {
    Statement::read(format!("SELECT CAST(cosines AS VARCHAR) FROM commit_embeddings WHERE commit_seq = {commit_seq}"))
}

/// Reads a record. `None` if it isn't one.
#[must_use]
pub fn read(cosines: &str) -> Option<Cosines> {
    #[derive(Deserialize)]
    struct Recorded {
        a: String,
        b: String,
        cosine: f64,
    }
    let recorded: Vec<Recorded> = serde_json::from_str(cosines).ok()?;
    Some(recorded.into_iter().map(|Recorded { a, b, cosine }| ((a, b), cosine)).collect())
}

/// Of these names those that have a vector: a row each.
#[must_use]
pub fn known(model: &str, names: &BTreeSet<&str>) -> Statement {
    let names = Literal::List(names.iter().map(|name| Literal::Text(name)).collect());
    Statement::read(format!(
        "SELECT name FROM name_embeddings WHERE model = {} AND list_contains(CAST({names} AS VARCHAR[]), name)",
        Literal::Text(model)
    ))
}

/// Keeps vectors: at most [`MAX_VECTORS`], not none. Of two for one name the first stays.
#[must_use]
pub fn keep(model: &str, vectors: &[(&str, Vec<f32>)]) -> Statement {
    let row = |(name, vector): &(&str, Vec<f32>)| {
        let numbers: Vec<String> = vector.iter().map(|number| format!("{number:e}")).collect();
        format!("({}, {}, [{}]::FLOAT[])", Literal::Text(model), Literal::Text(name), numbers.join(","))
    };
    let rows: Vec<String> = vectors.iter().map(row).collect();
    Statement::repeatable(format!("INSERT INTO name_embeddings VALUES {} ON CONFLICT DO NOTHING", rows.join(", ")))
}

/// Records for a commit what is known of its pairs. Of two that do, the first is right: both read what is there then.
#[must_use]
pub fn record(commit_seq: i64, model: &str, pairs: &BTreeSet<Pair>) -> Statement {
    let list = |of: fn(&Pair) -> &String| Literal::List(pairs.iter().map(|pair| Literal::Text(of(pair))).collect());
    let (a, b, model) = (list(|pair| &pair.0), list(|pair| &pair.1), Literal::Text(model));
    Statement::repeatable(format!(
        "INSERT INTO commit_embeddings \
         SELECT {commit_seq}, {model}, coalesce(to_json(list({{'a': p.a, 'b': p.b, \
                  'cosine': round(CAST(list_cosine_similarity(x.vector, y.vector) AS DOUBLE), 4)}} ORDER BY p.a, p.b)), '[]'), {WAREHOUSE_NOW} \
         FROM (SELECT unnest(CAST({a} AS VARCHAR[])) AS a, unnest(CAST({b} AS VARCHAR[])) AS b) AS p \
         JOIN name_embeddings AS x ON x.model = {model} AND x.name = p.a \
         JOIN name_embeddings AS y ON y.model = {model} AND y.name = p.b AND len(x.vector) = len(y.vector) \
         ON CONFLICT DO NOTHING"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::ToString, vec};

    #[test]
    fn pairs_have_one_order_and_two_names() {
        let pair = |a: &str, b: &str| pair(a.to_string(), b.to_string());
        assert_eq!(pair("b", "a"), Some(("a".to_string(), "b".to_string())));
        assert_eq!(pair("a", "b"), pair("b", "a"));
        assert_eq!((pair("a", "a"), pair("", "a"), pair("a", &"x".repeat(101))), (None, None, None));
    }

    #[test]
    fn what_is_no_record_is_none() {
        let cosines = read(r#"[{"a":"boat","b":"ship","cosine":0.9}]"#).unwrap();
        assert_eq!(cosines.into_iter().collect::<Vec<_>>(), vec![(("boat".to_string(), "ship".to_string()), 0.9)]);
        assert_eq!(read("[]"), Some(Cosines::new()));
        assert_eq!((read("{}"), read("[1]"), read("")), (None, None, None));
    }
}
