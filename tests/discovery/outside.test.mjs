/** Slack and a language model beside discovery in workerd: whatever they do, discovery's result is the same, and nothing is sent twice. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startStack } from "../../tools/local-stack/index.mjs";
import { KEY, startModel } from "../../tools/stand-ins/model.mjs";
import { startSlack, textOf } from "../../tools/stand-ins/slack.mjs";
import { madeFiles } from "../ingest/stack.mjs";

const QUEUES = {
  landed: { maxBatchTimeout: 0 },
  discovery: { maxBatchTimeout: 0, retryDelay: 0 },
  outbox: { maxBatchTimeout: 0, retryDelay: 0 },
};

/** What lands, in this order. */
const FILES = [
  "argilla-exports/port-calls/round1.parquet",
  "argilla-exports/port-calls/round2.parquet",
  "vessel-csv/flag_register/2026.parquet",
  "vessel-csv/fleet_list/2026.parquet",
  "vessel-csv/movements/2026-01.parquet",
  "argilla-exports/port-calls/round3.parquet",
];

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
let slack;
let model;
let files;
before(async () => {
  files = madeFiles();
  [slack, model] = await Promise.all([startSlack(), startModel()]);
  stack = await startStack({
    queues: QUEUES,
    variables: {
      discovery: {
        SLACK_WEBHOOK_URL: slack.webhook,
        REVIEW_URL: "https://review.example/conflicts",
        MODEL_PROVIDER: "anthropic",
        MODEL_URL: model.urls.anthropic,
        MODEL_NAME: "stand-in",
        MODEL_API_KEY: KEY,
      },
    },
  });
});
after(async () => {
  await stack?.stop();
  await Promise.all([slack?.stop(), model?.stop()]);
});

async function put(file, to = stack) {
  const [bucket, ...key] = file.split("/");
  await to.put(bucket, key.join("/"), files.get(file));
}

async function land(file, to) {
  await put(file, to);
  await (to ?? stack).waitUntilIdle();
}

const versionsOf = (which) => which.sql.query("SELECT version, content_hash, commit_seq FROM schema_snapshots ORDER BY version");

/** Facts by status. */
async function statuses(channel) {
  const rows = await stack.sql.query(`SELECT status, count(*) AS facts FROM outbox WHERE channel = '${channel}' GROUP BY ALL`);
  return Object.fromEntries(rows.map(({ status, facts }) => [status, facts]));
}

/** The facts that Slack has got, each as often as it has got them. */
async function told() {
  const ids = slack.taken.map(({ blocks }) => blocks[0].block_id);
  const rows = await stack.sql.query("SELECT fact, CAST(message_id AS VARCHAR) AS id FROM outbox_attempts WHERE channel = 'slack'");
  return ids.flatMap((id) => rows.filter((row) => row.id === id).map(({ fact }) => fact));
}

/** Lets a day pass for what the outbox has written. */
async function letADayPass() {
  await stack.sql.write("UPDATE outbox_attempts SET claimed_at = claimed_at - INTERVAL 1 DAY");
  await stack.sql.write("UPDATE outbox_outcomes SET recorded_at = recorded_at - INTERVAL 1 DAY, retry_at = retry_at - INTERVAL 1 DAY");
}

async function recover() {
  await Promise.all([slack.recover(), model.recover()]);
  await stack.waitUntilIdle();
  await letADayPass();
  await stack.runCron("discovery");
}

test("what is new is told in Slack, with a link, and described by the model", async () => {
  await land(FILES[0]);
  assert.deepEqual(slack.taken.map(textOf), [
    "Schema version 2\n*2 new entity types*\nNew entity type: `port` in `port-calls`\nNew entity type: `vessel` in `port-calls`\n" +
      "<https://review.example/conflicts|Open the review page>",
  ]);
  const described = await stack.sql.query("SELECT name, description, source FROM entity_descriptions ORDER BY name");
  assert.deepEqual(described, ["port", "vessel"].map((name) => ({
    name, description: `What the stand-in says of ${name}.`, source: "model:stand-in",
  })));
  assert.deepEqual(await stack.sql.query("FROM outbox_waiting"), []);
});

test("while neither can be reached all waits in sight, and comes once when they are back", async () => {
  await Promise.all([slack.meet({ kind: "refuse" }), model.meet({ kind: "refuse" })]);
  await land(FILES[1]);
  assert.equal((await versionsOf(stack)).length, 3);
  assert.deepEqual([await statuses("slack"), await statuses("model")], [{ sent: 1, failed: 3 }, { sent: 2, failed: 4 }]);
  const waiting = await stack.sql.query("SELECT channel, status, facts, retry_at IS NOT NULL AS again FROM outbox_waiting ORDER BY channel");
  assert.deepEqual(waiting, [
    { channel: "model", status: "failed", facts: 4, again: true },
    { channel: "slack", status: "failed", facts: 3, again: true },
  ]);
  await recover();
  assert.deepEqual([await statuses("slack"), await statuses("model")], [{ sent: 4 }, { sent: 6 }]);
  assert.equal(slack.taken.length, 2);
  assert.match(textOf(slack.taken[1]), /\*Decide:\* the entity type `Vessel` in `port-calls` looks like `vessel`/);
});

