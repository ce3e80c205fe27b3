/**
 * After launch (docs/operations/restore.md): the warehouse is lost, and made again from a copy, to any commit, or from the objects alone. The
 * commands are those of the page, and the warehouse is emptied for real.
 */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startStack } from "../../tools/local-stack/index.mjs";
import { run } from "../history/stack.mjs";
import { madeFiles } from "../ingest/stack.mjs";

const BUCKET = "living-schema-backups";
const BUCKETS = ["argilla-exports", "vessel-csv", "vessel-ocr"];

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
/** What readers saw just after each commit, from the first on. @type {object[]} */
const history = [];
let files;
before(async () => {
  files = madeFiles();
  const promptly = { maxBatchTimeout: 0, retryDelay: 0 };
  stack = await startStack({
    workers: ["ingest", "discovery", "schema-api"],
    buckets: [BUCKET],
    queues: { landed: promptly, discovery: promptly },
    variables: {
      ingest: { INGEST: (configured) => ({ ...configured, routes: configured.routes.map((route) => ({ ...route, on_delete: "retract" })) }) },
      discovery: { MAX_VERSIONS_PER_DAY: "1000" },
    },
  });
  await makeHistory();
});
after(() => stack?.stop());

async function land(bucket, key, file = `${bucket}/${key}`) {
  await stack.put(bucket, key, files.get(file));
  await stack.waitUntilIdle();
}

