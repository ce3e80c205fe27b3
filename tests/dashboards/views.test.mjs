/** The views that operators watch, on data whose every figure is known (tools/dashboard/known-data.mjs). */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import {
  BREAKS, DAYS, REMOVES, WIDENS, at, bringsNews, hasDecision, knownData, newEntityTypes, numberOf, slowness,
} from "../../tools/dashboard/known-data.mjs";
import { KnownWarehouse } from "../../tools/dashboard/warehouse.mjs";

/** @type {KnownWarehouse} */
let warehouse;
before(async () => {
  warehouse = new KnownWarehouse();
  await warehouse.start();
});
after(() => warehouse?.stop());

const DAY_SECONDS = 86_400;
const day = (days) => new Date(at(days)).toISOString().slice(0, 10);
const monday = (days) => {
  const date = new Date(at(days));
  return new Date(at(days) - ((date.getUTCDay() + 6) % 7) * DAY_SECONDS * 1000).toISOString().slice(0, 10);
};

/** Holds a lag against what it was when the data was made: it has grown by as much as the test took. */
function assertLag(actual, expected, of) {
  assert.ok(actual >= expected && actual < expected + 600, `${of}: ${actual} s, and about ${expected} s are expected`);
}

test("of an empty warehouse each stage has a row, and nothing waits", async () => {
  const rows = await warehouse.query("SELECT stage, waiting, oldest, lag_seconds FROM pipeline_health ORDER BY stage");
  const stages = ["discovery", "ingest", "outbox_mail", "outbox_model", "outbox_slack", "quarantine", "review"];
  assert.deepEqual(rows, stages.map((stage) => ({ stage, waiting: 0, oldest: null, lag_seconds: 0 })));
  for (const view of ["schema_churn", "entity_health", "slow_queries", "loads_waiting"]) {
    assert.deepEqual(await warehouse.query(`FROM ${view}`), [], view);
  }
  await warehouse.write(knownData());
});

test("schema_churn counts versions and changes by day, by what they are and by what they mean", async () => {
  const rows = await warehouse.query(
    "SELECT * EXCLUDE (day, week), CAST(CAST(day AS DATE) AS VARCHAR) AS day, CAST(CAST(week AS DATE) AS VARCHAR) AS week " +
      `FROM schema_churn WHERE day BETWEEN TIMESTAMP '${day(29)}' AND TIMESTAMP '${day(2)}' ORDER BY day`,
  );
  let newest = 2;
  const expected = DAYS.map((days) => ({ days, n: numberOf(days) })).filter(({ n }) => bringsNews(n)).map(({ days, n }) => {
    const decided = Number(hasDecision(n));
    newest += 2 + decided;
    const [widening, broken, removed] = [WIDENS, BREAKS, REMOVES].map((number) => Number(n === number));
    const additive = newEntityTypes(n) + 1 + decided;
    return {
      day: day(days), week: monday(days), versions: 2 + decided, decided_versions: decided, newest_version: newest,
      changes: additive + widening + broken + removed, new_entity_types: newEntityTypes(n), new_fields: 1, removed,
      types_changed: widening + broken, meanings_changed: 0, names_changed: decided, reviewed: 0, additive, widening, breaking: broken + removed,
    };
  });
  assert.equal(expected.length, 20);
  assert.deepEqual(rows, expected);
});

test("schema_churn has the changes that no load of these days made, too", async () => {
  const change = (what, compatibility) => ({ change: what, compatibility, kind: "field", scope: "t", question: "", name: "c" });
  const changes = [change("meaning_changed", "breaking"), change("reviewed", "additive")];
  await warehouse.write([
    "INSERT INTO schema_snapshots SELECT 1000, 999, TIMESTAMP '2020-02-29 23:59:59.999', 'h', '{}', " +
      `'${JSON.stringify(changes)}', 1, '[{"decision":1}]'`,
  ]);
  const [row] = await warehouse.query(
    "SELECT CAST(week AS VARCHAR) AS week, versions, decided_versions, meanings_changed, reviewed, additive, breaking " +
      "FROM schema_churn WHERE day = TIMESTAMP '2020-02-29'",
  );
  await warehouse.write(["DELETE FROM schema_snapshots WHERE version = 1000"]);
  assert.deepEqual(row, { week: "2020-02-24 00:00:00", versions: 1, decided_versions: 1, meanings_changed: 1, reviewed: 1, additive: 1, breaking: 1 });
});

