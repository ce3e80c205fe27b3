/**
 * `scripts/bench discovery`: how soon the schema has what landed, what that costs after a long history, and how long a thousand new
 * names take beside ten thousand known ones; all in workerd. Prints Markdown.
 */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { startStack, waitUntil } from "../../tools/local-stack/index.mjs";
import { machine, markdownTable, median, percentile } from "../report.mjs";

const ROOT = path.join(import.meta.dirname, "../..");
const WORK = path.join(ROOT, "target/bench/discovery");

const LANDINGS = 50;

/** Loads that are there before those that are measured. */
const HISTORIES = [100, 10_000];

/** Loads of each kind that are measured after each history, in turns: the machine is not as fast at any time. */
const ROUNDS = 40;

/** In the measurements, no day has too many versions. */
const VARIABLES = { discovery: { MAX_VERSIONS_PER_DAY: "1000000" } };

/** Messages are delivered at once. */
const UNBATCHED = { landed: { maxBatchTimeout: 0 }, discovery: { maxBatchTimeout: 0 } };

const file = (name) => readFileSync(path.join(WORK, `${name}.parquet`));
const progress = (text) => process.stderr.write(`  ${text}\n`);

progress("making the files");
execFileSync("python", [path.join(import.meta.dirname, "files.py"), WORK]);

const latencies = [
  ["queues deliver at once, one landing after the other", await landings({ queues: UNBATCHED, pause: null })],
  ["queues as deployed, a landing every half second", await landings({ queues: {}, pause: 500 })],
];
const histories = await afterHistories();
const compared = await manyLabels();

console.log(`\n${machine()}\n`);
console.log(markdownTable(
  [`from landed to visible in a version, ${LANDINGS} landings`, "p50, ms", "p95, ms"],
  latencies.map(([name, times]) => [name, percentile(times, 50), percentile(times, 95)].map((cell) => (typeof cell === "number" ? String(Math.round(cell)) : cell))),
));
console.log();
console.log(markdownTable(
  ["one more load after", "of annotations, ms", "of a register, ms", "annotations ÷ first line", "register ÷ first line"],
  histories.map(([loads, { annotations, register }]) => [
    `${loads.toLocaleString("en")} loads`, String(annotations), String(register),
    (annotations / histories[0][1].annotations).toFixed(2), (register / histories[0][1].register).toFixed(2),
  ]),
));
console.log();
console.log(markdownTable(
  ["new labels", "known labels", "held up", "run in workerd, ms"],
  [[compared.new, compared.known, compared.conflicts, compared.milliseconds].map((cell) => cell.toLocaleString("en"))],
));

/** Milliseconds of each landing of a file with a new label, until the newest version has the label. */
async function landings({ queues, pause }) {
  const stack = await startStack({ queues, variables: VARIABLES });
  try {
    await stack.put("argilla-exports", "bench/warm.parquet", file("landing-99"));
    await stack.waitUntilIdle({ timeoutMs: 120_000 });
    const running = [];
    for (let n = 0; n < LANDINGS; n++) {
      if (n % 10 === 0) progress(`landing ${n + 1} of ${LANDINGS}`);
      const landing = land(stack, n);
      running.push(landing);
      await (pause === null ? landing : sleep(pause));
    }
    return await Promise.all(running);
  } finally {
    await stack.stop();
  }
}

async function land(stack, n) {
  const key = `bench/landing-${n}.parquet`;
  const started = performance.now();
  await stack.put("argilla-exports", key, file(`landing-${n}`));
  const isVisible = `SELECT count(*) FROM schema_snapshots JOIN commits USING (commit_seq) WHERE commits.key = '${key}'`;
  await waitUntil(`the version of ${key}`, async () => (await stack.sql.value(isVisible)) > 0, { timeoutMs: 120_000 });
  return performance.now() - started;
}

