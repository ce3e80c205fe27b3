/** The smoke test, of a stack that runs the Workers as staging has them: with a prefix before every name. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { writeConfig } from "../../tools/deploy/apply.mjs";
import { STATEMENTS_OF_LOAD } from "../../tools/deploy/cost.mjs";
import { readDeployment } from "../../tools/deploy/environment.mjs";
import { runSmoke } from "../../tools/deploy/smoke.mjs";
import { startStack } from "../../tools/local-stack/index.mjs";
import { startArgilla } from "../../tools/stand-ins/argilla.mjs";
import { Annotator, sync, syncs, syncVariables } from "../argilla/stack.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

let folder;
let argilla;
/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "smoke-test-"));
  const deployment = readDeployment(ROOT, "staging");
  writeConfig({ root: ROOT, folder, deployment, secrets: [] }, new Map());
  const notifications = path.join(folder, "notifications.json");
  writeFileSync(notifications, JSON.stringify({ rules: deployment.rules }));
  argilla = await startArgilla();
  const promptly = { maxBatchTimeout: 0 };
  stack = await startStack({
    wranglerConfig: path.join(folder, "wrangler.json"),
    notifications,
    queues: { "staging-uploads": promptly, "staging-landed": promptly, "staging-discovery": promptly, "staging-argilla-sync": { retryDelay: 0 } },
    variables: { "argilla-sync": syncVariables(argilla) },
  });
});
after(async () => {
  await stack?.stop();
  await argilla?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** @param {Partial<import("../../tools/deploy/smoke.mjs").Smoke>} [changed] */
async function smoke(changed = {}) {
  const lines = [];
  const addresses = stack.addresses.workers;
  const adminTokens = Object.fromEntries(Object.keys(addresses).map((worker) => [worker, stack.secrets.adminToken]));
  await runSmoke({ environment: "staging", addresses, adminTokens, apiToken: stack.secrets.apiTokens.admin, commit: "abc123", log: (line) => lines.push(line), ...changed });
  return lines;
}

test("a deployment that works passes, and its row is in the warehouse", async () => {
  const lines = await smoke();
  assert.equal(lines.filter((line) => /answers, and nobody without a token$/.test(line)).length, 6);
  assert.match(lines.join("\n"), /is refused: .*read_text/);
  assert.match(lines.at(-1), /deployments\/staging.csv became Parquet, landed with commit 1, is catalogued, and a query finds it/);
  const [{ bucket, data }] = await stack.sql.query("SELECT c.bucket, CAST(s.data AS VARCHAR) AS data FROM structured_data AS s JOIN commits AS c USING (load_id)");
  assert.deepEqual([bucket, JSON.parse(data).environment, JSON.parse(data).git_sha], ["staging-vessel-csv", "staging", "abc123"]);
});

test("run again it replaces its row, and changes no schema", async () => {
  const lines = await smoke({ commit: "def456" });
  assert.match(lines.at(-1), /landed with commit 2, is catalogued/);
  await stack.waitUntilIdle();
  assert.equal(await stack.sql.value("SELECT max(version) FROM schema_snapshots"), 2);
  assert.deepEqual(await stack.sql.query("SELECT data->>'git_sha' AS git_sha FROM structured_data"), [{ git_sha: "def456" }]);
});

test("a load takes as many statements as costs are computed with, or fewer", async () => {
  await stack.waitUntilIdle();
  await stack.sql.forgetRequests();
  await stack.put("staging-vessel-uploads", "deployments/other.csv", "environment,git_sha,deployed_at\nother,abc123,2026-11-30T00:00:00Z\n");
  await stack.waitUntilIdle();
  const { length } = await stack.sql.requests();
  assert.ok(length > 5 && length <= STATEMENTS_OF_LOAD, `${length} statements`);
});

test("the Worker that doesn't do is named, with what it was asked and what came", async () => {
  const { workers } = stack.addresses;
  await assert.rejects(smoke({ addresses: { ...workers, discovery: "http://127.0.0.1:9" } }), /^Error: discovery: GET \/conflicts at http:\/\/127.0.0.1:9 failed: /);
  await assert.rejects(smoke({ adminTokens: { ingest: "wrong" } }), /^Error: ingest: GET \/healthz answered 401 instead of 200: /);
  await assert.rejects(smoke({ apiToken: stack.secrets.apiTokens.reader }), /^Error: csv: GET \/uploads answered 403 instead of 200: /);
  await argilla.meet({ kind: "status", status: 500 });
  await assert.rejects(smoke(), /^Error: argilla-sync: GET \/healthz answered 503 instead of 200: /);
  await argilla.recover();
});

test("the prefixed queue of dead letters is still one", async () => {
  stack.queues.send("staging-landed-dead", { no: "event" });
  await stack.waitUntilIdle();
  assert.equal(await stack.sql.value("SELECT count(*) FROM dead_letters"), 1);
});

test("the prefixed sync from Argilla asks ingest for its own bucket's files", async () => {
  const annotator = new Annotator(argilla);
  const [record] = await annotator.add(await annotator.dataset("berths"), [{ external_id: "note", fields: { text: "Berth 7 is free" } }]);
  await annotator.answer(record, [{ start: 0, end: 5, label: "port" }]);
  await sync(stack);
  const [{ phase, error, scans }] = await syncs(stack);
  assert.deepEqual([phase, error, scans[0].written], ["idle", null, 1]);
  assert.equal(await stack.sql.value("SELECT bucket FROM commits WHERE dataset = 'annotations'"), "staging-argilla-exports");
});
