/** The stand-in is proved by the real client: whatever Argilla's own package does with a server works with it. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { KEY, startArgilla } from "../../tools/stand-ins/argilla.mjs";
import { runClient } from "./client.mjs";

let argilla;
before(async () => {
  argilla = await startArgilla();
});
after(() => argilla?.stop());

const get = async (path, key = KEY) => {
  const response = await fetch(argilla.url + path, { headers: { "x-argilla-api-key": key } });
  return { status: response.status, body: response.status === 200 ? await response.json() : undefined };
};

test("the real client makes a dataset, logs, answers, changes, searches, deletes and reads back", async () => {
  const { me, workspaces, datasets, questions, records, pending, searched, progress, exported, users } = await runClient(argilla, "round");
  assert.deepEqual([me, workspaces, datasets], ["argilla", ["ws"], ["port-calls"]]);
  assert.deepEqual(questions, ["entities", "language", "topics", "quality", "order", "comment"]);
  assert.deepEqual(records.map(({ id, status, text, page }) => [id, status, text, page]), [
    ["r0", "completed", "Ever Given 🚢 calls at port 0", 0],
    ["r1", "pending", "changed", 10],
  ]);
  const [answered] = records;
  const span = [{ start: 0, end: 4, label: "vessel" }];
  assert.deepEqual(answered["entities.responses"], [span, []]);
  assert.deepEqual(answered["entities.responses.users"], [users.ann, users.bob]);
  assert.deepEqual(answered["entities.responses.status"], ["submitted", "draft"]);
  assert.deepEqual([answered["topics.responses"], answered["quality.responses"], answered["order.responses"]], [[["trade", "weather"]], [4], [["b", "a"]]]);
  assert.deepEqual([answered["entities.suggestion"], answered["entities.suggestion.score"], answered["entities.suggestion.agent"]], [span, [0.5], "model-1"]);
  assert.deepEqual([pending, searched, progress], [["r1"], ["r1"], { total: 2, completed: 1, pending: 1 }]);
  assert.ok(exported.includes("entities.responses.status") && exported.includes("_server_id"), exported);
});

test("pages, keys and times are those of a server", async () => {
  const [{ id }] = (await get("/api/v1/me/datasets")).body.items;
  const first = (await get(`/api/v1/datasets/${id}/records?limit=1&include=responses,suggestions`)).body;
  assert.deepEqual([first.total, first.items.length, first.items[0].external_id], [2, 1, "r0"]);
  assert.match(first.items[0].inserted_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
  const [record] = first.items;
  const [response] = record.responses;
  const before = record.updated_at;
  // An answer that doesn't change the record's status leaves its updated_at alone: as on the server.
  const headers = { "x-argilla-api-key": KEY, "content-type": "application/json" };
  const body = JSON.stringify({ status: "submitted", values: { entities: { value: [] } } });
  assert.equal((await fetch(`${argilla.url}/api/v1/responses/${response.id}`, { method: "PUT", headers, body })).status, 200);
  const after = (await get(`/api/v1/records/${record.id}`)).body;
  assert.deepEqual([after.updated_at, after.responses[0].updated_at > response.updated_at], [before, true]);
  assert.equal((await get("/api/v1/me", "wrong")).status, 401);
  assert.equal((await get(`/api/v1/datasets/${id}/records?limit=1001`)).status, 422);
  assert.equal((await get("/api/v1/records/00000000-0000-0000-0000-000000000000")).status, 404);
});

test("faults are switched on and off, and may be over after some times", async () => {
  await argilla.meet({ kind: "status", status: 429, retryAfter: 1, times: 1 });
  assert.deepEqual([(await get("/api/v1/me")).status, (await get("/api/v1/me")).status], [429, 200]);
  await argilla.meet({ kind: "truncate" });
  await assert.rejects(get("/api/v1/me"));
  await argilla.meet({ kind: "rubbish" });
  await assert.rejects(get("/api/v1/me"), SyntaxError);
  await argilla.recover();
  assert.equal((await get("/api/v1/me")).status, 200);
});