test("both may answer with errors and rubbish", async () => {
  await Promise.all([slack.meet({ kind: "status", status: 429, body: "rate_limited", retryAfter: 30 }), model.meet({ kind: "rubbish" })]);
  await land(FILES[2]);
  assert.equal((await versionsOf(stack)).length, 4);
  assert.deepEqual([await statuses("slack"), await statuses("model")], [{ sent: 4, failed: 1 }, { sent: 6, failed: 5 }]);
  const plain = await stack.sql.value("SELECT count(*) FROM entity_descriptions WHERE source = 'plain'");
  assert.equal(plain, 5);
  await recover();
  assert.deepEqual([await statuses("slack"), await statuses("model")], [{ sent: 5 }, { sent: 11 }]);
});

test("while both stall, runs are answered and queues go on, and what gets lost is not told again", async () => {
  await Promise.all([slack.meet({ kind: "stall" }), model.meet({ kind: "stall" })]);
  await put(FILES[3]);
  await stack.waitUntil("the message to stall", () => slack.stalling === 1);
  await stack.waitUntil("discovery's queue to be empty", () => stack.queues.backlog("discovery").count === 0);
  assert.equal((await versionsOf(stack)).length, 5);
  const headers = { authorization: `Bearer ${stack.secrets.adminToken}` };
  const response = await stack.fetch("discovery", "/run", { method: "POST", headers });
  assert.deepEqual([response.status, (await response.json()).version_after], [200, 5]);
  assert.equal(slack.stalling, 1, "it still stalls");
  assert.equal((await statuses("slack")).sending, 4);

  const before = await told();
  await recover();
  assert.deepEqual(await statuses("slack"), { sent: 5, unknown: 4 });
  assert.deepEqual(await told(), before);
  const inSight = await stack.sql.query("SELECT status, facts FROM outbox_waiting WHERE channel = 'slack'");
  assert.deepEqual(inSight, [{ status: "unknown", facts: 4 }]);
});

test("what Slack has got is not sent again, though its answer got lost or workerd was killed before it", async () => {
  await slack.meet({ kind: "drop" });
  await land(FILES[4]);
  assert.equal((await versionsOf(stack)).length, 6);
  await recover();

  await slack.meet({ kind: "stall" });
  await put(FILES[5]);
  await stack.waitUntil("the message to stall", () => slack.stalling > 0);
  await stack.killWorkers();
  await slack.recover();
  await stack.restartWorkers();
  await recover();
  await recover();

  const facts = await told();
  assert.equal(new Set(facts).size, facts.length, "at most once");
  const open = Object.keys(await statuses("slack"));
  assert.deepEqual(open.sort(), ["sent", "unknown"]);
  assert.deepEqual(Object.keys(await statuses("model")), ["sent"]);
});

test("discovery's result is that of a deployment without outside help, where all waits", async () => {
  const alone = await startStack({ queues: QUEUES });
  try {
    for (const file of FILES) await land(file, alone);
    assert.deepEqual(await versionsOf(alone), await versionsOf(stack));
    await alone.runCron("discovery");
    const waiting = await alone.sql.query("SELECT channel, status FROM outbox_waiting ORDER BY channel");
    assert.deepEqual(waiting, [{ channel: "model", status: "waiting" }, { channel: "slack", status: "waiting" }]);
  } finally {
    await alone.stop();
  }
});

test("the model may as well be one behind OpenAI's protocol, and a setting that makes no sense stops nothing else", async () => {
  const other = await startStack({
    queues: QUEUES,
    variables: {
      discovery: {
        SLACK_WEBHOOK_URL: "hooks.slack.com",
        MODEL_PROVIDER: "openai",
        MODEL_URL: model.urls.openai,
        MODEL_NAME: "stand-in",
        MODEL_API_KEY: KEY,
      },
    },
  });
  try {
    await land(FILES[0], other);
    assert.equal(await other.sql.value("SELECT count(*) FROM entity_descriptions WHERE source = 'model:stand-in'"), 2);
    assert.equal((await versionsOf(other)).length, 2);
    assert.match(other.logs("misconfigured")[0].message, /SLACK_WEBHOOK_URL/);
  } finally {
    await other.stop();
  }
});
