/** Queries over HTTP, in workerd: what runs, at which point in time, and what is refused. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

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

async function ask(path, body, token = "analyst") {
  const headers = { authorization: `Bearer ${stack.secrets.apiTokens[token]}`, "content-type": "application/json" };
  const response = await stack.fetch("schema-api", `/api/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
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
  const [logged] = await stack.sql.query(`
    SELECT executed_by, sql_text, mode, row_count, result_hash, error_class FROM query_executions WHERE execution_id = '${body.execution_id}'`);
  assert.deepEqual(logged, {
    executed_by: "admin", sql_text: "SELECT 1 AS one", mode: "live", row_count: 1, result_hash: body.result_hash, error_class: null,
  });
  const failed = await execute("SELECT CAST('x' AS INTEGER) FROM annotations");
  assert.equal(failed.status, 422);
  assert.equal(await stack.sql.value("SELECT count(*) FROM query_executions WHERE error_class = 'permanent'"), 2);
});

test("a token without the scope runs nothing, and wrong requests are named", async () => {
  assert.equal((await execute("SELECT 1", "reader")).status, 403);
  for (const wrong of [{}, { sql: "SELECT 1", mode: "then" }, { sql: "SELECT 1", commit_seq: 1 }, { sql: "SELECT 1", mode: "time_travel", date: "2999-01-01T00:00:00Z" }]) {
    assert.equal((await execute(wrong)).status, 400, JSON.stringify(wrong));
  }
});
