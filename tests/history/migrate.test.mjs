/** Argilla's records through the whole stack: from its exports and from its API, every record and every label once, twice in a row. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { KEY, startArgilla } from "../../tools/stand-ins/argilla.mjs";
import { runClient } from "../argilla/client.mjs";
import { kill, notes, removeStates, run, start, startHistory, stateFolder } from "./stack.mjs";

const EXPORTS = path.join(process.env.LIVING_SCHEMA_DATA ?? "", "argilla");
const ROUND_1 = path.join(EXPORTS, "wnut17_round1.parquet");
const ROUND_2 = path.join(EXPORTS, "wnut17_round2_label_drift.parquet");
const skip = existsSync(ROUND_1) ? false : "LIVING_SCHEMA_DATA is not there";

/** @type {import("../../tools/local-stack/index.mjs").Stack} */
let stack;
before(async () => {
  if (!skip) stack = await startHistory();
});
after(async () => {
  await stack?.stop();
  removeStates();
});

const migrate = (args, more) => run(stack, "migrate_argilla_to_motherduck.py", args, more);
const count = (...args) => execFileSync("python", [fileURLToPath(new URL("labels.py", import.meta.url)), ...args], { maxBuffer: 1 << 28 });

/** What readers see of a dataset: its records, and its labels by three ways. */
async function landed(dataset) {
  await stack.waitUntilIdle();
  const records = await stack.sql.value(`SELECT count(*) FROM annotations WHERE dataset = '${dataset}'`);
  const distinct = await stack.sql.value(`SELECT count(DISTINCT record_id) FROM annotations WHERE dataset = '${dataset}'`);
  assert.equal(records, distinct, "no record is there twice");
  const byLabel = async (sql) => Object.fromEntries((await stack.sql.query(sql)).map(({ label, n }) => [label, n]));
  const spans = await byLabel(
    `SELECT label_in_data AS label, count(*) AS n FROM entity_mentions WHERE dataset = '${dataset}' AND origin = 'response' GROUP BY ALL ORDER BY ALL`,
  );
  const types = await byLabel(
    `SELECT label, occurrence_count AS n FROM entity_types WHERE dataset = '${dataset}' AND occurrence_count > 0 ORDER BY label`,
  );
  assert.deepEqual(types, spans, "the catalog counts what the records hold");
  return { records, labels: spans };
}

test("the WNUT17 export has in the warehouse what it has itself, twice in a row", { skip }, async () => {
  const expected = JSON.parse(count(ROUND_1));
  const folder = stateFolder();
  for (const said of [/4,038 records in 1 objects are committed/, /done before, 4,038 records/]) {
    const { code, output } = await migrate(["--dataset", "wnut17", "--state", folder, ROUND_1]);
    assert.equal(code, 0, output);
    assert.match(output, said);
    assert.match(output, /source 4,038 records, target 4,038 records/);
    assert.match(output, /\nPASS\n/);
    assert.deepEqual(await landed("wnut17"), expected);
  }
  // And as somebody does it who knows nothing of the first time.
  const { code, output } = await migrate(["--dataset", "wnut17", "--state", stateFolder(), ROUND_1]);
  assert.equal(code, 0, output);
  assert.deepEqual(await landed("wnut17"), expected);
  const commits = await stack.sql.query("SELECT key, row_count, batch_id, schema_version, producer FROM commits WHERE source = 'wnut17'");
  const { batch_id } = notes(folder);
  assert.deepEqual(commits, [
    { key: "wnut17/migration/wnut17_round1.parquet", row_count: 4038, batch_id, schema_version: 1, producer: "migrate_argilla_to_motherduck" },
  ]);
});

test("of several exports the later one counts, and a kill at any time loses nothing and doubles nothing", { skip }, async () => {
  const folder = stateFolder();
  const args = ["--dataset", "rounds", "--state", folder, ROUND_1, ROUND_2];
  let killed = 0;
  for (let n = 0; n < 5; n++) {
    const child = start(stack, "migrate_argilla_to_motherduck.py", args);
    killed += await kill(child, () => (notes(folder)?.parts.filter(({ etag }) => etag).length ?? 0) >= Math.min(n, 1), 800);
  }
  assert.ok(killed >= 3, `it was killed ${killed} times before it was through`);
  const { code, output } = await migrate(args);
  assert.equal(code, 0, output);
  assert.match(output, /\nPASS\n/);
  assert.deepEqual(await landed("rounds"), JSON.parse(count(ROUND_1, ROUND_2)));
});

test("an export without suggestions, with columns of nothing", { skip }, async () => {
  const file = path.join(EXPORTS, "legal_de_missing_columns.parquet");
  const { code, output } = await migrate(["--dataset", "legal", "--state", stateFolder(), file]);
  assert.equal(code, 0, output);
  assert.deepEqual(await landed("legal"), JSON.parse(count(file)));
});

