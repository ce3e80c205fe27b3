/** Lands files and shows what became of each. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { printTable } from "./table.mjs";

/** @typedef {import("../local-stack/index.mjs").Stack} Stack */

/**
 * @typedef {object} LandedFile
 * @property {string} file
 * @property {{ bucket: string, key: string } | null} upload What a Worker makes the object of; null: the file is the object.
 * @property {string} bucket
 * @property {string} key
 * @property {number | null} rows None: it's meant to be refused.
 */

/** What is put into each bucket. */
const CONTENTS = {
  "vessel-uploads": "spreadsheets, of which the csv Worker makes Parquet in vessel-csv",
  "vessel-documents": "PDF, of which the OCR Worker makes Parquet in vessel-ocr",
  "argilla-exports": "exports of labelled records",
  "vessel-csv": "Parquet files of tables",
  "vessel-ocr": "Parquet files of pages",
};

/**
 * Makes the files, and puts them into their buckets, as uploads would.
 *
 * @param {Stack} stack
 * @param {string} folder Where the files are made.
 * @param {boolean} hasOcr Whether scans can be read.
 * @returns {Promise<{ landed: LandedFile[], later: LandedFile[] }>} what was landed, and what is to be landed later.
 */
export async function landFiles(stack, folder, hasOcr) {
  const script = fileURLToPath(new URL("files.py", import.meta.url));
  execFileSync("python", [script, folder, process.env.LIVING_SCHEMA_DATA ?? "", ...(hasOcr ? ["ocr"] : [])], { stdio: ["ignore", "inherit", "inherit"] });
  const manifest = JSON.parse(readFileSync(path.join(folder, "manifest.json"), "utf8"));
  const [landed, later] = [manifest.filter((file) => !file.later), manifest.filter((file) => file.later)];
  const counted = new Map();
  for (const { file, upload, ...object } of landed) {
    const { bucket, key } = upload ?? object;
    await stack.put(bucket, key, readFileSync(file));
    counted.set(bucket, (counted.get(bucket) ?? 0) + 1);
    // Rounds of annotation come one after the other, as in life; all other files at once.
    if (bucket === "argilla-exports") await stack.waitUntilIdle({ timeoutMs: 300_000 });
  }
  for (const [bucket, count] of counted) console.log(`  ${bucket}: ${count} ${CONTENTS[bucket]}`);
  return { landed, later };
}

/**
 * Prints what each upload became.
 *
 * @param {Stack} stack
 * @param {LandedFile[]} landed
 */
export async function showUploads(stack, landed) {
  await stack.waitUntilIdle({ timeoutMs: 300_000 });
  const rows = [];
  for (const { upload, bucket, key, rows: inFile } of landed.filter(({ upload }) => upload)) {
    const object = await stack.head(bucket, key);
    if (!object) throw new Error(`nothing was made of ${upload.bucket}/${upload.key}`);
    rows.push([`${upload.bucket}/${upload.key}`, `${bucket}/${key}`, inFile, object.size]);
  }
  printTable(["upload", "became", "rows", "bytes"], rows);
}

/**
 * Prints a line per object: what its file has, and what of it is in the warehouse.
 *
 * @param {Stack} stack
 * @param {LandedFile[]} landed
 */
export async function showLoads(stack, landed) {
  await stack.waitUntilIdle({ timeoutMs: 300_000 });
  const rows = await stack.sql.query(`
    SELECT bucket, key, dataset, source, row_count, rejected_count, transfer, state,
           CAST(epoch_ms(ended_at) - epoch_ms(started_at) AS INTEGER) AS milliseconds
    FROM loads WHERE state <> 'failed' ORDER BY load_id`);
  const loads = new Map(rows.map((load) => [`${load.bucket}/${load.key}`, load]));
  printTable(
    ["object", "dataset", "rows in file", "committed", "rejected", "ms", "mode"],
    landed.map(({ bucket, key, rows: inFile }) => {
      const load = loads.get(`${bucket}/${key}`);
      const dataset = load?.source ? `${load.dataset}: ${load.source}` : load?.dataset;
      return [`${bucket}/${key}`, dataset, inFile, load?.row_count, load?.rejected_count, load?.milliseconds, load?.transfer ?? load?.state];
    }),
  );
}

/**
 * Prints what somebody has to look at: objects that can't be loaded, and rows that were set aside, each with the reason.
 *
 * @param {Stack} stack
 */
export async function showProblems(stack) {
  const quarantine = await stack.sql.query("SELECT bucket || '/' || key AS object, reason FROM quarantine ORDER BY object");
  printTable(["in quarantine", "reason"], quarantine.map(({ object, reason }) => [object, reason]));
  const rejected = await stack.sql.query(`
    SELECT c.key AS object, r.row_no, r.reason FROM rejected_rows AS r JOIN commits AS c USING (load_id) ORDER BY ALL LIMIT 10`);
  console.log();
  printTable(["set aside from", "row", "reason"], rejected.map(({ object, row_no, reason }) => [object, row_no, reason]));
}

/**
 * Checks that each row is accounted for, and that what should be refused was.
 *
 * @param {Stack} stack
 * @param {LandedFile[]} landed
 * @throws {Error} that names the objects that don't add up.
 */
export async function checkSums(stack, landed) {
  const commits = await stack.sql.query("SELECT bucket || '/' || key AS object, row_count, rejected_count FROM commits");
  const byObject = new Map(commits.map((commit) => [commit.object, commit]));
  const wrong = landed.filter(({ bucket, key, rows }) => {
    const commit = byObject.get(`${bucket}/${key}`);
    return rows === null ? commit !== undefined : commit?.row_count + commit?.rejected_count !== rows;
  });
  if (wrong.length > 0) throw new Error(`rows don't add up: ${wrong.map(({ bucket, key }) => `${bucket}/${key}`).join(", ")}`);
  const sum = (pick) => commits.reduce((total, commit) => total + pick(commit), 0);
  const inFiles = landed.reduce((total, { rows }) => total + (rows ?? 0), 0);
  const [committed, rejected] = [sum((commit) => commit.row_count), sum((commit) => commit.rejected_count)];
  console.log(`  ${inFiles} rows in files = ${committed} committed + ${rejected} rejected`);
  const refused = landed.filter(({ rows }) => rows === null).length;
  const inQuarantine = await stack.sql.value("SELECT count(*) FROM quarantine");
  if (inQuarantine !== refused) throw new Error(`${refused} objects should be in quarantine, and ${inQuarantine} are`);
}

/**
 * Prints what a reader sees.
 *
 * @param {Stack} stack
 */
export async function showReaderViews(stack) {
  const rows = await stack.sql.query(`
    SELECT 'raw_documents' AS relation, count(*) AS rows, counted(count(DISTINCT document_id), 'document') AS of FROM raw_documents
    UNION ALL SELECT 'annotations', count(*), counted(count(DISTINCT dataset), 'dataset') FROM annotations
    UNION ALL SELECT 'structured_data', count(*), counted(count(DISTINCT source_table), 'table') FROM structured_data`);
  printTable(["relation", "rows", "of"], rows.map(({ relation, rows: count, of }) => [relation, count, of]));
  const repeated = await stack.sql.value(`
    SELECT (SELECT count(*) FROM landing.annotations SEMI JOIN visible_loads_at(9223372036854775807) USING (load_id))
         - (SELECT count(*) FROM annotations)`);
  console.log(`\n  ${repeated} annotated records came again in a later file; readers see each once, in its newest form`);
}
