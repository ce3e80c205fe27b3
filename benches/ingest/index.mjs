/**
 * `scripts/bench ingest [ROWS]`: what it costs to bring a Parquet file into the warehouse, each figure beside a peer that was measured
 * in the same run on the same files. Prints Markdown.
 */

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";

import { startStack } from "../../tools/local-stack/index.mjs";
import { modulesOf } from "../../tools/local-stack/runtime.mjs";
import { tokenHash } from "../../tools/local-stack/secrets.mjs";
import { machine, markdownTable, median } from "../report.mjs";

const ROOT = path.join(import.meta.dirname, "../..");
const WORK = path.join(ROOT, "target/bench/ingest");

/** Measurements of each kind, taken in turns; the table has their median. */
const ROUNDS = 3;
const MIB = 2 ** 20;

/** Files, and the bucket that makes each the dataset that it's meant for. */
const FILES = [
  { name: "movements", bucket: "vessel-csv" },
  { name: "annotations", bucket: "argilla-exports" },
  { name: "small-10000", bucket: "vessel-csv" },
  { name: "small-1000", bucket: "vessel-csv" },
  { name: "small-100", bucket: "vessel-csv" },
];

const rows = Number(process.argv[2] ?? 1_000_000);
const pathOf = (name) => path.join(WORK, `${rows}/${name}.parquet`);
const progress = (text) => process.stderr.write(`  ${text}\n`);

makeFiles();
const landed = await landFiles();
const native = runNatively(landed);
const decoded = await decodeFiles();
const startUp = await measureStartUp();

console.log(`\n${machine()}\n`);
console.log(endToEndTable(landed, native));
console.log();
console.log(decodingTable(decoded));
console.log();
console.log(workerTable(landed, startUp));

function makeFiles() {
  if (FILES.every(({ name }) => existsSync(pathOf(name)))) return;
  progress(`making the files (${rows.toLocaleString("en")} rows)`);
  execFileSync("python", [path.join(import.meta.dirname, "files.py"), path.dirname(pathOf("movements")), String(rows)]);
}

// ---- From landed to committed -------------------------------------------------------------------------------------------

/** Lands each file, pushed and pulled, in turns. By mode and file: seconds from the Worker's first step to the commit. */
async function landFiles() {
  const result = { push: {}, pull: {}, memory: {}, statements: {} };
  for (let round = 0; round < ROUNDS; round++) {
    for (const mode of ["push", "pull"]) {
      const pull = { enabled: mode === "pull", from_bytes: 0 };
      const stack = await startStack({
        queues: { landed: { maxBatchTimeout: 0 } },
        variables: { ingest: { INGEST: (configured) => ({ ...configured, pull }) } },
      });
      try {
        for (const { name, bucket } of FILES) {
          progress(`round ${round + 1} of ${ROUNDS}: ${mode} ${name}`);
          const load = await land(stack, bucket, name);
          if (load.transfer !== mode) throw new Error(`${name} was to go by ${mode}, and went by ${load.transfer}`);
          (result[mode][name] ??= []).push(load.seconds);
          result[name] = load.rows;
          result.memory[mode] = Math.max(result.memory[mode] ?? 0, load.memory);
          if (mode === "pull") result.statements[name] = load.insert;
        }
      } finally {
        await stack.stop();
      }
    }
  }
  return result;
}

async function land(stack, bucket, name) {
  await stack.sql.forgetRequests();
  await stack.put(bucket, `bench/${name}.parquet`, readFileSync(pathOf(name)));
  await stack.waitUntilIdle({ timeoutMs: 600_000 });
  const [load] = await stack.sql.query(`
    SELECT state, reason, transfer, row_count, epoch_us(ended_at) - epoch_us(started_at) AS microseconds
    FROM loads WHERE key = 'bench/${name}.parquet'`);
  if (load?.state !== "committed") throw new Error(`${name} was not loaded: ${JSON.stringify(load)}`);
  const insert = (await stack.sql.requests()).find(({ sql }) => sql?.startsWith("INSERT INTO landing.") && sql.includes("read_parquet"));
  const memory = JSON.parse(stack.logs("memory_bytes").at(-1).message).memory_bytes;
  return { transfer: load.transfer, rows: load.row_count, seconds: load.microseconds / 1e6, memory, insert: insert?.sql };
}

/** The same INSERT … SELECT in DuckDB alone, on a local file. Seconds by file. */
function runNatively({ statements }) {
  const seconds = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name } of FILES) {
      progress(`round ${round + 1} of ${ROUNDS}: DuckDB alone ${name}`);
      const script = path.join(import.meta.dirname, "native.py");
      const output = execFileSync("python", [script, pathOf(name), path.join(ROOT, "sql/motherduck/schema_v1.sql")], {
        input: statements[name],
        encoding: "utf8",
      });
      (seconds[name] ??= []).push(JSON.parse(output).seconds);
    }
  }
  return seconds;
}

// ---- Decoding alone -----------------------------------------------------------------------------------------------------

