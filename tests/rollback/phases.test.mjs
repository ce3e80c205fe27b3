/**
 * The way back before launch (docs/operations/rollback.md), with real PostgreSQL beside the warehouse: first ingestion is stopped and PostgreSQL goes
 * on alone, then the flag is turned back, then the schema is held where it was. Each time nothing is lost on the way there and back.
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { STATE_FOLDER, startStack } from "../../tools/local-stack/index.mjs";
import { startArgilla } from "../../tools/stand-ins/argilla.mjs";
import { Annotator, ask, postgresVariables, PROMPT_QUEUES, startPostgres, sync, syncs, syncVariables } from "../argilla/stack.mjs";
import { annotationsFile } from "../soak/contents.mjs";

const RECORDS = 120;

/** What both databases have: the same text of SQL for both. */
const SAME = [
  "SELECT status, count(*) AS n FROM annotations GROUP BY status ORDER BY status",
  "SELECT record_id, status, text FROM annotations WHERE dataset = 'calls' ORDER BY record_id LIMIT 50",
  "SELECT count(*) AS n, count(DISTINCT record_id) AS records FROM annotations",
];

let argilla;
let annotator;
let postgres;
let stack;
let folder;
let dataset;
let records;
before(async () => {
  argilla = await startArgilla();
  annotator = new Annotator(argilla);
  postgres = await startPostgres();
  folder = mkdtempSync(path.join(STATE_FOLDER, "rollback-"));
  await deploy({ flag: "false" });
  dataset = await annotator.dataset("calls");
  records = await annotator.log(dataset, 0, RECORDS);
  for (const record of records.slice(0, 40)) await annotator.answer(record);
  await sync(stack);
});
after(async () => {
  await stack?.stop();
  await Promise.all([postgres?.stop(), argilla?.stop()]);
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** Deploys the Workers with other variables, as `wrangler deploy` does: what is stored and queued stays. */
async function deploy({ flag, versionsADay = "1000" }) {
  await stack?.stop();
  const settings = postgresVariables(postgres);
  stack = await startStack({
    stateFolder: folder,
    workers: ["argilla-sync", "ingest", "discovery", "schema-api"],
    queues: PROMPT_QUEUES,
    variables: {
      discovery: { MAX_VERSIONS_PER_DAY: versionsADay },
      "argilla-sync": { ...syncVariables(argilla), WRITE_POSTGRES: "true", ...settings },
      "schema-api": { USE_MOTHERDUCK_SCHEMA: flag, ...settings },
    },
  });
}

async function query(sql, { token = "analyst", ...more } = {}) {
  const headers = { authorization: `Bearer ${stack.secrets.apiTokens[token]}`, "content-type": "application/json" };
  const response = await stack.fetch("schema-api", "/api/query/execute", { method: "POST", headers, body: JSON.stringify({ sql, ...more }) });
  const body = await response.json();
  assert.equal(response.status, 200, `${sql}: ${JSON.stringify(body)}`);
  return { by: body.served_by, rows: body.rows, version: body.schema_version };
}

async function expectServedBy(backEnd, token) {
  const answers = [];
  for (const sql of SAME) {
    const { by, rows } = await query(sql, { token });
    assert.equal(by, backEnd, sql);
    answers.push(rows);
  }
  return answers;
}

/** An export of one record with one label. */
const labelled = (record, label) => annotationsFile([record], [`${record} at sea`], [label], record);

const inWarehouse = () => stack.sql.value("SELECT count(*) FROM annotations");
const schemaVersion = () => stack.sql.value("SELECT max(version) FROM schema_snapshots");

test("phases 1 and 2: ingestion is stopped, PostgreSQL goes on alone, and the warehouse has all of it afterwards", async () => {
  assert.equal(await inWarehouse(), RECORDS);
  // wrangler queues pause-delivery landed
  stack.queues.pause("landed");
  const more = await annotator.log(dataset, RECORDS, RECORDS + 30);
  await annotator.answer(more[0], [{ start: 0, end: 2, label: "port" }]);
  await ask(stack, "/sync", { method: "POST" });
  await stack.waitUntil("PostgreSQL to have the change", async () => (await query(SAME[2])).rows[0][0] === RECORDS + 30);
  assert.equal(await inWarehouse(), RECORDS, "nothing is ingested");
  const answers = await expectServedBy("postgresql");
  await stack.waitUntil("the sync to wait for ingest", async () => (await syncs(stack)).some(({ phase }) => phase === "loading"));

  // wrangler queues resume-delivery landed
  stack.queues.resume("landed");
  await stack.waitUntil("the warehouse to catch up", async () => (await inWarehouse()) === RECORDS + 30);
  await stack.waitUntilIdle({ timeoutMs: 120_000 });
  assert.deepEqual(await expectServedBy("motherduck", "admin").catch(() => null), null, "the flag is off for all");
  for (const [i, sql] of SAME.entries()) assert.deepEqual((await stack.sql.query(sql)).map((row) => Object.values(row)), answers[i], sql);
});

test("phases 3 and 4: the flag moves callers to the warehouse and back, one by one and all, and the answers are the same", async () => {
  const before = await expectServedBy("postgresql");
  await deploy({ flag: "admin" });
  assert.deepEqual(await expectServedBy("postgresql"), before, "an analyst isn't among the pilots");
  assert.deepEqual(await expectServedBy("motherduck", "admin"), before);
  await deploy({ flag: "true" });
  assert.deepEqual(await expectServedBy("motherduck"), before);
  // Something is wrong: back, while people go on labelling.
  await annotator.answer(records[50]);
  await deploy({ flag: "false" });
  await sync(stack);
  const after = await expectServedBy("postgresql");
  assert.notDeepEqual(after, before, "PostgreSQL was fed all the time");
  await deploy({ flag: "true" });
  assert.deepEqual(await expectServedBy("motherduck"), after);
});

test("phases 3 and 4: discovery is paused and readers stay at a version, while a mistake is landed and mended", async () => {
  const version = await schemaVersion();
  const sql = "SELECT label, count(*) AS n FROM entity_mentions GROUP BY label ORDER BY label";
  const pin = { mode: "time_travel", schema_version: version };
  const { rows: good } = await query(sql, pin);
  // wrangler queues pause-delivery discovery
  stack.queues.pause("discovery");
  await stack.put("argilla-exports", "calls/by-hand.parquet", labelled("x", "Vesel"));
  await stack.waitUntil("its commit", async () => (await stack.sql.value("SELECT count(*) FROM commits WHERE key = 'calls/by-hand.parquet'")) === 1);
  assert.equal(await schemaVersion(), version, "the schema stays");
  assert.deepEqual((await query(sql, pin)).rows, good, "pinned readers see what they saw");
  assert.ok((await query(sql)).rows.some(([label]) => label === "Vesel"), "others see it");
  // It's mended under its key: the newest content counts.
  await stack.put("argilla-exports", "calls/by-hand.parquet", labelled("x", "vessel"));
  await stack.waitUntil("its commit", async () => (await stack.sql.value("SELECT count(*) FROM commits WHERE key = 'calls/by-hand.parquet'")) === 2);
  // wrangler queues resume-delivery discovery
  stack.queues.resume("discovery");
  await stack.waitUntilIdle();
  assert.deepEqual((await query(sql)).rows.map(([label]) => label), good.map(([label]) => label));
  assert.deepEqual((await query(sql, pin)).rows, good);
  const [{ last, there }] = await stack.sql.query("SELECT max(version) AS last, count(*) AS there FROM schema_snapshots");
  assert.equal(last, there, "no version is left out");
});

test("phases 3 and 4: with one version a day new names wait for a person, and the schema stays", async () => {
  const version = await schemaVersion();
  await deploy({ flag: "true", versionsADay: "1" });
  await stack.put("argilla-exports", "calls/new-label.parquet", labelled("y", "berth"));
  await stack.waitUntilIdle();
  assert.equal(await schemaVersion(), version);
  const waiting = await stack.sql.query("SELECT name, status FROM entity_conflicts WHERE status = 'waiting'");
  assert.deepEqual(waiting, [{ name: "berth", status: "waiting" }]);
  const headers = { authorization: `Bearer ${stack.secrets.adminToken}` };
  const taken = await stack.fetch("discovery", "/decisions", { method: "POST", headers, body: JSON.stringify({ action: "resume", by: "ann" }) });
  assert.equal(taken.status, 200);
  assert.equal(await schemaVersion(), version + 1, "taken in");
});
