import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { STATE_FOLDER } from "../../tools/local-stack/index.mjs";
import { startFixture } from "./fixtures/start.mjs";

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
before(async () => {
  stack = await startFixture({ variables: { puppet: { EXTRA: "x" } } });
});
after(() => stack.stop());

const counts = () => stack.queues.counts("inbox");

test("a Worker answers through the stack and at its own address, with wrangler.toml's variables", async () => {
  assert.equal(await (await stack.fetch("puppet", "/greeting")).text(), "from wrangler.toml");
  assert.equal(await (await fetch(`${stack.addresses.workers.puppet}/greeting`)).text(), "from wrangler.toml");
});

test("a message that its consumer never takes is tried max_retries more times, then is a dead letter", async () => {
  stack.queues.send("inbox", { then: "retry" });
  stack.queues.send("inbox", { then: "ack" });
  await stack.waitUntil("the dead letter", () => stack.queues.backlog("inbox-dead").count === 1);
  assert.deepEqual(stack.queues.drain("inbox-dead"), [{ then: "retry" }]);
  assert.deepEqual(stack.logs('"retry"').map(({ message }) => message), [
    'got {"then":"retry"}, attempt 1',
    'got {"then":"retry"}, attempt 2',
    'got {"then":"retry"}, attempt 3',
  ]);
  assert.equal(stack.logs('"ack"').length, 1);
});

test("a handler that throws has its batch delivered again", async () => {
  const before = counts();
  stack.queues.send("inbox", { then: "throw" });
  await stack.waitUntil("the dead letter", () => stack.queues.drain("inbox-dead").length === 1);
  assert.equal(counts().delivered - before.delivered, 3);
});

test("what a Worker sends is in the queue when its send returns, with its delay", async () => {
  await stack.fetch("puppet", "/send", { method: "POST", body: '{"a":1}' });
  await stack.fetch("puppet", "/send?delay=60", { method: "POST", body: '"later"' });
  assert.deepEqual(stack.queues.drain("outbox"), [{ a: 1 }, "later"]);
});

test("a message over the platform's limit is refused to the Worker", async () => {
  const body = JSON.stringify("x".repeat(200_000));
  assert.equal((await stack.fetch("puppet", "/send", { method: "POST", body })).status, 500);
  assert.equal(stack.queues.backlog("outbox").count, 0);
});

test("a cron runs by hand, at any time", async () => {
  const result = await stack.runCron("puppet", { scheduledTime: new Date("2026-02-03T03:00:00Z") });
  assert.equal(result.outcome, "ok");
  await stack.waitUntil("the log line", () => stack.logs("cron 0 3 * * * at 2026-02-03T03:00:00.000Z").length === 1);
});

test("killing the Workers in mid-delivery loses nothing: what was sent and stored stays, and the message comes again", async () => {
  await stack.put("shelf", "kept.txt", "kept");
  await stack.fetch("puppet", "/note?key=kept", { method: "PUT", body: "kept" });
  const { workers } = stack.addresses;
  const before = counts();
  stack.queues.send("inbox", { then: "send and hang" });
  await stack.waitUntil("the Worker to hang", () => stack.queues.backlog("outbox").count === 1);

  await stack.killWorkers();
  await assert.rejects(stack.fetch("puppet", "/greeting"), /fetch failed/);
  await assert.rejects(stack.put("shelf", "k", "v"), /not running/);
  assert.equal(counts().retried - before.retried, 1);

  await stack.restartWorkers();
  await stack.waitUntil("the second delivery", () => stack.queues.backlog("outbox").count === 2);
  assert.deepEqual(stack.queues.drain("outbox"), ["sent before the end", "sent before the end"]);
  assert.equal((await stack.get("shelf", "kept.txt")).toString(), "kept");
  assert.equal(await (await stack.keyValueNamespace("puppet", "NOTES")).get("kept"), "kept");
  assert.deepEqual(stack.addresses.workers, workers);
  await stack.killWorkers();
  await stack.restartWorkers();
});

test("a stack goes on with the state folder of an earlier one", async () => {
  const stateFolder = mkdtempSync(path.join(STATE_FOLDER, "test-"));
  try {
    const first = await startFixture({ stateFolder });
    await first.put("annex", "a", "1", { customMetadata: { batch_id: "b1" } });
    await first.waitUntil("the event", () => first.queues.backlog("annex").count === 1);
    await first.stop();

    const second = await startFixture({ stateFolder });
    assert.deepEqual((await second.head("annex", "a")).customMetadata, { batch_id: "b1" });
    assert.deepEqual(await second.list("annex"), ["a"]);
    assert.equal(second.queues.backlog("annex").count, 1, "neither lost nor sent again");
    assert.equal(second.secrets.adminToken, first.secrets.adminToken);
    await second.stop();
  } finally {
    rmSync(stateFolder, { recursive: true });
  }
});

test("mistakes in the options are named", async () => {
  await assert.rejects(startFixture({ workers: ["nobody"] }), /no environment "nobody"; it has puppet/);
  await assert.rejects(startFixture({ queues: { outbox: { maxBatchSize: 1 } } }), /no Worker consumes the queue "outbox"/);
  await assert.rejects(stack.put("no-such-bucket", "k", "v"), /no bucket "no-such-bucket"; there are annex, shelf/);
  await assert.rejects(stack.waitUntil("something that never is", () => false, { timeoutMs: 1 }), /something that never is; last seen: false\nqueue inbox/);
});
