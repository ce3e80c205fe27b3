//! The statements of discovery.
//!
//! `catalog_log` has, for each commit that was folded in, a row for the commit (`item_no` 0, with what it changes in the schema) and a
//! row for each item that it touched, as it is after it. All of them go in with one statement, whose key is the commit's number: a
//! commit is folded in once and whole, whoever else tries the same. Versions follow from the log in the same way
//! ([`add_version`]). So a run may die anywhere, and any run goes on where another ended.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use serde_json::Value;
use uuid::Uuid;

use super::{Item, ItemKind, Status, fold::Folded};
use crate::{
    landing::{Dataset, load::label_profiles},
    sql::{Literal, Statement},
    time::Timestamp,
};

/// Commits that one statement lists.
const COMMITS: usize = 100;

/// Characters of items in one result; the warehouse gives 50,000 of all
/// ([limits](https://motherduck.com/docs/sql-reference/mcp/)), and names stand beside the items.
const PAGE_CHARACTERS: usize = 30_000;

/// Items in one result; the warehouse gives 2,048 rows.
const PAGE_ITEMS: usize = 1_000;

/// A commit that is to be folded in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub commit_seq: i64,
    pub committed_at: Timestamp,
    /// What became visible; `None` for a retraction.
    pub load: Option<CommittedLoad>,
    /// What it took the place of.
    pub replaced: Option<CommittedLoad>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedLoad {
    pub id: Uuid,
    pub dataset: Dataset,
    /// The source table, or the annotated dataset.
    pub source: Option<String>,
    pub rows: u64,
    pub committed_at: Timestamp,
}

impl Commit {
    /// The loads whose rows appear or disappear.
    pub fn loads(&self) -> impl Iterator<Item = &CommittedLoad> {
        self.load.iter().chain(&self.replaced)
    }
}

/// The commits after the last one that was folded in, in their order: rows for [`read_commit`].
#[must_use]
pub fn pending_commits() -> Statement {
    Statement::read(format!(
        "SELECT c.commit_seq, epoch_us(c.committed_at), c.kind, CAST(c.load_id AS VARCHAR), c.dataset, c.source, c.row_count, \
                p.kind, CAST(p.load_id AS VARCHAR), p.dataset, p.source, p.row_count, epoch_us(p.committed_at) \
         FROM (FROM commits WHERE commit_seq > (SELECT coalesce(max(commit_seq), 0) FROM catalog_log) \
               ORDER BY commit_seq LIMIT {COMMITS}) AS c \
         ASOF LEFT JOIN commits AS p ON p.bucket = c.bucket AND p.key = c.key AND c.commit_seq > p.commit_seq \
         ORDER BY c.commit_seq"
    ))
}

/// Reads a row of [`pending_commits`]. `None` if it isn't one.
#[must_use]
pub fn read_commit(row: &[Value]) -> Option<Commit> {
    let [
        commit_seq,
        committed_at,
        kind,
        load_id,
        dataset,
        source,
        rows,
        old_kind,
        old_id,
        old_dataset,
        old_source,
        old_rows,
        old_committed_at,
    ] = row
    else {
        return None;
    };
    let load = |kind: &Value, cells: [&Value; 5]| match kind.as_str() {
        Some("load") => read_load(cells).map(Some),
        _ => Some(None),
    };
    Some(Commit {
        commit_seq: commit_seq.as_i64()?,
        committed_at: Timestamp::from_micros(committed_at.as_i64()?),
        load: load(kind, [load_id, dataset, source, rows, committed_at])?,
        replaced: load(old_kind, [old_id, old_dataset, old_source, old_rows, old_committed_at])?,
    })
}

fn read_load([id, dataset, source, rows, committed_at]: [&Value; 5]) -> Option<CommittedLoad> {
    Some(CommittedLoad {
        id: Uuid::parse_str(id.as_str()?).ok()?,
        dataset: serde_json::from_value(dataset.clone()).ok()?,
        source: source.as_str().map(Into::into),
        rows: rows.as_u64()?,
        committed_at: Timestamp::from_micros(committed_at.as_i64()?),
    })
}

