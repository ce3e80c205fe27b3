/** Objects through the whole stack: events in any number and order, files of all kinds, and what operators do. */

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { DATA, madeFiles, startIngest } from "./stack.mjs";

/** What a Worker has, less what its JavaScript takes. */
const WORKER_BYTES = 128 << 20;

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
let files;
before(async () => {
  files = madeFiles();
  stack = await startIngest();
});
after(() => stack?.stop());

const file = (name) => files.get(name);

test("a hundred copies of one event at once are one commit", async () => {
  stack.events.hold();
  await stack.put("vessel-csv", "hundred/1.parquet", file("vessel-csv/fleet_list/2026.parquet"));
  await stack.waitUntil("the event", () => stack.events.held().length === 1);
  stack.events.release({ copies: 100 });
  await stack.waitUntilIdle();
  assert.deepEqual(await stack.sql.query("SELECT row_count FROM commits WHERE source = 'hundred'"), [{ row_count: 300 }]);
  assert.equal(await stack.sql.value("SELECT count(*) FROM structured_data WHERE source_table = 'hundred'"), 300);
});

test("twenty objects whose events come shuffled and repeated, some put again meanwhile, show their newest content", async () => {
  const contents = ["vessel-csv/flag_register/2026.parquet", "vessel-csv/fleet_list/2026.parquet", "vessel-ocr/ships_logs.parquet"].map(file);
  const rowsOf = [600, 300, 200];
  /** @type {Map<string, { etag: string, rows: number }>} */
  const there = new Map();
  for (let round = 0; round < contents.length; round++) {
    stack.events.hold();
    for (let key = 0; key < 20; key += round + 1) {
      const name = `shuffled/${key}.parquet`;
      const { etag } = await stack.put("vessel-csv", name, contents[round]);
      there.set(name, { etag, rows: rowsOf[round] });
    }
    await stack.waitUntil("events", () => stack.events.held().length > 0);
    // Released while the loads of the round before are under way.
    stack.events.release({ copies: 3, shuffle: round + 1 });
  }
  await stack.waitUntilIdle({ timeoutMs: 120_000 });
  const twice = await stack.sql.query("SELECT key FROM commits WHERE source = 'shuffled' GROUP BY key, etag HAVING count(*) > 1");
  assert.deepEqual(twice, []);
  const newest = await stack.sql.query("SELECT key, arg_max(etag, commit_seq) AS etag FROM commits WHERE source = 'shuffled' GROUP BY key");
  assert.equal(newest.length, 20);
  for (const { key, etag } of newest) assert.equal(etag, there.get(key).etag, key);
  const expected = [...there.values()].reduce((sum, { rows }) => sum + rows, 0);
  assert.equal(await stack.sql.value("SELECT count(*) FROM structured_data WHERE source_table = 'shuffled'"), expected);
});

test("every file of parquet-testing is loaded or refused as expected, within a Worker's memory", async (t) => {
  const folder = path.join(DATA, "parquet-testing");
  if (!existsSync(folder)) return t.skip("LIVING_SCHEMA_DATA is not there");
  const expected = JSON.parse(readFileSync(fileURLToPath(new URL("../native/parquet-testing.json", import.meta.url)), "utf8"));
  const names = readdirSync(folder, { recursive: true }).filter((name) => /\.(parquet|encrypted)$/.test(name));
  assert.deepEqual(names.sort(), Object.keys(expected).sort());
  const keyOf = (name) => `corpus/${name}${name.endsWith(".parquet") ? "" : ".parquet"}`;
  for (const name of names) await stack.put("vessel-csv", keyOf(name), readFileSync(path.join(folder, name)));
  await stack.waitUntilIdle({ timeoutMs: 300_000 });
  const loads = await stack.sql.query(`
    SELECT key, state, reason, row_count + rejected_count AS rows FROM loads WHERE starts_with(key, 'corpus/') AND state <> 'failed'`);
  const byKey = new Map(loads.map((load) => [load.key, load]));
  for (const [name, { rows, quarantine }] of Object.entries(expected)) {
    const { state, reason, rows: loaded } = byKey.get(keyOf(name)) ?? {};
    const actual = state === "committed" ? { rows: loaded } : { quarantine: reason };
    assert.deepEqual(actual, quarantine === undefined ? { rows } : { quarantine }, name);
  }
  const peak = Math.max(...stack.logs("memory_bytes").map(({ message }) => JSON.parse(message).memory_bytes));
  t.diagnostic(`${names.length} files, at most ${(peak / 2 ** 20).toFixed(1)} MiB of wasm memory`);
  assert.ok(peak < WORKER_BYTES);
  assert.deepEqual(stack.logs("Critical"), [], "no file trapped the Worker");
});

test("rows in files are rows committed and rows rejected", async () => {
  const bad = file("vessel-ocr/three_bad_pages.parquet");
  await stack.put("vessel-ocr", "sums.parquet", bad);
  await stack.waitUntilIdle();
  assert.deepEqual(await stack.sql.query("SELECT row_count, rejected_count FROM commits WHERE key = 'sums.parquet'"), [
    { row_count: 5, rejected_count: 3 },
  ]);
});

test("discovery is told of each commit once", async () => {
  stack.queues.drain("discovery");
  await stack.put("vessel-csv", "told/1.parquet", file("vessel-csv/fleet_list/2026.parquet"));
  await stack.waitUntilIdle();
  const commit = await stack.sql.value("SELECT commit_seq FROM commits WHERE source = 'told'");
  assert.deepEqual(stack.queues.drain("discovery"), [{ commit_seq: commit }]);
});
