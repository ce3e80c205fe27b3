/**
 * Tables of a real PostgreSQL through the whole stack: every row once, whatever kills the run, and every difference named.
 *
 * HISTORY_ROWS=1000000 makes the large table that large; without it, it's small enough for every day.
 */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { kill, notes, removeStates, run, Source, start, startHistory, stateFolder } from "./stack.mjs";

const ROWS = Number(process.env.HISTORY_ROWS ?? 20_000);
const CHUNK_ROWS = Math.max(1_000, ROWS / 25);
const KILLS = 5;

/** What a Worker has. */
const WORKER_BYTES = 128 << 20;

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
/** @type {Source} */
let source;
let vessels;
before(async () => {
  [stack, source] = await Promise.all([startHistory(ROWS > 100_000 ? "8GB" : undefined), Source.start(ROWS)]);
  vessels = stateFolder();
});
after(async () => {
  await Promise.all([stack?.stop(), source?.stop()]);
  removeStates();
});

const backfill = (args) => run(stack, "backfill_csv_data.py", args, { SOURCE_POSTGRES: source.connection });
const validate = (folder) => run(stack, "validate_migration.py", [folder], { SOURCE_POSTGRES: source.connection });
const vesselArgs = () => ["vessels", "--state", vessels, "--chunk-rows", String(CHUNK_ROWS)];
const rowsOf = (table) => stack.sql.value(`SELECT count(*) FROM structured_data WHERE source_table = '${table}'`);

test("a dry run says what would be done, and does nothing", async () => {
  const { code, output } = await backfill(["vessels", "extremes", "--dry-run"]);
  assert.equal(code, 0, output);
  assert.match(output, new RegExp(`public.vessels: ${ROWS.toLocaleString("en")} rows to vessel-csv/vessels/backfill/`));
  assert.match(output, /price {2}numeric\(18,2\) -> decimal128\(18, 2\)/);
  assert.match(output, /amount {2}numeric\(10,2\) -> string \(it holds NaN\)/);
  assert.deepEqual(await stack.list("vessel-csv"), []);
});

test("a backfill that is killed at random five times has every row once in the end, and nothing differs", async (t) => {
  const began = Date.now();
  let killed = 0;
  for (let n = 0; n < KILLS; n++) {
    // At any time: while it plans, reads, uploads or waits; the later ones each further on.
    const uploaded = () => notes(vessels)?.parts.filter(({ etag }) => etag).length ?? 0;
    const child = start(stack, "backfill_csv_data.py", vesselArgs(), { SOURCE_POSTGRES: source.connection });
    killed += await kill(child, () => uploaded() >= n * 4, 1_500);
  }
  assert.equal(killed, KILLS, "it was through before it could be killed");
  const { code, output } = await backfill(vesselArgs());
  t.diagnostic(`${ROWS} rows in ${((Date.now() - began) / 1000).toFixed(1)} s, kills and validation included`);
  assert.equal(code, 0, output);
  assert.match(output, /going on, \d+ of \d+ objects are left/);
  assert.match(output, /\nPASS\n/);
  assert.equal(await rowsOf("vessels"), ROWS);
  const ids = await stack.sql.value("SELECT count(DISTINCT data->>'$.id') FROM structured_data WHERE source_table = 'vessels'");
  assert.equal(ids, ROWS);
  const peak = Math.max(...stack.logs("memory_bytes").map(({ message }) => JSON.parse(message).memory_bytes));
  t.diagnostic(`at most ${(peak / 2 ** 20).toFixed(1)} MiB of wasm memory`);
  assert.ok(peak < WORKER_BYTES);
  const batches = await stack.sql.query("SELECT DISTINCT batch_id, schema_version, producer, git_sha FROM commits WHERE source = 'vessels'");
  assert.deepEqual(batches, [{ batch_id: notes(vessels).batch_id, schema_version: 1, producer: "backfill_csv_data", git_sha: "0".repeat(40) }]);
});