test("slow_queries measures what the warehouse ran, by day and version", async () => {
  const rows = await warehouse.query(
    "SELECT schema_version, executions, failures, cached, avg_ms, p50_ms, p95_ms, p99_ms, max_ms, slow, slowest_sql " +
      `FROM slow_queries WHERE day BETWEEN TIMESTAMP '${day(29)}' AND TIMESTAMP '${day(2)}' ORDER BY day`,
  );
  // 10, 20 … 1000 ms, times the day's slowness: the percentiles lie between two of them.
  const expected = DAYS.map(numberOf).map((n) => {
    const slow = slowness(n);
    return {
      schema_version: 2 + n, executions: 100, failures: 2, cached: 10, avg_ms: 505 * slow, p50_ms: 505 * slow, p95_ms: 950.5 * slow,
      p99_ms: 990.1 * slow, max_ms: 1000 * slow, slow: { 4: 25, 5: 40 }[slow] ?? 0, slowest_sql: "FROM annotations SELECT 0",
    };
  });
  const rounded = (row) => ({ ...row, p95_ms: row.p95_ms.toFixed(1), p99_ms: row.p99_ms.toFixed(1) });
  assert.deepEqual(rows.map(rounded), expected.map(rounded));
});

test("entity_health tells stale, rare, growing and conflicted definitions, and a merge is no growth", async () => {
  const rows = await warehouse.query(
    "SELECT kind, name, occurrences, occurrences_before, is_stale, is_rare, is_growing, is_conflicted FROM entity_health ORDER BY kind, name",
  );
  const healthy = { kind: "entity_type", is_stale: false, is_rare: false, is_growing: false, is_conflicted: false };
  assert.deepEqual(rows, [
    { name: "Vessel", occurrences: 2, occurrences_before: 0, is_conflicted: true },
    { name: "barge", occurrences: 3, occurrences_before: 3, is_rare: true },
    { name: "port", occurrences: 160, occurrences_before: 100, is_growing: true },
    { name: "ships", occurrences: 12, occurrences_before: 0 },
    { name: "tug", occurrences: 50, occurrences_before: 50, is_stale: true },
    { name: "vessel", occurrences: 400, occurrences_before: 390 },
    // "imo" had 95 and "IMO no." 78, before they became one.
    { kind: "field", name: "imo", occurrences: 180, occurrences_before: 173 },
  ].map((row) => ({ ...healthy, ...row })));
});

test("pipeline_health says what waits at each stage, and for how long", async () => {
  const rows = await warehouse.query("SELECT stage, waiting, lag_seconds FROM pipeline_health ORDER BY stage");
  const midnight = Math.floor((Date.now() - at(0)) / 1000);
  const since = (days, seconds) => midnight + days * DAY_SECONDS - seconds;
  const expected = [
    ["discovery", 2, 600],
    ["ingest", 2, 1500],
    ["outbox_mail", 0, 0],
    ["outbox_model", 7, since(200, 0)],
    ["outbox_slack", 1, 1800],
    ["quarantine", 3, since(28, 12 * 3600)],
    ["review", 2, since(9, 9 * 3600)],
  ];
  assert.deepEqual(rows.map(({ stage, waiting }) => [stage, waiting]), expected.map(([stage, waiting]) => [stage, waiting]));
  // A second less, as a midnight may lie between the two clocks.
  rows.forEach(({ stage, lag_seconds: lag }, i) => assertLag(lag, Math.max(0, expected[i][2] - 1), stage));
});

