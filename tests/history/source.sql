-- Tables of a source with values of every type, the awkward ones among them. :rows is the number of rows of the large one.

CREATE TYPE gear AS ENUM ('trawl', 'longline', 'it''s, "other"');
CREATE TYPE place AS (port text, berth integer);
CREATE DOMAIN tonnage AS numeric(12, 3) CHECK (VALUE >= 0);

CREATE TABLE vessels (
    id          bigint PRIMARY KEY,
    name        text,
    flag        char(5),
    "call sign" varchar(10),
    imo         integer,
    crew        smallint,
    active      boolean,
    gross       tonnage,
    price       numeric(18, 2),
    "any"       numeric,
    length      double precision,
    draught     real,
    built       date,
    watch       time,
    watch_zone  timetz,
    seen        timestamp,
    seen_at     timestamptz,
    voyage      interval,
    uid         uuid,
    seal        bytea,
    papers      jsonb,
    raw         json,
    gears       gear,
    aliases     text[],
    marks       integer[],
    rates       numeric(8, 3)[],
    calls       timestamptz[],
    "used gear" gear[],
    address     inet,
    net         cidr,
    mac         macaddr,
    span        int4range,
    home        place,
    position    point,
    flags       bit(4),
    "Name"      text,
    "a/b~c ""d" text
);

INSERT INTO vessels
SELECT
    i * 3,
    CASE WHEN i % 11 = 0 THEN NULL WHEN i % 13 = 0 THEN '' WHEN i % 17 = 0 THEN E'two\r\nlines, "quoted" \\ and a tab\t' ELSE 'VESSEL ' || i || ' Ægir 🚢' END,
    (ARRAY['PAN', 'LBR', 'ESP', NULL])[1 + i % 4],
    lpad((i % 100000)::text, 5, '0'),
    9000000 + i % 900000,
    (i % 60 - 5)::smallint,
    CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN true ELSE false END,
    (i % 100000) / 7.0,
    CASE WHEN i % 5 = 0 THEN NULL ELSE (i::numeric - 500000) * 123456.78 END,
    CASE i % 7 WHEN 0 THEN 'NaN' WHEN 1 THEN NULL WHEN 2 THEN 'Infinity' ELSE i::numeric / 3 END,
    CASE i % 9 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN '-0' WHEN 3 THEN 1e300 / i ELSE sqrt(i) END,
    CASE i % 9 WHEN 0 THEN 'NaN' WHEN 1 THEN '-Infinity' ELSE (i / 10.0)::real END,
    DATE '1900-01-01' + i % 60000,
    TIME '00:00' + (i % 86400) * INTERVAL '1.000001 seconds',
    TIMETZ '12:34:56.789+02' + (i % 3600) * INTERVAL '1 second',
    TIMESTAMP '1969-12-31 23:59:59.999999' + (i % 1000 - 500) * INTERVAL '1 day 0.000007 seconds',
    TIMESTAMPTZ '2000-02-29 12:00:00+05:30' + i * INTERVAL '1.5 seconds',
    (i % 14) * INTERVAL '1 month' - (i % 40) * INTERVAL '1 day' + i * INTERVAL '0.001 second',
    md5(i::text)::uuid,
    CASE WHEN i % 6 = 0 THEN NULL ELSE decode(md5(i::text), 'hex') || '\x00275c22'::bytea END,
    CASE WHEN i % 8 = 0 THEN NULL ELSE jsonb_build_object('n', i, 'deep', jsonb_build_array(1.50, NULL, 'x"y')) END,
    ('{ "n" : ' || i || ', "n": 1.0e2 }')::json,
    (ARRAY['trawl', 'longline', 'it''s, "other"', NULL]::gear[])[1 + i % 4],
    CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN '{}' ELSE ARRAY['a' || i, NULL, '', 'with "quotes", and {braces}'] END,
    CASE i % 3 WHEN 0 THEN NULL ELSE ARRAY[i, NULL, -i] END,
    ARRAY[i / 1000.0, NULL],
    ARRAY[TIMESTAMPTZ '2020-01-01 00:00+00' + i * INTERVAL '1 second', NULL],
    ARRAY['trawl', NULL]::gear[],
    ('10.' || i % 200 || '.0.1')::inet,
    ('10.' || i % 200 || '.0.0/16')::cidr,
    '08:00:2b:01:02:03'::macaddr,
    int4range(i, i + 5),
    ROW('Vigo, "A"', i)::place,
    point(i, -i),
    (i % 16)::bit(4),
    'other ' || i,
    'odd name ' || i
FROM generate_series(1, :rows) AS i;

-- Values at the ends of what types can hold: such columns are kept as text. The key has two columns.
CREATE TABLE extremes (
    port   text,
    day    date,
    amount numeric(10, 2),
    at     timestamp,
    grid   integer[],
    wide   numeric(60, 10),
    old    date,
    ancient timestamptz,
    midnight time,
    PRIMARY KEY (port, day)
);
INSERT INTO extremes VALUES
    ('Vigo', 'infinity', 'NaN', 'infinity', '{{1,2},{3,4}}', 12345678901234567890123456789012345678901234567890.0123456789, '0044-03-15 BC', '4000-01-01 00:00:00.5 BC', '24:00'),
    ('Vigo', '2024-01-01', 12.50, '2024-01-01 00:00:00.000001', '{1,NULL}', 0, '0001-01-01', '0001-01-01', '00:00'),
    ('it''s "Busan"', '2024-01-01', -0.01, '-infinity', '[0:1]={7,8}', NULL, '10000-12-31', '12000-06-01 12:00', '23:59:59.999999'),
    ('', '2024-01-01', NULL, NULL, NULL, NULL, NULL, NULL, NULL);

-- Without a key, and with rows that are equal.
CREATE TABLE log_lines (line text, n integer);
INSERT INTO log_lines SELECT CASE WHEN i % 10 = 0 THEN NULL ELSE 'line ' || i % 100 END, i % 3 FROM generate_series(1, 2000) AS i;

CREATE TABLE one_column (note text);
INSERT INTO one_column VALUES (NULL), (''), (NULL), (E'a\n'), ('\.');

-- What somebody writes to while it's read.
CREATE TABLE busy (id integer PRIMARY KEY, name text, price numeric(8, 2));
INSERT INTO busy SELECT i, 'as it was', i / 100.0 FROM generate_series(1, 6000) AS i;

-- A value that ingest doesn't take: more than a page may have.
CREATE TABLE huge (id integer PRIMARY KEY, scan text);
INSERT INTO huge VALUES (1, repeat('x', 40000000));

CREATE TABLE nothing (id integer PRIMARY KEY, name text);
CREATE VIEW vessel_names AS SELECT id, name FROM vessels;
