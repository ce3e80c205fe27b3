/**
 * The whole system under load while everything that may fail does, and the sums in the end. `scripts/soak` runs it for an hour, the tests
 * for seconds.
 *
 * Real are the Workers, in workerd, R2's events and the rules of the queues, and DuckDB. Not real is MotherDuck: the local warehouse
 * stands in for it, and it's what refuses, hangs and loses answers on demand.
 */

import { startStack } from "../../tools/local-stack/index.mjs";
import { Random } from "../../tools/local-stack/random.mjs";
import { percentile } from "../../benches/report.mjs";
import { checkCatalog, checkNumbers, checkObjects, checkQuarantine, checkRefused, checkRows } from "./checks.mjs";
import { Faults } from "./faults.mjs";
import { Memory } from "./memory.mjs";
import { recover, servedVersion, uploadState } from "./operator.mjs";
import { Witness } from "./witness.mjs";
import { Workload } from "./workload.mjs";
import { World } from "./world.mjs";

/** Objects from this size on are read by the warehouse itself: both ways are taken. */
const PULL_FROM_BYTES = 100_000;

/** Few, so that messages run out of them. */
const LANDING_RETRIES = 4;

/** Deletions are followed in every bucket. */
const followDeletions = (routes) => routes.map((route) => ({ ...route, on_delete: "retract" }));

/**
 * @typedef {object} Report
 * @property {number} seed
 * @property {number} seconds For which load and faults went on.
 * @property {{ landed: number, replaced: number, deleted: number, spreadsheets: number, unreadable: number, rows: number }} objects What was put;
 *   `spreadsheets` and `unreadable` are among the others, `rows` of all of them.
 * @property {Record<string, number>} faults By kind.
 * @property {import("./checks.mjs").Sums} rows
 * @property {{ commits: number, versions: number, gaps: number }} numbers
 * @property {{ looks: number, partial: number, moments: number, changed: number }} reads
 * @property {{ answered: number, p50: number, p95: number, refused: Record<string, number> }} queries Times in milliseconds.
 * @property {{ p50: number, p95: number }} landing Milliseconds from an object's upload to its commit, outages included.
 * @property {ReturnType<Memory["report"]>} memory
 * @property {number} wasmBytes The most that a Worker's memory had.
 * @property {{ replayed: number, uploadedAgain: number }} operator
 * @property {string[]} wrong One sentence for each thing that isn't as it should be.
 */

/**
 * Runs it.
 *
 * @param {object} options
 * @param {number} options.seconds For how long load and faults go on; what follows takes as long as it takes.
 * @param {number} options.seed What is put and which faults are injected; not when each meets the other.
 * @param {AbortSignal} [options.signal] Ends load and faults early.
 * @param {(line: string) => void} [options.onProgress] Called every few seconds.
 * @returns {Promise<Report>}
 */
export async function soak({ seconds, seed, signal, onProgress = () => {} }) {
  let wasmBytes = 0;
  const soon = { maxBatchTimeout: 0, retryDelay: 1 };
  const stack = await startStack({
    workers: ["ingest", "csv", "discovery", "schema-api"],
    rateLimit: 1_000_000,
    queues: {
      landed: { ...soon, maxRetries: LANDING_RETRIES },
      "landed-dead": soon,
      uploads: soon,
      "uploads-dead": soon,
      discovery: { maxBatchTimeout: 1, retryDelay: 1, maxConcurrency: 2 },
      outbox: { maxBatchTimeout: 5 },
    },
    variables: {
      ingest: {
        INGEST: (configured) => ({ ...configured, routes: followDeletions(configured.routes), retry_seconds: 1, pull: { enabled: true, from_bytes: PULL_FROM_BYTES } }),
      },
      csv: { CSV: (configured) => ({ ...configured, retry_seconds: 1 }) },
      discovery: { MAX_VERSIONS_PER_DAY: "1000000" },
    },
    onLog: ({ message }) => {
      const bytes = /"memory_bytes":(\d+)/.exec(message);
      if (bytes) wasmBytes = Math.max(wasmBytes, Number(bytes[1]));
    },
  });
  const memory = new Memory(stack);
  try {
    onProgress("the stack is up");
    const world = new World();
    const workload = new Workload({ stack, world, seed });
    const faults = new Faults({ stack, workload, random: new Random(seed + 1_000) });
    const witness = new Witness(stack);
    const took = await goOn({ stack, world, workload, faults, witness, memory, seconds, signal, onProgress });
    onProgress("load and faults are over; the operator recovers what was given up");
    const operator = await recover(stack, world);
    memory.stop();
    onProgress("checking");
    return { seed, seconds: took, wasmBytes, operator, memory: memory.report(), faults: faults.counts, ...(await examine({ stack, world, workload, witness })) };
  } finally {
    memory.stop();
    await stack.stop();
  }
}

