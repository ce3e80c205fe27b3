/** Spreadsheets through the whole stack: real files into the warehouse, cell by cell; refusals, redelivery, crashes. */

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { DATA, ask, hashOf, landedHashes, startCsv, statusOf, trustedCells } from "./stack.mjs";

/** Where what we read differs on purpose: tools/preview/tests/corpus.rs. */
const DIFFERENT = ["gov_PLA_6%Talc-1hz.csv"];

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
before(async () => {
  stack = await startCsv();
});
after(() => stack?.stop());

/** Puts files, waits, and gives what became of each. */
async function convert(uploads) {
  for (const [key, body] of uploads) await stack.put("vessel-uploads", key, body);
  await stack.waitUntilIdle({ timeoutMs: 300_000 });
  const states = {};
  for (const [key] of uploads) states[key] = await statusOf(stack, key);
  return states;
}

function filesOf(t, folder) {
  const there = DATA && existsSync(path.join(DATA, folder));
  if (!there) return t.skip("LIVING_SCHEMA_DATA is not there");
  const expected = JSON.parse(readFileSync(path.join(DATA, folder, "expected.json"), "utf8"));
  const names = readdirSync(path.join(DATA, folder)).filter((name) => name !== "expected.json");
  return { expected, uploads: names.map((name) => [`${folder}/${name}`, readFileSync(path.join(DATA, folder, name))]) };
}

for (const folder of ["registers", "csv"]) {
  test(`every cell of ${folder} comes out of the warehouse as it stands in its file`, async (t) => {
    const files = filesOf(t, folder);
    if (!files) return;
    const states = await convert(files.uploads);
    const trusted = trustedCells(path.join(DATA, folder));
    let cells = 0;
    for (const [name, { expect, rows, rows_without_those: fewer, header_records: headerRecords }] of Object.entries(files.expected)) {
      const state = states[`${folder}/${name}`];
      if (expect === "error") {
        assert.equal(state.state, "refused", name);
        assert.ok(state.reason, name);
        continue;
      }
      assert.equal(state.state, "converted", `${name}: ${state.reason}`);
      if (DIFFERENT.includes(name)) continue;
      const [output] = state.outputs;
      assert.ok([rows, fewer].includes(output.rows), `${name}: ${output.rows} rows instead of ${rows}`);
      // How many records a header of several has is a matter of taste, and so is what its first row is.
      if (!trusted[name] || headerRecords > 1) continue;
      const landed = await landedHashes(stack, output);
      // A row that is shorter than the widest has NULL for the cells that it doesn't have.
      const whole = (row) => output.columns.map((_, column) => row[column] ?? null);
      const differs = trusted[name].findIndex((row, n) => landed[n] !== hashOf(whole(row)));
      assert.equal(differs, -1, `${name}, row ${differs + 1}: ${JSON.stringify(trusted[name][differs])}`);
      assert.equal(landed.length, trusted[name].length, name);
      cells += landed.length * output.columns.length;
    }
    t.diagnostic(`${Object.keys(trusted).length} files, ${cells} cells`);
  });
}

test("every sheet of every workbook is landed, and a workbook that can't be read is refused", async (t) => {
  const files = filesOf(t, "xlsx");
  if (!files) return;
  const states = await convert(files.uploads);
  for (const [name, { expect, sheets }] of Object.entries(files.expected)) {
    const { state, reason, outputs } = states[`xlsx/${name}`];
    if (expect === "ok or error") continue;
    assert.equal(state, expect === "ok" && sheets.some(({ columns }) => columns) ? "converted" : "refused", `${name}: ${reason}`);
    if (state === "refused") continue;
    const withCells = sheets.filter(({ columns }) => columns);
    assert.deepEqual(outputs.map(({ sheet, rows }) => [sheet, rows]), withCells.map(({ sheet, rows }) => [sheet, rows]), name);
    for (const output of outputs) assert.equal((await landedHashes(stack, output)).length, output.rows, output.key);
  }
});

test("a workbook that is uploaded again with fewer sheets leaves none of the others behind", async (t) => {
  const file = (name) => path.join(DATA ?? "", "xlsx", name);
  if (!existsSync(file("fr_sheets.xlsx"))) return t.skip("LIVING_SCHEMA_DATA is not there");
  const outputs = async (name) => {
    await convert([["shrunk/book.xlsx", readFileSync(file(name))]]);
    return stack.list("vessel-csv", "shrunk/");
  };
  assert.deepEqual(await outputs("fr_sheets.xlsx"), [1, 2, 3].map((n) => `shrunk/book.xlsx.Sheet${n}.parquet`));
  assert.deepEqual(await outputs("date.xlsx"), ["shrunk/book.xlsx.Sheet1.parquet"]);
});

test("a manifest of compressed files is a table like any other, and its checksums stay whole", async () => {
  const lines = Array.from({ length: 500 }, (_, n) => {
    const sum = (BigInt(n) * 0x9e3779b97f4a7c15n).toString(16).padStart(64, "0");
    return `archive/2026/${n}.zl,${n * 4096},${sum},${["parquet", "csv", "pdf"][n % 3]}`;
  });
  const states = await convert([["openzl_manifest/2026-11.csv", `path,size_bytes,sha256,type\n${lines.join("\n")}\n`]]);
  const [output] = states["openzl_manifest/2026-11.csv"].outputs;
  assert.deepEqual(output.columns, [["path", "text"], ["size_bytes", "integer"], ["sha256", "text"], ["type", "text"]]);
  assert.deepEqual(await landedHashes(stack, output), lines.map((line) => hashOf(line.split(","))));
});

