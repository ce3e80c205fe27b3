import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, test } from "node:test";

import { QueueBroker } from "../../tools/local-stack/queues.mjs";
import { waitUntil } from "../../tools/local-stack/wait.mjs";

const ok = { outcome: "ok", ackAll: false, retryBatch: { retry: false }, explicitAcks: [], retryMessages: [] };

/** What the consumer was given, batch by batch. */
let deliveries;
beforeEach(() => {
  deliveries = [];
});

/** A broker whose consumer of "q" answers with what `answer` returns. */
function brokerWith(settings, answer = () => ok, database = new DatabaseSync(":memory:")) {
  const consumer = { worker: "w", maxBatchSize: 10, maxBatchTimeout: 0, maxRetries: 3, retryDelay: 0, maxConcurrency: 1, ...settings };
  const deliver = async (_worker, queue, messages) => {
    deliveries.push({ queue, bodies: messages.map(({ body }) => body), attempts: messages.map(({ attempts }) => attempts) });
    return answer(messages);
  };
  const consumers = new Map([["q", consumer]]);
  if (settings.deadLetterQueue) consumers.set(settings.deadLetterQueue, { ...consumer, deadLetterQueue: undefined });
  const broker = new QueueBroker({ database, consumers, deliver });
  broker.start();
  return broker;
}

const idle = (broker) => waitUntil("the queues to be empty", () => broker.idle, { describe: () => broker.describe() });

test("a message is delivered once when it's acknowledged", async () => {
  const broker = brokerWith({});
  broker.send("q", { n: 1 });
  await idle(broker);
  assert.deepEqual(deliveries, [{ queue: "q", bodies: [{ n: 1 }], attempts: [1] }]);
  assert.deepEqual(broker.counts("q"), { sent: 1, delivered: 1, acknowledged: 1, retried: 0, deadLettered: 0, dropped: 0 });
});

test("batches are filled up to their size", async () => {
  const broker = brokerWith({ maxBatchSize: 4 });
  for (let n = 0; n < 10; n += 1) broker.send("q", n);
  await idle(broker);
  assert.deepEqual(deliveries.map(({ bodies }) => bodies), [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]);
});

test("an incomplete batch waits for its time-out, a complete one doesn't", async () => {
  const broker = brokerWith({ maxBatchSize: 2, maxBatchTimeout: 60 });
  broker.send("q", 1);
  broker.send("q", 2);
  broker.send("q", 3);
  await waitUntil("the complete batch", () => broker.counts("q").acknowledged === 2);
  assert.deepEqual(deliveries.map(({ bodies }) => bodies), [[1, 2]]);
  assert.equal(broker.backlog("q").count, 1);
});

test("a retried message comes again with its attempts counted, and its neighbours don't", async () => {
  const broker = brokerWith({}, (messages) => ({
    ...ok,
    retryMessages: messages.filter(({ body, attempts }) => body === "again" && attempts < 3).map(({ id }) => ({ msgId: id })),
  }));
  broker.send("q", "again");
  broker.send("q", "fine");
  await idle(broker);
  assert.deepEqual(deliveries.map(({ bodies }) => bodies), [["again", "fine"], ["again"], ["again"]]);
  assert.deepEqual(deliveries.map(({ attempts }) => attempts[0]), [1, 2, 3]);
});

test("a message acknowledged by itself stays so when the handler throws", async () => {
  const broker = brokerWith({}, (messages) => ({
    ...ok,
    outcome: messages.length > 1 ? "exception" : "ok",
    explicitAcks: messages.filter(({ body }) => body === "done").map(({ id }) => id),
  }));
  broker.send("q", "done");
  broker.send("q", "undone");
  await idle(broker);
  assert.deepEqual(deliveries.map(({ bodies }) => bodies), [["done", "undone"], ["undone"]]);
});

test("a delivery without an answer counts as an attempt, and the message comes again", async () => {
  const broker = brokerWith({}, ([message]) => (message.attempts === 1 ? Promise.reject(new Error("the process is gone")) : ok));
  broker.send("q", "x");
  await idle(broker);
  assert.deepEqual(deliveries.map(({ attempts }) => attempts), [[1], [2]]);
});

test("out of retries a message goes to the dead-letter queue with its id, and starts anew there", async () => {
  const ids = [];
  const broker = brokerWith({ maxRetries: 2, deadLetterQueue: "dead" }, (messages) => {
    ids.push(messages[0].id);
    return { ...ok, retryBatch: { retry: ids.length <= 3 } };
  });
  broker.send("q", "poison");
  await idle(broker);
  assert.deepEqual(deliveries.map(({ queue, attempts }) => [queue, ...attempts]), [["q", 1], ["q", 2], ["q", 3], ["dead", 1]]);
  assert.equal(new Set(ids).size, 1);
  assert.equal(broker.counts("q").deadLettered, 1);
});

test("without a dead-letter queue it's dropped, and counted", async () => {
  const broker = brokerWith({ maxRetries: 0 }, () => ({ ...ok, outcome: "exception" }));
  broker.send("q", "poison");
  await idle(broker);
  assert.equal(broker.counts("q").dropped, 1);
});

test("a delayed message and a delayed retry are not delivered before their time", async () => {
  const broker = brokerWith({}, ([message]) => ({ ...ok, retryBatch: { retry: message.body === "retry", delaySeconds: 60 } }));
  broker.send("q", "later", { delaySeconds: 60 });
  broker.send("q", "retry");
  await waitUntil("the retry", () => broker.counts("q").retried === 1);
  assert.deepEqual(deliveries.map(({ bodies }) => bodies), [["retry"]]);
  assert.equal(broker.backlog("q").count, 2);
});

test("a paused queue delivers after resume", async () => {
  const broker = brokerWith({});
  broker.pause("q");
  broker.send("q", 1);
  await new Promise(setImmediate);
  assert.equal(deliveries.length, 0);
  broker.resume("q");
  await idle(broker);
  assert.equal(deliveries.length, 1);
});

test("messages outlive the broker, those that were under way too", async () => {
  const database = new DatabaseSync(":memory:");
  const first = brokerWith({}, () => new Promise(() => {}), database);
  first.send("q", "x");
  await waitUntil("the delivery", () => deliveries.length === 1);
  first.stop();
  const second = brokerWith({}, () => ok, database);
  await idle(second);
  assert.deepEqual(deliveries.map(({ attempts }) => attempts), [[1], [2]]);
});

test("a queue without a consumer keeps its messages until they are drained", () => {
  const broker = brokerWith({});
  broker.send("elsewhere", { a: 1 });
  broker.send("elsewhere", "text", { contentType: "text" });
  assert.deepEqual(broker.messages("elsewhere").map(({ body }) => body), [{ a: 1 }, "text"]);
  assert.deepEqual(broker.drain("elsewhere"), [{ a: 1 }, "text"]);
  assert.equal(broker.backlog("elsewhere").count, 0);
});
