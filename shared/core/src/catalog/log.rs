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

use super::{
    ItemKey, ItemKind,
    fold::{Folded, FoldedItem},
    review::{Decided, Decision},
};
use crate::{
    landing::{
        Dataset,
        load::{WAREHOUSE_NOW, label_profiles},
    },
    profile::{Meaning, SKETCH_SIZE},
    sql::{self, Literal, Statement},
    time::Timestamp,
};

/// Commits that one statement lists.
const COMMITS: usize = 100;

/// A commit that is to be folded in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub commit_seq: i64,
    pub committed_at: Timestamp,
    pub event: Event,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Rows(RowsChange),
    Decision(Decision),
}

/// Which loads of an object become visible and invisible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowsChange {
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

impl RowsChange {
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
                p.kind, CAST(p.load_id AS VARCHAR), p.dataset, p.source, p.row_count, epoch_us(p.committed_at), \
                CAST(c.decision AS VARCHAR) \
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
        decision,
    ] = row
    else {
        return None;
    };
    let load = |kind: &Value, cells: [&Value; 5]| match kind.as_str() {
        Some("load") => read_load(cells).map(Some),
        _ => Some(None),
    };
    let event = match decision.as_str() {
        Some(decision) => Event::Decision(serde_json::from_str(decision).ok()?),
        None => Event::Rows(RowsChange {
            load: load(kind, [load_id, dataset, source, rows, committed_at])?,
            replaced: load(old_kind, [old_id, old_dataset, old_source, old_rows, old_committed_at])?,
        }),
    };
    Some(Commit {
        commit_seq: commit_seq.as_i64()?,
        committed_at: Timestamp::from_micros(committed_at.as_i64()?),
        event,
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
    /// Of a query with the columns scope, question, name and body, all text; the first three name a row.
    #[must_use]
    pub const fn new(query: String) -> Self {
        Self { query }
    }

    /// The rows after `cursor`, as many as fit into an answer: so many rows, or so many characters of all, and one at least.
    ///
    /// Each page has the warehouse make the whole list, so an answer ought to hold as much as it may.
    #[must_use]
    pub fn page(&self, cursor: Option<&Cursor>, most_rows: u32, most_characters: usize) -> Statement {
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
            "WITH listed AS MATERIALIZED (SELECT scope, question, name, body FROM ({query}) AS l WHERE {after}) \
             SELECT scope, question, name, body, remaining FROM ( \
               SELECT *, row_number() OVER items AS n, {count_of_listed} - n AS remaining, \
                      sum(length(scope) + length(question) + length(name) + length(body) + 20) OVER items AS characters \
               FROM listed WINDOW items AS (ORDER BY scope, question, name)) \
             WHERE n = 1 OR (n <= {most_rows} AND characters <= {most_characters}) \
             ORDER BY scope, question, name",
            query = self.query,
            count_of_listed = sql::count_of("listed"),
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
                  'documents', array_to_string(list_sort(list_distinct(flatten(list( \
                    regexp_extract_all(coalesce(profile->>'$.documents', ''), '.{{16}}')))))[1:{SKETCH_SIZE}], ''), \
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
pub fn recount_entities(commit_seq: i64, change: &RowsChange) -> Listing {
    let counted = label_profiles(
        &format!("annotations_at({commit_seq})"),
        &format!("a.dataset IN ({})", annotated_datasets(change)),
    );
    Listing::new(entities(&format!("SELECT * FROM ({counted}) AS counted(load_id, kind, name, profile)")))
}

fn annotated_datasets(change: &RowsChange) -> String {
    let ids: Vec<String> = change.loads().map(|load| Literal::Uuid(load.id).to_string()).collect();
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
    EntitiesOfDatasets(&'a RowsChange),
    /// All fields of a source table.
    FieldsOf(&'a str),
    /// Those of a kind with these names or canonical names.
    Named(ItemKind, &'a [ItemKey]),
    /// Those of a kind that wait.
    Waiting(ItemKind),
}

impl Wanted<'_> {
    #[must_use]
    pub const fn kind(self) -> ItemKind {
        match self {
            Self::EntitiesOf(_) | Self::EntitiesOfDatasets(_) => ItemKind::EntityType,
            Self::FieldsOf(_) => ItemKind::Field,
            Self::Named(kind, _) | Self::Waiting(kind) => kind,
        }
    }
}

/// Items as they are before a commit, with their [`Item`](super::Item)s; and all others of the definitions that they belong to.
#[must_use]
pub fn items_before(commit_seq: i64, wanted: Wanted<'_>) -> Listing {
    let kind = wanted.kind();
    let condition = match wanted {
        Wanted::EntitiesOfDatasets(change) => format!("scope IN ({})", annotated_datasets(change)),
        Wanted::FieldsOf(source) => format!("scope = {}", Literal::Text(source)),
        Wanted::EntitiesOf(load) => of_definitions(kind, commit_seq, &entities_of_load(load)),
        Wanted::Named(_, keys) => {
            let keys: Vec<String> = keys.iter().filter(|key| key.kind == kind).map(key_literals).collect();
            if keys.is_empty() {
                "false".into()
            } else {
                let keys = format!("FROM (VALUES {}) AS named(scope, question, name)", keys.join(", "));
                of_definitions(kind, commit_seq, &keys)
            }
        }
        Wanted::Waiting(_) => {
            let waiting = newest(kind, commit_seq, "true");
            of_definitions(kind, commit_seq, &format!("SELECT * FROM ({waiting}) AS known WHERE status = 'waiting'"))
        }
    };
    Listing::new(format!(
        "SELECT scope, question, name, CAST(item AS VARCHAR) AS body FROM ({}) AS known",
        newest(kind, commit_seq, &condition)
    ))
}

fn key_literals(key: &ItemKey) -> String {
    let [scope, question, name] = [&key.scope, &key.question, &key.name].map(|text| Literal::Text(text));
    format!("({scope}, {question}, {name})")
}

/// The rows of the items of a kind before a commit. The condition is on scope, question and name.
fn newest(kind: ItemKind, commit_seq: i64, condition: &str) -> String {
    format!(
        "SELECT * FROM catalog_log \
         WHERE kind = '{kind}' AND commit_seq < {commit_seq} AND (superseded_at IS NULL OR superseded_at >= {commit_seq}) \
           AND {condition} \
         QUALIFY row_number() OVER (PARTITION BY scope, question, name ORDER BY commit_seq DESC) = 1",
        kind = kind.name()
    )
}

/// Condition for the names of `wanted` (a relation with scope, question and name), for the items that have one of these as canonical
/// name, and for those that have the same canonical name as one of these. It may hold for some that had it once.
fn of_definitions(kind: ItemKind, commit_seq: i64, wanted: &str) -> String {
    format!(
        "(scope, question, name) IN ( \
           WITH wanted AS (SELECT DISTINCT scope, question, name FROM ({wanted}) AS w), \
                renamed AS (SELECT DISTINCT scope, question, name, canonical FROM catalog_log \
                            WHERE kind = '{kind}' AND canonical IS NOT NULL AND commit_seq < {commit_seq}), \
                definitions AS (FROM wanted UNION \
                                SELECT r.scope, r.question, r.canonical FROM renamed AS r SEMI JOIN wanted USING (scope, question, name)) \
           SELECT (scope, question, name) FROM (FROM definitions UNION FROM wanted UNION \
             SELECT r.scope, r.question, r.name FROM renamed AS r \
             SEMI JOIN definitions AS d ON d.scope = r.scope AND d.question = r.question AND d.name = r.canonical))",
        kind = kind.name()
    )
}

/// Notes at the rows of items which commit touched the item next, so that readers pass them over. Only a hint: where it's missing,
/// readers compare. What a run that died didn't note, the next one does.
#[must_use]
pub fn mark_superseded() -> Statement {
    Statement::repeatable(
        "UPDATE catalog_log SET superseded_at = later.superseded_at FROM ( \
           SELECT commit_seq, item_no, \
                  lead(commit_seq) OVER (PARTITION BY kind, scope, question, name ORDER BY commit_seq) AS superseded_at \
           FROM catalog_log WHERE item_no > 0 AND superseded_at IS NULL) AS later \
         WHERE later.superseded_at IS NOT NULL \
           AND catalog_log.commit_seq = later.commit_seq AND catalog_log.item_no = later.item_no",
    )
}

/// The names of all items of a kind that were there before a commit, those included that no visible load holds any more, each with
/// the canonical name that it had at first. Of entity types, those of one annotated dataset and question.
#[must_use]
pub fn names_before(commit_seq: i64, kind: ItemKind, within: Option<(&str, &str)>) -> Listing {
    let within = match within {
        Some((scope, question)) => {
            format!("scope = {} AND question = {}", Literal::Text(scope), Literal::Text(question))
        }
        None => "true".into(),
    };
    Listing::new(format!(
        "SELECT scope, question, name, '' AS body FROM catalog_log \
         WHERE kind = '{kind}' AND is_new AND commit_seq < {commit_seq} AND {within}",
        kind = kind.name()
    ))
}

/// All decisions up to a commit: rows for [`read_decided`], in the order of their numbers.
#[must_use]
pub fn decisions_until(commit_seq: i64) -> Listing {
    // A listing pages by name: the number with leading zeros.
    Listing::new(format!(
        "SELECT '' AS scope, '' AS question, lpad(CAST(commit_seq AS VARCHAR), 19, '0') AS name, CAST(decision AS VARCHAR) AS body \
         FROM commits WHERE kind = 'decision' AND commit_seq <= {commit_seq}"
    ))
}

/// Reads the name and the body of a row of [`decisions_until`]. `None` if it isn't one.
#[must_use]
pub fn read_decided(name: &str, body: &str) -> Option<Decided> {
    Some(Decided { commit_seq: name.parse().ok()?, decision: serde_json::from_str(body).ok()? })
}

/// Puts a decision into the commit log, if the last one there is still `last` (0: none). Gives its number, or nothing.
///
/// A violated key means that another commit came first: run it again. It may be repeated: once it's there, it is the last.
#[must_use]
pub fn decide(decision: &Decision, last: i64) -> Statement {
    Statement::repeatable(format!(
        "INSERT INTO commits (commit_seq, kind, committed_at, decision) \
         SELECT log.commit_seq + 1, 'decision', greatest(log.committed_at, {WAREHOUSE_NOW}), {decision} \
         FROM (SELECT coalesce(max(commit_seq), 0) AS commit_seq, \
                      coalesce(max(committed_at), TIMESTAMP '1970-01-01') AS committed_at, \
                      coalesce(max(commit_seq) FILTER (kind = 'decision'), 0) AS decision FROM commits) AS log \
         WHERE log.decision = {last} \
         RETURNING commit_seq",
        decision = Literal::Json(&json(decision))
    ))
}

/// Ends a pause, if something waits that was taken in with nothing pending, and fewer commits of loads than `changes` changed the
/// schema within the last day. Gives the number of the decision, or nothing.
#[must_use]
pub fn resume_if_due(decision: &Decision, changes: u64) -> Statement {
    Statement::repeatable(format!(
        "INSERT INTO commits (commit_seq, kind, committed_at, decision) \
         SELECT log.commit_seq + 1, 'decision', greatest(log.committed_at, {WAREHOUSE_NOW}), {decision} \
         FROM (SELECT max(commit_seq) AS commit_seq, max(committed_at) AS committed_at FROM commits) AS log \
         WHERE log.commit_seq = (SELECT max(commit_seq) FROM catalog_log) \
           AND EXISTS (FROM catalog_items_at(log.commit_seq) WHERE status = 'waiting') \
           AND (SELECT count(*) FROM catalog_log AS l JOIN commits AS c USING (commit_seq) \
                WHERE l.item_no = 0 AND l.changes <> '[]' AND c.kind <> 'decision' \
                  AND c.committed_at > {WAREHOUSE_NOW} - INTERVAL 1 DAY) < {changes} \
         RETURNING commit_seq",
        decision = Literal::Json(&json(decision))
    ))
}

/// How many visible loads of a source table have a column of `some` and one of `others`: one number.
#[must_use]
pub fn loads_with_both(source: &str, some: &[&str], others: &[&str]) -> Statement {
    let list = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| Literal::Text(name).to_string()).collect();
        if names.is_empty() { "NULL".to_string() } else { names.join(", ") }
    };
    Statement::read(format!(
        "SELECT count(DISTINCT a.load_id) FROM load_profiles AS a JOIN load_profiles AS b USING (load_id) \
         JOIN commits AS c ON c.load_id = a.load_id AND c.kind = 'load' \
         WHERE c.source = {source} AND a.kind = 'column' AND b.kind = 'column' AND a.name IN ({some}) AND b.name IN ({others})",
        source = Literal::Text(source),
        some = list(some),
        others = list(others)
    ))
}

/// How many versions there are since an item was first seen, and the newest: two numbers.
#[must_use]
pub fn versions_since(item: &ItemKey) -> Statement {
    Statement::read(format!(
        "SELECT count(*) FILTER (commit_seq >= (SELECT min(commit_seq) FROM catalog_log \
                WHERE is_new AND kind = '{kind}' AND (scope, question, name) = {key})), max(version) FROM schema_snapshots",
        kind = item.kind.name(),
        key = key_literals(item)
    ))
}

/// Conflicts in a state (`open`, or what was decided), the oldest first, after the one with an id: rows of one JSON text each.
#[must_use]
pub fn conflicts(state: &str, after: Option<Uuid>, most: usize) -> Statement {
    let after = after.map_or_else(
        || "true".to_string(),
        |id| {
            format!(
                "(opened_at, conflict_id) > (SELECT (opened_at, conflict_id) FROM entity_conflicts WHERE conflict_id = {})",
                Literal::Uuid(id)
            )
        },
    );
    Statement::read(format!(
        "SELECT CAST(json_object( \
            'conflict_id', CAST(conflict_id AS VARCHAR), 'state', state, \
            'item', json_object('kind', kind, 'scope', scope, 'question', question, 'name', name), \
            'similar_to', similar_item, 'score', score, 'reason', reason, 'suggestion', suggestion, 'revision', revision, \
            'opened_at', CAST(opened_at AS VARCHAR), 'decided_at', CAST(decided_at AS VARCHAR), 'decided_by', decided_by, \
            'decided_because', decided_because) AS VARCHAR) \
         FROM entity_conflicts WHERE state = {state} AND {after} ORDER BY opened_at, conflict_id LIMIT {most}",
        state = Literal::Text(state)
    ))
}

/// How many commits of loads changed the schema within the day before a commit: one number.
#[must_use]
pub fn changes_within_a_day(commit: &Commit) -> Statement {
    Statement::read(format!(
        "SELECT count(*) FROM catalog_log AS l JOIN commits AS c USING (commit_seq) \
         WHERE l.item_no = 0 AND l.changes <> '[]' AND l.commit_seq < {commit_seq} \
           AND c.kind <> 'decision' AND c.committed_at > {committed_at} - INTERVAL 1 DAY",
        commit_seq = commit.commit_seq,
        committed_at = commit.committed_at.literal()
    ))
}

/// Folds a commit in, and gives the number of rows: none if it was folded in already.
///
/// A violated key says that another run did it just then. It may be repeated: then there is nothing left to do.
#[must_use]
pub fn append(commit: &Commit, folded: &Folded) -> Statement {
    let commit_seq = commit.commit_seq;
    let changes = json(&folded.changes);
    let of_commit = format!(
        "({commit_seq}, 0, 'commit', {}{})",
        "NULL, ".repeat(14),
        format_args!("{}, NULL", Literal::Json(&changes))
    );
    let rows = folded.items.iter().enumerate().map(|(i, item)| row(commit_seq, i + 1, item));
    let rows: Vec<String> = core::iter::once(of_commit).chain(rows).collect();
    Statement::repeatable(format!(
        "INSERT INTO catalog_log SELECT * FROM (VALUES {rows}) \
         WHERE NOT EXISTS (SELECT 1 FROM catalog_log WHERE commit_seq = {commit_seq})",
        rows = rows.join(", ")
    ))
}

fn row(commit_seq: i64, item_no: usize, folded: &FoldedItem) -> String {
    let FoldedItem { item, is_new, leads } = folded;
    let definition = leads.as_ref().map(|group| &group.definition);
    let names = definition.filter(|definition| !definition.names.is_empty()).map(|definition| json(&definition.names));
    let totals = leads.as_ref().and_then(|group| group.totals.as_ref()).map(json);
    format!(
        "({commit_seq}, {item_no}, '{kind}', {scope}, {question}, {name}, {is_new}, {is_present}, '{status}', {canonical}, \
         {leads}, {data_type}, {meaning}, {names}, {flagged}, {totals}, {item}, NULL, NULL)",
        kind = item.key.kind.name(),
        scope = Literal::Text(&item.key.scope),
        question = Literal::Text(&item.key.question),
        name = Literal::Text(&item.key.name),
        is_present = item.totals.is_present(),
        status = item.status().name(),
        canonical = Literal::optional(item.other_name(), Literal::Text),
        leads = definition.is_some(),
        data_type = Literal::optional(definition.and_then(|d| d.data_type.as_deref()), Literal::Text),
        meaning = Literal::optional(definition.and_then(|d| d.meaning).map(Meaning::name), Literal::Text),
        names = Literal::optional(names.as_deref(), Literal::Json),
        flagged = definition.is_some_and(|d| d.flagged),
        totals = Literal::optional(totals.as_deref(), Literal::Json),
        item = Literal::Json(&json(item)),
    )
}

fn json(value: &impl serde::Serialize) -> String {
    // Everything in it has a JSON text.
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_string())
}

/// The newest version: a row for [`read_version`].
#[must_use]
pub fn newest_version() -> Statement {
    Statement::read(
        "SELECT version, commit_seq, CAST(json_array_length(diff) AS INTEGER) FROM schema_snapshots ORDER BY version DESC LIMIT 1",
    )
}

/// Makes the next version: of the first commit after the newest version that changes the schema, if there is one. Gives a row for
/// [`read_version`], or none. A violated key says that another run has made it: run it again.
///
/// The content is that of [`Content::canonical`](super::content::Content::canonical): the parent's, with what the commit changes, as
/// [`apply`](super::content::apply) does it. So it costs what the schema has, not what the log has. The time is that of the commit, so
/// that the schema and the data at a time belong together. The commit comes after `after`, any commit that a version is known to take in.
#[must_use]
pub fn add_version(after: i64) -> Statement {
    Statement::repeatable(format!(
        "INSERT INTO schema_snapshots \
         WITH parent AS (FROM schema_snapshots ORDER BY version DESC LIMIT 1), \
              folded AS ( \
                SELECT l.commit_seq, l.changes FROM catalog_log AS l, parent \
                WHERE l.item_no = 0 AND l.commit_seq > {after} AND l.commit_seq > parent.commit_seq AND l.changes <> '[]' \
                ORDER BY l.commit_seq LIMIT 1), \
              known AS ( \
                SELECT 'entity_type' AS kind, e->>'$.dataset' AS scope, e->>'$.question' AS question, e->>'$.label' AS name, e AS definition \
                FROM (SELECT unnest(CAST(json_extract(content, '$.entity_types') AS JSON[])) AS e FROM parent) \
                UNION ALL \
                SELECT 'field', f->>'$.source_table', '', f->>'$.column', f \
                FROM (SELECT unnest(CAST(json_extract(content, '$.fields') AS JSON[])) AS f FROM parent)), \
              changed AS ( \
                SELECT c->>'$.kind' AS kind, c->>'$.scope' AS scope, c->>'$.question' AS question, c->>'$.name' AS name, \
                       c->'$.after' AS after \
                FROM (SELECT unnest(CAST(changes AS JSON[])) AS c FROM folded)), \
              written AS ( \
                SELECT kind, scope, question, name, \
                       CASE kind WHEN 'entity_type' \
                         THEN '{{\"dataset\":' || to_json(scope) || ',\"question\":' || to_json(question) || ',\"label\":' || to_json(name) \
                         ELSE '{{\"source_table\":' || to_json(scope) || ',\"column\":' || to_json(name) || ',\"type\":' || (after->'$.type') END \
                       || coalesce(',\"meaning\":' || (after->'$.meaning'), '') || coalesce(',\"names\":' || (after->'$.names'), '') \
                       || coalesce(',\"flagged\":' || (after->'$.flagged'), '') || '}}' AS definition \
                FROM changed WHERE after IS NOT NULL), \
              items AS ( \
                SELECT kind, scope, question, name, CAST(definition AS VARCHAR) AS definition \
                FROM known ANTI JOIN changed USING (kind, scope, question, name) \
                UNION ALL FROM written), \
              content AS ( \
                SELECT '{{\"entity_types\":[' \
                  || coalesce(string_agg(definition, ',' ORDER BY scope, question, name) FILTER (kind = 'entity_type'), '') \
                  || '],\"fields\":[' \
                  || coalesce(string_agg(definition, ',' ORDER BY scope, name) FILTER (kind = 'field'), '') \
                  || ']}}' AS text \
                FROM items) \
         SELECT CAST(parent.version + 1 AS INTEGER), parent.version, commits.committed_at, sha256(content.text), content.text, \
                folded.changes, folded.commit_seq, \
                CASE commits.kind WHEN 'decision' THEN json_array(json_object('decision', commits.commit_seq)) \
                  ELSE json_array(json_object('load_id', CAST(commits.load_id AS VARCHAR), 'bucket', commits.bucket, 'key', commits.key)) END \
         FROM parent, folded, content, commits \
         WHERE commits.commit_seq = folded.commit_seq \
         RETURNING version, commit_seq, CAST(json_array_length(diff) AS INTEGER)",
    ))
}

/// A version of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Version {
    pub version: i64,
    pub commit_seq: i64,
    pub changes: u64,
}

/// Reads the row that [`newest_version`] and [`add_version`] give. `None` if it isn't one.
#[must_use]
pub fn read_version(row: &[Value]) -> Option<Version> {
    let [version, commit_seq, changes] = row else {
        return None;
    };
    Some(Version { version: version.as_i64()?, commit_seq: commit_seq.as_i64()?, changes: changes.as_u64()? })
}
