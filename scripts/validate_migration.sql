-- Holds what was migrated against what it was migrated from. scripts/validate_migration.py runs this in a DuckDB of its own, in which the
-- tables `source_…` are what the source says and `target_…` what readers of the warehouse see; both were made each by its own system's
-- means (tools/history/validation.py).
--
-- Each statement is a check. It gives the differences, a row each: what differs, what the source has, what the target has. No rows: passed.
-- A comment "-- check NAME: meaning" stands before each, and "-- of KIND" before those that are for migrations of one kind.

-- ---------------------------------------------------------------------------------------------------------------------
-- Of everything: the objects that carried it.
--   objects(key, rows, committed_rows, rejected_rows, reason): rows of the file, and what ingest made of them
-- ---------------------------------------------------------------------------------------------------------------------

-- check objects: every object is committed, with all of its rows and none set aside
SELECT 'object ' || key, rows || ' rows',
       coalesce(reason, committed_rows || ' rows committed, ' || rejected_rows || ' set aside')
FROM objects
WHERE reason IS NOT NULL OR committed_rows IS DISTINCT FROM rows OR rejected_rows IS DISTINCT FROM 0
ORDER BY key;

-- ---------------------------------------------------------------------------------------------------------------------
-- of annotations
--   …_records(dataset, record_id, status, server_id, document_id, text, metadata)    metadata: JSON, members in order
--   …_answers(dataset, record_id, question, origin, annotator, status, score, value) responses and suggestions; value: JSON
--   …_spans(dataset, record_id, question, origin, label, start, "end", mention)      of submitted responses and of suggestions
-- Records that another batch has replaced since are in neither side; `replaced` counts them.
-- ---------------------------------------------------------------------------------------------------------------------

-- check row_counts: each dataset has as many records
SELECT 'records of ' || dataset, s.n, t.n
FROM (SELECT dataset, count(*) AS n FROM source_records GROUP BY dataset) AS s
FULL JOIN (SELECT dataset, count(*) AS n FROM target_records GROUP BY dataset) AS t USING (dataset)
WHERE s.n IS DISTINCT FROM t.n
ORDER BY dataset;

-- check duplicates: no record is there twice
SELECT 'record ' || record_id || ' of ' || dataset, coalesce(s.n, 0) || ' times', coalesce(t.n, 0) || ' times'
FROM (SELECT dataset, record_id, count(*) AS n FROM source_records GROUP BY ALL) AS s
FULL JOIN (SELECT dataset, record_id, count(*) AS n FROM target_records GROUP BY ALL) AS t USING (dataset, record_id)
WHERE s.n > 1 OR t.n > 1
ORDER BY dataset, record_id;

-- check orphans: each record of one side is on the other, and the document of a record is in raw_documents
SELECT 'record ' || record_id || ' of ' || dataset, 'is there', 'is missing'
FROM source_records ANTI JOIN target_records USING (dataset, record_id)
UNION ALL
SELECT 'record ' || record_id || ' of ' || dataset, 'is missing', 'is there'
FROM target_records ANTI JOIN source_records USING (dataset, record_id)
UNION ALL
SELECT DISTINCT 'document ' || document_id || ' of record ' || record_id || ' of ' || dataset, 'is named', 'isn''t in raw_documents'
FROM target_records ANTI JOIN target_documents USING (document_id)
WHERE document_id IS NOT NULL
ORDER BY 1;

-- check type_counts: each entity type has as many spans, by question and by who gave them
SELECT origin || 's ' || coalesce(label, 'without a label') || ' of ' || question || ' of ' || dataset, coalesce(s.n, 0), coalesce(t.n, 0)
FROM (SELECT dataset, question, origin, label, count(*) AS n FROM source_spans GROUP BY ALL) AS s
FULL JOIN (SELECT dataset, question, origin, label, count(*) AS n FROM target_spans GROUP BY ALL) AS t USING (dataset, question, origin, label)
WHERE s.n IS DISTINCT FROM t.n
ORDER BY dataset, question, label, origin;

