SELECT entity_type, count(*) FILTER (confidence > 0.5) FROM annotations GROUP BY entity_type
SELECT * EXCLUDE content FROM raw_documents LIMIT 2
SELECT * EXCLUDE (content, page_count) REPLACE (upper(document_id) AS document_id) RENAME (batch_id AS b) FROM raw_documents LIMIT 2
SELECT * LIKE 'doc%' FROM raw_documents LIMIT 2
SELECT COLUMNS(* EXCLUDE (content)) FROM raw_documents LIMIT 2
SELECT COLUMNS(['document_id','page_count']) FROM raw_documents ORDER BY 1 LIMIT 2
SELECT min(COLUMNS(lambda c: c LIKE '%count')) FROM raw_documents
SELECT coalesce(*COLUMNS(['page_count'])) FROM raw_documents LIMIT 1
SELECT struct_pack(a := 1, b := 'x').a
SELECT {'a': {'b': [1,2,3]}}.a.b[2]
SELECT document_id.upper().lower() FROM raw_documents LIMIT 1
SELECT r.document_id.upper() FROM raw_documents r LIMIT 1
SELECT list_transform([1,2,3], x -> x + 1), list_filter([1,2,3], (x, i) -> i > 1)
SELECT [x + 1 FOR x IN [1,2,3] IF x > 1], [x + i FOR x, i IN [1,2]]
SELECT list_reduce([1,2,3], lambda a, b: a * b, 10)
SELECT map {'k': 1, 'j': 2}['k'], map_keys(map {'k': 1}), map(['a'], [1])
SELECT CASE entity_type WHEN 'owner' THEN 1 ELSE 0 END FROM annotations LIMIT 3
SELECT try_cast('x' AS INTEGER), cast('1' AS DECIMAL(10, 2)), '1'::INT::VARCHAR, 'a'::VARCHAR(10), [1]::INT[], '{"a":1}'::JSON->>'a'
SELECT '[1,2]'::JSON::INT[], CAST(ROW(1,2) AS STRUCT(a INTEGER, b INTEGER)), NULL::MAP(VARCHAR, INTEGER)
SELECT DATE '2024-01-01' + INTERVAL 1 MONTH, TIMESTAMP '2024-01-01 00:00:00' AT TIME ZONE 'UTC', INTERVAL '3' DAY, INTERVAL (1 + 1) DAY, TIMESTAMPTZ '2024-01-01 00:00:00+00', TIME '12:00'
SELECT date_part('year', created_at), year(created_at), extract(year FROM created_at), extract(epoch FROM created_at) FROM raw_documents LIMIT 1
SELECT trim(both ' ' from ' a '), trim('x'), ltrim('xa','x'), substring('abc' FROM 2 FOR 1), substring('abc', 2), position('b' IN 'abc'), left('abc', 2), right('abc', 1), overlay_test FROM (SELECT 1 AS overlay_test)
SELECT 'a' LIKE 'A', 'a' ILIKE 'A', 'a' NOT LIKE 'b', 'a%' LIKE 'a!%' ESCAPE '!', 'a' SIMILAR TO 'a', 'a' ~ 'a', 'a' !~ 'b', 'ab' GLOB 'a*', 'abc' ^@ 'a', 'a' ~~ 'a%'
SELECT 1 BETWEEN 0 AND 2, 1 NOT BETWEEN 0 AND 2, 1 IN (1, 2), 1 NOT IN (3), 1 IN [1, 2], NULL IS NULL, 1 IS NOT NULL, true IS TRUE, 1 IS DISTINCT FROM 2, 1 ISNULL, 1 NOTNULL
SELECT 5 // 2, 5 % 2, 2 ** 3, 2 ^ 3, 1 & 3, 1 | 2, xor(1,2), ~1, 1 << 2, 8 >> 1, -(-1), - 1, +1, @(-1), abs(-1)
SELECT 1 = ANY ([1,2]), 1 = ALL (SELECT 1), 2 > SOME (SELECT 1), EXISTS (SELECT 1), NOT EXISTS (FROM annotations), ARRAY(SELECT 1), ARRAY[1, 2]
SELECT (SELECT max(page_count) FROM raw_documents) + 1, ((1 + 2)) * 3, ((SELECT 1)), ((SELECT 1) + 1)
SELECT row_number() OVER w, sum(page_count) OVER (w ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) FROM raw_documents WINDOW w AS (PARTITION BY batch_id ORDER BY document_id) ORDER BY 1, 2 LIMIT 4
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY confidence), mode() WITHIN GROUP (ORDER BY entity_type), quantile_disc(confidence, 0.5), median(confidence) FROM annotations
SELECT array_agg(DISTINCT entity_type ORDER BY entity_type), count(DISTINCT document_id), string_agg(DISTINCT entity_type, ',' ORDER BY entity_type DESC), first(entity_type ORDER BY confidence), max(confidence, 3), arg_max(entity_text, confidence) FROM annotations
SELECT DISTINCT ON (entity_type) entity_type, confidence FROM annotations ORDER BY entity_type, confidence DESC NULLS LAST
SELECT entity_type, schema_version, count(*) FROM annotations GROUP BY CUBE (entity_type, schema_version) ORDER BY ALL DESC
SELECT entity_type t, count(*) n FROM annotations GROUP BY t HAVING n > 5 ORDER BY n DESC, t LIMIT 3 OFFSET 1
SELECT * FROM annotations ORDER BY annotation_id LIMIT 10%
SELECT * FROM (SELECT 1 AS a UNION ALL SELECT 2) t ORDER BY a FETCH FIRST 1 ROW ONLY
(SELECT 1 AS a) UNION (SELECT 2) ORDER BY a
SELECT 1 AS a UNION ALL SELECT 2 INTERSECT SELECT 2 EXCEPT SELECT 5 ORDER BY 1
VALUES (1), (2) ORDER BY 1 DESC LIMIT 1
TABLE entity_types
FROM annotations a JOIN raw_documents d USING (document_id) SELECT count(*)
FROM annotations NATURAL JOIN raw_documents SELECT count(*)
SELECT count(*) FROM annotations a LEFT OUTER JOIN raw_documents d ON a.document_id = d.document_id FULL JOIN structured_data s ON s.row_id = a.annotation_id
SELECT count(*) FROM annotations a SEMI JOIN raw_documents d ON a.document_id = d.document_id
SELECT count(*) FROM annotations a ANTI JOIN raw_documents d USING (document_id)
SELECT * FROM (SELECT 1 a) POSITIONAL JOIN (SELECT 2 b)
SELECT * FROM a: (SELECT 1 x), b: (SELECT 2 y)
SELECT n: count(*), entity_type FROM annotations GROUP BY ALL ORDER BY 1, 2
SELECT count(*), FROM annotations
WITH a AS MATERIALIZED (SELECT 1 AS x), b(y) AS NOT MATERIALIZED (SELECT x FROM a) SELECT * FROM a, b
WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 10) SELECT sum(n) FROM t
WITH RECURSIVE cal AS (SELECT DATE '2025-01-01' AS d UNION ALL SELECT (d + INTERVAL 1 DAY)::DATE FROM cal WHERE d < DATE '2025-03-01') SELECT count(*) FROM cal
WITH RECURSIVE p(n, path) AS (SELECT entity_type_b, [entity_type_a] FROM entity_conflicts UNION ALL SELECT e.entity_type_b, list_append(p.path, e.entity_type_a) FROM p JOIN entity_conflicts e ON e.entity_type_a = p.n WHERE len(p.path) < 4) SELECT count(*) FROM p
WITH RECURSIVE f(n, a, b) AS (SELECT 1, 0, 1 UNION ALL SELECT n + 1, b, a + b FROM f WHERE n < 20) SELECT max(a) FROM f
PIVOT annotations ON entity_type IN ('owner', 'port') USING count(*) AS n GROUP BY annotator ORDER BY annotator
PIVOT (SELECT annotator, entity_type FROM annotations) ON entity_type IN ('owner' AS own, 'port') USING count(*) GROUP BY annotator
UNPIVOT (SELECT 1 AS a, 2 AS b) ON COLUMNS(*) INTO NAME n VALUE v
SELECT * FROM (SELECT 1 AS a, 2 AS b, NULL AS c) UNPIVOT INCLUDE NULLS (v FOR n IN (a, b, c)) ORDER BY n
SELECT unnest([1,2,3]) AS x, unnest({'a': 1, 'b': 2})
SELECT unnest([{'a': 1, 'b': [1]}], recursive := true)
SELECT * FROM unnest(['a','b']) WITH ORDINALITY AS t(x, i)
SELECT * FROM unnest([1,2]) t(x), range(2) r(y) ORDER BY ALL
SELECT s.row_id, j.key, j.value FROM structured_data s, json_each(s.data) j ORDER BY ALL LIMIT 5
SELECT fullkey FROM structured_data, json_tree(data) ORDER BY 1 LIMIT 3
SELECT * FROM generate_series(1, 10, 3)
SELECT * FROM generate_series((SELECT min(created_at) FROM raw_documents), (SELECT max(created_at) FROM raw_documents), INTERVAL 1 DAY) LIMIT 2
SELECT unnest(generate_series(date_trunc('month', min(created_at)), max(created_at), INTERVAL 1 MONTH)) FROM raw_documents
SELECT entity_type, repeat('#', (count(*) / 10)::INT) AS bar FROM annotations GROUP BY 1 ORDER BY 1
SELECT entity_type, bar(count(*), 0, 100, 20) FROM annotations GROUP BY 1 ORDER BY 1
SELECT lpad(document_id, 12, '0'), rpad('x', 5, '.'), format('{:05.1f} {}', 1.5, 'a'), printf('%05d', 3), format('{:>10}', 'a') FROM raw_documents LIMIT 1
SELECT data.imo, data->'$.owner', json_extract(data, ['$.imo', '$.owner']), data->>'imo' FROM structured_data ORDER BY row_id LIMIT 1
SELECT strftime(created_at, '%Y-%m-%d'), created_at::DATE, date_diff('day', created_at, TIMESTAMP '2026-01-01'), created_at - INTERVAL '1 week', to_days(3), epoch_ms(created_at) FROM raw_documents ORDER BY 1 LIMIT 1
SELECT current_date > DATE '2020-01-01', now() IS NOT NULL, today() IS NOT NULL, current_timestamp IS NOT NULL
SELECT "user" FROM (SELECT 1 AS "user")
SELECT a.annotator AS user FROM annotations a GROUP BY user ORDER BY user
SELECT regexp_extract('2024-01', '(\d+)-(\d+)', ['y', 'm']), regexp_split_to_array('a,b', ','), string_split('a b', ' '), 'a' || 1 || NULL
SELECT approx_quantile(confidence, [0.5]), histogram(entity_type), entropy(entity_type), corr(span_start, span_end), bool_or(confidence > 0.9), sum(confidence) FILTER (WHERE confidence > 0.5) FROM annotations
SELECT main.annotations.annotation_id FROM main.annotations ORDER BY 1 LIMIT 1
SELECT annotations.* FROM annotations ORDER BY annotation_id LIMIT 1
SELECT a FROM (SELECT entity_type, count(*) c FROM annotations GROUP BY 1) a ORDER BY a.entity_type LIMIT 1
SELECT #1, #2 FROM (SELECT 1 a, 2 b)
SELECT $$dollar 'quoted'$$, E'tab\tx', 'it''s', "weird ""col""" FROM (SELECT 1 AS "weird ""col""")
SELECT max(x) OVER (PARTITION BY y ORDER BY x GROUPS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM (VALUES (1,2),(3,4)) t(x,y) ORDER BY 1
SELECT d.document_id, x.n FROM raw_documents d CROSS JOIN LATERAL (SELECT count(*) AS n FROM annotations a WHERE a.document_id = d.document_id) x ORDER BY 1 LIMIT 2
SELECT count(*) FROM annotations a JOIN annotations b ON a.document_id = b.document_id AND a.annotation_id < b.annotation_id JOIN raw_documents d ON d.document_id = a.document_id
SELECT count(*) FROM annotations a, raw_documents d, structured_data s WHERE a.document_id = d.document_id AND s.schema_version = d.schema_version
SELECT name COLLATE NOCASE FROM saved_queries ORDER BY name COLLATE NOCASE LIMIT 2
SELECT count(*) FROM saved_queries WHERE 'compliance' IN tags
SELECT count(*) FROM saved_queries WHERE tags[1] = 'weekly' AND list_contains(tags, 'compliance') AND tags @> ['weekly']
SUMMARIZE annotations
DESCRIBE raw_documents
DESC annotations
SELECT column_name FROM (DESCRIBE annotations) ORDER BY 1 LIMIT 2
SELECT column_name, approx_unique FROM (SUMMARIZE raw_documents) ORDER BY 1 LIMIT 2
SELECT date_trunc('month', created_at)::DATE AS m, count(*) AS n, round(100 * count(*) / sum(count(*)) OVER (), 2) AS pct FROM raw_documents GROUP BY m ORDER BY m
SELECT * FROM annotations WHERE (document_id, batch_id) IN (SELECT (document_id, batch_id) FROM raw_documents) ORDER BY 1 LIMIT 1
SELECT * FROM annotations WHERE confidence > (SELECT avg(confidence) FROM annotations) AND entity_type IN (SELECT entity_type FROM entity_types WHERE status = 'approved') ORDER BY 1 LIMIT 2
SELECT ifnull(NULL, 1), if(true, 1, 2), nullif(1, 1), coalesce(NULL, 2), greatest(1, 2), least(1, 2), try(1 / 0), iff FROM (SELECT 1 AS iff)
SELECT struct_extract({'a': 1}, 'a'), row(1, 2), (1, 'a'), {'x': 1, y: 2}, list_zip([1], [2]), flatten([[1], [2]]), list_aggregate([1, 2], 'sum'), list_sum([1]), array_to_string(['a'], ',')
SELECT count(*) AS n FROM annotations AS a(id, doc) WHERE a.id IS NOT NULL
SELECT * FROM (annotations a JOIN raw_documents d USING (document_id)) ORDER BY annotation_id LIMIT 1
SELECT * FROM ((SELECT 1 AS x) UNION ALL (SELECT 2)) ORDER BY 1
SELECT * FROM ((SELECT 1 AS x) a CROSS JOIN (SELECT 2 AS y) b)
SELECT x FROM (VALUES (1), (NULL)) v(x) WHERE x IS NOT DISTINCT FROM NULL
SELECT grouping_id(entity_type), entity_type FROM annotations GROUP BY ROLLUP (entity_type) ORDER BY ALL LIMIT 2
SELECT annotator, list(entity_type ORDER BY entity_type)[1:3] AS firsts FROM annotations GROUP BY annotator ORDER BY annotator
SELECT (data->>'gross_tonnage')::DOUBLE / 10 AS gt, rank() OVER (PARTITION BY source_table ORDER BY (data->>'gross_tonnage')::DOUBLE DESC NULLS LAST) AS r FROM structured_data QUALIFY r = 1 ORDER BY 1
SELECT date_part(['year','month'], TIMESTAMP '2024-01-01')
SELECT count(*) FROM annotations TABLESAMPLE reservoir(20 ROWS) REPEATABLE (1)
SELECT count(*) FROM annotations USING SAMPLE 10 ROWS
SELECT cast(count(*) AS VARCHAR) || ' rows' FROM annotations
SELECT e.entity_type, count(*) FROM entity_types e JOIN annotations a ON a.entity_type ILIKE '%' || e.entity_type || '%' GROUP BY 1 ORDER BY 1
SELECT x, y FROM range(3) a(x), range(3) b(y) WHERE x < y ORDER BY ALL
SELECT avg(n) FROM (SELECT count(*) AS n FROM annotations GROUP BY document_id)
SELECT strptime('2024-01-02', '%Y-%m-%d')::DATE, make_timestamp(2024, 1, 1, 0, 0, 0), age(TIMESTAMP '2024-01-01', TIMESTAMP '2023-01-01'), last_day(DATE '2024-02-01'), dayname(DATE '2024-02-01')
SELECT list_sort([3, 1, 2], 'DESC'), list_reverse_sort([1]), list_distinct([1, 1]), list_position([1], 1), list_slice([1, 2, 3], 1, 2), array_slice([1, 2], 1, 1), [1, 2] || [3], list_concat([1], [2]), len([1]), list_unique([1])
SELECT json_group_array(entity_type) FROM entity_types
SELECT ([1, 2, 3]).list_sum(), (document_id).upper() FROM raw_documents LIMIT 1
WITH secrets AS (SELECT 1 AS a) SELECT * FROM (WITH a AS (SELECT 1 AS b) SELECT * FROM a), secrets
SELECT histogram(confidence) FROM annotations
SELECT entity_type, repeat('#', (20 * count(*) / max(count(*)) OVER ())::INT) AS bar FROM annotations GROUP BY 1 ORDER BY 1
SELECT e.entity_type, a.annotator, m.m FROM (SELECT DISTINCT entity_type FROM annotations) e CROSS JOIN (SELECT DISTINCT annotator FROM annotations) a CROSS JOIN range(1, 13) m(m) ORDER BY ALL LIMIT 5
SELECT unnest(range(1, page_count + 1)) AS page, document_id FROM raw_documents ORDER BY ALL LIMIT 5
SELECT date(created_at) AS d, count(*) FROM raw_documents GROUP BY d ORDER BY d LIMIT 3
SELECT h, count(a.annotation_id) FROM (SELECT unnest(generate_series(TIMESTAMP '2025-01-01', TIMESTAMP '2025-01-03', INTERVAL '1 hour')) AS h) LEFT JOIN annotations a ON date_trunc('hour', a.annotated_at) = h GROUP BY h ORDER BY h
WITH RECURSIVE tree AS (SELECT entity_type_a AS name, entity_type_a AS path, 0 AS depth FROM entity_conflicts WHERE status = 'open' UNION ALL SELECT c.entity_type_b, t.path || ' > ' || c.entity_type_b, t.depth + 1 FROM tree t JOIN entity_conflicts c ON c.entity_type_a = t.name WHERE t.depth < 3) SELECT DISTINCT path, depth FROM tree ORDER BY ALL
SELECT a.entity_text, b.entity_text, levenshtein(a.entity_text, b.entity_text) AS d FROM (SELECT DISTINCT entity_text FROM annotations WHERE entity_type = 'owner') a JOIN (SELECT DISTINCT entity_text FROM annotations WHERE entity_type = 'owner') b ON a.entity_text < b.entity_text AND levenshtein(a.entity_text, b.entity_text) <= 12 ORDER BY ALL
SELECT s.schema_version, j.key, x.value FROM schema_snapshots s, json_each(s.diff) j, json_each(j.value) x ORDER BY ALL LIMIT 5
SELECT replace(string_agg(entity_type, ',' ORDER BY entity_type), ',', '; ') FROM entity_types