test("hostile cells survive the way through workerd", async () => {
  const cells = ['"', "\n", "\r\n", "\0", "a\0b", "=1+1", "'); DROP TABLE commits; --", "x".repeat(32_767), "🚢", "\\u0000", "\ufeff", " ", ""];
  const quoted = cells.map((cell, n) => `${n},"${cell.replaceAll('"', '""')}"`).join("\r\n");
  const states = await convert([["hostile/1.csv", `line,cell\r\n${quoted}\r\n`]]);
  const landed = await landedHashes(stack, states["hostile/1.csv"].outputs[0]);
  assert.deepEqual(landed, cells.map((cell, n) => hashOf([String(n), cell])));
});

test("events that come again change nothing, and a new content replaces the rows", async () => {
  const key = "again/1.csv";
  const first = (await convert([[key, "a,b\n1,2\n3,4\n"]]))[key];
  const etag = (await stack.head("vessel-csv", "again/1.csv.parquet")).etag;
  stack.events.hold();
  await stack.put("vessel-uploads", key, "a,b\n1,2\n3,4\n");
  await stack.waitUntil("the event", () => stack.events.held().length === 1);
  stack.events.release({ copies: 20 });
  await stack.waitUntilIdle();
  assert.equal((await stack.head("vessel-csv", "again/1.csv.parquet")).etag, etag);
  assert.equal((await statusOf(stack, key)).at, first.at, "it was converted once");
  await convert([[key, "a,b\n5,6\n"]]);
  const rows = await stack.sql.query("SELECT data->>'a' AS a FROM structured_data WHERE source_table = 'again'");
  assert.deepEqual(rows, [{ a: "5" }]);
});

test("a deleted upload's output goes, and a refused one is in the list of what is refused", async () => {
  await convert([["gone/1.csv", "a,b\n1,2\n"], ["refused/1.csv", "%PDF-1.7"]]);
  await stack.delete("vessel-uploads", "gone/1.csv");
  await stack.waitUntilIdle();
  assert.equal(await stack.head("vessel-csv", "gone/1.csv.parquet"), undefined);
  assert.equal((await ask(stack, "/uploads?key=gone/1.csv")).status, 404);
  const { body } = await ask(stack, "/uploads?state=refused&prefix=refused/");
  assert.deepEqual(body.uploads.map(({ key, state, reason }) => [key, state, reason]), [
    ["refused/1.csv", "refused", "a PDF, not a table; read are CSV, TSV, XLSX, XLSM, XLSB, XLS and ODS"],
  ]);
});

/** A table of so many rows. Half a million take about a second to convert. */
function table(rows) {
  const lines = Array.from({ length: rows }, (_, n) => `${n},${n * 7},vessel ${n},${n % 11}`);
  return `id,number,name,flag\n${lines.join("\n")}\n`;
}

/**
 * Ends workerd and starts it again, as soon as an attempt at an upload begins: then its record is written.
 *
 * @param {string} key
 * @param {string} [last] The record's etag at the beginning of the attempt before.
 * @returns {Promise<string>} the record's etag.
 */
async function endAtBeginning(key, last) {
  const record = () => stack.events.etagOf("vessel-csv", `.uploads/vessel-uploads/${key}.json`);
  const isNew = () => record() !== last && record();
  const etag = await stack.waitUntil(`an attempt at ${key} to begin`, isNew, { timeoutMs: 60_000 });
  await stack.killWorkers();
  await stack.restartWorkers();
  return etag;
}

test("an upload at which the Worker dies twice is refused, until it's uploaded again, and others are converted", async () => {
  await stack.put("vessel-uploads", "dies/1.csv", table(500_000));
  await endAtBeginning("dies/1.csv", await endAtBeginning("dies/1.csv"));
  const states = await convert([["dies/2.csv", "a,b\n1,2\n"]]);
  assert.equal(states["dies/2.csv"].state, "converted");
  const { state, reason } = await statusOf(stack, "dies/1.csv");
  assert.deepEqual([state, reason], ["refused", "converting it ended the Worker twice without a word: it traps or exhausts the Worker"]);
  const again = (await convert([["dies/1.csv", "a,b\n1,2\n"]]))["dies/1.csv"];
  assert.equal(again.state, "converted", again.reason);
});

test("a workbook that is damaged where nothing is read is converted, and the Worker lives", async (t) => {
  const file = path.join(DATA ?? "", "xlsx/profiles.xls");
  if (!existsSync(file)) return t.skip("LIVING_SCHEMA_DATA is not there");
  const damaged = readFileSync(file);
  // In a formula; found by scripts/fuzz. At this the reader panics where it isn't given a clean copy.
  damaged[29_015] = 255;
  const states = await convert([["damaged/1.xls", damaged]]);
  assert.equal(states["damaged/1.xls"].state, "converted", states["damaged/1.xls"].reason);
});

test("workerd killed in the middle of a conversion leaves nothing half-done, and the upload is converted after it", async () => {
  const rows = 500_000;
  stack.queues.pause("landed");
  await stack.put("vessel-uploads", "killed/1.csv", table(rows));
  await endAtBeginning("killed/1.csv");
  stack.queues.resume("landed");
  await stack.waitUntilIdle({ timeoutMs: 120_000 });
  assert.equal((await statusOf(stack, "killed/1.csv")).state, "converted");
  assert.equal(await stack.sql.value("SELECT count(*) FROM structured_data WHERE source_table = 'killed'"), rows);
  assert.equal(await stack.sql.value("SELECT count(*) FROM commits WHERE source = 'killed'"), 1);
});
