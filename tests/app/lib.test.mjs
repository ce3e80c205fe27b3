/** The app's rules that need no browser: rows of every type as text and in order, addresses, how far an upload has come. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import { Bool, DateDay, Decimal, Float64, Int32, Int64, List, Struct, Field, Table, TimestampMicrosecond, Utf8, vectorFromArray } from "apache-arrow";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MODULES = ["rows", "route", "uploads", "format", "versions", "catalog", "items"];

/** The modules of src/lib, by name. */
let lib;
let folder;
before(async () => {
  folder = mkdtempSync(path.join(ROOT, "node_modules/.app-"));
  const contents = MODULES.map((name) => `export * as ${name} from "./${name}";`).join("\n");
  const outfile = path.join(folder, "lib.mjs");
  await build({
    stdin: { contents, resolveDir: path.join(ROOT, "apps/sqlrooms/src/lib"), loader: "ts" },
    bundle: true, format: "esm", platform: "node", external: ["apache-arrow", "react"], outfile, logLevel: "warning",
  });
  lib = await import(pathToFileURL(outfile).href);
});
after(() => rmSync(folder, { recursive: true }));

test("a value of each type is the text that a person expects, NULL in every column", () => {
  const decimal = new Decimal(2, 18, 128);
  const columns = {
    text: vectorFromArray(["a\nb", null], new Utf8()),
    flag: vectorFromArray([true, null], new Bool()),
    small: vectorFromArray([-7, null], new Int32()),
    large: vectorFromArray([9007199254740993n, null], new Int64()),
    real: vectorFromArray([0.1, null], new Float64()),
    exact: vectorFromArray([new Uint32Array([12345, 0, 0, 0]), null], decimal),
    negative: vectorFromArray([new Uint32Array([-12345, -1, -1, -1]), null], decimal),
    day: vectorFromArray([new Date("2026-01-31T00:00:00Z"), null], new DateDay()),
    list: vectorFromArray([["x", "y"], null], new List(new Field("item", new Utf8(), true))),
    thing: vectorFromArray([{ a: 9007199254740993n }, null], new Struct([new Field("a", new Int64(), true)])),
  };
  const rows = lib.rows.arrowRows(new Table(columns));
  const texts = rows.columns.map((_, i) => rows.text(0, i));
  assert.deepEqual(texts, ["a\nb", "true", "-7", "9007199254740993", "0.1", "123.45", "-123.45", "2026-01-31", '["x","y"]', '{"a":"9007199254740993"}']);
  assert.deepEqual(rows.columns.map((_, i) => [rows.text(1, i), rows.value(1, i)]), rows.columns.map(() => ["NULL", null]));
  assert.deepEqual(rows.columns.filter(({ isNumeric }) => isNumeric).map(({ name }) => name), ["small", "large", "real", "exact", "negative"]);
});

test("times are written as they are, to the millisecond", () => {
  const rows = lib.rows.arrowRows(new Table({ at: vectorFromArray([new Date("2026-01-31T12:00:00.500Z")], new TimestampMicrosecond()) }));
  assert.equal(rows.text(0, 0), "2026-01-31T12:00:00.500Z");
});

test("columns that share a name keep their values", () => {
  const one = new Table({ a: vectorFromArray([1], new Int32()), b: vectorFromArray([2], new Int32()) });
  const table = one.select(["a", "b"]);
  table.schema.fields[1] = table.schema.fields[1].clone({ name: "a" });
  const rows = lib.rows.arrowRows(table);
  assert.deepEqual([rows.text(0, 0), rows.text(0, 1)], ["1", "2"]);
});

test("rows are sorted by value, texts with numbers as people count, NULL last either way", () => {
  const rows = lib.rows.jsonRows([{ name: "t", type: "VARCHAR" }, { name: "n", type: "BIGINT" }], [["b10", 2], [null, "9007199254740993"], ["b9", null], ["a", -1]]);
  assert.deepEqual([...lib.rows.sortedRows(rows, 0, false)], [3, 2, 0, 1]);
  assert.deepEqual([...lib.rows.sortedRows(rows, 0, true)], [0, 2, 3, 1]);
  assert.deepEqual([...lib.rows.sortedRows(rows, 1, false)], [3, 0, 1, 2]);
  assert.deepEqual([...lib.rows.sortedRows(rows, 1, true)], [1, 0, 3, 2]);
});

test("an address leads to where it was made", () => {
  const { address, parseRoute } = lib.route;
  const { view, parts, query } = parseRoute(address("reports", ["a/b c", 2], { version: 3, left: undefined, sql: "SELECT 'ä?&#'" }));
  assert.deepEqual([view, parts, [...query]], ["reports", ["a/b c", "2"], [["version", "3"], ["sql", "SELECT 'ä?&#'"]]]);
  assert.equal(parseRoute("").view, "query");
});

test("an upload has come as far as the last of its tables", () => {
  const { progress } = lib.uploads;
  const outputs = ["a", "b"].map((key) => ({ bucket: "vessel-csv", key, rows: 1, columns: [] }));
  const load = (key, state, schema_version = null) => ({ key, state, commit_seq: 1, schema_version });
  const at = (...loads) => progress({ state: "converted", outputs, loads });
  assert.deepEqual(progress({ state: "converting" }), { reached: "uploaded" });
  assert.deepEqual(progress({ state: "refused", reason: "no table" }), { reached: "uploaded", failure: "no table" });
  assert.deepEqual(at(), { reached: "read" });
  assert.deepEqual(at(load("a", "committed", 3)), { reached: "read" });
  assert.deepEqual(at(load("a", "committed", 3), load("b", "committed")), { reached: "committed" });
  assert.deepEqual(at(load("a", "committed", 3), load("b", "replaced", 3)), { reached: "catalogued" });
  assert.equal(at(load("a", "committed", 3), { ...load("b", "quarantined"), reason: "no rows" }).failure, "no rows");
  assert.equal(lib.uploads.tableName("Flotte Été (2026).v2.csv"), "flotte_t_2026_v2");
});

test("what caused a version is said in a few words", () => {
  const { lineage } = lib.format;
  assert.equal(lineage([]), "the start");
  assert.equal(lineage([{ bucket: "vessel-csv", key: "a/b.parquet", load_id: "1" }]), "vessel-csv/a/b.parquet");
  assert.equal(lineage([{ decision: 8 }]), "decision 8");
});

test("a span of one day is that day", () => {
  const { days } = lib.format;
  assert.equal(days("2026-01-31T08:00:00Z", "2026-01-31T09:00:00Z"), "31 Jan 2026");
  assert.equal(days("2026-01-31T08:00:00Z", "2026-02-03T08:00:00Z"), "31 Jan 2026 to 3 Feb 2026");
});

test("a picture of many versions has the first and the newest", () => {
  const versions = Array.from({ length: 1000 }, (_, i) => ({ version: i + 1 }));
  const chosen = lib.versions.sampled(versions, 24).map(({ version }) => version);
  assert.deepEqual([chosen.length, chosen[0], chosen.at(-1)], [24, 1, 1000]);
  assert.deepEqual(lib.versions.sampled(versions.slice(0, 3), 24).length, 3);
});

test("a connection's id says where it looks", () => {
  const { connection } = lib.catalog;
  assert.equal(connection({ mode: "live" }), "living-schema");
  assert.equal(connection({ mode: "time_travel", commit_seq: 42 }), "living-schema@commit:42");
  assert.equal(connection({ mode: "time_travel", date: "2026-01-31" }), "living-schema@2026-01-31");
});