/** Decodes the two large files in one workerd: here in Rust, there by hyparquet. Milliseconds by file and decoder. */
async function decodeFiles() {
  progress("building the decoders");
  const decoder = path.join(import.meta.dirname, "decoder");
  execFileSync("worker-build", ["--release"], { cwd: decoder, stdio: ["ignore", "ignore", "inherit"] });
  const peer = await build({ entryPoints: [path.join(import.meta.dirname, "hyparquet.mjs")], bundle: true, format: "esm", write: false });
  const workers = [
    { name: "rust", ...modulesOf(path.join(decoder, "build/index.js")), compatibilityDate: "2026-07-01" },
    { name: "hyparquet", modules: true, script: peer.outputFiles[0].text, compatibilityDate: "2026-07-01" },
  ];
  const miniflare = new Miniflare(convertV4MiniflareOptions({ host: "127.0.0.1", port: 0, cf: false, workers }));
  const times = {};
  try {
    for (const name of ["movements", "annotations"]) {
      const of = (times[name] = { rust: [], hyparquet: [], "hyparquet, values only": [] });
      const decoders = { rust: await miniflare.getWorker("rust"), hyparquet: await miniflare.getWorker("hyparquet") };
      for (const worker of Object.values(decoders)) {
        await worker.fetch("http://bench/", { method: "PUT", body: readFileSync(pathOf(name)) });
      }
      // One round more: the first warms up.
      for (let round = 0; round <= ROUNDS; round++) {
        for (const [label, worker, url] of [
          ["rust", decoders.rust, "http://bench/"],
          ["hyparquet", decoders.hyparquet, "http://bench/"],
          ["hyparquet, values only", decoders.hyparquet, "http://bench/?rows"],
        ]) {
          progress(`round ${round} of ${ROUNDS}: ${label} decodes ${name}`);
          const start = performance.now();
          const response = await worker.fetch(url);
          const answer = await response.text();
          if (!response.ok) throw new Error(`${label} on ${name}: ${answer}`);
          if (round > 0) of[label].push(performance.now() - start);
          of.rows ??= JSON.parse(answer).rows;
          if (JSON.parse(answer).rows !== of.rows) throw new Error(`${label} on ${name}: ${answer}, not ${of.rows} rows`);
        }
      }
    }
  } finally {
    await miniflare.dispose();
  }
  return times;
}

// ---- The Worker itself --------------------------------------------------------------------------------------------------

/**
 * How much longer the first answer of a fresh Worker takes than the next one, in milliseconds. The answer is that a token is needed: it
 * takes the Worker's settings, and no warehouse.
 */
async function measureStartUp() {
  const worker = {
    name: "ingest",
    ...modulesOf(path.join(ROOT, "workers/ingest/build/index.js")),
    compatibilityDate: "2026-07-01",
    bindings: { ADMIN_TOKEN_HASH: tokenHash("a token that nobody sends") },
  };
  // The Worker logs each refusal, as it should.
  const handleStructuredLogs = () => {};
  const differences = [];
  for (let round = 0; round < ROUNDS; round++) {
    progress(`round ${round + 1} of ${ROUNDS}: start of the Worker`);
    const options = { host: "127.0.0.1", port: 0, cf: false, handleStructuredLogs, workers: [worker] };
    const miniflare = new Miniflare(convertV4MiniflareOptions(options));
    try {
      const ingest = await miniflare.getWorker("ingest");
      const times = [];
      for (let call = 0; call < 2; call++) {
        const start = performance.now();
        const response = await ingest.fetch("http://bench/");
        const answer = await response.text();
        times.push(performance.now() - start);
        if (response.status !== 401) throw new Error(`the Worker answers ${response.status}: ${answer}`);
      }
      differences.push(times[0] - times[1]);
    } finally {
      await miniflare.dispose();
    }
  }
  return median(differences);
}

// ---- Tables -------------------------------------------------------------------------------------------------------------

function endToEndTable(result, seconds) {
  const lines = FILES.map(({ name }) => {
    const [push, pull, alone] = [median(result.push[name]), median(result.pull[name]), median(seconds[name])];
    return [
      name,
      result[name].toLocaleString("en"),
      (statSync(pathOf(name)).size / MIB).toFixed(2),
      push.toFixed(2),
      Math.round(result[name] / push).toLocaleString("en"),
      pull.toFixed(2),
      alone.toFixed(2),
      (push / alone).toFixed(1),
      (pull / alone).toFixed(2),
    ];
  });
  return markdownTable(["file", "rows", "MiB", "push, s", "push, rows/s", "pull, s", "DuckDB alone, s", "push ÷ DuckDB", "pull ÷ DuckDB"], lines);
}

function decodingTable(times) {
  const lines = Object.entries(times).map(([name, { rows: count, rust, hyparquet, "hyparquet, values only": values }]) => [
    name,
    count.toLocaleString("en"),
    median(rust).toFixed(0),
    median(hyparquet).toFixed(0),
    median(values).toFixed(0),
    (median(hyparquet) / median(rust)).toFixed(1),
    (median(values) / median(rust)).toFixed(1),
  ]);
  const header = ["file", "rows", "Rust to JSON, ms", "hyparquet to JSON, ms", "hyparquet to values, ms", "JSON: times as fast", "than values"];
  return markdownTable(header, lines);
}

function workerTable({ memory }, startUpMs) {
  const module = readFileSync(path.join(ROOT, "workers/ingest/build/index_bg.wasm"));
  return markdownTable(
    ["ingest Worker", ""],
    [
      ["wasm, gzipped", `${(gzipSync(module, { level: 9 }).length / 1e6).toFixed(2)} MB`],
      ["first answer after start, over a later one", `${startUpMs.toFixed(0)} ms`],
      ["wasm memory at most, push", `${(memory.push / MIB).toFixed(1)} MiB`],
      ["wasm memory at most, pull", `${(memory.pull / MIB).toFixed(1)} MiB`],
    ],
  );
}
