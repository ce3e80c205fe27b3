/** Queries over HTTP, in workerd: what runs, at which point in time, and what is refused. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { setTimeout } from "node:timers/promises";

import { tableFromIPC } from "apache-arrow";

import { startStack } from "../../tools/local-stack/index.mjs";
import { madeFiles } from "../ingest/stack.mjs";

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
let files;
before(async () => {
  files = madeFiles();
  stack = await startStack({ queues: { landed: { maxBatchTimeout: 0 }, discovery: { maxBatchTimeout: 0 } } });
  await land("argilla-exports", "port-calls/round1.parquet");
  await land("vessel-csv", "flag_register/2026.parquet");
});
after(() => stack?.stop());

async function land(bucket, key) {
  await stack.put(bucket, key, files.get(`${bucket}/${key}`));
  await stack.waitUntilIdle();
}

function send(path, body, { token = "analyst", ...headers } = {}) {
  return stack.fetch("schema-api", `/api/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${stack.secrets.apiTokens[token]}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

async function ask(path, body, token = "analyst") {
  const response = await send(path, body, { token });
  return { status: response.status, body: await response.json() };
}

const execute = (body, token) => ask("query/execute", typeof body === "string" ? { sql: body } : body, token);

test("a query gives its rows, with the point in time that they are of", async () => {
  const { status, body } = await execute("FROM typed.flag_register SELECT Flag, count(*) AS ships GROUP BY ALL ORDER BY ALL LIMIT 2");
  assert.equal(status, 200);
  assert.deepEqual(body.columns, [{ name: "Flag", type: "VARCHAR" }, { name: "ships", type: "BIGINT" }]);
  assert.deepEqual([body.row_count, body.truncated, body.mode, body.commit_seq, body.schema_version], [2, false, "live", 2, 3]);
  const labels = await execute("SELECT label, count(*) AS n FROM entity_mentions GROUP BY label ORDER BY label");
  assert.deepEqual(labels.body.rows, [["port", 400], ["vessel", 400]]);
});

test("at an earlier commit a query gives what it gave then, whatever has landed since or been merged", async () => {
  const sql = "SELECT label, count(*) AS n FROM entity_mentions GROUP BY label";
  const columns = 'SELECT "Flag" FROM typed.flag_register WHERE "IMO number" > 0';
  const [then, flags] = [(await execute(sql)).body, (await execute(columns)).body];
  await land("argilla-exports", "port-calls/round2.parquet");
  const decided = await ask("review/decisions", {
    action: "rename", item: { kind: "field", scope: "flag_register", name: "Flag" }, to: "flag_code",
  }, "expert");
  assert.equal(decided.status, 200);
  assert.notEqual((await execute(sql)).body.result_hash, then.result_hash);
  assert.equal((await execute(columns)).status, 422, "the column has another name now");
  const at = { mode: "time_travel", commit_seq: then.commit_seq };
  assert.equal((await execute({ sql, ...at })).body.result_hash, then.result_hash);
  assert.equal((await execute({ sql: columns, ...at })).body.result_hash, flags.result_hash);
  const renamed = "SELECT flag_code FROM typed.flag_register WHERE \"IMO number\" > 0";
  assert.equal((await execute(renamed)).body.result_hash, flags.result_hash);
  const date = await execute({ sql: "SELECT count(*) FROM annotations", mode: "time_travel", date: new Date().toISOString() });
  assert.equal(date.body.row_count, 1);
});

/** Waits until a run is logged, which happens after its answer. */
async function logs(condition) {
  for (let i = 0; i < 100; i++) {
    if (await stack.sql.value(`SELECT count(*) FROM query_executions WHERE ${condition}`) > 0) return;
    await setTimeout(20);
  }
  assert.fail(`no run is logged with ${condition}`);
}

test("parameters are values, whatever is in them", async () => {
  const sql = 'SELECT count(*) FROM typed.flag_register WHERE "IMO number" > ? AND "Vessel name" <> ?';
  const { body } = await execute({ sql, parameters: [0, "x' OR 1 = 1 --"] });
  assert.deepEqual(body.rows, [[600]]);
  const named = await execute({ sql: "SELECT count(*) FROM entity_mentions WHERE label IN $labels", parameters: { labels: ["port", "x"] } });
  assert.equal(named.status, 200, JSON.stringify(named.body));
  const missing = await execute({ sql, parameters: [0] });
  assert.deepEqual([missing.status, missing.body.detail.includes("$2")], [422, true]);
  const unused = await execute({ sql: "SELECT 1", parameters: { n: 1 } });
  assert.deepEqual([unused.status, unused.body.detail.includes("$n")], [422, true]);
  assert.equal((await execute({ sql, parameters: "x" })).status, 400);
  const { body: valid } = await ask("query/validate", { sql });
  assert.deepEqual([valid.allowed, valid.parameters], [true, ["$1", "$2"]]);
});

