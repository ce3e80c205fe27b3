/** Queries of callers whom the warehouse isn't switched on for: real PostgreSQL serves them, by the same API. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startStack } from "../../tools/local-stack/index.mjs";
import { PostgresServer } from "./postgresql-server.mjs";

const PASSWORD = "correct horse";

/** What the company has: tables of its own, some of which the API's user may read, and traps. */
const SQL = `
CREATE TABLE vessels (imo integer PRIMARY KEY, name text NOT NULL, flag varchar(2), tonnage numeric(10,2), built date, active boolean, speed real, extra jsonb);
INSERT INTO vessels SELECT 9000000 + n, 'vessel ' || n, CASE n % 3 WHEN 0 THEN 'PA' WHEN 1 THEN 'LR' END, n * 10.5, DATE '2000-01-01' + n, n % 2 = 0, n / 4.0, jsonb_build_object('n', n) FROM generate_series(1, 300) AS s(n);
CREATE TABLE secrets (s text);
CREATE SCHEMA hidden;
CREATE TABLE hidden.payroll (amount integer);
CREATE TABLE visits (port text);
CREATE FUNCTION note() RETURNS integer LANGUAGE sql AS 'INSERT INTO public.visits VALUES (''x''); SELECT 1';
CREATE VIEW noting AS SELECT note() AS n;
CREATE VIEW slow AS SELECT pg_sleep(60)::text AS s;
CREATE FUNCTION public.count(text) RETURNS text LANGUAGE sql AS 'SELECT ''not the real one''';
CREATE ROLE api LOGIN PASSWORD '${PASSWORD}';
GRANT SELECT ON vessels, noting, slow TO api;
GRANT INSERT ON visits TO api;
`;

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
/** @type {PostgresServer} */
let server;
before(async () => {
  server = await PostgresServer.start(SQL);
  stack = await startStack({
    workers: ["discovery", "schema-api"],
    variables: {
      "schema-api": {
        // The admin has the warehouse.
        USE_MOTHERDUCK_SCHEMA: "admin",
        POSTGRES: server.address,
        POSTGRES_DATABASE: "postgres",
        POSTGRES_USER: "api",
        POSTGRES_PASSWORD: PASSWORD,
      },
    },
  });
});
after(async () => {
  await stack?.stop();
  await server?.stop();
});