/// Whether another load holds, or held, a record of this load of annotations: one boolean.
///
/// False is certain. Rows that share a record with those of another load carry a mark, or the other load's do and this load is on the
/// list of those that superseded (`landing::load::supersede` has the rule).
#[must_use]
pub fn shares_records(load: &CommittedLoad) -> Statement {
    Statement::read(format!(
        "SELECT EXISTS (FROM superseding_loads WHERE load_id = {id}) \
             OR EXISTS (FROM landing.annotations WHERE load_id = {id} AND superseded_by IS NOT NULL)",
        id = Literal::Uuid(load.id)
    ))
}

/// A list of items that may be longer than one result. Its rows are (scope, question, name, body, rows left after this one).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// A query with the columns scope, question, name, body.
    query: String,
}

/// Where a page of a listing ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub scope: String,
    pub question: String,
    pub name: String,
}

impl Listing {
    pub(crate) fn new(query: String) -> Self {
        Self { query }
    }

    /// The rows after `cursor`, as many as fit.
    #[must_use]
    pub fn page(&self, cursor: Option<&Cursor>) -> Statement {
        let after = match cursor {
            Some(cursor) => format!(
                "(scope, question, name) > ({}, {}, {})",
                Literal::Text(&cursor.scope),
                Literal::Text(&cursor.question),
                Literal::Text(&cursor.name)
            ),
            None => "true".into(),
        };
        Statement::read(format!(
            "SELECT scope, question, name, body, remaining FROM ( \
               SELECT *, row_number() OVER items AS n, count(*) OVER () - n AS remaining, \
                      sum(length(scope) + length(question) + length(name) + length(body) + 20) OVER items AS characters \
               FROM ({query}) AS listed WHERE {after} \
               WINDOW items AS (ORDER BY scope, question, name)) \
             WHERE n = 1 OR (n <= {PAGE_ITEMS} AND characters <= {PAGE_CHARACTERS}) \
             ORDER BY scope, question, name",
            query = self.query
        ))
    }
}

/// Adds up label profiles, over the loads of a relation with the columns of `load_profiles`.
fn entities(profiles: &str) -> String {
    format!(
        "SELECT profile->>'$.dataset' AS scope, profile->>'$.question' AS question, name, \
                CAST(json_object( \
                  'responses', CAST(sum(CAST(profile->>'$.responses' AS BIGINT)) AS BIGINT), \
                  'suggestions', CAST(sum(CAST(profile->>'$.suggestions' AS BIGINT)) AS BIGINT), \
                  'records', CAST(sum(CAST(profile->>'$.records' AS BIGINT)) AS BIGINT), \
                  'examples', list_sort(list_distinct(flatten(list(from_json(profile->'$.examples', '[\"VARCHAR\"]')))))[1:5], \
                  'first_seen', epoch_us(min(coalesce(CAST(profile->>'$.first_seen' AS TIMESTAMP), committed_at))), \
                  'last_seen', epoch_us(max(coalesce(CAST(profile->>'$.last_seen' AS TIMESTAMP), committed_at)))) AS VARCHAR) AS body \
         FROM ({profiles}) AS p JOIN commits AS c USING (load_id) \
         WHERE c.kind = 'load' GROUP BY ALL"
    )
}

/// The entity types that a load holds, with their [`EntityTotals`](super::EntityTotals).
#[must_use]
pub fn entities_of(load: &CommittedLoad) -> Listing {
    Listing::new(entities_of_load(load))
}

fn entities_of_load(load: &CommittedLoad) -> String {
    entities(&format!(
        "SELECT load_id, kind, name, profile FROM landing.load_profiles WHERE kind = 'label' AND load_id = {}",
        Literal::Uuid(load.id)
    ))
}

/// The entity types of the annotated datasets that the loads of a commit hold, counted in the rows that are visible just after it.
#[must_use]
pub fn recount_entities(commit: &Commit) -> Listing {
    let counted = label_profiles(
        &format!("annotations_at({})", commit.commit_seq),
        &format!("a.dataset IN ({})", annotated_datasets(commit)),
    );
    Listing::new(entities(&format!("SELECT * FROM ({counted}) AS counted(load_id, kind, name, profile)")))
}

fn annotated_datasets(commit: &Commit) -> String {
    let ids: Vec<String> = commit.loads().map(|load| Literal::Uuid(load.id).to_string()).collect();
    format!("SELECT dataset FROM landing.annotations WHERE load_id IN ({})", ids.join(", "))
}

