/** The schema over HTTP, in workerd: at any version and date, in every form, cached and refused as it should be. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startStack } from "../../tools/local-stack/index.mjs";
import { madeFiles } from "../ingest/stack.mjs";
import { tableFile } from "../soak/contents.mjs";

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
before(async () => {
  const files = madeFiles();
  stack = await startStack({
    queues: { landed: { maxBatchTimeout: 0 }, discovery: { maxBatchTimeout: 0 } },
    variables: { "schema-api": { ALLOWED_ORIGINS: "https://rooms.example.com http://127.0.0.1:5173" } },
  });
  for (const [bucket, key] of [["argilla-exports", "port-calls/round1.parquet"], ["vessel-csv", "flag_register/2026.parquet"]]) {
    await stack.put(bucket, key, files.get(`${bucket}/${key}`));
    await stack.waitUntilIdle();
  }
});
after(() => stack?.stop());

async function ask(path, { token = "admin", method = "GET", body, headers = {} } = {}) {
  const authorization = token && { authorization: `Bearer ${stack.secrets.apiTokens[token] ?? token}` };
  const json = body && { "content-type": "application/json" };
  const response = await stack.fetch("schema-api", path, { method, headers: { ...authorization, ...json, ...headers }, ...(body && { body: JSON.stringify(body) }) });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
}

test("the newest version has what landed, with counts and examples", async () => {
  const { status, body } = await ask("/api/schema/current");
  assert.equal(status, 200);
  assert.deepEqual([body.version, body.parent_version], [3, 2]);
  assert.deepEqual(body.entity_types.map(({ label, occurrence_count }) => [label, occurrence_count]), [["port", 400], ["vessel", 400]]);
  const imo = body.fields.find(({ column_name }) => column_name === "IMO number");
  assert.deepEqual([imo.source_table, imo.data_type, imo.meaning, imo.occurrence_count], ["flag_register", "BIGINT", "imo_number", 600]);
  assert.equal(body.lineage[0].key, "flag_register/2026.parquet");
});

test("each version stays what it was, and says how it differs from another", async () => {
  const { body } = await ask("/api/schema/versions/2");
  assert.deepEqual([body.version, body.entity_types.length, body.fields.length], [2, 2, 0]);
  const { body: list } = await ask("/api/schema/versions");
  assert.deepEqual([list.versions.map(({ version }) => version), list.next], [[3, 2, 1], null]);
  const { body: diff } = await ask("/api/schema/diff?from=2&to=3");
  assert.deepEqual(diff.changes.map(({ change, name }) => `${change} ${name}`), [
    "added Flag", "added Gross tonnage", "added IMO number", "added Vessel name", "added Year built",
  ]);
  const { body: back } = await ask("/api/schema/diff?from=3&to=1");
  assert.equal(back.changes.length, 7);
});

test("the schema of a date is that of its last instant; there is none of the future, and none before the first", async () => {
  const today = new Date().toISOString().slice(0, 10);
  assert.equal((await ask(`/api/schema/at/${today}`)).body.version, 3);
  const { versions } = (await ask("/api/schema/versions")).body;
  const second = versions.find(({ version }) => version === 2).created_at;
  assert.equal((await ask(`/api/schema/at/${encodeURIComponent(second)}`)).body.version, 2);
  assert.equal((await ask("/api/schema/at/2020-01-01")).status, 404);
  for (const wrong of ["2999-01-01", "yesterday", "2026-13-01", "2026-02-30T00:00:00Z"]) {
    assert.equal((await ask(`/api/schema/at/${wrong}`)).status, 400, wrong);
  }
});

test("every form says the same, and a limit gives the most useful part", async () => {
  const markdown = await ask("/api/schema/current?format=markdown");
  assert.match(markdown.headers.get("content-type"), /^text\/markdown/);
  assert.match(markdown.text, /`"IMO number"` BIGINT, imo number; from `7\d{6}` to `9\d{6}`/);
  const ddl = await ask("/api/schema/current?format=ddl");
  assert.match(ddl.text, /CREATE TABLE typed\."flag_register" \(\n {4}"Flag" VARCHAR,/);
  const { body: osi } = await ask("/api/schema/current?format=osi");
  assert.equal(osi.semantic_model[0].datasets[0].source, 'typed."flag_register"');
  const { text: small } = await ask("/api/schema/current?format=markdown&max_tokens=400");
  assert.ok(small.length <= 1200 && /items of less use were left out/.test(small), small);
});

test("a schema that was asked for once is served without the warehouse", async () => {
  const { text } = await ask("/api/schema/current");
  await stack.sql.setFaults([{ match: {}, fault: { kind: "status", status: 503 } }]);
  try {
    const again = await ask("/api/schema/current");
    assert.deepEqual([again.status, again.text], [200, text]);
  } finally {
    await stack.sql.clearFaults();
  }
});

test("a client that has an answer gets 304 until the version changes", async () => {
  const first = await ask("/api/schema/current?format=markdown");
  const etag = first.headers.get("etag");
  const again = await ask("/api/schema/current?format=markdown", { headers: { "if-none-match": `"other", ${etag}` } });
  assert.deepEqual([again.status, again.text, again.headers.get("etag")], [304, "", etag]);
  assert.notEqual((await ask("/api/schema/current")).headers.get("etag"), etag, "another form is another body");
  const { body: conflict } = await ask("/api/review/decisions", {
    method: "POST", token: "expert",
    body: { action: "rename", item: { kind: "field", scope: "flag_register", name: "Flag" }, to: "flag" },
  });
  assert.equal(conflict.version, 4);
  const changed = await ask("/api/schema/current?format=markdown", { headers: { "if-none-match": etag } });
  assert.equal(changed.status, 200);
  assert.match(changed.text, /`flag` VARCHAR.*in the data also `Flag`/);
});

test("whoever decides is known by the token, and may look first", async () => {
  const item = { kind: "field", scope: "flag_register", name: "Year built" };
  const preview = await ask("/api/review/decisions/preview", { method: "POST", token: "expert", body: { action: "reject", item } });
  assert.deepEqual([preview.status, preview.body.versions.next], [200, 5]);
  await ask("/api/review/decisions", { method: "POST", token: "expert", body: { action: "reject", item } });
  const { body } = await ask("/api/review/conflicts?state=rejected", { token: "reader" });
  assert.deepEqual(body.conflicts.map(({ item: { name }, decided_by }) => [name, decided_by]), [["Year built", "expert"]]);
  const forged = await ask("/api/review/decisions", { method: "POST", token: "expert", body: { action: "reject", item, by: "ann" } });
  assert.equal(forged.status, 400);
  const late = await ask("/api/review/decisions", { method: "POST", token: "expert", body: { action: "reject", item, seen: 0 } });
  assert.deepEqual([late.status, late.headers.get("content-type")], [409, "application/problem+json"]);
});

test("who has no token, or not the scope, gets nothing", async () => {
  assert.equal((await ask("/api/schema/current", { token: null })).status, 401);
  assert.equal((await ask("/api/schema/current", { token: "guessed" })).status, 401);
  assert.equal((await ask("/api/review/decisions", { method: "POST", token: "reader", body: {} })).status, 403);
  assert.equal((await ask("/openapi.json", { token: null })).status, 200);
});

test("what can't be asked is refused with the rule", async () => {
  assert.equal((await ask("/api/schema")).status, 404);
  assert.equal((await ask("/api/schema/current", { method: "POST", body: {} })).status, 405);
  for (const path of ["current?format=xml", "current?max_tokens=9", "current?fromat=ddl", "versions/0", "versions/x", "diff?from=1", "current?format=ddl&format=osi"]) {
    const { status, body } = await ask(`/api/schema/${path}`);
    assert.equal(status, 400, path);
    assert.ok(body.detail.length > 10 && body.request_id, path);
  }
  assert.equal((await ask("/api/schema/versions/99")).status, 404);
  const text = await ask("/api/review/decisions", { method: "POST", headers: { "content-type": "text/plain" } });
  assert.equal(text.status, 415);
  const large = await ask("/api/review/decisions", { method: "POST", body: { reason: "x".repeat(2 ** 20) } });
  assert.equal(large.status, 413);
});

test("only pages of the listed origins may read answers", async () => {
  const allowed = async (origin, method = "GET") =>
    (await ask("/api/schema/current", { method, headers: { origin } })).headers.get("access-control-allow-origin");
  assert.equal(await allowed("https://rooms.example.com"), "https://rooms.example.com");
  assert.equal(await allowed("http://127.0.0.1:5173", "OPTIONS"), "http://127.0.0.1:5173");
  for (const other of ["https://rooms.example.com.evil.net", "https://example.com", "null", "http://127.0.0.1:51730"]) {
    assert.equal(await allowed(other), null, other);
  }
});

test("the same model is a graph, with what's asked of it and no more than it may come to", async () => {
  const graph = (query, variables) => ask("/api/graphql", { token: "reader", method: "POST", body: { query, variables } });
  const { status, body } = await graph(`query ($table: String) {
    current: version(number: 3) { version { version parent lineage } entityTypes(first: 1) { label occurrenceCount } fields(sourceTable: $table) { columnName dataType meaning } }
    version(number: 2) { fields { columnName } }
    newest: current { version { version } }
    versions { version }
    diff(from: 1, to: 2)
  }`, { table: "flag_register" });
  assert.deepEqual([status, body.errors], [200, undefined]);
  const { current, version, newest, versions, diff } = body.data;
  assert.equal(newest.version.version, versions[0].version);
  assert.deepEqual([current.version.version, current.version.parent, current.version.lineage[0].bucket], [3, 2, "vessel-csv"]);
  assert.deepEqual(current.entityTypes, [{ label: "port", occurrenceCount: 400 }]);
  assert.ok(current.fields.some(({ columnName, meaning }) => columnName === "IMO number" && meaning === "imo_number"));
  assert.deepEqual([version.fields.length, versions.slice(-3).map((one) => one.version), diff.length], [0, [3, 2, 1], 2]);
  const { body: introspected } = await graph("{ __schema { queryType { name fields { name } } } }");
  assert.deepEqual(introspected.data.__schema.queryType.fields.map(({ name }) => name), ["current", "version", "at", "versions", "diff"]);
  const wrong = async (query) => (await graph(query)).body.errors?.[0].message ?? "";
  assert.match(await wrong("{ version(number: 99) { version { version } } }"), /no version 99/);
  assert.match(await wrong('{ at(date: "2999-01-01") { version { version } } }'), /future/);
  assert.match(await wrong("{ current { entityTypes(first: 1000000) { label } } }"), /complex/i);
  assert.match(await wrong("mutation { drop }"), /mutation/i);
  assert.match(await wrong(`{ __schema { types ${"{ fields { type ".repeat(9)}{ name }${" } }".repeat(9)} } }`), /nested/i);
  assert.equal((await ask("/api/graphql", { method: "POST", body: { nothing: 1 } })).status, 400);
});

test("versions are compared whose content is longer than one answer of the warehouse", async () => {
  const columns = Object.fromEntries(Array.from({ length: 600 }, (_, n) => [`measurement ${n} of "${"x".repeat(40)}"`, ["1"]]));
  const { body: before } = await ask("/api/schema/current");
  await stack.put("vessel-csv", "wide/1.parquet", tableFile(columns, "wide"));
  await stack.waitUntilIdle();
  const version = before.version + 1;
  assert.ok((await stack.sql.value(`SELECT length(content) FROM schema_snapshots WHERE version = ${version}`)) > 50_000);
  const { status, body } = await ask(`/api/schema/diff?from=${before.version}&to=${version}`);
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(body.changes.length, 600);
});