test("a JSON export needs to be told what its answers are, and then has the same records", { skip }, async () => {
  const folder = stateFolder();
  const file = path.join(folder, "wnut17.json");
  writeFileSync(file, count("--json", ROUND_1));
  const refused = await migrate(["--dataset", "from-json", "--state", stateFolder(), file]);
  assert.equal(refused.code, 2, refused.output);
  assert.match(refused.output, /doesn't say whether answers were submitted/);
  const { code, output } = await migrate(["--dataset", "from-json", "--state", stateFolder(), "--answers-are", "submitted", file]);
  assert.equal(code, 0, output);
  assert.match(output, /source 4,038 records, target 4,038 records/);
});

test("the records of a running Argilla are those that its client put there", { skip }, async () => {
  const argilla = await startArgilla();
  try {
    await runClient(argilla, "load", { file: ROUND_1, workspace: "ws", dataset: "live", rows: 1_200 });
    const [clashing] = argilla.store.records.values();
    Object.assign(clashing.metadata, { status: "of the metadata", "entities.responses": 7 });
    const args = ["--dataset", "live", "--state", stateFolder(), "--argilla", argilla.url];
    const wrong = await migrate(args, { ARGILLA_API_KEY: "wrong" });
    assert.equal(wrong.code, 2, wrong.output);
    assert.match(wrong.output, /401/);
    await argilla.meet({ kind: "status", status: 503, times: 2 });
    const { code, output } = await migrate(args, { ARGILLA_API_KEY: KEY });
    assert.equal(code, 0, output);
    assert.match(output, /source 1,200 records, target 1,200 records/);
    assert.match(output, /\nPASS\n/);
    const kept = await stack.sql.value(`SELECT extra->>'$._metadata' FROM annotations WHERE dataset = 'live' AND server_id = '${clashing.id}'`);
    assert.deepEqual(JSON.parse(kept), { status: "of the metadata", "entities.responses": 7 });
    const { records } = await landed("live");
    assert.equal(records, 1_200);
    assert.equal(await stack.sql.value("SELECT count(*) FROM annotations WHERE dataset = 'live' AND status = 'completed' AND annotated_at IS NULL"), 0);
  } finally {
    await argilla.stop();
  }
});

test("answers to questions of every kind are kept", { skip }, async () => {
  const argilla = await startArgilla();
  try {
    await runClient(argilla, "round");
    const args = ["--dataset", "kinds", "--argilla-dataset", "port-calls", "--workspace", "ws", "--state", stateFolder(), "--argilla", argilla.url];
    const { code, output } = await migrate(args, { ARGILLA_API_KEY: KEY });
    assert.equal(code, 0, output);
    assert.match(output, /\nPASS\n/);
    const questions = JSON.parse(await stack.sql.value("SELECT questions FROM annotations WHERE dataset = 'kinds' AND record_id = 'r0'"));
    const answers = Object.fromEntries(Object.entries(questions).map(([name, { responses }]) => [name, responses]));
    assert.deepEqual(answers, {
      entities: [[{ start: 0, end: 4, label: "vessel" }], []],
      topics: [["trade", "weather"]],
      quality: [4],
      order: [["b", "a"]],
      comment: ["fine"],
      // It was only suggested.
      language: undefined,
    });
  } finally {
    await argilla.stop();
  }
});

test("what is damaged, lost, doubled or of another document is named", { skip }, async () => {
  const folder = stateFolder();
  const done = await migrate(["--dataset", "damaged", "--state", folder, ROUND_1]);
  assert.equal(done.code, 0, done.output);
  await stack.waitUntilIdle();
  const where = (id) => `dataset = 'damaged' AND record_id = '${id}'`;
  const marked = await stack.sql.query(
    "SELECT DISTINCT record_id FROM entity_mentions WHERE dataset = 'damaged' AND origin = 'response' ORDER BY record_id LIMIT 5",
  );
  const [labelled, cut, lost, twice, filed] = marked.map(({ record_id }) => record_id);
  await stack.sql.write(`UPDATE landing.annotations SET questions = replace(CAST(questions AS VARCHAR), '"label":"', '"label":"x-') WHERE ${where(labelled)}`);
  await stack.sql.write(`UPDATE landing.annotations SET text = '' WHERE ${where(cut)}`);
  await stack.sql.write(`DELETE FROM landing.annotations WHERE ${where(lost)}`);
  await stack.sql.write(`INSERT INTO landing.annotations SELECT * FROM landing.annotations WHERE ${where(twice)}`);
  await stack.sql.write(`UPDATE landing.annotations SET document_id = 'nowhere' WHERE ${where(filed)}`);
  const { code, output } = await run(stack, "validate_migration.py", [folder, "--shown", "100"]);
  assert.equal(code, 1, output);
  assert.match(output, /responses x-[\w-]+ of entities of damaged: source 0, target \d+/);
  assert.match(output, new RegExp(`entities of record ${labelled} of damaged: source`));
  assert.match(output, new RegExp(`span \\d+ to \\d+ \\([\\w-]+\\) of record ${cut} of damaged: source has the same, target the text has 0 characters`));
  assert.match(output, new RegExp(`text of record ${cut} of damaged: source`));
  assert.match(output, new RegExp(`record ${lost} of damaged: source is there, target is missing`));
  assert.match(output, new RegExp(`record ${twice} of damaged: source 1 times, target 2 times`));
  assert.match(output, new RegExp(`document nowhere of record ${filed} of damaged: source is named, target isn't in raw_documents`));
  assert.match(output, /FAIL: \d+ differences/);
});
