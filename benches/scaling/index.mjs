/**
 * `scripts/bench scaling [OBJECTS] [ROWS] [TYPES]`: what breaks first as the system grows, at which number, and what to turn. Small runs on
 * this machine give the cost of an object, of a commit in a log of a given length, and of a definition; the platforms' published limits
 * give the ends. Prints Markdown (docs/scaling.md keeps it).
 *
 * OBJECTS a day, ROWS in all and TYPES (definitions of the schema, labels and columns alike) are the size that is asked about. Costs are
 * carried over in proportion, which holds for a machine like this one: the order of what breaks is worth more than the numbers.
 */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

import { startStack } from "../../tools/local-stack/index.mjs";
import { machine, markdownTable, median, timed } from "../report.mjs";

const ROOT = path.join(import.meta.dirname, "../..");
const WORK = path.join(ROOT, "target/bench/scaling");
const DAY_SECONDS = 86_400;

/** Objects of each kind that are landed to know what one costs. */
const OBJECTS = 40;
/** Rows of a register's file, and its columns (benches/discovery/files.py). */
const REGISTER = { rows: 100, columns: 12 };
/** Loads that the commit log has when one more is timed. */
const LOGS = [1_000, 10_000, 100_000, 300_000];
const ROUNDS = 3;

/**
 * Published limits, looked up in November 2026.
 * Queues: https://developers.cloudflare.com/queues/platform/limits/; KV: https://developers.cloudflare.com/kv/platform/limits/;
 * Workers: https://developers.cloudflare.com/workers/platform/limits/; MotherDuck's MCP: https://motherduck.com/docs/sql-reference/mcp/
 */
const LIMITS = {
  messagesPerSecond: 5_000,
  consumers: 250,
  backlogBytes: 25e9,
  kvValueBytes: 25 * 2 ** 20,
  workerBytes: 128 * 2 ** 20,
  workerCpuSeconds: 300,
};

/** Messages of one consumer, one after the other (wrangler.toml). */
const LANDING_BATCH = 10;

/** Reads that readers make at once shouldn't take longer: the plan's 95th percentile. */
const READ_MS = 3_000;

const size = { objects: Number(process.argv[2] ?? 1e6), rows: Number(process.argv[3] ?? 1e10), types: Number(process.argv[4] ?? 1e5) };
const progress = (text) => process.stderr.write(`  ${text}\n`);
const file = (name) => readFileSync(path.join(WORK, `${name}.parquet`));
const count = (n) => (Number.isFinite(n) ? Math.round(n).toLocaleString("en") : "no end found");

progress("making the files");
execFileSync("python", [path.join(ROOT, "benches/discovery/files.py"), WORK]);
const objects = await costOfObjects();
progress(JSON.stringify(objects));
const logs = await costOfLogs();
const types = await costOfTypes();
progress(JSON.stringify(types));
print();

function start() {
  return startStack({
    workers: ["ingest", "discovery", "schema-api"],
    queues: { landed: { maxBatchTimeout: 0 }, discovery: { maxBatchTimeout: 0, maxConcurrency: 1 } },
    variables: { discovery: { MAX_VERSIONS_PER_DAY: "1000000" } },
  });
}

/** What one register costs: calls and milliseconds of the warehouse, the Worker's time, a run of discovery, bytes. */
async function costOfObjects() {
  progress(`${OBJECTS} objects`);
  const stack = await start();
  try {
    await stack.put("vessel-csv", "bench/warm.parquet", file("register"));
    await stack.waitUntilIdle();
    const before = await storedBytes(stack);
    await stack.sql.forgetRequests();
    const started = performance.now();
    for (let n = 0; n < OBJECTS; n++) await stack.put("vessel-csv", `bench/${n}.parquet`, file("register"));
    await stack.waitUntilIdle({ timeoutMs: 300_000 });
    const seconds = (performance.now() - started) / 1_000;
    const calls = (await stack.sql.requests()).filter(({ sql }) => sql);
    const [load] = await stack.sql.query(`
      SELECT median(epoch_ms(ended_at) - epoch_ms(started_at)) AS ms FROM loads WHERE state = 'committed' AND key <> 'bench/warm.parquet'`);
    const [run] = await stack.sql.query("SELECT sum(milliseconds) / sum(commits_folded) AS ms FROM discovery_runs WHERE commits_folded > 0");
    return {
      seconds: seconds / OBJECTS,
      calls: calls.length / OBJECTS,
      warehouseMs: calls.reduce((sum, { ms }) => sum + ms, 0) / OBJECTS,
      loadMs: Number(load.ms),
      discoveryMs: Number(run.ms),
      bytes: ((await storedBytes(stack)) - before) / OBJECTS,
    };
  } finally {
    await stack.stop();
  }
}

async function storedBytes(stack) {
  await stack.sql.write("CHECKPOINT");
  return Number(await stack.sql.value("SELECT used_blocks * block_size FROM pragma_database_size()"));
}

