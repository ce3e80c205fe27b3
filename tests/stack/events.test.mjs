import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { startFixture } from "./fixtures/start.mjs";

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
before(async () => {
  stack = await startFixture();
});
after(() => stack.stop());

beforeEach(async () => {
  await stack.waitUntilIdle();
  for (const queue of ["parquet", "created-text", "annex"]) stack.queues.drain(queue);
});

/** The events that a queue got. */
async function eventsOf(queue) {
  await stack.waitUntil("events to be sent", () => stack.events.idle);
  return stack.queues.drain(queue);
}

/** Of each event what a test compares: action and key. */
const brief = (events) => events.map(({ action, object }) => `${action} ${object.key}`);

test("a put sends the platform's message to the queue of the matching rule", async () => {
  const earliest = Date.now();
  const { etag } = await stack.put("shelf", "a.parquet", "hello");
  const [event, ...others] = await eventsOf("parquet");
  assert.equal(others.length, 0);
  assert.deepEqual(event, {
    account: "00000000000000000000000000000000",
    action: "PutObject",
    bucket: "shelf",
    object: { key: "a.parquet", size: 5, eTag: etag },
    eventTime: event.eventTime,
  });
  const time = Date.parse(event.eventTime);
  assert.ok(time >= earliest && time <= Date.now(), event.eventTime);
});

test("each overwrite is an event of its own", async () => {
  const etags = [];
  for (const body of ["1", "22", "333"]) etags.push((await stack.put("shelf", "b.parquet", body)).etag);
  assert.deepEqual((await eventsOf("parquet")).map(({ object }) => object.eTag), etags);
});

test("a deletion has neither size nor etag, and deleting nothing is no event", async () => {
  await stack.put("shelf", "c.parquet", "x");
  await stack.put("shelf", "d.parquet", "x");
  await stack.delete("shelf", ["c.parquet", "never-there.parquet", "d.parquet"]);
  const events = await eventsOf("parquet");
  assert.deepEqual(brief(events).slice(2), ["DeleteObject c.parquet", "DeleteObject d.parquet"]);
  assert.deepEqual(events[2].object, { key: "c.parquet" });
  assert.ok(Math.abs(Date.parse(events[2].eventTime) - Date.now()) < 60_000, events[2].eventTime);
});

test("what a Worker does through its binding is an event too", async () => {
  await stack.fetch("puppet", "/object?key=w.parquet", { method: "PUT", body: "from a Worker" });
  await stack.fetch("puppet", "/multipart?key=m.parquet", { method: "PUT", body: "in parts" });
  await stack.fetch("puppet", "/object?key=w.parquet", { method: "DELETE" });
  const events = await eventsOf("parquet");
  assert.deepEqual(brief(events), ["PutObject w.parquet", "CompleteMultipartUpload m.parquet", "DeleteObject w.parquet"]);
  assert.match(events[1].object.eTag, /-1$/);
  assert.equal(events[1].object.size, 8);
});

test("prefix, suffix, event types and bucket decide the queue", async () => {
  await stack.put("shelf", "texts/a.txt", "x");
  await stack.put("shelf", "other/a.txt", "x");
  await stack.delete("shelf", "texts/a.txt");
  await stack.put("annex", "anything", "x");
  assert.deepEqual(brief(await eventsOf("created-text")), ["PutObject texts/a.txt"]);
  assert.deepEqual(brief(await eventsOf("annex")), ["PutObject anything"]);
  assert.deepEqual(brief(await eventsOf("parquet")), []);
});

test("events can be held, looked at, and released in another order and more than once", async () => {
  stack.events.hold();
  const keys = Array.from({ length: 8 }, (_, n) => `held-${n}.parquet`);
  for (const key of keys) await stack.put("shelf", key, key);
  assert.deepEqual(brief(stack.events.held()), keys.map((key) => `PutObject ${key}`));
  assert.equal(stack.queues.backlog("parquet").count, 0);

  stack.events.release({ copies: 3, shuffle: 7 });
  const released = (await eventsOf("parquet")).map(({ object }) => object.key);
  assert.deepEqual([...released].sort(), keys.flatMap((key) => [key, key, key]));
  assert.notDeepEqual(released, [...released].sort());
  assert.deepEqual(brief(stack.events.held()), []);

  await stack.put("shelf", "after.parquet", "x");
  assert.deepEqual(brief(await eventsOf("parquet")), ["PutObject after.parquet"]);
});

test("a change made just before the Workers' process is killed has its event after the restart", async () => {
  stack.events.hold();
  await stack.put("shelf", "last.parquet", "x");
  await stack.killWorkers();
  await stack.restartWorkers();
  stack.events.release();
  assert.deepEqual(brief(await eventsOf("parquet")), ["PutObject last.parquet"]);
});

test("no event is lost or doubled under many writers at once", async () => {
  const keys = Array.from({ length: 300 }, (_, n) => `many-${String(n).padStart(3, "0")}.parquet`);
  await Promise.all(keys.map((key) => stack.put("shelf", key, key)));
  assert.deepEqual((await eventsOf("parquet")).map(({ object }) => object.key).sort(), keys);
});
