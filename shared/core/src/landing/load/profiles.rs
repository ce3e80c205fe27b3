//! What a load holds, in brief, for discovery.

use alloc::{format, string::String, vec::Vec};

use super::Load;
use crate::{
    landing::{Dataset, contract::Contract},
    profile::SKETCH_SIZE,
    sql::{Literal, Statement},
};

impl Load {
    /// Keeps the profiles of columns: pairs of name and JSON object. `None` if there are none.
    #[must_use]
    pub fn insert_column_profiles(&self, profiles: &[(String, String)]) -> Option<Statement> {
        if profiles.is_empty() {
            return None;
        }
        let row = |(name, profile): &(String, String)| {
            format!("({}, 'column', {}, {})", self.id_literal(), Literal::Text(name), Literal::Json(profile))
        };
        let rows: Vec<String> = profiles.iter().map(row).collect();
        Some(Statement::once(format!("INSERT INTO landing.load_profiles VALUES {}", rows.join(", "))))
    }

    /// Counts the labels in the rows that are in. `None` unless the load is of annotations.
    #[must_use]
    pub fn insert_label_profiles(&self, contract: &Contract) -> Option<Statement> {
        if contract.dataset != Dataset::Annotations {
            return None;
        }
        let query = label_profiles("landing.annotations", &format!("a.load_id = {}", self.id_literal()));
        Some(Statement::once(format!("INSERT INTO landing.load_profiles {query}")))
    }
}

/// The labels of spans in the rows of `annotations AS a` that meet `condition`: a row per load, dataset, question and label, as in
/// `load_profiles`. `annotations` is `landing.annotations` or what readers see of it.
/// Submitted responses and suggestions are counted apart. `documents` is a [`Sketch`](crate::profile::Sketch), whose hashes are the
/// first 64 bits of the MD5 of the document's id.
#[must_use]
pub fn label_profiles(annotations: &str, condition: &str) -> String {
    // A span is an object with a label. Answers of other kinds (a rating, a text) are none.
    const SPANS: &str = r#"'[{"start":"BIGINT","end":"BIGINT","label":"VARCHAR"}]'"#;
    format!(
        r#"WITH question AS (
             SELECT a.load_id, a.dataset, a.record_id, a.document_id, a.text, a.annotated_at, q.key AS question, q.value AS parts
             FROM {annotations} AS a, json_each(a.questions) AS q
             WHERE {condition}),
           answer AS (
             SELECT * EXCLUDE (parts),
                    unnest(from_json(parts->'$.responses', '["JSON"]')) AS spans,
                    unnest(from_json(parts->'$.status', '["VARCHAR"]')) AS status
             FROM question),
           span AS (
             SELECT * EXCLUDE (spans, status), 'response' AS given_as, unnest(from_json(spans, {SPANS})) AS s
             FROM answer
             WHERE status = 'submitted' AND json_type(spans) = 'ARRAY' AND json_type(spans->'$[0]') = 'OBJECT'
             UNION ALL
             SELECT * EXCLUDE (parts), 'suggestion', unnest(from_json(parts->'$.suggestion', {SPANS}))
             FROM question
             WHERE json_type(parts->'$.suggestion') = 'ARRAY' AND json_type(parts->'$.suggestion[0]') = 'OBJECT')
           SELECT load_id, 'label', s.label, json_object(
             'dataset', dataset, 'question', question,
             'responses', count(*) FILTER (given_as = 'response'),
             'suggestions', count(*) FILTER (given_as = 'suggestion'),
             'records', count(DISTINCT record_id),
             'documents', coalesce(array_to_string(list_sort(list(DISTINCT substr(md5(document_id), 1, 16))
               FILTER (document_id IS NOT NULL))[1:{SKETCH_SIZE}], ''), ''),
             'first_seen', min(annotated_at), 'last_seen', max(annotated_at),
             'examples', list_sort(list(DISTINCT text[s.start + 1 : s."end"]))[1:5])
           FROM span
           WHERE s.label IS NOT NULL
           GROUP BY load_id, dataset, question, s.label"#
    )
}