test("an object waits since the first attempt after the last one that came to an end", async () => {
  const rows = await warehouse.query(
    "SELECT bucket, key, state, attempts, reason, date_diff('second', waiting_since, utc_now()) AS seconds FROM loads_waiting ORDER BY key",
  );
  assert.deepEqual(rows.map(({ seconds, ...row }) => row), [
    { bucket: "vessel-csv", key: "slow/1.parquet", state: "started", attempts: 2, reason: "the warehouse doesn't answer" },
    { bucket: "vessel-csv", key: "slow/2.parquet", state: "started", attempts: 1, reason: null },
  ]);
  assertLag(rows[0].seconds, 1500, "slow/1.parquet");
  assertLag(rows[1].seconds, 120, "slow/2.parquet");
});

test("an attempt without an end is nobody's any more after a day, or when another one committed the content", async () => {
  const ledger = (id, key, minutes) =>
    `INSERT INTO load_ledger VALUES ('018f0000-0000-7000-8000-00000000e00${id}', utc_now() - INTERVAL ${minutes} MINUTE, 'started', 'vessel-ocr', '${key}', 'e1', ` +
    `utc_now() - INTERVAL 2 DAY, 1, 'raw_documents', NULL)`;
  const waiting = async () => (await warehouse.query("SELECT key FROM loads_waiting WHERE bucket = 'vessel-ocr' ORDER BY key")).map(({ key }) => key);
  await warehouse.write([ledger(1, "nobody.parquet", 25 * 60), ledger(2, "at-it.parquet", 23 * 60)]);
  assert.deepEqual(await waiting(), ["at-it.parquet"]);
  // Two attempts at once: the first to begin commits, the other one dies.
  await warehouse.write([ledger(3, "at-it.parquet", 24 * 60 - 1)]);
  await warehouse.write([
    "INSERT INTO commits SELECT max(commit_seq) + 1, 'load', '018f0000-0000-7000-8000-00000000e003', 'vessel-ocr', 'at-it.parquet', 'e1', utc_now(), " +
      "'raw_documents', NULL, 'batch', 1, NULL, 'test', 1, 0, 'push', utc_now(), NULL FROM commits",
  ]);
  assert.deepEqual(await waiting(), []);
});

test("an object is in quarantine until its newest content is another, or committed", async () => {
  const keys = async () => (await warehouse.query("SELECT key FROM quarantine ORDER BY key")).map(({ key }) => key);
  // bad/8.parquet was uploaded again.
  assert.deepEqual(await keys(), ["bad/1.parquet", "bad/15.parquet", "bad/22.parquet"]);
  const attempt = (id, state, uploaded) =>
    `INSERT INTO load_ledger VALUES ('018f0000-0000-7000-8000-00000000f00${id}', utc_now(), '${state}', 'vessel-ocr', 'bad/1.parquet', 'e9', ` +
    `utc_now() - INTERVAL ${uploaded} MINUTE, 1, 'raw_documents', NULL)`;
  await warehouse.write([attempt(1, "started", 5)]);
  assert.deepEqual(await keys(), ["bad/15.parquet", "bad/22.parquet"], "its newest content is being loaded");
  await warehouse.write([attempt(1, "quarantined", 5)]);
  assert.deepEqual(await keys(), ["bad/1.parquet", "bad/15.parquet", "bad/22.parquet"]);
});

test("each stage has a view of its own, which says the same", async () => {
  const all = await warehouse.query("SELECT * EXCLUDE (lag_seconds) FROM pipeline_health ORDER BY stage");
  const stages = { ingest: "ingest_lag", quarantine: "quarantine_depth", discovery: "discovery_lag", review: "review_depth" };
  const each = [];
  for (const [stage, view] of Object.entries(stages)) {
    for (const row of await warehouse.query(`SELECT * EXCLUDE (lag_seconds) FROM ${view}`)) each.push({ stage, ...row });
  }
  for (const { channel, ...row } of await warehouse.query("SELECT * EXCLUDE (lag_seconds) FROM outbox_depth")) {
    each.push({ stage: `outbox_${channel}`, ...row });
  }
  assert.deepEqual(each.sort((a, b) => a.stage.localeCompare(b.stage)), all);
});