/** What one more object and one more read cost when the commit log has so many loads: milliseconds, by its length. */
async function costOfLogs() {
  const result = [];
  for (const loads of LOGS) {
    progress(`a log of ${count(loads)} loads`);
    const stack = await start();
    try {
      await stack.put("vessel-csv", "bench/first.parquet", file("register"));
      await stack.waitUntilIdle();
      // Loads of other objects, whose rows are elsewhere: what is measured is the log itself.
      await stack.sql.write(`
        INSERT INTO commits
        SELECT c.* REPLACE (CAST(printf('%08x-0000-7000-8000-000000000000', n) AS UUID) AS load_id, 1 + n AS commit_seq, 'bench/' || n AS key, 'other' AS source)
        FROM commits AS c, range(1, ${loads}) AS r(n)`);
      await stack.sql.write(`
        INSERT INTO catalog_log (commit_seq, item_no, kind, changes)
        SELECT 1 + n, 0, 'commit', '[]' FROM range(1, ${loads}) AS r(n)`);
      await stack.sql.write("CHECKPOINT");
      const read = [];
      const land = [];
      for (let round = 0; round < ROUNDS; round++) {
        read.push(await timed(() => stack.sql.value("SELECT count(*) FROM structured_data WHERE source_table = 'bench'")));
        await stack.put("vessel-csv", `bench/more-${round}.parquet`, file("register"));
        await stack.waitUntilIdle({ timeoutMs: 120_000 });
        const [times] = await stack.sql.query(`
          SELECT (SELECT epoch_ms(ended_at) - epoch_ms(started_at) FROM loads WHERE key = 'bench/more-${round}.parquet' AND state = 'committed') AS load,
                 (SELECT arg_max(milliseconds, started_at) FROM discovery_runs WHERE commits_folded = 1) AS discovery`);
        land.push(times);
      }
      const of = (name) => median(land.map((times) => Number(times[name])));
      result.push({ loads, read: median(read), load: of("load"), discovery: of("discovery") });
      progress(JSON.stringify(result.at(-1)));
    } finally {
      await stack.stop();
    }
  }
  return result;
}

/** What a schema of ten thousand definitions costs: its document, its making, and what reads it. */
async function costOfTypes() {
  progress("ten thousand definitions");
  const stack = await start();
  try {
    await stack.put("argilla-exports", "bench/labels-known.parquet", file("labels-known"));
    await stack.waitUntilIdle({ timeoutMs: 600_000 });
    const [first] = await stack.sql.query("SELECT max(milliseconds) AS ms FROM discovery_runs");
    await stack.put("argilla-exports", "bench/labels-new.parquet", file("labels-new"));
    await stack.waitUntilIdle({ timeoutMs: 600_000 });
    const [second] = await stack.sql.query("SELECT arg_max(milliseconds, started_at) AS ms, arg_max(new_entity_types, started_at) AS new FROM discovery_runs");
    const definitions = await stack.sql.value("SELECT count(*) FROM entity_types");
    const content = await stack.sql.value("SELECT max(length(content)) FROM schema_snapshots");
    const headers = { authorization: `Bearer ${stack.secrets.apiTokens.analyst}` };
    const get = async (route) => {
      const started = performance.now();
      const response = await stack.fetch("schema-api", route, { headers });
      const { byteLength } = await response.arrayBuffer();
      return { ms: performance.now() - started, bytes: byteLength, status: response.status };
    };
    const document = await get("/api/schema/current");
    const cached = await get("/api/schema/current");
    const diff = await get("/api/schema/diff?from=1&to=2");
    const memory = Math.max(0, ...stack.logs("memory_bytes").map(({ message }) => JSON.parse(message).memory_bytes));
    return { definitions, content, firstMs: first.ms, newMs: second.ms / second.new, document, cached, diff, memory };
  } finally {
    await stack.stop();
  }
}