test("values are in the warehouse as the table has them", async () => {
  const [row] = await stack.sql.query("SELECT data FROM structured_data WHERE source_table = 'vessels' AND (data->>'$.id') = '30'");
  const { id, price, seen_at, uid, voyage, gross, address, gears, marks, "a/b~c \"d": odd } = JSON.parse(row.data);
  assert.deepEqual(
    { id, price, seen_at, uid, voyage, gross, address, gears, marks, odd },
    {
      id: 30,
      price: null,
      seen_at: "2000-02-29 06:30:15+00",
      uid: "d3d94468-02a4-4259-755d-38e6d163e820",
      voyage: "10 mons -10 days +00:00:00.01",
      gross: "1.429",
      address: "10.10.0.1",
      gears: 'it\'s, "other"',
      marks: [10, null, -10],
      odd: "odd name 10",
    },
  );
});

test("discovery has found the table's fields, with their types", async () => {
  await stack.waitUntilIdle({ timeoutMs: 600_000 });
  const fields = await stack.sql.query("SELECT column_name, data_type FROM field_definitions WHERE source_table = 'vessels'");
  const types = Object.fromEntries(fields.map(({ column_name, data_type }) => [column_name, data_type]));
  assert.equal(fields.length, 37);
  assert.equal(types.price, "DECIMAL(18,2)");
  assert.equal(types.seen_at, "TIMESTAMPTZ");
  assert.equal(types.uid, "UUID");
});

test("run again it does nothing, and anew it replaces what it landed", async () => {
  const { code, output } = await backfill([...vesselArgs(), "--no-validation"]);
  assert.equal(code, 0, output);
  assert.match(output, /done before/);
  assert.equal(await rowsOf("vessels"), ROWS);

  const first = await backfill(["log_lines", "--state", stateFolder(), "--chunk-rows", "300"]);
  assert.equal(first.code, 0, first.output);
  // Another state: it knows nothing of the first run, whose objects were more.
  const anew = await backfill(["log_lines", "--state", stateFolder(), "--chunk-rows", "1000"]);
  assert.equal(anew.code, 0, anew.output);
  assert.match(anew.output, /PASS/);
  assert.equal(await rowsOf("log_lines"), 2_000);
});

test("values at the ends of their types, an empty table, and other names", async () => {
  for (const table of ["extremes", "one_column", "nothing=empty register"]) {
    const { code, output } = await backfill([table, "--state", stateFolder()]);
    assert.equal(code, 0, output);
    assert.match(output, /PASS/);
  }
  const [row] = await stack.sql.query("SELECT data FROM structured_data WHERE source_table = 'extremes' AND (data->>'$.port') = 'Vigo' AND (data->>'$.day') = 'infinity'");
  const { amount, grid, old, midnight } = JSON.parse(row.data);
  assert.deepEqual({ amount, grid, old, midnight }, { amount: "NaN", grid: "{{1,2},{3,4}}", old: "0044-03-15 (BC)", midnight: "24:00:00" });
  assert.equal(await rowsOf("empty register"), 0);
});

test("what is damaged, lost, doubled or changed at the source is named, row and column", async () => {
  const where = (id) => `source_table = 'vessels' AND (data->>'$.id') = '${id}'`;
  const kept = await stack.sql.query(`SELECT * FROM landing.structured_data WHERE ${where(33)}`);
  assert.equal(kept.length, 1);
  await stack.sql.write(`UPDATE landing.structured_data SET data = json_merge_patch(data, '{"price": "1.00", "name": "DAMAGED"}') WHERE ${where(30)}`);
  await stack.sql.write(`DELETE FROM landing.structured_data WHERE ${where(33)}`);
  await stack.sql.write(`INSERT INTO landing.structured_data SELECT * FROM landing.structured_data WHERE ${where(36)}`);
  await source.write("UPDATE vessels SET draught = 7.25 WHERE id = 39");
  const { code, output } = await validate(vessels);
  assert.equal(code, 1, output);
  assert.match(output, /row 30 of vessels, column price: source NULL, target '1.00'/);
  assert.match(output, /row 30 of vessels, column name: source 'VESSEL 10 Ægir 🚢', target 'DAMAGED'/);
  assert.match(output, /row 33 of vessels: source 1 times, target 0 times/);
  assert.match(output, /row 36 of vessels: source 1 times, target 2 times/);
  assert.match(output, /row 39 of vessels, column draught: source '7.25', target '1.3'/);
  assert.match(output, /FAIL: 4 differences/);
});

