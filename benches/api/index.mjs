/**
 * `scripts/bench api [ROWS]`: what the API adds to the warehouse's time, how fast it serves the schema, a mix of analysts' queries over
 * ROWS rows (10,000,000), and how it behaves when there is too much to do; all in workerd. Prints Markdown.
 */

import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";

import { startStack } from "../../tools/local-stack/index.mjs";
import { machine, markdownTable, median, percentile, timed } from "../report.mjs";

const ROOT = path.join(import.meta.dirname, "../..");
const WORK = path.join(ROOT, "target/bench/api");
const ROWS = Number(process.argv[2] ?? 10_000_000);

/** Files that the rows come in: each is pulled by itself. */
const FILES = 10;

/** Measurements of each query, in turns with its peers. */
const ROUNDS = 10;

/** The plan's limit for a query. */
const GOAL_MS = 3_000;

/**
 * Requests are limited by token: with so many, only one who uses a single one feels it. Their hashes are about as much as a secret holds, 5 KB
 * (https://developers.cloudflare.com/workers/platform/limits/#environment-variables).
 */
const TOKENS = Array.from({ length: 30 }, () => randomBytes(16).toString("hex"));

/** Quick ones, for what the API adds. */
const QUICK = [
  "SELECT 42 AS answer",
  "SELECT count(*) FROM typed.movements",
  "SELECT flag_state, count(*) AS n FROM typed.movements WHERE speed > 20 GROUP BY ALL ORDER BY ALL",
  "FROM typed.movements SELECT row_id, vessel_name, ts, speed ORDER BY row_id LIMIT 1000",
];

/** What analysts ask of positions of vessels. */
const MIX = [
  "SELECT count(*) FROM typed.movements",
  "SELECT flag_state, count(*) AS n FROM typed.movements GROUP BY ALL ORDER BY n DESC",
  "SELECT flag_state, avg(speed), max(speed) FROM typed.movements WHERE speed IS NOT NULL GROUP BY ALL ORDER BY 1",
  "SELECT date_trunc('day', ts) AS day, count(*) FROM typed.movements GROUP BY ALL ORDER BY day LIMIT 100",
  "SELECT imo, count(*) AS n FROM typed.movements GROUP BY imo ORDER BY n DESC, imo LIMIT 20",
  "SELECT count(DISTINCT imo) FROM typed.movements",
  "SELECT vessel_name, max(ts) FROM typed.movements WHERE flag_state = 'NOR' GROUP BY ALL ORDER BY 2 DESC, 1 LIMIT 20",
  "SELECT round(lat) AS lat, round(lon) AS lon, count(*) AS n FROM typed.movements GROUP BY ALL ORDER BY n DESC, 1, 2 LIMIT 50",
  "SELECT count(*) FROM typed.movements WHERE lat BETWEEN 50 AND 60 AND lon BETWEEN 0 AND 10",
  "SELECT quantile_cont(speed, [0.5, 0.95]) FROM typed.movements",
  "SELECT count(*) FROM typed.movements WHERE vessel_name ILIKE '%pearl%'",
  "SELECT flag_state, count(*) FILTER (speed < 1) AS stopped, count(*) AS n FROM typed.movements GROUP BY ALL ORDER BY ALL",
  "SELECT hour(ts) AS hour, avg(speed) FROM typed.movements GROUP BY ALL ORDER BY ALL",
  "FROM typed.movements SELECT imo, ts, speed WHERE imo = 8000042 ORDER BY ts LIMIT 100",
  "SELECT imo, ts, speed FROM typed.movements QUALIFY row_number() OVER (PARTITION BY imo ORDER BY ts DESC) = 1 ORDER BY imo LIMIT 100",
  "SELECT flag_state, approx_count_distinct(imo) FROM typed.movements GROUP BY ALL ORDER BY ALL",
  "PIVOT (SELECT flag_state, month(ts) AS m, speed FROM typed.movements) ON m IN (1, 2, 3) USING avg(speed) GROUP BY flag_state ORDER BY flag_state",
  "SELECT a.flag_state, count(*) FROM (SELECT DISTINCT imo, flag_state FROM typed.movements) AS a JOIN (SELECT imo, max(speed) AS top FROM typed.movements GROUP BY imo) AS b USING (imo) WHERE top > 21 GROUP BY ALL ORDER BY ALL",
  "SELECT remarks, count(*) AS n FROM typed.movements WHERE remarks LIKE 'drifting%' GROUP BY ALL ORDER BY n DESC, remarks LIMIT 10",
  "SELECT min(ts), max(ts), sum(speed), count(*) FROM typed.movements WHERE flag_state IN ('PAN', 'LBR')",
];

const progress = (text) => process.stderr.write(`  ${text}\n`);
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const ms = (time) => time.toFixed(time < 100 ? 1 : 0);