/** Load and faults, for as long as asked. @returns {Promise<number>} seconds. */
async function goOn({ stack, world, workload, faults, witness, memory, seconds, signal, onProgress }) {
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1_000;
  for (const part of [workload, faults, witness]) part.start();
  const timer = setInterval(() => onProgress(progressLine({ stack, world, workload, faults, memory, elapsed: elapsed() })), 5_000);
  await new Promise((resolve) => {
    const end = setTimeout(resolve, seconds * 1_000);
    const interrupt = () => (clearTimeout(end), resolve());
    if (signal?.aborted) interrupt();
    signal?.addEventListener("abort", interrupt, { once: true });
  });
  const took = elapsed();
  clearInterval(timer);
  // The faults first: what is under way then gets through.
  await faults.stop();
  // A Ctrl-C reaches every process of the terminal's group.
  if (signal?.aborted) await faults.restartAll();
  await Promise.all([workload.stop(), witness.stop()]);
  return took;
}

function progressLine({ stack, world: { counts }, workload: { answers }, faults, memory, elapsed }) {
  const injected = Object.values(faults.counts).reduce((sum, count) => sum + count, 0);
  const waiting = ["uploads", "landed", "discovery"].map((queue) => `${stack.queues.backlog(queue).count} ${queue}`);
  const mib = Object.entries(memory.now).map(([name, bytes]) => `${name} ${Math.round(bytes / 2 ** 20)} MiB`);
  return [
    `${Math.round(elapsed)} s`, `${counts.landed + counts.replaced} put, ${counts.deleted} deleted, ${counts.rows} rows`, `${injected} faults`,
    `${answers.milliseconds.length} queries`, `waiting: ${waiting.join(", ")}`, mib.join(", "),
  ].join(" | ");
}

/** Everything that has to hold, and the figures. */
async function examine({ stack, world, workload, witness }) {
  const [rows, numbers, changed] = [await checkRows(stack, world), await checkNumbers(stack), await witness.changedMoments()];
  const served = await servedVersion(stack);
  const newest = await stack.sql.value("SELECT max(version) FROM schema_snapshots");
  const wrong = [
    ...(await checkObjects(stack, world)),
    ...rows.wrong,
    ...numbers.wrong,
    ...(await checkQuarantine(stack, world)),
    ...(await checkRefused(world, (key) => uploadState(stack, key))),
    ...(await checkCatalog(stack)),
    ...changed.map((commit) => `what was visible just after commit ${commit} has changed since`),
    ...(witness.partial > 0 ? [`${witness.partial} of ${witness.looks} looks saw a part of a load`] : []),
    ...(served === newest ? [] : [`the API serves version ${served}, and the newest is ${newest}`]),
  ];
  const { milliseconds, refused } = workload.answers;
  const [landing] = await stack.sql.query(`
    SELECT quantile_disc(ms, 0.5) AS p50, quantile_disc(ms, 0.95) AS p95
    FROM (SELECT epoch_ms(committed_at) - epoch_ms(uploaded_at) AS ms FROM commits WHERE kind = 'load')`);
  return {
    objects: world.counts,
    rows: rows.sums,
    numbers: { commits: numbers.commits, versions: numbers.versions, gaps: numbers.gaps },
    reads: { looks: witness.looks, partial: witness.partial, moments: witness.moments, changed: changed.length },
    queries: { answered: milliseconds.length, p50: percentile(milliseconds, 50), p95: percentile(milliseconds, 95), refused },
    landing: { p50: Number(landing.p50), p95: Number(landing.p95) },
    wrong,
  };
}
