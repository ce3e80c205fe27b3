/** From Argilla to the warehouse: all records once, then only what changed, whatever breaks on the way. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startArgilla } from "../../tools/stand-ins/argilla.mjs";
import { runClient } from "./client.mjs";
import { Annotator, ask, startSync, sync, syncs } from "./stack.mjs";

let argilla;
let annotator;
/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
before(async () => {
  argilla = await startArgilla();
  annotator = new Annotator(argilla);
  stack = await startSync(argilla);
});
after(async () => {
  await stack?.stop();
  await argilla?.stop();
});

/** The reports of a dataset's finished scans, newest first. */
const scansOf = async (name) => (await syncs(stack)).find(({ source }) => source.name === name).scans;

const files = (folder) => stack.list("argilla-exports", `${folder}/`);

const statuses = async (folder) =>
  stack.sql.query(`SELECT status, count(*) AS n FROM annotations WHERE dataset = '${folder}' GROUP BY ALL ORDER BY ALL`);

/** A sync whose steps meet a fault. */
async function syncMeeting(fault, dataset) {
  stack.queues.pause("argilla-sync");
  const { body } = await ask(stack, "/sync", { method: "POST", body: JSON.stringify({ dataset }) });
  assert.equal(body.queued.length, 1);
  await argilla.meet(fault);
  stack.queues.resume("argilla-sync");
  await stack.waitUntilIdle({ timeoutMs: 120_000 });
  await argilla.recover();
}

test("what the real client wrote is in the warehouse, discovered, and the report says so", async () => {
  const { users } = await runClient(argilla, "round");
  const { queued, refused } = await sync(stack);
  assert.deepEqual([queued.map(({ copy, name, folder }) => [copy, name, folder]), refused], [[["parquet", "port-calls", "port-calls"]], []]);
  const rows = await stack.sql.query(
    "SELECT record_id, status, text, annotated_at IS NOT NULL AS annotated, questions, extra FROM annotations WHERE dataset = 'port-calls' ORDER BY record_id",
  );
  assert.deepEqual(rows.map(({ record_id: id, status, text, annotated }) => [id, status, text, annotated]), [
    ["r0", "completed", "Ever Given 🚢 calls at port 0", true],
    ["r1", "pending", "changed", false],
  ]);
  const [first] = rows.map((row) => ({ questions: JSON.parse(row.questions), extra: JSON.parse(row.extra) }));
  const span = [{ start: 0, end: 4, label: "vessel" }];
  assert.deepEqual(first.questions.entities, {
    responses: [span, []], users: [users.ann, users.bob], status: ["submitted", "draft"], suggestion: span, score: [0.5], agent: "model-1",
  });
  assert.deepEqual([first.questions.quality.responses, first.questions.topics.responses, first.questions.comment.responses], [[4], [["trade", "weather"]], ["fine"]]);
  assert.deepEqual([first.extra.page, first.extra.extra, first.extra.source], [0, "kept", "test"]);
  assert.equal(first.extra["entities.responses.updated_at"].length, 2);

  const [scan] = await scansOf("port-calls");
  assert.deepEqual([scan.read, scan.written, scan.deleted, scan.files], [2, 2, 0, 1]);
  assert.equal(typeof scan.discovery.version_after, "number", JSON.stringify(scan.discovery));
  const types = await stack.sql.query("SELECT label FROM entity_types WHERE dataset = 'port-calls' ORDER BY label");
  assert.deepEqual(types, [{ label: "vessel" }]);
  const commit = await stack.sql.query("SELECT schema_version, batch_id, producer FROM commits WHERE source = 'port-calls'");
  assert.match(commit[0].batch_id, /^argilla\/[0-9a-f-]{36}\/\d{8}T\d+Z$/);
  assert.match(commit[0].producer, /^argilla-sync /);
  assert.ok(stack.logs("sync_finished").length > 0);
});

test("only what changed is written again: answers, suggestions, deletions and new records", async () => {
  const dataset = await annotator.dataset("updates");
  const records = await annotator.log(dataset, 0, 120);
  await sync(stack);
  await sync(stack);
  assert.deepEqual((await scansOf("updates")).map(({ written, files }) => [written, files]), [[0, 0], [120, 1]]);

  // None of these moves the record's own updated_at but the first.
  const response = await annotator.answer(records[3]);
  const draft = await annotator.answer(records[4], [], "draft");
  await annotator.suggest(dataset, records[5], [{ start: 3, end: 10, label: "vessel" }]);
  await sync(stack);
  assert.equal((await scansOf("updates"))[0].written, 3);
  await annotator.call("PUT", `responses/${response.id}`, { status: "submitted", values: { entities: { value: [{ start: 0, end: 2, label: "port" }] } } });
  await annotator.call("DELETE", `responses/${draft.id}`);
  await annotator.call("DELETE", `datasets/${dataset.id}/records?ids=${records[6].id},${records[7].id}`);
  await annotator.log(dataset, 120, 121);
  await sync(stack);
  const [last] = await scansOf("updates");
  assert.deepEqual([last.read, last.written, last.deleted], [119, 5, 2]);
  assert.deepEqual(await statuses("updates"), [{ status: "completed", n: 1 }, { status: "deleted", n: 2 }, { status: "pending", n: 118 }]);
  const changed = await stack.sql.query("SELECT record_id, questions FROM annotations WHERE dataset = 'updates' AND record_id IN ('r3', 'r4', 'r5') ORDER BY record_id");
  const of = changed.map(({ questions }) => JSON.parse(questions).entities);
  assert.deepEqual([of[0].responses, of[1].responses, of[2].agent], [[[{ start: 0, end: 2, label: "port" }]], null, "model-1"]);

  await sync(stack, { dataset: "updates", whole: true });
  assert.deepEqual((await scansOf("updates"))[0].written, 119);
});

