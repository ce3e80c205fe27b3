/**
 * `scripts/bench csv`: what it costs to make a CSV in R2 Parquet in R2, beside papaparse and hyparquet-writer in the same workerd and
 * DuckDB alone, in the same run on the same files. Prints Markdown.
 */

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";

import { modulesOf } from "../../tools/local-stack/runtime.mjs";
import { tokenHash } from "../../tools/local-stack/secrets.mjs";
import { machine, markdownTable, median } from "../report.mjs";

const ROOT = path.join(import.meta.dirname, "../..");
const WORK = path.join(ROOT, "target/bench/csv");
const ROUNDS = 3;
const MIB = 2 ** 20;

/** Both read the small file; the large one is more than the peer can hold. */
const SMALL = "movements-20.csv";
const LARGE = "movements-200.csv";
const CSV = { routes: [{ bucket: "uploads", output_bucket: "output" }], retry_seconds: 0, max_upload_bytes: 1e9 };
const TOKEN = "bench";

const pathOf = (name) => path.join(WORK, name);
const progress = (text) => process.stderr.write(`  ${text}\n`);

if (!existsSync(pathOf(LARGE))) {
  progress("making the files");
  execFileSync("python", [path.join(import.meta.dirname, "files.py"), WORK], { stdio: "inherit" });
}
const times = await convert();
const memory = await measureMemory();
console.log(`\n${machine()}\n`);
console.log(speedTable(times, runNatively()));
console.log();
console.log(workerTable(memory));

/** A workerd with R2, the Worker and its peer. */
async function start(onLog = () => {}) {
  const entryPoints = [path.join(import.meta.dirname, "papaparse.mjs")];
  const peer = await build({ entryPoints, bundle: true, format: "esm", minify: true, write: false });
  const shared = { compatibilityDate: "2026-07-01" };
  const buckets = (uploads, output) => ({ r2Buckets: { [uploads]: { id: "uploads" }, [output]: { id: "output" } } });
  const workers = [
    {
      name: "csv",
      ...shared,
      ...modulesOf(path.join(ROOT, "workers/csv/build/index.js")),
      ...buckets("UPLOADS", "OUTPUT"),
      bindings: { CSV, API_TOKENS: JSON.stringify([{ name: "bench", hash: tokenHash(TOKEN), scopes: ["upload"] }]) },
      unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    },
    { name: "peer", ...shared, modules: true, script: peer.outputFiles[0].text, ...buckets("UPLOADS", "OUTPUT") },
  ];
  const options = { host: "127.0.0.1", port: 0, cf: false, handleStructuredLogs: onLog, workers };
  return new Miniflare(convertV4MiniflareOptions(options));
}

/** Has the Worker convert an upload, as an event does. Its line in the log has what it took. */
async function convertByWorker(miniflare, logs, key) {
  const url = new URL(`/uploads/${key}`, await miniflare.unsafeGetDirectURL("csv"));
  const body = readFileSync(pathOf(key.split("/").at(-1)));
  const response = await fetch(url, { method: "PUT", body, headers: { authorization: `Bearer ${TOKEN}` } });
  if (!response.ok) throw new Error(`${key}: ${await response.text()}`);
  const { etag } = await response.json();
  const worker = await miniflare.getWorker("csv");
  const event = { account: "bench", action: "PutObject", bucket: "uploads", object: { key, eTag: etag }, eventTime: new Date().toISOString() };
  const begun = performance.now();
  const result = await worker.queue("uploads", [{ id: key, timestamp: new Date(), body: event, attempts: 1 }]);
  const seconds = (performance.now() - begun) / 1000;
  const line = logs.map(({ message }) => JSON.parse(message)).find((line) => line.key === key && line.event !== "uploaded");
  if (result.outcome !== "ok" || line?.event !== "converted") throw new Error(`${key}: ${JSON.stringify({ result, line })}`);
  return { seconds, rows: line.rows, memory: line.memory_bytes };
}