test("of a table that is written to meanwhile every row that is left alone is there once", async () => {
  const folder = stateFolder();
  const args = ["busy", "--state", folder, "--chunk-rows", "500"];
  const count = async (condition) => {
    const id = "CAST(data->>'$.id' AS INTEGER)";
    const rows = `SELECT ${id} AS id, data->>'$.name' AS name FROM structured_data WHERE source_table = 'busy'`;
    return (await stack.sql.query(`SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM (${rows}) WHERE ${condition}`))[0];
  };
  for (let n = 0; n < 2; n++) {
    const child = start(stack, "backfill_csv_data.py", args, { SOURCE_POSTGRES: source.connection });
    await kill(child, () => (notes(folder)?.parts.filter(({ etag }) => etag).length ?? 0) > n * 3, 200);
    await source.write(`
      UPDATE busy SET name = 'changed' WHERE id % 10 = ${n};
      DELETE FROM busy WHERE id % 10 = ${n + 2};
      INSERT INTO busy SELECT -10 * i - ${n}, 'new', 0 FROM generate_series(1, 100) AS i;
      INSERT INTO busy SELECT 10 * i + 60001 + ${n}, 'new', 0 FROM generate_series(1, 100) AS i`);
  }
  const { code, output } = await backfill([...args, "--no-validation"]);
  assert.equal(code, 0, output);
  assert.deepEqual(await count("id BETWEEN 1 AND 6000 AND id % 10 >= 4 AND name = 'as it was'"), { rows: 3_600, ids: 3_600 });
  const all = await count("true");
  assert.equal(all.rows, all.ids, "no row is there twice");
  const anew = await backfill([...args, "--again"]);
  assert.equal(anew.code, 0, anew.output);
  assert.match(anew.output, /PASS/);
});

test("a value that came meanwhile and that its column can't hold is named, with what helps", async () => {
  const folder = stateFolder();
  const child = start(stack, "backfill_csv_data.py", ["busy=odd", "--state", folder, "--chunk-rows", "500"], { SOURCE_POSTGRES: source.connection });
  assert.ok(await kill(child, () => notes(folder) !== undefined, 0));
  await source.write("UPDATE busy SET price = 'NaN' WHERE id = 5999");
  const stopped = await backfill(["busy=odd", "--state", folder]);
  assert.equal(stopped.code, 2, stopped.output);
  assert.match(stopped.output, /public.busy, column 'price' \(numeric\(8,2\)\): .*NaN.* --text price keeps it as text/);
  const anew = await backfill(["busy=odd", "--state", folder, "--again"]);
  assert.equal(anew.code, 0, anew.output);
  assert.match(anew.output, /price {2}numeric\(8,2\) -> string \(it holds NaN\)/);
});

test("what ingest puts into quarantine stops the run, with the reason", async () => {
  const { code, output } = await backfill(["huge", "--state", stateFolder()]);
  assert.equal(code, 2, output);
  assert.match(output, /huge\/backfill\/000000.parquet is in quarantine: .*page/);
});

test("what can't be done is refused, with the rule", async () => {
  const refused = async (args, message, more = {}) => {
    const { code, output } = await run(stack, "backfill_csv_data.py", args, { SOURCE_POSTGRES: source.connection, ...more });
    assert.equal(code, 2, output);
    assert.match(output, message);
  };
  await refused(["vessel_names", "--state", stateFolder()], /vessel_names is a view without a primary key/);
  await refused(["nix", "--state", stateFolder()], /nix: there is no such table/);
  await refused(["extremes", "--state", vessels], /is the state of another backfill/);
  await refused(["extremes=a/b"], /can't be the name of a table here/);
  await refused(["vessels", "--text", "colour", "--dry-run"], /vessels has no column 'colour'/);
  await refused(["extremes", "--state", stateFolder()], /MOTHERDUCK_TOKEN is needed/, { MOTHERDUCK_TOKEN: "" });
  await refused(["extremes", "--state", stateFolder()], /R2, bucket vessel-csv .* can't list/, { R2_SECRET_ACCESS_KEY: "wrong" });
});