test("many pages become files of a thousand rows, with all records once", async () => {
  const dataset = await annotator.dataset("pages");
  await annotator.log(dataset, 0, 2_600);
  await sync(stack);
  const [scan] = await scansOf("pages");
  assert.deepEqual([scan.read, scan.written], [2_600, 2_600]);
  assert.ok(scan.files >= 2 && scan.files <= 3, `${scan.files} files`);
  const counted = await stack.sql.query("SELECT count(*) AS n, count(DISTINCT record_id) AS ids FROM annotations WHERE dataset = 'pages'");
  assert.deepEqual(counted, [{ n: 2_600, ids: 2_600 }]);
  // All records of a dataset that is emptied are gone, and those that came meanwhile aren't.
  const store = argilla.store.datasets.get(dataset.id);
  const ids = store.records.slice(0, 200).map(({ id }) => id);
  for (let first = 0; first < ids.length; first += 100) await annotator.call("DELETE", `datasets/${dataset.id}/records?ids=${ids.slice(first, first + 100)}`);
  await sync(stack, { dataset: "pages" });
  assert.deepEqual(await statuses("pages"), [{ status: "deleted", n: 200 }, { status: "pending", n: 2_400 }]);
});

test("whatever Argilla answers for a while, the result is the same", async () => {
  const dataset = await annotator.dataset("faults");
  await annotator.log(dataset, 0, 300);
  const faults = [
    { kind: "status", status: 429, retryAfter: 1, times: 2 },
    { kind: "status", status: 503, times: 6 },
    { kind: "rubbish", times: 5 },
    { kind: "truncate", times: 5 },
    { kind: "drop", times: 5 },
    { kind: "stall", times: 1 },
  ];
  let expected = 300;
  for (const fault of faults) {
    await annotator.log(dataset, expected, ++expected);
    await syncMeeting(fault, "faults");
    assert.equal(await stack.sql.value("SELECT count(*) FROM annotations WHERE dataset = 'faults'"), expected, fault.kind);
  }
  const written = (await scansOf("faults")).map((scan) => scan.written).filter((n) => n > 0);
  assert.deepEqual(written, [1, 1, 1, 1, 1, 301]);
});

test("while Argilla refuses the key nothing is written, and the report says why", async () => {
  await annotator.dataset("refused");
  const refusal = { kind: "status", status: 401, body: '{"detail":"Could not validate credentials"}' };
  await syncMeeting(refusal, "refused");
  assert.match((await syncs(stack)).find(({ source }) => source.name === "refused").error, /not admitted: HTTP 401/);
  await argilla.meet(refusal);
  const failed = await ask(stack, "/sync", { method: "POST" });
  assert.deepEqual([failed.status, failed.type], [502, "application/problem+json"]);
  await argilla.recover();
  await sync(stack, { dataset: "refused" });
  assert.equal((await syncs(stack)).find(({ source }) => source.name === "refused").error, null);
});

test("the cron begins what a request would; the HTTP side asks for its token and says what is wrong", async () => {
  const before = (await scansOf("port-calls")).length;
  await stack.runCron("argilla-sync");
  await stack.waitUntilIdle({ timeoutMs: 120_000 });
  assert.equal((await scansOf("port-calls")).length, before + 1);

  assert.equal((await ask(stack, "/syncs", {}, "wrong")).status, 401);
  assert.equal((await ask(stack, "/sync")).status, 405);
  assert.equal((await ask(stack, "/nothing")).status, 404);
  const bad = await ask(stack, "/sync", { method: "POST", body: '{"colour": "red"}' });
  assert.deepEqual([bad.status, bad.type], [400, "application/problem+json"]);
  assert.match(bad.body.detail, /unknown field `colour`/);
  assert.equal((await ask(stack, "/syncs?colour=red")).status, 400);
  assert.deepEqual((await ask(stack, "/healthz")).body.ok, true);
});

test("two datasets of one name are refused, unless the settings tell them apart", async () => {
  await annotator.dataset("port-calls", { workspace: "other" });
  const { queued, refused } = await sync(stack, { dataset: "port-calls" });
  assert.deepEqual([queued, refused.map(({ workspace }) => workspace).sort()], [[], ["other", "ws"]]);
  assert.match(refused[0].reason, /"port-calls".*ARGILLA_SYNC/);
});

test("a dataset that is gone leaves what was written, and is asked for no more", async () => {
  const dataset = await annotator.dataset("gone");
  await annotator.log(dataset, 0, 3);
  await sync(stack, { dataset: "gone" });
  await annotator.call("DELETE", `datasets/${dataset.id}`);
  const { queued } = await sync(stack, { dataset: "gone" });
  assert.deepEqual(queued, []);
  assert.deepEqual(await statuses("gone"), [{ status: "pending", n: 3 }]);
  assert.equal((await files("gone")).length, 1);
});
