/** What goes wrong and how an operator sees it: quarantine, replay, traps, dead letters, and the HTTP side. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { madeFiles, startIngest } from "./stack.mjs";

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
let files;
before(async () => {
  files = madeFiles();
  stack = await startIngest({ consumer: { maxRetries: 4 } });
});
after(() => stack?.stop());

const register = () => files.get("vessel-csv/fleet_list/2026.parquet");

/** Calls the Worker's HTTP side as an operator. */
async function call(method, pathAndQuery, body) {
  const headers = { authorization: `Bearer ${stack.secrets.adminToken}` };
  const response = await stack.fetch("ingest", pathAndQuery, { method, headers, body: body && JSON.stringify(body) });
  return { status: response.status, type: response.headers.get("content-type"), body: await response.json() };
}

const quarantined = (key) => stack.sql.query(`SELECT reason FROM quarantine WHERE key = '${key}'`);

test("the HTTP side is behind its token", async () => {
  for (const headers of [{}, { authorization: "Bearer wrong" }, { authorization: stack.secrets.adminToken }]) {
    for (const route of ["/healthz", "/loads", "/replay", "/nothing"]) {
      const response = await stack.fetch("ingest", route, { headers });
      assert.equal(response.status, 401, route);
      assert.equal(response.headers.get("content-type"), "application/problem+json");
      assert.equal(response.headers.get("www-authenticate"), "Bearer");
    }
  }
  assert.equal((await call("GET", "/healthz")).body.ok, true);
});

test("an answer has the id of its request, under which the log has what went wrong", async () => {
  const ask = async (route, headers) => {
    const response = await stack.fetch("ingest", route, { headers: { authorization: `Bearer ${stack.secrets.adminToken}`, ...headers } });
    return { id: response.headers.get("x-request-id"), body: await response.json() };
  };
  assert.match((await ask("/healthz")).id, /^[0-9a-zA-Z-]{16,}$/);
  const { id, body } = await ask("/nothing", { "cf-ray": "8c1f0a2b3d4e5f60-AMS" });
  assert.equal(body.request_id, id);
  await stack.waitUntil("the log", () => stack.logs(id).some(({ message }) => message.includes('"problem"')));
});

test("requests that can't be meant are answered with what is wrong", async () => {
  for (const [method, route, body, status, detail] of [
    ["GET", "/nothing", undefined, 404, "nothing at this path"],
    ["GET", "/replay", undefined, 405, "POST"],
    ["POST", "/loads", {}, 405, "GET"],
    ["GET", "/loads?colour=red", undefined, 400, "colour"],
    ["GET", "/loads?cursor=x", undefined, 400, "cursor"],
    ["POST", "/replay", { bucket: "vessel-csv" }, 400, "one of key, prefix"],
    ["POST", "/replay", { bucket: "vessel-csv", key: "a", prefix: "b" }, 400, "neither"],
    ["POST", "/replay", { bucket: "vessel-csv", key: "a", colour: 1 }, 400, "colour"],
    ["POST", "/replay", { bucket: "vessel-csv", from: "yesterday" }, 400, "RFC 3339"],
    ["POST", "/replay", { bucket: "elsewhere", prefix: "" }, 503, "try again"],
  ]) {
    const answer = await call(method, route, body);
    assert.equal(answer.status, status, `${method} ${route}: ${JSON.stringify(answer.body)}`);
    assert.equal(answer.type, "application/problem+json");
    assert.match(answer.body.detail, new RegExp(detail), route);
  }
});

test("loads can be listed by object and state, page by page", async () => {
  for (let i = 0; i < 60; i++) await stack.put("vessel-csv", `listed/${i}.parquet`, "not Parquet, but long enough");
  await stack.waitUntilIdle();
  const first = (await call("GET", "/loads?bucket=vessel-csv&prefix=listed/&state=quarantined")).body;
  const second = (await call("GET", `/loads?bucket=vessel-csv&prefix=listed/&state=quarantined&cursor=${first.cursor}`)).body;
  assert.deepEqual([first.loads.length, second.loads.length, second.cursor], [50, 10, null]);
  assert.equal(new Set([...first.loads, ...second.loads].map(({ key }) => key)).size, 60);
  const [{ state, reason }] = (await call("GET", "/loads?key=listed/7.parquet")).body.loads;
  assert.deepEqual([state, reason], ["quarantined", "not a Parquet file: it doesn't end with the letters PAR1"]);
});