/** Seconds and rows by file and reader. */
async function convert() {
  const logs = [];
  const miniflare = await start((entry) => logs.push(entry));
  /** @type {Record<string, { rust: number[], peer?: number[], rows?: number }>} */
  const of = { [SMALL]: { rust: [], peer: [] }, [LARGE]: { rust: [] } };
  try {
    const peer = await miniflare.getWorker("peer");
    // One round more: the first warms up.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const name of [SMALL, LARGE]) {
        progress(`round ${round} of ${ROUNDS}: the Worker converts ${name}`);
        const { seconds, rows } = await convertByWorker(miniflare, logs, `round-${round}/${name}`);
        of[name].rows = rows;
        if (round > 0) of[name].rust.push(seconds);
      }
      progress(`round ${round} of ${ROUNDS}: papaparse and hyparquet-writer convert ${SMALL}`);
      const begun = performance.now();
      const response = await peer.fetch(`http://bench/round-${round}/${SMALL}`);
      const answer = await response.text();
      if (!response.ok || JSON.parse(answer).rows !== of[SMALL].rows) throw new Error(`the peer: ${answer}, not ${of[SMALL].rows} rows`);
      if (round > 0) of[SMALL].peer.push((performance.now() - begun) / 1000);
    }
  } finally {
    await miniflare.dispose();
  }
  return of;
}

/** The large file in a fresh workerd: wasm memory at most. */
async function measureMemory() {
  progress(`memory: ${LARGE} in a fresh workerd`);
  const logs = [];
  const miniflare = await start((entry) => logs.push(entry));
  try {
    const { memory } = await convertByWorker(miniflare, logs, `memory/${LARGE}`);
    return { wasm: memory };
  } finally {
    await miniflare.dispose();
  }
}

/** DuckDB alone. Seconds by file, with one thread and with two. */
function runNatively() {
  const seconds = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of [SMALL, LARGE]) {
      progress(`round ${round + 1} of ${ROUNDS}: DuckDB alone ${name}`);
      const script = path.join(import.meta.dirname, "native.py");
      const output = JSON.parse(execFileSync("python", [script, pathOf(name), pathOf("native.parquet")], { encoding: "utf8" }));
      for (const threads of [1, 2]) ((seconds[name] ??= {})[threads] ??= []).push(output[threads]);
    }
  }
  return seconds;
}

function speedTable(of, native) {
  const lines = [SMALL, LARGE].map((name) => {
    const mebibytes = statSync(pathOf(name)).size / MIB;
    const speed = (seconds) => (seconds?.length ? mebibytes / median(seconds) : undefined);
    const [rust, peer] = [speed(of[name].rust), speed(of[name].peer)];
    return [
      name,
      mebibytes.toFixed(1),
      of[name].rows.toLocaleString("en"),
      rust.toFixed(1),
      peer?.toFixed(1) ?? "not tried",
      peer ? (rust / peer).toFixed(1) : "",
      speed(native[name][1]).toFixed(0),
      speed(native[name][2]).toFixed(0),
    ];
  });
  const header = ["file", "MiB", "rows", "the Worker, MiB/s", "papaparse + hyparquet-writer, MiB/s", "times as fast", "DuckDB, 1 thread, MiB/s", "2 threads"];
  return markdownTable(header, lines);
}

function workerTable({ wasm }) {
  const folder = path.join(ROOT, "workers/csv/build");
  const module = readFileSync(path.join(folder, readdirSync(folder).find((name) => name.endsWith(".wasm"))));
  return markdownTable(
    ["csv Worker", ""],
    [
      ["wasm, gzipped", `${(gzipSync(module, { level: 9 }).length / 1e6).toFixed(2)} MB`],
      [`wasm memory at most, ${LARGE}`, `${(wasm / MIB).toFixed(1)} MiB`],
    ],
  );
}