/** Requests so far: each has the next of the tokens. */
let requests = 0;

rmSync(path.join(WORK, "state"), { recursive: true, force: true });
progress("making the files");
execFileSync("python", [path.join(ROOT, "benches/ingest/files.py"), WORK, String(ROWS / FILES)]);

const stack = await startStack({
  stateFolder: path.join(WORK, "state"),
  variables: {
    ingest: { INGEST: (configured) => ({ ...configured, pull: { enabled: true, from_bytes: 0 } }) },
    "schema-api": { API_TOKENS: JSON.stringify(TOKENS.map((token, n) => ({ name: `bench-${n}`, hash: sha256(token), scopes: ["read", "query"] }))) },
  },
});
let stopped = false;
try {
  await land();
  const [overhead, statements] = await measureOverhead();
  const mix = await measureMix();
  const cached = await measureSchema();
  const saturated = await saturate();
  await stack.sql.write("CHECKPOINT");
  const file = path.join(WORK, "state/warehouse.duckdb");
  await stack.stop();
  stopped = true;
  report(overhead, direct(file, statements), mix, cached, saturated, await measureMemory());
} finally {
  if (!stopped) await stack.stop();
}

async function land() {
  const movements = readFileSync(path.join(WORK, "movements.parquet"));
  for (let n = 1; n <= FILES; n++) {
    progress(`landing ${n} of ${FILES}`);
    await stack.put("vessel-csv", `movements/${n}.parquet`, movements);
    await stack.waitUntilIdle({ timeoutMs: 600_000 });
  }
}

function headers() {
  requests += 1;
  return { authorization: `Bearer ${TOKENS[requests % TOKENS.length]}`, "content-type": "application/json" };
}

function get(pathname, more = {}) {
  return stack.fetch("schema-api", pathname, { headers: { ...headers(), ...more } });
}

function post(pathname, body, more = {}) {
  return stack.fetch("schema-api", pathname, { method: "POST", body: JSON.stringify(body), headers: { ...headers(), ...more } });
}

/** A run that no cache answers: results are kept by the number of rows too, which differs each time. */
async function execute(sql, n) {
  const response = await post("/api/query/execute", { sql, max_rows: 2_000 - n });
  const body = await response.json();
  if (response.status !== 200 || body.cached) throw new Error(`${sql}: ${JSON.stringify(body).slice(0, 300)}`);
}

/** Milliseconds of each quick query by way of the API and by the warehouse's own endpoint, in turns. */
async function measureOverhead() {
  progress("what the API adds");
  const statements = QUICK.map((sql) => `SELECT * FROM (${sql}) LIMIT 2001`);
  const times = QUICK.map(() => ({ api: [], warehouse: [] }));
  for (let round = -2; round < 4 * ROUNDS; round++) {
    for (const [i, sql] of QUICK.entries()) {
      const api = await timed(() => execute(sql, round + 2));
      const warehouse = await timed(() => stack.sql.query(statements[i]));
      if (round < 0) continue;
      times[i].api.push(api);
      times[i].warehouse.push(warehouse);
    }
  }
  return [times, statements];
}

async function measureMix() {
  const times = MIX.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    progress(`the mix, ${round + 1} of ${ROUNDS}`);
    for (const [i, sql] of MIX.entries()) times[i].push(await timed(() => execute(sql, round + 100)));
  }
  return times;
}

/** How many requests are answered in a few seconds, and how soon with which status, by so many clients that each wait for one. */
async function rate(clients, seconds, request) {
  const end = performance.now() + seconds * 1000;
  const byStatus = {};
  await Promise.all(Array.from({ length: clients }, async () => {
    while (performance.now() < end) {
      const started = performance.now();
      const response = await request();
      await response.arrayBuffer();
      (byStatus[response.status] ??= []).push(performance.now() - started);
    }
  }));
  return Object.entries(byStatus).map(([status, times]) => ({
    status, perSecond: times.length / seconds, p50: median(times), p95: percentile(times, 95), max: Math.max(...times),
  }));
}

/** The schema from the cache: whole, and where the client has it. */
async function measureSchema() {
  progress("the schema");
  const first = await get("/api/schema/current");
  await first.arrayBuffer();
  const etag = first.headers.get("etag");
  const whole = await rate(8, 5, () => get("/api/schema/current"));
  const known = await rate(8, 5, () => get("/api/schema/current", { "if-none-match": etag }));
  const warehouse = await rate(8, 5, async () => {
    await stack.sql.query("SELECT content FROM schema_snapshots ORDER BY version DESC LIMIT 1");
    return new Response();
  });
  return { whole, known, warehouse };
}