test("a page ends early where the warehouse has no room for more, and still leads to the next", async () => {
  const folder = `long/${"x".repeat(900)}`;
  for (let i = 0; i < 60; i++) await stack.put("vessel-csv", `${folder}/${i}.parquet`, "not Parquet, but long enough");
  await stack.waitUntilIdle();
  const pages = [];
  for (let cursor = ""; cursor !== null; ) {
    const { body } = await call("GET", `/loads?prefix=long/${cursor && `&cursor=${cursor}`}`);
    pages.push(body.loads);
    cursor = body.cursor;
  }
  // MotherDuck's tools give 50,000 characters at most; its Postgres endpoint has room for the page.
  const isCut = process.env.LIVING_SCHEMA_TRANSPORT !== "postgres";
  assert.equal(pages[0].length < 50, isCut, `${pages[0].length} loads on the first page`);
  assert.equal(pages.flat().length, 60);
  assert.equal(new Set(pages.flat().map(({ key }) => key)).size, 60);
});

test("an object in quarantine is loaded by a replay, by its key, its prefix, or its time", async () => {
  // Their route asks for a page number, which they lack; so they stay, whatever is replayed.
  const refused = files.get("vessel-ocr/no_page_numbers.parquet");
  for (const name of ["a", "b"]) await stack.put("vessel-ocr", `replayed/${name}.parquet`, refused);
  await stack.put("vessel-ocr", "replayed/notes.txt", "not ours");
  await stack.waitUntilIdle();
  const attempts = () => stack.sql.value("SELECT count(*) FROM loads WHERE starts_with(key, 'replayed/')");
  assert.equal(await attempts(), 2);
  const replay = async (what) => {
    const { note, ...counts } = (await call("POST", "/replay", { bucket: "vessel-ocr", ...what })).body;
    assert.match(note, /content is committed is skipped/);
    return counts;
  };
  assert.deepEqual(await replay({ key: "replayed/a.parquet" }), { queued: 1, not_ours: 0 });
  assert.deepEqual(await replay({ prefix: "replayed/" }), { queued: 2, not_ours: 1 });
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  assert.deepEqual(await replay({ prefix: "replayed/", from: tomorrow }), { queued: 0, not_ours: 0 });
  await stack.waitUntilIdle();
  assert.equal(await attempts(), 5);
});

test("an object that traps the Worker is in quarantine at its second attempt, and its neighbours are loaded", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "trap-"));
  const trap = path.join(folder, "trap.parquet");
  try {
    execFileSync("python", [fileURLToPath(new URL("make_trap.py", import.meta.url)), trap], { stdio: "inherit" });
    stack.events.hold();
    await stack.put("vessel-csv", "neighbours/1.parquet", register());
    await stack.put("vessel-csv", "neighbours/2.parquet", readFileSync(trap));
    for (const n of [3, 4, 5]) await stack.put("vessel-csv", `neighbours/${n}.parquet`, register());
    await stack.waitUntil("the events", () => stack.events.held().length === 5);
    stack.events.release();
    await stack.waitUntilIdle();
  } finally {
    rmSync(folder, { recursive: true });
  }
  assert.deepEqual(await quarantined("neighbours/2.parquet"), [
    { reason: "loading it ended the Worker twice without a word: it traps or exhausts the Worker" },
  ]);
  assert.equal(await stack.sql.value("SELECT count(*) FROM loads WHERE key = 'neighbours/2.parquet'"), 2);
  assert.equal(await stack.sql.value("SELECT count(*) FROM structured_data WHERE source_table = 'neighbours'"), 4 * 300);
});