function print() {
  const perSecond = size.objects / DAY_SECONDS;
  const last = logs.at(-1);
  const perLoad = (name) => (last[name] - logs[0][name]) / (last.loads - logs[0].loads);
  const reachedBy = (name, most) => (perLoad(name) > 0 ? logs[0].loads + (most - logs[0][name]) / perLoad(name) : Infinity);
  const bytesOfDefinition = types.document.bytes / types.definitions;
  const msOfDefinition = types.document.ms / types.definitions;
  const consumers = (perSecond * objects.loadMs) / 1_000;
  const discoveryBusy = (perSecond * objects.discoveryMs) / 1_000;
  const warehouseBusy = (perSecond * objects.warehouseMs) / 1_000;
  const rowsOfObject = size.rows / size.objects;

  console.log(`\n${machine()}\n`);
  console.log(markdownTable(
    ["one register of 100 rows and 12 columns", ""],
    [
      ["calls of the warehouse, discovery's included", objects.calls.toFixed(1)],
      ["the warehouse's time in them", `${objects.warehouseMs.toFixed(0)} ms`],
      ["load, from its start to its commit", `${objects.loadMs.toFixed(0)} ms`],
      ["discovery, a commit in runs that take many", `${objects.discoveryMs.toFixed(0)} ms`],
      ["stored: rows, profiles, catalog, commit", `${(objects.bytes / 1024).toFixed(1)} KiB`],
    ],
  ));
  console.log();
  console.log(markdownTable(
    ["loads in the commit log", "load of one more, ms", "discovery, ms", "a read of one table, ms"],
    logs.map(({ loads, load, discovery, read }) => [count(loads), load.toFixed(0), discovery.toFixed(0), read.toFixed(0)]),
  ));
  console.log();
  console.log(markdownTable(
    [`${count(types.definitions)} definitions`, ""],
    [
      ["the schema's document", `${(types.document.bytes / 2 ** 20).toFixed(2)} MiB, ${bytesOfDefinition.toFixed(0)} bytes each`],
      ["made by the API, and from its cache", `${count(types.document.ms)} ms, ${count(types.cached.ms)} ms`],
      ["a version's content in the warehouse", `${count(types.content)} characters`],
      ["a difference of two versions", `status ${types.diff.status}`],
      ["discovery: the first ten thousand, and each new one beside them", `${count(types.firstMs)} ms, ${types.newMs.toFixed(1)} ms`],
      ["wasm memory of a Worker at most", `${(types.memory / 2 ** 20).toFixed(0)} MiB`],
    ],
  ));
  const lines = [
    ["catalog: commits are folded in one by one", `${discoveryBusy.toFixed(1)} s of discovery a second`, "1 s", `${count(DAY_SECONDS / (objects.discoveryMs / 1_000))} objects a day`,
      discoveryBusy, "larger objects: a commit costs the same for 100 rows and for 100,000"],
    ["warehouse: one instance takes all statements", `${warehouseBusy.toFixed(1)} s of statements a second`, "the instance's cores (2 here)", `${count((2 * DAY_SECONDS) / (objects.warehouseMs / 1_000))} objects a day`,
      warehouseBusy / 2, "larger objects; a larger Duckling; queries with read-scaling tokens, which have instances of their own"],
    ["commit log: readers look for the newest commit of each object", `${count(size.objects)} more each day`, `a read of ${READ_MS / 1_000} s`, `${count(reachedBy("read", READ_MS))} loads`,
      size.objects / reachedBy("read", READ_MS), "larger objects; a table of visible loads, kept by discovery, in place of the view"],
    ["commit log: each load looks at its key's history and at the log's end", `${(logs[0].load + perLoad("load") * size.objects).toFixed(0)} ms a load after a day`, "55 s a statement", `${count(reachedBy("load", 55_000))} loads`,
      size.objects / reachedBy("load", 55_000), "as above"],
    ["queue `landed`: messages", `${perSecond.toFixed(1)} a second`, `${count(LIMITS.messagesPerSecond)} a second`, `${count(LIMITS.messagesPerSecond * DAY_SECONDS)} objects a day`,
      perSecond / LIMITS.messagesPerSecond, "a queue for each bucket"],
    ["queue `landed`: consumers at once", `${consumers.toFixed(1)}`, `${LIMITS.consumers}`, `${count((LIMITS.consumers * DAY_SECONDS) / (objects.loadMs / 1_000))} objects a day`,
      consumers / LIMITS.consumers, `\`max_batch_size\` (${LANDING_BATCH}) and \`max_concurrency\``],
    ["schema: its document as one value of KV", `${((size.types * bytesOfDefinition) / 2 ** 20).toFixed(1)} MiB`, "25 MiB", `${count(LIMITS.kvValueBytes / bytesOfDefinition)} definitions`,
      (size.types * bytesOfDefinition) / LIMITS.kvValueBytes, "beyond that each request makes it anew: ask with `max_tokens`, or split the document by scope"],
    ["schema: its document made by the API, once for each version", `${((size.types * msOfDefinition) / 1_000).toFixed(0)} s`, `${READ_MS / 1_000} s`, `${count(READ_MS / msOfDefinition)} definitions`,
      (size.types * msOfDefinition) / READ_MS, "`WAREHOUSE_TRANSPORT=postgres`: an answer of MCP has 50,000 characters, and the list is made for each"],
    ["discovery: all types new in one run", `${count((size.types * types.newMs) / 1_000)} s`, `${LIMITS.workerCpuSeconds} s of CPU`, `${count((LIMITS.workerCpuSeconds * 1_000) / types.newMs)} new ones in a run`,
      (size.types * types.newMs) / 1_000 / LIMITS.workerCpuSeconds, "land history in parts: a commit is a run's smallest step"],
    ["storage of the warehouse, catalog and log without rows", `${((size.objects * objects.bytes) / 1e9).toFixed(0)} GB a day`, "what it costs", "no end found",
      0, `larger objects: at ${count(rowsOfObject)} rows each, rows are most of it`],
  ];
  console.log(`\nAt ${count(size.objects)} objects a day, ${count(size.rows)} rows, ${count(size.types)} definitions; what breaks first stands first:\n`);
  console.log(markdownTable(
    ["resource", "then", "limit", "breaks at", "then ÷ limit", "what to turn"],
    lines.sort((a, b) => b[4] - a[4]).map(([resource, then, limit, end, share, turn]) => [resource, then, limit, end, share === 0 ? "" : share.toFixed(share < 0.1 ? 4 : 2), turn]),
  ));
}
