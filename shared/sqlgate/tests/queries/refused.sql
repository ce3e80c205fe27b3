SELECT 1 WHERE EXISTS (FROM 'x.csv')
SELECT * FROM annotations WHERE entity_text = (SELECT content FROM read_text('x'))
FROM annotations ORDER BY (SELECT content FROM read_text('x'))
SELECT list_transform([1], x -> getenv('HOME'))
SELECT ('x').getenv()
SELECT annotation_id.current_setting() FROM annotations
SELECT main.current_setting('x')
SELECT "current_setting"('x')
SELECT system.main.getvariable('x')
SELECT current_user
SELECT "current_user"
SELECT current_schema
SELECT * FROM information_schema.tables
SELECT * FROM main.duckdb_tables
SELECT * FROM temp.main.annotations
SELECT * FROM landing.annotations
SELECT * FROM annotations_at(42)
SELECT * FROM memory.main.annotations
WITH annotations AS (SELECT 1), x AS (SELECT * FROM secrets) SELECT * FROM annotations
SELECT * FROM (WITH secrets AS (SELECT 1 AS a) SELECT * FROM secrets), secrets
SELECT (WITH s AS (SELECT 1) SELECT * FROM s), (SELECT * FROM s)
WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a
WITH RECURSIVE a AS (SELECT * FROM a) SELECT * FROM a
WITH a AS (SELECT * FROM a) SELECT * FROM a
WITH "x.csv" AS (SELECT 1) SELECT * FROM "x.csv"
SELECT * FROM histogram_values(annotations, confidence)
SELECT * FROM histogram('x.csv', a)
SELECT * FROM summary(annotations)
PIVOT annotations ON entity_type USING count(*)
PIVOT annotations ON entity_type IN (SELECT 'a') USING count(*)
SELECT * FROM annotations PIVOT (count(*) FOR entity_type IN my_enum)
SELECT * FROM generate_series(1, 1e9::BIGINT)
SELECT count(*) FROM range(1000000) a, range(1000000) b
SELECT repeat('x', (SELECT 1000000000))
SELECT repeat('x', n) FROM (SELECT 1000000000 AS n)
SELECT repeat('x', n) FROM (VALUES (1000000000)) t(n)
SELECT repeat('x', i::INT) FROM range(1000000000, 1000000001) t(i)
WITH t AS (SELECT 30000 * 30000 AS n) SELECT repeat('x', n) FROM t
SELECT 1000000000 AS n, repeat('x', n)
SELECT repeat(repeat('x', 10000), 10000)
SELECT repeat('x', '1000000000'::INT)
SELECT repeat('x', 1 << 30)
SELECT repeat('x', epoch_ms(now())::INT)
SELECT repeat('x', hash('a')::INT)
SELECT list_transform(range(100000), x -> range(100000))
SELECT [y FOR y IN range(100000000)]
SELECT unnest(range(1000000000))
SELECT count(*) FROM (SELECT unnest(range(100000)) AS a), (SELECT unnest(range(100000)) AS b)
SELECT list_resize([1], 1000000000)
SELECT format('{:{}}', 'a', 1000000000)
SELECT format('{:>1000000000}', 'a')
SELECT printf('%*d', 1000000000, 1)
SELECT printf('%1000000000d', 1)
SELECT format(fmt, 1) FROM (SELECT '{:>1000000000}' AS fmt)
SELECT (string_agg('[', '') || string_agg(']', ''))::JSON FROM range(200000)
SELECT json_valid(string_agg('[', '')) FROM range(200000)
SELECT json_structure(lpad('', 200000, '['))
SELECT json_structure(replace(repeat('x', 5000), 'x', repeat('[', 1000)))
SELECT json_structure(array_to_string(list_transform(range(90000), x -> '['), ''))
SELECT json_structure(repeat(chr(91), 90000))
SELECT json_structure(translate(repeat('x', 90000), 'x', '['))
SELECT x->'$' FROM (SELECT repeat('[', 90000) AS x)
SELECT (repeat('{"a":', 90000) || '1' || repeat('}', 90000))::JSON
SELECT unhex(repeat('5b', 90000))::VARCHAR::JSON
SELECT repeat('[', 60000)::VARIANT
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n > 0) SELECT * FROM r
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n FROM r WHERE n < 10) SELECT count(*) FROM r
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n * 2 FROM r WHERE 1 < 5) SELECT count(*) FROM r
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r, range(1000) WHERE n < 10) SELECT count(*) FROM r
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT a.n + 1 FROM r a, r b WHERE a.n < 30) SELECT count(*) FROM r
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 1000000000) SELECT count(*) FROM r
WITH RECURSIVE r(n) AS (SELECT -1000000000 UNION ALL SELECT n + 1 FROM r WHERE n < 10) SELECT count(*) FROM r
WITH RECURSIVE r(n, m) AS (SELECT 1, 5 UNION ALL SELECT n + 1, m + 1 FROM r WHERE n < m) SELECT count(*) FROM r
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 10 OR true) SELECT count(*) FROM r
WITH RECURSIVE r(n) AS (SELECT 1 UNION SELECT n + 1 FROM r) SELECT count(*) FROM r
WITH RECURSIVE r(n, s) AS (SELECT 1, 'x' UNION ALL SELECT n + 1, s || s FROM r WHERE n < 100) SELECT max(length(s)) FROM r
WITH RECURSIVE r(n, s) AS (SELECT 1, 'x' UNION ALL SELECT n + 1, concat(s, s) FROM r WHERE n < 100) SELECT max(length(s)) FROM r
WITH RECURSIVE r(n, s) AS (SELECT 1, 'x' UNION ALL SELECT n + 1, replace(s, 'x', 'xx') FROM r WHERE n < 100) SELECT max(length(s)) FROM r
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL (SELECT n + 1 FROM r)) SELECT count(*) FROM r
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM (SELECT * FROM r) x) SELECT count(*) FROM r
WITH RECURSIVE r(n) AS ((SELECT 1) UNION ALL SELECT (SELECT max(n) + 1 FROM r)) SELECT count(*) FROM r LIMIT 5
SELECT * FROM annotations a JOIN annotations b ON true JOIN annotations c ON 1 = 1
SELECT * FROM annotations a JOIN annotations b ON a.entity_type = a.entity_type JOIN annotations c ON b.x = b.y
SELECT * FROM annotations a CROSS JOIN annotations b CROSS JOIN annotations c LIMIT 5
SELECT count(*) FROM annotations WHERE confidence < (SELECT count(*) FROM annotations b, annotations c, annotations d)
SELECT list_reduce(range(40), lambda a, b: concat(a, a))
SELECT list_aggregate([1], 'xx')
SELECT list_aggregate([1], entity_type) FROM annotations
SELECT 'aaaaaaaaaaaaaaaaaaa' LIKE '%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%b'
SELECT setseed(0.5)
SELECT txid_current()
SELECT pg_sleep(1)
SELECT query('select 1')
SELECT * FROM query_table('annotations')
EXPLAIN SELECT 1
SHOW TABLES
SHOW annotations
CALL range(5)
SELECT * INTO x FROM annotations
SELECT * FROM annotations FOR UPDATE
DESCRIBE 'x.csv'
DESCRIBE x.csv
SUMMARIZE read_csv('x')
SUMMARIZE FROM read_csv('x')
FROM (DESCRIBE FROM read_csv('x'))
SELECT * FROM annotations AT (VERSION => 1)
SELECT * FROM U&"x"
SELECT U&'\0041'
SELECT x'41'
SELECT 1 /* /* */
SELECT 'unterminated
SELECT "
SELECT $$x
SELECT 1; SELECT 2
ATTACH 'x'
COPY annotations TO 'x'
COPY (SELECT 1) TO 'x'
SELECT COLUMNS(x -> read_text(x)) FROM annotations
SELECT * REPLACE (getenv('x') AS entity_type) FROM annotations
SELECT count(*) FILTER (WHERE getenv('x') = 'y') FROM annotations
SELECT sum(1) OVER (ORDER BY getenv('x'))
SELECT DISTINCT ON (getenv('x')) 1
SELECT 1 LIMIT (SELECT getenv('x'))
SELECT 1 LIMIT (SELECT count(*) FROM 'x.csv')
VALUES ((SELECT 1 FROM 'x.csv'))
SELECT CASE WHEN getenv('x') = '' THEN 1 END
SELECT {'a': getenv('x')}
SELECT map {getenv('x'): 1}
SELECT [getenv('x') FOR y IN [1]]
SELECT x[getenv('a')] FROM (SELECT [1] AS x)
SELECT INTERVAL (getenv('x')) DAY
SELECT EXTRACT(year FROM getenv('x'))
SELECT nextval('s'), currval('s')
SELECT * FROM "annotations".x
SELECT * FROM x."annotations"
SELECT * FROM main."annotations.csv"
SELECT * FROM repeat_row(1, num_rows = 1000000000)
SELECT * FROM repeat('a', 1000000000)
SELECT * FROM test_all_types()
SELECT * FROM pragma_table_info('annotations')
SELECT * FROM duckdb_functions()
SELECT write_log('x')
SELECT cast('x' AS regclass)
SELECT 'x'::mytype
SELECT current_setting ( 'x' )
SELECT * FROM range(10) AS t(x) WHERE x IN (SELECT y FROM range(1000000000000) u(y))
SELECT bitstring('1', 1000000000)
SELECT bar(1, 0, 1, 1000000000)
SELECT rpad('x', 500000000, 'y')
SELECT array_resize([1], 1000000000)
SELECT generate_series(TIMESTAMP '2000-01-01', TIMESTAMP '2030-01-01', INTERVAL 1 SECOND)
SELECT generate_series(DATE '2000-01-01', DATE '2030-01-01' + INTERVAL 1000000 YEAR, INTERVAL 1 DAY)
SELECT range(0, 1000000, 0.0001)
SELECT * FROM generate_series(1, 10, 0)
SELECT count(*) FROM range(100000) t(i), range(i * 1000) u(j)
SELECT count(*) FROM annotations a, LATERAL (SELECT * FROM annotations b, annotations c) x
SELECT to_base(1, 2, 100000000)
SELECT string_agg(repeat('x', 10000), '') FROM annotations a, annotations b
SELECT​1
SELECT 1 
﻿SELECT 1
SELECT　1
SELECT repeat('x', (1000 / d)::INT) FROM (SELECT 0.000001 AS d)
SELECT repeat('x', (count(*) / 0.0000001)::INT) FROM annotations
SELECT repeat('x', (1000 / '0.0000001'::DOUBLE)::INT)
SELECT range(1000000) FROM annotations
