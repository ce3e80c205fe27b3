/** Saved reports over HTTP, in workerd: what is pinned stays, what changed is shown with its cause, told once, and pinned anew. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startStack } from "../../tools/local-stack/index.mjs";
import { KEY, startMail } from "../../tools/stand-ins/mail.mjs";
import { startSlack, textOf } from "../../tools/stand-ins/slack.mjs";
import { madeFiles } from "../ingest/stack.mjs";

const LABELS = "SELECT label, count(*) AS mentions FROM entity_mentions GROUP BY label";
const FLAGS = 'SELECT "Flag", count(*) AS ships, avg("Gross tonnage") AS tonnage FROM typed.flag_register GROUP BY ALL';

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
let slack;
let mail;
let files;
before(async () => {
  files = madeFiles();
  [slack, mail] = await Promise.all([startSlack(), startMail()]);
  stack = await startStack({
    queues: { landed: { maxBatchTimeout: 0 }, discovery: { maxBatchTimeout: 0 }, outbox: { maxBatchTimeout: 0, retryDelay: 0 } },
    variables: {
      discovery: {
        SLACK_WEBHOOK_URL: slack.webhook,
        MAIL_PROVIDER: "resend",
        MAIL_URL: mail.urls.resend,
        MAIL_FROM: "Living Schema <reports@example.com>",
        MAIL_TO: "ann@example.com, bob@example.com",
        MAIL_API_KEY: KEY,
      },
    },
  });
  await land("argilla-exports", "port-calls/round1.parquet");
  await land("vessel-csv", "flag_register/2026.parquet");
});
after(async () => {
  await stack?.stop();
  await Promise.all([slack?.stop(), mail?.stop()]);
});

async function land(bucket, key) {
  await stack.put(bucket, key, files.get(`${bucket}/${key}`));
  await stack.waitUntilIdle();
}

async function ask(method, path, body, token = "analyst") {
  const headers = { authorization: `Bearer ${stack.secrets.apiTokens[token]}`, ...(body && { "content-type": "application/json" }) };
  const response = await stack.fetch("schema-api", `/api/${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return { status: response.status, body: await response.json() };
}

async function save(name, sql, more = {}) {
  const { status, body } = await ask("POST", "reports", { name, sql, ...more });
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

const listed = async (query = "") => (await ask("GET", `reports${query}`, undefined, "reader")).body.reports;

let labels;
let flags;
test("a report is pinned to what is there, and asking twice under one id makes one", async () => {
  const id = crypto.randomUUID();
  labels = await save("Mentions by label", LABELS, { id, description: "for the weekly", key: ["label"] });
  assert.deepEqual(await save("Mentions by label", LABELS, { id, description: "for the weekly", key: ["label"] }), labels);
  assert.deepEqual([labels.report_id, labels.revision, labels.commit_seq, labels.schema_version, labels.created_by], [id, 1, 2, 3, "analyst"]);
  assert.deepEqual([labels.fingerprint.row_count, labels.fingerprint.truncated, labels.is_kept, labels.check], [2, false, true, null]);
  assert.deepEqual(labels.reads.relations, ["entity_mentions"]);
  assert.equal((await ask("POST", "reports", { name: "Another", sql: LABELS, id })).status, 409);
  flags = await save("Ships by flag", FLAGS);
  assert.deepEqual(flags.reads.sources, ["flag_register"]);
  assert.deepEqual((await listed()).map(({ name, state }) => [name, state]), [["Ships by flag", "unchecked"], ["Mentions by label", "unchecked"]]);
});

test("new data lands: the list has a badge with the reason, and the pinned rows stay", async () => {
  await land("argilla-exports", "port-calls/round2.parquet");
  const checked = await ask("POST", "reports/check");
  assert.equal(checked.status, 200);
  const found = new Map(checked.body.checked.map(({ name, state, ran }) => [name, [state, ran]]));
  assert.deepEqual([found.get("Mentions by label"), found.get("Ships by flag"), checked.body.left], [["data_changed", true], ["unchanged", false], 0]);
  const [badge] = await listed("?state=data_changed");
  assert.equal(badge.report_id, labels.report_id);
  assert.match(badge.reason, /^\d+ rows now, 2 when it was pinned, after 1 load/);

  for (const kept of ["", "?kept=true"]) {
    const { body } = await ask("POST", `reports/${labels.report_id}/run${kept}`);
    assert.deepEqual([body.reproduced, body.rows, body.source], [true, [["port", 400], ["vessel", 400]], kept ? "kept" : "run"]);
  }
});

test("each run of a report is in the log of queries, with the report", async () => {
  const runs = await stack.sql.query(`SELECT DISTINCT mode FROM query_executions WHERE report_id = '${labels.report_id}'`);
  assert.deepEqual(runs, [{ mode: "snapshot" }]);
});

test("the difference names the cause first, and then what is added, removed and changed", async () => {
  const { status, body } = await ask("GET", `reports/${labels.report_id}/diff`);
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(body.cause.loads.map(({ bucket, key, kind, rows }) => [bucket, key, kind, rows]), [["argilla-exports", "port-calls/round2.parquet", "load", 400]]);
  assert.deepEqual([body.from.revision, body.to.revision, body.key], [1, null, ["label"]]);
  const { rows } = body;
  assert.equal(rows.before, rows.unchanged + rows.changed.count + rows.removed.count);
  assert.equal(rows.after, rows.unchanged + rows.changed.count + rows.added.count);
  assert.ok(rows.added.listed.some(([label]) => label === "harbour"), JSON.stringify(rows.added));
  const [mentions] = body.numbers;
  assert.deepEqual([mentions.column, mentions.before.sum], ["mentions", 800]);
  const none = await ask("GET", `reports/${flags.report_id}/diff`);
  assert.deepEqual([none.body.cause.loads, none.body.rows.added.count, none.body.numbers], [[], 0, []]);
});

test("a merge changes what reads the labels, and its preview says so", async () => {
  const item = (name) => ({ kind: "entity_type", scope: "port-calls", question: "entities", name });
  const merge = { action: "merge", item: item("Vessel"), into: item("vessel") };
  const preview = await ask("POST", "review/decisions/preview", merge, "expert");
  assert.deepEqual(preview.body.reports.map(({ name }) => name), ["Mentions by label"]);
  assert.equal((await ask("POST", "review/decisions", merge, "expert")).status, 200);
  const { body } = await ask("POST", `reports/${labels.report_id}/check`);
  assert.equal(body.state, "data_changed");
  assert.deepEqual([body.since.loads, body.since.schema_changes > 0], [1, true]);
  const { cause } = (await ask("GET", `reports/${labels.report_id}/diff`)).body;
  assert.ok(cause.schema_changes.some(({ decision }) => decision?.action === "merge" && decision.by === "expert"), JSON.stringify(cause));
  assert.ok((await ask("POST", `reports/${labels.report_id}/run`)).body.reproduced);
});

test("Slack and mail are told once of each change", async () => {
  await stack.waitUntilIdle();
  await stack.runCron("discovery");
  const changes = await stack.sql.value("SELECT count(*) FROM report_changes");
  assert.equal(changes, 2);
  await ask("POST", "reports/check");
  await stack.runCron("schema-api");
  await stack.waitUntilIdle();
  await stack.runCron("discovery");
  const mailed = mail.taken.flatMap(({ text }) => text.match(/^- Mentions by label: .*$/gm));
  assert.equal(mailed.length, changes, JSON.stringify(mail.taken));
  assert.deepEqual(mail.taken[0].to, ["ann@example.com", "bob@example.com"]);
  const told = slack.taken.map(textOf).join("\n").match(/\*Report\* `Mentions by label`/g);
  assert.equal(told.length, changes);
  assert.equal(await stack.sql.value("SELECT count(*) FROM outbox WHERE fact LIKE 'report:%' AND status <> 'sent'"), 0);
});

test("refreshing pins anew, for whoever has seen the last revision", async () => {
  assert.equal((await ask("POST", `reports/${labels.report_id}/refresh`, { seen: 7 })).status, 409);
  const { status, body } = await ask("POST", `reports/${labels.report_id}/refresh`, { seen: 1 }, "admin");
  assert.deepEqual([status, body.revision, body.pinned_by, body.created_by, body.check], [200, 2, "admin", "analyst", null]);
  assert.equal((await ask("POST", `reports/${labels.report_id}/refresh`, { seen: 1 })).status, 409);
  assert.equal((await ask("POST", `reports/${labels.report_id}/check`)).body.state, "unchanged");
  const back = (await ask("GET", `reports/${labels.report_id}/diff?from=2&to=1`)).body;
  const forth = (await ask("GET", `reports/${labels.report_id}/diff?from=1&to=2`)).body;
  assert.deepEqual([back.rows.added.count, back.rows.removed.count], [forth.rows.removed.count, forth.rows.added.count]);
  assert.deepEqual(back.cause, forth.cause);
});

test("a deleted report is gone, and its history is not", async () => {
  assert.equal((await ask("DELETE", `reports/${labels.report_id}?seen=1`)).status, 409);
  assert.equal((await ask("DELETE", `reports/${labels.report_id}`)).body.revision, 3);
  for (const [method, path] of [["GET", ""], ["POST", "/run"], ["GET", "/diff"], ["POST", "/check"], ["DELETE", ""]]) {
    assert.equal((await ask(method, `reports/${labels.report_id}${path}`)).status, 404, path);
  }
  const { body } = await ask("GET", `reports/${labels.report_id}/history`, undefined, "reader");
  assert.deepEqual(body.revisions.map(({ action, recorded_by }) => [action, recorded_by]), [["deleted", "analyst"], ["refreshed", "admin"], ["created", "analyst"]]);
  assert.deepEqual([body.checks.length > 2, body.next], [true, null]);
  assert.deepEqual((await listed()).map(({ name }) => name), ["Ships by flag"]);
  assert.equal((await ask("POST", "reports", { id: labels.report_id, name: "Mentions by label", sql: LABELS })).status, 409);
});

test("wrong requests and tokens without the scope are told so", async () => {
  const good = { name: "x", sql: "SELECT 1 AS one" };
  assert.equal((await ask("POST", "reports", good, "reader")).status, 403);
  assert.equal((await ask("POST", `reports/${flags.report_id}/run`, undefined, "reader")).status, 403);
  for (const [wrong, status] of [
    [{}, 400], [{ ...good, name: "" }, 400], [{ ...good, id: "x" }, 400], [{ ...good, more: 1 }, 400], [{ ...good, name: "x".repeat(201) }, 400],
    [{ ...good, sql: "SELECT 1; SELECT 2" }, 422], [{ ...good, sql: "SELECT * FROM commits" }, 422], [{ ...good, sql: "SELECT random()" }, 422],
    [{ ...good, sql: "FROM typed.flag_register SELECT nothing" }, 422], [{ ...good, key: ["two"] }, 422],
  ]) {
    const refused = await ask("POST", "reports", wrong);
    assert.equal(refused.status, status, JSON.stringify([wrong, refused.body]));
    assert.ok(refused.body.detail);
  }
  const of = (path) => `reports/${flags.report_id}${path}`;
  for (const [method, path, status] of [
    ["GET", "reports/x", 400], ["GET", `reports/${crypto.randomUUID()}`, 404], ["GET", `reports/${crypto.randomUUID()}/history`, 404],
    ["GET", of("/diff?from=9"), 404], ["GET", of("/diff?from=then"), 400], ["GET", of("/diff?until=now"), 400], ["POST", of("/run?kept=maybe"), 400],
    ["GET", "reports?state=odd", 400], ["GET", "reports?after=x", 400], ["DELETE", of("?seen=x"), 400], ["PUT", of(""), 405],
  ]) {
    assert.equal((await ask(method, path)).status, status, `${method} ${path}`);
  }
});