-- check spans: each span lies in its record's text
SELECT 'span ' || coalesce(start, -1) || ' to ' || coalesce("end", -1) || ' (' || coalesce(label, '') || ') of record ' || record_id || ' of ' || dataset,
       CASE WHEN EXISTS (FROM source_spans AS s WHERE (s.dataset, s.record_id, s.question, s.origin, s.label) = (t.dataset, t.record_id, t.question, t.origin, t.label)
                         AND s.start = t.start AND s."end" = t."end")
            THEN 'has the same' ELSE 'has no such span' END,
       'the text has ' || coalesce(length(r.text), 0) || ' characters'
FROM target_spans AS t LEFT JOIN target_records AS r USING (dataset, record_id)
WHERE NOT coalesce(0 <= t.start AND t.start < t."end" AND t."end" <= length(r.text), false)
ORDER BY dataset, record_id, start;

-- check entities: of each record the spans mark the same words, by their hashes
SELECT 'entities of record ' || record_id || ' of ' || dataset, s.mentions, t.mentions
FROM (SELECT dataset, record_id, list_sort(list(concat_ws('|', question, origin, label, start, "end", mention)))::VARCHAR AS mentions
      FROM source_spans GROUP BY ALL) AS s
FULL JOIN (SELECT dataset, record_id, list_sort(list(concat_ws('|', question, origin, label, start, "end", mention)))::VARCHAR AS mentions
      FROM target_spans GROUP BY ALL) AS t USING (dataset, record_id)
WHERE md5(s.mentions) IS DISTINCT FROM md5(t.mentions)
ORDER BY dataset, record_id;

-- check records: of each record status, text and metadata are the same
SELECT c.what || ' of record ' || record_id || ' of ' || dataset, c.s, c.t
FROM (
    SELECT dataset, record_id, unnest([
        {what: 'status', s: s.status, t: t.status}, {what: '_server_id', s: s.server_id, t: t.server_id},
        {what: 'document_id', s: s.document_id, t: t.document_id}, {what: 'text', s: s.text, t: t.text},
        {what: 'metadata', s: s.metadata, t: t.metadata}]) AS c
    FROM source_records AS s JOIN target_records AS t USING (dataset, record_id)
)
WHERE c.s IS DISTINCT FROM c.t
ORDER BY dataset, record_id, c.what;

-- check answers: of each record all responses, drafts and discarded ones too, and suggestions are the same
SELECT 'answers of record ' || record_id || ' of ' || dataset, s.answers, t.answers
FROM (SELECT dataset, record_id, list_sort(list([question, origin, annotator, status, score, value]))::VARCHAR AS answers FROM source_answers GROUP BY ALL) AS s
FULL JOIN (SELECT dataset, record_id, list_sort(list([question, origin, annotator, status, score, value]))::VARCHAR AS answers FROM target_answers GROUP BY ALL) AS t
USING (dataset, record_id)
WHERE s.answers IS DISTINCT FROM t.answers
ORDER BY dataset, record_id;

-- ---------------------------------------------------------------------------------------------------------------------
-- of tables
--   …_rows(source_table, row_key, row_hash): the row's key, and the MD5 of its columns' texts; of a table without a key both are the hash
-- ---------------------------------------------------------------------------------------------------------------------

-- check row_counts: each table has as many rows
SELECT 'rows of ' || source_table, s.n, t.n
FROM (SELECT source_table, count(*) AS n FROM source_rows GROUP BY ALL) AS s
FULL JOIN (SELECT source_table, count(*) AS n FROM target_rows GROUP BY ALL) AS t USING (source_table)
WHERE s.n IS DISTINCT FROM t.n
ORDER BY source_table;

-- check rows: each row is on both sides equally often, so that none is lost, doubled or made up
SELECT 'row ' || row_key || ' of ' || source_table, coalesce(s.n, 0) || ' times', coalesce(t.n, 0) || ' times'
FROM (SELECT source_table, row_key, count(*) AS n FROM source_rows GROUP BY ALL) AS s
FULL JOIN (SELECT source_table, row_key, count(*) AS n FROM target_rows GROUP BY ALL) AS t USING (source_table, row_key)
WHERE s.n IS DISTINCT FROM t.n
ORDER BY source_table, row_key;

-- check values: each row has the same values, by its hash (which columns differ is looked up after)
SELECT 'row ' || row_key || ' of ' || source_table, s.row_hash, t.row_hash
FROM source_rows AS s JOIN target_rows AS t USING (source_table, row_key)
WHERE s.row_hash <> t.row_hash
ORDER BY source_table, row_key;