/// The columns that a load of structured data holds, with their [`ColumnProfile`](crate::profile::ColumnProfile).
#[must_use]
pub fn columns_of(load: &CommittedLoad) -> Listing {
    Listing::new(format!(
        "SELECT {source} AS scope, '' AS question, name, CAST(profile AS VARCHAR) AS body \
         FROM landing.load_profiles WHERE kind = 'column' AND load_id = {id}",
        source = Literal::Text(load.source.as_deref().unwrap_or_default()),
        id = Literal::Uuid(load.id)
    ))
}

/// The columns that the rows of a load hold, each with the number of rows that have a value: for loads whose profiles don't cover all
/// rows. It reads the rows.
#[must_use]
pub fn count_columns_of(load: &CommittedLoad) -> Listing {
    Listing::new(format!(
        "SELECT {source} AS scope, '' AS question, e.key AS name, \
                CAST(count(*) FILTER (e.type <> 'NULL') AS VARCHAR) AS body \
         FROM landing.structured_data AS s, json_each(s.data) AS e WHERE s.load_id = {id} GROUP BY e.key",
        source = Literal::Text(load.source.as_deref().unwrap_or_default()),
        id = Literal::Uuid(load.id)
    ))
}

/// Which items of the catalog are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// The entity types that a load holds.
    EntitiesOf(&'a CommittedLoad),
    /// All entity types of the annotated datasets that the loads of a commit hold.
    EntitiesOfDatasets(&'a Commit),
    /// All fields of a source table.
    FieldsOf(&'a str),
}

/// Items as they are before a commit, with their [`Item`]s.
#[must_use]
pub fn items_before(commit_seq: i64, wanted: Wanted<'_>) -> Listing {
    let condition = match wanted {
        Wanted::EntitiesOf(load) => format!(
            "kind = 'entity_type' AND (scope, question, name) IN (SELECT (scope, question, name) FROM ({}))",
            entities_of_load(load)
        ),
        Wanted::EntitiesOfDatasets(commit) => {
            format!("kind = 'entity_type' AND scope IN ({})", annotated_datasets(commit))
        }
        Wanted::FieldsOf(source) => format!("kind = 'field' AND scope = {}", Literal::Text(source)),
    };
    Listing::new(format!(
        "SELECT scope, question, name, CAST(item AS VARCHAR) AS body FROM catalog_items_at({}) WHERE {condition}",
        commit_seq - 1
    ))
}

/// The names of all items of a kind before a commit. Of entity types, those of one annotated dataset and question.
#[must_use]
pub fn names_before(commit_seq: i64, kind: ItemKind, within: Option<(&str, &str)>) -> Listing {
    let within = match within {
        Some((scope, question)) => {
            format!("scope = {} AND question = {}", Literal::Text(scope), Literal::Text(question))
        }
        None => "true".into(),
    };
    Listing::new(format!(
        "SELECT scope, question, name, '' AS body FROM catalog_items_at({before}) \
         WHERE kind = '{kind}' AND is_present AND {within}",
        before = commit_seq - 1,
        kind = kind.name()
    ))
}

/// One field as it is before a commit: its [`Item`] as text.
#[must_use]
pub fn field_before(commit_seq: i64, source: &str, name: &str) -> Statement {
    Statement::read(format!(
        "SELECT CAST(item AS VARCHAR) FROM catalog_items_at({before}) WHERE kind = 'field' AND scope = {source} AND name = {name}",
        before = commit_seq - 1,
        source = Literal::Text(source),
        name = Literal::Text(name)
    ))
}

/// Folds a commit in, and gives the number of rows: none if it was folded in already.
///
/// A violated key says that another run did it just then. It may be repeated: then there is nothing left to do.
#[must_use]
pub fn append(commit: &Commit, folded: &Folded) -> Statement {
    let commit_seq = commit.commit_seq;
    let changes = json(&folded.changes);
    let of_commit =
        format!("({commit_seq}, 0, 'commit', NULL, NULL, NULL, NULL, NULL, NULL, NULL, {})", Literal::Json(&changes));
    let rows = folded.items.iter().enumerate().map(|(i, item)| row(commit_seq, i + 1, item));
    let rows: Vec<String> = core::iter::once(of_commit).chain(rows).collect();
    Statement::repeatable(format!(
        "INSERT INTO catalog_log SELECT * FROM (VALUES {rows}) \
         WHERE NOT EXISTS (SELECT 1 FROM catalog_log WHERE commit_seq = {commit_seq})",
        rows = rows.join(", ")
    ))
}

fn row(commit_seq: i64, item_no: usize, item: &Item) -> String {
    let definition = item.definition();
    let data_type = definition.as_ref().and_then(|d| d.data_type.as_deref());
    format!(
        "({commit_seq}, {item_no}, '{kind}', {scope}, {question}, {name}, {status}, {present}, {data_type}, {item}, NULL)",
        kind = item.key.kind.name(),
        scope = Literal::Text(&item.key.scope),
        question = Literal::Text(&item.key.question),
        name = Literal::Text(&item.key.name),
        status = if item.status == Status::Flagged { "'flagged'" } else { "'approved'" },
        present = definition.is_some(),
        data_type = Literal::optional(data_type, Literal::Text),
        item = Literal::Json(&json(item)),
    )
}

fn json(value: &impl serde::Serialize) -> String {
    // Everything in it has a JSON text.
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_string())
}

/// Makes the next version: of the first commit after the newest version that changes the schema, if there is one. Gives a row for
/// [`read_version`], or none. A violated key says that another run has made it: run it again.
///
/// The content is that of [`Content::canonical`](super::content::Content::canonical). The time is that of the commit, so that the
/// schema and the data at a time belong together.
#[must_use]
pub fn add_version() -> Statement {
    Statement::repeatable(
        "INSERT INTO schema_snapshots \
         WITH parent AS (FROM schema_snapshots ORDER BY version DESC LIMIT 1), \
              folded AS ( \
                SELECT l.commit_seq, l.changes FROM catalog_log AS l, parent \
                WHERE l.item_no = 0 AND l.commit_seq > parent.commit_seq AND json_array_length(l.changes) > 0 \
                ORDER BY l.commit_seq LIMIT 1), \
              items AS ( \
                FROM ( \
                  SELECT l.*, row_number() OVER (PARTITION BY l.kind, l.scope, l.question, l.name ORDER BY l.commit_seq DESC) AS age \
                  FROM catalog_log AS l, folded WHERE l.item_no > 0 AND l.commit_seq <= folded.commit_seq) \
                WHERE age = 1 AND is_present), \
              content AS ( \
                SELECT '{\"entity_types\":[' \
                  || coalesce(string_agg('{\"dataset\":' || to_json(scope) || ',\"question\":' || to_json(question) \
                       || ',\"label\":' || to_json(name) || CASE status WHEN 'flagged' THEN ',\"flagged\":true' ELSE '' END || '}', \
                       ',' ORDER BY scope, question, name) FILTER (kind = 'entity_type'), '') \
                  || '],\"fields\":[' \
                  || coalesce(string_agg('{\"source_table\":' || to_json(scope) || ',\"column\":' || to_json(name) \
                       || ',\"type\":' || to_json(data_type) || CASE status WHEN 'flagged' THEN ',\"flagged\":true' ELSE '' END || '}', \
                       ',' ORDER BY scope, name) FILTER (kind = 'field'), '') \
                  || ']}' AS text \
                FROM items) \
         SELECT CAST(parent.version + 1 AS INTEGER), parent.version, commits.committed_at, sha256(content.text), content.text, \
                folded.changes, folded.commit_seq, json_array(CAST(commits.load_id AS VARCHAR)) \
         FROM parent, folded, content, commits \
         WHERE commits.commit_seq = folded.commit_seq \
         RETURNING version, commit_seq, CAST(json_array_length(diff) AS INTEGER)",
    )
}

/// A version that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Version {
    pub version: i64,
    pub commit_seq: i64,
    pub changes: u64,
}

/// Reads the row that [`add_version`] gives. `None` if it isn't one.
#[must_use]
pub fn read_version(row: &[Value]) -> Option<Version> {
    let [version, commit_seq, changes] = row else {
        return None;
    };
    Some(Version { version: version.as_i64()?, commit_seq: commit_seq.as_i64()?, changes: changes.as_u64()? })
}