/** For each history, the median milliseconds of a run that takes in one load after so many of the same tables. */
async function afterHistories() {
  const stacks = [];
  try {
    for (const loads of HISTORIES) {
      progress(`a history of ${loads} loads`);
      const stack = await startStack({ queues: UNBATCHED, variables: VARIABLES });
      stacks.push({ loads, stack, annotations: [], register: [] });
      await stack.put("argilla-exports", "bench/round.parquet", file("round"));
      await stack.put("vessel-csv", "bench/register.parquet", file("register"));
      await stack.waitUntilIdle({ timeoutMs: 120_000 });
      for (const statement of history(loads)) await stack.sql.write(statement);
    }
    for (let round = 0; round < ROUNDS; round++) {
      if (round % 10 === 0) progress(`one more load, ${round + 1} of ${ROUNDS}`);
      for (const { stack, annotations, register } of stacks) {
        annotations.push(await timeOfRun(stack, "argilla-exports", `bench/fresh-${round}.parquet`, `landing-${round}`));
        register.push(await timeOfRun(stack, "vessel-csv", `bench/fresh-${round}.parquet`, "register"));
      }
    }
  } finally {
    for (const { stack } of stacks) await stack.stop();
  }
  return stacks.map(({ loads, annotations, register }) => [loads, { annotations: median(annotations), register: median(register) }]);
}

/** Statements that repeat the two loads that are there, each half of `loads` times, as objects of their own that nobody supersedes. */
function history(loads) {
  const repeat = loads / 2;
  return [
    `CREATE TABLE repeated AS
     SELECT c.load_id AS old_id, c.commit_seq AS old_seq, 
            -- Ids grow with time, as those of real loads.
            CAST(printf('%08x-0000-7000-8000-%012x', n, c.commit_seq) AS UUID) AS load_id, 2 * n + c.commit_seq AS commit_seq, n
     FROM commits AS c, range(1, ${repeat} + 1) AS numbers(n)`,
    `INSERT INTO load_ledger
     SELECT l.* REPLACE (r.load_id AS load_id, l.key || n AS key) FROM load_ledger AS l JOIN repeated AS r ON r.old_id = l.load_id`,
    ...["annotations", "structured_data", "load_profiles"].map((table) => `
     INSERT INTO landing.${table}
     SELECT t.* REPLACE (r.load_id AS load_id${table === "annotations" ? ", t.record_id || '-' || n AS record_id" : ""})
     FROM landing.${table} AS t JOIN repeated AS r ON r.old_id = t.load_id ORDER BY r.commit_seq`),
    `INSERT INTO catalog_log
     SELECT l.* REPLACE (r.commit_seq AS commit_seq, CASE WHEN l.item_no > 0 THEN false END AS is_new, CASE WHEN l.item_no = 0 THEN '[]' END AS changes,
                        CASE WHEN l.item_no > 0 AND r.n < ${repeat} THEN r.commit_seq + 2 END AS superseded_at)
     FROM catalog_log AS l JOIN repeated AS r ON r.old_seq = l.commit_seq ORDER BY r.commit_seq, l.item_no`,
    `INSERT INTO commits
     SELECT c.* REPLACE (r.load_id AS load_id, r.commit_seq AS commit_seq, c.key || n AS key)
     FROM commits AS c JOIN repeated AS r ON r.old_id = c.load_id ORDER BY r.commit_seq`,
    "DROP TABLE repeated",
    "CHECKPOINT",
  ];
}

async function timeOfRun(stack, bucket, key, name) {
  await stack.put(bucket, key, file(name));
  await stack.waitUntilIdle({ timeoutMs: 120_000 });
  return stack.sql.value("SELECT arg_max(milliseconds, started_at) FROM discovery_runs WHERE commits_folded = 1");
}

/** One run that takes in a thousand new labels of a question that has ten thousand. */
async function manyLabels() {
  progress("ten thousand labels");
  const stack = await startStack({ queues: UNBATCHED, variables: VARIABLES });
  try {
    for (const name of ["labels-known", "labels-new"]) {
      await stack.put("argilla-exports", `bench/${name}.parquet`, file(name));
      await stack.waitUntilIdle({ timeoutMs: 300_000 });
    }
    const [run] = await stack.sql.query("SELECT new_entity_types, new_conflicts, milliseconds FROM discovery_runs ORDER BY started_at DESC LIMIT 1");
    const all = await stack.sql.value("SELECT count(*) FROM entity_types");
    return { new: run.new_entity_types, known: all - run.new_entity_types, conflicts: run.new_conflicts, milliseconds: run.milliseconds };
  } finally {
    await stack.stop();
  }
}
