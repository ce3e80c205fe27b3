/** The HTTP side: previews, uploads, what became of them, and who may. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { DATA, ask, startCsv, statusOf } from "./stack.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PAGE = "https://rooms.example.com";

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
before(async () => {
  stack = await startCsv({ workers: ["csv"], csv: { max_upload_bytes: 1_000_000 }, variables: { ALLOWED_ORIGINS: PAGE } });
});
after(() => stack?.stop());

test("a preview says what would be read, and nothing is loaded", async () => {
  const body = "# by hand\nIMO;name\n0123456;Boa\n0223456;Asa\n";
  const preview = await ask(stack, "/preview?name=fleet.csv", { method: "POST", body, headers: { "content-type": "text/csv" } });
  assert.equal(preview.status, 200);
  assert.equal(preview.body.file, "fleet.csv");
  assert.deepEqual(preview.body.sheets[0], {
    name: "fleet", state: "visible", header: ["IMO", "name"], rows: 2, columns: 2, types: ["text", "text"],
    first: [["0123456", "Boa"], ["0223456", "Asa"]],
  });
  assert.deepEqual(preview.body.warnings, ["records before the header, left out: 1"]);
  assert.deepEqual(await stack.list("vessel-uploads"), []);
});

test("a preview and the command give one answer for every file", async (t) => {
  const command = path.join(ROOT, "target/native/preview");
  if (!DATA || !existsSync(command)) return t.skip("LIVING_SCHEMA_DATA or target/native/preview is not there");
  for (const name of ["csv/fr_duplicate_headers.csv", "csv/kit_utf16_little.csv", "xlsx/mixed_sheets.xlsx", "xlsx/sushi.xls", "xlsx/pass_protected.xlsx"]) {
    const file = path.join(DATA, name);
    const { file: shown, error, ...told } = JSON.parse(execFileSync(command, [file], { encoding: "utf8" }));
    const { status, body } = await ask(stack, `/preview?name=${path.basename(name)}`, { method: "POST", body: readFileSync(file) });
    if (error) assert.deepEqual([status, body.detail], [422, error], name);
    else assert.deepEqual(body, { file: path.basename(name), ...told }, name);
  }
});

test("an upload is put, followed until it's converted, and previewed by its key", async () => {
  const put = await ask(stack, "/uploads/fleet/M%C3%A4rz%202026.csv", { method: "PUT", body: "a,b\n1,2\n" });
  assert.equal(put.status, 202);
  const { etag, ...told } = put.body;
  assert.deepEqual(told, {
    bucket: "vessel-uploads", key: "fleet/März 2026.csv", source_table: "fleet", size: 8,
    status: "/uploads?bucket=vessel-uploads&key=fleet%2FM%C3%A4rz%202026.csv",
  });
  assert.equal(put.headers.get("location"), told.status);
  await stack.waitUntil("its conversion", async () => (await ask(stack, told.status)).body.state === "converted");
  const { body: state } = await ask(stack, told.status);
  assert.equal(state.etag, etag);
  assert.deepEqual(state.outputs.map(({ bucket, key, rows }) => [bucket, key, rows]), [["vessel-csv", "fleet/März 2026.csv.parquet", 1]]);
  const preview = await ask(stack, "/preview", {
    method: "POST", body: JSON.stringify({ key: told.key }), headers: { "content-type": "application/json" },
  });
  assert.deepEqual([preview.status, preview.body.file, preview.body.sheets[0].rows], [200, "März 2026.csv", 1]);
});

test("an upload whose event hasn't come waits, and one that can't be read is refused with its reason", async () => {
  stack.events.hold();
  await ask(stack, "/uploads/fleet/late.csv", { method: "PUT", body: "%PDF-1.7" });
  const { state, reason } = await statusOf(stack, "fleet/late.csv");
  assert.deepEqual([state, reason], ["waiting", "its event has not come yet"]);
  stack.events.release();
  await stack.waitUntilIdle();
  const late = await statusOf(stack, "fleet/late.csv");
  assert.equal(late.state, "refused");
  assert.match(late.reason, /^a PDF, not a table/);
});

test("the list of uploads has pages", async () => {
  for (let n = 0; n < 60; n++) await stack.put("vessel-uploads", `paged/${String(n).padStart(2, "0")}.csv`, `a,b\n${n},1\n`);
  await stack.waitUntilIdle({ timeoutMs: 120_000 });
  const { body: first } = await ask(stack, "/uploads?prefix=paged/");
  assert.equal(first.uploads.length, 50);
  const { body: second } = await ask(stack, `/uploads?prefix=paged/&cursor=${encodeURIComponent(first.cursor)}`);
  assert.deepEqual(second.uploads.map(({ key }) => key), Array.from({ length: 10 }, (_, n) => `paged/${n + 50}.csv`));
  assert.equal(second.cursor, null);
});

test("wrong requests are named", async () => {
  const status = async (pathAndQuery, init) => {
    const { status, body, headers } = await ask(stack, pathAndQuery, init);
    assert.equal(headers.get("content-type"), "application/problem+json", pathAndQuery);
    assert.equal(body.status, status);
    return status;
  };
  assert.equal(await status("/nothing"), 404);
  assert.equal(await status("/preview"), 405);
  assert.equal(await status("/uploads", { method: "POST", body: "x" }), 405);
  assert.equal(await status("/uploads/t/a.csv"), 405);
  assert.equal(await status("/uploads/t/a/b.csv", { method: "PUT", body: "x" }), 400);
  assert.equal(await status("/uploads/t/.csv", { method: "PUT", body: "x" }), 400);
  assert.equal(await status("/uploads/t/a.csv", { method: "PUT", body: "x".repeat(1_000_001) }), 413);
  assert.equal(await status("/uploads?key=t/none.csv"), 404);
  assert.equal(await status("/uploads?key=t/none.csv&bucket=other"), 404);
  assert.equal(await status("/uploads?colour=red"), 400);
  assert.equal(await status("/uploads?state=lost"), 400);
  const json = { "content-type": "application/json" };
  assert.equal(await status("/preview", { method: "POST", body: "{", headers: json }), 400);
  assert.equal(await status("/preview", { method: "POST", body: '{"key":"t/none.csv"}', headers: json }), 404);
  assert.equal(await status("/preview", { method: "POST", body: "" }), 422);
});

test("only tokens with the scope may, and only pages of listed origins read answers", async () => {
  assert.equal((await ask(stack, "/uploads", { token: "" })).status, 401);
  assert.equal((await ask(stack, "/uploads", { token: "wrong" })).status, 401);
  assert.equal((await ask(stack, "/uploads", { token: "reader" })).status, 403);
  const asked = await ask(stack, "/uploads/t/a.csv", { method: "OPTIONS", token: "", headers: { origin: PAGE } });
  assert.equal(asked.status, 204);
  assert.equal(asked.headers.get("access-control-allow-origin"), PAGE);
  assert.match(asked.headers.get("access-control-allow-methods"), /PUT/);
  const other = await ask(stack, "/uploads", { headers: { origin: "https://evil.example" } });
  assert.equal(other.headers.get("access-control-allow-origin"), null);
});
