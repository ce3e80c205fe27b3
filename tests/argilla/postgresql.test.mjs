/** The parallel run: while it's on, real PostgreSQL has what the warehouse has; neither waits for the other. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startArgilla } from "../../tools/stand-ins/argilla.mjs";
import { startStack } from "../../tools/local-stack/index.mjs";
import { Annotator, ask, postgresVariables, startPostgres, startSync, sync, syncs } from "./stack.mjs";

let argilla;
let annotator;
let server;
let stack;
/** Serves queries of PostgreSQL. */
let api;
before(async () => {
  argilla = await startArgilla();
  annotator = new Annotator(argilla);
  server = await startPostgres();
  stack = await startSync(argilla, { variables: { WRITE_POSTGRES: "true", ...postgresVariables(server) } });
  api = await startStack({ workers: ["discovery", "schema-api"], variables: { "schema-api": { USE_MOTHERDUCK_SCHEMA: "false", ...postgresVariables(server) } } });
});
after(async () => {
  await Promise.all([stack?.stop(), api?.stop()]);
  await server?.stop();
  await argilla?.stop();
});

/** Rows of PostgreSQL, by the API of those whom the warehouse isn't switched on for. */
async function postgres(sql) {
  const headers = { authorization: `Bearer ${api.secrets.apiTokens.analyst}`, "content-type": "application/json" };
  const response = await api.fetch("schema-api", "/api/query/execute", { method: "POST", headers, body: JSON.stringify({ sql, max_rows: 2_000 }) });
  const body = await response.json();
  assert.deepEqual([response.status, body.served_by], [200, "postgresql"], JSON.stringify(body));
  return body.rows;
}

const COLUMNS = "record_id, server_id, status, text, CAST(annotated_at AS VARCHAR)";

/** @returns {Promise<number>} how many rows both have. */
async function compare(dataset) {
  const spelled = (rows) => rows.map((row) => row.map((value) => value && String(value).replace(/(\.\d*?)0*$/, "$1").replace(/\.$/, "")));
  // The warehouse gives so many rows at once, and not many more.
  for (let first = 0; ; first += 300) {
    const query = `SELECT ${COLUMNS} FROM annotations WHERE dataset = '${dataset}' ORDER BY record_id LIMIT 300 OFFSET ${first}`;
    const ours = (await stack.sql.query(query)).map((row) => Object.values(row));
    const theirs = await postgres(query);
    assert.deepEqual(spelled(theirs), spelled(ours));
    if (theirs.length < 300) return first + theirs.length;
  }
}

test("both databases have every record, and the same questions", async () => {
  const dataset = await annotator.dataset("both");
  const records = await annotator.log(dataset, 0, 1_500);
  await annotator.answer(records[0], [{ start: 0, end: 2, label: "vessel" }]);
  await annotator.call("PATCH", `records/${records[1].id}`, { fields: { text: "O'Brien \\ \"quoted\" \u0000 🚢" } });
  const { queued } = await sync(stack);
  assert.deepEqual(queued.map(({ copy }) => copy).sort(), ["parquet", "postgres"]);
  assert.equal((await postgres("SELECT count(*) FROM annotations"))[0][0], 1_500);
  const [[text]] = await postgres("SELECT text FROM annotations WHERE record_id = 'r1'");
  assert.equal(text, "O'Brien \\ \"quoted\" \ufffd 🚢");
  await annotator.call("PATCH", `records/${records[1].id}`, { fields: { text: "plain" } });
  await sync(stack);
  assert.equal(await compare("both"), 1_500);
  const questions = "SELECT questions FROM annotations WHERE dataset = 'both' AND record_id = 'r0'";
  assert.deepEqual(JSON.parse((await postgres(questions))[0][0]), JSON.parse(await stack.sql.value(questions)));
});

test("while PostgreSQL is away the warehouse is fed, and PostgreSQL catches up when it's back", async () => {
  const dataset = await annotator.dataset("away");
  const records = await annotator.log(dataset, 0, 50);
  await sync(stack);
  await server.halt();
  await annotator.answer(records[0]);
  await annotator.call("DELETE", `records/${records[1].id}`);
  await annotator.log(dataset, 50, 60);
  await ask(stack, "/sync", { method: "POST" });
  await stack.waitUntil("the warehouse to have the change", async () =>
    (await stack.sql.value("SELECT count(*) FROM annotations WHERE dataset = 'away'")) === 60, { timeoutMs: 60_000 });
  await stack.waitUntil("the report of the failure", async () =>
    (await syncs(stack, "postgres")).some(({ source, error }) => source.name === "away" && /^PostgreSQL: /.test(error)), { timeoutMs: 60_000 });
  assert.equal((await syncs(stack)).find(({ source }) => source.name === "away").error, null);

  await server.restart();
  await stack.waitUntilIdle({ timeoutMs: 120_000 });
  await sync(stack);
  assert.equal(await compare("away"), 60);
  const states = await postgres("SELECT status, count(*) AS n FROM annotations WHERE dataset = 'away' GROUP BY status ORDER BY status");
  assert.deepEqual(states, [["completed", 1], ["deleted", 1], ["pending", 58]]);
  assert.equal((await syncs(stack, "postgres")).find(({ source }) => source.name === "away").error, null);
});