test("the same query at the same commit comes from the cache, until something is committed", async () => {
  const sql = "SELECT label, count(*) AS n FROM entity_mentions GROUP BY label ORDER BY label";
  const first = (await execute(sql)).body;
  let again;
  for (let i = 0; i < 100 && !again?.cached; i++) {
    await setTimeout(20);
    again = (await execute("select label, count(*) as n from entity_mentions group by label order by label -- again")).body;
  }
  assert.ok(again.cached);
  assert.deepEqual([again.rows, again.result_hash, again.commit_seq], [first.rows, first.result_hash, first.commit_seq]);
  await logs("from_cache");
  await land("vessel-csv", "fleet_list/2026.parquet");
  const newer = (await execute(sql)).body;
  assert.ok(!newer.cached && newer.commit_seq > first.commit_seq);
  for (const varying of ["SELECT now()", "SELECT random() FROM annotations LIMIT 1"]) {
    await execute(varying);
    await setTimeout(100);
    assert.ok(!(await execute(varying)).body.cached, varying);
  }
});

test("a run can be had again as it was, by whoever ran it", async () => {
  const sql = "SELECT count(*) AS n FROM annotations WHERE status = ? OR true";
  const first = (await execute({ sql, parameters: ["x"], mode: "snapshot" })).body;
  await logs(`execution_id = '${first.execution_id}'`);
  await land("argilla-exports", "port-calls/round3.parquet");
  assert.notDeepEqual((await execute({ sql, parameters: ["x"] })).body.rows, first.rows);
  const again = await execute({ mode: "snapshot", execution_id: first.execution_id });
  assert.deepEqual([again.body.rows, again.body.unchanged, again.body.commit_seq], [first.rows, true, first.commit_seq]);
  assert.equal((await execute({ mode: "snapshot", execution_id: first.execution_id }, "admin")).status, 404);
  const version = { mode: "time_travel", schema_version: first.schema_version, commit_seq: first.commit_seq };
  assert.deepEqual((await execute({ sql, parameters: ["x"], ...version })).body.rows, first.rows);
  assert.equal((await execute({ sql, parameters: ["x"], ...version, schema_version: 1 })).status, 400);
  assert.equal((await execute({ sql: "SELECT 1", mode: "time_travel", commit_seq: 1000 })).status, 404);
  assert.equal((await execute({ sql: "SELECT 1", mode: "time_travel", schema_version: 1000 })).status, 404);
});

test("rows come as JSON, CSV or Arrow", async () => {
  const sql = `SELECT "IMO number", flag_code, '' AS empty, NULL AS nothing, DATE '2026-01-31' AS date, [1, 2] AS list
               FROM typed.flag_register ORDER BY ALL LIMIT 3`;
  const { body } = await execute(sql);
  assert.ok(body.rows, JSON.stringify(body));
  const csv = await send("query/execute", { sql }, { accept: "text/csv" });
  assert.match(csv.headers.get("content-type"), /^text\/csv/);
  assert.equal(csv.headers.get("x-result-hash"), body.result_hash);
  assert.equal(csv.headers.get("x-truncated"), "false");
  const lines = (await csv.text()).split("\r\n");
  assert.equal(lines[0], "IMO number,flag_code,empty,nothing,date,list");
  assert.equal(lines[1], `${body.rows[0][0]},${body.rows[0][1]},"",,2026-01-31,"[1,2]"`);
  const response = await send("query/execute", { sql }, { accept: "application/vnd.apache.arrow.stream" });
  const table = tableFromIPC(new Uint8Array(await response.arrayBuffer()));
  assert.equal(table.numRows, 3);
  assert.deepEqual(table.toArray().map((row) => [Number(row["IMO number"]), row.flag_code]), body.rows.map((row) => row.slice(0, 2)));
  assert.equal((await send("query/execute", { sql }, { accept: "text/html" })).status, 406);
});

