/** Discovery in workerd: the queue, the cron and the HTTP side start it, crashes don't harm it, and readers are told. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startStack } from "../../tools/local-stack/index.mjs";
import { madeFiles } from "../ingest/stack.mjs";

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
let files;
before(async () => {
  files = madeFiles();
  stack = await startStack({
    queues: { landed: { maxBatchTimeout: 0 }, discovery: { maxBatchTimeout: 0, retryDelay: 0 } },
    variables: { discovery: { SIMILARITY_THRESHOLD: "0.85" } },
  });
});
after(() => stack?.stop());

const ROUND = "port-calls/round1.parquet";

async function land(bucket, key, file) {
  await stack.put(bucket, key, files.get(file));
  await stack.waitUntilIdle();
}

async function run(headers = { authorization: `Bearer ${stack.secrets.adminToken}` }) {
  const response = await stack.fetch("discovery", "/run", { method: "POST", headers });
  return { status: response.status, type: response.headers.get("content-type"), body: await response.json() };
}

const newestVersion = () => stack.sql.value("SELECT max(version) FROM schema_snapshots");
const published = async () => (await stack.keyValueNamespace("discovery", "SCHEMA_CACHE")).get("schema_version");

test("a landed file becomes a version of the schema, and readers are told of it", async () => {
  await land("argilla-exports", ROUND, `argilla-exports/${ROUND}`);
  assert.equal(await newestVersion(), 2);
  const types = await stack.sql.query("SELECT label, occurrence_count, record_count FROM entity_types ORDER BY label");
  assert.deepEqual(types, [
    { label: "port", occurrence_count: 400, record_count: 400 },
    { label: "vessel", occurrence_count: 400, record_count: 400 },
  ]);
  assert.equal(await published(), "2");
});

test("labels that look like known ones are flagged, each with a reason", async () => {
  await land("argilla-exports", "port-calls/round2.parquet", "argilla-exports/port-calls/round2.parquet");
  const conflicts = await stack.sql.query("SELECT name, similar_item->>'$.name' AS other FROM entity_conflicts ORDER BY name");
  assert.deepEqual(conflicts, [
    { name: "Vessel", other: "vessel" },
    { name: "ports", other: "port" },
  ]);
});

test("the cron takes in what no message told of, and a crash of the Workers loses nothing", async () => {
  await stack.killWorkers();
  await stack.restartWorkers();
  await land("vessel-csv", "fleet_list/2026.parquet", "vessel-csv/fleet_list/2026.parquet");
  const before = await stack.sql.query("SELECT version, content_hash FROM schema_snapshots ORDER BY version");
  await stack.runCron("discovery");
  const after = await stack.sql.query("SELECT version, content_hash FROM schema_snapshots ORDER BY version");
  assert.deepEqual(after, before, "it was all taken in already");
  const fields = await stack.sql.query("SELECT column_name, data_type FROM field_definitions ORDER BY column_name");
  assert.deepEqual(fields.map(({ column_name, data_type }) => `${column_name} ${data_type}`), [
    "Gross tonnage BIGINT", "VESSEL_NAME VARCHAR", "Year built BIGINT", "flag_state VARCHAR", "imo_no BIGINT",
  ]);
});

test("a landed table is a typed view, which is right without its derived table, too", async () => {
  const query = `SELECT imo_no, "Gross tonnage" / 2 AS half, flag_state FROM typed.fleet_list ORDER BY ALL LIMIT 3`;
  const rows = await stack.sql.query(query);
  assert.equal(rows.length, 3);
  assert.equal(typeof rows[0].imo_no, "number");
  const derived = () => stack.sql.query("SELECT table_name AS name FROM duckdb_tables() WHERE schema_name = 'derived' AND starts_with(table_name, 'fleet_list ')");
  const [{ name }] = await derived();
  const held = await stack.sql.value(`SELECT count(*) FROM derived."${name}"`);
  assert.equal(held, await stack.sql.value("SELECT count(*) FROM structured_data WHERE source_table = 'fleet_list'"));
  await stack.sql.write(`DROP TABLE derived."${name}"`);
  assert.deepEqual(await stack.sql.query(query), rows);
  await stack.runCron("discovery");
  assert.equal(await stack.sql.value(`SELECT count(*) FROM derived."${name}"`), held, "the cron makes it again");
});

test("any loader may ask for a run, with the token", async () => {
  for (const headers of [{}, { authorization: "Bearer wrong" }]) {
    const refused = await run(headers);
    assert.deepEqual([refused.status, refused.type], [401, "application/problem+json"]);
  }
  const version = await newestVersion();
  const { status, body } = await run();
  assert.equal(status, 200);
  assert.deepEqual([body.commits, body.version_before, body.version_after], [0, version, version]);
  assert.equal((await stack.fetch("discovery", "/run", { headers: { authorization: `Bearer ${stack.secrets.adminToken}` } })).status, 405);
});

async function ask(method, path, body) {
  const headers = { authorization: `Bearer ${stack.secrets.adminToken}` };
  const response = await stack.fetch("discovery", path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return { status: response.status, body: await response.json() };
}

test("a person decides on a conflict after seeing what it touches, and may undo it", async () => {
  const { body: open } = await ask("GET", "/conflicts");
  const { item, similar_to: into, revision } = open.conflicts.find((conflict) => conflict.item.name === "ports");
  const merge = { action: "merge", item, into, seen: revision, by: "ann", reason: "a plural" };
  const version = await newestVersion();
  const preview = await ask("POST", "/decisions/preview", merge);
  assert.deepEqual([preview.status, preview.body.versions.next], [200, version + 1]);
  const made = await ask("POST", "/decisions", merge);
  assert.deepEqual([made.status, made.body.version], [200, version + 1]);
  assert.equal(await published(), String(version + 1));
  const again = await ask("POST", "/decisions", merge);
  assert.deepEqual([again.status, again.body.title], [409, "Conflict"], "somebody decided since it was looked at");
  const merged = (await ask("GET", "/conflicts?state=merged")).body.conflicts;
  assert.deepEqual(merged.map((conflict) => [conflict.item.name, conflict.decided_by]), [["ports", "ann"]]);
  const undone = await ask("POST", "/decisions", { action: "undo", decision: made.body.decision, by: "ann" });
  assert.deepEqual([undone.status, undone.body.version], [200, version + 2]);
});

test("a decision that can't be made is refused with the rule", async () => {
  const item = { kind: "entity_type", scope: "port-calls", question: "entities", name: "vessel" };
  const refused = async (body) => {
    const { status, body: problem } = await ask("POST", "/decisions", { by: "ann", ...body });
    return [status, problem.detail];
  };
  assert.deepEqual(await refused({ action: "merge", item, into: item }), [422, 'an item can\'t be merged into itself: "vessel"']);
  assert.deepEqual(await refused({ action: "undo", decision: 1_000 }), [404, "there is no decision 1000"]);
  assert.match((await refused({ action: "vote", item }))[1], /unknown variant `vote`/);
  assert.match((await refused({ action: "reject", item, by: " " }))[1], /by: whoever decides/);
  assert.equal((await ask("GET", "/conflicts?state=lost")).status, 400);
  assert.equal((await ask("GET", "/decisions")).status, 405);
});

test("twenty runs at once give the result of one", async () => {
  const version = await newestVersion();
  const register = "vessel-csv/flag_register/2026.parquet";
  await stack.put("vessel-csv", "another_register/2026.parquet", files.get(register));
  await Promise.all(Array.from({ length: 20 }, () => run()));
  await stack.waitUntilIdle();
  assert.equal(await newestVersion(), version + 1);
  const folded = await stack.sql.query("SELECT count(*) AS folded, count(DISTINCT commit_seq) AS commits FROM catalog_log WHERE item_no = 0");
  assert.equal(folded[0].folded, folded[0].commits);
  assert.equal(await published(), String(version + 1));
});

test("what operators watch agrees with the catalog and its versions", async () => {
  const definitions = `
    SELECT 'entity_type' AS kind, dataset AS scope, question, label AS name, occurrence_count AS occurrences, first_seen, last_seen FROM entity_types
    UNION ALL SELECT 'field', source_table, '', column_name, occurrence_count, first_seen, last_seen FROM field_definitions`;
  const health = "SELECT kind, scope, question, name, occurrences, first_seen, last_seen FROM entity_health";
  assert.deepEqual(await stack.sql.query(`(${definitions} EXCEPT ${health}) UNION ALL (${health} EXCEPT (${definitions}))`), []);
  assert.ok((await stack.sql.value("SELECT count(*) FROM entity_health")) > 0);

  const [churn] = await stack.sql.query(`
    SELECT CAST(sum(versions) AS BIGINT) AS versions, CAST(sum(decided_versions) AS BIGINT) AS decided, CAST(sum(changes) AS BIGINT) AS changes,
      CAST(sum(new_entity_types + new_fields + removed + types_changed + meanings_changed + names_changed + reviewed) AS BIGINT) AS by_kind,
      CAST(sum(additive + widening + breaking) AS BIGINT) AS by_compatibility
    FROM schema_churn`);
  const [versions] = await stack.sql.query(`
    SELECT count(*) AS versions, count(*) FILTER (c.kind = 'decision') AS decided, CAST(sum(json_array_length(diff)) AS BIGINT) AS changes
    FROM schema_snapshots AS s JOIN commits AS c USING (commit_seq)`);
  assert.ok(versions.decided > 0);
  assert.deepEqual(churn, { ...versions, by_kind: versions.changes, by_compatibility: versions.changes });

  const waiting = await stack.sql.query("SELECT stage, waiting FROM pipeline_health WHERE stage IN ('ingest', 'discovery', 'review') ORDER BY stage");
  const open = await stack.sql.value("SELECT count(*) FROM entity_conflicts WHERE state = 'open'");
  assert.deepEqual(waiting, [{ stage: "discovery", waiting: 0 }, { stage: "ingest", waiting: 0 }, { stage: "review", waiting: open }]);
});

test("the hourly run makes a health report a week, and a week after it has said so decides by rule", async () => {
  const reports = () => stack.sql.query("SELECT consolidation, proposals > 0 AS has_proposals FROM health_reports ORDER BY week");
  assert.deepEqual(await reports(), [{ consolidation: null, has_proposals: false }], "of this week, by the runs above");
  await stack.sql.write("UPDATE commits SET committed_at = committed_at - INTERVAL 40 DAY");
  await stack.sql.write("DELETE FROM health_reports");
  for (let run = 0; run < 2; run++) await stack.runCron("discovery");
  assert.deepEqual(await reports(), [{ consolidation: "by_rule", has_proposals: true }]);
  const version = await newestVersion();

  await stack.sql.write("UPDATE health_reports SET week = week - 7");
  await stack.runCron("discovery");
  assert.equal((await reports()).length, 2);
  const merged = (await ask("GET", "/conflicts?state=merged")).body.conflicts;
  assert.equal(merged.find(({ item }) => item.name === "Vessel").decided_by, "consolidation rule");
  const decided = await newestVersion();
  assert.ok(decided > version);
  assert.equal(await published(), String(decided));
  await stack.runCron("discovery");
  assert.equal(await newestVersion(), decided, "each is decided once");
});