test("what fails again and again ends in the dead-letter queue, is recorded, and comes back by a replay", async () => {
  await stack.sql.setFaults([{ match: { sql_contains: "INSERT INTO landing.structured_data" }, fault: { kind: "garbage" } }]);
  await stack.put("vessel-csv", "dead/1.parquet", register());
  await stack.waitUntilIdle();
  await stack.sql.clearFaults();
  assert.deepEqual(await quarantined("dead/1.parquet"), [{ reason: "every attempt failed; the ledger has the reasons" }]);
  const failed = await stack.sql.query("SELECT DISTINCT state, reason FROM loads WHERE key = 'dead/1.parquet' AND state = 'failed'");
  assert.match(failed[0].reason, /warehouse: ambiguous: (the warehouse's answer|what came)/);
  await call("POST", "/replay", { bucket: "vessel-csv", key: "dead/1.parquet" });
  await stack.waitUntilIdle();
  assert.deepEqual(await quarantined("dead/1.parquet"), []);
  assert.equal(await stack.sql.value("SELECT count(*) FROM structured_data WHERE source_table = 'dead'"), 300);
});

test("a message that is no event is kept, and costs its neighbours nothing", async () => {
  stack.queues.pause("landed");
  await stack.queues.send("landed", { hello: "world" });
  await stack.queues.send("landed", "not even JSON");
  await stack.put("vessel-csv", "after-nonsense/1.parquet", register());
  await stack.waitUntil("the event", () => stack.queues.messages("landed").length === 3);
  stack.queues.resume("landed");
  await stack.waitUntilIdle();
  const kept = await stack.sql.query("SELECT message, reason FROM dead_letters ORDER BY message");
  assert.deepEqual(kept.map(({ message }) => message), ["not even JSON", '{"hello":"world"}']);
  for (const { reason } of kept) assert.match(reason, /not an R2 event notification/);
  assert.equal(await stack.sql.value("SELECT count(*) FROM structured_data WHERE source_table = 'after-nonsense'"), 300);
});

test("the cron sweeps what loads left that never committed, forgets what is kept no longer, and touches nothing else", async () => {
  const old = "01890000-0000-7000-8000-000000000000";
  const committed = await stack.sql.value("SELECT count(*) FROM structured_data");
  await stack.sql.write(`INSERT INTO landing.structured_data VALUES ('${old}', 0, 'b', 's', NULL, '{}', NULL)`);
  await stack.sql.write(`INSERT INTO landing.rejected_rows VALUES ('${old}', 1, 'why', '{}')`);
  const letters = await stack.sql.value("SELECT count(*) FROM dead_letters");
  await stack.sql.write("INSERT INTO dead_letters VALUES (make_timestamp(epoch_us(now())) - INTERVAL 401 DAY, 'm', 'r')");
  await stack.runCron("ingest");
  assert.equal(await stack.sql.value("SELECT count(*) FROM dead_letters"), letters);
  const left = await stack.sql.value(`SELECT count(*) FROM (
    SELECT load_id FROM landing.structured_data UNION ALL SELECT load_id FROM landing.rejected_rows) WHERE load_id = '${old}'`);
  assert.equal(left, 0);
  assert.equal(await stack.sql.value("SELECT count(*) FROM structured_data"), committed);
});

test("while the warehouse is away nothing is lost", async () => {
  await stack.warehouse.kill();
  await stack.put("vessel-csv", "away/1.parquet", register());
  await stack.waitUntil("a failure", () => stack.logs("away/1.parquet").some(({ message }) => message.includes('"failed"')));
  await stack.warehouse.start();
  await stack.waitUntilIdle();
  if ((await stack.sql.value("SELECT count(*) FROM structured_data WHERE source_table = 'away'")) === 0) {
    await call("POST", "/replay", { bucket: "vessel-csv", key: "away/1.parquet" });
    await stack.waitUntilIdle();
  }
  assert.equal(await stack.sql.value("SELECT count(*) FROM structured_data WHERE source_table = 'away'"), 300);
});