test("a query under way is cancelled by its id, by who runs it, or by going away", async () => {
  const slow = "SELECT sum(sin(a.range * b.range)) FROM range(1000000) AS a, range(900) AS b";
  const seen = async (wanted) => (await stack.sql.requests()).filter(({ sql, outcome }) => sql.includes("range") && outcome === wanted).length;
  const runs = () => stack.waitUntil("the warehouse to run it", async () => await seen("running") === 1);
  const stopped = (count) => stack.waitUntil("the warehouse to stop it", async () => await seen("cancelled") === count);
  const id = randomUUID();
  const running = execute({ sql: slow, id });
  await runs();
  assert.deepEqual((await ask("query/cancel", { id }, "admin")).body, { cancelled: false }, "of somebody else");
  assert.deepEqual((await ask("query/cancel", { id })).body, { cancelled: true });
  const { status, body } = await running;
  assert.deepEqual([status, body.title], [409, "Cancelled"]);
  await logs("error_class = 'cancelled'");
  await stopped(1);
  const away = new AbortController();
  const gone = stack.fetch("schema-api", "/api/query/execute", {
    method: "POST", signal: away.signal, body: JSON.stringify({ sql: slow }),
    headers: { authorization: `Bearer ${stack.secrets.apiTokens.analyst}`, "content-type": "application/json" },
  });
  await runs();
  away.abort();
  await assert.rejects(gone);
  await stopped(2);
  assert.deepEqual((await ask("query/cancel", { id: randomUUID() })).body, { cancelled: false });
  assert.equal((await ask("query/cancel", { id: "x" })).status, 400);
});

test("a query is cancelled also by who is quicker than its first word", async () => {
  const id = randomUUID();
  const cancelled = ask("query/cancel", { id });
  const running = execute({ sql: "SELECT sum(sin(a.range * b.range)) FROM range(1000000) AS a, range(901) AS b", id });
  assert.deepEqual((await cancelled).body, { cancelled: true });
  assert.equal((await running).status, 409);
});

test("more rows than are asked for are said to be there", async () => {
  const { body } = await execute({ sql: "SELECT row_no FROM typed.flag_register_", max_rows: 5 });
  assert.match(body.detail, /flag_register_/);
  const cut = await execute({ sql: 'SELECT "IMO number" FROM typed.flag_register ORDER BY 1', max_rows: 5 });
  assert.deepEqual([cut.body.row_count, cut.body.truncated], [5, true]);
});

test("what would do more than read is refused with its place, and nothing runs", async () => {
  for (const sql of [
    "DELETE FROM annotations", "SELECT 1; DROP TABLE commits", "SELECT * FROM landing.annotations", "FROM read_text('/etc/passwd')",
    "SELECT getenv('HOME')", "FROM 'x.csv'", "WITH x AS (DELETE FROM commits RETURNING *) FROM x", "FROM query('SELECT 1')",
    "SELECT * FROM query_executions", "ATTACH 'x.duckdb'", "PRAGMA version",
  ]) {
    const refused = await execute(sql);
    assert.equal(refused.status, 422, sql);
    const { body } = await ask("query/validate", { sql });
    assert.ok(!body.allowed && body.reason && body.line >= 1, sql);
  }
  const { body } = await ask("query/validate", { sql: "FROM annotations" });
  assert.deepEqual([body.allowed, body.relations], [true, ["main.annotations"]]);
});

test("what ran is logged: who, what, when, and the hash of what came", async () => {
  const { body } = await execute("SELECT 1 AS one", "admin");
  await logs("row_count = 1 AND sql_text = 'SELECT 1 AS one'");
  const [logged] = await stack.sql.query(`
    SELECT executed_by, sql_text, mode, row_count, result_hash, error_class FROM query_executions WHERE execution_id = '${body.execution_id}'`);
  assert.deepEqual(logged, {
    executed_by: "admin", sql_text: "SELECT 1 AS one", mode: "live", row_count: 1, result_hash: body.result_hash, error_class: null,
  });
  const failed = await execute("SELECT CAST('x' AS INTEGER) FROM annotations");
  assert.equal(failed.status, 422);
  await logs("error_class = 'permanent'");
});

test("a token without the scope runs nothing, and wrong requests are named", async () => {
  assert.equal((await execute("SELECT 1", "reader")).status, 403);
  for (const wrong of [{}, { sql: "SELECT 1", mode: "then" }, { sql: "SELECT 1", commit_seq: 1 }, { sql: "SELECT 1", mode: "time_travel", date: "2999-01-01T00:00:00Z" }]) {
    assert.equal((await execute(wrong)).status, 400, JSON.stringify(wrong));
  }
});