async function ask(path, body, token = "analyst") {
  const headers = { authorization: `Bearer ${stack.secrets.apiTokens[token]}`, "content-type": "application/json" };
  const response = await stack.fetch("schema-api", `/api/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

const execute = (body, token) => ask("query/execute", typeof body === "string" ? { sql: body } : body, token);

test("the answer says which back end served it, by the caller", async () => {
  const byPostgres = await execute("SELECT count(*) AS n FROM vessels");
  assert.deepEqual([byPostgres.status, byPostgres.body.served_by, byPostgres.body.rows], [200, "postgresql", [[300]]], JSON.stringify(byPostgres));
  const byWarehouse = await execute("SELECT count(*) AS n FROM annotations", "admin");
  assert.deepEqual([byWarehouse.status, byWarehouse.body.served_by, byWarehouse.body.rows], [200, "motherduck", [[0]]]);
  assert.equal((await execute("FROM annotations")).status, 422, "the warehouse's relations are not there");
  assert.equal((await execute("SELECT count(*) FROM vessels", "admin")).status, 422);
  assert.deepEqual(Object.keys(byPostgres.body), Object.keys(byWarehouse.body), "the same API");
});

test("values and types are PostgreSQL's, in the form of the API", async () => {
  const { body } = await execute("SELECT imo, name, flag, tonnage, built, active, speed, extra FROM public.vessels WHERE imo = 9000002");
  assert.deepEqual(body.columns.map(({ name, type }) => `${name} ${type}`), [
    "imo integer", "name text", "flag character varying(2)", "tonnage numeric(10,2)", "built date", "active boolean", "speed real", "extra jsonb",
  ]);
  assert.deepEqual(body.rows, [[9000002, "vessel 2", null, "21.00", "2000-01-03", true, 0.5, '{"n": 2}']]);
  assert.deepEqual([body.schema_version, body.commit_seq, body.mode, body.truncated], [0, 0, "live", false]);
});

test("analysts' SQL runs where the dialects agree, with a limit of rows", async () => {
  const { body: grouped } = await execute(`
    WITH flagged AS (SELECT coalesce(flag, '?') AS f, tonnage FROM vessels)
    SELECT f, count(*) AS n, max(tonnage) AS most FROM flagged GROUP BY f HAVING count(*) > 1 ORDER BY f`);
  assert.deepEqual(grouped.rows, [["?", 100, "3139.50"], ["LR", 100, "3129.00"], ["PA", 100, "3150.00"]]);
  const { body: fromFirst } = await execute({ sql: "FROM vessels SELECT name ORDER BY imo", max_rows: 2 });
  assert.deepEqual([fromFirst.rows, fromFirst.truncated], [[["vessel 1"], ["vessel 2"]], true]);
  const { body: all } = await execute("FROM vessels");
  assert.deepEqual([all.row_count, all.truncated, all.columns.length], [300, false, 8]);
});

test("where the dialects differ, the error says whose it is", async () => {
  for (const sql of ["SELECT [1, 2] AS l FROM vessels", "SELECT nme FROM vessels", "SELECT name FROM vessels QUALIFY row_number() OVER (ORDER BY imo) = 1"]) {
    const { status, body } = await execute(sql);
    assert.deepEqual([status, body.title], [422, "The query fails"], sql);
    assert.match(body.detail, /^PostgreSQL says: .*DuckDB/, sql);
  }
  const then = await execute({ sql: "SELECT 1 FROM vessels", mode: "time_travel", commit_seq: 1 });
  assert.equal(then.status, 422);
  assert.match(then.body.detail, /PostgreSQL/);
});

test("nothing is read but the schema's relations that the user may read, and nothing is written", async () => {
  for (const sql of [
    "DELETE FROM vessels", "SELECT 1; DROP TABLE vessels", "SELECT * FROM secrets", "SELECT * FROM hidden.payroll", "SELECT * FROM visits",
    "SELECT * FROM pg_catalog.pg_authid", "SELECT * FROM pg_authid", "SELECT * FROM information_schema.tables", "SELECT pg_sleep(1)",
    "SELECT pg_read_file('/etc/passwd')", "SELECT set_config('statement_timeout', '0', false)", "SELECT note()", "SELECT lo_import('/etc/passwd')",
    "COPY vessels TO '/tmp/x'", "SELECT * INTO t FROM vessels", "SELECT query_to_xml('SELECT 1', true, true, '')",
  ]) {
    const refused = await execute(sql);
    assert.equal(refused.status, 422, sql);
    const { body } = await ask("query/validate", { sql });
    assert.ok(!body.allowed && body.reason && body.line >= 1, `${sql}: ${JSON.stringify(body)}`);
  }
  const writing = await execute("SELECT n FROM noting");
  assert.equal(writing.status, 422);
  assert.match(writing.body.detail, /read-only transaction/);
  const { body: counted } = await execute("SELECT count(name) AS n FROM vessels");
  assert.deepEqual(counted.rows, [[300]], "a function that somebody called count isn't it");
  const { body: valid } = await ask("query/validate", { sql: "FROM vessels" });
  assert.deepEqual([valid.allowed, valid.relations], [true, ["main.vessels"]]);
});

test("a query that takes too long is given up, and the next is served", async () => {
  const started = Date.now();
  assert.equal((await execute("SELECT s FROM slow")).status, 504);
  assert.ok(Date.now() - started < 15_000);
  assert.equal((await execute("SELECT 1 AS one FROM vessels LIMIT 1")).status, 200);
});

test("while PostgreSQL is away its callers hear so, and the others are served", async () => {
  await server.halt();
  assert.equal((await execute("SELECT 1 AS one FROM vessels")).status, 503);
  assert.equal((await execute("SELECT 1 AS one", "admin")).status, 200);
  await server.restart();
  assert.equal((await execute("SELECT 1 AS one FROM vessels LIMIT 1")).status, 200);
});