/** Far more slow queries than two processors can do; others ask for the schema meanwhile, and one has used up its requests. */
async function saturate() {
  progress("too much to do");
  const heavy = MIX[16];
  let n = 0;
  const load = rate(64, 15, () => post("/api/query/execute", { sql: heavy, max_rows: 1_000 - (n++ % 900) }));
  const others = rate(2, 15, () => get("/api/schema/current"));
  const token = `Bearer ${TOKENS[0]}`;
  const greedy = await rate(16, 5, () => get("/api/schema/versions", { authorization: token }));
  return { load: await load, others: await others, greedy };
}

/** The Worker's memory after it has made Arrow of 100,000 rows, which come by the Postgres endpoint; in a Worker of its own. */
async function measureMemory() {
  progress("Arrow");
  const lines = [];
  const wide = await startStack({ workers: ["schema-api", "discovery"], variables: { "schema-api": { WAREHOUSE_TRANSPORT: "postgres" } }, onLog: ({ message }) => lines.push(message) });
  try {
    const sql = `SELECT i AS row_id, 8000000 + i % 20000 AS imo, 'NORTHERN PEARL ' || i % 200 AS vessel_name, 'NOR' AS flag_state,
                        TIMESTAMP '2024-01-01' + to_seconds(i) AS ts, i / 7 AS lat, i / 11 AS lon, i % 220 / 10 AS speed FROM range(100000) AS t(i)`;
    const started = performance.now();
    const response = await wide.fetch("schema-api", "/api/query/execute", {
      method: "POST", body: JSON.stringify({ sql, max_rows: 99_999 }),
      headers: {
        authorization: `Bearer ${wide.secrets.apiTokens.admin}`, "content-type": "application/json", accept: "application/vnd.apache.arrow.stream",
      },
    });
    if (response.status !== 200) throw new Error(await response.text());
    const bytes = (await response.arrayBuffer()).byteLength;
    const milliseconds = performance.now() - started;
    const memory = lines.filter((line) => line.includes('"query"')).map((line) => JSON.parse(line).memory_bytes).at(-1);
    return { bytes, rows: 99_999, memory, milliseconds };
  } finally {
    await wide.stop();
  }
}

/** The quick queries on the warehouse's file, in a process of their own without any server. */
function direct(file, statements) {
  const times = execFileSync("python", [path.join(import.meta.dirname, "direct.py"), file], {
    input: JSON.stringify(statements), env: { ...process.env, ROUNDS: String(4 * ROUNDS) }, maxBuffer: 1 << 26,
  });
  return JSON.parse(times);
}

function report(overhead, alone, mix, cached, saturated, memory) {
  const wasm = readFileSync(path.join(ROOT, "workers/schema-api/build/index_bg.wasm"));
  console.log(`\n${machine()}; \`scripts/bench api ${ROWS}\`\n`);
  console.log(markdownTable(
    ["query, p95 of 40 in ms", "DuckDB alone", "the warehouse asked directly", "API", "API ÷ alone", "API − alone"],
    QUICK.map((sql, i) => {
      const [own, warehouse, api] = [alone[i], overhead[i].warehouse, overhead[i].api].map((times) => percentile(times, 95));
      return [`\`${sql}\``, ms(own), ms(warehouse), ms(api), (api / own).toFixed(2), ms(api - own)];
    }),
  ));
  const all = mix.flat();
  console.log();
  console.log(markdownTable(
    [`mix of ${MIX.length} queries on ${ROWS.toLocaleString("en")} rows`, "p50, ms", "p95, ms", "slowest query's median, ms"],
    [["each alone, one after the other", ms(percentile(all, 50)), ms(percentile(all, 95)), ms(Math.max(...mix.map(median)))]],
  ));
  console.log();
  const rates = [
    ["schema, whole, 8 clients", cached.whole], ["schema, known to the client (304)", cached.known],
    ["peer: one column of one row, by the warehouse's endpoint", cached.warehouse],
    ["64 clients with heavy queries", saturated.load], ["meanwhile: schema, 2 clients", saturated.others],
    ["meanwhile: one token, as fast as it can", saturated.greedy],
  ];
  console.log(markdownTable(
    ["requests", "answer", "a second", "p50, ms", "p95, ms", "longest, ms"],
    rates.flatMap(([name, answers]) => answers.map(({ status, perSecond, p50, p95, max }, i) => [
      i === 0 ? name : "", status, perSecond.toFixed(1), ms(p50), ms(p95), ms(max),
    ])),
  ));
  console.log(`\nwasm: ${(gzipSync(wasm, { level: 9 }).length / 2 ** 20).toFixed(2)} MiB gzipped`);
  console.log(`\nArrow of ${memory.rows.toLocaleString("en")} rows by the Postgres endpoint: ${(memory.bytes / 2 ** 20).toFixed(1)} MiB in ${ms(memory.milliseconds)} ms, wasm memory ${(memory.memory / 2 ** 20).toFixed(1)} MiB`);
}