async function ask(worker, method, route, body) {
  const headers = { authorization: `Bearer ${stack.secrets.adminToken}` };
  const response = await stack.fetch(worker, route, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  assert.equal(response.status, 200, `${method} ${route}: ${await response.clone().text()}`);
  return response.json();
}

/** Loads, records that come again, a content replaced by another, a deletion, and a decision. */
async function makeHistory() {
  await land("argilla-exports", "port-calls/round1.parquet");
  await land("argilla-exports", "port-calls/round2.parquet");
  await land("vessel-csv", "fleet_list/2026.parquet");
  await land("vessel-csv", "flag_register/2026.parquet");
  await land("vessel-ocr", "ships_logs.parquet");
  await land("vessel-csv", "fleet_list/2026.parquet", "vessel-csv/coastal_register/2026.parquet");
  await stack.delete("vessel-csv", "flag_register/2026.parquet");
  await stack.waitUntilIdle();
  const { conflicts } = await ask("discovery", "GET", "/conflicts");
  const { item, similar_to: into } = conflicts.find((conflict) => conflict.item.name === "ports");
  await ask("discovery", "POST", "/decisions", { action: "merge", item, into, by: "ann", reason: "a plural" });
  await land("argilla-exports", "port-calls/round3.parquet");
  const last = await lastCommit();
  for (let commit = 0; commit <= last; commit++) history.push(await seenAt(commit));
}

const lastCommit = () => stack.sql.value("SELECT max(commit_seq) FROM commits");

/** What readers see just after a commit: rows, the catalog, and the version of the schema. */
async function seenAt(commit) {
  const [row] = await stack.sql.query(`
    SELECT (SELECT count(*) || ' ' || bit_xor(hash(s)) FROM structured_data_at(${commit}) AS s) AS tables,
           (SELECT count(*) || ' ' || bit_xor(hash(a)) FROM annotations_at(${commit}) AS a) AS annotations,
           (SELECT count(*) || ' ' || bit_xor(hash(r)) FROM raw_documents_at(${commit}) AS r) AS documents,
           (SELECT count(*) || ' ' || bit_xor(hash(e)) FROM entity_types_at(${commit}) AS e) AS entity_types,
           (SELECT count(*) || ' ' || bit_xor(hash(f)) FROM field_definitions_at(${commit}) AS f) AS fields,
           (SELECT max(version) || ' ' || arg_max(content_hash, version) FROM schema_snapshots WHERE commit_seq <= ${commit}) AS schema`);
  return row;
}

/** What readers see now, by the views that show the present. */
async function seenNow() {
  const [row] = await stack.sql.query(`
    SELECT (SELECT count(*) || ' ' || bit_xor(hash(s)) FROM structured_data AS s) AS tables,
           (SELECT count(*) || ' ' || bit_xor(hash(a)) FROM annotations AS a) AS annotations,
           (SELECT count(*) || ' ' || bit_xor(hash(r)) FROM raw_documents AS r) AS documents,
           (SELECT max(version) || ' ' || arg_max(content_hash, version) FROM schema_snapshots) AS schema`);
  return row;
}

const present = ({ tables, annotations, documents, schema }) => ({ tables, annotations, documents, schema });

/** The warehouse is gone with all that was in it, and an empty one takes its place: steps 1 and 2 of the page. */
async function loseWarehouse() {
  for (const queue of ["landed", "discovery"]) stack.queues.pause(queue);
  await stack.warehouse.lose();
  await stack.warehouse.start();
  await stack.setUpWarehouse();
  // A new KV namespace, here an emptied one: what it keeps is of versions and commits that may come again with another content.
  const cache = await stack.keyValueNamespace("discovery", "SCHEMA_CACHE");
  for (const { name } of (await cache.list()).keys) await cache.delete(name);
}

function resume() {
  for (const queue of ["landed", "discovery"]) stack.queues.resume(queue);
}

/** A command of the page, against the stack. */
const recovery = (script, ...args) => run(stack, script, args, { BACKUP_BUCKET: BUCKET, MOTHERDUCK_TOKEN: stack.secrets.warehouseToken });

async function succeed(script, ...args) {
  const { code, output } = await recovery(script, ...args);
  assert.equal(code, 0, output);
  return output;
}

test("a copy is refused where it can't be what it says", async () => {
  const { code, output } = await recovery("restore.py", "nothing");
  assert.equal(code, 2);
  assert.match(output, /there is no whole copy 'nothing' in living-schema-backups/);
  assert.match((await recovery("backup.py", "../elsewhere")).output, /letters, digits/);
});

test("a copy that was made while more was landed has one commit's state, and everything is as it was at each commit", async () => {
  await Promise.all([succeed("backup.py", "whole"), land("vessel-csv", "port_calls/2026.parquet")]);
  assert.match((await recovery("backup.py", "whole")).output, /already/);
  assert.match((await recovery("restore.py", "whole")).output, /only an empty one/);
  // After the copy for sure. Its event was lost with the warehouse: a replay brings it.
  await land("vessel-csv", "port_calls/more.parquet", "vessel-csv/fleet_list/2026.parquet");
  const before = await seenNow();

  await loseWarehouse();
  assert.match((await recovery("restore.py", "--until", "1000", "whole")).output, /--until 1000: the copy has the commits 1 to /);
  await succeed("restore.py", "whole");
  const copied = await lastCommit();
  assert.ok([history.length - 1, history.length].includes(copied), `commit ${copied}`);
  for (const [commit, seen] of history.entries()) assert.deepEqual(await seenAt(commit), seen, `commit ${commit}`);

  resume();
  for (const bucket of BUCKETS) await ask("ingest", "POST", "/replay", { bucket, prefix: "" });
  await stack.waitUntilIdle();
  await ask("discovery", "POST", "/run");
  const now = await seenNow();
  // The load that came again has another id; all else is the same.
  assert.deepEqual([now.annotations, now.documents, now.schema], [before.annotations, before.documents, before.schema]);
  assert.equal(now.tables.split(" ")[0], before.tables.split(" ")[0]);
  const typed = await stack.sql.value("SELECT count(*) FROM typed.port_calls");
  assert.equal(typed, await stack.sql.value("SELECT count(*) FROM structured_data WHERE source_table = 'port_calls'"));
});

test("a restore to a commit shows that commit, whatever came after it, and goes on from there", async () => {
  // In the middle: before the second content of fleet_list, the deletion and the decision.
  for (const commit of [5, 2]) {
    await loseWarehouse();
    await succeed("restore.py", "--until", String(commit), "whole");
    assert.equal(await lastCommit(), commit);
    assert.deepEqual(await seenNow(), present(history[commit]), `commit ${commit}`);
    for (let earlier = 0; earlier < commit; earlier++) assert.deepEqual(await seenAt(earlier), history[earlier], `commit ${earlier}`);
    resume();
  }
  await ask("discovery", "POST", "/run");
  const version = await stack.sql.value("SELECT max(version) FROM schema_snapshots");
  const headers = { authorization: `Bearer ${stack.secrets.apiTokens.analyst}` };
  const served = await (await stack.fetch("schema-api", "/api/schema/current", { headers })).json();
  assert.equal(served.version, version);
  await land("vessel-csv", "port_calls/again.parquet", "vessel-csv/port_calls/2026.parquet");
  assert.deepEqual(await stack.sql.query("SELECT max(version) AS version, max(commit_seq) AS commit FROM schema_snapshots"), [
    { version: version + 1, commit: 3 },
  ]);
});

test("without a copy, the objects alone bring back what is visible now, and the versions follow in their order", async () => {
  await loseWarehouse();
  resume();
  // In the order of their uploads: of a record in several files the last one counts, and what looks like something was there before.
  for (const key of ["port-calls/round1.parquet", "port-calls/round2.parquet"]) {
    await ask("ingest", "POST", "/replay", { bucket: "argilla-exports", key });
    await stack.waitUntilIdle();
  }
  assert.deepEqual(await stack.sql.query("SELECT version, content_hash FROM schema_snapshots WHERE version <= 3 ORDER BY version"), (
    [1, 2, 3].map((version) => ({ version, content_hash: history[version - 1].schema.split(" ")[1] }))
  ));
  await ask("ingest", "POST", "/replay", { bucket: "argilla-exports", key: "port-calls/round3.parquet" });
  for (const bucket of BUCKETS) await ask("ingest", "POST", "/replay", { bucket, prefix: "" });
  await stack.waitUntilIdle();
  const counts = await stack.sql.query(`
    SELECT 'a' AS of, count(*) AS n FROM annotations UNION ALL SELECT 'd', count(*) FROM raw_documents
    UNION ALL SELECT 's', count(*) FROM structured_data WHERE source_table <> 'port_calls' ORDER BY ALL`);
  const then = history.at(-1);
  assert.deepEqual(counts.map(({ n }) => String(n)), [then.annotations, then.documents, then.tables].map((seen) => seen.split(" ")[0]));
  // What persons decided was in the commit log alone.
  assert.equal(await stack.sql.value("SELECT count(*) FROM commits WHERE kind = 'decision'"), 0);
});
